"""The events door end to end: home, relay and gateway over real loopback streams."""

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from privacy.egress import NotPaired, NotStored, SafetyEvent
from privacy.gateway import open_batch
from privacy.outbox import Outbox
from privacy.pairing import PairingError
from privacy.sender import Sender
from privacy.wire import CELL_LENGTH, HazardClass, Severity, Status
from tests.privacy.helpers import (
    files_contain,
    parameters,
    portal,
    until,
)
from tests.privacy.streaming import GAS, SLOT, Community, Home


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    made = Community(tmp_path / "community")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path / "home")
    yield made
    await made.stop()


async def test_an_event_arrives_once_and_follow_ups_at_their_times(
    community: Community, home: Home
) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await home.egress.offer(GAS, "tell_zone")
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: community.copies()[0] == 3)
    assert await home.egress.update("hazard-1", Status.CLEARED)
    await until(lambda: community.copies() == {0: 3, 1: 3, 2: 3}, 20)
    assert community.seen() == [("RAISED", 0), ("CLEARED", 1), ("CLEARED", 2)]
    assert len({event.nonce for event in community.arrived}) == 1
    assert len({event.content for event in community.arrived}) == 3
    await until(lambda: not home.egress.status()["queue"])
    slots = [event.body.slot for event in community.arrived]
    first, second, third = sorted(set(slots))
    assert (second - first, third - first) == (4, 8)
    assert not await home.egress.update("hazard-1", Status.CANCELLED)
    await home.egress.offer(GAS, "tell_zone")
    assert not home.egress.status()["queue"], "a finished event is not sent again"
    lines = await home.sent()
    assert [line["body"]["seq"] for line in lines] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert all(line["receipt_at"] for line in lines)
    assert all(len(line["cell"]) == CELL_LENGTH for line in lines)
    opened = open_batch([community.key.private], [line["cell"] for line in lines])
    assert [event.content for event in opened] == [event.content for event in community.arrived]


