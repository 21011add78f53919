"""The hazard state machine: what was heard in, commands and changed records out.

Pure: no input or output, no waiting, the clock is handed in. The kernel calls one method for
each thing heard, sends ``outcome.sends`` before anything else, then stores and reports
``outcome.changed``. ``due()`` says when ``tick()`` wants to be called next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence

from . import policy
from .acting import Acting, Clock, Outcome
from .keeping import no_longer_kept
from .records import (
    FAILED,
    SUPERVISION,
    Action,
    HazardRecord,
)
from .sensors import Sensors
from .silence import Silencing
from .supervision import GRACE_S, Sensor


class Hazards:
    """All bound sensors and actuators, and every open hazard of the home."""

    def __init__(
        self, clock: Clock, new_id: Callable[[], str], *, grace_s: float = GRACE_S
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._grace_s = grace_s
        self.sensors = Sensors()
        self.records: dict[str, HazardRecord] = {}
        self._open: dict[tuple[str, str], HazardRecord] = {}
        self._acting = Acting(clock, self._open, self.sensors)
        self._silencing = Silencing(clock, self._open, self._acting)
        self._acting.on_siren = self._silencing.sounding

    @property
    def actuators(self) -> dict[str, policy.ActuatorBinding]:
        """The bound actuators by entity id."""
        return self._acting.actuators

    @property
    def values(self) -> dict[str, str | None]:
        """What the bound actuators last said of themselves, None when unknown."""
        return self._acting.values

    # ---- bindings and restart

    def bind(
        self, sensors: Iterable[Sensor], actuators: Iterable[policy.ActuatorBinding]
    ) -> Outcome:
        """Replace every binding, keeping what is known of sensors that stay.

        A hazard whose sensor is no longer bound ends. Actuators that are new are commanded at
        once where a hazard that calls for them is being detected.
        """
        out = Outcome()
        now = self._clock.steady()
        self.sensors.bind(sensors, now)
        self._acting.bind(actuators)
        for record in list(self._open.values()):
            if self.sensors.behind(record) is None:
                self._close(record, out)
            elif self.sensors.detects(record):
                self._acting.act_on_missing(record, now, out)
        return self._settled(out, now)

    def resume(self, records: Iterable[HazardRecord], *, send: bool = True) -> Outcome:
        """Take over the records of an earlier run; unconfirmed commands are sent again.

        Args:
            records: what the store kept.
            send: False while there is no broker; :meth:`reconnected` will send then.
        """
        out = Outcome()
        now = self._clock.steady()
        for record in records:
            if record.id in self.records:
                continue
            key = (record.entity_id, record.hazard)
            self.records[record.id] = record
            if not record.active:
                self._silencing.resume(record)
                continue
            newer = self._open.get(key)
            self._open[key] = record
            if newer is not None:
                self._merge(newer, record, out)
            sensor = self.sensors.behind(record)
            if sensor is None:
                self._close(record, out)
            elif sensor.count is not None and record.hazard != SUPERVISION:
                sensor.count.begun(now)
        if send:
            self._acting.send_unconfirmed(now, out)
            self._silencing.again(now, out)
        return self._settled(out, now)

    # ---- what is heard

    def sensor(self, entity_id: str, value: bool | None, *, live: bool = True) -> Outcome:
        """A sensor's state: True detects, False is quiet, None can't be read."""
        out = Outcome()
        sensor = self.sensors.get(entity_id)
        if sensor is None:
            return out
        now = self._clock.steady()
        held = sensor.value and sensor.latched
        sensor.hear(value, now, live=live)
        if value and not held:
            self._detected(sensor, now, out)
        if sensor.pulse:
            sensor.value = False
        return self._settled(out, now)

    def figure(self, entity_id: str, value: float, *, live: bool = True) -> Outcome | None:
        """What an entity measures, for every hazard it is read for; None where nothing follows."""
        now = self._clock.steady()
        news = (entity_id, SUPERVISION) in self._open
        out = Outcome()
        for sensor in self.sensors.of(entity_id):
            if sensor.count is not None:
                news |= sensor.hear_figure(sensor.count, value, now, live=live)
                if sensor.value:
                    self._detected(sensor, now, out)
        return self._settled(out, now) if news else None

    def unreadable(self, entity_id: str, *, live: bool = True) -> Outcome:
        """A message without a meaning: its sensor is alive, and says nothing."""
        out = Outcome()
        now = self._clock.steady()
        for sensor in self.sensors.of(entity_id):
            sensor.hear(None, now, live=live)
        return self._settled(out, now)

    def told(self, entity_id: str, value: bool, ago: float) -> Outcome:
        """The home's word for a sensor that this process may have missed, as while it was down.

        Args:
            entity_id: the sensor.
            value: what it said.
            ago: seconds since it said so.
        """
        sensor = self.sensors.get(entity_id)
        if sensor is None or not sensor.believes(value, self._clock.steady() - ago):
            return Outcome()
        at = self._clock.wall() - ago
        for record in self.records.values():
            if record.entity_id == entity_id and record.hazard == sensor.hazard:
                ended = record.cleared_at
                if (ended is not None and ended >= at) if value else record.raised_at > at:
                    return Outcome()  # from before the all-clear, or before the alarm
        out = self.sensor(entity_id, value, live=False)
        sensor.by_word = True
        return out

    def adopt(self, records: Iterable[HazardRecord]) -> Outcome:
        """Open hazards that the home knows from an earlier run, and no disk does."""
        unknown = [one for one in records if one.active and one.id not in self.records]
        if not unknown:
            return Outcome()
        out = self.resume(unknown)
        for record in unknown:
            out.touch(record)
        return out

    def availability(self, *heard: tuple[str, bool | None]) -> Outcome:
        """What the availability topics of each sensor say together; one message tells of many."""
        out = Outcome()
        now = self._clock.steady()
        for entity_id, available in heard:
            for sensor in self.sensors.of(entity_id):
                sensor.hear_availability(available, now)
        return self._settled(out, now)

    def actuator(self, entity_id: str, value: str | None) -> Outcome:
        """An actuator's own state: confirms a command, or shows that it was undone or missed."""
        out = Outcome()
        if entity_id not in self.values:
            return out
        now = self._clock.steady()
        self._acting.heard(entity_id, value, now, out)
        self._silencing.heard(entity_id, value, out)
        return self._settled(out, now)

    def returned(self, entity_id: str) -> Outcome:
        """An actuator can be reached again: what it may have missed is sent once more."""
        out = Outcome()
        now = self._clock.steady()
        self._acting.returned(entity_id, now, out)
        return self._settled(out, now)

    def reconnected(self) -> Outcome:
        """The broker is back: send again whatever isn't confirmed."""
        out = Outcome()
        now = self._clock.steady()
        self._acting.send_unconfirmed(now, out)
        self._silencing.again(now, out)
        return self._settled(out, now)

    def not_sent(self, action: Action) -> None:
        """The command could not be handed to the broker: it failed for now, and stays due."""
        action.result = FAILED

    def tick(self) -> Outcome:
        """Repeat, give up, clear, notice lost sensors: whatever is due by now."""
        out = Outcome()
        now = self._clock.steady()
        for record in self._open.values():
            for action in record.actions:
                if action.due is not None and action.due <= now:
                    self._acting.repeat(record, action, now, out)
        self._silencing.tick(now, out)
        return self._settled(out, now)

    def due(self) -> float | None:
        """Steady clock of the next call of :meth:`tick`, None when there is nothing to watch."""
        times = [
            action.due
            for record in self._open.values()
            for action in record.actions
            if action.due is not None
        ]
        times += self._silencing.due()
        now = self._clock.steady()
        for sensor in self.sensors.values():
            turns = None if sensor.count is None else sensor.count.next_at(now)
            if turns is not None:
                times.append(turns)
            over = sensor.over_at()
            if over is not None and (sensor.entity_id, sensor.hazard) in self._open:
                times.append(over)
            if (sensor.entity_id, SUPERVISION) not in self._open:
                times.append(sensor.lost_at(self._grace_s))
        soonest = min(times, default=math.inf)
        return None if soonest == math.inf else soonest

    # ---- people

    def acknowledge(self, hazard_id: str, by: str) -> Outcome:
        """Someone has seen it; the first one counts.

        Raises:
            KeyError: no such hazard is known.
        """
        out = Outcome()
        record = self.records[hazard_id]
        if record.acknowledged_at is None:
            record.acknowledged_at = self._clock.wall()
            record.acknowledged_by = by
            out.touch(record)
        return out

    def end(self, hazard_id: str, by: str) -> Outcome:
        """A person ends what a press began.

        Raises:
            KeyError: there is no such open hazard, or it ends by its sensor.
        """
        out = Outcome()
        record = self.records[hazard_id]
        sensor = self.sensors.behind(record)
        if not record.active or sensor is None or not sensor.latched:
            raise KeyError(hazard_id)
        if record.acknowledged_at is None:
            record.acknowledged_at = self._clock.wall()
            record.acknowledged_by = by
        self._close(record, out)
        return self._settled(out, self._clock.steady())

    def override(self, entity_id: str, by: str) -> Outcome:
        """A person takes an actuator back from every open hazard.

        Raises:
            KeyError: no open hazard holds this actuator.
        """
        out = Outcome()
        self._acting.override(entity_id, by, out)
        self._silencing.override(entity_id, by, out)
        if not out.changed:
            raise KeyError(entity_id)
        return out

    def may_press(self, entity_id: str) -> bool:
        """True when a test press may switch this actuator now.

        Raises:
            KeyError: it isn't bound.
        """
        actuator = self.actuators[entity_id]
        return not policy.refused(actuator, gas_active=self._acting.gas_active())

    def leases(self) -> dict[str, str]:
        """Actuators held by an open hazard: entity id to hazard id."""
        return self._acting.leases()

    def open_records(self) -> Sequence[HazardRecord]:
        """Every hazard that is not over."""
        return list(self._open.values())

    def forget(self, confirmed: Collection[str]) -> list[str]:
        """Drop the closed records that are kept no longer; returns their ids.

        Args:
            confirmed: ids of records whose latest revision the home has.
        """
        records, waits = self.records.values(), self._silencing.to_do
        gone = no_longer_kept(records, confirmed, waits, self._clock.wall())
        for hazard_id in gone:
            del self.records[hazard_id]
            self._silencing.forget(hazard_id)
        return gone

    # ---- inside

    def _detected(self, sensor: Sensor, now: float, out: Outcome) -> None:
        record = self._open.get((sensor.entity_id, sensor.hazard))
        if record is None:
            self._raise(sensor, now, out)
        else:
            self._acting.retry_failed(record, now, out)

    def _raise(self, sensor: Sensor, now: float, out: Outcome) -> None:
        record = HazardRecord(self._new_id(), sensor.hazard, sensor.entity_id, self._clock.wall())
        self.records[record.id] = record
        self._open[(sensor.entity_id, sensor.hazard)] = record
        self._acting.act_on_missing(record, now, out)
        out.touch(record)

    def _settled(self, out: Outcome, now: float) -> Outcome:
        """After every call: begin and end what time alone does, notice what is lost or found."""
        for sensor in self.sensors.values():
            if sensor.count is not None:
                sensor.settle(now)
                if sensor.value and (sensor.entity_id, sensor.hazard) not in self._open:
                    self._raise(sensor, now, out)
            over = sensor.over_at()
            record = self._open.get((sensor.entity_id, sensor.hazard))
            if record is not None and over is not None and over <= now:
                self._close(record, out)
            watch = self._open.get((sensor.entity_id, SUPERVISION))
            lost = sensor.lost_at(self._grace_s) <= now
            if lost and watch is None:
                watch = HazardRecord(
                    self._new_id(), SUPERVISION, sensor.entity_id, self._clock.wall()
                )
                self.records[watch.id] = watch
                self._open[(sensor.entity_id, SUPERVISION)] = watch
                out.touch(watch)
            elif watch is not None and not lost and sensor.found:
                self._close(watch, out)
        return out

    def _merge(self, newer: HazardRecord, record: HazardRecord, out: Outcome) -> None:
        """Raised anew before the store was read: it is the one hazard of the earlier run."""
        del self.records[newer.id]
        kept = {action.entity_id for action in newer.actions}
        record.actions = [one for one in record.actions if one.entity_id not in kept]
        record.actions += newer.actions
        record.overrides.update(newer.overrides)
        if record.acknowledged_at is None:
            record.acknowledged_at = newer.acknowledged_at
            record.acknowledged_by = newer.acknowledged_by
        newer.active = False
        newer.cleared_at = self._clock.wall()
        newer.rev += 1
        out.merged.append(newer)
        out.touch(record)

    def _close(self, record: HazardRecord, out: Outcome) -> None:
        """End a hazard: its sirens fall silent.

        Nothing else is opened or switched back; that is for people to do.
        """
        now = self._clock.steady()
        was_gas = self._acting.gas_active()
        self._open.pop((record.entity_id, record.hazard), None)
        record.active = False
        record.cleared_at = self._clock.wall()
        for action in record.actions:
            action.due = None
        out.touch(record)
        gas_over = was_gas and not self._acting.gas_active()
        if gas_over:
            self._acting.act_on_refused(now, out)
        self._silencing.begin(record, now, out)
        if gas_over:
            self._silencing.again(now, out, refused_only=True)
