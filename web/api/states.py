"""States, entities, devices, rooms, history and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import history_models as past
from web.api import models
from web.api.found import device_of, entity_of
from web.api.series import series_operation, span_of
from web.house import HOUSEHOLD, RESIDENTS

if TYPE_CHECKING:
    from hub.core.registry import Device, Entity
    from hub.core.states import State
    from web.facade import HomeRuntime

POINTS = 1000


def state_model(state: State) -> models.State:
    """Return a state as programs see it."""
    return {
        "entity_id": state.entity_id,
        "value": state.value,
        "available": state.available,
        "attributes": dict(state.attributes),
        "changed": state.changed,
        "updated": state.updated,
    }


def state_operations(runtime: HomeRuntime) -> Operations:
    """Return what reads states and gives commands."""
    table = Operations("states")

    @table.add(
        "GET",
        "/states",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="All states",
        takes=models.StateFilter,
        answers=models.StateList,
    )
    async def list_states(_call: Call, given: models.StateFilter) -> models.StateList:
        kind = given.get("kind")
        states = sorted(runtime.states.all(), key=lambda state: state.entity_id)
        return {
            "states": [
                state_model(state)
                for state in states
                if kind is None or state.entity_id.partition(".")[0] == kind
            ]
        }

    @table.add(
        "GET",
        "/states/{entity_id}",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="One state",
        answers=models.State,
        problems={404: "unknown_entity"},
    )
    async def get_state(call: Call) -> models.State:
        state = runtime.states.get(call.path["entity_id"])
        if state is None:
            raise Problem(404, "unknown_entity")
        return state_model(state)

    _history_operations(runtime, table)
    series_operation(runtime, table)
    _command_operations(runtime, table)
    return table


def _history_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/entities/{entity_id}/history",
        allow=HOUSEHOLD,
        scope="read:history",
        summary="What an entity was",
        takes=past.Span,
        answers=past.History,
        problems={404: "unknown_entity"},
    )
    async def get_history(call: Call, given: past.Span) -> past.History:
        entity = entity_of(runtime, call)
        start, end = span_of(given.get("start"), given.get("end"))
        rows = await runtime.history(entity.entity_id, start, end)
        limit = given.get("limit", POINTS)
        points: list[past.Point] = [
            {"at": at, "value": value}
            for at, value in rows[:limit]
            if value is None or isinstance(value, bool | int | float | str)
        ]
        return {"entity_id": entity.entity_id, "points": points, "more": len(rows) > limit}


def _command_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "POST",
        "/commands",
        allow=RESIDENTS,
        scope="command",
        summary="Give a command and wait for the device's own answer",
        takes=models.Command,
        answers=models.CommandDone,
        problems={
            403: "forbidden",
            404: "unknown_entity",
            409: "leased, disabled",
            422: "unknown_command",
            502: "failed",
            504: "timeout",
            507: "unrecorded",
        },
    )
    async def give_command(call: Call, given: models.Command) -> models.CommandDone:
        outcome = await runtime.commands.call(
            call.actor,
            given["entity_id"],
            given["command"],
            given.get("args", {}),
            override=given.get("override", False),
        )
        return {
            "entity_id": outcome.entity_id,
            "command": outcome.command,
            "confirmed": True,
            "ms": round(outcome.ms, 3),
            "line": outcome.line,
        }


def registry_operations(runtime: HomeRuntime) -> Operations:
    """Return what reads and edits devices, entities and rooms."""
    table = Operations("registry")
    _entity_operations(runtime, table)

    @table.add(
        "GET",
        "/devices",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="All devices",
        answers=models.DeviceList,
    )
    async def list_devices(_call: Call) -> models.DeviceList:
        found = sorted(runtime.registry.devices(), key=lambda one: (one.name, one.id))
        return {"devices": [device_model(runtime, one) for one in found]}

    @table.add(
        "GET",
        "/devices/{device_id}",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="One device",
        answers=models.Device,
        problems={404: "unknown_device"},
    )
    async def get_device(call: Call) -> models.Device:
        return device_model(runtime, device_of(runtime, call))

    @table.add(
        "PATCH",
        "/devices/{device_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Name a device or say in which room it is",
        takes=models.DeviceChange,
        answers=models.Device,
        problems={404: "unknown_device", 507: "not_stored"},
    )
    async def change_device(call: Call, given: models.DeviceChange) -> models.Device:
        device = device_of(runtime, call)
        name, area = given.get("name", device.name), given.get("area", device.area)
        if given:
            await runtime.inventory.rename_device(device.id, call.actor, name, area)
        return device_model(runtime, device)

    return table


def _entity_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/entities",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="All entities, switched-off and absent ones too",
        answers=models.EntityList,
    )
    async def list_entities(_call: Call) -> models.EntityList:
        found = sorted(runtime.registry.entities(), key=lambda one: one.entity_id)
        return {"entities": [entity_model(runtime, one) for one in found]}

    @table.add(
        "GET",
        "/entities/{entity_id}",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="One entity",
        answers=models.Entity,
        problems={404: "unknown_entity"},
    )
    async def get_entity(call: Call) -> models.Entity:
        return entity_model(runtime, entity_of(runtime, call))

    @table.add(
        "PATCH",
        "/entities/{entity_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Name an entity, say where it is, hide it or switch it off for the household",
        takes=models.EntityChange,
        answers=models.Entity,
        problems={404: "unknown_entity", 507: "not_stored"},
    )
    async def change_entity(call: Call, given: models.EntityChange) -> models.Entity:
        entity = entity_of(runtime, call)
        if given:
            await runtime.inventory.choose(entity.entity_id, call.actor, **given)
        return entity_model(runtime, entity)


def entity_model(runtime: HomeRuntime, entity: Entity) -> models.Entity:
    """Return an entity as programs see it."""
    return {
        "entity_id": entity.entity_id,
        "name": runtime.registry.name_of(entity.entity_id),
        "kind": entity.kind,
        "device_class": entity.device_class,
        "unit": entity.unit,
        "category": entity.category,
        "device_id": entity.device_id,
        "area": runtime.registry.area_of(entity),
        "own_name": entity.own_name,
        "own_area": entity.area,
        "hidden": entity.hidden,
        "members": list(entity.members),
        "enabled": entity.enabled,
        "present": entity.present,
        "commands": runtime.commands.offered(entity.entity_id),
        "held_by": runtime.commands.leases.get(entity.entity_id),
    }


def device_model(runtime: HomeRuntime, device: Device) -> models.Device:
    """Return a device as programs see it."""
    return {
        "id": device.id,
        "name": device.name,
        "area": device.area,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "integration": device.integration,
        "entities": sorted(one.entity_id for one in runtime.registry.of_device(device.id)),
    }
