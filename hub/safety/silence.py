"""Falling silent again: at a hazard's end the sirens that were switched on for it go off.

Pure like :mod:`hub.safety.hazards`. Only sirens, and only those that the kernel itself was told
to sound: valves and sockets stay as they are, for people to look at. A siren that another open
hazard calls for sounds on, and falls silent at the end of that one. What a person took back is
left alone; while gas is in the home a siren that isn't safe in gas waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import policy, table
from .acting import Acting, Clock, OpenRecords, Outcome
from .records import CONFIRMED, FAILED, REFUSED_ELECTRICAL, SENT, Action, HazardRecord

# Later than this after a hazard's end no restart and no reconnection switches anything for it.
WITHIN_S = 3600.0


class Silencing:
    """The hazards that are over and whose sirens aren't silent yet.

    Args:
        clock: both clocks.
        open_records: the open hazards, owned by the caller.
        acting: how commands are sent and repeated.
    """

    def __init__(self, clock: Clock, open_records: OpenRecords, acting: Acting) -> None:
        self._clock = clock
        self._open = open_records
        self._acting = acting
        self._over: dict[str, HazardRecord] = {}

    def begin(self, record: HazardRecord, now: float, out: Outcome) -> None:
        """A hazard has just ended: silence its sirens, or leave that to another open hazard."""
        for action in list(record.actions):
            actuator = self._acting.actuators.get(action.entity_id)
            if actuator is None or actuator.silence is None or action.entity_id in record.overrides:
                continue
            if action.role != table.SIREN or not action.switched:
                continue
            heir = self._wanted_by(action.entity_id)
            if heir is not None:
                heir.switched = True
                continue
            quiet = Action(
                action.entity_id, action.role, actuator.silence, SENT, self._clock.wall()
            )
            quiet.pending = True
            record.actions.append(quiet)
            self._over[record.id] = record
            self._go(quiet, now, out)
            out.touch(record)

    def resume(self, record: HazardRecord) -> None:
        """Take over a hazard of an earlier run that was over, if a siren still waits."""
        if any(action.pending for action in record.actions):
            self._over[record.id] = record

    def sounding(self, entity_id: str, out: Outcome) -> None:
        """The siren is wanted again: nothing silences it before the new hazard's end."""
        for record, action in self._waiting():
            if action.entity_id == entity_id:
                record.actions.remove(action)
                out.touch(record)
        self._tidy()

    def heard(self, entity_id: str, value: str | None, out: Outcome) -> None:
        """The siren's own state, which may confirm that it is silent."""
        for record, action in self._waiting():
            if action.entity_id == entity_id and value == policy.TARGETS.get(action.command, ""):
                action.result = CONFIRMED
                self._end(record, action, out)
        self._tidy()

    def tick(self, now: float, out: Outcome) -> None:
        """Repeat, confirm or give up what is due by now."""
        for record, action in self._waiting():
            due = action.due
            if due is None or due > now:
                continue
            self._acting.repeat(record, action, now, out)
            if action.result == CONFIRMED or (action.due is None and action.result == SENT):
                self._end(record, action, out)
        self._tidy()

    def due(self) -> Iterator[float]:
        """Steady clock of each next look."""
        return (action.due for _, action in self._waiting() if action.due is not None)

    def again(self, now: float, out: Outcome, *, refused_only: bool = False) -> None:
        """Send what isn't confirmed: after a restart, a broken connection, or the end of gas.

        Args:
            now: steady clock.
            out: takes the commands.
            refused_only: True sends only what gas forbade.
        """
        for record, action in self._waiting():
            late = self._clock.wall() - (record.cleared_at or 0.0) > WITHIN_S
            if late and not refused_only:
                self._end(record, action, out)
            elif action.result == REFUSED_ELECTRICAL or (
                not refused_only and action.result in (SENT, FAILED)
            ):
                before = action.result
                self._go(action, now, out)
                if action.result != before:
                    out.touch(record)
        self._tidy()

    def override(self, entity_id: str, by: str, out: Outcome) -> None:
        """A person takes the siren: it is theirs, sounding or not."""
        for record, action in self._waiting():
            if action.entity_id == entity_id:
                record.overrides[entity_id] = (by, self._clock.wall())
                self._end(record, action, out)
        self._tidy()

    def to_do(self, hazard_id: str) -> bool:
        """Whether a siren of this ended hazard will still be told to fall silent."""
        record = self._over.get(hazard_id)
        return record is not None and any(
            action.pending
            and (
                action.due is not None
                or (action.result == REFUSED_ELECTRICAL and self._acting.gas_active())
            )
            for action in record.actions
        )

    def forget(self, hazard_id: str) -> None:
        """The record is kept no longer."""
        self._over.pop(hazard_id, None)

    def _go(self, action: Action, now: float, out: Outcome) -> None:
        actuator = self._acting.actuators.get(action.entity_id)
        if actuator is None or actuator.silence != action.command:
            return
        if policy.refused(actuator, gas_active=self._acting.gas_active()):
            action.result, action.due = REFUSED_ELECTRICAL, None
        else:
            self._acting.send(action, now, out)

    def _wanted_by(self, entity_id: str) -> Action | None:
        """The action of an open hazard that calls for this siren and that nobody took back."""
        for record in self._open.values():
            action = record.action_for(entity_id)
            if action is not None and entity_id not in record.overrides:
                return action
        return None

    def _waiting(self) -> list[tuple[HazardRecord, Action]]:
        return [
            (record, action)
            for record in self._over.values()
            for action in record.actions
            if action.pending
        ]

    def _end(self, record: HazardRecord, action: Action, out: Outcome) -> None:
        action.pending = False
        action.due = None
        out.touch(record)

    def _tidy(self) -> None:
        waiting = {record.id for record, _ in self._waiting()}
        for hazard_id in self._over.keys() - waiting:
            del self._over[hazard_id]
