"""Choices, pairing and what left, with a real ledger, door, relay and gateway."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub.home.consents import CLASSES
from hub.home.contacts.model import Draft
from hub.home.refusal import Refusal
from hub.home.runtime import Home
from privacy.consent import SOS_FLAT, TELL_ZONE, TELL_ZONE_NOW
from privacy.egress import Egress, NotStored
from tests.hub.home.conftest import OWNER
from tests.privacy.helpers import files_contain, home_answer, portal, public, until
from tests.privacy.streaming import SLOT, Community
from tests.privacy.test_bulletin import Telling, ended

NAMED = "hazard-in-the-kitchen-of-zhang-ming"


async def pair(home: Home, community: Community) -> None:
    """Pair by a printed code and wait for the stream."""
    with portal(community.key.public) as place:
        relay = f"127.0.0.1:{community.relay_port}"
        place.answer = home_answer(community.key.public, relay, public(community.store.key), SLOT)
        await home.pair(place.code().text, OWNER)
        community.roster.add(place.requests[0].key)
    community.upstream.push()
    await until(lambda: home.sharing.status()["connected"])


async def tell(home: Home, basis: str = "standing", hazard_id: str = "h1") -> str | None:
    return await home.sharing.offer(hazard_id, "gas", basis, OWNER.id)


def events(home: Home) -> list[Any]:
    return [one for one in home.sent() if one.door == "events"]


async def test_a_fresh_home_chose_nothing_and_sends_nothing(home: Home) -> None:
    assert [choice.value for choice in home.consents.choices()] == [None] * len(CLASSES)
    assert home.pairing() is None
    assert await tell(home, "moment") is None
    assert (list(home.sent()), home.sent_today(), list(home.ledger())) == ([], 0, [])


async def test_choosing_and_withdrawing_stand_in_the_ledger(home: Home) -> None:
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await home.choose(TELL_ZONE, "smoke", "nobody", OWNER)
    values = {choice.klass: choice.value for choice in home.consents.choices()}
    assert values == {
        "gas": "zone",
        "smoke": "nobody",
        "carbon_monoxide": None,
        "flood": None,
        "sos": None,
    }
    await home.withdraw(TELL_ZONE, "gas", OWNER)
    assert home.sharing.standing("gas") == "nobody"
    assert [(line.seq, line.state) for line in home.ledger()] == [
        (3, "withdrawn"),
        (2, "not_given"),
        (1, "given"),
    ]
    assert home.consents.problem is None


@pytest.mark.parametrize(
    ("purpose", "klass", "value"),
    [(TELL_ZONE, "earthquake", "zone"), (TELL_ZONE, "gas", "flat"), ("all", "gas", "zone")],
)
async def test_no_other_choice_exists(home: Home, purpose: str, klass: str, value: str) -> None:
    with pytest.raises(Refusal):
        await home.choose(purpose, klass, value, OWNER)
    assert list(home.ledger()) == []


async def test_a_choice_outlives_a_restart_and_a_locked_home(home: Home) -> None:
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await home.change_mode({"mode": "passphrase", "passphrase": "a river of ink"}, OWNER)
    await home.stop()
    again = Home(home.data, None)
    await again.start()
    assert again.locked
    assert again.sharing.standing("gas") == "zone"
    assert list(again.sent()) == []
    await again.stop()


async def test_an_event_goes_out_is_listed_and_has_its_receipt(
    home: Home, community: Community
) -> None:
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await pair(home, community)
    assert await tell(home, hazard_id=NAMED) == NAMED
    await until(community.seen, 20)
    await until(lambda: events(home) and events(home)[0].state == "received", 20)
    (first, *_) = reversed(events(home))
    assert dict(first.fields)["What"] == "gas"
    assert dict(first.fields)["Status"] == "raised"
    assert community.seen()[0] == ("RAISED", 0)
    assert home.sent_today() >= 1
    acts = [one for one in home.sent() if one.door == "acts"]
    assert dict(acts[0].fields)["What"] == "pairing with the community"
    assert files_contain(home.data, NAMED.encode()) == []


async def test_what_the_platform_has_is_said_beside_the_message(
    home: Home, community: Community
) -> None:
    telling = Telling(community)
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await pair(home, community)
    task = asyncio.create_task(telling.run())
    await tell(home, hazard_id=NAMED)
    await until(lambda: any(one.state == "accepted" for one in events(home)), 30)
    await ended(task)


async def test_without_a_yes_nothing_is_queued(home: Home, community: Community) -> None:
    await pair(home, community)
    assert await tell(home) is None
    await home.choose(TELL_ZONE, "gas", "nobody", OWNER)
    assert await tell(home) is None
    assert home.sharing.status()["queue"] == []


async def test_a_yes_in_the_moment_is_for_this_hazard(home: Home, community: Community) -> None:
    await home.choose(TELL_ZONE, "gas", "nobody", OWNER)
    await pair(home, community)
    assert await tell(home, "moment", "now") == "now"
    assert await tell(home, "standing", "later") is None
    await until(community.seen, 20)


async def test_withdrawing_takes_back_what_was_said_in_the_moment(
    home: Home, community: Community
) -> None:
    """The relay is away, so the event waits; after the no only dummies follow."""
    await pair(home, community)
    await community.relay.stop()
    assert await tell(home, "moment", "now") == "now"
    await home.withdraw(TELL_ZONE, "gas", OWNER)
    purposes = [(line.purpose, line.state) for line in home.ledger()]
    assert (TELL_ZONE_NOW, "withdrawn") in purposes
    before = community.cells
    await community.start_relay()
    await until(lambda: community.cells > before + 4, 20)
    assert community.seen() == []


async def test_stopping_takes_back_everything_that_waits_and_contacts(
    home: Home, community: Community
) -> None:
    """The relay is away, so events wait; one was told in the moment, one by the choice."""
    await pair(home, community)
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await home.choose(TELL_ZONE, "smoke", "nobody", OWNER)
    draft = Draft(
        name="女儿",
        address="https://ntfy.example/x",
        hazards=["gas"],
        after_s=0,
        lang="en",
        label="Home",
        warned=True,
    )
    contact = await home.contacts.add(draft, OWNER)
    assert contact.granted == {"gas"}
    await community.relay.stop()
    assert await tell(home, hazard_id="standing") == "standing"
    assert await home.sharing.offer("now", "smoke", "moment", OWNER.id) == "now"
    assert await home.stop_sharing(OWNER) == 2
    assert contact.granted == frozenset()
    before = community.cells
    await community.start_relay()
    await until(lambda: community.cells > before + 4, 20)
    assert community.seen() == []
    assert home.sharing.status()["queue"] == []
    assert (await home.consents.check()).problem is None


async def test_a_no_holds_while_the_door_is_still_being_tried(
    home: Home, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full at the yes; the try after the no must not say yes once more."""
    await pair(home, community)

    async def full(*_: object) -> None:
        raise NotStored("full")

    with monkeypatch.context() as patch:
        patch.setattr(Egress, "offer", full)
        for _ in range(3):
            with pytest.raises(NotStored):
                await tell(home, "moment", "now")
        await home.withdraw(TELL_ZONE, "gas", OWNER)
    assert await tell(home, "moment", "now") is None
    assert home.sharing.status()["queue"] == []
    said = [line.state for line in home.ledger() if line.purpose == TELL_ZONE_NOW]
    assert said == ["withdrawn", "given"], "one yes, however often it was tried"


