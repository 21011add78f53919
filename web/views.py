"""The records that the pages show; `hub.home.views` holds the real ones, tests have others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hub.safety.table import Measure


class QuestionView(Protocol):
    """The question whether to tell the duty desk; `deadline` in epoch seconds.

    `choice` is what counts without an answer: `zone`, `flat`, `nobody` or None (never chosen);
    `answer` is `tell`, `dont` or None.
    """

    @property
    def deadline(self) -> float:
        """When the choice counts, epoch seconds."""

    @property
    def choice(self) -> str | None:
        """`zone`, `flat`, `nobody` or None."""

    @property
    def answer(self) -> str | None:
        """`tell`, `dont` or None."""

    @property
    def told(self) -> bool:
        """Whether the event is queued or has left; False where there is nobody to tell."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody at home said since that it was a false alarm."""

    @property
    def flat(self) -> bool:
        """Whether it is the flat that is told, and not the zone."""

    @property
    def seen_at(self) -> float | None:
        """When the duty desk acknowledged the call of this flat."""


class DeedView(Protocol):
    """What one actuator did."""

    @property
    def role(self) -> str:
        """A role of `web.words.ROLES`."""

    @property
    def result(self) -> str:
        """A word of `hub.safety.records`, or `taken` where a person took it back."""

    @property
    def text(self) -> str:
        """The sentence, in the reader's language."""


class ToldView(Protocol):
    """What became of telling one contact; see `hub.home.contacts.contacts.Told`."""

    @property
    def name(self) -> str:
        """Of the contact."""

    @property
    def state(self) -> str:
        """`waits`, `seen`, `trying`, `told`, `ended` or `untold`."""

    @property
    def at(self) -> float | None:
        """When it is due, or was told; epoch seconds."""

    @property
    def problem(self) -> str:
        """What the last try ended with, "" where there was none."""


class HazardView(Protocol):
    """One hazard record, ready to be shown; times in epoch seconds."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def hazard(self) -> str:
        """A name of `hub.safety.table.HAZARDS`, or `supervision`."""

    @property
    def entity_id(self) -> str:
        """The entity."""

    @property
    def called_by(self) -> str:
        """The account of who called for help on a page, "" for every other hazard."""

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
    def question(self) -> QuestionView | None:
        """The question, None where none is asked."""

    @property
    def contacts(self) -> Sequence[ToldView]:
        """What became of telling each contact."""

    def advice(self, words: Callable[[str], str]) -> Sequence[str]:
        """What happened and what to do now, in plain words (`hub.safety.advice`)."""

    def did(self, words: Callable[[str], str]) -> Sequence[DeedView]:
        """What the system did, for each actuator (`hub.safety.advice`)."""


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


class BrokerUserView(Protocol):
    """A device's user at the embedded broker; `made_at` in epoch seconds."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def made_at(self) -> float:
        """When its password was made."""


class BrokerView(Protocol):
    """The broker's door for devices; see `hub.home.device_users`."""

    @property
    def address(self) -> str:
        """Host and port."""

    @property
    def ours(self) -> bool:
        """Whether its users are made here."""

    @property
    def problem(self) -> str:
        """What is wrong with it, a key of `web.words.BROKER`; empty while nothing is."""

    @property
    def secure(self) -> bool:
        """Whether the hub speaks TLS to it."""

    @property
    def version(self) -> str:
        """The version of MQTT."""

    async def users(self) -> Sequence[BrokerUserView]:
        """Return everybody who may come in."""

    async def give_password(self, name: str, *, new: bool) -> str:
        """Make a password; it is kept nowhere."""

    async def remove(self, name: str) -> None:
        """Take a user away."""


class SensorView(Protocol):
    """One sensor and one hazard it is watched for; `limit_s` is how long it may stay silent."""

    @property
    def entity_id(self) -> str:
        """The entity."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def hazard(self) -> str:
        """A name of `hub.safety.table.HAZARDS`."""

    @property
    def seen_at(self) -> float | None:
        """When it was last heard."""

    @property
    def limit_s(self) -> float | None:
        """The longest silence; None where silence says nothing."""

    @property
    def watch(self) -> str:
        """How it is watched now, a word of `web.words.WATCH`."""

    @property
    def own(self) -> Sequence[str]:
        """Names of the sockets of its own device that act for it."""

    @property
    def missing(self) -> Sequence[str]:
        """Roles that the hazard needs and that nothing is bound to."""

    @property
    def measure(self) -> Measure | None:
        """The figure it gives, None for a sensor of words."""

    @property
    def limit(self) -> float | None:
        """The limit in force, in the measure's unit."""

    @property
    def for_s(self) -> float:
        """Seconds for which the figure has to be past it."""

    @property
    def marked(self) -> bool:
        """Whether a resident said that it is for this."""

    @property
    def acts(self) -> bool:
        """Whether a resident said that its own socket is switched off."""

    @property
    def tested_at(self) -> float | None:
        """When it was last tried or detected."""

    @property
    def test_due(self) -> bool:
        """Whether it is time to try it."""


class SentView(Protocol):
    """One message that left the home.

    `door` is `events`, `acts` or `grants`; `fields` are (msgid, value) pairs, values that are
    words being msgids too; `state` is a key of `web.sharing.words.SENT_STATES`.
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
    def scope(self) -> str:
        """`standing`, or the one alarm or contact that it is about."""

    @property
    def basis(self) -> str:
        """On what ground."""

    @property
    def notice(self) -> int:
        """The version of the notice that was read."""

    @property
    def klass(self) -> str:
        """A class of event."""

    @property
    def recipient(self) -> str:
        """Who learns of it, as the ledger names them."""

    @property
    def state(self) -> str:
        """Its state."""

    @property
    def actor(self) -> str:
        """Who chose, an account's id or name."""


class Area(Protocol):
    """A room at home."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """What people call it."""
