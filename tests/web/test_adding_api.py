"""Programs bring devices in as the pages do: tray, finds, entries, brokers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.web.homes import Served, served
from tests.web.newcomers import GATE
from tests.web.programs import program
from tests.web.test_adding import announce


@pytest.fixture(autouse=True)
def no_leftover_modules() -> Iterator[None]:
    yield
    for name in [one for one in sys.modules if one.startswith("integrations.demo_gate")]:
        del sys.modules[name]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


async def test_new_devices(home: Served) -> None:
    first, second = announce(home, "plug1"), announce(home, "plug2")
    async with program(home, "resident", ["registry"]) as client:
        _status, found = await client.ask("GET", "/new-devices")
        assert [one["id"] for one in found["devices"]] == [first, second]
        assert (await client.ask("POST", f"/new-devices/{first}/keep"))[0] == 204
        home.home.adding.safety.watches = lambda device: device == second
        path = f"/new-devices/{second}/ignore"
        assert await client.refused("POST", path, {}) == "409 refused sure"
        assert (await client.ask("POST", path, {"sure": True}))[0] == 204
        _status, found = await client.ask("GET", "/new-devices")
        assert found["devices"] == []
        assert [one["id"] for one in found["ignored"]] == [second]
        assert (await client.ask("POST", f"/new-devices/{second}/offer"))[0] == 204
        _status, found = await client.ask("GET", "/new-devices")
        assert [one["id"] for one in found["devices"]] == [second]
        assert await client.refused("POST", "/new-devices/x/keep") == "404 unknown_device"
        assert (await client.refused("GET", "/finds")).startswith("403")


async def test_finds(home: Served) -> None:
    home.home.adding._found(GATE)
    async with program(home) as client:
        _status, found = await client.ask("GET", "/finds")
        (find,) = found["finds"]
        assert (find["integration"], find["name"]) == ("demo_gate", "前门闸")
        assert (await client.ask("POST", f"/finds/{find['id']}/ignore"))[0] == 204
        _status, found = await client.ask("GET", "/finds")
        assert (found["finds"], [one["id"] for one in found["ignored"]]) == ([], [find["id"]])
        assert (await client.ask("POST", f"/finds/{find['id']}/offer"))[0] == 204
        again = f"/finds/{find['id']}/offer"
        assert await client.refused("POST", again) == "404 unknown_find"


async def test_entries_without_their_secrets(home: Served) -> None:
    async with program(home) as client:
        _status, found = await client.ask("GET", "/integrations/demo_gate/settings")
        assert [(one["name"], one["kind"], one["secret"]) for one in found["settings"]] == [
            ("host", "text", False),
            ("port", "integer", False),
            ("code", "text", True),
        ]
        wrong = {"integration": "demo_gate", "settings": {"host": "g", "port": 0, "code": "s3cret"}}
        status, problem = await client.ask("POST", "/entries", wrong)
        assert (status, problem["code"]) == (422, "unfit_settings")
        assert problem["errors"] == {"port": "must be at least 1"}
        right = {**wrong, "settings": {"host": "g", "port": 81, "code": "s3cret"}}
        status, entry = await client.ask("POST", "/entries", right)
        assert status == 201
        assert entry == {
            "id": "demo_gate",
            "integration": "demo_gate",
            "running": True,
            "trouble": "",
            "settings": {"host": "g", "port": 81},
        }
        status, entry = await client.ask(
            "PATCH", "/entries/demo_gate", {"settings": {"host": "other"}}
        )
        assert entry["settings"] == {"host": "other", "port": 81}
        kept = home.home.adding.entries.get("demo_gate")
        assert kept is not None
        assert kept.data["code"] == "s3cret"
        assert "s3cret" not in str((await client.ask("GET", "/entries"))[1])
        assert await client.refused("DELETE", "/entries/mqtt") == "409 refused"
        assert (await client.ask("DELETE", "/entries/demo_gate"))[0] == 204
        assert await client.refused("DELETE", "/entries/demo_gate") == "404 unknown_entry"
        built_in = {"integration": "mqtt", "settings": {}}
        assert await client.refused("POST", "/entries", built_in) == "404 unknown_integration"


async def test_brokers(home: Served) -> None:
    nobody = {"host": "127.0.0.1", "port": 1, "password": "s3cret"}
    async with program(home) as client:
        _status, found = await client.ask("GET", "/broker")
        assert found == {"address": "127.0.0.1:18830", "built_in": True, "changeable": True}
        for method, path in (("PUT", "/broker"), ("POST", "/imports")):
            status, problem = await client.ask(method, path, nobody)
            assert (status, problem["code"]) == (422, "unfit_settings")
            assert set(problem["errors"]) == {"port"}
            assert "s3cret" not in str(problem)
        assert await client.refused("GET", "/imports/x") == "409 refused"
        assert await client.refused("POST", "/imports/x/copy", {"devices": [0]}) == "409 refused"
