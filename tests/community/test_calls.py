"""A flat that calls for help by an act: it rings with the flat, and the flat goes with the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlmodel import Session, select

from community.core import audit, roster
from community.incidents import views
from community.incidents.rules import Status
from community.incidents.tables import IncidentFlat
from privacy.act_link import SEAL, SOS, ActStatus, act_body, act_id, send_act
from privacy.act_seal import ActRefused, Recipient
from privacy.consent import Ledger
from privacy.egress import Egress
from privacy.pairing import enrol
from privacy.vault import Household, MachineKey
from tests.community.conftest import Running
from tests.community.test_gateway import code_for

FLAT = "3-1-502"


class Caller:
    """A home with an enrolment key, as its community knows it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.key = Ed25519PrivateKey.generate()

    async def enrol(self, flat: str = FLAT) -> None:
        await enrol(await code_for(self.running, flat), self.key, None)

    def body(self, status: ActStatus, hazard: str) -> bytes:
        named = act_id(self.key.public_key().public_bytes_raw(), hazard)
        return act_body(SOS, named, status, self.running.clock())

    async def says(
        self, status: ActStatus = ActStatus.RAISED, hazard: str = "h1"
    ) -> dict[str, object]:
        public = self.running.community.gateway_public
        return await asyncio.to_thread(
            send_act,
            self.body(status, hazard),
            self.key,
            Recipient(self.running.address, None, public),
        )


@pytest.fixture
async def caller(running: Running) -> Caller:
    made = Caller(running)
    await made.enrol()
    return made


async def cards(running: Running) -> list[views.Card]:
    return await running.store.read(views.recent_cards)


async def page(running: Running, path: str, role: str = "guard") -> str:
    async with ClientSession(running.address, headers=await running.headers(role)) as client:
        return await (await client.get(path)).text()


async def press(running: Running, move: str, version: int) -> None:
    (card,) = await cards(running)
    form = {"move": move, "version": str(version)}
    headers = await running.headers("guard") | {"X-Linli-Form": "1"}
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post(f"/incidents/{card.id}/move", data=form) as answer,
    ):
        assert answer.status == 200


async def test_it_rings_on_the_duty_screen_with_the_flat(running: Running, caller: Caller) -> None:
    assert await caller.says() == {
        "taken": True,
        "at": running.clock(),
        "acknowledged_at": None,
    }
    (card,) = await cards(running)
    assert (card.hazard, card.level, card.building, card.status) == (
        "sos_flat",
        1,
        "3",
        Status.RAISED,
    )
    screen = await page(running, "/duty")
    assert f"Flat {FLAT}" in screen
    assert "chose that you learn the flat" in screen
    assert card.rings
    detail = await page(running, f"/incidents/{card.id}")
    assert f"Flat {FLAT}" in detail
    assert "Procedure: flat known" in detail
    assert "Why is there no flat number" not in screen + detail


async def test_said_again_it_is_one_incident(running: Running, caller: Caller) -> None:
    for _ in range(3):
        await caller.says()
    assert len(await cards(running)) == 1
    await caller.says(hazard="h2")
    assert len(await cards(running)) == 2


async def test_the_home_hears_when_it_was_seen(running: Running, caller: Caller) -> None:
    await caller.says()
    assert (await caller.says(ActStatus.ASKED))["acknowledged_at"] is None
    running.clock.forward(5)
    await press(running, "acknowledge", 1)
    assert (await caller.says(ActStatus.ASKED))["acknowledged_at"] == running.clock()
    (card,) = await cards(running)
    assert card.status is Status.ACKNOWLEDGED


async def test_a_false_press_is_cancelled_and_the_flat_is_gone(
    running: Running, caller: Caller
) -> None:
    await caller.says()
    await caller.says(ActStatus.CANCELLED)
    await caller.says(ActStatus.RAISED)
    (card,) = await cards(running)
    assert card.status is Status.CANCELLED
    assert await running.store.read(_flats) == 0
    assert FLAT not in await page(running, f"/incidents/{card.id}")


