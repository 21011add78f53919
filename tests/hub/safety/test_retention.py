"""When alarms were is personal: what the home has confirmed is not kept beside the machine key."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from hub.bench.rig import Rig
from hub.safety.keeping import KEEP_CLOSED, KEEP_CLOSED_S
from hub.safety.records import HazardRecord
from hub.safety.store import Row, SafetyStore
from privacy.vault import MachineKey
from tests.hub.safety.conftest import Site
from tests.hub.safety.model import CLEAR_S, Home
from tests.peers import wait_until


def over(home: Home, sensor: str) -> str:
    """A hazard from its beginning to its end; its id."""
    home.hear(sensor, True)
    hazard_id = home.hazards.open_records()[0].id
    home.hear(sensor, False)
    home.wait(CLEAR_S)
    return hazard_id


def test_confirmed_and_an_hour_old_is_forgotten() -> None:
    home = Home()
    ended = over(home, "gas1")
    home.clock.now += KEEP_CLOSED_S
    assert home.hazards.forget({ended}) == []  # somebody may still say that they saw it
    home.hazards.acknowledge(ended, "Li")
    home.clock.now += 1
    assert home.hazards.forget({ended}) == [ended]
    assert home.hazards.records == {}
    with pytest.raises(KeyError):
        home.hazards.acknowledge(ended, "Li")


def test_what_the_home_has_not_confirmed_waits_for_it() -> None:
    home = Home()
    ended = over(home, "gas1")
    home.clock.now += 400 * 24 * 3600
    assert home.hazards.forget(set()) == []
    assert home.hazards.forget({ended}) == [ended]


def test_open_hazards_are_never_forgotten() -> None:
    home = Home()
    home.hear("gas1", True)
    kept = {one.id for one in home.hazards.open_records()}
    home.clock.now += 400 * 24 * 3600
    assert home.hazards.forget(kept) == []
    assert set(home.hazards.records) == kept


def test_a_siren_that_gas_keeps_from_falling_silent_is_not_forgotten() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.device("siren.hall", "on")
    smoke = home.hazards.open_records()[0].id
    home.hear("smoke1", False)
    home.wait(CLEAR_S)
    home.hear("gas1", True)
    home.wait(60)
    home.clock.now += KEEP_CLOSED_S + 1
    assert home.hazards.forget({smoke}) == []
    home.hear("gas1", False)
    assert "siren.hall quiet" in home.wait(CLEAR_S)
    home.device("siren.hall", "off")
    assert home.hazards.forget({smoke}) == [smoke]


def test_a_siren_that_never_answered_is_forgotten_in_time() -> None:
    home = Home()
    home.hear("smoke1", True)
    home.device("siren.hall", "on")
    smoke = home.hazards.open_records()[0].id
    home.hear("smoke1", False)
    home.wait(CLEAR_S + 60)
    home.clock.now += KEEP_CLOSED_S
    assert home.hazards.forget({smoke}) == [smoke]
    assert home.note(home.hazards.reconnected()) == []


def test_within_the_hour_the_number_is_bounded() -> None:
    home = Home()
    ended = [_record(f"{n:04x}", home.clock.wall() - KEEP_CLOSED - 5 + n) for n in range(205)]
    home.hazards.resume(ended)
    assert home.hazards.forget({one.id for one in ended}) == [one.id for one in ended[:5]]


def test_a_clock_that_was_set_back_keeps_nothing_longer() -> None:
    home = Home()
    home.hazards.resume([_record("ahead", home.clock.wall() + KEEP_CLOSED_S + 1)])
    assert home.hazards.forget({"ahead"}) == ["ahead"]


def _record(hazard_id: str, cleared_at: float) -> HazardRecord:
    record = HazardRecord(hazard_id, "gas", "binary_sensor.gas1", cleared_at - 60)
    record.active, record.cleared_at = False, cleared_at
    return record


# ---- on the disk


class Rows:
    """A kernel's store, without the kernel."""

    def __init__(self, folder: Path) -> None:
        self.rows: dict[Row, bytes] | None = None
        self.saved: list[tuple[str, str, int]] = []
        self.store = SafetyStore(
            folder / "safety.db",
            lambda: MachineKey.load_or_create(folder / "keys").box("safety"),
            loaded=self._loaded,
            saved=self.saved.extend,
        )
        self.store.start()
        wait_until(lambda: self.rows is not None, "the rows")

    def _loaded(self, rows: dict[Row, bytes]) -> None:
        self.rows = rows

    def records(self) -> set[str]:
        return {key for kind, key in self.rows or () if kind == "record"}


def test_a_deleted_row_leaves_no_byte_behind(tmp_path: Path) -> None:
    """Sealed rows open with the machine key, also those in free pages and in the log."""
    kept = Rows(tmp_path)
    kept.store.save("record", "planted-number", b"one", 1)
    kept.store.save("record", "stays", b"two", 2)
    wait_until(lambda: len(kept.saved) == 2, "the rows")
    assert b"planted-number" in _raw(tmp_path)
    kept.store.save("record", "planted-number", None)
    wait_until(lambda: b"planted-number" not in _raw(tmp_path), "nothing of it on the disk")
    assert b"stays" in _raw(tmp_path)
    kept.store.stop()


def _raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("safety.db*"))


async def test_a_start_forgets_what_an_earlier_run_kept(rig: Rig) -> None:
    now = time.time()
    rows = {"old": (now - 2 * KEEP_CLOSED_S, True), "untold": (now - 1e7, False)}
    rows["fresh"] = (now, True)
    earlier = Rows(rig.folder)
    for seq, (key, (cleared_at, confirmed)) in enumerate(rows.items(), 1):
        row: dict[str, Any] = {"record": _record(key, cleared_at).to_json(), "seq": seq}
        row["confirmed"] = confirmed
        earlier.store.save("record", key, json.dumps(row).encode())
    earlier.store.stop()
    rig.start_kernel()
    site = Site(rig)
    await site.connect(confirm=False)
    await site.record(lambda one: one["id"] == "untold")
    await site.status(lambda one: one["store_ok"] and one["store_pending"] == 0)
    await site.disconnect()
    rig.stop_kernel()
    later = Rows(rig.folder)
    later.store.stop()
    assert later.records() == {"untold", "fresh"}
