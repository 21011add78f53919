"""What a screen on the wall shows."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from hub.home.screens import MOST_TILES, Screen
from web.dashboard.overview import HazardCard, choose_tiles
from web.dashboard.status import Sentence, sentence
from web.words import ALARMS

if TYPE_CHECKING:
    from hub.accounts.model import Session
    from hub.core.commands import Actor
    from web.design.page import Words
    from web.house import EntityView, House


def screen_of(house: House, session: Session) -> Screen:
    """Return the screen of whoever looks; a person sees what tells most."""
    return house.runtime.screens.of(session.account_id)


def tiles_of(house: House, screen: Screen, words: Words) -> list[EntityView]:
    """Return the tiles of a screen; what is gone from the home is left out."""
    registry = house.runtime.registry
    if screen.tiles:
        known = [one for one in screen.tiles if registry.get(one) is not None]
        return [house.view(one, words) for one in known]
    return choose_tiles(house.views(words))[:MOST_TILES]


def headline(house: House, words: Words) -> Sentence:
    """Return the sentence that says how things are."""
    return sentence(house, _cards(house, words), house.views(words), words)


def alarms(house: House, words: Words) -> dict[str, Any]:
    """Return the alarm to be seen first, what asks before what doesn't, and the others."""
    cards = sorted(
        (card for card in _cards(house, words) if card.level in ALARMS),
        key=lambda card: (not card.asks, card.level),
    )
    return {"cards": cards[:1], "others": cards[1:], "silent": [], "over": [], "now": time.time()}


def _cards(house: House, words: Words) -> list[HazardCard]:
    return [HazardCard(one, words) for one in house.runtime.hazards() if one.active]


def press_of(house: House, view: EntityView, role: str, actor: Actor | None = None) -> str | None:
    """Return what a press on a tile does for this role, None where a press does nothing.

    ``actor`` is who presses, where that is known; a tile is drawn for all screens alike.
    """
    if role == "guest" or view.press is None or not view.available or view.leased:
        return None
    if role != "wall":
        return view.press
    entity = house.entity(view.entity_id)
    screens = house.runtime.screens
    if actor is not None:
        return view.press if screens.may(actor, entity, view.press) else None
    return view.press if screens.harmless(entity, view.press) else None


def plan_of(screen: Screen, tiles: list[EntityView]) -> str:
    """Return a word that changes when the page has to be drawn anew."""
    text = repr((screen.night, [view.entity_id for view in tiles]))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
