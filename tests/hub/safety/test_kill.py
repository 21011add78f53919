"""``kill -9`` at random moments around the act: one hazard, one record, a closed valve."""

from __future__ import annotations

import asyncio
import random

import pytest

from hub.bench.rawmqtt import RawClient
from hub.bench.rig import VALVE_STATE
from tests.hub.safety.conftest import QUIET, Site, closes


async def _round(site: Site, valve: RawClient, after: float) -> None:
    """One hazard whose kernel is killed ``after`` seconds."""
    earlier = {one["id"] for one in site.seen}
    valve.publish(VALVE_STATE, b"open", retain=True, qos=1)
    await site.connect()
    site.sense(retain=True)
    await asyncio.sleep(after)
    site.rig.kill("kernel")
    await site.disconnect()
    site.rig.start_kernel()
    await site.connect()
    closes(valve)
    record = await site.record(
        lambda one: one["id"] not in earlier and one["actions"][0]["result"] == "confirmed"
    )
    site.sense(QUIET, retain=True)
    await site.record(lambda one: one["id"] == record["id"] and not one["active"])
    await site.status(lambda one: one["unconfirmed"] == 0 and one["open"] == [])
    await site.disconnect()
    assert {one["id"] for one in site.seen} - earlier == {record["id"]}
    while valve.message(0.05) is not None:
        pass  # the second sending of a command that was on the wire when the kernel died


async def _rounds(site: Site, moments: list[float]) -> None:
    await site.bound(clear_s=0.05)
    valve = site.valve()
    for after in moments:
        await _round(site, valve, after)


async def test_killed_around_the_act(site: Site) -> None:
    await _rounds(site, [0.0, 0.004, 0.02])


@pytest.mark.long
async def test_killed_at_many_random_moments(site: Site) -> None:
    chance = random.Random(20)
    await _rounds(site, [chance.random() * 0.03 for _ in range(40)])
