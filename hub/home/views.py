"""What the pages show of a home: plain records made from the runtime's own."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Sequence
from typing import Any

from hub.home.contacts.contacts import Told
from hub.safety import advice
from hub.safety.advice import Deed
from hub.safety.calling import CALL_ID
from hub.safety.table import Measure
from privacy.consent import TELL_ZONE, Consent
from privacy.purposes import Purpose


class _Spoken(gettext.NullTranslations):
    """A page's words as a catalogue."""

    def __init__(self, words: Callable[[str], str]) -> None:
        super().__init__()
        self._words = words

    def gettext(self, message: str) -> str:
        return self._words(message)


class QuestionView:
    """The question whether to tell the duty desk: see `hub.home.offer`.

    `told` is whether the event is in the queue or has left, or, where the `flat` is told, whether
    the community has taken it; `seen_at` when the duty desk acknowledged that. `cancelled` is
    whether somebody at home said since that it was a false alarm.
    """

    __slots__ = ("answer", "cancelled", "choice", "deadline", "flat", "seen_at", "told")

    def __init__(
        self,
        deadline: float,
        choice: str | None,
        answer: str | None,
        *,
        told: bool,
        cancelled: bool = False,
        flat: bool = False,
        seen_at: float | None = None,
    ) -> None:
        self.deadline = deadline
        self.choice = choice
        self.answer = answer
        self.told = told
        self.cancelled = cancelled
        self.flat = flat
        self.seen_at = seen_at


UNNAMED = "SOS"


class HazardView:
    """One hazard record with the names people use; times in epoch seconds.

    `sensor` is who called, where somebody called for help on a page; `called_by` their account.
    `contacts` is what became of telling each of them.
    """

    __slots__ = (
        "_names",
        "_who",
        "acknowledged_by",
        "active",
        "called_by",
        "cleared_at",
        "contacts",
        "entity_id",
        "hazard",
        "id",
        "place",
        "question",
        "raised_at",
        "record",
        "sensor",
    )

    def __init__(
        self,
        record: dict[str, Any],
        *,
        name_of: Callable[[str], str],
        place: str,
        who: Callable[[str], str],
        question: QuestionView | None,
        contacts: Sequence[Told] = (),
    ) -> None:
        self.contacts = contacts
        self.record = record
        self.id: str = record["id"]
        self.hazard: str = record["hazard"]
        self.entity_id: str = record["entity_id"]
        self.called_by: str = record.get("called_by", "")
        person = who(self.called_by) if self.called_by else ""
        called = self.entity_id == CALL_ID
        self.sensor = (person or UNNAMED) if called else name_of(self.entity_id)
        self.place = place
        self.raised_at: float = record["raised_at"]
        self.active: bool = record["active"]
        self._who = who
        by = record["acknowledged_by"]
        self.acknowledged_by = who(by) if by else None
        self.cleared_at: float | None = record["cleared_at"]
        self._names = {
            entity_id: name_of(entity_id)
            for entity_id in (
                record["entity_id"],
                *(action["entity_id"] for action in record["actions"]),
            )
        }
        if called:
            self._names[CALL_ID] = person
        self.question = question

    def advice(self, words: Callable[[str], str]) -> Sequence[str]:
        """What happened and what to do now, in plain words."""
        spoken = advice.Advice(_Spoken(words), self._names)
        return [spoken.happened(self.record), *spoken.steps(self.hazard)]

    def did(self, words: Callable[[str], str]) -> Sequence[Deed]:
        """What the system did, a sentence for each actuator, and who took one back."""
        taken = [{**row, "by": self._who(row["by"])} for row in self.record.get("overrides", ())]
        return advice.Advice(_Spoken(words), self._names).did({**self.record, "overrides": taken})


class BindingView:
    """One actuator bound to a role."""

    __slots__ = ("entity_id", "name", "present", "role")

    def __init__(self, role: str, entity_id: str, name: str, *, present: bool) -> None:
        self.role = role
        self.entity_id = entity_id
        self.name = name
        self.present = present


