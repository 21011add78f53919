import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.core.templates import TemplateProblem
from hub.core.wire import Availability, Wire, WireProblem, WireReader

# The machine is shared: how long an example takes says nothing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(max_size=12)
AVAILABILITY = st.builds(Availability, TEXT, st.none() | TEXT, TEXT, TEXT)
WIRES = st.builds(
    Wire,
    st.none() | TEXT,
    state_template=st.none() | TEXT,
    states=st.dictionaries(TEXT, TEXT, max_size=3),
    command_topic=st.none() | TEXT,
    commands=st.dictionaries(TEXT, TEXT, max_size=3),
    qos=st.integers(0, 2),
    retain=st.booleans(),
    availability=st.lists(AVAILABILITY, max_size=3).map(tuple),
    availability_mode=st.sampled_from(["all", "any", "latest"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)


@PATIENT
@given(WIRES)
def test_json_round_trip(wire: Wire) -> None:
    again = Wire.from_json(json.loads(json.dumps(wire.to_json())))
    assert again == wire
    assert hash(again) == hash(wire)


@PATIENT
@given(st.dictionaries(st.sampled_from(list(Wire().to_json())), JSON))
def test_any_json_is_a_wire_or_a_problem(data: dict[str, object]) -> None:
    try:
        wire = Wire.from_json({**Wire("t").to_json(), **data})
    except WireProblem:
        return
    assert Wire.from_json(wire.to_json()) == wire


@pytest.mark.parametrize(
    "change",
    [{"qos": 3}, {"qos": True}, {"retain": 1}, {"availability_mode": "most"}, {"states": []},
     {"availability": {}}, {"availability": [{"topic": 1}]}, {"state_topic": 4}],
)  # fmt: skip
def test_refuses_what_is_no_wire(change: dict[str, object]) -> None:
    with pytest.raises(WireProblem):
        Wire.from_json({**Wire("t").to_json(), **change})


def test_reads_a_gas_sensor() -> None:
    reader = WireReader(
        Wire(
            "zigbee2mqtt/gas_kitchen",
            state_template='{{ value_json["gas"] }}',
            states={"True": "on", "False": "off"},
        )
    )
    assert reader.state(b'{"gas": true}') == "on"
    assert reader.state('{"gas": false}') == "off"
    assert reader.state('{"gas": "perhaps"}') is None
    assert reader.available
    with pytest.raises(TemplateProblem):
        reader.state("not json")


def test_without_states_the_payload_is_the_state() -> None:
    assert WireReader(Wire("t")).state(b"21.5") == "21.5"
    with pytest.raises(TemplateProblem):
        WireReader(Wire("t")).state(b"\xff")


@pytest.mark.parametrize(
    ("mode", "heard", "expected"),
    [
        ("all", [], False),
        ("all", [("a", "online")], False),
        ("all", [("a", "online"), ("b", "up")], True),
        ("any", [("a", "online")], True),
        ("any", [("a", "offline"), ("b", "down")], False),
        ("latest", [("a", "online"), ("b", "down")], False),
        ("latest", [("b", "down"), ("a", "online")], True),
        ("latest", [("a", "online"), ("a", "unheard of")], True),
    ],
)
def test_availability(mode: str, heard: list[tuple[str, str]], expected: bool) -> None:
    wire = Wire(
        "t",
        availability=(
            Availability("a", "{{ value_json.state }}"),
            Availability("b", None, "up", "down"),
        ),
        availability_mode=mode,  # type: ignore[arg-type]  # one of the modes
    )
    reader = WireReader(wire)
    for topic, state in heard:
        payload = json.dumps({"state": state}) if topic == "a" else state
        assert reader.hear(topic, payload) == (state != "unheard of")
    assert reader.available is expected
    assert not reader.hear("c", "online")
    assert not reader.hear("a", "not json")
    reader.forget()
    assert reader.available is False
