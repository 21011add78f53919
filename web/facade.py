"""What the pages need of a running home; `hub.home.runtime` is one, tests have another.

Readers answer at once from memory; whatever is durable or asks a device is awaited. Refusals
that a person can mend are `Refusal` with a text that is a msgid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from hub.home.refusal import Refusal

if TYPE_CHECKING:
    from hub.accounts.accounts import Accounts
    from hub.accounts.pairing import ScreenCodes
    from hub.accounts.tokens import Tokens
    from hub.adding.adding import Adding
    from hub.core.commands import Actor, Outcome
    from hub.core.registry import Registry
    from hub.core.states import States
    from hub.history.past import Past
    from hub.home.consents import Consents
    from hub.home.contacts.contacts import Contacts
    from hub.home.favourites import Favourites
    from hub.home.inventory import Inventory
    from hub.home.keeping import Keeping
    from hub.home.mine import Mine
    from hub.home.residents import Erasure
    from hub.home.screens import Screens
    from hub.plugins.problems import Noted
    from web.community_views import PairingView
    from web.health.views import HubView
    from web.views import (
        Area,
        BindingView,
        BrokerView,
        HazardView,
        LedgerLine,
        SensorView,
        SentView,
    )

__all__ = ["HAZARD_CLASSES", "HomeRuntime", "Refusal"]

HAZARD_CLASSES = ("gas", "smoke", "carbon_monoxide", "flood", "sos")
"""What leaves the home by the events door, as classes (privacy protocol, section 1)."""


class CommandsView(Protocol):
    """What pages use of `hub.core.commands.Commands`."""

    @property
    def leases(self) -> Mapping[str, str]:
        """Entity id -> hazard id, as the hazard kernel says."""

    async def call(
        self,
        actor: Actor,
        entity_id: str,
        command: str,
        args: Mapping[str, Any] | None = None,
        /,
        *,
        override: bool = False,
    ) -> Outcome:
        """Send a command; raises CommandRefused or CommandTimeout."""

    def offered(self, entity_id: str) -> list[str]:
        """Return the commands that an entity can be told now."""


class HomeRuntime(Protocol):
    """A running home."""

    @property
    def locked(self) -> bool:
        """Whether personal data waits for its key."""

    @property
    def set_up(self) -> bool:
        """Whether there is a household at all."""

    @property
    def registry(self) -> Registry:
        """Devices and entities."""

    @property
    def states(self) -> States:
        """What they say."""

    @property
    def commands(self) -> CommandsView:
        """The way to them."""

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""

    @property
    def tokens(self) -> Tokens:
        """The tokens of programs."""

    @property
    def screens(self) -> Screens:
        """What each screen on a wall shows."""

    @property
    def screen_codes(self) -> ScreenCodes:
        """How a tablet becomes one."""

    @property
    def inventory(self) -> Inventory:
        """What the household decides about its things."""

    @property
    def favourites(self) -> Favourites:
        """What each person wants to see first."""

    @property
    def keeping(self) -> Keeping:
        """What is kept of the history, and for how long."""

    @property
    def areas(self) -> Sequence[Area]:
        """The rooms at home."""

    def listen(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """Call with `hazards`, `safety`, `sharing`, `registry` or `lock` when that changed."""

    def hazards(self) -> Sequence[HazardView]:
        """Return open hazards first, then the newest."""

    async def answer(self, hazard_id: str, answer: str, actor: Actor) -> bool:
        """Answer `tell` or `dont`; False when another answer counted already."""

    async def cancel(self, hazard_id: str, actor: Actor) -> bool:
        """Say that it was a false alarm; False when nobody was told that it was one."""

    async def acknowledge(self, hazard_id: str, actor: Actor) -> None:
        """Say that somebody has seen the hazard."""

    async def call_for_help(self, actor: Actor) -> str:
        """Call for help; returns the hazard's id. Raises Refusal."""

    async def end_call(self, hazard_id: str, actor: Actor) -> None:
        """End a call for help."""

    def bindings(self) -> Sequence[BindingView]:
        """Return what is bound."""

    def candidates(self, role: str) -> Sequence[tuple[str, str]]:
        """Return (entity_id, name) of what could fill a role."""

    async def bind(self, role: str, entity_id: str, actor: Actor) -> None:
        """Bind an actuator to a role."""

    async def unbind(self, entity_id: str, actor: Actor) -> None:
        """Take an actuator out of its role."""

    async def test_press(self, entity_id: str, actor: Actor) -> bool:
        """Let the kernel press it once; True when the device itself confirmed."""

    async def set_limit(self, entity_id: str, seconds: float, actor: Actor) -> None:
        """Set how long a safety sensor may stay silent."""

    def markable(self, hazard: str) -> Sequence[tuple[str, str]]:
        """Return (value for `mark`, name) of what could be said to be for a hazard."""

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
        """Say that a sensor is for a hazard, or set its limits."""

    async def unmark(self, hazard: str, entity_id: str, actor: Actor) -> None:
        """Say that a sensor is no longer for a hazard."""

    @property
    def test_days(self) -> int:
        """Return after how many days a safety sensor is to be tried."""

    async def set_test_days(self, days: int, actor: Actor) -> None:
        """Choose after how many days."""

    async def tested(self, entity_id: str, actor: Actor) -> None:
        """Say that a sensor was tried."""

    @property
    def adding(self) -> Adding:
        """Return the home's ways to new devices."""

    @property
    def broker(self) -> BrokerView:
        """Return how devices reach the broker."""

    def bad_input(self) -> Sequence[tuple[str, Noted]]:
        """Return what devices sent that can't be used, by integration; for the owner."""

    @property
    def guard(self) -> str:
        """Return whether alarms are watched now: `watching` or a word of `web.words.GUARD`."""

    def supervision(self) -> Sequence[SensorView]:
        """Return every sensor and hazard it is for, watched or not; the gravest first."""

    @property
    def consents(self) -> Consents:
        """Return what the household chose, and its ledger."""

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        """Take down a choice, `zone` or `nobody`."""

    async def withdraw(self, purpose: str, klass: str, actor: Actor) -> None:
        """Withdraw a consent; in force when this returns."""

    async def stop_sharing(self, actor: Actor) -> int:
        """Withdraw every consent, contacts' too; returns how many yeses there were."""

    @property
    def contacts(self) -> Contacts:
        """Return who outside is told of alarms."""

    def sent(self) -> Sequence[SentView]:
        """Return what left the home, newest first."""

    def sent_today(self) -> int:
        """Count the messages that left since midnight."""

    def ledger(self) -> Sequence[LedgerLine]:
        """Return the ledger, newest line first."""

    def pairing(self) -> PairingView | None:
        """Return the community, None while there is none."""

    async def pair(self, code: str, actor: Actor) -> None:
        """Pair by the printed code."""

    async def unpair(self, actor: Actor) -> None:
        """Leave the community."""

    async def device_says(self, entity_id: str, text: str, lang: str) -> str:
        """Return what an integration says of its device, in the reader's language if it can."""

    async def note(self, actor: Actor, action: str, subject: str) -> None:
        """Write a line of the audit; no secrets, please."""

    async def condition(self) -> HubView:
        """Return how broker, integrations, history and disk are."""

    async def history(
        self, entity_id: str, start: float, end: float
    ) -> Sequence[tuple[float, object]]:
        """Return (time, value) pairs, oldest first."""

    @property
    def past(self) -> Past:
        """Return what reads series of the history."""

    @property
    def unlock_mode(self) -> str:
        """Return `passphrase`, `media` or `machine`."""

    async def setup(self, *, name: str, password: str, unlock: Mapping[str, str]) -> str:
        """Make the household and its owner; returns the recovery code to print.

        `unlock` holds `mode` and, where the mode needs it, `passphrase`.
        """

    async def change_mode(self, unlock: Mapping[str, str], actor: Actor) -> None:
        """Choose another unlock mode."""

    async def new_recovery(self, actor: Actor) -> str:
        """Make a new recovery code; the old sheet is void."""

    @property
    def sheet_due(self) -> bool:
        """Return whether no printed sheet is good, because somebody was removed."""

    async def remove_person(self, account_id: str, actor: Actor) -> Erasure:
        """Remove an account and destroy its key; a new sheet is due afterwards."""

    async def mine(self, account_id: str) -> Mine | None:
        """Return everything that is kept of one person; None: there is no such account."""

    async def erasures(self) -> Sequence[Erasure]:
        """Return the receipts of who was removed, newest first."""

    async def unlock(self, passphrase: str) -> None:
        """Open the household key; the passphrase is "" for a memory stick."""

    async def recover(self, code: str, passphrase: str) -> None:
        """Open it by the recovery code and set a new passphrase."""
