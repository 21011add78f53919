"""The owner's pages about the screens on the walls: pair, choose, dim, take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from hub.accounts.model import BadName, NameTaken
from hub.home.screens import MOST_TILES, Screen
from hub.http.gate import GATE
from hub.http.hosts import is_loopback
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.design.living import qr_svg
from web.house import OWNER, WALLS, House, actor_of, field, one_of
from web.wall.look import tiles_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.accounts.model import Account

LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})


def screen_routes(house: House) -> Routes:
    """Return the routes about screens; only the owner has them."""
    routes = Routes()

    @routes.get("/screens", allow=OWNER)
    async def screens(request: web.Request) -> web.Response:
        return await _list(house, request)

    @routes.post("/screens", allow=OWNER)
    async def add(request: web.Request) -> web.Response:
        return await _add(house, request)

    @routes.get("/screens/{id}", allow=OWNER)
    async def screen(request: web.Request) -> web.Response:
        return await _one(house, request)

    @routes.post("/screens/{id}/code", allow=OWNER)
    async def code(request: web.Request) -> web.Response:
        return await _code(house, request, await _account(house, request))

    @routes.post("/screens/{id}/tiles", allow=OWNER)
    async def tiles(request: web.Request) -> web.Response:
        return await _tiles(house, request)

    @routes.post("/screens/{id}/night", allow=OWNER)
    async def night(request: web.Request) -> web.Response:
        return await _night(house, request)

    @routes.post("/screens/{id}/remove", allow=OWNER)
    async def remove(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        account = await _account(house, request)
        await remove_screen(house, account.id)
        await house.runtime.note(actor_of(request), "remove screen", account.id)
        text = words("%(name)s is no screen of this home any more.", name=account.name)
        return done(request, text, "/screens")

    return routes


async def add_screen(house: House, name: str, lang: str) -> Account:
    """Make a screen's account; it begins with the tiles that tell most.

    Raises:
        BadName, NameTaken: the name can't be used.
    """
    account = await house.runtime.accounts.create(name, "wall")
    await house.runtime.accounts.set_look(account.id, lang=lang)
    words = house.design.language(lang)
    tiles = [view.entity_id for view in tiles_of(house, Screen(), words)]
    await house.runtime.screens.keep(account.id, Screen(tiles))
    return account


async def remove_screen(house: House, account_id: str) -> None:
    """Take a screen away: it is signed out within two seconds, and what it showed is erased."""
    await house.runtime.accounts.remove(account_id)
    await house.runtime.screens.forget(account_id)


async def change_screen(house: House, account_id: str, screen: Screen) -> None:
    """Keep what a screen shows, and have it drawn anew there.

    Raises:
        ValueError: more tiles than a screen shows, or no times of day.
    """
    await house.runtime.screens.keep(account_id, screen)
    house.live.changed(f"screen:{account_id}")


async def _account(house: House, request: web.Request) -> Account:
    account = await house.runtime.accounts.get(request.match_info["id"])
    if account is None or account.role not in WALLS:
        raise Problem(404, "not_found")
    return account


async def _list(
    house: House,
    request: web.Request,
    *,
    name: str = "",
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    accounts = house.runtime.accounts
    found = [one for one in await accounts.all() if one.role in WALLS]
    rows = [(one, await accounts.sessions_of(one.id)) for one in found]
    page = house.design.render(
        request, "screens.html", screens=rows, name=name, errors=errors or {}
    )
    if errors:
        page.set_status(422)
    return page


async def _add(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    name = await field(request, "name", 256)
    try:
        account = await add_screen(house, name, request["lang"])
    except BadName:
        errors = {"name": words("Write a name of at most 64 characters.")}
        return await _list(house, request, name=name, errors=errors)
    except NameTaken:
        errors = {"name": words("Somebody here has this name already.")}
        return await _list(house, request, name=name, errors=errors)
    await house.runtime.note(actor_of(request), "add screen", account.id)
    return await _code(house, request, account)


async def _code(house: House, request: web.Request, account: Account) -> web.Response:
    """Show a new code, on this one page only."""
    words = house.design.language(request["lang"])
    code = await house.runtime.screen_codes.new(account.id)
    await house.runtime.note(actor_of(request), "make screen code", account.id)
    host = request.headers.get("Host", "")
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    only_here = name in LOCAL_NAMES or is_loopback(name.strip("[]"))
    address = f"{request.app[GATE].scheme}://{host}/wall"
    # Behind "#": a browser keeps it to itself, so that no log and no proxy learns the code.
    picture = qr_svg(f"{address}/pair#{code}", words("Code for the screen"))
    return house.design.render(
        request,
        "screen_code.html",
        account=account,
        code=code,
        qr=picture,
        address=address,
        only_here=only_here,
    )


async def _one(
    house: House, request: web.Request, errors: Mapping[str, str] | None = None
) -> web.Response:
    account = await _account(house, request)
    words = house.design.language(request["lang"])
    screen = house.runtime.screens.of(account.id)
    return house.design.render(
        request,
        "screen.html",
        account=account,
        screen=screen,
        chosen=tiles_of(house, screen, words) if screen.tiles else [],
        others=_others(house, screen, request["lang"]),
        most=MOST_TILES,
        night=[_clock(at) for at in screen.night] if screen.night else ["22:00", "06:30"],
        errors=errors or {},
    )


def _others(house: House, screen: Screen, lang: str) -> list[tuple[str, str]]:
    """Return (entity id, room and name) of what could be added."""
    views = house.views(house.design.language(lang))
    return [
        (view.entity_id, f"{view.area} · {view.name}" if view.area else view.name)
        for view in views
        if view.entity_id not in screen.tiles
    ]


async def _tiles(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    account = await _account(house, request)
    entity_id = await field(request, "entity_id", 255)
    what = one_of(await field(request, "do", 16), ("add", "earlier", "off"))
    screen = house.runtime.screens.of(account.id)
    tiles = [one for one in screen.tiles if house.runtime.registry.get(one) is not None]
    if what == "add":
        if house.runtime.registry.get(entity_id) is None:
            raise Problem(404, "not_found")
        if len(tiles) >= MOST_TILES:
            text = words("A screen shows %(num)s tiles. Take one off first.", num=MOST_TILES)
            return refused(request, text, {"entity_id": text})
        tiles = [*(one for one in tiles if one != entity_id), entity_id]
    elif entity_id not in tiles:
        raise Problem(404, "not_found")
    else:
        place = tiles.index(entity_id)
        tiles.remove(entity_id)
        if what == "earlier":
            tiles.insert(max(0, place - 1), entity_id)
    await change_screen(house, account.id, Screen(tiles, screen.night))
    await house.runtime.note(actor_of(request), "change screen", account.id)
    return done(request, words("Saved. The screen shows it now."), f"/screens/{account.id}")


async def _night(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    account = await _account(house, request)
    times: list[int] = []
    errors: dict[str, str] = {}
    dims = await field(request, "dims", 8) == "yes"
    for name in ("from", "to") if dims else ():
        at = _minutes(await field(request, name, 16))
        if at is None:
            errors[name] = words("Write a time such as 22:00.")
        else:
            times.append(at)
    if errors:
        return refused(
            request,
            words("Please look at the marked field."),
            errors,
            await _one(house, request, errors),
        )
    night = (times[0], times[1]) if dims else None
    tiles = house.runtime.screens.of(account.id).tiles
    await change_screen(house, account.id, Screen(tiles, night))
    await house.runtime.note(actor_of(request), "change screen", account.id)
    return done(request, words("Saved. The screen shows it now."), f"/screens/{account.id}")


def _minutes(text: str) -> int | None:
    """Return minutes since midnight of `22:00`, None of anything else."""
    hour, colon, minute = text.strip().replace("：", ":").partition(":")
    if not (colon and hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
        return None
    at = int(hour[:4]) * 60 + int(minute[:4])
    return at if int(hour[:4]) < 24 and int(minute[:4]) < 60 else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
