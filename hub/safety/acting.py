"""Commanding the bound actuators for open hazards: first sending, repeating, giving up.

Pure like :mod:`hub.safety.hazards`, which owns the one :class:`Acting` of the home: it only
says what is to be sent now, in ``Outcome.sends``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from . import policy, table
from .records import (
    CONFIRMED,
    FAILED,
    REFUSED_ELECTRICAL,
    SENT,
    SUPERVISION,
    UNBOUND,
    Action,
    HazardRecord,
)
from .sensors import Sensors

# Seconds after the first sending at which an unconfirmed command is sent again, and given up.
REPEAT_AT = (3.0, 6.0, 12.0)
GIVE_UP_AT = 15.0
# A command that was confirmed and undone, or failed, is not sent more often than this.
SPACING_S = 3.0


class Clock(Protocol):
    """Both clocks: records carry the wall's time, every decision uses the steady one."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def steady(self) -> float:
        """Seconds on a clock that is never set."""


class Outcome:
    """What one call asks for: commands to send now, records that changed.

    Attributes:
        merged: records that turned out to be hazards of an earlier run, and are gone.
    """

    __slots__ = ("changed", "merged", "sends")

    def __init__(self) -> None:
        self.merged: list[HazardRecord] = []
        self.sends: list[Action] = []
        self.changed: list[HazardRecord] = []

    def touch(self, record: HazardRecord) -> None:
        """Note a change; the revision grows once an outcome."""
        if record not in self.changed:
            record.rev += 1
            self.changed.append(record)


OpenRecords = Mapping[tuple[str, str], HazardRecord]


