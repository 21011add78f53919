"""The screens on the walls: which there are, what each shows, and how a tablet becomes one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hub.accounts.accounts import LINK_S
from hub.accounts.model import AccountUnknown
from hub.home.screens import Screen
from hub.http.operations import Call, Operations
from hub.http.shapes import Wrong
from web.api import household_models as models
from web.house import OWNER, WALLS, House
from web.wall.screens import add_screen, change_screen, remove_screen

if TYPE_CHECKING:
    from hub.accounts.model import Account


def screen_operations(house: House) -> Operations:
    """Return the owner's table of screens."""
    table = Operations("screens")
    runtime = house.runtime

    @table.add(
        "GET",
        "/screens",
        allow=OWNER,
        scope="admin",
        summary="The screens on the walls",
        answers=models.ScreenList,
    )
    async def list_screens(_call: Call) -> models.ScreenList:
        accounts = [one for one in await runtime.accounts.all() if one.role in WALLS]
        return {"screens": [await _model(house, one) for one in accounts]}

    @table.add(
        "POST",
        "/screens",
        allow=OWNER,
        scope="admin",
        summary="Make a screen; it begins with what tells most",
        takes=models.NewScreen,
        answers=models.Screen,
        status=201,
        problems={409: "name_taken", 422: "bad_name"},
    )
    async def make_screen(call: Call, given: models.NewScreen) -> models.Screen:
        account = await add_screen(house, given["name"], call.request["lang"])
        await runtime.note(call.actor, "add screen", account.id)
        return await _model(house, account)

    _one_screen_operations(house, table)
    return table


def _one_screen_operations(house: House, table: Operations) -> None:
    runtime = house.runtime

    @table.add(
        "PATCH",
        "/screens/{screen_id}",
        allow=OWNER,
        scope="admin",
        summary="Choose what a screen shows and when it is dim; what is left out stays",
        takes=models.ScreenChange,
        answers=models.Screen,
        problems={404: "account_unknown"},
    )
    async def set_screen(call: Call, given: models.ScreenChange) -> models.Screen:
        account = await _account(house, call)
        now = runtime.screens.of(account.id)
        tiles, night = given.get("tiles", list(now.tiles)), now.night
        for place, entity_id in enumerate(tiles):
            if runtime.registry.get(entity_id) is None and entity_id not in now.tiles:
                raise Wrong(f"tiles.{place}", "not_one_of")
        if "night" in given:
            span = given["night"]
            night = (span["from_minute"], span["to_minute"]) if span else None
        await change_screen(house, account.id, Screen(list(dict.fromkeys(tiles)), night))
        await runtime.note(call.actor, "change screen", account.id)
        return await _model(house, account)

    @table.add(
        "POST",
        "/screens/{screen_id}/code",
        allow=OWNER,
        scope="admin",
        summary="Make a code that is typed on a tablet, once, within ten minutes",
        answers=models.ScreenCode,
        status=201,
        problems={404: "account_unknown"},
    )
    async def make_screen_code(call: Call) -> models.ScreenCode:
        account = await _account(house, call)
        code = await runtime.screen_codes.new(account.id)
        await runtime.note(call.actor, "make screen code", account.id)
        return {"code": code, "path": "/wall/pair", "expires": time.time() + LINK_S}

    @table.add(
        "DELETE",
        "/screens/{screen_id}",
        allow=OWNER,
        scope="admin",
        summary="Take a screen away; it is signed out",
        problems={404: "account_unknown"},
    )
    async def delete_screen(call: Call) -> None:
        account = await _account(house, call)
        await remove_screen(house, account.id)
        await runtime.note(call.actor, "remove screen", account.id)


async def _account(house: House, call: Call) -> Account:
    account = await house.runtime.accounts.get(call.path["screen_id"])
    if account is None or account.role not in WALLS:
        raise AccountUnknown("no such screen")
    return account


async def _model(house: House, account: Account) -> models.Screen:
    screen = house.runtime.screens.of(account.id)
    night = screen.night
    return {
        "id": account.id,
        "name": account.name,
        "paired": bool(await house.runtime.accounts.sessions_of(account.id)),
        "tiles": list(screen.tiles),
        "night": {"from_minute": night[0], "to_minute": night[1]} if night else None,
    }
