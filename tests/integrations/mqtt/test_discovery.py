"""The pure parser: every captured announcement against its snapshot, and the rules one by one."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hub.api import ParseProblem
from integrations.mqtt.components import TABLE
from integrations.mqtt.discovery import (
    MAX_BYTES,
    DiscoveryTopic,
    IgnoredComponent,
    UnknownComponent,
    parse,
    parse_topic,
)
from integrations.mqtt.spec import Spec
from tests.integrations.mqtt import captured

LOOP = "{% for x in y %}{% endfor %}"
SNAPSHOTS = Path(__file__).parent / "snapshots"


def described(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for message in captured.load(name)["discovery"]:
        place = parse_topic("homeassistant", message["topic"])
        if place is None or place.component not in TABLE:
            continue
        payload = captured.text(message["payload"]).encode()
        for entity_id, result in parse(place, payload).items():
            assert isinstance(result, Spec), (entity_id, result)
            found[result.key] = result.to_json()
    return found


@pytest.mark.parametrize("name", captured.NAMES)
def test_every_captured_announcement_parses_to_its_snapshot(name: str) -> None:
    found = json.loads(json.dumps(described(name)))
    path = SNAPSHOTS / f"{name}.json"
    if os.environ.get("LINLI_UPDATE_SNAPSHOTS") == "1":
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    assert found == json.loads(path.read_text("utf-8"))


def test_all_supported_components_among_the_vectors_are_read() -> None:
    kinds = [one["kind"] for name in captured.NAMES for one in described(name).values()]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "binary_sensor": 38,
        "button": 7,
        "climate": 2,
        "device_automation": 5,
        "light": 3,
        "lock": 2,
        "number": 16,
        "select": 17,
        "sensor": 127,
        "switch": 22,
        "text": 1,
        "update": 15,
    }


def one(component: str, **payload: Any) -> Spec:
    """The one entity of an announcement; raises what is wrong with it."""
    found = parse(DiscoveryTopic(component, "it"), json.dumps(payload).encode())
    (result,) = found.values()
    assert isinstance(result, Spec)
    return result


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("homeassistant/switch/it/config", ("switch", "it")),
        ("homeassistant/switch/node/it/config", ("switch", "node_it")),
        ("homeassistant/device/it/config", ("device", "it")),
        ("homeassistant/switch/config", None),
        ("homeassistant/a/b/c/d/config", None),
        ("other/switch/it/config", None),
        ("homeassistant/switch/it/state", None),
    ],
)
def test_discovery_topics_are_taken_apart(topic: str, expected: tuple[str, str] | None) -> None:
    place = parse_topic("homeassistant", topic)
    assert (place and (place.component, place.discovery_id)) == expected


def test_a_discovery_topic_with_strange_characters_is_refused() -> None:
    with pytest.raises(ParseProblem):
        parse_topic("homeassistant", "homeassistant/switch/厨房/config")


def test_abbreviations_and_the_base_topic() -> None:
    spec = one(
        "switch",
        **{"~": "base", "cmd_t": "~/set", "stat_t": "state/~", "pl_on": 1, "uniq_id": "u"},
        avty=[{"t": "~/online", "pl_avail": "yes", "val_tpl": "{{ value }}"}],
        dev={"ids": "d", "mf": "Maker", "mdl": "Model", "sa": "Kitchen"},
    )
    assert (spec.command_topic, spec.state_topic) == ("base/set", "state/base")
    assert spec.unique_id == "u"
    availability = spec.availability[0]
    assert (availability.topic, availability.online) == ("base/online", "yes")
    assert spec.device is not None
    assert (spec.device.identifiers, spec.device.area) == (("d",), "Kitchen")
    assert spec.payload("turn_on", {}) == "1"


def test_device_based_discovery_shares_what_the_device_says_and_removes_single_parts() -> None:
    payload = {
        "~": "plug",
        "dev": {"ids": ["p"], "name": "Plug"},
        "o": {"name": "maker"},
        "stat_t": "~/state",
        "qos": 1,
        "cmps": {
            "relay": {"p": "switch", "cmd_t": "~/set", "uniq_id": "p_relay"},
            "power": {"p": "sensor", "unit_of_meas": "W", "val_tpl": "{{ value_json.power }}"},
            "gone": {"p": "sensor"},
            "later": {"p": "toaster", "cmd_t": "~/toaster"},
            "picture": {"p": "camera", "t": "~/camera"},
            "wrong": {"p": "sensor", "dev_cla": "Not A Word"},
        },
    }
    found = parse(DiscoveryTopic("device", "it"), json.dumps(payload).encode())
    relay, power = found["it_relay"], found["it_power"]
    assert isinstance(relay, Spec)
    assert isinstance(power, Spec)
    assert (relay.command_topic, relay.state_topic, relay.qos) == ("plug/set", "plug/state", 1)
    assert power.device is not None
    assert (power.device.name, power.unit) == ("Plug", "W")
    assert found["it_gone"] is None
    assert isinstance(found["it_later"], UnknownComponent)
    assert isinstance(found["it_picture"], IgnoredComponent)
    assert isinstance(found["it_wrong"], ParseProblem)


def test_an_empty_payload_removes() -> None:
    assert parse(DiscoveryTopic("sensor", "it"), b"") == {"it": None}


@pytest.mark.parametrize(
    ("component", "payload"),
    [
        ("sensor", {}),
        ("binary_sensor", {"name": "x"}),
        ("switch", {"state_topic": "a"}),
        ("switch", {"command_topic": "a/+/b"}),
        ("switch", {"command_topic": "a\x00b"}),
        ("sensor", {"state_topic": "a/#/b"}),
        ("sensor", {"state_topic": "a" * 70_000}),
        ("sensor", {"state_topic": ["a"]}),
        ("sensor", {"state_topic": "a", "qos": 3}),
        ("sensor", {"state_topic": "a", "qos": 1e200}),
        ("sensor", {"state_topic": "a", "expire_after": "soon"}),
        ("sensor", {"state_topic": "a", "expire_after": -1}),
        ("sensor", {"state_topic": "a", "device_class": "No Such"}),
        ("sensor", {"state_topic": "a", "entity_category": "secret"}),
        ("sensor", {"state_topic": "a", "availability_mode": "some"}),
        ("sensor", {"state_topic": "a", "availability": [{"payload_available": "x"}]}),
        ("sensor", {"state_topic": "a", "availability": "x"}),
        ("sensor", {"state_topic": "a", "availability": {"topic": "x"}, "availability_topic": "y"}),
        ("sensor", {"state_topic": "a", "device": {"name": "no identifiers"}}),
        ("sensor", {"state_topic": "a", "device": []}),
        ("sensor", {"state_topic": "a", "availability": {"topic": "x", "value_template": LOOP}}),
        ("sensor", {"state_topic": "a", "value_template": "{{ unclosed"}),
        ("sensor", {"state_topic": "a", "encoding": "utf-16"}),
        ("sensor", {"state_topic": "a", "name": "x" * 300}),
        ("sensor", {"state_topic": "a", "enabled_by_default": "perhaps"}),
        ("valve", {"command_topic": "a", "reports_position": True, "payload_open": "O"}),
        ("valve", {"command_topic": "a", "position_open": 0, "position_closed": 100}),
    ],
)
def test_wrong_announcements_are_refused_with_one_sentence(
    component: str, payload: dict[str, Any]
) -> None:
    with pytest.raises(ParseProblem) as refused:
        one(component, **payload)
    assert str(refused.value).startswith(component)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("payload", [b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b"NaN"])
def test_payloads_that_are_no_json_object_are_refused(payload: bytes) -> None:
    with pytest.raises(ParseProblem):
        parse(DiscoveryTopic("sensor", "it"), payload)


def test_a_huge_payload_is_refused_before_it_is_read() -> None:
    with pytest.raises(ParseProblem, match="larger"):
        parse(DiscoveryTopic("sensor", "it"), b" {" + b" " * MAX_BYTES + b"}")


def test_an_unknown_component_names_itself() -> None:
    with pytest.raises(UnknownComponent) as refused:
        parse(DiscoveryTopic("toaster", "it"), b"{}")
    assert refused.value.component == "toaster"


def test_names_fall_back_as_in_home_assistant() -> None:
    assert one("sensor", state_topic="a").name == "it"
    assert one("sensor", state_topic="a", name=None, device={"identifiers": ["d"]}).name == ""
    assert one("sensor", state_topic="a", default_entity_id="sensor.wish").suggested_id == "wish"