class Acting:
    """The actuators, their states, and the rounds of attempts of every open hazard.

    Args:
        clock: both clocks.
        open_records: the open hazards by sensor and hazard, owned by the caller.
        sensors: the bound sensors.
    """

    def __init__(self, clock: Clock, open_records: OpenRecords, sensors: Sensors) -> None:
        self._clock = clock
        self._open = open_records
        self._sensors = sensors
        self.actuators: dict[str, policy.ActuatorBinding] = {}
        self.values: dict[str, str | None] = {}
        self.on_siren: Callable[[str, Outcome], None] = lambda _entity_id, _out: None

    def gas_active(self) -> bool:
        """True while a gas hazard is open anywhere in the home."""
        return any(hazard in table.NO_SPARKS for _, hazard in self._open)

    def bind(self, actuators: Iterable[policy.ActuatorBinding]) -> None:
        """Replace every actuator; the states of those that stay are kept."""
        self.actuators = {actuator.entity_id: actuator for actuator in actuators}
        self.values = {key: self.values.get(key) for key in self.actuators}

    def act_on_missing(self, record: HazardRecord, now: float, out: Outcome) -> None:
        """Command every actuator that the hazard calls for and that has no action yet."""
        if record.hazard == SUPERVISION:
            return
        wall = self._clock.wall()
        roles = set()
        own = self._sensors.own(record)
        for actuator in policy.called(record.hazard, self.actuators.values(), own):
            roles.add(actuator.role)
            earlier = record.action_for(actuator.entity_id)
            if earlier is not None:
                if (earlier.role, earlier.command) == (actuator.role, actuator.command):
                    continue
                record.actions.remove(earlier)  # it was bound otherwise then
            action = Action(actuator.entity_id, actuator.role, actuator.command, SENT, wall)
            record.actions.append(action)
            if policy.refused(actuator, gas_active=self.gas_active()):
                action.result = REFUSED_ELECTRICAL
            else:
                self.send(action, now, out)
            out.touch(record)
        for needed in table.HAZARDS[record.hazard].needs:
            self._say_missing(record, needed, roles, out)

    @staticmethod
    def _say_missing(record: HazardRecord, needed: str, bound: set[str], out: Outcome) -> None:
        """Note that nothing is bound to a role without which the hazard can't be acted upon."""
        known = [one for one in record.actions if one.role == needed]
        if needed in bound:
            for action in known:
                if action.result == UNBOUND:
                    record.actions.remove(action)
        elif not known:
            record.actions.append(Action("", needed, "", UNBOUND, record.raised_at))
            out.touch(record)

    def send(self, action: Action, now: float, out: Outcome) -> None:
        """Start a round of attempts with a sending now."""
        if action.role == table.SIREN and not action.pending:
            self.on_siren(action.entity_id, out)
        action.result = SENT
        action.switched = True
        action.at = self._clock.wall()
        action.first = action.last = now
        action.attempt = 0
        action.due = now + REPEAT_AT[0]
        out.sends.append(action)

    def _restart(self, record: HazardRecord, action: Action, now: float, out: Outcome) -> None:
        """Start another round, but no sooner than :data:`SPACING_S` after the last sending."""
        ready = action.last + SPACING_S
        if ready <= now:
            self.send(action, now, out)
        else:
            action.result = SENT
            action.attempt = -1
            action.first = action.due = ready
        out.touch(record)

    def repeat(self, record: HazardRecord, action: Action, now: float, out: Outcome) -> None:
        """An action is due: it worked, is refused by now, is sent again, or has failed."""
        actuator = self.actuators.get(action.entity_id)
        action.due = None
        if actuator is None or action.entity_id in record.overrides:
            return
        if policy.refused(actuator, gas_active=self.gas_active()):
            action.result = REFUSED_ELECTRICAL
        elif self.values.get(action.entity_id) == policy.TARGETS.get(action.command, ""):
            action.result = CONFIRMED
        elif action.attempt < len(REPEAT_AT):
            action.attempt += 1
            late = action.attempt == len(REPEAT_AT)
            action.due = action.first + (GIVE_UP_AT if late else REPEAT_AT[action.attempt])
            action.last = now
            action.at = self._clock.wall()
            changed = action.result != SENT
            action.result = SENT
            out.sends.append(action)
            if not changed:
                return
        elif actuator.confirmable:
            action.result = FAILED
        else:
            return
        out.touch(record)

    def heard(self, entity_id: str, value: str | None, now: float, out: Outcome) -> None:
        """A device's own state: it confirms, or shows that a command was undone or missed."""
        self.values[entity_id] = value
        for record in self._open.values():
            action = record.action_for(entity_id)
            if action is None or action.result in (UNBOUND, REFUSED_ELECTRICAL):
                continue
            if value is not None and value == policy.TARGETS.get(action.command):
                if action.result != CONFIRMED:
                    action.result = CONFIRMED
                    action.due = None
                    out.touch(record)
            elif action.result == CONFIRMED and value is not None:
                self.undone(record, action, value, now, out)
            elif action.result == FAILED and action.due is None and value is not None:
                # Given up, but it speaks again: it may have been without power.
                self.undone(record, action, value, now, out)

    def returned(self, entity_id: str, now: float, out: Outcome) -> None:
        """A device can be reached again: it may have missed what it was told."""
        for record in self._open.values():
            action = record.action_for(entity_id)
            if action is not None and action.result in (SENT, FAILED) and action.due is None:
                self.undone(record, action, "", now, out)

    def override(self, entity_id: str, by: str, out: Outcome) -> None:
        """A person takes an actuator back from every open hazard that holds it."""
        for record in self._open.values():
            action = record.action_for(entity_id)
            if action is not None and entity_id not in record.overrides:
                record.overrides[entity_id] = (by, self._clock.wall())
                action.due = None
                out.touch(record)

    def leases(self) -> dict[str, str]:
        """Actuators held by an open hazard: entity id to hazard id."""
        held: dict[str, str] = {}
        for record in self._open.values():
            for action in record.actions:
                if action.entity_id and action.entity_id not in record.overrides:
                    held.setdefault(action.entity_id, record.id)
        return held

    def undone(
        self, record: HazardRecord, action: Action, value: str, now: float, out: Outcome
    ) -> None:
        """A command was undone, or missed; while the sensor detects, it is sent again."""
        if not self._sensors.detects(record) or action.entity_id in record.overrides:
            return
        if value != policy.UNDERWAY.get(action.command):
            self._restart_if_allowed(record, action, now, out)

    def retry_failed(self, record: HazardRecord, now: float, out: Outcome) -> None:
        """The sensor detects on: what was given up gets another round."""
        for action in record.actions:
            if action.result == FAILED and action.due is None:
                self._restart_if_allowed(record, action, now, out)

    def _restart_if_allowed(
        self, record: HazardRecord, action: Action, now: float, out: Outcome
    ) -> None:
        actuator = self.actuators.get(action.entity_id)
        if actuator is None or action.entity_id in record.overrides:
            return
        if not policy.refused(actuator, gas_active=self.gas_active()):
            self._restart(record, action, now, out)

    def send_unconfirmed(self, now: float, out: Outcome) -> None:
        """After a restart or a broken connection: send whatever isn't confirmed."""
        for record in self._open.values():
            for action in record.actions:
                actuator = self.actuators.get(action.entity_id)
                if action.result not in (SENT, FAILED) or actuator is None:
                    continue
                if action.entity_id in record.overrides:
                    continue
                if policy.refused(actuator, gas_active=self.gas_active()):
                    continue
                self.send(action, now, out)
                out.touch(record)

    def act_on_refused(self, now: float, out: Outcome) -> None:
        """The gas is gone: what smoke or water called for and gas forbade is done now."""
        for record in self._open.values():
            detects = self._sensors.detects(record)
            for action in record.actions:
                if action.result == REFUSED_ELECTRICAL and detects:
                    self._restart_if_allowed(record, action, now, out)
