"""What a sensor is watched for: marks and limits of figures, and trying sensors out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from hub.safety.table import HAZARDS
from web.api import models
from web.house import RESIDENTS

if TYPE_CHECKING:
    from web.facade import HomeRuntime


def watching_operations(runtime: HomeRuntime, table: Operations) -> None:
    """Add what says which sensor is for which hazard."""

    @table.add(
        "GET",
        "/safety/hazards/{hazard}/markable",
        allow=RESIDENTS,
        scope="read:safety",
        summary="What could be said to be for a hazard",
        answers=models.Markable,
        problems={404: "unknown_kind"},
    )
    async def list_markable(call: Call) -> models.Markable:
        found = runtime.markable(_kind(call))
        pairs = [(value.partition(" "), name) for value, name in found]
        return {
            "sensors": [
                {"entity_id": entity_id, "press": press, "name": name}
                for (entity_id, _space, press), name in pairs
            ]
        }

    @table.add(
        "PUT",
        "/safety/hazards/{hazard}/sensors/{entity_id}",
        allow=RESIDENTS,
        scope="safety",
        summary="Say that a sensor is for a hazard, or set its limits",
        takes=models.Mark,
        problems={404: "unknown_kind, unknown_entity", 409: "refused"},
    )
    async def mark_sensor(call: Call, given: models.Mark) -> None:
        hazard, press = _kind(call), given.get("press", "")
        entity_id = call.path["entity_id"]
        if runtime.registry.get(entity_id) is None:
            raise Problem(404, "unknown_entity")
        await runtime.mark(
            hazard,
            f"{entity_id} {press}" if press else entity_id,
            call.actor,
            limit=given.get("limit"),
            for_s=given.get("for_s"),
            acts=given.get("acts", False),
        )

    @table.add(
        "DELETE",
        "/safety/hazards/{hazard}/sensors/{entity_id}",
        allow=RESIDENTS,
        scope="safety",
        summary="Say that a sensor is no longer for a hazard",
        problems={404: "unknown_kind, unknown_entity"},
    )
    async def unmark_sensor(call: Call) -> None:
        hazard, entity_id = _kind(call), call.path["entity_id"]
        if runtime.registry.get(entity_id) is None:
            raise Problem(404, "unknown_entity")
        await runtime.unmark(hazard, entity_id, call.actor)


def trying_operations(runtime: HomeRuntime, table: Operations) -> None:
    """Add what is about trying sensors out."""

    @table.add(
        "POST",
        "/safety/sensors/{entity_id}/tested",
        allow=RESIDENTS,
        scope="safety",
        summary="Say that a sensor was tried out",
        problems={404: "unknown_sensor"},
    )
    async def sensor_tested(call: Call) -> None:
        await runtime.tested(sensor_of(runtime, call), call.actor)

    @table.add(
        "PUT",
        "/safety/test-days",
        allow=RESIDENTS,
        scope="safety",
        summary="Choose after how many days sensors are to be tried out",
        takes=models.TestDays,
    )
    async def set_test_days(call: Call, given: models.TestDays) -> None:
        await runtime.set_test_days(given["days"], call.actor)


def sensor_of(runtime: HomeRuntime, call: Call) -> str:
    """Return the path's sensor; raises Problem 404 where nothing watches by it."""
    entity_id = call.path["entity_id"]
    if all(one.entity_id != entity_id for one in runtime.supervision()):
        raise Problem(404, "unknown_sensor")
    return entity_id


def _kind(call: Call) -> str:
    if call.path["hazard"] not in HAZARDS:
        raise Problem(404, "unknown_kind")
    return call.path["hazard"]
