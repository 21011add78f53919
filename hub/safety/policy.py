"""Which roles a hazard calls for, and what gas forbids.

Only what the resident bound is ever commanded. While gas is in the room a spark is the danger:
then nothing electrical is switched, on or off, unless its binding says that it is safe in gas.
Valves count as safe by their role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

GAS = "gas"
SMOKE = "smoke"
LEAK = "leak"
HAZARDS = (GAS, SMOKE, LEAK)

GAS_VALVE = "gas_valve"
WATER_VALVE = "water_valve"
SIREN = "siren"
SOCKET = "socket"
ROLES = (GAS_VALVE, WATER_VALVE, SIREN, SOCKET)

# In the order of acting: what stops the hazard, then what warns, then what limits the damage.
CALLED_ROLES: dict[str, tuple[str, ...]] = {
    GAS: (GAS_VALVE, SIREN, SOCKET),
    SMOKE: (SIREN, GAS_VALVE, SOCKET),
    LEAK: (WATER_VALVE, SOCKET),
}

# The role without which the system has to say "cannot act".
NEEDED_ROLE: dict[str, str] = {GAS: GAS_VALVE, SMOKE: SIREN, LEAK: WATER_VALVE}

SAFE_IN_GAS = frozenset({GAS_VALVE, WATER_VALVE})

# What the actuator's own state says once the command worked.
TARGETS: dict[str, str] = {
    "close": "closed",
    "open": "open",
    "turn_on": "on",
    "turn_off": "off",
}

# What undoes the one command that is undone at a hazard's end: a siren falls silent.
SILENCE: dict[str, str] = {"turn_on": "turn_off"}

# On the way there: no reason to send again before the next repetition is due.
UNDERWAY: dict[str, str] = {"close": "closing", "open": "opening"}


class ActuatorBinding:
    """An actuator that the resident bound to a role.

    Attributes:
        entity_id: the actuator.
        role: one of :data:`ROLES`.
        command: what the kernel sends, such as ``close`` or ``turn_off``.
        gas_safe: the resident says that switching it makes no spark where gas can gather.
        confirmable: the device reports a state that can confirm the command.
        silence: the command that silences a siren; None for all else, and for a siren that has
            no such command and ends by itself.
    """

    __slots__ = ("command", "confirmable", "entity_id", "gas_safe", "role", "silence")

    def __init__(
        self,
        entity_id: str,
        role: str,
        command: str,
        *,
        gas_safe: bool = False,
        confirmable: bool = True,
        can_silence: bool = True,
    ) -> None:
        self.entity_id = entity_id
        self.role = role
        self.command = command
        self.gas_safe = gas_safe or role in SAFE_IN_GAS
        self.confirmable = confirmable and command in TARGETS
        self.silence = SILENCE.get(command) if role == SIREN and can_silence else None


def called(hazard: str, actuators: Iterable[ActuatorBinding]) -> Iterator[ActuatorBinding]:
    """The bound actuators that this hazard calls for, in the order of acting."""
    bound = list(actuators)
    for role in CALLED_ROLES.get(hazard, ()):
        for actuator in bound:
            if actuator.role == role:
                yield actuator


def refused(actuator: ActuatorBinding, *, gas_active: bool) -> bool:
    """True when gas somewhere in the home forbids switching this actuator."""
    return gas_active and not actuator.gas_safe
