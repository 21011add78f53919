"""Plain words for a hazard: what happened, what the system did, what to do now.

Every text is one full sentence, so that a translator never has to glue parts together. The
English sentence is the message id in the ``hub`` catalogue.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from typing import Any, NamedTuple

from .policy import SILENCE
from .records import CONFIRMED, FAILED, SENT


def N_(message: str) -> str:  # noqa: N802 - the name by which babel finds messages
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


TITLES: dict[str, str] = {
    "gas": N_("Gas alarm"),
    "smoke": N_("Smoke alarm"),
    "leak": N_("Water leak"),
    "supervision": N_("Safety sensor lost"),
}

HAPPENED: dict[str, str] = {
    "gas": N_("{sensor} detects gas."),
    "smoke": N_("{sensor} detects smoke."),
    "leak": N_("{sensor} detects water."),
    "supervision": N_("{sensor} can't be reached. Nothing watches over this place now."),
}

ENDED: dict[str, str] = {
    "gas": N_("{sensor} no longer detects gas. The gas valve stays as it is."),
    "smoke": N_("{sensor} no longer detects smoke."),
    "leak": N_("{sensor} no longer detects water. The water valve stays as it is."),
    "supervision": N_("{sensor} can be reached again."),
}

DID: dict[tuple[str, str], str] = {
    ("gas_valve", "sent"): N_("{device} was told to close. It has not answered yet."),
    ("gas_valve", "confirmed"): N_("{device} is closed."),
    ("gas_valve", "failed"): N_("Cannot act: {device} does not close. Close it by hand."),
    ("gas_valve", "unbound"): N_("Cannot act: no gas valve is connected to this alarm."),
    ("water_valve", "sent"): N_("{device} was told to close. It has not answered yet."),
    ("water_valve", "confirmed"): N_("{device} is closed."),
    ("water_valve", "failed"): N_("Cannot act: {device} does not close. Close it by hand."),
    ("water_valve", "unbound"): N_("Cannot act: no water valve is connected to this alarm."),
    ("siren", "sent"): N_("{device} was told to sound. It has not answered yet."),
    ("siren", "confirmed"): N_("{device} is sounding."),
    ("siren", "failed"): N_("Cannot act: {device} does not sound. Warn everyone yourself."),
    ("siren", "unbound"): N_("Cannot act: no siren is connected to this alarm."),
    ("siren", "refused_electrical"): N_(
        "{device} was left as it is: switching it could make a spark while there is gas."
    ),
    ("socket", "sent"): N_("{device} was told to switch off. It has not answered yet."),
    ("socket", "confirmed"): N_("{device} is switched off."),
    ("socket", "failed"): N_("Cannot act: {device} does not switch off. Stay away from it."),
    ("socket", "refused_electrical"): N_(
        "{device} was left as it is: switching it could make a spark while there is gas."
    ),
}

SILENCED: dict[str, str] = {
    "sent": N_("{device} was told to fall silent. It has not answered yet."),
    "confirmed": N_("{device} is silent again."),
    "failed": N_("Cannot act: {device} does not fall silent. Switch it off by hand."),
    "refused_electrical": N_(
        "{device} sounds on: switching it off could make a spark while there is gas."
    ),
}

# When it is over: what was done then says nothing of how a device is now.
DONE: dict[tuple[str, bool], str] = {
    # role, whether the device confirmed
    ("gas_valve", True): N_("{device} was closed."),
    ("gas_valve", False): N_("{device} did not confirm that it closed."),
    ("water_valve", True): N_("{device} was closed."),
    ("water_valve", False): N_("{device} did not confirm that it closed."),
    ("siren", True): N_("{device} sounded."),
    ("siren", False): N_("{device} did not confirm that it sounded."),
    ("socket", True): N_("{device} was switched off."),
    ("socket", False): N_("{device} did not confirm that it switched off."),
}
HUSHED: dict[bool, str] = {
    True: N_("{device} sounded and fell silent again."),
    False: N_("{device} sounded and did not confirm that it fell silent."),
}

TAKEN = "taken"
"""Result of an action that a person took back."""
OVERRIDDEN = N_("{device} was taken back by {person}.")
OVERRIDDEN_BY_SOMEBODY = N_("{device} was taken back by a person.")

STEPS: dict[str, tuple[str, str, str]] = {
    "gas": (
        N_("Touch no switch or plug, make no flame, and make no call in here."),
        N_("Open windows and doors, close the gas valve by hand if you can reach it, and leave."),
        N_("From outside, call the gas company, or 119 if anyone feels unwell or you smell gas."),
    ),
    "smoke": (
        N_("Leave now with everyone, stay low, and close the doors behind you."),
        N_("Take the stairs, never the lift."),
        N_("From outside, call 119 and say where it burns and whether anyone is still inside."),
    ),
    "leak": (
        N_("Close the main water valve by hand if the water is still running."),
        N_("Keep away from wet sockets and plugs; switch them off only at the dry fuse box."),
        N_("Tell your neighbours below and ask the property service for a repair."),
    ),
    "supervision": (
        N_("Look at the sensor: has it power, or does it need a new battery?"),
        N_("Press its test button, and see whether it shows up here again."),
        N_("Until it does, look after this place yourself; this system can't."),
    ),
}


def silences(action: Mapping[str, Any]) -> bool:
    """True for the action that silences a siren after the hazard's end."""
    return bool(action["role"] == "siren" and action["command"] in SILENCE.values())


