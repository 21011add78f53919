"""At a hazard's end the sirens that were switched on for it fall silent; nothing else moves."""

from __future__ import annotations

import pytest

from hub.safety.policy import ActuatorBinding
from hub.safety.records import HazardRecord
from hub.safety.silence import WITHIN_S
from hub.safety.table import GAS_VALVE, SIREN, SOCKET
from tests.hub.safety.model import CLEAR_S, Home, actuators, sensors

QUIET = "siren.hall quiet"


def over(home: Home, *names: str) -> list[str]:
    """Let the sensors be quiet until their hazards end; what was sent meanwhile."""
    for name in names:
        home.hear(name, False)
    return home.wait(CLEAR_S)


def settled(home: Home) -> None:
    """Every device does as it was told."""
    for key, one in home.hazards.actuators.items():
        home.device(key, {"close": "closed", "turn_off": "off", "turn_on": "on"}[one.command])


def closed(home: Home, hazard: str) -> dict[str, str]:
    """The results of the last closed record's actions by command."""
    records = [one for one in home.hazards.records.values() if one.hazard == hazard]
    return {one.entity_id + " " + one.command: one.result for one in records[-1].actions}


def test_the_siren_falls_silent_and_says_so() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    assert over(home, "smoke1") == [QUIET]
    assert closed(home, "smoke")["siren.hall turn_off"] == "sent"
    rev = next(iter(home.hazards.records.values())).rev
    home.device("siren.hall", "off")
    assert closed(home, "smoke") == {
        "siren.hall turn_on": "confirmed",
        "siren.hall turn_off": "confirmed",
        "valve.gas close": "confirmed",
        "socket.oven turn_off": "confirmed",
    }
    assert next(iter(home.hazards.records.values())).rev == rev + 1
    assert home.wait(60) == []
    assert home.hazards.leases() == {}


def test_an_unconfirmed_silence_is_repeated_then_said_to_fail() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    assert over(home, "smoke1") == [QUIET]
    assert home.wait(20) == [QUIET] * 3
    assert closed(home, "smoke")["siren.hall turn_off"] == "failed"
    assert home.note(home.hazards.reconnected()) == [QUIET]
    home.device("siren.hall", "off")
    assert closed(home, "smoke")["siren.hall turn_off"] == "confirmed"
    assert home.note(home.hazards.reconnected()) == []


def test_a_siren_that_says_nothing_is_told_four_times_and_left() -> None:
    home = Home([ActuatorBinding("siren.hall", SIREN, "turn_on", confirmable=False)])
    home.hear("smoke1", True)
    home.wait(20)
    assert over(home, "smoke1") == [QUIET]
    assert home.wait(60) == [QUIET] * 3
    assert home.note(home.hazards.reconnected()) == []


def test_another_hazard_lets_it_sound_on() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.hear("smoke2", True)
    settled(home)
    assert over(home, "smoke1") == []
    assert over(home, "smoke2") == [QUIET]


def test_a_leak_wants_no_siren() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.hear("leak1", True)
    settled(home)
    assert over(home, "smoke1") == [QUIET]


def test_wanted_again_while_it_falls_silent() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    over(home, "smoke1")
    assert "siren.hall" in home.hear("smoke2", True)
    settled(home)
    assert home.wait(60) == []
    assert "siren.hall turn_off" not in {
        key for one in home.hazards.records.values() for key in map(_word, one.actions)
    }


def _word(action: object) -> str:
    return f"{getattr(action, 'entity_id', '')} {getattr(action, 'command', '')}"


def test_what_a_person_took_back_is_theirs() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    home.hazards.override("siren.hall", "Li")
    assert over(home, "smoke1") == []
    home.hear("smoke2", True)
    settled(home)
    assert over(home, "smoke2") == [QUIET]
    home.hazards.override("siren.hall", "Li")  # it still falls silent: theirs from now on
    assert home.wait(60) == []
    with pytest.raises(KeyError):
        home.hazards.override("siren.hall", "Li")


def test_while_there_is_gas_it_waits() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    home.hear("gas1", True)
    assert over(home, "smoke1") == []
    assert over(home, "gas1") == [QUIET]


def test_gas_that_comes_while_it_falls_silent() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    over(home, "smoke1")
    home.hear("gas1", True)
    assert "siren.hall" not in " ".join(home.wait(60))
    assert closed(home, "smoke")["siren.hall turn_off"] == "refused_electrical"
    assert over(home, "gas1") == [QUIET]


def test_safe_in_gas_it_sounds_for_gas_and_falls_silent_after_it() -> None:
    siren = ActuatorBinding("siren.hall", SIREN, "turn_on", gas_safe=True)
    home = Home([siren, ActuatorBinding("valve.gas", GAS_VALVE, "close")])
    home.hear("gas1", True)
    home.hear("gas2", True)
    settled(home)
    assert over(home, "gas1") == []
    assert over(home, "gas2") == [QUIET]


def test_a_switch_in_the_role_of_a_siren_and_one_without_a_way_to_silence_it() -> None:
    plug = ActuatorBinding("switch.hall", SIREN, "turn_on")
    horn = ActuatorBinding("siren.horn", SIREN, "turn_on", can_silence=False)
    home = Home([plug, horn, ActuatorBinding("switch.oven", SOCKET, "turn_off")])
    home.hear("smoke1", True)
    settled(home)
    assert over(home, "smoke1") == ["switch.hall quiet"]


def _restarted(home: Home, *, send: bool = True) -> list[str]:
    kept = [HazardRecord.from_json(one.to_json()) for one in home.hazards.records.values()]
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    return home.note(home.hazards.resume(kept, send=send))


def test_a_restart_goes_on_silencing_for_an_hour() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    over(home, "smoke1")
    assert _restarted(home) == [QUIET]
    assert _restarted(home, send=False) == []
    assert home.note(home.hazards.reconnected()) == [QUIET]
    home.clock.now += WITHIN_S + 1
    assert _restarted(home) == []
    assert _restarted(home) == []


def test_a_silent_siren_stays_so_over_a_restart() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    over(home, "smoke1")
    home.device("siren.hall", "off")
    assert _restarted(home) == []


def test_raised_anew_before_the_store_was_read_is_one_hazard() -> None:
    home = Home()
    home.hear("smoke1", True)
    settled(home)
    kept = [HazardRecord.from_json(one.to_json()) for one in home.hazards.open_records()]
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    home.hear("smoke1", True)
    out = home.hazards.resume(kept)
    assert [one.id for one in home.hazards.open_records()] == [kept[0].id]
    assert [one.active for one in out.merged] == [False]
    assert set(home.hazards.records) == {kept[0].id}
    settled(home)
    assert over(home, "smoke1") == [QUIET]
