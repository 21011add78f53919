"""The OpenAPI document and the running home say the same: schemathesis asks everything of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import meta
from schemathesis.specs.openapi.checks import positive_data_acceptance

from hub.accounts.throttle import Throttle
from hub.accounts.tokens import HOME_SCOPES
from hub.adding.brokers import OneConnection
from tests.web.hazards import hazard
from tests.web.homes import Served, served
from tests.web.programs import Program, program
from tests.web.test_api import question
from web.api.routes import API

# They refuse more than a JSON Schema can say: a span's length, a tidy name, a second field.
DEMANDING = {
    "add_entry",
    "change_entry",
    "copy_import",
    "change_entity",
    "change_group",
    "choose_favourites",
    "make_area",
    "make_group",
    "make_screen",
    "order_areas",
    "remove_device",
    "rename_area",
    "replace_device",
    "set_screen",
    "add_person",
    "change_device",
    "change_keys",
    "change_person",
    "get_history",
    "get_series",
    "give_command",
    "ignore_device",
    "read_broker",
    "use_broker",
}
# How a message is framed is HTTP's matter: a wrong one is a bad request before any operation.
FRAMING = {"connection", "content-length", "expect", "host", "te", "transfer-encoding", "upgrade"}
ALIKE = settings(
    max_examples=8, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
"""The same requests each time."""
OFTEN = settings(ALIKE, max_examples=60, derandomize=False)
# Its own list of refusals lacks 413, which a body that is too long gets.
TOO_LARGE_IS_REFUSED = schemathesis.Config.from_dict(
    {
        "checks": {
            "negative_data_rejection": {
                "expected-statuses": ["400", "401", "403", "404", "409", "413", "415", "422", "5xx"]
            }
        }
    }
)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        sensor = made.home.named("厨房燃气报警器")
        made.home.open = [hazard("gas", sensor, "燃气", "厨房", question=question())]
        yield made


async def document(client: Program) -> dict[str, Any]:
    async with client.http.get("/api/openapi.json") as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


async def test_the_document_is_sound(home: Served) -> None:
    async with program(home) as client:
        found = await document(client)
    assert found["openapi"] == "3.1.0"
    for schema in found["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    operations = [one for path in found["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids)) > 40
    assert all(one["summary"] and one["security"] for one in operations)
    named = {
        scope for one in operations for way in one["security"] for scope in way.get("token", ())
    }
    assert named == set(HOME_SCOPES)


async def test_everything_that_programs_may_is_in_the_document(home: Served) -> None:
    api = home.app[API]
    paths = api.document("linli_home_8100")["paths"]
    for route in api.routes():
        if route.path != "/api/openapi.json":
            assert route.method.lower() in paths[route.path]


def ask(
    operation: Any, mode: Any, known: Mapping[str, str] | None, how: settings, **more: Any
) -> int:
    """Send requests to one operation; returns how many."""
    sent = 0
    demanding = operation.definition.raw["operationId"] in DEMANDING

    @how
    @given(case=operation.as_strategy(mode, path_parameters=known))
    def send(case: schemathesis.Case[Any]) -> None:
        nonlocal sent
        sent += 1
        for name in FRAMING.intersection(map(str.lower, case.headers)):
            case.headers.pop(name)
        excluded: list[Any] = [positive_data_acceptance] if demanding else []
        case.call_and_validate(excluded_checks=excluded, **more)

    send()
    return sent


def ask_everything(
    found: Mapping[str, Any], ids: Mapping[str, str], how: settings, **more: Any
) -> int:
    """Send what the document allows and what it doesn't; returns how many requests were sent."""
    sent = 0
    document = schemathesis.openapi.from_dict(dict(found), config=TOO_LARGE_IS_REFUSED)
    for result in document.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # raises where the document is unsound
        if operation.definition.raw["operationId"] == "live":
            continue  # a WebSocket
        named = {name: one for name, one in ids.items() if f"{{{name}}}" in operation.path}
        for mode in schemathesis.GenerationMode:
            for known in [named, None] if named else [None]:
                sent += ask(operation, mode, known, how, **more)
    return sent


@pytest.mark.parametrize(
    "how",
    [ALIKE, pytest.param(OFTEN, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
    ids=["alike", "often"],
)
async def test_the_home_keeps_to_the_document(
    home: Served, monkeypatch: pytest.MonkeyPatch, how: settings
) -> None:
    async def never_wait(*_args: object) -> None:
        """Schemathesis sends a bad token with every request."""

    async def nobody_there(*_args: object) -> None:
        """Schemathesis names every machine there could be."""
        raise ConnectionRefusedError

    monkeypatch.setattr(Throttle, "attempt", never_wait)
    monkeypatch.setattr(OneConnection, "open", nobody_there)
    valve = home.home.named("厨房燃气阀")
    entity = home.home.registry.get(valve)
    assert entity is not None
    assert entity.device_id is not None
    async with program(home) as client:
        found = await document(client)
        await home.link("resident")
        people = (await client.ask("GET", "/people"))[1]["people"]
        ids = {
            "entity_id": valve,
            "device_id": entity.device_id,
            "hazard_id": "gas1",
            "hazard_class": "gas",
            "person_id": people[-1]["id"],
        }
        bearer = {"Authorization": f"Bearer {client.text}"}
        sent = await asyncio.to_thread(
            ask_everything, found, ids, how, base_url=home.address, headers=bearer
        )
    assert sent > 500, sent