def last_actions(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The record's actions, of each actuator only the last."""
    last = {action["entity_id"]: action for action in record["actions"] if action["entity_id"]}
    return [one for one in record["actions"] if last.get(one["entity_id"], one) is one]


def _told(action: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """The sentence for an action, as it stands or, once the hazard is over, as it was."""
    role, result = action["role"], action["result"]
    if not record["active"] and result in (SENT, CONFIRMED, FAILED) and not action.get("pending"):
        confirmed = result == CONFIRMED
        return HUSHED[confirmed] if silences(action) else DONE[(role, confirmed)]
    return SILENCED[result] if silences(action) else DID[(role, result)]


class Deed(NamedTuple):
    """What one actuator did: its role, a result of `records` or `TAKEN`, and the sentence."""

    role: str
    result: str
    text: str


class Advice:
    """A hazard record in words of one language.

    Args:
        words: the ``hub`` catalogue of the language, see :mod:`hub.core.language`.
        names: what people call each entity; an entity without a name is shown by its id.
    """

    def __init__(self, words: gettext.NullTranslations, names: Mapping[str, str]) -> None:
        self._words = words
        self._names = names

    def title(self, hazard: str) -> str:
        """The name of the hazard, a few words."""
        return self._words.gettext(TITLES[hazard])

    def happened(self, record: Mapping[str, Any]) -> str:
        """What happened, or that it is over: one or two sentences."""
        text = (HAPPENED if record["active"] else ENDED)[record["hazard"]]
        return self._words.gettext(text).format(sensor=self._name(record["entity_id"]))

    def did(self, record: Mapping[str, Any]) -> list[Deed]:
        """What the system did: a sentence for each actuator, in the order of acting.

        Of a siren that was silenced at the end only that is said.
        """
        taken = {row["entity_id"]: row["by"] for row in record.get("overrides", ())}
        deeds = []
        for action in last_actions(record):
            device, result = self._name(action["entity_id"]), action["result"]
            if action["entity_id"] in taken:
                person, result = taken[action["entity_id"]], TAKEN
                text = self._words.gettext(OVERRIDDEN if person else OVERRIDDEN_BY_SOMEBODY)
                text = text.format(device=device, person=person)
            else:
                text = self._words.gettext(_told(action, record)).format(device=device)
            deeds.append(Deed(action["role"], result, text))
        return deeds

    def steps(self, hazard: str) -> list[str]:
        """What to do now, three steps in their order."""
        return [self._words.gettext(step) for step in STEPS[hazard]]

    def cannot_act(self, record: Mapping[str, Any]) -> bool:
        """True when something that the hazard called for could not be done."""
        return any(action["result"] in ("failed", "unbound") for action in last_actions(record))

    def _name(self, entity_id: str) -> str:
        return self._names.get(entity_id, entity_id)
