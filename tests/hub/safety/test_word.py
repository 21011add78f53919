"""What the home heard counts where the kernel missed it, and nowhere else."""

from __future__ import annotations

from hub.safety.records import HazardRecord
from hub.safety.supervision import WORD_MARGIN_S
from tests.hub.safety.conftest import QUIET, Site, closes, commanded
from tests.hub.safety.model import CLEAR_S, Home, actuators, sensors

GAS1 = "binary_sensor.gas1"


def told(home: Home, value: bool, ago: float = 0.0) -> list[str]:
    return home.note(home.hazards.told(GAS1, value, ago))


def test_a_detection_that_was_missed_is_acted_upon_and_ends_as_any_other() -> None:
    home = Home()
    assert told(home, True) == ["valve.gas"]
    home.device("valve.gas", "closed")
    assert told(home, True) == []
    home.hear("gas1", False)
    home.wait(CLEAR_S)
    assert home.open() == []
    assert home.made == 1


def test_quiet_by_word_ends_only_what_word_began() -> None:
    home = Home()
    told(home, True)
    told(home, False)
    home.wait(CLEAR_S)
    assert home.open() == []
    home.hear("gas1", True)
    told(home, False)
    home.wait(CLEAR_S * 2)
    assert home.open() == ["gas"]


def test_heard_by_word_then_by_ear_is_ended_by_ear_only() -> None:
    home = Home()
    told(home, True)
    home.hear("gas1", True)
    told(home, False)
    home.wait(CLEAR_S * 2)
    assert home.open() == ["gas"]


def test_a_late_word_changes_nothing() -> None:
    home = Home()
    home.hear("gas1", True)
    home.hear("gas1", False)
    assert told(home, True) == []
    home.wait(CLEAR_S)
    assert home.open() == []
    assert told(home, True, ago=CLEAR_S) == []
    assert home.made == 1
    home.wait(WORD_MARGIN_S)
    assert told(home, True) == ["valve.gas"]  # truly missed


def test_a_word_from_before_an_all_clear_changes_nothing_after_a_restart() -> None:
    home = Home()
    home.hear("gas1", True)
    home.hear("gas1", False)
    home.wait(CLEAR_S)
    kept = [HazardRecord.from_json(one.to_json()) for one in home.hazards.records.values()]
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    home.hazards.resume(kept)
    assert told(home, True, ago=CLEAR_S) == []
    assert told(home, True, ago=0.0) == []
    home.wait(1)
    assert told(home, True) == ["valve.gas"]


def test_quiet_that_was_missed_ends_a_hazard_of_the_earlier_run() -> None:
    home = Home()
    home.wait(60)
    home.hear("gas1", True)
    kept = [one.to_json() for one in home.hazards.open_records()]
    for ago, over in ((60.0, False), (0.5, True)):
        home.hazards = home.machine()
        home.hazards.bind(sensors(), actuators())
        home.hazards.resume([HazardRecord.from_json(one) for one in kept])
        home.wait(1)
        told(home, False, ago)
        home.wait(CLEAR_S)
        assert (home.open() == []) is over


def test_nobody_elses_sensor() -> None:
    home = Home([])
    assert home.hazards.told("binary_sensor.other", True, 0.0).changed == []


def test_a_hazard_that_no_disk_kept_goes_on_under_its_id() -> None:
    home = Home()
    home.hear("gas1", True)
    known = [HazardRecord.from_json(one.to_json()) for one in home.hazards.open_records()]
    home.hazards = home.machine()
    home.hazards.bind(sensors(), actuators())
    home.hear("gas1", True)
    out = home.hazards.adopt(known)
    assert [one.id for one in home.hazards.open_records()] == [known[0].id]
    assert known[0] in out.changed
    home.hear("gas1", False)
    home.wait(CLEAR_S)
    assert [one.active for one in home.hazards.adopt(known).changed] == []


def test_what_is_known_already_is_not_commanded_again() -> None:
    home = Home()
    home.hear("gas1", True)
    assert home.note(home.hazards.adopt(home.hazards.open_records())) == []


async def test_missed_while_the_kernel_was_dead(site: Site) -> None:
    """A message that the broker does not keep, while no kernel was there to hear it."""
    await site.bound(clear_s=0.2)
    site.rig.kill("kernel")
    site.sense()
    site.rig.start_kernel()
    client = await site.connect()
    valve = site.valve()
    status = await site.status(lambda one: bool(one["broker_connected"] and one["sensors"]))
    assert status["open"] == []
    sensor = next(iter(status["sensors"]))
    client.seen([(sensor, True, status["at"])])
    closes(valve)
    record = await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    site.sense(QUIET)
    await site.record(lambda one: one["id"] == record["id"] and not one["active"])
    assert {one["id"] for one in site.seen} == {record["id"]}


async def test_forgotten_by_the_disk_but_not_by_the_home(site: Site) -> None:
    """Reported while the disk took nothing, then killed: the same hazard, not a second one."""
    await site.bound(clear_s=0.2)
    await site.connect()
    valve = site.valve()
    site.sense()
    closes(valve)
    record = await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    await site.disconnect()
    site.rig.kill("kernel")
    for part in site.rig.folder.glob("safety.db*"):
        part.unlink()
    site.rig.start_kernel()
    await site.bound(clear_s=0.2)
    client = await site.connect()
    client.seen([], [record])
    again = await site.record(lambda one: one["rev"] > record["rev"])
    assert again["id"] == record["id"]
    site.sense()
    site.sense(QUIET)
    await site.record(lambda one: one["id"] == record["id"] and not one["active"])
    assert {one["id"] for one in site.seen} == {record["id"]}
    assert commanded(valve, 0.3) is None


async def test_nonsense_is_refused(site: Site) -> None:
    client = await site.connect()
    client.seen([("x", True, float("nan"))], [{"id": 3}])
    await site.bound()
