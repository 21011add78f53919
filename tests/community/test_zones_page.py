"""The page of zones in plain words: what is in force, why it stands still, what it was before."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession
from sqlmodel import Session

from community.core import log, roster, zones
from tests.community.conftest import Running
from tests.community.test_committee import enrol

HOMES = [
    f"{building}-{riser}-{floor}0{side}"
    for building in (1, 2)
    for riser in (1, 2)
    for floor in range(1, 7)
    for side in (1, 2)
]


async def page(running: Running, role: str, lang: str = "en") -> str:
    headers = await running.headers(role) | {"Accept-Language": lang}
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.get("/zones") as seen,
    ):
        return await seen.text()


async def freeze(running: Running) -> None:
    headers = await running.headers("manager")
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post("/zones/freeze", data={}) as answer,
    ):
        assert answer.status == 200


async def leave(running: Running, names: list[str]) -> None:
    def work(session: Session) -> None:
        for name in names:
            roster.revoke_home(session, roster.find_flat(session, name), at=2.0)
            zones.restore(session, at=running.clock())

    await running.store.run(work)


async def test_few_homes_are_told_that_nothing_is_claimed(running: Running) -> None:
    await enrol(running, HOMES[:9])
    assert "no anonymity is promised" in await page(running, "manager")
    await enrol(running, HOMES[9:10])
    assert "no anonymity is promised" not in await page(running, "manager")


@pytest.mark.parametrize("role", ["manager", "committee"])
async def test_a_zone_that_became_too_small_is_joined_and_told(running: Running, role: str) -> None:
    await enrol(running, HOMES)
    assert ('data-opens="freeze"' in await page(running, role)) is (role == "manager")
    await freeze(running)
    await leave(running, HOMES[24:28])
    counts = await running.store.read(zones.counted)
    assert [(one.zone.path, one.zone.homes, one.now) for one in counts] == [
        (("1",), 24, 24),
        (("2",), 24, 20),
    ]
    assert [one.spare(20) for one in counts] == [4, 0]
    await leave(running, HOMES[28:29])
    steps = await running.store.read(zones.history)
    assert [(step.table.version, step.by) for step in steps] == [(2, "roster"), (1, "Demo manager")]
    ((into, inside),) = steps[0].joined
    assert (into.path, [one.path for one in inside]) == ((), [("1",), ("2",)])
    entries = [json.loads(entry) for entry in await running.store.read(log.entries)]
    for step in steps:
        assert step.place is not None
        assert entries[step.place]["sha256"] == step.sha256
    text = await page(running, role)
    assert "Joined into The whole community:" in text
    assert "Building 1 · Building 2" in text
    assert "Enrolled now" in text
    chinese = await page(running, role, "zh-CN")
    assert "合并为整个小区：" in chinese
    assert "房屋名单" in chinese, "who joined them was no person"
