"""The owner's page of the broker's users: a password is shown once, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.homes import Served, served
from tests.web.visitors import visiting

PASSWORD = re.compile(r"data-password>([^<]+)<")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_a_device_gets_a_user_and_loses_it(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        assert "No device has a user of its own yet." in (await visitor.get("/connect"))[1]
        status, text, path = await visitor.post("/connect", name=" Zigbee2MQTT ")
        assert (status, path) == (200, "/connect")
        first = PASSWORD.findall(text)
        assert len(first) == 1
        assert "127.0.0.1:18830" in text
        assert first[0] not in (await visitor.get("/connect"))[1]
        assert (await visitor.post("/connect", name="zigbee2mqtt"))[0] == 422
        second = PASSWORD.findall((await visitor.post("/connect/zigbee2mqtt/password"))[1])
        assert second != first
        assert (await visitor.press("/connect/zigbee2mqtt/remove"))[1]["go"] == "/connect"
        assert (await visitor.post("/connect/zigbee2mqtt/password"))[0] == 404
    assert [row[1] for row in home.home.did if row[0] == "note"] == [
        "make broker user",
        "make broker user",
        "remove broker user",
    ]
    assert first[0] not in str(home.home.did)


@pytest.mark.parametrize("name", ["", "kernel", "../x", "a b", "x" * 33])
async def test_a_name_that_cannot_be(home: Served, name: str) -> None:
    async with visiting(home, "owner") as visitor:
        status, text, _path = await visitor.post("/connect", name=name)
        assert status == 422
        assert "Use small letters" in text


async def test_a_broker_of_ones_own_has_its_users_elsewhere(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINLI_BROKER_USER", "linli")
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/connect"))[1]
        assert "It is a broker of your own" in text
        assert "Add a device" not in text
