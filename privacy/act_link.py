"""The acts door's link: a resident tells the community something on purpose, as themselves.

An act names its home, and means to. It is a JSON body ``{act, id, status, at}``, signed, sealed
and padded to one length by `privacy.act_seal`: nobody on the way reads who acts, what, or how it
ends, whatever becomes of the TLS around it. The community knows the flat by the enrolment key; no
name and no flat is in the message.

``{act, id}`` names one thing for ever: sent again it changes nothing, so that a home may repeat
itself until it is answered.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privacy.act_seal import ActError, ActSeal, Opened, Recipient

ACT_PATH = "/api/v1/acts"
SOS = "sos"
ACTS = (SOS,)
SEAL = ActSeal("act", 512)

_ID = 32  # hex characters


class ActStatus(StrEnum):
    """What a home says about something it told; ``asked`` changes nothing."""

    RAISED = "raised"
    ASKED = "asked"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


class Act:
    """An act as the community reads it.

    Attributes:
        key: the home's enrolment key, 32 bytes; whose flat it is, the roster knows.
        act: what, one of `ACTS`.
        id: names it, 32 hex characters.
        status: a word of `ActStatus`.
        at: when, by the home's clock, Unix seconds.
    """

    __slots__ = ("_reply", "act", "at", "id", "key", "status")

    def __init__(self, opened: Opened) -> None:
        """Read an opened act.

        Raises:
            ActError: it is none of `ACTS`, or malformed.
        """
        try:
            body = json.loads(opened.body)
            self.key = opened.key
            self.act = str(body["act"])
            self.id = str(body["id"])
            self.status = ActStatus(str(body["status"]))
            self.at = float(str(body["at"]))
        except (KeyError, ValueError, TypeError, RecursionError):
            raise ActError("the act is malformed") from None
        self._reply = opened.reply
        if self.act not in ACTS or len(self.id) != _ID or set(self.id) - set("0123456789abcdef"):
            raise ActError("the act is unknown")

    def answer(self, fields: dict[str, object]) -> bytes:
        """The JSON answer that only the sender can open."""
        return SEAL.answer(self._reply, fields)


def act_id(public: bytes, hazard_id: str) -> str:
    """The same id for the same hazard of the same home, which says neither."""
    return hashlib.sha256(b"linli act id 1\0" + public + hazard_id.encode()).hexdigest()[:_ID]


def act_body(act: str, named: str, status: ActStatus, at: float) -> bytes:
    """What an act says: what is logged at home, signed and sealed."""
    return json.dumps({"act": act, "id": named, "status": status, "at": round(at)}).encode()


def open_act(request: object, private: X25519PrivateKey) -> Act:
    """Open and check an act; whether its key is enrolled is the caller's part.

    Raises:
        ActError: malformed, sealed to another key, or a signature that does not hold.
    """
    return Act(SEAL.open(request, private))


def send_act(body: bytes, key: Ed25519PrivateKey, to: Recipient) -> dict[str, object]:
    """Send an act and return the community's answer. Blocking; log the body first.

    Raises:
        ActRefused: the community doesn't take it from this home.
        ActError: an answer that isn't the community's own.
        PortalUnreachable: no answer; the same act may be sent again.
    """
    return SEAL.send(ACT_PATH, body, key, to)
