"""New devices, finds, and integrations with what was added of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.adding.problems import AddProblem
from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from hub.plugins.config import ConfigProblem
from web.adding.fields import speaker
from web.api import adding_models as models
from web.api.found import device_of
from web.house import OWNER, RESIDENTS

if TYPE_CHECKING:
    from hub.adding.entries import Entry
    from hub.core.registry import Device
    from web.facade import HomeRuntime

UNFIT = {409: "refused", 422: "unfit_settings", 507: "not_stored"}


def told_adding(call: Call, error: Exception) -> Problem | None:
    """Put what can't be added into a problem; None for other errors."""
    if isinstance(error, AddProblem):
        extra = {"field": error.field} if error.field else {}
        return Problem(409, "refused", error.say(call.say), extra=extra)
    if isinstance(error, ConfigProblem):
        errors = {name: why.say(call.say) for name, why in error.problems.items()}
        return Problem(422, "unfit_settings", " ".join(errors.values()), extra={"errors": errors})
    return None


def newcomer_operations(runtime: HomeRuntime) -> Operations:
    """Return what is new, and what was found."""
    table = Operations("adding")
    _tray_operations(runtime, table)
    _find_operations(runtime, table)
    return table


def _tray_operations(runtime: HomeRuntime, table: Operations) -> None:
    tray = runtime.adding.tray
    refusals = {404: "unknown_device", 507: "not_stored"}

    @table.add(
        "GET",
        "/new-devices",
        allow=RESIDENTS,
        scope="registry",
        summary="Devices that announced themselves and that nobody has looked at",
        answers=models.NewDevices,
    )
    async def list_new_devices(_call: Call) -> models.NewDevices:
        return {
            "devices": [_new_model(runtime, one) for one in tray.new()],
            "ignored": [_new_model(runtime, one) for one in tray.ignored()],
        }

    @table.add(
        "POST",
        "/new-devices/{device_id}/keep",
        allow=RESIDENTS,
        scope="registry",
        summary="Keep a new device as it is",
        problems=refusals,
    )
    async def keep_device(call: Call) -> None:
        device = device_of(runtime, call)
        await tray.placed(device.id)
        await runtime.note(call.actor, "keep device", device.id)

    @table.add(
        "POST",
        "/new-devices/{device_id}/ignore",
        allow=RESIDENTS,
        scope="registry",
        summary="Switch a device off and offer it no more",
        takes=models.Ignoring,
        problems={**refusals, 409: "refused"},
    )
    async def ignore_device(call: Call, given: models.Ignoring) -> None:
        device = device_of(runtime, call)
        await runtime.adding.ignore_device(device.id, sure=given.get("sure", False))
        await runtime.note(call.actor, "ignore device", device.id)

    @table.add(
        "POST",
        "/new-devices/{device_id}/offer",
        allow=RESIDENTS,
        scope="registry",
        summary="Use an ignored device again",
        problems=refusals,
    )
    async def offer_device(call: Call) -> None:
        device = device_of(runtime, call)
        await tray.take_back(device.id)
        await runtime.note(call.actor, "offer device again", device.id)


def _find_operations(runtime: HomeRuntime, table: Operations) -> None:
    finds = runtime.adding.finds

    @table.add(
        "GET",
        "/finds",
        allow=OWNER,
        scope="admin",
        summary="What the last search of the home network found",
        answers=models.Finds,
    )
    async def list_finds(_call: Call) -> models.Finds:
        return {
            "looking": runtime.adding.look_around.running,
            "finds": [
                {"id": one.id, "integration": one.domain, "name": one.name, "place": one.place}
                for one in finds.open()
            ],
            "ignored": [{"id": one, "name": name} for one, name in finds.ignored()],
        }

    @table.add(
        "POST",
        "/finds/look",
        allow=OWNER,
        scope="admin",
        summary="Look around the home network for a minute",
    )
    async def look_around(_call: Call) -> None:
        runtime.adding.look()

    @table.add(
        "POST",
        "/finds/{find_id}/ignore",
        allow=OWNER,
        scope="admin",
        summary="Offer a find no more",
        problems={404: "unknown_find", 507: "not_stored"},
    )
    async def ignore_find(call: Call) -> None:
        if not await finds.ignore(call.path["find_id"]):
            raise Problem(404, "unknown_find")
        await runtime.note(call.actor, "ignore find", call.path["find_id"])

    @table.add(
        "POST",
        "/finds/{find_id}/offer",
        allow=OWNER,
        scope="admin",
        summary="Offer an ignored find again",
        problems={404: "unknown_find", 507: "not_stored"},
    )
    async def offer_find(call: Call) -> None:
        if not await finds.take_back(call.path["find_id"]):
            raise Problem(404, "unknown_find")
        await runtime.note(call.actor, "offer find again", call.path["find_id"])


def integration_operations(runtime: HomeRuntime) -> Operations:
    """Return integrations and what was added of them."""
    table = Operations("integrations")
    _integration_operations(runtime, table)
    _entry_operations(runtime, table)
    return table


