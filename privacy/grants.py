"""The grants door: connections that a resident switched on, now to contacts told in an alarm.

A message leaves only while the consent ledger holds a yes for this grant, this class and this
very address; the ledger is asked before the message is logged and again when the connection
stands, before the first byte. What is sent is in the log first, word for word; what the log
can't take doesn't leave. Nothing here knows what the messages say or when they are due.

Unlike an event, a message leaves when it is due, so that whoever watches the home's line sees
that something left at that moment: the pages say so before a grant is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from privacy.addresses import Url, is_local
from privacy.consent import TELL_CONTACT, Consent, Ledger
from privacy.door_log import DoorLog
from privacy.errors import PrivacyError
from privacy.http_post import Unanswered, Unreached, cut, post
from privacy.letterbox import Letterbox

TIMEOUT_S = 5.0
ANSWER_LIMIT = 4096
MOST_AT_ONCE = 8
UNREACHED, UNANSWERED, STOPPED = "unreached", "unanswered", "stopped"
"""What became of a line that got no answer; with one, the outcome is its HTTP status."""

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,1022}[!-~])?")
_OURS = frozenset(
    (
        *("host", "content-type", "content-length", "transfer-encoding", "connection"),
        *("priority", "idempotency-key", "template", "title", "message", "accept-encoding"),
    )
)


class GrantError(PrivacyError):
    """A grant that can't be used as it is."""


class NotGranted(PrivacyError):
    """The ledger holds no yes for it (any more); nothing left."""


class NotLogged(PrivacyError):
    """The log did not take it; nothing left. Try again later."""


class Grant:
    """Whom a resident lets this home tell, and how they are reached.

    Attributes:
        id: names it in the ledger, 32 hex characters.
        url: where messages go; plain http only in the home's own network.
        header: name and value of a header that the address wants, such as a password; secret.
        certificate: PEM that is trusted for it instead of the system's authorities.
    """

    __slots__ = ("certificate", "header", "id", "url")

    def __init__(
        self,
        grant_id: str,
        address: str,
        header: tuple[str, str] | None = None,
        certificate: str | None = None,
    ) -> None:
        """Check what a resident wrote.

        Raises:
            AddressError: not an address.
            GrantError: plain http beyond the home's network, or a header that can't be sent.
        """
        self.id = grant_id
        self.url = Url(address)
        if self.url.scheme == "http" and not is_local(self.url.host):
            raise GrantError("plain http is for the home network only; the address must be https")
        if header is not None:
            name, value = header
            if not _HEADER.fullmatch(name) or name.lower() in _OURS:
                raise GrantError("this header can't be sent: its name")
            if not _VALUE.fullmatch(value):
                raise GrantError("this header can't be sent: its value")
        self.header = header
        self.certificate = certificate

    @property
    def recipient(self) -> str:
        """Who it is in the ledger: the address's origin, and a hash that stands for all of it."""
        digest = hashlib.sha256(self.url.text.encode()).hexdigest()[:16]
        return f"{self.url.origin} {digest}"


