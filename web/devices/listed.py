"""The list of all devices, by rooms: small live parts, and folded where there is much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from web.house import HOUSEHOLD, EntityView, House, room_key, shown

if TYPE_CHECKING:
    from hub.core.registry import Entity
    from hub.http.live import LiveContext
    from web.design.page import Words

FOLD_ABOVE = 100
"""Entities that a page shows at once; with more of them the rooms are folded."""


class Room(NamedTuple):
    """One room of the list, with `size` things in it; `alarms`: a sensor detects something now."""

    name: str
    key: str
    size: int
    alarms: bool
    views: list[EntityView]


def listed(house: House, words: Words, *, filled: bool = True) -> dict[str, Any]:
    """Return the context of `device_rooms.html`.

    Args:
        house: the home.
        words: the reader's language.
        filled: False leaves out what is in the rooms.
    """
    by_area: dict[str, list[Entity]] = {}
    for entity in house.runtime.registry.entities():
        if shown(entity):
            by_area.setdefault(house.area_of(entity), []).append(entity)
    order = [*(area.name for area in house.runtime.areas), ""]
    rooms = [
        Room(
            name,
            room_key(name),
            len(by_area[name]),
            any(house.alarming(entity) for entity in by_area[name]),
            house.ready(by_area[name], words) if filled else [],
        )
        for name in order
        if name in by_area
    ]
    many = sum(room.size for room in rooms) > FOLD_ABOVE
    return {"rooms": rooms, "folded": many and len(rooms) > 1, "filled": filled}


def list_parts(house: House) -> None:
    """Register the live parts: the rooms, what is in each, and what each thing says."""

    async def rooms(context: LiveContext) -> str:
        seen = listed(house, house.design.language(context.lang), filled=False)
        return house.design.fragment(context.lang, "device_rooms.html", **seen)

    async def room(context: LiveContext) -> str:
        area = house.area_named(context.arg) if context.arg else ""
        views = house.room(area, house.design.language(context.lang))
        return house.design.fragment(context.lang, "device_list.html", views=views)

    async def value(context: LiveContext) -> str:
        if house.runtime.registry.get(context.arg) is None:
            return ""
        view = house.view(context.arg, house.design.language(context.lang))
        return house.design.fragment(context.lang, "device_value.html", view=view)

    house.live.part("devices", rooms, ("registry", "alarming"), HOUSEHOLD)
    house.live.part("room", room, ("registry",), HOUSEHOLD, rests=True)
    house.live.part("value", value, ("entity:{arg}", "registry"), HOUSEHOLD, rests=True)
