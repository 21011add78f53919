"""Every hazard, one row each: what detects it, who acts, what is forbidden, how it ends.

The engine runs this table and knows no hazard by name. A row says what is watched for by itself
(a smoke detector has one meaning) and what only where the resident says so: a temperature may
be a freezer's and a power a kettle's, and nothing here is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GAS_VALVE = "gas_valve"
WATER_VALVE = "water_valve"
SIREN = "siren"
SOCKET = "socket"
ROLES = (GAS_VALVE, WATER_VALVE, SIREN, SOCKET)

MINUTE_S = 60.0
HOUR_S = 3600.0

# unit -> what it is in the row's own unit: value * factor + offset
Units = Mapping[str, tuple[float, float]]
CELSIUS: Units = {"°C": (1.0, 0.0), "°F": (5 / 9, -160 / 9), "K": (1.0, -273.15)}
WATT: Units = {"W": (1.0, 0.0), "kW": (1000.0, 0.0), "mW": (0.001, 0.0)}
AMPERE: Units = {"A": (1.0, 0.0), "mA": (0.001, 0.0)}
MILLIAMPERE: Units = {"mA": (1.0, 0.0), "A": (1000.0, 0.0)}
LITRES_A_MINUTE: Units = {
    "L/min": (1.0, 0.0),
    "L/h": (1 / 60, 0.0),
    "L/s": (60.0, 0.0),
    "m³/h": (1000 / 60, 0.0),
    "mL/s": (0.06, 0.0),
    "gal/min": (3.785411784, 0.0),
}
PPM: Units = {"ppm": (1.0, 0.0)}
PERCENT: Units = {"%": (1.0, 0.0)}
LITRES: Units = {"L": (1.0, 0.0), "m³": (1000.0, 0.0), "mL": (0.001, 0.0)}


class Measure:
    """A figure that a hazard is read from.

    Attributes:
        device_class: of the sensor that measures it.
        unit: the first of ``units``; the figures below are in it.
        units: the sensors' units that can be understood.
        limit: the hazard is on while the figure is above it, or at or ``below`` it.
        hysteresis: how far back the figure has to go before it counts as quiet.
        for_s: seconds for which it has to be on without a break.
        gap_s: seconds of quiet that make a break.
        below: True for a figure that is dangerous when low.
        rising: the figure is a meter's total: it is on while the total grows.
        least: the lowest limit that a resident may set.
        most: the highest one.
    """

    __slots__ = (
        "below",
        "device_class",
        "for_s",
        "gap_s",
        "hysteresis",
        "least",
        "limit",
        "most",
        "rising",
        "unit",
        "units",
    )

    def __init__(
        self,
        device_class: str,
        units: Units,
        limit: float,
        *,
        hysteresis: float = 0.0,
        for_s: float = 0.0,
        gap_s: float = 0.0,
        below: bool = False,
        rising: bool = False,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        self.device_class = device_class
        self.units = units
        self.unit = next(iter(units))
        self.limit = limit
        self.hysteresis = hysteresis
        self.for_s = for_s
        self.gap_s = gap_s
        self.below = below
        self.rising = rising
        self.least, self.most = bounds or (limit, limit)

    def row(
        self, unit: str, limit: float | None = None, for_s: float | None = None
    ) -> dict[str, Any]:
        """What the kernel holds a sensor's figures against (see ``hub.safety.bindings``).

        Args:
            unit: the sensor's own unit, one of ``units``; the kernel knows no other.
            limit: the resident's limit in the row's unit; the row's own without it.
            for_s: the resident's duration in seconds.
        """
        factor, offset = self.units[unit]
        edge = self.limit if limit is None else limit
        clear = edge + self.hysteresis if self.below else edge - self.hysteresis
        return {
            "limit": (edge - offset) / factor,
            "clear": (clear - offset) / factor,
            "for_s": self.for_s if for_s is None else for_s,
            "gap_s": self.gap_s,
            "below": self.below,
            "rising": self.rising,
        }


class HazardKind:
    """One row.

    Attributes:
        name: the word for it in records, bindings and pages.
        level: 1 endangers life now, 2 the home, 3 wants a look, 4 is a note for maintenance.
        classes: device classes of a binary sensor that is watched for this by itself.
        markable: further kinds of entity that the resident may say are for this.
        measures: figures it is read from.
        unasked: sensors of those figures are watched by themselves.
        companion: watched on devices that have a safety sensor or a bound actuator only.
        roles: who acts, in order: what stops the hazard, what warns, what limits the damage.
        needs: the roles without which the system has to say "cannot act".
        own_sockets: of the sockets only those act that the sensor's own device has.
        no_sparks: while it is on, nothing electrical is switched unless bound as safe.
        optional: its actuators act only for the sensors of which the resident says so.
        tested: its sensors have a test button that wants to be pressed now and then.
        latched: it began with a press and ends when a person says so, not with the sensor.
        supervised: a silent sensor is an alarm of its own.
        told: the class of safety event as which it may be told outside, with consent; "" never.
    """

    __slots__ = (
        "classes",
        "companion",
        "latched",
        "level",
        "markable",
        "measures",
        "name",
        "needs",
        "no_sparks",
        "optional",
        "own_sockets",
        "roles",
        "supervised",
        "tested",
        "told",
        "unasked",
    )

    def __init__(
        self,
        name: str,
        level: int,
        *,
        classes: tuple[str, ...] = (),
        markable: tuple[str, ...] = (),
        measures: tuple[Measure, ...] = (),
        unasked: bool = False,
        companion: bool = False,
        roles: tuple[str, ...] = (),
        needs: tuple[str, ...] = (),
        own_sockets: bool = False,
        no_sparks: bool = False,
        optional: bool = False,
        tested: bool = False,
        latched: bool = False,
        supervised: bool = True,
        told: str = "",
    ) -> None:
        self.name = name
        self.level = level
        self.classes = classes
        self.markable = markable
        self.measures = measures
        self.unasked = unasked
        self.companion = companion
        self.roles = roles
        self.needs = needs
        self.own_sockets = own_sockets
        self.no_sparks = no_sparks
        self.optional = optional
        self.tested = tested
        self.latched = latched
        self.supervised = supervised
        self.told = told

    def measure_of(self, device_class: str | None, unit: str | None) -> Measure | None:
        """The figure that a sensor of this class and unit gives, None where it gives none."""
        for measure in self.measures:
            if measure.device_class == device_class and unit in measure.units:
                return measure
        return None


_ROWS = (
    HazardKind(
        "gas",
        1,
        classes=("gas",),
        roles=(GAS_VALVE, SIREN, SOCKET),
        needs=(GAS_VALVE,),
        no_sparks=True,
        tested=True,
        told="gas",
    ),
    HazardKind(
        "smoke",
        1,
        classes=("smoke",),
        roles=(SIREN, GAS_VALVE, SOCKET),
        needs=(SIREN,),
        tested=True,
        told="smoke",
    ),
    # Burning makes it, so the gas stops; it wakes nobody, so the siren does. No spark lights it
    # at the concentrations of an alarm: nothing is forbidden.
    HazardKind(
        "carbon_monoxide",
        1,
        classes=("carbon_monoxide",),
        measures=(
            Measure("carbon_monoxide", PPM, 50, hysteresis=20, for_s=MINUTE_S, bounds=(10, 500)),
        ),
        unasked=True,
        roles=(GAS_VALVE, SIREN),
        needs=(GAS_VALVE, SIREN),
        tested=True,
        told="carbon_monoxide",
    ),
    # A press for help. A person ends it: the button says nothing more.
    HazardKind(
        "sos",
        1,
        markable=("binary_sensor", "event", "device_automation"),
        roles=(SIREN,),
        tested=True,
        latched=True,
        told="sos",
    ),
    HazardKind(
        "leak",
        2,
        classes=("moisture",),
        roles=(WATER_VALVE, SOCKET),
        needs=(WATER_VALVE,),
        tested=True,
        told="flood",
    ),
    HazardKind(
        "overheat",
        2,
        classes=("heat",),
        measures=(Measure("temperature", CELSIUS, 60, hysteresis=5, bounds=(30, 150)),),
        roles=(SIREN, SOCKET),
        needs=(SIREN,),
        own_sockets=True,
    ),
    HazardKind(
        "overload",
        2,
        markable=("binary_sensor",),
        measures=(
            Measure("power", WATT, 2200, hysteresis=100, for_s=30, bounds=(50, 20_000)),
            Measure("current", AMPERE, 10, hysteresis=0.5, for_s=30, bounds=(0.5, 80)),
        ),
        roles=(SOCKET,),
        needs=(SOCKET,),
        own_sockets=True,
    ),
    # Current that comes back by another way than it went: through a wet wall, or a person.
    HazardKind(
        "leakage",
        2,
        markable=("binary_sensor",),
        measures=(Measure("current", MILLIAMPERE, 30, hysteresis=5, bounds=(5, 500)),),
        roles=(SOCKET,),
        needs=(SOCKET,),
        own_sockets=True,
    ),
    HazardKind(
        "arc",
        2,
        markable=("binary_sensor",),
        roles=(SOCKET,),
        needs=(SOCKET,),
        own_sockets=True,
    ),
    # A tap and a cistern pause within half an hour; a burst hose does not, all day long.
    HazardKind(
        "running_water",
        2,
        measures=(
            Measure(
                "volume_flow_rate",
                LITRES_A_MINUTE,
                0,
                for_s=24 * HOUR_S,
                gap_s=30 * MINUTE_S,
                bounds=(0, 100),
            ),
            Measure("water", LITRES, 0, for_s=24 * HOUR_S, gap_s=30 * MINUTE_S, rising=True),
        ),
        roles=(WATER_VALVE,),
        needs=(WATER_VALVE,),
    ),
    # Cut off is what the resident names: an iron perhaps, a fridge never.
    HazardKind(
        "left_on",
        3,
        measures=(Measure("power", WATT, 20, hysteresis=5, for_s=4 * HOUR_S, bounds=(1, 5000)),),
        roles=(SOCKET,),
        own_sockets=True,
        optional=True,
    ),
    HazardKind(
        "freezing",
        3,
        markable=("binary_sensor",),
        measures=(
            Measure(
                "temperature",
                CELSIUS,
                4,
                hysteresis=2,
                for_s=10 * MINUTE_S,
                below=True,
                bounds=(-20, 15),
            ),
        ),
    ),
    HazardKind(
        "battery",
        4,
        classes=("battery",),
        measures=(Measure("battery", PERCENT, 15, hysteresis=5, below=True, bounds=(1, 50)),),
        unasked=True,
        companion=True,
        supervised=False,
    ),
)

HAZARDS: dict[str, HazardKind] = {row.name: row for row in _ROWS}
NO_SPARKS = frozenset(row.name for row in _ROWS if row.no_sparks)
