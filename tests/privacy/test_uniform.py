"""Property 2 over the whole uplink: events and dummies leave at the same moments."""

import asyncio
import contextlib
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from privacy.egress import SafetyEvent
from privacy.slots import sending_moment
from privacy.uplink import Uplink
from privacy.wire import SLOT_ORIGIN, FrameParser, FrameType, HazardClass, Severity
from tests.privacy.helpers import until
from tests.privacy.streaming import Community, Home
from tests.privacy.test_bulletin import Telling
from tests.privacy.test_egress import community

__all__ = ["community"]

SLOT = 0.1
HOMES = 4
CELLS = 10_000
"""Of each kind, all homes together."""
Z_99 = 2.576


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Chance that a value of ``first`` is above one of ``second``, ties counted half."""
    ranked = sorted([(value, 1) for value in first] + [(value, 0) for value in second])
    below = wins = 0.0
    place = 0
    while place < len(ranked):
        end, ours = place, 0
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            ours += ranked[end][1]
            end += 1
        others = end - place - ours
        wins += ours * (below + others / 2)
        below += others
        place = end
    return wins / (len(first) * len(second))


def interval(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """The 99 % interval of their `auc` (Hanley and McNeil 1982)."""
    score = auc(first, second)
    one, two = score / (2 - score), 2 * score**2 / (1 + score)
    spread = score * (1 - score)
    spread += (len(first) - 1) * (one - score**2) + (len(second) - 1) * (two - score**2)
    wide = Z_99 * math.sqrt(max(0.0, spread) / (len(first) * len(second)))
    return score - wide, score + wide


def test_the_measure_sees_a_difference() -> None:
    chance = random.Random(1)
    plain = [chance.gauss(0, 1) for _ in range(4000)]
    again = [chance.gauss(0, 1) for _ in range(4000)]
    moved = [chance.gauss(0.2, 1) for _ in range(4000)]
    low, high = interval(again, plain)
    assert low < 0.5 < high
    assert interval(moved, plain)[0] > 0.52
    assert auc([1, 1, 2], [1, 0, 3]) == pytest.approx((0.5 + 1 + 0.5 + 1 + 1 + 1) / 9)


class Seen:
    """One cell as the line shows it: when it came, what it weighs, when and how it was answered.

    ``late_s`` counts from the home's own moment in the slot.
    """

    def __init__(self, at: float, late_s: float, weight: int) -> None:
        self.at = at
        self.late_s = late_s
        self.weight = weight
        self.answer_s = 0.0
        self.answer_weight = 0


class Tap:
    """A line between a home and the relay, and whoever listens to it."""

    def __init__(self, relay_port: int) -> None:
        self._relay_port = relay_port
        self._server: asyncio.Server | None = None
        self.cells: dict[int, Seen] = {}
        self.port = 0
        self.due = 0.0
        self._up, self._last = 0, 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above, below = await asyncio.open_connection("127.0.0.1", self._relay_port)
        down = asyncio.create_task(self._pass(above, writer, self._answered))
        await self._pass(reader, below, self._sent)
        below.close()
        await asyncio.gather(down, return_exceptions=True)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        seen: Callable[[float, FrameType, bytes], None],
    ) -> None:
        parser = FrameParser()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                now = time.time()
                writer.write(data)
                for kind, payload in parser.feed(data):
                    seen(now, kind, payload)
        writer.close()

    def _sent(self, now: float, kind: FrameType, payload: bytes) -> None:
        self._up += 5 + len(payload)
        if kind is FrameType.CELL:
            weight, self._up = self._up, 0
            self._last = int.from_bytes(payload[:4], "big")
            late = (now - SLOT_ORIGIN) % SLOT - self.due
            self.cells[self._last] = Seen(now, late, weight)

    def _answered(self, now: float, kind: FrameType, payload: bytes) -> None:
        last = self.cells.get(self._last)
        if last is None:
            return
        last.answer_weight += 5 + len(payload)
        if kind is FrameType.RECEIPT and not last.answer_s:
            last.answer_s = now - last.at


class Sending:
    """One home behind a tap, that tells of one hazard after another, its cells sorted by kind."""

    def __init__(self, home: Home, tap: Tap) -> None:
        self.home = home
        self.tap = tap
        tap.due = sending_moment(0, SLOT, home.egress._member.phase) - SLOT_ORIGIN
        self.kinds: dict[int, bool] = {}

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            event = SafetyEvent(f"h{number}", HazardClass.GAS, Severity.CRITICAL)
            await self.home.egress.offer(event, "tell_zone")
            await self._eighteen_more()

    async def _eighteen_more(self) -> None:
        """Nine cells are an event's: as many are none."""
        goal = len(self.kinds) + 18
        await until(lambda: len(self.kinds) >= goal, 60)

    def values(self, event: bool, of: Callable[[Seen], float]) -> list[float]:
        """What the listener saw of one kind."""
        return [
            of(seen)
            for counter, seen in list(self.tap.cells.items())[1:-1]
            if self.kinds.get(counter) is event
        ]