class SensorView:
    """One sensor and one hazard that it is watched for.

    Attributes:
        limit_s: how long it may stay silent; None where silence says nothing.
        watch: a word of `hub.home.watch.Watch.sensor`.
        own: names of the sockets of its own device that act for it.
        missing: roles that the hazard needs and that nothing is bound to.
        measure: the figure it gives, a `hub.safety.table.Measure`; None for one of words.
        limit: the limit in force, in the measure's unit.
        for_s: seconds for which the figure has to be past it.
        marked: a resident said that it is for this.
        acts: a resident said that its own socket is switched off.
        tested_at: when it was last tried or detected; None where tests aren't counted too.
        test_due: whether it is time to try it.
    """

    __slots__ = (
        "acts",
        "entity_id",
        "for_s",
        "hazard",
        "limit",
        "limit_s",
        "marked",
        "measure",
        "missing",
        "name",
        "own",
        "seen_at",
        "test_due",
        "tested_at",
        "watch",
    )

    def __init__(
        self,
        entity_id: str,
        name: str,
        hazard: str,
        *,
        seen_at: float | None,
        limit_s: float | None,
        watch: str,
        own: Sequence[str],
        missing: Sequence[str],
        measure: Measure | None,
        limit: float | None,
        for_s: float,
        marked: bool,
        acts: bool,
        tested_at: float | None,
        test_due: bool,
    ) -> None:
        self.entity_id = entity_id
        self.name = name
        self.hazard = hazard
        self.seen_at = seen_at
        self.limit_s = limit_s
        self.watch = watch
        self.own = own
        self.missing = missing
        self.measure = measure
        self.limit = limit
        self.for_s = for_s
        self.marked = marked
        self.acts = acts
        self.tested_at = tested_at
        self.test_due = test_due


class ChoiceView:
    """What the resident chose for a class: ``zone``, for SOS ``flat``, ``nobody`` or None.

    Attributes:
        by: who chose, an account's id; "" where nobody did.
        notice: the version of the notice that was read; None where nobody chose.
        lapsed: it was a yes, and the notice tells more since: it doesn't count any more.
        outdated: it is a yes, and there is a newer notice that tells no more.
    """

    __slots__ = ("by", "klass", "lapsed", "notice", "outdated", "purpose", "since", "value")

    def __init__(self, klass: str, value: str | None, line: Consent | None) -> None:
        self.klass = klass
        self.value = value
        self.purpose = line.purpose if line else TELL_ZONE
        self.since = line.time if line else None
        self.by = line.actor if line else ""
        self.notice = line.notice if line else None
        self.lapsed = line is not None and line.lapsed
        self.outdated = line is not None and line.outdated


class PurposeView:
    """One purpose, with the yeses there are, those that a later notice widened included."""

    __slots__ = ("purpose", "yeses")

    def __init__(self, purpose: Purpose, yeses: Sequence[Consent]) -> None:
        self.purpose = purpose
        self.yeses = yeses


class SentView:
    """One message that left the home; see `web.facade`."""

    __slots__ = ("at", "door", "fields", "raw", "recipient", "state")

    def __init__(
        self,
        *,
        at: float,
        door: str,
        recipient: str,
        state: str,
        fields: Sequence[tuple[str, str]],
        raw: bytes,
    ) -> None:
        self.at = at
        self.door = door
        self.recipient = recipient
        self.state = state
        self.fields = fields
        self.raw = raw


class LedgerLine:
    """One line of the consent ledger."""

    __slots__ = (
        *("actor", "at", "basis", "klass", "notice"),
        *("purpose", "recipient", "scope", "seq", "state"),
    )

    def __init__(self, line: dict[str, Any], actor: str, *, first_no: bool) -> None:
        self.scope: str = line["scope"]
        self.basis: str = line["basis"]
        self.notice: int = line["notice"]
        self.seq: int = line["seq"]
        self.at: float = line["time"]
        self.purpose: str = line["purpose"]
        self.klass: str = line["class"]
        self.recipient: str = line["recipient"]
        # The ledger writes every no as "withdrawn", also one before anything was ever given.
        self.state: str = "not_given" if first_no else line["state"]
        self.actor = actor


class PairingView:
    """The community this home is paired with, and the zone its events name.

    `acts` is whether a call of this flat can be sent to it: homes that paired before there were
    any don't know where to. `tokens` is how many alarms of this home it can be told of until it
    gets new tokens; None where the community issues none. `standing` says how this home stands
    with its witnesses, a word of `privacy.witnessed.Standing`.
    """

    __slots__ = ("acts", "address", "community", "homes", "slot_s", "standing", "tokens", "zone")

    def __init__(
        self,
        community: str,
        address: str,
        zone: str,
        homes: int,
        slot_s: float,
        *,
        acts: bool = False,
        tokens: int | None = None,
        standing: str = "none",
    ) -> None:
        self.acts = acts
        self.tokens = tokens
        self.standing = standing
        self.community = community
        self.address = address
        self.zone = zone
        self.homes = homes
        self.slot_s = slot_s


class Area:
    """A room at home; a home's rooms are the places its devices are said to stand in."""

    __slots__ = ("id", "name")

    def __init__(self, name: str) -> None:
        self.id = name
        self.name = name