class Message:
    """What is sent once.

    Attributes:
        body: JSON, an object with at least ``title`` and ``message``.
        priority: 1 to 5, as push services count.
        key: the same for the same message, however often it is sent.
    """

    __slots__ = ("body", "key", "priority")

    def __init__(self, body: bytes, priority: int, key: str) -> None:
        self.body = body
        self.priority = priority
        self.key = key

    def headers(self) -> dict[str, str]:
        """What is sent before the body; constant but for length, priority and key.

        ``Template``, ``Title`` and ``Message`` let an ntfy topic show the two texts of the body;
        other recipients pass over them.
        """
        return {
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Idempotency-Key": self.key,
            "Priority": str(self.priority),
            "Template": "yes",
            "Title": "{{.title}}",
            "Message": "{{.message}}",
        }

    def literal(self) -> bytes:
        """Headers and body as they are sent, without the address and its secret header."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers().items())
        return lines.encode("ascii") + b"\r\n" + self.body


class Grants:
    """The door of one home.

    Args:
        path: ``egress.db``, for the log.
        letterbox: of the household.
        ledger: asked at every message.
        timeout_s: the longest wait for an address; a message takes at most three times that.
    """

    def __init__(
        self, path: Path, letterbox: Letterbox, ledger: Ledger, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._ledger = ledger
        self._timeout_s = timeout_s
        # Threads of their own: a name that can't be looked up must not hold up others' work.
        self._workers = ThreadPoolExecutor(MOST_AT_ONCE, "grants")
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._stopped = False
        self.log = DoorLog(path, letterbox, "grants")

    def give(self, grant: Grant, classes: Iterable[str], actor: str) -> None:
        """Take down the yes for exactly these classes, and the no for all others; blocking.

        Raises:
            ConsentError: the ledger can't take it down.
        """
        wanted = frozenset(classes)
        current = set()
        for line in self._said_yes(grant.id):
            if line.klass not in wanted or line.recipient != grant.recipient:
                self._withdraw(line, actor)
            elif line.given and not line.outdated:
                current.add(line.klass)
        for klass in sorted(wanted - current):
            self._ledger.give(TELL_CONTACT, klass, actor, scope=grant.id, recipient=grant.recipient)

    def withdraw(self, grant_id: str, actor: str) -> None:
        """Take down the no for all of a grant; in force when this returns; blocking.

        Raises:
            ConsentError: the ledger can't take it down.
        """
        for line in self._said_yes(grant_id):
            self._withdraw(line, actor)

    def granted(self, grant: Grant) -> frozenset[str]:
        """The classes that may be told to this grant's address now; blocking."""
        return frozenset(
            line.klass
            for line in self._ledger.given(TELL_CONTACT)
            if line.scope == grant.id and line.recipient == grant.recipient
        )

    def _said_yes(self, grant_id: str) -> list[Consent]:
        """The yeses of a grant; those that lapsed too, so that a no takes them back for good."""
        yeses = self._ledger.given(TELL_CONTACT, lapsed=True)
        return [one for one in yeses if one.scope == grant_id]

    def _withdraw(self, line: Consent, actor: str) -> None:
        self._ledger.withdraw(
            TELL_CONTACT, line.klass, actor, scope=line.scope, recipient=line.recipient
        )

    async def send(self, grant: Grant, klass: str | None, message: Message) -> int:
        """Send once; returns the HTTP status of the answer, of which nothing else is kept.

        Args:
            grant: to whom.
            klass: what it is about; None for a resident's test, which any yes allows.
            message: what is said.

        Raises:
            NotGranted: the ledger says no; nothing left.
            NotLogged: the log is full or broken; nothing left.
            Unreached: nobody was connected to; nothing left.
            Unanswered: it left, and whether it arrived isn't known: the same may go again.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._workers, self._send, grant, klass, message)
        except RuntimeError:
            raise Unreached("the grants door is closed") from None

    def _send(self, grant: Grant, klass: str | None, message: Message) -> int:
        self._check(grant, klass)
        purpose = TELL_CONTACT if klass else "test"
        try:
            number = self.log.record(purpose, grant.recipient, message.literal())
        except sqlite3.Error as error:
            raise NotLogged(f"the log of grants failed ({type(error).__name__})") from None
        outcome = STOPPED
        try:
            status = self._post(grant, klass, message)
            outcome = str(status)
            return status
        except Unreached:
            outcome = UNREACHED
            raise
        except Unanswered:
            outcome = UNANSWERED
            raise
        finally:
            # Without it the log still says what left, which is what it is for.
            with contextlib.suppress(sqlite3.Error):
                self.log.outcome(number, outcome)

    def _post(self, grant: Grant, klass: str | None, message: Message) -> int:
        lines: list[socket.socket] = []

        def connected(line: socket.socket) -> None:
            self._keep(line)
            lines.append(line)
            if grant.url.scheme == "http" and not is_local(line.getpeername()[0]):
                raise Unreached("the name leads out of the home network, where http is not used")
            self._check(grant, klass)

        headers = message.headers() | ({grant.header[0]: grant.header[1]} if grant.header else {})
        try:
            status, _answer = post(
                grant.url,
                headers,
                message.body,
                certificate=grant.certificate,
                timeout_s=self._timeout_s,
                limit=ANSWER_LIMIT,
                connected=connected,
            )
        finally:
            with self._lock:
                self._lines.difference_update(lines)
        return status

    def _keep(self, line: socket.socket) -> None:
        with self._lock:
            if self._stopped:
                raise Unreached("the grants door is closed")
            self._lines.add(line)

    def _check(self, grant: Grant, klass: str | None) -> None:
        granted = self.granted(grant)
        if not granted if klass is None else klass not in granted:
            raise NotGranted("no yes in the ledger holds for this contact")

    def close(self) -> None:
        """Cut what is under way, and close the log; whoever sent knows nothing of an answer."""
        with self._lock:
            self._stopped = True
            for line in self._lines:
                cut(line)
        self._workers.shutdown(wait=False, cancel_futures=True)
        self.log.close()
