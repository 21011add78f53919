"""Property 12 over real streams: what a witnessed home does with what its relay tells."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from privacy.egress import SafetyEvent
from privacy.pairing import PairingError
from privacy.parameters import Parameters
from privacy.tokens.provision import TOKENS_PATH
from privacy.transparency.proof import Proof
from privacy.wire import HazardClass, Severity
from privacy.witnessed import RUN_ON_S, Standing
from privacy.zones import Partition
from tests.privacy.helpers import home_answer, neighbours, portal, public, until
from tests.privacy.streaming import GAS, SLOT, Community, Home
from tests.privacy.tokens.issuing import Desk, current_ring, ring_at
from tests.privacy.vouching import Vouching

DAY_S = 86_400


class Witnessed(Community):
    """A community whose log has witnesses, and the token desk of its portal."""

    def __init__(self, folder: Path) -> None:
        self.vouching = Vouching()
        self.proof: Proof | None = None
        self.table = Partition.freeze(neighbours())
        super().__init__(folder)
        self.desk = Desk(self.key)

    def fields(self) -> Parameters:
        ring = self.tokens
        return Parameters(self.key.public, self.table, SLOT, 3, ring, proof=self.proof)

    def parameters(self) -> bytes:
        return self.fields().to_bytes()

    def vouch(self) -> None:
        """Let whoever of the three is alive sign, and tell it."""
        entries, alive = self.vouching.entries, 3 - len(self.vouching.dead)
        note = self.vouching.sign(time.time())
        proof = self.vouching.proof(time.time()) if alive > 1 else None
        self.proof = proof or Proof(note, "", 0, [], entries)
        self.upstream.push()

    async def slots(self, count: int) -> None:
        """Until so many more cells came."""
        wanted = self.cells + count
        await until(lambda: self.cells >= wanted)


class Moved:
    """The machine's clock, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.by = 0.0

    def now(self) -> float:
        return time.time() + self.by

    async def sleep_until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.now()))


async def test_property_12_over_real_streams(tmp_path: Path) -> None:
    """Nothing before two vouch; then all; one new key alone gets nothing; 28 days, and no more."""
    place, clock = Witnessed(tmp_path / "community"), Moved()
    place.tokens = current_ring(time.time())
    place.vouching.say(place.fields(), time.time())
    await place.start()
    home = Home(tmp_path / "home", clock=clock)
    await home.egress.start()
    home.ledger.give("tell_zone", "gas", "r1")
    with portal(place.key.public, place.vouching.trust) as there:
        there.more[TOKENS_PATH] = place.desk.take
        await home.pair_at(there, place)
        await home.egress.offer(GAS, "tell_zone")
        await place.slots(6)
        assert home.egress.status()["standing"] is Standing.WAITING
        assert (place.arrived, place.desk.asked) == ([], [])

        place.vouching.dead = {1}
        place.vouch()
        await until(lambda: place.arrived)
        assert home.egress.status()["standing"] is Standing.GOOD
        await until(lambda: len(place.desk.asked) == 2)

        place.vouching.dead = {1, 2}
        honest, place.tokens = place.tokens, ring_at(time.time() + 7 * DAY_S)
        place.vouching.keys(place.tokens, time.time())
        place.vouch()
        await until(lambda: home.egress.standing is Standing.RUN_ON)
        second = SafetyEvent("hazard-2", HazardClass.GAS, Severity.CRITICAL)
        place.tokens = honest
        await home.egress.offer(second, "tell_zone")
        await until(lambda: len({event.nonce for event in place.arrived}) == 2)
        assert len(place.desk.asked) == 2, "no tokens under keys that one witness signed"

        clock.by = RUN_ON_S + DAY_S
        third = SafetyEvent("hazard-3", HazardClass.GAS, Severity.CRITICAL)
        await home.egress.offer(third, "tell_zone")
        assert home.egress.status()["standing"] is Standing.STOPPED
        await place.slots(8)
        assert len({event.nonce for event in place.arrived}) == 2
        clock.by = 0.0
    await home.stop()
    again = Home(tmp_path / "home", clock=clock)
    await again.egress.start()
    assert again.egress.standing is Standing.GOOD, "what was vouched for outlives a restart"
    await again.stop()
    await place.stop()


async def test_a_home_with_witnesses_never_falls_back(tmp_path: Path) -> None:
    """An answer without them, or with others, is refused; nothing is stored."""
    place = Witnessed(tmp_path / "community")
    await place.start()
    home = Home(tmp_path / "home")
    await home.egress.start()
    with portal(place.key.public, place.vouching.trust) as there:
        relay = f"127.0.0.1:{place.relay_port}"
        for trust in (None, Vouching().trust.to_json(), [], "x", [1, 2, 3, 4]):
            there.answer = home_answer(place.key.public, relay, public(place.store.key), SLOT)
            there.answer["trust"] = trust
            with pytest.raises(PairingError):
                await home.egress.enrol(there.code().text)
        assert home.egress.status()["paired"] is False
    await home.stop()
    await place.stop()
