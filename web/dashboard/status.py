"""The one sentence that says how things are at home, and never better than is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from web.words import ALARMS, GUARD, HAZARDS, WATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.dashboard.overview import HazardCard
    from web.design.page import Words
    from web.house import EntityView, House
    from web.views import SensorView


class Sentence(NamedTuple):
    """The sentence, its level and a line beneath."""

    level: str
    text: str
    detail: str


def sentence(
    house: House, cards: Sequence[HazardCard], views: Sequence[EntityView], words: Words
) -> Sentence:
    """Say how things are: the gravest that is true, and well only where all of it is known.

    Args:
        house: asked for its guard and its safety sensors.
        cards: the open hazards.
        views: the entities that people see.
        words: the language.
    """
    guard = GUARD.get(house.runtime.guard)
    alarms = [card for card in cards if card.level in ALARMS]
    silent = [card for card in cards if card.level == "lost"]
    if alarms:
        told = words("What happened and what to do stands below.")
        return Sentence(
            min(card.level for card in alarms),
            _alarms(alarms, words),
            f"{words(guard.text)}. {words(guard.detail)}" if guard else told,
        )
    # A battery's note is no watch, and a figure that is read for two hazards is one sensor.
    watches = [one for one in house.runtime.supervision() if HAZARDS[one.hazard][0] in ALARMS]
    sensors = list({one.entity_id: one for one in watches}.values())
    watched = {sensor.entity_id for sensor in sensors if sensor.watch == "watching"}
    for view in views:
        if view.mode == "alarm":
            text = words("%(alarm)s: %(place)s", alarm=view.state, place=view.area or view.name)
            only = words("The hub only shows this; it does not act. Go and look.")
            # A watched sensor's alarm is on its way here from the kernel.
            return Sentence("1", text, "" if view.entity_id in watched else only)
    if guard:
        return Sentence(guard.level, words(guard.text), words(guard.detail))
    return _sensors(silent, sensors, views, words)


def _alarms(alarms: Sequence[HazardCard], words: Words) -> str:
    if len(alarms) > 1:
        return words("%(count)s alarms at home", count=len(alarms))
    place = alarms[0].hazard.place or alarms[0].hazard.sensor
    return words("%(alarm)s: %(place)s", alarm=alarms[0].name, place=place)


def _sensors(
    silent: Sequence[HazardCard],
    sensors: Sequence[SensorView],
    views: Sequence[EntityView],
    words: Words,
) -> Sentence:
    """What can be said while no alarm is on and the kernel watches."""
    by_word: dict[str, list[str]] = {}
    for sensor in sensors:
        by_word.setdefault(sensor.watch, []).append(sensor.name)
    if silent:
        by_word["lost"] = [card.hazard.sensor for card in silent]
    watching = len(by_word.pop("watching", ()))
    text = words.ngettext(
        "%(num)s safety sensor is watching", "%(num)s safety sensors are watching", watching
    )
    detail = text % {"num": watching}
    for word, (level, missing, _short) in WATCH.items():
        if names := by_word.get(word):
            return Sentence(level, words(missing, names=_names(names, words)), detail)
    if watching:
        return Sentence("ok", words("All is well at home"), detail)
    nothing = words("No safety sensor is watching yet.") if views else words("No devices yet.")
    return Sentence("4", words("Welcome home"), nothing)


def _names(names: Sequence[str], words: Words) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return words("%(one)s and %(other)s", one=names[0], other=names[1])
    more = words.ngettext("%(name)s and %(num)s more", "%(name)s and %(num)s more", len(names) - 1)
    return more % {"name": names[0], "num": len(names) - 1}