async def a_sending_home(community: Community, folder: Path) -> Sending:
    """Paired through a tap of its own, with a yes to gas."""
    tap = Tap(community.relay_port)
    await tap.start()
    home = Home(folder)
    real, community.relay_port = community.relay_port, tap.port
    await home.pair(community)
    community.relay_port = real
    home.ledger.give("tell_zone", "gas", "r1")
    return Sending(home, tap)


FEATURES: dict[str, Callable[[Seen], float]] = {
    "late by, s": lambda seen: seen.late_s,
    "bytes up": lambda seen: seen.weight,
    "bytes down": lambda seen: seen.answer_weight,
    "answered after, s": lambda seen: seen.answer_s,
}


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_the_whole_uplink_does_not_tell(
    community: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Property 2: 10,000 cells of each kind, as somebody on the line sees and times them."""
    sending = [await a_sending_home(community, tmp_path / f"home{n}") for n in range(HOMES)]
    community.slot_s = SLOT
    community.upstream.push()
    await until(lambda: all(one.home.egress.status()["slot_s"] == SLOT for one in sending))
    senders = {id(one.home.egress._uplink): one for one in sending}
    real = Uplink.send
    lengths = set()

    def watched(self: Uplink, counter: int, cell: bytes) -> bool:
        one = senders[id(self)]
        one.kinds[counter] = counter in one.home.egress._sender._in_flight
        lengths.add(len(cell))
        return real(self, counter, cell)

    for one in sending:
        one.tap.cells.clear()
    monkeypatch.setattr(Uplink, "send", watched)
    telling = Telling(community)
    tasks = [asyncio.create_task(run) for run in (telling.run(), *(s.run() for s in sending))]

    def enough() -> bool:
        kinds = [kind for one in sending for kind in one.kinds.values()]
        return min(kinds.count(True), kinds.count(False)) > CELLS + 2 * HOMES

    try:
        for _ in range(1500):
            await asyncio.sleep(1)
            if enough():
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in sending:
            await one.home.stop()
            await one.tap.stop()
    assert lengths == {1079}
    for name, of in FEATURES.items():
        event, dummy = (
            [value for one in sending for value in one.values(kind, of)] for kind in (True, False)
        )
        assert min(len(event), len(dummy)) >= CELLS
        low, high = interval(event, dummy)
        shift = statistics.median(event) - statistics.median(dummy)
        sys.stdout.write(f"{name}: shift {shift:.6f}, AUC {low:.4f} to {high:.4f}\n")
        assert abs(shift) <= 0.001, name
        assert 0.48 <= low <= high <= 0.52, name


class Skipping:
    """A clock that jumps to each moment that somebody waits for."""

    def __init__(self) -> None:
        self.moment = SLOT_ORIGIN + 50_000_000.0

    def now(self) -> float:
        return self.moment

    async def sleep_until(self, moment: float) -> None:
        self.moment = max(self.moment, moment)
        await asyncio.sleep(0)


async def test_one_cell_per_slot_at_one_phase(
    community: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred slots in no time: every slot once, the phase fixed, in the first half."""
    home = Home(tmp_path / "home")
    await home.pair(community)
    await home.egress.stop()
    clock = Skipping()
    home = Home(tmp_path / "home", clock=clock)
    moments: list[float] = []
    before = 200

    def watched(*_: object) -> bool:
        moments.append(clock.now())
        if len(moments) == before:
            clock.moment -= 3600
        return False

    monkeypatch.setattr(Uplink, "send", watched)
    await home.egress.start()
    await until(lambda: len(moments) >= before + 20)
    await home.stop()
    slot_s = community.slot_s
    slots = [int((moment - SLOT_ORIGIN) / slot_s) for moment in moments]
    steady = slots[:before]
    assert steady == list(range(steady[0], steady[0] + before))
    back = slots[before:]
    assert back == list(range(back[0], back[0] + len(back))), "set back, it goes on at once"
    assert back[0] < steady[-1]
    phases = [(moment - SLOT_ORIGIN) % slot_s for moment in moments]
    assert max(phases) - min(phases) < 1e-4
    assert 0 < phases[0] < slot_s / 2
