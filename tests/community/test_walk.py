"""Deny by default: every route and live part of the community as every role and as nobody."""

from __future__ import annotations

from hub.accounts.model import COMMUNITY_ROLES
from tests.community.conftest import Running
from tests.walk import walk


async def test_everybody_comes_only_where_they_may(running: Running) -> None:
    await running.token("manager")
    visits = await walk(
        running.community.app,
        running.address,
        COMMUNITY_ROLES.names,
        running.token,
        fill={"id": "1", "incident": "1"},
    )
    assert visits > 150
