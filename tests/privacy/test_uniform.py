"""Property 2 over the whole uplink: events and dummies leave at the same moments."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import pytest

from privacy.egress import SafetyEvent
from privacy.uplink import Uplink
from privacy.wire import SLOT_ORIGIN, HazardClass, Severity
from tests.privacy.helpers import until
from tests.privacy.test_egress import Community, Home, community

__all__ = ["community"]

SLOT = 0.1


def auc(first: list[float], second: list[float]) -> float:
    """Chance that a moment of ``first`` is later than one of ``second``."""
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in second)
    return wins / (len(first) * len(second))


async def eighteen_more(moments: dict[bool, list[float]]) -> None:
    """Wait for as many cells."""
    goal = sum(map(len, moments.values())) + 18
    await until(lambda: sum(map(len, moments.values())) >= goal)


@pytest.mark.long
async def test_send_times_do_not_tell(
    community: Community, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 slots of 0.1 s, half of them with events, in blocks of random order."""
    home = Home(tmp_path / "home")
    await home.pair(community)
    community.slot_s = SLOT
    community.upstream.push()
    await until(lambda: home.egress.status()["slot_s"] == SLOT)
    home.ledger.give("tell_zone", "gas", "r1")
    moments: dict[bool, list[float]] = {True: [], False: []}
    lengths = set()
    real = Uplink.send

    def watched(self: Uplink, counter: int, cell: bytes) -> bool:
        is_event = counter in home.egress._sender._in_flight
        lengths.add(len(cell))
        moments[is_event].append((time.time() - SLOT_ORIGIN) % SLOT)
        return real(self, counter, cell)

    monkeypatch.setattr(Uplink, "send", watched)
    number = 0
    while len(moments[True]) < 300 or len(moments[False]) < 300:
        number += 1
        event = SafetyEvent(f"h{number}", HazardClass.GAS, Severity.CRITICAL)
        await home.egress.offer(event, "tell_zone")
        await eighteen_more(moments)
    await home.stop()
    shift = statistics.median(moments[True]) - statistics.median(moments[False])
    score = auc(moments[True], moments[False])
    sys.stdout.write(f"median shift {shift * 1000:.3f} ms, AUC {score:.3f}\n")
    assert lengths == {1079}
    assert abs(shift) <= 0.001
    # 300 against 300: the 99 % interval of a fair AUC is about +-0.06.
    assert 0.44 <= score <= 0.56


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
