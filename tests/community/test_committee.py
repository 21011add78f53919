"""The committee's page and the attestation's way to every home, on both databases."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession, FormData
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, select

from community.core import attestation, audit, log, roster
from community.core.retention import LISTS_KEPT_DAYS
from community.core.tables import Member
from privacy.attestation import CHANGED_AT_MOST, RosterList, attest, committee_key
from privacy.handshake import key_hash
from privacy.parameters import Parameters
from tests.community.conftest import Running

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = committee_key(PRIVATE.public_key().public_bytes_raw()).text


def of_committee(entries: list[bytes]) -> list[str]:
    """What the log has of the committee, beside the community's own keys and tables."""
    kinds = [json.loads(entry)["kind"] for entry in entries]
    return [kind for kind in kinds if kind in {"committee key", "attestation"}]


async def enrol(running: Running, flats: list[str]) -> None:
    """Enrol homes in these flats as their codes would."""

    def work(session: Session) -> None:
        for name in flats:
            flat = roster.find_flat(session, name)
            key = name.encode().ljust(32, b"k")
            session.add(Member(kind=roster.HOME, flat_id=flat, key=key, enrolled_at=1.0))

    await running.store.run(work)
    await running.community.gateway.refresh()


def flats(riser: int, count: int) -> list[str]:
    return [f"1-{riser}-{floor}0{side}" for floor in range(1, 7) for side in (1, 2)][:count]


async def press(running: Running, path: str, **form: str) -> tuple[int, str]:
    """What the committee is told after pressing a button."""
    headers = await running.headers("committee") | {"X-Linli-Form": "1"}
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post(path, data=FormData(form)) as answer,
    ):
        text = await answer.text()
        told = json.loads(text) if answer.content_type == "application/json" else {}
        return answer.status, str(told.get("error") or told.get("toast") or text)


async def page(running: Running, path: str = "/committee", lang: str = "en") -> str:
    headers = await running.headers("committee") | {"Accept-Language": lang}
    async with ClientSession(running.address, headers=headers) as client, client.get(path) as seen:
        return await seen.text()


def told(running: Running) -> Parameters:
    """What every home is told now."""
    gateway = running.community.gateway
    hashed = key_hash(running.community.gateway_public)
    return Parameters.read(gateway.parameters(), hashed, floor=0)


async def signed(running: Running) -> str:
    status, text = await press(running, "/committee/list")
    assert status == 200
    return attest(RosterList.parse(text), PRIVATE, int(running.clock()))


async def test_the_committee_attests_and_homes_are_told(running: Running) -> None:
    await enrol(running, flats(1, 12))
    assert told(running).attested is None
    assert "not attested" in await page(running)
    assert (await press(running, "/committee/key", key=KEY))[0] == 200
    note = await signed(running)
    assert await press(running, "/committee/attest", note=note.replace("\n", "\r\n")) == (
        200,
        "Attested. Every home is told now.",
    )
    await running.community.gateway.refresh()
    heard = told(running)
    assert heard.attested is not None
    assert (heard.attested.note, heard.attested.said.homes) == (note, 12)
    assert heard.attested.holds(heard.roster_size)
    shown = await page(running)
    assert "The roster is attested" in shown
    assert "1-1-101" not in shown, "the page counts and names no flat"
    entries = await running.store.read(log.entries)
    assert of_committee(entries) == ["committee key", "attestation"]
    assert b"1-1-101" not in b"".join(entries)
    acts = [line.act for line in await running.store.read(audit.lines)]
    assert acts[:3] == ["committee attest", "committee list", "committee key"]


async def test_it_ends_when_too_many_flats_change(running: Running) -> None:
    await enrol(running, flats(1, 12))
    await press(running, "/committee/key", key=KEY)
    await press(running, "/committee/attest", note=await signed(running))
    await enrol(running, flats(2, CHANGED_AT_MOST))
    heard = told(running)
    assert heard.attested is not None
    assert heard.attested.holds(heard.roster_size)
    await running.store.run(
        lambda db: roster.revoke_home(db, roster.find_flat(db, "1-1-101"), at=running.clock())
    )
    await running.community.gateway.refresh()
    heard = told(running)
    assert heard.attested is not None
    assert heard.attested.changed == CHANGED_AT_MOST + 1
    assert not heard.attested.holds(heard.roster_size), "as many came as left, and others"
    assert "not attested any more" in await page(running)
    assert "核验已失效" in await page(running, lang="zh-CN")


async def test_what_does_not_hold_is_refused_with_the_reason(running: Running) -> None:
    await enrol(running, flats(1, 3))
    assert "public key first" in (await press(running, "/committee/attest", note="x"))[1]
    assert "whole line" in (await press(running, "/committee/key", key=KEY[:-3]))[1]
    await press(running, "/committee/key", key=KEY)
    note = await signed(running)
    community = key_hash(running.community.gateway_public)
    invented = RosterList(community, b"s" * 16, [("1", "1", "101")])
    forged = attest(RosterList.parse((await press(running, "/committee/list"))[1]), _other(), 1)
    for wrong, why in (
        ("", "doesn't hold"),
        (note.replace("\n3\n", "\n4\n"), "doesn't hold"),
        (forged, "doesn't hold"),
        (attest(invented, PRIVATE, int(running.clock())), "isn't one from here"),
    ):
        status, said = await press(running, "/committee/attest", note=wrong)
        assert (status, why in said) == (422, True), said
    assert await running.store.read(attestation.standing) is None


async def test_a_new_key_ends_what_the_old_one_signed(running: Running) -> None:
    await enrol(running, flats(1, 3))
    await press(running, "/committee/key", key=KEY)
    note = await signed(running)
    await press(running, "/committee/attest", note=note)
    await press(running, "/committee/attest", note=note)
    fresh = _other()
    await press(running, "/committee/key", key=committee_key(_public(fresh)).text)
    assert await running.store.read(attestation.standing) is None
    entries = of_committee(await running.store.read(log.entries))
    assert entries == ["committee key", "attestation", "committee key"], "said twice, kept once"


async def test_unsigned_and_replaced_lists_go_and_the_one_in_force_stays(running: Running) -> None:
    await enrol(running, flats(1, 3))
    await press(running, "/committee/key", key=KEY)
    await press(running, "/committee/attest", note=await signed(running))
    await press(running, "/committee/attest", note=await signed(running))
    await signed(running)
    running.clock.forward(LISTS_KEPT_DAYS * 86400 + 1)

    def forget(session: Session) -> int:
        return attestation.forget_lists(session, running.clock())

    assert await running.store.run(forget) == 2
    kept = await running.store.read(lambda db: db.exec(select(attestation.RosterCheck.id)).all())
    assert len(kept) == 1
    assert await running.store.read(attestation.standing) is not None


@pytest.mark.parametrize("path", ["/roster", "/duty", "/staff", "/audit", "/settings"])
async def test_the_committee_sees_nothing_else(running: Running, path: str) -> None:
    headers = await running.headers("committee")
    async with ClientSession(running.address, headers=headers) as client, client.get(path) as seen:
        assert seen.status == 403


def _other() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def _public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()