async def test_follow_ups_come_though_nothing_happened(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone_now", "smoke", "r1", scope="s1")
    await home.egress.offer(SafetyEvent("s1", HazardClass.SMOKE, Severity.HIGH), "tell_zone_now")
    await until(lambda: community.copies()[2] == 3, 20)
    assert community.seen() == [("RAISED", 0), ("UPDATED", 1), ("UPDATED", 2)]


async def test_a_routine_event_goes_once(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    event = SafetyEvent("e1", HazardClass.ELECTRICAL, Severity.LOW)
    await home.egress.offer(event, "tell_zone")
    await until(lambda: not home.egress.status()["queue"])
    assert not community.arrived, "there is no consent for this class"
    (line,) = await home.sent()
    assert (line["kind"], line["reason"]) == ("dropped", "consent_withdrawn")


async def test_withdrawal_with_a_full_queue(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    for number in range(12):
        event = SafetyEvent(f"h{number}", HazardClass.GAS, Severity.CRITICAL)
        await home.egress.offer(event, "tell_zone")
    await until(lambda: community.arrived)
    home.ledger.withdraw("tell_zone", "gas", "r1")
    boundary = int((time.time() - 1767225600) / SLOT) + 1
    await until(lambda: not home.egress.status()["queue"])
    cells = community.cells
    await until(lambda: community.cells >= cells + 4)
    lines = await home.sent()
    left = [line for line in lines if line["kind"] == "cell"]
    assert left
    assert all(line["slot"] < boundary for line in left)
    assert sum(line["kind"] == "dropped" for line in lines) == 12
    assert len(community.arrived) <= len(left)


async def test_a_broken_ledger_means_only_dummies(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    other = Outbox(home.folder / "consent.db", home.machine)._db
    other.execute("DELETE FROM consent")
    await home.egress.offer(GAS, "tell_zone")
    cells = community.cells
    await until(lambda: community.cells >= cells + 4)
    assert not community.arrived
    assert "wait" in str(home.egress.status()["problem"])
    other.close()


async def test_a_full_disk_and_a_fault_do_not_silence_the_stream(
    community: Community,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await home.egress.offer(GAS, "tell_zone")

    def broken(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "save", broken)
        with pytest.raises(NotStored):
            await home.egress.offer(SafetyEvent("h2", HazardClass.GAS, Severity.HIGH), "tell_zone")
        patch.setattr(Sender, "prepare", None)
        await until(lambda: "stumbled" in caplog.text)
    sent = home.egress.status()["cells_sent"]
    await until(lambda: int(str(home.egress.status()["cells_sent"])) > int(str(sent)) + 3)
    await until(lambda: community.copies()[0] == 3)
    assert home.egress.status()["connected"]


async def test_relay_restart_sends_again_what_had_no_receipt(
    community: Community, home: Home
) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await community.relay.stop()
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: not home.egress.status()["connected"])
    await community.start_relay()
    await until(lambda: community.copies()[0] >= 3)
    assert len({(e.nonce, e.content) for e in community.arrived if e.body.seq == 0}) == 1


async def test_platform_down_changes_nothing_at_home(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await community.upstream.stop()
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: not home.egress.status()["queue"], 20)
    assert not community.arrived
    assert home.egress.status()["connected"]
    port = int(community.pairing.upstream.rpartition(":")[2])
    await community.upstream.start("127.0.0.1", port)
    await until(lambda: sorted(community.copies()) == [0, 1, 2] and community.copies()[2] >= 3, 20)
    taken = Counter(line["body"]["seq"] for line in await home.sent() if line["receipt_at"])
    assert taken == {0: 3, 1: 3, 2: 3}, "what the relay took three times is not sent again"
    assert len({event.content for event in community.arrived}) == 3


async def test_home_restart_goes_on_with_the_same_event(
    community: Community, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home", offsets=(8, 12))
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "r1")
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: community.arrived)
    await home.stop()
    again = Home(tmp_path / "home", offsets=(8, 12))
    await again.egress.start()
    await until(lambda: not again.egress.status()["queue"], 20)
    assert community.seen() == [("RAISED", 0), ("UPDATED", 1), ("UPDATED", 2)]
    assert len({event.content for event in community.arrived}) == 3
    await again.stop()


async def test_new_parameters_reach_the_home(community: Community, home: Home) -> None:
    await home.pair(community)
    community.slot_s = 0.1
    community.upstream.push()
    await until(lambda: home.egress.status()["slot_s"] == 0.1)
    cells = community.cells
    await until(lambda: community.cells >= cells + 5)
    assert home.egress.status()["connected"]


async def test_another_gateways_parameters_are_refused(community: Community, home: Home) -> None:
    await home.pair(community)
    for bad in (
        parameters(bytes(32)),
        b"{}",
        parameters(community.key.public).replace(b'"homes": 25', b'"homes": 19'),
    ):
        community.relay._homes.set_parameters(bad)
        await until(lambda: not home.egress.status()["connected"])
        assert home.egress.status()["problem"]
        community.relay._homes.set_parameters(parameters(community.key.public))
        await until(lambda: home.egress.status()["connected"])


async def test_a_home_struck_off_the_roster_is_cut_off(community: Community, home: Home) -> None:
    await home.pair(community)
    community.roster.clear()
    community.upstream.push()
    await until(lambda: not home.egress.status()["connected"])
    await until(lambda: "enrolled" in str(home.egress.status()["problem"]))


async def test_constant_stream_without_events(community: Community, home: Home) -> None:
    await home.pair(community)
    before, cells = home.egress.status()["cells_sent"], community.cells
    await until(lambda: community.cells >= cells + 6)
    sent = int(str(home.egress.status()["cells_sent"])) - int(str(before))
    assert abs(sent - (community.cells - cells)) <= 2, "one per slot"
    assert not community.arrived
    assert not community.invalid


async def test_nothing_personal_on_the_disk(community: Community, home: Home) -> None:
    await home.pair(community)
    home.ledger.give("tell_zone", "gas", "resident-name")
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: community.arrived)
    for needle in (b"1000", b"resident-name", b"hazard-1", "演示小区".encode()):
        assert not files_contain(home.folder, needle)
    home.household.unlock(machine=home.machine)
    assert await home.egress.flat(home.household.open_letter) == ("3", "2", "1000")


OPENED: list[str] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        OPENED.append(event)


async def test_never_paired_opens_no_socket(tmp_path: Path) -> None:
    sys.addaudithook(_hook)
    home = Home(tmp_path / "home")
    OPENED.clear()
    await home.egress.start()
    home.ledger.give("tell_zone", "gas", "r1")
    with pytest.raises(NotPaired):
        await home.egress.offer(GAS, "tell_zone")
    assert home.egress.status() == {"paired": False, "cells_sent": 0, "queue": []}
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others, "an unpaired door runs nothing"
    await home.stop()
    assert OPENED == []


async def test_leaving_the_community(community: Community, home: Home) -> None:
    await home.pair(community)
    await home.egress.unpair()
    assert not home.egress.status()["paired"]
    cells = community.cells
    await until(lambda: community.cells >= cells + 4)
    with pytest.raises(PairingError, match="relay"), portal(community.key.public) as place:
        await home.egress.enrol(place.code("relay").text)
