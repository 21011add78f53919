"""What a home watches and who acts: bindings, marks, limits and tests, as its pages use them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hub.core.commands import Actor
from hub.home.life import HomeLife
from hub.home.marks import Mark, Watched
from hub.home.refusal import Refusal
from hub.home.views import BindingView, SensorView
from hub.safety.client import SafetyRefused, SafetyUnavailable
from hub.safety.table import HAZARDS


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


NO_SAFETY = _("The safety process does not answer. Alarms that it has bound still work.")
_MARK_PROBLEMS = {
    "entity_id": _("This sensor can't be used for this."),
    "limit": _("This limit is out of bounds."),
    "minutes": _("Choose between 0 minutes and 7 days."),
}


class Guarding(HomeLife):
    """The part of a home that is about safety, apart from the hazards themselves."""

    def bindings(self) -> Sequence[BindingView]:
        """What is bound to which role."""
        return [
            BindingView(
                role,
                entity_id,
                self.registry.name_of(entity_id),
                present=bool((entity := self.registry.get(entity_id)) and entity.present),
            )
            for entity_id, role in self.bindings_table.roles.items()
        ]

    def candidates(self, role: str) -> Sequence[tuple[str, str]]:
        """Entity id and name of what could fill a role and isn't bound yet."""
        return [
            (entity.entity_id, self.registry.name_of(entity.entity_id))
            for entity in self.bindings_table.candidates(role)
            if entity.entity_id not in self.bindings_table.roles
        ]

    async def bind(self, role: str, entity_id: str, actor: Actor) -> None:
        """Bind an actuator to a role.

        Raises:
            Refusal: it can't act in this role.
        """
        try:
            await self.bindings_table.bind(role, entity_id)
        except ValueError:
            raise Refusal(_("This device can't act in this role."), "entity_id") from None
        await self._bound(actor, f"bind {role}", entity_id)

    async def unbind(self, entity_id: str, actor: Actor) -> None:
        """Take an actuator out of its role."""
        await self.bindings_table.unbind(entity_id)
        await self._bound(actor, "unbind", entity_id)

    async def set_limit(self, entity_id: str, seconds: float, actor: Actor) -> None:
        """Set how long a safety sensor may stay silent.

        Raises:
            Refusal: out of bounds.
        """
        try:
            await self.bindings_table.set_limit(entity_id, seconds)
        except ValueError:
            raise Refusal(_("Choose between one minute and thirty days."), "limit") from None
        await self._bound(actor, "set limit", entity_id)

    async def _bound(self, actor: Actor, action: str, entity_id: str) -> None:
        self.watch.rebind()
        self.bus.publish("safety")
        await self.note(actor, action, entity_id)

    async def test_press(self, entity_id: str, actor: Actor) -> bool:
        """Let the kernel press it once; True when the device itself confirmed.

        Raises:
            Refusal: it may not be pressed now, or the kernel can't be reached.
        """
        await self.note(actor, "test press", entity_id)
        try:
            return await self.watch.press(entity_id)
        except SafetyRefused:
            raise Refusal(
                _("This can't be pressed now. Is it bound, and is no gas alarm on?")
            ) from None
        except SafetyUnavailable:
            raise Refusal(NO_SAFETY) from None

    @property
    def guard(self) -> str:
        """Whether alarms are watched now, a word of `hub.home.watch.Watch.guard`."""
        return self.watch.guard

    def supervision(self) -> Sequence[SensorView]:
        """Every sensor and hazard it is for, watched or not; the gravest hazards first."""
        found = [self._sensor_view(one) for one in self.bindings_table.sensors()]
        order = list(HAZARDS)
        return sorted(found, key=lambda view: order.index(view.hazard))

    def _sensor_view(self, one: Watched) -> SensorView:
        row = self.watch.sensor(one.key, one.entity.entity_id)
        entity_id = one.entity.entity_id
        tested = one.kind.tested
        return SensorView(
            entity_id,
            self.registry.name_of(entity_id),
            one.kind.name,
            seen_at=row.get("seen_at"),
            limit_s=self.bindings_table.limit_of(one.entity) if one.kind.supervised else None,
            watch=row["watch"],
            own=[self.registry.name_of(each) for each in self.bindings_table.own_sockets(one)],
            missing=self.bindings_table.missing(one),
            measure=one.measure,
            limit=one.limit,
            for_s=one.for_s,
            marked=one.marked,
            acts=one.mark.acts,
            tested_at=self.trials.tried.get(entity_id) if tested else None,
            test_due=tested and self.trials.due(entity_id),
        )

    # -- what a sensor is for -----------------------------------------------------------

    def markable(self, hazard: str) -> Sequence[tuple[str, str]]:
        """What could be said to be for a hazard and isn't yet: a value for `mark`, and a name.

        An event has one for each of its types, as ``entity_id type``.
        """
        found = []
        for entity in self.bindings_table.markable(HAZARDS[hazard]):
            if hazard in self.bindings_table.marks.get(entity.entity_id, {}):
                continue
            name = self.registry.name_of(entity.entity_id)
            types = entity.wire.states if entity.wire and entity.kind == "event" else {}
            found += [(f"{entity.entity_id} {one}", f"{name} · {one}") for one in types]
            if not types and (entity.kind != "sensor" or not HAZARDS[hazard].unasked):
                found.append((entity.entity_id, name))
        return found

    async def mark(
        self,
        hazard: str,
        entity_id: str,
        actor: Actor,
        *,
        limit: float | None = None,
        for_s: float | None = None,
        acts: bool = False,
    ) -> None:
        """Say that a sensor is for a hazard, or set its limits.

        Args:
            hazard: a name of `hub.safety.table.HAZARDS`.
            entity_id: a value of `markable`, or an entity that is for it already.
            actor: who says so.
            limit: in the unit of the hazard's measure; None for the usual one.
            for_s: seconds; None for the usual ones.
            acts: whether the sensor's own socket is switched off, where that is to be chosen.

        Raises:
            Refusal: it can't be for this, or a limit out of bounds.
        """
        name, _space, press = entity_id.partition(" ")
        before = self.bindings_table.marks.get(name, {}).get(hazard)
        presses = (press,) if press else before.presses if before else ()
        mark = Mark(limit, for_s, acts=acts, presses=presses)
        try:
            await self.bindings_table.mark(name, hazard, mark)
        except ValueError as problem:
            raise Refusal(_MARK_PROBLEMS[str(problem)], str(problem)) from None
        await self._bound(actor, f"watch for {hazard}", name)

    async def unmark(self, hazard: str, entity_id: str, actor: Actor) -> None:
        """A sensor is no longer for a hazard."""
        await self.bindings_table.unmark(entity_id, hazard)
        await self._bound(actor, f"watch no longer for {hazard}", entity_id)

    # -- trying the sensors out ---------------------------------------------------------

    @property
    def test_days(self) -> int:
        """After how many days without a test a safety sensor is to be tried."""
        return self.trials.days

    async def set_test_days(self, days: int, actor: Actor) -> None:
        """Choose after how many days.

        Raises:
            Refusal: out of bounds.
        """
        try:
            await self.trials.set_days(days)
        except ValueError:
            raise Refusal(_("Choose between 7 and 730 days."), "days") from None
        await self._bound(actor, "set days between tests", str(days))

    async def tested(self, entity_id: str, actor: Actor) -> None:
        """A resident has tried a sensor out."""
        await self.trials.note(entity_id, time.time())
        await self._bound(actor, "tested", entity_id)
