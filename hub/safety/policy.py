"""Who is called by a hazard, and what gas forbids.

Only what the resident bound is ever commanded. While gas is in the room a spark is the danger:
then nothing electrical is switched, on or off, unless its binding says that it is safe in gas.
Valves count as safe by their role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from .table import GAS_VALVE, HAZARDS, SIREN, SOCKET, WATER_VALVE

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
        role: one of :data:`hub.safety.table.ROLES`.
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


def called(
    hazard: str, actuators: Iterable[ActuatorBinding], own: Collection[str] = ()
) -> Iterator[ActuatorBinding]:
    """The bound actuators that this hazard calls for, in the order of acting.

    Args:
        hazard: a name of :data:`hub.safety.table.HAZARDS`.
        actuators: everything bound.
        own: the sockets of the sensor's own device.
    """
    kind = HAZARDS[hazard]
    bound = list(actuators)
    for role in kind.roles:
        for actuator in bound:
            elsewhere = kind.own_sockets and role == SOCKET and actuator.entity_id not in own
            if actuator.role == role and not elsewhere:
                yield actuator


def refused(actuator: ActuatorBinding, *, gas_active: bool) -> bool:
    """True when gas somewhere in the home forbids switching this actuator."""
    return gas_active and not actuator.gas_safe