async def test_leaving_the_community_ends_the_stream_and_the_queue(
    home: Home, community: Community
) -> None:
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await pair(home, community)
    await community.relay.stop()
    assert await tell(home) == "h1"
    await home.unpair(OWNER)
    assert home.pairing() is None
    await community.start_relay()
    await asyncio.sleep(6 * SLOT)
    assert community.relay.health()["homes"] == 0
    assert community.seen() == []
    await pair(home, community)
    assert home.sharing.status()["queue"] == []


async def test_a_second_pairing_is_refused_in_words(home: Home, community: Community) -> None:
    await pair(home, community)
    with (
        portal(community.key.public) as place,
        pytest.raises(Refusal, match="paired already") as refused,
    ):
        await home.pair(place.code().text, OWNER)
    assert refused.value.field == "code"


async def test_a_code_of_nobody_is_refused_in_words(home: Home, community: Community) -> None:
    with portal(community.key.public) as place:
        code = place.code().text
    with pytest.raises(Refusal, match="can't be reached"):
        await home.pair(code, OWNER)
    with pytest.raises(Refusal, match="not complete"):
        await home.pair("ABC", OWNER)
    assert home.pairing() is None


async def test_a_broken_chain_is_said_and_refuses_choices(home: Home, tmp_path: Path) -> None:
    await home.choose(TELL_ZONE, "gas", "zone", OWNER)
    await home.choose(TELL_ZONE, "smoke", "zone", OWNER)
    with sqlite3.connect(home.data / "egress.db") as db:
        db.execute("DELETE FROM consent WHERE seq = 1")
    db.close()
    # What pages show follows within a second; the gate itself reads the ledger at every sealing.
    await until(lambda: home.consents.problem)
    assert home.sharing.standing("smoke") is None
    with pytest.raises(Refusal, match="chain"):
        await home.choose(TELL_ZONE, "smoke", "nobody", OWNER)


async def test_a_call_tells_either_the_flat_or_the_zone(home: Home) -> None:
    await home.choose(TELL_ZONE, "sos", "zone", OWNER)
    await home.choose(TELL_ZONE, "sos", "flat", OWNER)
    choice = next(one for one in home.consents.choices() if one.klass == "sos")
    assert (choice.purpose, choice.value) == (SOS_FLAT, "flat")
    assert home.sharing.standing("sos") == "flat"
    states = [(line.purpose, line.state) for line in home.ledger()]
    assert states == [(TELL_ZONE, "withdrawn"), (SOS_FLAT, "given"), (TELL_ZONE, "given")]
    assert await home.sharing.tell_flat("h1", "sos") is None, "not paired"
    await home.withdraw(SOS_FLAT, "sos", OWNER)
    assert home.sharing.standing("sos") == "nobody"
    await home.choose(TELL_ZONE, "sos", "flat", OWNER)
    await home.choose(TELL_ZONE, "sos", "zone", OWNER)
    assert home.sharing.standing("sos") == "zone"
    assert await home.sharing.tell_flat("h1", "sos") is None
