"""The page where the owner sees what is kept, chooses for how long, and erases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.core.kinds import HABITS, KINDS, NONE, PRESENCE
from hub.http.problems import Problem
from hub.http.routes import Routes
from web.design import done, refused
from web.design.formats import figure
from web.facade import Refusal
from web.house import OWNER, House, actor_of, field, one_of
from web.kinds.names import KINDS as NAMES
from web.kinds.names import icon_of

if TYPE_CHECKING:
    from hub.home.keeping import KeptKind
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
CHOICES = (0, 1, 10, 30, 90, 365, 1095)
"""Days that the page offers."""
NO_BREAK = "\N{NO-BREAK SPACE}"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


PERSONAL = {
    PRESENCE: _("tells who is at home"),
    HABITS: _("tells habits"),
    NONE: _("tells nothing of people"),
}


class Row:
    """One kind with its words."""

    __slots__ = ("days", "icon", "kept", "name", "options", "personal", "size", "usual")

    def __init__(self, kept: KeptKind, words: Words) -> None:
        self.kept = kept
        self.name = words(NAMES[kept.kind])
        self.icon = icon_of(kept.kind, None)
        self.personal = words(PERSONAL[KINDS[kept.kind].personal])
        self.size = size_word(kept.size)
        self.days = days_word(kept.days, words)
        self.usual = days_word(kept.usual, words)
        self.options = [
            (str(days), days_word(days, words)) for days in sorted({*CHOICES, kept.days})
        ]


def days_word(days: int, words: Words) -> str:
    """Return a number of days as people say it."""
    if days == 0:
        return words("Keep nothing")
    if days % 365 == 0:
        years = days // 365
        return words.ngettext("%(num)s year", "%(num)s years", years) % {"num": years}
    return words.ngettext("%(num)s day", "%(num)s days", days) % {"num": days}


def size_word(size: int) -> str:
    """Return bytes in the unit that suits them."""
    for unit, many in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= many:
            return f"{figure(size / many)}{NO_BREAK}{unit}"
    return f"{figure(size)}{NO_BREAK}B"


def kept_routes(house: House) -> Routes:
    """Return the routes of the page."""
    routes = Routes()

    @routes.get("/kept", allow=OWNER)
    async def show(request: web.Request) -> web.Response:
        return await _page(house, request)

    @routes.post("/kept/{kind}", allow=OWNER)
    async def choose(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        kind, days = request.match_info["kind"], await field(request, "days", 8)
        if kind not in KINDS:
            raise Problem(404, "not_found")
        if not days.isascii() or not days.isdecimal():
            raise Problem(400, "bad_request")
        try:
            await house.runtime.keeping.choose(kind, int(days), actor_of(request))
        except ValueError:
            raise Problem(400, "bad_request") from None
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        text = words("Your choice is in force. What has run out is removed now.")
        return done(request, text, "/kept")

    @routes.post("/kept", allow=OWNER)
    async def erase(request: web.Request) -> web.Response:
        return await _erase(house, request)

    return routes


async def _erase(house: House, request: web.Request) -> web.Response:
    words = house.design.language(request["lang"])
    entity_id = await field(request, "entity", 255)
    what = one_of(await field(request, "what", 8), ("one", "all"))
    if what == "one" and house.runtime.registry.get(entity_id) is None:
        text = words("Choose whose history is to be erased.")
        page = await _page(house, request, errors={"entity": text})
        return refused(request, text, {"entity": text}, page)
    try:
        whose = entity_id if what == "one" else ""
        receipt = await house.runtime.keeping.erase(whose, actor_of(request))
    except Refusal as refusal:
        return refused(request, refusal.say(words), page=await _page(house, request))
    return await _page(house, request, receipt=receipt)


async def _page(house: House, request: web.Request, **more: Any) -> web.Response:
    words, runtime = house.design.language(request["lang"]), house.runtime
    entities = [one for one in runtime.registry.entities() if one.category is None]
    size, kinds = await runtime.keeping.kept({one.kind for one in entities})
    areas = {one.entity_id: house.area_of(one) for one in entities}
    names = [(house.name_of(one, words), one.entity_id) for one in entities]
    seen: dict[str, Any] = {
        "rows": sorted((Row(one, words) for one in kinds), key=lambda row: row.name),
        "size": size_word(size),
        "entities": [
            (entity_id, f"{name} · {areas[entity_id]}" if areas[entity_id] else name)
            for name, entity_id in sorted(names)
        ],
        "name_of": {entity_id: name for name, entity_id in names},
        "chosen": request.query.get("entity", ""),
        "receipt": None,
        "errors": {},
    }
    return house.design.render(request, "kept.html", **{**seen, **more})
