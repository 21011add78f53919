"""Search over what the home has: names, rooms, kinds, makers; also what is hidden or off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.kinds.names import CLASSES, KINDS

if TYPE_CHECKING:
    from hub.core.registry import Entity
    from web.design.page import Words
    from web.house import EntityView, House

MOST_FOUND = 60


def find(house: House, wanted: str, words: Words) -> list[tuple[EntityView, bool]]:
    """Return entities that have every word of a search, names that begin with it first.

    Args:
        house: the home.
        wanted: what a person typed.
        words: the reader's language; kinds are searched by their names in it.

    Returns:
        (view, whether it is among what people look at every day); at most `MOST_FOUND`.
    """
    parts = wanted.casefold().split()
    hits: list[tuple[tuple[bool, bool, str], Entity]] = []
    for entity in house.runtime.registry.entities():
        name = house.name_of(entity, words)
        text = _text(house, entity, name, words)
        if all(part in text for part in parts):
            every_day = entity.enabled and not entity.hidden and entity.category is None
            starts = name.casefold().startswith(parts[0])
            hits.append(((not every_day, not starts, name), entity))
    hits.sort(key=lambda hit: hit[0])
    return [(house.view(one.entity_id, words), not rank[0]) for rank, one in hits[:MOST_FOUND]]


def _text(house: House, entity: Entity, name: str, words: Words) -> str:
    device = house.runtime.registry.device(entity.device_id)
    known = [
        name,
        entity.name,
        house.area_of(entity),
        words(KINDS.get(entity.kind, "")) if entity.kind in KINDS else "",
        words(CLASSES[entity.device_class]) if entity.device_class in CLASSES else "",
        entity.entity_id,
    ]
    if device is not None:
        known += [device.name, device.manufacturer, device.model]
    return "\n".join(known).casefold()
