"""A running home as its pages and programs use it: one facade over its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hub.core.commands import Actor
from hub.home import roles
from hub.home.life import HomeLife
from hub.home.refusal import Refusal, refusal_of
from hub.home.views import (
    Area,
    BindingView,
    ChoiceView,
    HazardView,
    LedgerLine,
    PairingView,
    QuestionView,
    SensorView,
    SentView,
)
from hub.safety.client import SafetyRefused, SafetyUnavailable
from privacy.errors import PrivacyError


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


NO_SAFETY = _("The safety process does not answer. Alarms that it has bound still work.")


class Home(HomeLife):
    """One household. See `HomeLife` for its start and its keys."""

    # -- hazards ------------------------------------------------------------------------

    def hazards(self) -> Sequence[HazardView]:
        """Open hazards first, then the newest."""
        if self._book is None:
            return []
        return [self._hazard_view(record) for record in self._book.newest_first()]

    def _hazard_view(self, record: dict[str, Any]) -> HazardView:
        asked = self.offers.question(record["id"])
        question = None
        if asked is not None:
            question = QuestionView(
                asked.deadline,
                self.sharing.standing(asked.klass),
                asked.answer,
                told=asked.told,
                cancelled=asked.status == "cancelled",
            )
        entity = self.registry.get(record["entity_id"])
        return HazardView(
            record,
            name_of=self.registry.name_of,
            place=self.registry.area_of(entity) if entity else "",
            who=lambda account_id: self._names.get(account_id, ""),
            question=question,
        )

    async def answer(self, hazard_id: str, answer: str, actor: Actor) -> bool:
        """Answer ``tell`` or ``dont``; False when another answer counted already."""
        counted = await self.offers.answer(hazard_id, answer, actor.id)
        if counted:
            await self._note(actor, f"answer {answer}", hazard_id)
        return counted

    async def cancel(self, hazard_id: str, actor: Actor) -> bool:
        """Say that it was a false alarm; the next message of the event carries it.

        Returns:
            Whether there was an event to take back.
        """
        cancelled = await self.offers.cancel(hazard_id)
        if cancelled:
            await self._note(actor, "cancel event", hazard_id)
        return cancelled

    async def acknowledge(self, hazard_id: str, actor: Actor) -> None:
        """Somebody has seen the hazard.

        Raises:
            Refusal: the kernel can't be reached, or knows no such hazard.
        """
        try:
            await self.watch.client.acknowledge(hazard_id, actor.id)
        except (SafetyUnavailable, SafetyRefused):
            raise Refusal(NO_SAFETY) from None
        await self._note(actor, "acknowledge hazard", hazard_id)

    # -- bindings -----------------------------------------------------------------------

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
        await self._note(actor, action, entity_id)

    async def test_press(self, entity_id: str, actor: Actor) -> bool:
        """Let the kernel press it once; True when the device itself confirmed.

        Raises:
            Refusal: it may not be pressed now, or the kernel can't be reached.
        """
        await self._note(actor, "test press", entity_id)
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
        """Every safety sensor, watched or not."""
        found = []
        for entity in self.bindings_table.sensors():
            row = self.watch.sensor(entity.entity_id)
            found.append(
                SensorView(
                    entity.entity_id,
                    self.registry.name_of(entity.entity_id),
                    roles.HAZARD_CLASSES[entity.device_class or ""],
                    seen_at=row.get("seen_at"),
                    limit_s=self.bindings_table.limit_of(entity),
                    watch=row["watch"],
                )
            )
        return found

    # -- sharing ------------------------------------------------------------------------

    def choices(self) -> Sequence[ChoiceView]:
        """The choice per class."""
        return self.sharing.choices()

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        """Take down a choice, ``zone`` or ``nobody``; in force when this returns.

        Raises:
            Refusal: the ledger could not take it down.
        """
        try:
            await self.sharing.choose(purpose, klass, value, actor.id)
        except PrivacyError as problem:
            raise refusal_of(problem) from None

    async def withdraw(self, purpose: str, klass: str, actor: Actor) -> None:
        """Withdraw a consent; in force when this returns.

        Raises:
            Refusal: the ledger could not take it down.
        """
        await self.choose(purpose, klass, "nobody", actor)

    def sent(self) -> Sequence[SentView]:
        """What left the home, newest first; nothing to read while locked."""
        return [] if self.locked else self.sharing.sent()

    def sent_today(self) -> int:
        """How many messages left since midnight."""
        return 0 if self.locked else self.sharing.sent_today()

    def ledger(self) -> Sequence[LedgerLine]:
        """The consent ledger, newest line first."""
        return self.sharing.ledger_lines(lambda actor: self._names.get(actor, actor))

    def ledger_problem(self) -> str | None:
        """What is wrong with the ledger's chain; None while it holds."""
        return self.sharing.ledger_problem()

    def pairing(self) -> PairingView | None:
        """The community, None while there is none."""
        return self.sharing.pairing()

    async def pair(self, code: str, actor: Actor) -> None:
        """Pair by the printed code.

        Raises:
            Refusal: a mistyped or used code, or a community that can't be reached.
        """
        try:
            await self.sharing.pair(code)
        except PrivacyError as problem:
            raise refusal_of(problem, "code") from None
        await self._note(actor, "pair", "community")

    async def unpair(self, actor: Actor) -> None:
        """Leave the community: nothing is sent any more.

        Raises:
            Refusal: the disk did not take it.
        """
        try:
            await self.sharing.unpair()
        except PrivacyError as problem:
            raise refusal_of(problem) from None
        await self._note(actor, "unpair", "community")

    # -- the rest -----------------------------------------------------------------------

    def listen(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """Call with ``hazards``, ``safety``, ``sharing``, ``registry`` or ``lock`` on changes."""
        ends = [
            self.bus.subscribe(topic, lambda heard, _data: changed(heard))
            for topic in ("hazards", "safety", "sharing", "registry", "lock")
        ]

        def unlisten() -> None:
            for end in ends:
                end()

        return unlisten

    @property
    def areas(self) -> Sequence[Area]:
        """The rooms that something stands in."""
        return [Area(name) for name in self.inventory.areas()]

    async def history(
        self, entity_id: str, start: float, end: float
    ) -> Sequence[tuple[float, object]]:
        """(time, value) pairs, oldest first."""
        if self.history_store is None:
            return []
        return await self.history_store.read(entity_id, start, end)
