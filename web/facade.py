"""What the pages need of a running home; `hub.home.runtime` is one, tests have another.

Readers answer at once from memory; whatever is durable or asks a device is awaited. Refusals
that a person can mend are `Refusal` with a text that is a msgid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from hub.home.refusal import Refusal

if TYPE_CHECKING:
    from hub.accounts.accounts import Accounts
    from hub.core.commands import Actor, Commands
    from hub.core.registry import Registry
    from hub.core.states import States

__all__ = ["HAZARD_CLASSES", "HomeRuntime", "Refusal"]

HAZARD_CLASSES = ("gas", "smoke", "flood")
"""What leaves the home by the events door, as classes (privacy protocol, section 1)."""


class ActionView(Protocol):
    """One action of the hazard kernel: `result` is a word of `hub.safety.records`."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def role(self) -> str:
        """A role of `web.words.ROLES`."""

    @property
    def result(self) -> str:
        """A word of `hub.safety.records`."""


class QuestionView(Protocol):
    """The question whether to tell the duty desk; `deadline` in epoch seconds.

    `choice` is what counts without an answer: `zone`, `nobody` or None (never chosen);
    `answer` is `tell`, `dont` or None.
    """

    @property
    def deadline(self) -> float:
        """When the choice counts, epoch seconds."""

    @property
    def choice(self) -> str | None:
        """`zone`, `nobody` or None."""

    @property
    def answer(self) -> str | None:
        """`tell`, `dont` or None."""

    @property
    def told(self) -> bool:
        """Whether the event is queued or has left; False where there is nobody to tell."""


class HazardView(Protocol):
    """One hazard record, ready to be shown; times in epoch seconds."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def hazard(self) -> str:
        """`gas`, `smoke`, `leak` or `supervision`."""

    @property
    def entity_id(self) -> str:
        """The entity."""

    @property
    def sensor(self) -> str:
        """The sensor's name."""

    @property
    def place(self) -> str:
        """The room, "" where none is known."""

    @property
    def raised_at(self) -> float:
        """When it began."""

    @property
    def active(self) -> bool:
        """Whether it is still on."""

    @property
    def acknowledged_by(self) -> str | None:
        """Who has seen it, None for nobody."""

    @property
    def cleared_at(self) -> float | None:
        """When it ended."""

    @property
    def actions(self) -> Sequence[ActionView]:
        """What the kernel did."""

    @property
    def question(self) -> QuestionView | None:
        """The question, None where none is asked."""

    def advice(self, words: Callable[[str], str]) -> Sequence[str]:
        """What happened and what to do now, in plain words (`hub.safety.advice`)."""


class BindingView(Protocol):
    """One actuator bound to a role."""

    @property
    def role(self) -> str:
        """A role of `web.words.ROLES`."""

    @property
    def entity_id(self) -> str:
        """The entity."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def present(self) -> bool:
        """Whether the device is there now."""


class SensorView(Protocol):
    """One watched safety sensor; `limit_s` is how long it may stay silent."""

    @property
    def entity_id(self) -> str:
        """The entity."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def hazard(self) -> str:
        """`gas`, `smoke`, `leak` or `supervision`."""

    @property
    def seen_at(self) -> float | None:
        """When it was last heard."""

    @property
    def limit_s(self) -> float:
        """The longest silence."""

    @property
    def lost(self) -> bool:
        """Whether it is silent for too long."""


class ChoiceView(Protocol):
    """What the resident chose for a class: `zone`, `nobody` or None; `since` in epoch seconds."""

    @property
    def purpose(self) -> str:
        """A purpose of the ledger."""

    @property
    def klass(self) -> str:
        """A class of event."""

    @property
    def value(self) -> str | None:
        """`zone`, `nobody` or None."""

    @property
    def since(self) -> float | None:
        """Since when."""


class SentView(Protocol):
    """One message that left the home.

    `door` is `events`, `acts` or `grants`; `fields` are (msgid, value) pairs, values that are
    words being msgids too; `state` is `waiting`, `sent` or `received`.
    """

    @property
    def at(self) -> float:
        """When."""

    @property
    def door(self) -> str:
        """`events`, `acts` or `grants`."""

    @property
    def recipient(self) -> str:
        """Who got it, a msgid."""

    @property
    def state(self) -> str:
        """Its state."""

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """(msgid, value) pairs."""

    @property
    def raw(self) -> bytes:
        """The bytes as sent."""


class LedgerLine(Protocol):
    """One line of the consent ledger."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def at(self) -> float:
        """When."""

    @property
    def purpose(self) -> str:
        """A purpose of the ledger."""

    @property
    def klass(self) -> str:
        """A class of event."""

    @property
    def state(self) -> str:
        """Its state."""

    @property
    def actor(self) -> str:
        """Who chose, an account's id or name."""


class PairingView(Protocol):
    """The community this home is paired with."""

    @property
    def community(self) -> str:
        """Its name."""

    @property
    def address(self) -> str:
        """Its address."""

    @property
    def zone(self) -> str:
        """The zone that events name."""

    @property
    def homes(self) -> int:
        """How many homes share that zone."""

    @property
    def slot_s(self) -> float:
        """Seconds between two cells."""


class Area(Protocol):
    """A room at home."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """What people call it."""


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
    def commands(self) -> Commands:
        """The way to them."""

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""

    @property
    def areas(self) -> Sequence[Area]:
        """The rooms at home."""

    def listen(self, changed: Callable[[str], None]) -> Callable[[], None]:
        """Call with `hazards`, `safety`, `sharing`, `registry` or `lock` when that changed."""

    def hazards(self) -> Sequence[HazardView]:
        """Return open hazards first, then the newest."""

    async def answer(self, hazard_id: str, answer: str, actor: Actor) -> bool:
        """Answer `tell` or `dont`; False when another answer counted already."""

    async def acknowledge(self, hazard_id: str, actor: Actor) -> None:
        """Say that somebody has seen the hazard."""

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

    def supervision(self) -> Sequence[SensorView]:
        """Return every watched safety sensor."""

    def choices(self) -> Sequence[ChoiceView]:
        """Return the choice per class, in the order of `HAZARD_CLASSES`."""

    async def choose(self, purpose: str, klass: str, value: str, actor: Actor) -> None:
        """Take down a choice, `zone` or `nobody`."""

    async def withdraw(self, purpose: str, klass: str, actor: Actor) -> None:
        """Withdraw a consent; in force when this returns."""

    def sent(self) -> Sequence[SentView]:
        """Return what left the home, newest first."""

    def sent_today(self) -> int:
        """Count the messages that left since midnight."""

    def ledger(self) -> Sequence[LedgerLine]:
        """Return the ledger, newest line first."""

    def ledger_problem(self) -> str | None:
        """Return what is wrong with the ledger's chain, None while it holds."""

    def pairing(self) -> PairingView | None:
        """Return the community, None while there is none."""

    async def pair(self, code: str, actor: Actor) -> None:
        """Pair by the printed code."""

    async def unpair(self, actor: Actor) -> None:
        """Leave the community."""

    async def history(
        self, entity_id: str, start: float, end: float
    ) -> Sequence[tuple[float, object]]:
        """Return (time, value) pairs, oldest first."""

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

    async def unlock(self, passphrase: str) -> None:
        """Open the household key; the passphrase is "" for a memory stick."""

    async def recover(self, code: str, passphrase: str) -> None:
        """Open it by the recovery code and set a new passphrase."""
