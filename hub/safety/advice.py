"""Plain words for a hazard: what happened, what the system did, what to do now.

Every text is one full sentence, so that a translator never has to glue parts together. The
English sentence is the message id in the ``hub`` catalogue.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from typing import Any, NamedTuple

from .calling import CALL_ID
from .policy import SILENCE
from .records import CONFIRMED, FAILED, SENT


def N_(message: str) -> str:  # noqa: N802 - the name by which babel finds messages
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


TITLES: dict[str, str] = {
    "gas": N_("Gas alarm"),
    "smoke": N_("Smoke alarm"),
    "carbon_monoxide": N_("Carbon monoxide alarm"),
    "sos": N_("Call for help"),
    "leak": N_("Water leak"),
    "overheat": N_("Overheating"),
    "overload": N_("Overload"),
    "leakage": N_("Leakage current"),
    "arc": N_("Electric arc"),
    "running_water": N_("Water keeps running"),
    "left_on": N_("Appliance left on"),
    "freezing": N_("Frost"),
    "battery": N_("Battery low"),
    "supervision": N_("Safety sensor lost"),
}

HAPPENED: dict[str, str] = {
    "gas": N_("{sensor} detects gas."),
    "smoke": N_("{sensor} detects smoke."),
    "carbon_monoxide": N_("{sensor} detects carbon monoxide. It has no smell and can kill."),
    "sos": N_("{sensor} was pressed: somebody needs help."),
    "leak": N_("{sensor} detects water."),
    "overheat": N_("{sensor} is hotter than its limit."),
    "overload": N_("{sensor} carries more than its limit."),
    "leakage": N_("{sensor} measures current that leaks to earth."),
    "arc": N_("{sensor} detects an electric arc, which can start a fire."),
    "running_water": N_("{sensor} shows that water has been running without a break."),
    "left_on": N_("{sensor} has been on for longer than its limit."),
    "freezing": N_("{sensor} is colder than its limit."),
    "battery": N_("The battery of {sensor} is low. Change it soon."),
    "supervision": N_("{sensor} can't be reached. Nothing watches over this place now."),
}

CALLED = N_("{person} called for help on a page of this home.")
CALLED_BY_SOMEBODY = N_("Somebody called for help on a page of this home.")
CALL_ENDED = N_("The call for help has ended.")

ENDED: dict[str, str] = {
    "gas": N_("{sensor} no longer detects gas. The gas valve stays as it is."),
    "smoke": N_("{sensor} no longer detects smoke."),
    "carbon_monoxide": N_(
        "{sensor} no longer detects carbon monoxide. The gas valve stays as it is."
    ),
    "sos": N_("The call for help from {sensor} has ended."),
    "leak": N_("{sensor} no longer detects water. The water valve stays as it is."),
    "overheat": N_("{sensor} is below its limit again. What was switched off stays off."),
    "overload": N_("{sensor} is below its limit again. What was switched off stays off."),
    "leakage": N_("{sensor} measures no leakage current now. What was switched off stays off."),
    "arc": N_("{sensor} detects no arc now. What was switched off stays off."),
    "running_water": N_("{sensor} shows that the water has stopped."),
    "left_on": N_("{sensor} is off again."),
    "freezing": N_("{sensor} is above its limit again."),
    "battery": N_("{sensor} is fine again."),
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
    ("socket", "unbound"): N_("Cannot act: no socket of this device is connected to this alarm."),
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
    "carbon_monoxide": (
        N_("Open windows and doors, wake everyone, and go outside at once."),
        N_("On the way out turn off the boiler, the stove or the fire, if that takes no time."),
        N_("From outside, call 120 if anyone feels dizzy, sick or sleepy, and 119 for help."),
    ),
    "sos": (
        N_("Go to the place where help was called for, now."),
        N_("If someone is hurt or does not answer, call 120; for fire or rescue, call 119."),
        N_("When help is there, or it was a false press, end the call here."),
    ),
    "overheat": (
        N_("Go and look, with the way out behind you. Smoke or flames: leave and call 119."),
        N_("Switch off what is hot, at its plug or at the fuse box, if you can do so safely."),
        N_("Let it cool and have it looked at before you use it again."),
    ),
    "overload": (
        N_("Unplug something from this socket: it carries more than it is made for."),
        N_("Feel the plug without touching metal: a hot one must not be used again."),
        N_("Use big appliances one after the other, each at a socket of its own."),
    ),
    "leakage": (
        N_("Touch neither the appliance nor anything wet beside it."),
        N_("Switch the circuit off at the dry fuse box, then pull the plug."),
        N_("Have an electrician find the fault before you switch it on again."),
    ),
    "arc": (
        N_("Switch the circuit off at the fuse box and keep away from the place."),
        N_("Smoke, a burnt smell or flames: leave and call 119 from outside."),
        N_("Have an electrician look at plugs and wires before you switch it on again."),
    ),
    "running_water": (
        N_("Look for an open tap, a running cistern or a burst hose."),
        N_("Find nothing: close the main water valve by hand and see whether the meter stops."),
        N_("The meter stops: a pipe behind it leaks. Ask the property service for a repair."),
    ),
    "left_on": (
        N_("Go and look whether it is still needed."),
        N_("Switch it off, and let it cool."),
        N_("If it is meant to run that long, set a longer time on the safety page."),
    ),
    "freezing": (
        N_("Close windows and warm the room: water in the pipes may freeze."),
        N_("Let the tap furthest away run in a thin stream."),
        N_("Already frozen: close the main water valve and thaw slowly, never with a flame."),
    ),
    "battery": (
        N_("Buy the kind of battery that is printed in the device."),
        N_("Change it and press the test button."),
        N_("See whether the device shows up here again."),
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
        if record["entity_id"] == CALL_ID:
            return self._called(record)
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

    def _called(self, record: Mapping[str, Any]) -> str:
        if not record["active"]:
            return self._words.gettext(CALL_ENDED)
        person = self._names.get(CALL_ID, "")
        text = CALLED if person else CALLED_BY_SOMEBODY
        return self._words.gettext(text).format(person=person)

    def cannot_act(self, record: Mapping[str, Any]) -> bool:
        """True when something that the hazard called for could not be done."""
        return any(action["result"] in ("failed", "unbound") for action in last_actions(record))

    def _name(self, entity_id: str) -> str:
        return self._names.get(entity_id, entity_id)
