"""What the start page says: one sentence, the alarms, a few tiles, what waits for a person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from web.contacts.words import may_take_back, told_lines
from web.dashboard.past import recent
from web.dashboard.status import sentence
from web.design.formats import clock
from web.design.spark import spark
from web.house import room_key
from web.words import ALARMS, HAZARDS, RESULTS, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web.design.page import Words
    from web.house import EntityView, House
    from web.views import HazardView, QuestionView

MOST_TILES = 6
SPARK_KEPT_S = 60.0
SPARK_SPAN_S = 6 * 3600.0
SPARK_POINTS = 48

# Which entities are worth a tile, most telling first; one of each before a second of any.
TILE_ORDER = (
    ("sensor", "temperature"),
    ("valve", "gas"),
    ("valve", None),
    ("binary_sensor", "gas"),
    ("binary_sensor", "carbon_monoxide"),
    ("binary_sensor", "smoke"),
    ("binary_sensor", "moisture"),
    ("lock", None),
    ("climate", None),
    ("light", None),
    ("switch", None),
    ("cover", None),
    ("siren", None),
    ("binary_sensor", "door"),
    ("sensor", "humidity"),
    ("sensor", None),
)


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


CANNOT_ACT = {
    "gas_valve": _("Nothing is bound that closes the gas."),
    "siren": _("Nothing is bound that sounds."),
    "water_valve": _("Nothing is bound that closes the water."),
    "socket": _("The socket of the sensor's own device is not bound."),
}


def told_words(question: QuestionView, words: Words) -> str:
    """What became of an answered question."""
    if question.cancelled:
        return words("The duty desk is told that it was a false alarm.")
    if question.seen_at is not None:
        return words("The duty desk saw your call at %(time)s.", time=clock(question.seen_at))
    if question.told and question.flat:
        return words("The duty desk has your flat's call. Nobody there has acknowledged it yet.")
    if question.told:
        return words("The duty desk is told the zone.")
    if question.answer == "tell":
        return words("The duty desk could not be told. Call it yourself.")
    return words("The duty desk is not told.")


class HazardCard:
    """A hazard with its words.

    `did` are (picture, sentence, level) of what the system did, `told` what the duty desk was
    told, `contacts` (sentence, level) of who else was; `undo`: it can be called a false alarm.
    """

    __slots__ = (
        *("advice", "contacts", "did", "hazard", "level", "name", "picture", "told", "undo"),
    )

    def __init__(self, hazard: HazardView, words: Words) -> None:
        self.hazard = hazard
        self.level, name, self.picture = HAZARDS[hazard.hazard]
        self.name = words(name)
        self.advice = list(hazard.advice(words))
        self.did = [
            (ROLES[deed.role][2], deed.text, RESULTS[deed.result]) for deed in hazard.did(words)
        ]
        question = hazard.question
        self.told = told_words(question, words) if question and question.answer else ""
        self.contacts = told_lines(hazard, words)
        desk = question is not None and question.told and not question.cancelled
        self.undo = desk or may_take_back(hazard)

    @property
    def asks(self) -> bool:
        """Whether its question still waits for an answer."""
        return self.hazard.question is not None and not self.hazard.question.answer


class Overview:
    """Gathers the start page; everything comes from memory but the sparklines."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sparks: dict[str, tuple[float, str]] = {}

    async def look(self, lang: str, role: str) -> dict[str, Any]:
        """Return the context of the start page's templates."""
        runtime = self._house.runtime
        words = self._house.design.language(lang)
        cards = [HazardCard(hazard, words) for hazard in runtime.hazards() if hazard.active]
        views = self._house.views(words)
        tiles = choose_tiles(views)
        headline = sentence(self._house, cards, views, words)
        return {
            "role": role,
            "cards": sorted(
                (card for card in cards if card.level in ALARMS),
                key=lambda card: (not card.asks, card.level),
            ),
            "silent": [card for card in cards if card.hazard.hazard == "supervision"],
            "over": recent(self._house, words),
            "tiles": tiles,
            "sparks": {t.entity_id: await self._spark(t) for t in tiles if t.numeric},
            "waiting": [
                *(self._waiting(words) if role != "guest" else ()),
                *(self._to_choose(words) if role == "owner" else ()),
            ],
            "areas": [(area.name, room_key(area.name)) for area in runtime.areas],
            "headline": headline,
            "notices": {one.name: one.notice.version for one in runtime.consents.table.all()},
        }

    async def tiles(self, entity_ids: Iterable[str], lang: str) -> dict[str, Any]:
        """Return the context of a set of tiles: those of the entities that there are."""
        words = self._house.design.language(lang)
        registry = self._house.runtime.registry
        tiles = [
            self._house.view(one, words) for one in entity_ids if registry.get(one) is not None
        ]
        sparks = {tile.entity_id: await self._spark(tile) for tile in tiles if tile.numeric}
        return {"tiles": tiles, "sparks": sparks}

    def _waiting(self, words: Words) -> list[tuple[str, str, str, str, str]]:
        """Return (picture, title, detail, address, press) of what waits for a resident."""
        runtime = self._house.runtime
        found = []
        missing: dict[str, dict[str, None]] = {}
        for sensor in runtime.supervision():
            missing.setdefault(sensor.hazard, {}).update(dict.fromkeys(sensor.missing))
        for hazard, roles in missing.items():
            for role in roles:
                title = words("%(alarm)s: the hub cannot act", alarm=words(HAZARDS[hazard][1]))
                detail = words(CANNOT_ACT[role])
                found.append((HAZARDS[hazard][2], title, detail, "/safety", words("Bind")))
        return found + self._maintenance(words)

    def _to_choose(self, words: Words) -> list[tuple[str, str, str, str, str]]:
        """What only the owner can say for the household: choices, and notices to read anew."""
        runtime = self._house.runtime
        found = []
        choices = runtime.consents.choices()
        if runtime.consents.asked_anew:
            here = any(one.lapsed or one.outdated for one in choices)
            title = words("A notice you agreed to was written anew")
            detail = words("Nothing is told that you didn't agree to. Read it when you have time.")
            address = "/choices" if here else "/contacts"
            found.append(("data", title, detail, address, words("Read")))
        if runtime.pairing() and any(one.value is None and not one.lapsed for one in choices):
            title = words("Choose what an alarm may tell")
            detail = words(
                "If nobody at home answers: the zone, or nobody. Until you choose: nobody."
            )
            found.append(("data", title, detail, "/choices", words("Choose")))
        return found

    def _maintenance(self, words: Words) -> list[tuple[str, str, str, str, str]]:
        """Low batteries of what keeps watch, and sensors that nobody tried for long."""
        runtime = self._house.runtime
        found = []
        for hazard in runtime.hazards():
            level, name, picture = HAZARDS[hazard.hazard]
            if hazard.active and level == "4":
                title = words("%(note)s: %(name)s", note=words(name), name=hazard.sensor)
                happened = hazard.advice(words)[0]
                address = f"/devices/{hazard.entity_id}"
                found.append((picture, title, happened, address, words("Look")))
        for sensor in runtime.supervision():
            if sensor.test_due:
                title = words("Test %(name)s", name=sensor.name)
                detail = words("Press its test button, then say so on the safety page.")
                found.append(("review", title, detail, "/safety#tests", words("Test it")))
        return found

    async def _spark(self, view: EntityView) -> str:
        """Return a sparkline of the last hours, at most a minute old."""
        now = time.time()
        kept = self._sparks.get(view.entity_id)
        if kept is not None and now - kept[0] < SPARK_KEPT_S:
            return kept[1]
        rows = await self._house.runtime.history(view.entity_id, now - SPARK_SPAN_S, now)
        values = [
            float(value)
            for _at, value in rows
            if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        step = max(1, len(values) // SPARK_POINTS)
        drawn = spark(values[::step])
        self._sparks[view.entity_id] = (now, drawn)
        return drawn


def choose_tiles(views: list[EntityView]) -> list[EntityView]:
    """Return the four to six entities that tell most, one of each sort first."""
    sorts: dict[int, list[EntityView]] = {}
    for view in views:
        for rank, (kind, device_class) in enumerate(TILE_ORDER):
            if view.kind == kind and device_class in {None, view.device_class}:
                sorts.setdefault(rank, []).append(view)
                break
    chosen: list[EntityView] = []
    depth = 0
    while len(chosen) < MOST_TILES and any(len(found) > depth for found in sorts.values()):
        chosen.extend(found[depth] for _, found in sorted(sorts.items()) if len(found) > depth)
        depth += 1
    return chosen[:MOST_TILES]
