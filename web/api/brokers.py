"""The home's broker, and taking devices over from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import adding_models as models
from web.house import OWNER

if TYPE_CHECKING:
    from hub.adding.imports import Looked
    from web.facade import HomeRuntime


def broker_operations(runtime: HomeRuntime) -> Operations:
    """Return the home's broker, and taking devices over from another."""
    table = Operations("brokers")
    _own_broker_operations(runtime, table)
    _user_operations(runtime, table)
    _import_operations(runtime, table)
    return table


def _own_broker_operations(runtime: HomeRuntime, table: Operations) -> None:
    adding = runtime.adding

    @table.add(
        "GET",
        "/broker",
        allow=OWNER,
        scope="admin",
        summary="The home's broker",
        answers=models.Broker,
    )
    async def get_broker(_call: Call) -> models.Broker:
        return _broker_model(runtime)

    @table.add(
        "PUT",
        "/broker",
        allow=OWNER,
        scope="admin",
        summary="Use a broker of the household's own, after trying it",
        takes=models.OtherBroker,
        answers=models.Broker,
        problems={409: "refused", 422: "unfit_settings", 507: "not_stored"},
    )
    async def use_broker(call: Call, given: models.OtherBroker) -> models.Broker:
        try:
            await adding.use_broker(dict(given))
        except OSError:
            raise Problem(507, "not_stored") from None
        await runtime.note(call.actor, "use broker", given["host"])
        return _broker_model(runtime)

    @table.add(
        "DELETE",
        "/broker",
        allow=OWNER,
        scope="admin",
        summary="Use the built-in broker",
        problems={409: "refused", 507: "not_stored"},
    )
    async def use_own_broker(call: Call) -> None:
        try:
            await adding.use_own_broker()
        except OSError:
            raise Problem(507, "not_stored") from None
        await runtime.note(call.actor, "use broker", "built-in")


def _user_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/broker/users",
        allow=OWNER,
        scope="admin",
        summary="Who may connect to the built-in broker",
        answers=models.BrokerUsers,
        problems={409: "refused"},
    )
    async def list_broker_users(_call: Call) -> models.BrokerUsers:
        users = await runtime.broker.users() if runtime.broker.ours else ()
        return {"users": [{"name": one.name, "made": one.made_at} for one in users]}

    @table.add(
        "POST",
        "/broker/users",
        allow=OWNER,
        scope="admin",
        summary="Make a user for a device; its password is shown this once",
        takes=models.NewBrokerUser,
        answers=models.BrokerPassword,
        status=201,
        problems={409: "refused"},
    )
    async def make_broker_user(call: Call, given: models.NewBrokerUser) -> models.BrokerPassword:
        return await _give(runtime, call, given["name"], new=True)

    @table.add(
        "POST",
        "/broker/users/{name}/password",
        allow=OWNER,
        scope="admin",
        summary="Make a new password; the one before is void at once",
        answers=models.BrokerPassword,
        status=201,
        problems={404: "unknown_user", 409: "refused"},
    )
    async def renew_broker_password(call: Call) -> models.BrokerPassword:
        return await _give(runtime, call, await _user(runtime, call), new=False)

    @table.add(
        "DELETE",
        "/broker/users/{name}",
        allow=OWNER,
        scope="admin",
        summary="Let a device connect no more; its connection ends",
        problems={404: "unknown_user", 409: "refused"},
    )
    async def remove_broker_user(call: Call) -> None:
        name = await _user(runtime, call)
        await runtime.broker.remove(name)
        await runtime.note(call.actor, "remove broker user", name)


async def _user(runtime: HomeRuntime, call: Call) -> str:
    name = call.path["name"]
    if not runtime.broker.ours or name not in {one.name for one in await runtime.broker.users()}:
        raise Problem(404, "unknown_user")
    return name


async def _give(runtime: HomeRuntime, call: Call, name: str, *, new: bool) -> models.BrokerPassword:
    password = await runtime.broker.give_password(name, new=new)
    await runtime.note(call.actor, "make broker user", name)
    return {"name": name, "address": runtime.broker.address, "password": password}


def _import_operations(runtime: HomeRuntime, table: Operations) -> None:
    imports = runtime.adding.imports

    @table.add(
        "POST",
        "/imports",
        allow=OWNER,
        scope="admin",
        summary="Read what devices announced on another broker; nothing is changed",
        takes=models.OtherBroker,
        answers=models.Import,
        status=201,
        problems={409: "refused", 422: "unfit_settings"},
    )
    async def read_broker(call: Call, given: models.OtherBroker) -> models.Import:
        looked = await imports.look(dict(given))
        await runtime.note(call.actor, "read broker", looked.address)
        return _import_model(call, looked)

    @table.add(
        "GET",
        "/imports/{import_id}",
        allow=OWNER,
        scope="admin",
        summary="What was read from another broker",
        answers=models.Import,
        problems={409: "refused"},
    )
    async def get_import(call: Call) -> models.Import:
        return _import_model(call, imports.get(call.path["import_id"]))

    @table.add(
        "POST",
        "/imports/{import_id}/copy",
        allow=OWNER,
        scope="admin",
        summary="Copy the announcements of chosen devices to the home's broker",
        takes=models.Choice,
        answers=models.Copied,
        problems={409: "refused"},
    )
    async def copy_import(call: Call, given: models.Choice) -> models.Copied:
        copied = await imports.copy(call.path["import_id"], set(given["devices"]))
        await runtime.note(call.actor, "take devices over", str(copied))
        return {"copied": copied}


def _broker_model(runtime: HomeRuntime) -> models.Broker:
    return {
        "address": runtime.broker.address,
        "built_in": runtime.broker.ours,
        "changeable": not runtime.adding.operators_broker,
    }


def _import_model(call: Call, looked: Looked) -> models.Import:
    return {
        "id": looked.id,
        "address": looked.address,
        "devices": [
            {
                "number": number,
                "name": one.name,
                "made": one.made,
                "known": one.known,
                "entities": [{"kind": kind, "name": name} for kind, name in one.entities],
                "left_out": [why.say(call.say) for why in one.left_out],
            }
            for number, one in enumerate(looked.preview.devices)
        ],
        "left_out": [
            {"why": why.say(call.say), "count": count} for why, count in looked.preview.left_out
        ],
        "too_large": looked.too_large,
        "cut": looked.cut,
    }