async def test_the_flat_is_shown_until_the_desk_is_done(running: Running, caller: Caller) -> None:
    await caller.says()
    await caller.says(ActStatus.CLEARED)
    (card,) = await cards(running)
    assert card.status is Status.RAISED, "people still go and look"
    assert f"Flat {FLAT}" in await page(running, "/duty")
    await press(running, "dispatch", 1)
    assert f"Flat {FLAT}" in await page(running, f"/incidents/{card.id}")
    await press(running, "resolve", 2)
    assert await running.store.read(_flats) == 0
    assert FLAT not in await page(running, f"/incidents/{card.id}")


async def test_the_database_says_no_flat_that_called(running: Running, caller: Caller) -> None:
    await caller.says()

    def read(session: Session) -> str:
        tables = ("incident", "incidentflat", "incidentline")
        rows = [session.execute(text(f"SELECT * FROM {one}")).all() for one in tables]  # noqa: S608 - our own names
        lines = [
            str(line) for line in audit.lines(session) if line.act not in {"enrol", "home code"}
        ]
        return repr(rows) + repr(lines)

    kept = await running.store.read(read)
    assert FLAT not in kept
    assert "502" not in kept


async def test_only_an_enrolled_home_is_heard(running: Running, caller: Caller) -> None:
    stranger = Caller(running)
    with pytest.raises(ActRefused):
        await stranger.says()
    await running.store.run(
        lambda session: roster.revoke_home(
            session, roster.find_flat(session, FLAT), at=running.clock()
        )
    )
    with pytest.raises(ActRefused):
        await caller.says()
    assert await cards(running) == []


async def test_asking_or_ending_what_was_never_told_raises_nothing(
    running: Running, caller: Caller
) -> None:
    for status in (ActStatus.ASKED, ActStatus.CLEARED, ActStatus.CANCELLED):
        await caller.says(status)
    assert await cards(running) == []


async def test_an_old_act_is_no_call_of_today(running: Running, caller: Caller) -> None:
    request, _ = SEAL.seal(
        caller.body(ActStatus.RAISED, "h1"), caller.key, running.community.gateway_public
    )
    running.clock.forward(366 * 86_400)
    async with (
        ClientSession(running.address, headers={"Origin": running.address}) as client,
        client.post("/api/v1/acts", data=request) as answer,
    ):
        assert answer.status == 403
    assert await cards(running) == []


async def test_nonsense_is_refused_and_slowed_down(running: Running) -> None:
    async with ClientSession(running.address, headers={"Origin": running.address}) as client:
        for said in (
            b"",
            b"[]",
            b'{"sealed":"x"}',
            b"[" * 3000,
            json.dumps({"sealed": 1}).encode(),
        ):
            async with client.post("/api/v1/acts", data=said) as answer:
                assert answer.status == 400


def _flats(session: Session) -> int:
    return len(session.exec(select(IncidentFlat)).all())


# ---- the home's own door


@pytest.fixture
async def home(running: Running, tmp_path: Path) -> AsyncIterator[tuple[Egress, Household]]:
    machine = MachineKey.load_or_create(tmp_path / "home")
    household, _code = Household.create(tmp_path / "home", "machine", machine=machine)
    signer = Ed25519PrivateKey.generate()
    ledger = Ledger(tmp_path / "egress.db", machine.box("consent"), signer)
    egress = Egress(
        tmp_path / "egress.db", machine=machine, letterbox=household.letterbox, ledger=ledger
    )
    await egress.start()
    assert not egress.can_act
    await egress.enrol((await code_for(running, FLAT)).text)
    yield egress, household
    await egress.stop()
    ledger.close()


async def test_a_home_calls_by_its_own_door_and_logs_it_first(
    running: Running, home: tuple[Egress, Household]
) -> None:
    egress, household = home
    assert egress.can_act
    assert (await egress.act(SOS, "h1", ActStatus.RAISED))["taken"] is True
    (card,) = await cards(running)
    assert card.by_flat
    lines = [line for line in egress.acts.lines(household.open_letter) if line["purpose"] == SOS]
    (line,) = lines
    data = line["data"]
    assert isinstance(data, bytes)
    assert json.loads(data)["status"] == "raised"
    assert lines[0]["recipient"] == running.address
