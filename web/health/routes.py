"""The page about the condition of devices and hub."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from web.health.devices import DeviceCondition, conditions
from web.health.words import CONCERNS, battery_word, hub_lines, signal_word
from web.house import HOUSEHOLD, House

if TYPE_CHECKING:
    from hub.core.states import State
    from hub.http.live import LiveContext
    from web.design.page import Words

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
TOPIC = "condition"


class Row:
    """A device with its words: `texts` what is wrong, `do` what to do first."""

    __slots__ = ("address", "battery", "do", "one", "picture", "press", "signal", "texts")

    def __init__(self, one: DeviceCondition, words: Words, role: str) -> None:
        self.one = one
        self.battery = battery_word(words, one)
        self.signal = signal_word(words, one)
        says = [CONCERNS[concern.word] for concern in one.concerns]
        self.texts = [words(say.text) for say in says]
        first = says[0] if says else None
        self.picture = first.picture if first else "check-circle"
        self.do = words(first.do) if first else ""
        self.press = words(first.press) if first else ""
        address = first.address if first else "/devices/{entity}"
        # The safety page is no guest's.
        if role == "guest" and address.startswith("/safety"):
            address = "/devices/{entity}"
        self.address = address.format(entity=one.entity_id)


def health_routes(house: House) -> Routes:
    """Return the page's route and register its live part."""
    routes = Routes()

    @routes.get("/condition", allow=HOUSEHOLD)
    async def condition(request: web.Request) -> web.Response:
        role = request["session"].role
        seen = await _look(house, request["lang"], role)
        return house.design.render(request, "condition.html", **seen)

    async def draw(context: LiveContext) -> str:
        seen = await _look(house, context.lang, context.role or "")
        return house.design.fragment(context.lang, "condition_live.html", **seen)

    house.live.part(TOPIC, draw, (TOPIC, "registry", "safety"), HOUSEHOLD)
    house.runtime.states.subscribe(_telling(house))
    return routes


def _telling(house: House) -> Any:
    """Return a listener that redraws the page for what it shows, not for every reading."""
    registry = house.runtime.registry

    def heard(new: State, old: State | None) -> None:
        if old is not None and old.available == new.available:
            if old.value == new.value:
                return
            entity = registry.get(new.entity_id)
            if entity is None or not (entity.device_class == "battery" or entity.kind == "update"):
                return
        house.live.changed(TOPIC)

    return heard


async def _look(house: House, lang: str, role: str) -> dict[str, Any]:
    words = house.design.language(lang)
    rows = [Row(one, words, role) for one in conditions(house.runtime)]
    lines = hub_lines(await house.runtime.condition(), house.runtime.guard, words)
    troubled = [line for line in lines if line.level != "ok"]
    needing = [row for row in rows if row.one.concerns]
    return {
        "needing": needing,
        "lines": lines,
        "rows": sorted(rows, key=lambda row: (not row.one.area, row.one.area, row.one.name)),
        "headline": _headline(needing, len(troubled), len(rows), words),
        "level": min(
            [row.one.level for row in needing] + [line.level for line in troubled],
            key=("1", "2", "3", "lost", "4", "ok").index,
            default="ok",
        ),
        "now": time.time(),
        "role": role,
    }


def _headline(needing: list[Row], troubled: int, devices: int, words: Words) -> tuple[str, str]:
    """Return the sentence and a line beneath."""
    count = words.ngettext("%(num)s device", "%(num)s devices", devices) % {"num": devices}
    if not needing and not troubled:
        return words("Everything is in order"), count
    if not needing:
        return words("The hub needs you"), count
    text = words.ngettext("%(num)s device needs you", "%(num)s devices need you", len(needing)) % {
        "num": len(needing)
    }
    safety = sum(row.one.safety for row in needing)
    if not safety:
        return text, count
    more = words.ngettext(
        "%(num)s of them keeps the home safe", "%(num)s of them keep the home safe", safety
    )
    return text, more % {"num": safety}
