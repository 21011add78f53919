"""A running home as its pages and programs use it: one facade over its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hub.core.commands import Actor
from hub.home.condition import HubCondition, condition_of
from hub.home.consents import Consents
from hub.home.guarding import NO_CALL, NO_SAFETY, Guarding
from hub.home.mine import Mine, mine
from hub.home.refusal import Refusal, refusal_of
from hub.home.residents import Erasure
from hub.home.views import (
    Area,
    HazardView,
    LedgerLine,
    PairingView,
    QuestionView,
    SentView,
)
from hub.plugins.problems import Noted
from hub.safety.client import SafetyRefused, SafetyUnavailable
from privacy.errors import PrivacyError

CALL_S = 3.0
"""Seconds that a call for help waits for a safety process that is just being restarted."""


class Home(Guarding):
    """One household. See `HomeLife` for its start and keys, `Guarding` for what it watches."""

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
                flat=asked.flat,
                seen_at=self.sharing.acknowledged(asked.hazard_id),
            )
        entity = self.registry.get(record["entity_id"])
        return HazardView(
            record,
            name_of=self.registry.name_of,
            place=self.registry.area_of(entity) if entity else "",
            who=lambda account_id: self._names.get(account_id, ""),
            question=question,
            contacts=self.contacts.told(record["id"]),
        )

    async def answer(self, hazard_id: str, answer: str, actor: Actor) -> bool:
        """Answer ``tell`` or ``dont``; False when another answer counted already."""
        counted = await self.offers.answer(hazard_id, answer, actor.id)
        if counted:
            await self.note(actor, f"answer {answer}", hazard_id)
        return counted

    async def cancel(self, hazard_id: str, actor: Actor) -> bool:
        """Say that it was a false alarm; event and contacts that know of it are told so.

        Returns:
            Whether there was anybody to tell.
        """
        cancelled = await self.offers.cancel(hazard_id)
        told = await self.contacts.cancel(hazard_id)
        if cancelled or told:
            await self.note(actor, "cancel event", hazard_id)
        return cancelled or told

    async def acknowledge(self, hazard_id: str, actor: Actor) -> None:
        """Somebody has seen the hazard.

        Raises:
            Refusal: the kernel can't be reached, or knows no such hazard.
        """
        try:
            await self.watch.client.acknowledge(hazard_id, actor.id)
        except (SafetyUnavailable, SafetyRefused):
            raise Refusal(NO_SAFETY) from None
        await self.refresh_names()  # they may have come, or been renamed, since the start
        await self.note(actor, "acknowledge hazard", hazard_id)

    async def call_for_help(self, actor: Actor) -> str:
        """Call for help as a bound button would; returns the hazard's id.

        Raises:
            Refusal: the kernel can't be reached: nothing sounds, and nobody is told.
        """
        client = self.watch.client
        try:
            await client.wait_connected(CALL_S)
            hazard_id: str = (await client.call(actor.id))["hazard_id"]
        except (SafetyUnavailable, SafetyRefused):
            raise Refusal(NO_CALL) from None
        await self.refresh_names()
        await self.note(actor, "call for help", hazard_id)
        return hazard_id

    async def end_call(self, hazard_id: str, actor: Actor) -> None:
        """End a call for help: it was a false press, or help is there.

        Raises:
            Refusal: the kernel can't be reached, or knows no such open call.
        """
        try:
            await self.watch.client.end(hazard_id, actor.id)
        except (SafetyUnavailable, SafetyRefused):
            raise Refusal(NO_SAFETY) from None
        await self.note(actor, "end call for help", hazard_id)

    # -- sharing ------------------------------------------------------------------------

    @property
    def consents(self) -> Consents:
        """What the household chose, and its ledger."""
        return self.sharing.consents

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        """Take down a choice, ``zone`` or ``nobody``; in force when this returns.

        Raises:
            Refusal: the ledger could not take it down.
        """
        await self.consents.choose(purpose, klass, value, actor)

    async def withdraw(self, purpose: str, klass: str, actor: Actor) -> None:
        """Withdraw a consent; in force when this returns.

        Raises:
            Refusal: the ledger could not take it down.
        """
        await self.choose(purpose, klass, "nobody", actor)

    async def stop_sharing(self, actor: Actor) -> int:
        """Withdraw every consent, contacts' too; returns how many yeses there were.

        Raises:
            Refusal: the ledger could not take it down.
        """
        stopped = await self.consents.stop(actor)
        await self.contacts.look_again()
        await self.note(actor, "stop sharing", "household")
        return stopped

    def sent(self) -> Sequence[SentView]:
        """What left the home, newest first; nothing to read while locked."""
        return [] if self.locked else self.sharing.sent()

    def sent_today(self) -> int:
        """How many messages left since midnight."""
        return 0 if self.locked else self.sharing.sent_today()

    def ledger(self) -> Sequence[LedgerLine]:
        """The consent ledger, newest line first."""
        return self.consents.lines(lambda actor: self._names.get(actor, actor))

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
        await self.note(actor, "pair", "community")

    async def unpair(self, actor: Actor) -> None:
        """Leave the community: nothing is sent any more.

        Raises:
            Refusal: the disk did not take it.
        """
        try:
            await self.sharing.unpair()
        except PrivacyError as problem:
            raise refusal_of(problem) from None
        await self.note(actor, "unpair", "community")

    # -- people -------------------------------------------------------------------------

    async def remove_person(self, account_id: str, actor: Actor) -> Erasure:
        """Remove an account and destroy its key; a new recovery sheet is due afterwards.

        Raises:
            AccountUnknown, LastKeeper: as `Accounts.remove`.
        """
        self.residents.removing(account_id, actor)
        await self.accounts.remove(account_id)
        await self.refresh_names()
        return next(one for one in await self.residents.receipts() if one.account_id == account_id)

    async def mine(self, account_id: str) -> Mine | None:
        """Everything that is kept of one person; None: there is no such account."""
        account = await self.accounts.get(account_id)
        if account is None:
            return None
        consents = self.sharing.consents.lines(str)
        return await mine(
            *(account, self.accounts, self.tokens, self.favourites),
            consents=consents,
            audit=self.audit,
        )

    async def erasures(self) -> Sequence[Erasure]:
        """The receipts of who was removed, newest first."""
        return await self.residents.receipts()

    @property
    def sheet_due(self) -> bool:
        """Whether no printed sheet is good, because somebody was removed since the last one."""
        return self.keys.sheet_due

    # -- devices ------------------------------------------------------------------------

    async def device_says(self, entity_id: str, text: str, lang: str) -> str:
        """What an integration says of its device, in the reader's language where it can."""
        entity = self.registry.get(entity_id)
        manifest = self.plugins.manifests.get(entity.integration) if entity else None
        if manifest is None:
            return text
        texts = await asyncio.to_thread(manifest.texts, lang)
        return str(texts.get(text, text))

    def bad_input(self) -> Sequence[tuple[str, Noted]]:
        """What devices sent that couldn't be used: (integration, problem), most frequent first.

        Counted since the start. The lines name topics, which may be personal: for the owner.
        """
        return self.plugins.noted()

    # -- the rest -----------------------------------------------------------------------

    def listen(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """Call with ``hazards``, ``safety``, ``sharing``, ``registry``, ``adding`` or ``lock``."""
        ends = [
            self.bus.subscribe(topic, lambda heard, _data: changed(heard))
            for topic in ("hazards", "safety", "sharing", "registry", "adding", "lock")
        ]

        def unlisten() -> None:
            for end in ends:
                end()

        return unlisten

    async def condition(self) -> HubCondition:
        """How the hub itself is: broker, integrations, history, disk."""
        return await condition_of(self)

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