def _integration_operations(runtime: HomeRuntime, table: Operations) -> None:
    adding = runtime.adding

    @table.add(
        "GET",
        "/integrations",
        allow=OWNER,
        scope="admin",
        summary="Every integration there is",
        answers=models.IntegrationList,
    )
    async def list_integrations(call: Call) -> models.IntegrationList:
        key = "zh_CN" if call.request["lang"] == "zh_CN" else "en"
        return {
            "integrations": [
                {
                    "domain": one.domain,
                    "name": one.name[key],
                    "description": one.description[key],
                    "built_in": adding.entries.is_built_in(one.domain),
                }
                for one in adding.manifests()
            ]
        }

    @table.add(
        "GET",
        "/integrations/{domain}/settings",
        allow=OWNER,
        scope="admin",
        summary="What an integration asks for",
        answers=models.SettingList,
        problems={404: "unknown_integration", 409: "refused"},
    )
    async def list_settings(call: Call) -> models.SettingList:
        domain = _domain(runtime, call.path["domain"])
        say = speaker(call.say, adding.manifest(domain), call.request["lang"])
        names = models.Setting.__annotations__
        rows: list[Any] = []
        for field in (await adding.config_of(domain)).form():
            texts = {
                name: say(str(field[name])) if field[name] else "" for name in ("label", "help")
            }
            rows.append({name: value for name, value in field.items() if name in names} | texts)
        return {"settings": rows}


def _entry_operations(runtime: HomeRuntime, table: Operations) -> None:
    adding = runtime.adding

    @table.add(
        "GET",
        "/entries",
        allow=OWNER,
        scope="admin",
        summary="The integrations that were added",
        answers=models.EntryList,
    )
    async def list_entries(_call: Call) -> models.EntryList:
        return {"entries": [await _entry_model(runtime, one) for one in adding.entries.all()]}

    @table.add(
        "POST",
        "/entries",
        allow=OWNER,
        scope="admin",
        summary="Add an integration, after trying its settings at the device",
        takes=models.NewEntry,
        answers=models.Entry,
        status=201,
        problems={404: "unknown_integration", **UNFIT},
    )
    async def add_entry(call: Call, given: models.NewEntry) -> models.Entry:
        domain = _domain(runtime, given["integration"])
        if adding.entries.is_built_in(domain):
            raise Problem(404, "unknown_integration")
        entry = await adding.add(domain, given["settings"], given.get("find", ""))
        await runtime.note(call.actor, "add integration", entry.id)
        return await _entry_model(runtime, entry)

    _one_entry_operations(runtime, table)


def _one_entry_operations(runtime: HomeRuntime, table: Operations) -> None:
    adding = runtime.adding

    @table.add(
        "PATCH",
        "/entries/{entry_id}",
        allow=OWNER,
        scope="admin",
        summary="Change settings of an entry",
        takes=models.EntryChange,
        answers=models.Entry,
        problems={404: "unknown_entry", **UNFIT},
    )
    async def change_entry(call: Call, given: models.EntryChange) -> models.Entry:
        entry = _entry(runtime, call)
        entry = await adding.change(entry.id, {**entry.data, **given["settings"]})
        await runtime.note(call.actor, "change integration", entry.id)
        return await _entry_model(runtime, entry)

    @table.add(
        "DELETE",
        "/entries/{entry_id}",
        allow=OWNER,
        scope="admin",
        summary="Take an integration out, with its settings",
        problems={404: "unknown_entry", 409: "refused", 507: "not_stored"},
    )
    async def remove_entry(call: Call) -> None:
        entry = _entry(runtime, call)
        await adding.remove(entry.id)
        await runtime.note(call.actor, "remove integration", entry.id)


def _domain(runtime: HomeRuntime, domain: str) -> str:
    try:
        return runtime.adding.manifest(domain).domain
    except AddProblem:
        raise Problem(404, "unknown_integration") from None


def _entry(runtime: HomeRuntime, call: Call) -> Entry:
    entry = runtime.adding.entries.get(call.path["entry_id"])
    if entry is None:
        raise Problem(404, "unknown_entry")
    return entry


def _new_model(runtime: HomeRuntime, device: Device) -> models.NewDevice:
    return {
        "id": device.id,
        "name": device.name,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "area": device.area,
        "warns": runtime.adding.safety.watches(device.id),
    }


async def _entry_model(runtime: HomeRuntime, entry: Entry) -> models.Entry:
    trouble = runtime.adding.trouble(entry.id)
    try:
        config = await runtime.adding.config_of(entry.domain)
        open_names = {one.name for one in config.__settings__ if not one.secret}
    except AddProblem:
        open_names = set()
    return {
        "id": entry.id,
        "integration": entry.domain,
        "running": runtime.adding.runs(entry.id),
        "trouble": trouble,
        "settings": {name: value for name, value in entry.data.items() if name in open_names},
    }
