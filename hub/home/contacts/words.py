"""What a contact reads: plain words, without names of people, rooms or devices."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone

from hub.core.language import translator
from hub.home.contacts.model import Contact
from hub.home.contacts.telling import CANCELLED, OVER, RAISED, Telling
from hub.safety.advice import TITLES
from hub.safety.table import HAZARDS
from privacy.grants import Message

TEST = "test"
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Whose clock messages show, as the pages do."""
_PRIORITY = {1: 5, 2: 4}
_USUAL = 3


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is sent."""
    return message


HAPPENED = {
    "gas": _("Gas was detected at {home} at {time}."),
    "smoke": _("Smoke was detected at {home} at {time}."),
    "carbon_monoxide": _("Carbon monoxide was detected at {home} at {time}."),
    "sos": _("Somebody at {home} called for help at {time}."),
    "leak": _("Water was detected at {home} at {time}."),
    "overheat": _("Something at {home} was hotter than its limit at {time}."),
    "overload": _("Something at {home} drew more power than its limit at {time}."),
    "leakage": _("Current leaked to earth at {home} at {time}."),
    "arc": _("An electric arc, which can start a fire, was detected at {home} at {time}."),
    "running_water": _("Water at {home} runs without a break; noticed at {time}."),
    "left_on": _("Something at {home} was left on for too long; noticed at {time}."),
    "freezing": _("It got colder than its limit at {home} at {time}."),
    "supervision": _("No word from a safety sensor at {home} since {time}."),
}
GAS = _("Don't phone into the home while there is gas. Go there; in danger call 119.")
LIFE = _("Call them or go there. In danger call 119.")
SOS = _("Call them or go there now. If they need an ambulance, call 120.")
LOOK = _("Ask them, or look after it.")
ADVICE = {"gas": GAS, "smoke": LIFE, "carbon_monoxide": LIFE, "sos": SOS}
UNSEEN = _("Nobody at home has said that they saw it.")
TITLE = {
    RAISED: _("{alarm}: {home}"),
    OVER: _("Over: {alarm}, {home}"),
    CANCELLED: _("False alarm: {alarm}, {home}"),
    TEST: _("Test: {home}"),
}
ENDED = {
    OVER: _("The alarm at {home} is over since {time}."),
    CANCELLED: _("Somebody at {home} said at {time} that it was a false alarm."),
}
TESTED = _("This is a test from {home}. Nothing happened. In an alarm a message like this comes.")


def message_of(contact: Contact, telling: Telling, status: str) -> Message:
    """What a contact is told of a hazard; the same bytes and key however often it is sent."""
    say = translator("hub", contact.lang).gettext
    at = telling.raised_at if status == RAISED else telling.ended_at or telling.raised_at
    alarm = say(TITLES[telling.hazard])
    clock = datetime.fromtimestamp(at, CHINA).strftime("%H:%M")
    if status == RAISED:
        parts = [say(HAPPENED[telling.hazard]).format(home=contact.label, time=clock)]
        if telling.unseen_only:
            parts.append(say(UNSEEN))
        parts.append(say(ADVICE.get(telling.hazard, LOOK)))
    else:
        parts = [say(ENDED[status]).format(home=contact.label, time=clock)]
    kind = HAZARDS.get(telling.hazard)
    level = kind.level if kind and status == RAISED else 0
    return Message(
        _body(
            title=say(TITLE[status]).format(alarm=alarm, home=contact.label),
            message=" ".join(parts) if contact.lang == "en" else "".join(parts),
            hazard=telling.hazard,
            status=status,
            at=at,
        ),
        _PRIORITY.get(level, _USUAL),
        _key(contact.id, telling.hazard_id, status),
    )


def test_of(contact: Contact, at: float) -> Message:
    """A message that says of itself that it is a test."""
    say = translator("hub", contact.lang).gettext
    body = _body(
        title=say(TITLE[TEST]).format(home=contact.label),
        message=say(TESTED).format(home=contact.label),
        hazard=TEST,
        status=TEST,
        at=at,
    )
    return Message(body, _USUAL, _key(contact.id, str(at), TEST))


def _body(*, title: str, message: str, hazard: str, status: str, at: float) -> bytes:
    said = {
        "title": title,
        "message": message,
        "hazard": hazard,
        "status": status,
        "at": round(at),
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _key(contact_id: str, named: str, status: str) -> str:
    """Tells apart what is different and nothing else: the hazard's own id stays at home."""
    text = f"linli contact 1\0{contact_id}\0{named}\0{status}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
