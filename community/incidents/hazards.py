"""What each class of hazard means at the desk: its name, level and written procedure.

The procedures are for an alarm whose zone is known and whose flat is not. They are data: the
texts are message ids, translated where they are shown; a step's key is what is stored.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from community.core.words import N_


class Step(NamedTuple):
    """One step of a procedure."""

    key: str
    text: str


class Hazard(NamedTuple):
    """A class of hazard; level 1 is the highest of four."""

    name: str
    level: int
    steps: tuple[Step, ...]


_LISTEN: Final = Step("two", N_("Go as two. Take the radio, a torch and the zone's floor list."))
_DOORS: Final = Step(
    "doors", N_("Ask door by door, floor by floor, from the bottom up; tick off each floor.")
)
_SILENT: Final = Step(
    "silent", N_("Nobody opens: knock hard, call out, listen, smell at the door; note the door.")
)
_REPORT: Final = Step("report", N_("Tell the desk what you found; write it down; then resolve."))

_GAS: Final = (
    Step("fire119", N_("Call 119 and the gas company now if you smell gas in the stairwell.")),
    _LISTEN,
    Step("switches", N_("Touch no switch, bell or lift in the zone. Phones stay outside.")),
    Step("air", N_("Open stairwell windows and doors on the way up.")),
    _DOORS,
    _SILENT,
    Step("evacuate", N_("Smell gas: lead everyone in the riser out by the stairs, then wait.")),
    Step("company", N_("Have the gas company measure before anyone goes back in.")),
    _REPORT,
)
_SMOKE: Final = (
    Step("fire119", N_("See or smell smoke: call 119 at once, do not wait for the flat.")),
    _LISTEN,
    Step("outside", N_("Look at the building from outside: smoke, glow, people at windows.")),
    Step("lifts", N_("Send the lifts to the ground floor; use the stairs.")),
    _DOORS,
    _SILENT,
    Step("evacuate", N_("Fire: floor on fire first, then above, then below; close doors behind.")),
    Step("lane", N_("Clear the fire lane and open the gate for the fire engines.")),
    _REPORT,
)
_FLOOD: Final = (
    _LISTEN,
    Step("trace", N_("Look for water: stairwell, lift pit, ceilings one floor below.")),
    Step("power", N_("Water near a meter or switch box: keep away and call the electrician.")),
    _DOORS,
    _SILENT,
    Step("riser_valve", N_("Source not found: close the riser's water valve and post a notice.")),
    _REPORT,
)
_GENERAL: Final = (_LISTEN, _DOORS, _SILENT, _REPORT)
_PEOPLE: Final = (
    Step("call120", N_("Someone hurt or not answering: call 120.")),
    _LISTEN,
    _DOORS,
    _SILENT,
    _REPORT,
)

_CALL: Final = (
    Step("phone", N_("Call the flat by door phone or telephone, if you can, while someone goes.")),
    Step("call120", N_("Someone hurt or not answering: call 120.")),
    Step("go", N_("Go to the flat as two. Take the radio, a torch and a first-aid kit.")),
    Step("knock", N_("Knock and call out. Nobody opens: listen, ask the neighbours, call 119.")),
    Step("stay", N_("Stay until the ambulance or the family is there.")),
    _REPORT,
)

HAZARDS: Final[dict[str, Hazard]] = {
    "gas": Hazard(N_("Gas leak"), 1, _GAS),
    "smoke": Hazard(N_("Smoke"), 1, _SMOKE),
    "carbon_monoxide": Hazard(N_("Carbon monoxide"), 1, _GAS),
    "sos": Hazard(N_("Call for help"), 1, _PEOPLE),
    "sos_flat": Hazard(N_("Call for help"), 1, _CALL),
    "flood": Hazard(N_("Water leak"), 2, _FLOOD),
    "electrical": Hazard(N_("Electrical fault"), 2, _GENERAL),
    "supervision": Hazard(N_("Supervision lost"), 3, _GENERAL),
}
_OTHER: Final = Hazard(N_("Safety event"), 3, _GENERAL)

DRILLABLE: Final = ("gas", "smoke", "flood")


def hazard(name: str) -> Hazard:
    """Return what a class means; one this program doesn't know is a safety event of level 3."""
    return HAZARDS.get(name, _OTHER)
