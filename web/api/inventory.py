"""What the household decides about its things: rooms, groups, replacements, favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import models
from web.api.found import device_of, entity_of
from web.api.states import device_model, entity_model
from web.house import HOUSEHOLD, RESIDENTS

if TYPE_CHECKING:
    from hub.core.registry import Entity
    from web.facade import HomeRuntime

REFUSED = {409: "refused", 422: "bad_name", 507: "not_stored"}
KEPT = {409: "refused", 507: "not_stored"}


def inventory_operations(runtime: HomeRuntime) -> Operations:
    """Return what reads and changes the household's choices."""
    table = Operations("registry")
    _area_operations(runtime, table)
    _device_operations(runtime, table)
    _group_operations(runtime, table)
    _favourite_operations(runtime, table)
    return table


def _areas(runtime: HomeRuntime) -> models.AreaList:
    return {"areas": [{"id": area.id, "name": area.name} for area in runtime.areas]}


def _area(runtime: HomeRuntime, call: Call) -> str:
    area = call.path["area_id"]
    if area not in runtime.inventory.areas():
        raise Problem(404, "unknown_area")
    return area


def _area_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/areas",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="The rooms at home, in the household's order",
        answers=models.AreaList,
    )
    async def list_areas(_call: Call) -> models.AreaList:
        return _areas(runtime)

    @table.add(
        "POST",
        "/areas",
        allow=RESIDENTS,
        scope="registry",
        summary="Make a room",
        takes=models.NewArea,
        answers=models.AreaList,
        status=201,
        problems=REFUSED,
    )
    async def make_area(call: Call, given: models.NewArea) -> models.AreaList:
        await runtime.inventory.make_area(call.actor, given["name"])
        return _areas(runtime)

    @table.add(
        "PUT",
        "/areas",
        allow=RESIDENTS,
        scope="registry",
        summary="Put the rooms into another order",
        takes=models.AreaOrder,
        answers=models.AreaList,
        problems=KEPT,
    )
    async def order_areas(call: Call, given: models.AreaOrder) -> models.AreaList:
        await runtime.inventory.order_areas(call.actor, given["areas"])
        return _areas(runtime)

    _area_changes(runtime, table)


def _area_changes(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "PATCH",
        "/areas/{area_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Name a room anew, with all that stands in it",
        takes=models.NewArea,
        answers=models.AreaList,
        problems={404: "unknown_area", **REFUSED},
    )
    async def rename_area(call: Call, given: models.NewArea) -> models.AreaList:
        await runtime.inventory.rename_area(_area(runtime, call), call.actor, given["name"])
        return _areas(runtime)

    @table.add(
        "DELETE",
        "/areas/{area_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Forget a room; what stands in it stays, in no room",
        answers=models.AreaList,
        problems={404: "unknown_area", **KEPT},
    )
    async def remove_area(call: Call) -> models.AreaList:
        await runtime.inventory.remove_area(call.actor, _area(runtime, call))
        return _areas(runtime)


def _device_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "DELETE",
        "/devices/{device_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Forget a device that its source no longer announces",
        problems={404: "unknown_device", **KEPT},
    )
    async def remove_device(call: Call) -> None:
        await runtime.inventory.remove_device(device_of(runtime, call).id, call.actor)

    @table.add(
        "GET",
        "/devices/{device_id}/replacements",
        allow=RESIDENTS,
        scope="read:states",
        summary="Devices that could take a device's place",
        answers=models.DeviceList,
        problems={404: "unknown_device"},
    )
    async def list_replacements(call: Call) -> models.DeviceList:
        found = runtime.inventory.replacements(device_of(runtime, call).id)
        return {"devices": [device_model(runtime, one) for one in found]}

    @table.add(
        "POST",
        "/devices/{device_id}/replace",
        allow=RESIDENTS,
        scope="registry",
        summary="Let another device take a device's place, with its history, names and roles",
        takes=models.Replace,
        answers=models.Replaced,
        problems={404: "unknown_device", **KEPT},
    )
    async def replace_device(call: Call, given: models.Replace) -> models.Replaced:
        old = device_of(runtime, call)
        return {"entities": await runtime.inventory.replace(old.id, given["by"], call.actor)}


def _group_operations(runtime: HomeRuntime, table: Operations) -> None:
    def group_of(call: Call) -> Entity:
        found = entity_of(runtime, call)
        if not found.members:
            raise Problem(404, "unknown_entity")
        return found

    @table.add(
        "POST",
        "/groups",
        allow=RESIDENTS,
        scope="registry",
        summary="Put entities of one kind under one name",
        takes=models.NewGroup,
        answers=models.Entity,
        status=201,
        problems=REFUSED,
    )
    async def make_group(call: Call, given: models.NewGroup) -> models.Entity:
        group = await runtime.inventory.make_group(
            given["kind"], given["name"], given["members"], call.actor
        )
        return entity_model(runtime, group)

    @table.add(
        "PUT",
        "/groups/{entity_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="Choose a group's members",
        takes=models.Members,
        answers=models.Entity,
        problems={404: "unknown_entity", **KEPT},
    )
    async def change_group(call: Call, given: models.Members) -> models.Entity:
        group = group_of(call)
        await runtime.inventory.change_group(group.entity_id, given["members"], call.actor)
        return entity_model(runtime, group)

    @table.add(
        "DELETE",
        "/groups/{entity_id}",
        allow=RESIDENTS,
        scope="registry",
        summary="End a group; its members stay",
        problems={404: "unknown_entity", **KEPT},
    )
    async def remove_group(call: Call) -> None:
        await runtime.inventory.remove_group(group_of(call).entity_id, call.actor)


def _favourite_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/favourites",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="What one wants to see first",
        answers=models.Favourites,
    )
    async def list_favourites(call: Call) -> models.Favourites:
        return {"entities": list(runtime.favourites.of(call.session.account_id))}

    @table.add(
        "PUT",
        "/favourites",
        allow=HOUSEHOLD,
        scope="registry",
        summary="Choose what one wants to see first, in order",
        takes=models.Favourites,
        answers=models.Favourites,
        problems={404: "unknown_entity", 507: "not_stored"},
    )
    async def choose_favourites(call: Call, given: models.Favourites) -> models.Favourites:
        if any(runtime.registry.get(one) is None for one in given["entities"]):
            raise Problem(404, "unknown_entity")
        await runtime.favourites.keep(call.session.account_id, given["entities"])
        return {"entities": list(runtime.favourites.of(call.session.account_id))}
