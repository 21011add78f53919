"""The guards' page that says why an alarm names no flat, one press from the alarm."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from sqlmodel import Session

from community.incidents import desk
from tests.community.conftest import Running
from tests.community.test_pages import MANAGER, SPOT, raise_one


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh-CN", ("为什么没有门牌号", "这个区域共有 24 户", "从下往上逐层逐户敲门询问")),
        ("en", ("Why there is no flat number", "24 homes share this zone", "Ask door by door")),
    ],
)
async def test_it_says_zone_reason_and_procedure(
    running: Running, lang: str, words: tuple[str, ...]
) -> None:
    incident = await raise_one(running)
    headers = await running.headers("guard") | {"Accept-Language": lang}
    async with ClientSession(running.address, headers=headers) as client:
        for path in ("/duty", f"/incidents/{incident}"):
            async with client.get(path) as answer:
                assert f'href="/incidents/{incident}/why"' in await answer.text(), path
        async with client.get(f"/incidents/{incident}/why") as answer:
            page = await answer.text()
        async with client.get("/incidents/99/why") as answer:
            assert answer.status == 404
    for word in words:
        assert word in page
    assert "may be guessed" not in page


async def test_a_zone_of_few_homes_is_called_what_it_is(running: Running) -> None:
    def few(session: Session) -> int:
        return desk.start_drill(session, "gas", SPOT._replace(homes=9), MANAGER, at=1.0)

    incident = await running.store.run(few)
    headers = await running.headers("guard")
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.get(f"/incidents/{incident}/why") as answer,
    ):
        assert "may be guessed" in await answer.text()
