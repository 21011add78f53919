"""The queue by itself: order, lateness, a full disk, and the same work for both kinds."""

import json
import sqlite3
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from privacy import cell
from privacy.consent import Ledger
from privacy.errors import PrivacyError
from privacy.gateway import GatewayKey, open_batch
from privacy.outbox import Outbox, QueuedEvent
from privacy.pairing import Pairing
from privacy.sender import MAX_AGE_S, SafetyEvent, Sender
from privacy.vault import Household, MachineKey
from privacy.wire import CELL_LENGTH, Body, Flags, HazardClass, Severity, Status
from tests.privacy.helpers import home_answer


class Consents:
    """A ledger that says what the test wants."""

    def __init__(self) -> None:
        self.yes = True
        self.problem: str | None = None
        self.asked = 0

    def allows(self, _purpose: str, _klass: str, _scope: str = "") -> bool:
        self.asked += 1
        return self.yes and self.problem is None


class Bench:
    """A sender with its disk, and a slot counter in the test's hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machine = MachineKey.load_or_create(folder)
        self.household, _ = Household.create(folder, "machine", machine=self.machine)
        self.gateway = GatewayKey.load_or_create(folder)
        self.pairing = Pairing(home_answer(self.gateway.public, "127.0.0.1:1"), self.gateway.hash)
        self.consents = Consents()
        self.slot = 1000
        self.open()

    def open(self) -> None:
        self.outbox = Outbox(self.folder / "egress.db", self.machine)
        ledger = cast("Ledger", self.consents)
        self.sender = Sender(self.outbox, self.household.letterbox, ledger, (4, 8), time.time)
        self.sender.load()

    def offer(self, name: str, hazard: HazardClass = HazardClass.GAS) -> None:
        event = SafetyEvent(name, hazard, Severity.HIGH, Flags.DRILL)
        self.sender.offer(event, "tell_zone", self.slot)

    def step(self, *, online: bool = True, receipt: bool = True) -> str:
        """One slot; what its cell was: ``gas0`` or ``-``."""
        self.slot += 1
        sealed = self.sender.prepare(self.slot, self.slot, self.pairing, online=online)
        assert len(sealed) == CELL_LENGTH
        if receipt and online:
            self.sender.receipt(self.slot)
        batch = open_batch([self.gateway.private], [sealed])
        assert not batch.invalid
        return f"{batch[0].body.hazard.word}{batch[0].body.seq}" if batch else "-"

    def steps(self, count: int) -> list[str]:
        return [self.step() for _ in range(count)]

    def log(self) -> list[dict[str, Any]]:
        return self.sender.sent(self.household.open_letter)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_life_safety_goes_in_three_consecutive_slots(bench: Bench) -> None:
    bench.offer("a")
    assert bench.steps(13) == [*["gas0"] * 3, "-", *["gas1"] * 3, "-", *["gas2"] * 3, "-", "-"]


def test_life_safety_comes_first_and_takes_turns(bench: Bench) -> None:
    bench.offer("r", HazardClass.ELECTRICAL)
    bench.offer("a")
    bench.offer("b", HazardClass.SMOKE)
    first = ["gas0", "smoke0"] * 3
    follow_ups = ["gas1", "smoke1"] * 3
    assert bench.steps(13) == [*first, *follow_ups, "gas2"]
    assert bench.steps(12) == ["smoke2", *["gas2", "smoke2"] * 2, *["-"] * 7]
    reasons = [line["reason"] for line in bench.log() if line["kind"] == "dropped"]
    assert reasons == ["late_routine"], "a routine event never waits for long"


def test_routine_goes_once(bench: Bench) -> None:
    bench.offer("r", HazardClass.ELECTRICAL)
    assert bench.steps(10) == [
        *("electrical0", "-", "-", "-", "electrical1"),
        *("-", "-", "-", "electrical2", "-"),
    ]


def test_no_receipt_sends_again_with_equal_bytes(bench: Bench) -> None:
    bench.offer("a")
    assert [bench.step(receipt=False) for _ in range(5)] == ["gas0"] * 5
    assert len({bytes(str(line["plaintext"]), "utf-8") for line in bench.log()}) == 1
    assert bench.steps(3) == ["gas0"] * 3


def test_restart_resumes_with_the_same_key_and_body(bench: Bench) -> None:
    bench.offer("a")
    bench.steps(2)
    bench.outbox.close()
    bench.open()
    assert bench.steps(4) == ["gas0", "-", "gas1", "gas1"]
    assert len({str(line["plaintext"]) for line in bench.log()}) == 2


def test_late_routine_is_dropped_and_late_life_safety_is_marked(bench: Bench) -> None:
    bench.offer("r", HazardClass.ELECTRICAL)
    bench.offer("a")
    for _ in range(10):
        assert bench.step(online=False) == "-"
    assert bench.steps(3) == ["gas0"] * 3
    kinds = Counter(
        (str(line["kind"]), line.get("reason", line.get("late"))) for line in bench.log()
    )
    assert kinds == {("dropped", "late_routine"): 1, ("cell", True): 3}


def test_cancelled_before_anything_left_tells_nothing(bench: Bench) -> None:
    bench.offer("a")
    assert bench.sender.update("a", Status.CANCELLED)
    assert bench.steps(3) == ["-"] * 3


def test_too_old_is_dropped(bench: Bench) -> None:
    bench.offer("a")
    bench.slot += int(MAX_AGE_S / bench.pairing.slot_s) + 1
    assert bench.steps(2) == ["-", "-"]
    assert bench.log()[0]["reason"] == "too_old"


def test_no_consent_and_no_zone(bench: Bench) -> None:
    bench.consents.problem = "broken"
    bench.offer("a")
    assert bench.steps(2) == ["-", "-"]
    bench.consents.problem = None
    bench.pairing.flat = ("9", "9")
    assert bench.steps(2) == ["-", "-"]
    bench.pairing.flat = ("3", "2")
    assert bench.step() == "gas0"
    bench.consents.yes = False
    assert bench.steps(2) == ["-", "-"]
    bench.consents.yes = True
    assert bench.steps(2) == ["-", "-"], "dropped for good"


def test_a_full_disk_lets_dummies_out_and_nothing_unlogged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.offer("a")
    real = Outbox.save

    def full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Outbox, "save", full)
    assert bench.steps(3) == ["-"] * 3
    assert bench.sender.problem
    monkeypatch.setattr(Outbox, "save", real)
    assert bench.steps(3) == ["gas0"] * 3
    assert len(bench.log()) == 3


def test_slots_of_another_length(bench: Bench) -> None:
    bench.offer("a")
    bench.steps(3)
    bench.sender.rescale(0.15, 0.075)
    bench.slot *= 2
    event = QueuedEvent.from_json(bench.outbox.events()[0].to_json())
    assert event.base == 2002
    assert "gas1" in bench.steps(4)


def test_unknown_ground_is_refused(bench: Bench) -> None:
    with pytest.raises(PrivacyError):
        bench.sender.offer(SafetyEvent("x", HazardClass.GAS, Severity.LOW), "tell_flat", bench.slot)


def test_finished_events_leave_only_a_keyed_hash(bench: Bench) -> None:
    bench.offer("a")
    bench.steps(12)
    database = sqlite3.connect(bench.folder / "egress.db")
    assert database.execute("SELECT count(*) FROM event").fetchone() == (0,)
    assert database.execute("SELECT length(tag) FROM finished").fetchall() == [(16,)]
    database.close()


def test_the_log_keeps_the_newest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.outbox.KEEP_LETTERS", 6)
    bench.offer("a")
    bench.steps(12)
    assert [line["body"]["seq"] for line in bench.log()] == [2, 2, 2]


def test_sealing_an_event_and_a_dummy_takes_the_same_time(bench: Bench) -> None:
    """Property 2 at the seal: medians within 1 ms over interleaved cells of both kinds."""
    bench.offer("a")
    body = QueuedEvent.from_json(bench.outbox.events()[0].to_json())
    packed = bench.sender._body(body, 0, bench.slot, bench.pairing.zones.zones[0])
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(600):
        is_event = bool(number % 2)
        start = time.perf_counter()
        plaintext = cell.build(bytes(32), Body.unpack(packed) if is_event else None)
        sealed = cell.seal(bench.gateway.public, plaintext)
        times[is_event].append(time.perf_counter() - start)
        assert len(sealed) == CELL_LENGTH
    assert abs(statistics.median(times[True]) - statistics.median(times[False])) < 0.001


def test_the_log_has_every_byte(bench: Bench) -> None:
    bench.offer("a")
    bench.step()
    (line,) = bench.log()
    assert json.dumps(line["body"])
    (event,) = open_batch([bench.gateway.private], [line["cell"]])
    assert event.body.to_json() == line["body"]
    assert line["zone_names"] == {"zh_CN": "3 栋 2 单元", "en": "Building 3, riser 2"}
