from __future__ import annotations

import string
from typing import Any

import pytest

from hub.core.language import translator
from hub.safety import advice
from hub.safety.bindings import MAX_BINDINGS, NAMED, BindingProblem, read_bindings
from hub.safety.policy import SAFE_IN_GAS
from hub.safety.table import HAZARDS
from tests.hub.safety.model import CLEAR_S, Home

NAMES = {"binary_sensor.gas1": "厨房燃气", "valve.gas": "燃气阀"}


def test_a_record_in_both_languages() -> None:
    home = Home()
    home.hear("gas1", True)
    record = home.hazards.open_records()[0].to_json()
    zh = advice.Advice(translator("hub", "zh_CN"), NAMES)
    en = advice.Advice(translator("hub", "en"), {})
    assert zh.happened(record) == "厨房燃气检测到燃气泄漏。"
    assert zh.did(record)[0].text == "已向燃气阀发出关闭指令，正在等待它确认。"
    assert en.title("gas") == "Gas alarm"
    assert en.did(record)[0].text == "valve.gas was told to close. It has not answered yet."
    assert len(zh.steps("gas")) == 3
    assert not zh.cannot_act(record)
    home.hazards.override("valve.gas", "Li")
    assert zh.did(record | home.hazards.open_records()[0].to_json())[0].text == "Li已接管燃气阀。"


def test_of_a_silenced_siren_only_that_is_said() -> None:
    home = Home()
    home.hear("smoke1", True)
    record = home.hazards.open_records()[0]
    home.hear("smoke1", False)
    home.wait(CLEAR_S)
    zh = advice.Advice(translator("hub", "zh_CN"), {"siren.hall": "门厅警号"})
    sentences = [deed.text for deed in zh.did(record.to_json())]
    assert "已向门厅警号发出停止鸣响指令，正在等待它确认。" in sentences
    assert len(sentences) == 3
    home.device("siren.hall", "off")
    assert "门厅警号鸣响过，随后已停止鸣响。" in [deed.text for deed in zh.did(record.to_json())]
    assert set(advice.SILENCED) == {"sent", "confirmed", "failed", "refused_electrical"}


def test_what_is_over_says_nothing_of_how_a_device_is_now() -> None:
    home = Home()
    home.hear("leak1", True)
    home.device("switch.water", "off")
    record = home.hazards.open_records()[0]
    en = advice.Advice(translator("hub", "en"), {})
    assert en.did(record.to_json())[0].text == "switch.water is closed."
    home.hear("leak1", False)
    home.wait(CLEAR_S)
    assert [deed.text for deed in en.did(record.to_json())] == [
        "switch.water was closed.",
        "socket.oven did not confirm that it switched off.",
    ]


def test_every_result_has_its_sentence() -> None:
    for hazard in HAZARDS:
        for role in HAZARDS[hazard].roles:
            results = {"sent", "confirmed", "failed"}
            results |= {"unbound"} if role in HAZARDS[hazard].needs else set()
            results |= set() if role in SAFE_IN_GAS else {"refused_electrical"}
            assert all((role, result) in advice.DID for result in results)
            assert {(role, True), (role, False)} <= set(advice.DONE)


def test_every_text_is_in_chinese_with_the_same_fields() -> None:
    words = translator("hub", "zh_CN")
    tables = (advice.TITLES, advice.HAPPENED, advice.ENDED, advice.SILENCED)
    texts = [text for table in tables for text in table.values()] + list(advice.DID.values())
    texts += [step for steps in advice.STEPS.values() for step in steps] + [advice.OVERRIDDEN]
    for text in texts:
        told = words.gettext(text)
        assert told != text
        assert _fields(told) == _fields(text)


def _fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


WIRE: dict[str, Any] = {
    "state_topic": "a/b",
    "state_template": None,
    "states": {},
    "command_topic": "a/c",
    "commands": {"close": "CLOSE"},
    "qos": 0,
    "retain": False,
    "availability": [],
    "availability_mode": "latest",
}


def test_one_bad_binding_disarms_no_other() -> None:
    good = {"entity_id": "s.good", "hazard": "gas", "wire": WIRE}
    bad = [
        {"entity_id": "s.wild", "hazard": "gas", "wire": {**WIRE, "state_topic": "#"}},
        {"entity_id": "s.kind", "hazard": "ghost", "wire": WIRE},
        {"entity_id": "s.mute", "hazard": "gas", "wire": {**WIRE, "state_topic": None}},
        {"entity_id": "s.loop", "hazard": "gas", "wire": {**WIRE, "state_template": "{% for"}},
        {"entity_id": "s.time", "hazard": "gas", "wire": WIRE, "limit_s": 0},
        {"entity_id": "s.time2", "hazard": "gas", "wire": WIRE, "clear_s": float("nan")},
        {"entity_id": "s.good", "hazard": "smoke", "wire": WIRE},
        "nothing",
    ]
    actuators = [
        {"entity_id": "v.role", "role": "door", "command": "close", "wire": WIRE},
        {"entity_id": "v.command", "role": "gas_valve", "command": "shut", "wire": WIRE},
        {"entity_id": "v.good", "role": "gas_valve", "command": "close", "wire": WIRE},
    ]
    found = read_bindings({"sensors": [good, *bad], "actuators": actuators, "version": 1})
    assert [one.entity_id for one in found.sensors] == ["s.good"]
    assert [one.entity_id for one in found.actuators] == ["v.good"]
    assert len(found.problems) == len(bad) + 2
    assert found.topics() == {"a/b"}


def test_too_many_leave_out_the_newest_sensors() -> None:
    rows = [{"entity_id": f"s.{n}", "hazard": "gas", "wire": WIRE} for n in range(MAX_BINDINGS)]
    late = {"entity_id": "s.late", "hazard": "gas", "wire": WIRE}
    valve = {"entity_id": "v.gas", "role": "gas_valve", "command": "close", "wire": WIRE}
    data: dict[str, Any] = {"sensors": [*rows, late], "actuators": [valve], "version": 7}
    found = read_bindings(data, known={"s.late"})
    assert [one.entity_id for one in found.actuators] == ["v.gas"]
    names = {one.entity_id for one in found.sensors}
    assert len(names) == MAX_BINDINGS - 1
    assert "s.late" in names
    left = {f"s.{MAX_BINDINGS - 2}", f"s.{MAX_BINDINGS - 1}"}
    assert names == {row["entity_id"] for row in data["sensors"]} - left
    assert set(found.problems) == {"*", *left}
    again = read_bindings(found.rows)  # as stored: the same ones after a restart
    assert {one.entity_id for one in again.sensors} == names
    assert again.version == 7
    assert again.problems == {}


def test_of_very_many_only_some_are_named() -> None:
    rows = [{"entity_id": f"s.{n}", "hazard": "gas", "wire": WIRE} for n in range(MAX_BINDINGS * 3)]
    found = read_bindings({"sensors": rows, "actuators": [], "version": 1})
    assert len(found.sensors) == MAX_BINDINGS
    assert len(found.problems) == NAMED + 1


@pytest.mark.parametrize(
    "data", [{}, {"sensors": [], "actuators": []}, {"sensors": 1, "actuators": [], "version": 1}]
)
def test_what_is_no_binding_at_all(data: dict[str, object]) -> None:
    with pytest.raises(BindingProblem):
        read_bindings(data)
