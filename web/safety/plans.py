"""For each hazard: who watches for it, what would happen, and what could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.safety.policy import SAFE_IN_GAS
from hub.safety.table import HAZARDS, SOCKET, HazardKind
from web.contacts.words import plan_lines
from web.design.formats import figure
from web.facade import HAZARD_CLASSES
from web.words import HAZARDS as WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.home.contacts.contacts import Contacts
    from web.design.page import Words
    from web.views import BindingView, SensorView


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


DOES = {
    "gas_valve": _("%(name)s closes"),
    "water_valve": _("%(name)s closes"),
    "siren": _("%(name)s sounds"),
    "socket": _("%(name)s turns off"),
}
CANNOT = {
    "gas_valve": _("Cannot act: nothing is bound that closes the gas."),
    "water_valve": _("Cannot act: nothing is bound that closes the water."),
    "siren": _("Cannot act: nothing is bound that sounds."),
    "socket": _("Cannot act: no socket of the sensor's own device is bound."),
}
NOTES: dict[str, tuple[str, ...]] = {
    "gas": (_("Nothing electrical is switched while there is gas."),),
    "carbon_monoxide": (_("Everyone has to get out into the fresh air."),),
    "sos": (
        _("The SOS button on every page calls, and any button that you name here."),
        _("For ten seconds a false press can be taken back before anybody outside is told."),
        _("It goes on until a person at home ends it."),
        _("It can't phone anybody: call 120 or 119 yourself too."),
    ),
    "left_on": (_("Warns only, unless you choose for a sensor that its socket turns off."),),
    "freezing": (_("Warns only: warmth is up to you."),),
    "battery": (_("A note on the start page, without a sound."),),
}
ABOVE, BELOW = _("above %(limit)s"), _("at %(limit)s or less")
TOLD_SOS = _(
    "Ten seconds later the duty desk is told your flat, the zone or nobody, as you choose."
)
TOLD = _("If nobody at home answers, the duty desk is told the zone or nobody, as you choose.")


class Plan:
    """What would happen in one hazard.

    Attributes:
        level: a level of the design.
        sensors: who watches for it.
        acts: sentences of what acts, and whether it is there now.
        cannot: sentences of what is missing.
        notes: what else is to be known.
        told: what the community may be told, "" where nothing.
        people: sentences of who else is told, and when.
        settable: whether the resident says which sensors are for it, or sets their limits.
    """

    __slots__ = (
        "acts",
        "cannot",
        "hazard",
        "level",
        "name",
        "notes",
        "people",
        "picture",
        "sensors",
        "settable",
        "told",
    )

    def __init__(
        self,
        kind: HazardKind,
        bindings: Sequence[BindingView],
        sensors: Sequence[SensorView],
        contacts: Contacts,
        words: Words,
    ) -> None:
        self.people = plan_lines(contacts.of(kind.name), kind.name, words)
        self.hazard = kind.name
        self.level, name, self.picture = WORDS[kind.name]
        self.name = words(name)
        self.sensors = [one for one in sensors if one.hazard == kind.name]
        self.settable = bool(kind.markable or kind.measures)
        self.acts = [
            (words(DOES[role], name=bound), present)
            for role in kind.roles
            if role in SAFE_IN_GAS or not kind.no_sparks
            for bound, present in self._bound(kind, role, bindings)
        ]
        missing = dict.fromkeys(role for sensor in self.sensors for role in sensor.missing)
        self.cannot = [words(CANNOT[role]) for role in missing]
        self.notes = [words(note) for note in NOTES.get(kind.name, ())]
        told = TOLD_SOS if kind.latched else TOLD
        self.told = words(told) if kind.told in HAZARD_CLASSES else ""

    def _bound(
        self, kind: HazardKind, role: str, bindings: Sequence[BindingView]
    ) -> list[tuple[str, bool]]:
        if role == SOCKET and kind.own_sockets:
            own = dict.fromkeys(name for sensor in self.sensors for name in sensor.own)
            return [(name, True) for name in own]
        return [(one.name, one.present) for one in bindings if one.role == role]


def plans(
    bindings: Sequence[BindingView],
    sensors: Sequence[SensorView],
    contacts: Contacts,
    words: Words,
) -> list[Plan]:
    """Every hazard's plan, the gravest first."""
    return [Plan(kind, bindings, sensors, contacts, words) for kind in HAZARDS.values()]


def span(seconds: float, words: Words) -> str:
    """A duration in the largest unit that it fills."""
    if seconds >= 3600 and seconds % 3600 == 0:
        text = words.ngettext("%(num)s hour", "%(num)s hours", int(seconds // 3600))
        return text % {"num": int(seconds // 3600)}
    if seconds >= 60:
        text = words.ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60))
        return text % {"num": round(seconds / 60)}
    text = words.ngettext("%(num)s second", "%(num)s seconds", round(seconds))
    return text % {"num": round(seconds)}


def limit_of(sensor: SensorView, words: Words) -> str:
    """From when on a sensor's figure is a hazard; "" for a sensor of words."""
    measure = sensor.measure
    if measure is None or sensor.limit is None:
        return ""
    if measure.rising:
        text = words("while the total grows")
    else:
        edge = f"{figure(sensor.limit)} {measure.unit}"
        text = words(BELOW if measure.below else ABOVE, limit=edge)
    if not sensor.for_s:
        return text
    return words("%(limit)s, for %(span)s", limit=text, span=span(sensor.for_s, words))
