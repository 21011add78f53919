"""``linli witness``: follows a community's log and signs it, as long as history stays the same.

Run by the owners' committee, the relay's operator or somebody else, never by the property. It
listens on no port. What it signs is on its disk before the signature leaves, so that no crash
makes it sign two histories; a log that was rewritten or has shrunk is never signed again.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from privacy import logs
from privacy.addresses import AddressError, Url, is_loopback
from privacy.errors import PrivacyError
from privacy.portal import PortalUnreachable, get, post
from privacy.transparency.book import Book, Subject
from privacy.transparency.notes import Checkpoint, NoteKey
from privacy.transparency.tree import HASH_LENGTH, MAX_PROOF, LogError
from privacy.transparency.witness import Witness

LOG_PATH = "/api/v1/log"
COSIGNATURES_PATH = "/api/v1/log/cosignatures"
EVERY_S = 60.0
SIGN_AGAIN_S = 3600
"""A log that doesn't grow is signed again this often: homes see that somebody still looks."""
STALE_S = 24 * 3600
_LOG = logging.getLogger(__name__)


class Refused(PrivacyError):
    """The community doesn't take this witness's signature."""


class Looking:
    """One witness at work.

    Args:
        book: its key, and what it signed last.
        subject: whose log.
        clock: Unix seconds.
    """

    def __init__(
        self, book: Book, subject: Subject, clock: Callable[[], float] = time.time
    ) -> None:
        self._book = book
        self._subject = subject
        self._clock = clock
        self._witness = Witness(subject.log, book.key, book.private)
        self._given: tuple[int, int] | None = None
        self.problem = ""

    async def run(self, every_s: float) -> None:
        """Look for ever, every so many seconds."""
        while True:
            try:
                await asyncio.to_thread(self.look)
                self._say("")
            except PrivacyError as error:
                self._say(str(error))
            except OSError as error:
                self._say(f"the disk didn't take it, nothing was signed: {error.strerror}")
            await asyncio.sleep(every_s)

    def look(self) -> None:
        """Ask for the log once; sign, keep and hand over what continues it. Blocking.

        Raises:
            PrivacyError: not reached, not to be signed, or not taken.
            OSError: it could not be kept, so it didn't leave.
        """
        seen, now = self._book.signed(), int(self._clock())
        note, proof = self._ask(seen.size if seen else 0)
        signed = self._witness.cosign(seen, note, proof, now)
        size = signed.checkpoint.size
        if self._given and self._given[0] == size and now - self._given[1] < SIGN_AGAIN_S:
            return
        self._book.keep(signed.checkpoint, now)
        self._hand_over(signed.checkpoint, signed.line)
        self._given = size, now
        _LOG.info("signed: the log has %d entries", size)

    def _ask(self, seen: int) -> tuple[str, list[bytes]]:
        """The log's checkpoint, and the proof that it continues the first ``seen`` entries."""
        place = self._subject
        status, data = get(place.address, f"{LOG_PATH}?seen={seen}", place.certificate)
        if status == 400 and seen:
            raise LogError("the log has shrunk; it is not signed any more")
        if status != 200:
            raise PortalUnreachable(f"the community shows no log (HTTP {status})")
        try:
            told: dict[str, Any] = json.loads(data)
            proof = [base64.b64decode(node, validate=True) for node in told["proof"][:MAX_PROOF]]
            note = str(told["checkpoint"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise LogError("what the community shows is no log") from None
        if any(len(node) != HASH_LENGTH for node in proof):
            raise LogError("what the community shows is no log")
        return note, proof

    def _hand_over(self, checkpoint: Checkpoint, line: str) -> None:
        body = json.dumps({"checkpoint": checkpoint.text, "line": line}).encode()
        place = self._subject
        status, _ = post(place.address, COSIGNATURES_PATH, body, place.certificate)
        if status == 403:
            raise Refused(
                "the community doesn't know this witness: give its operator the key line of "
                "witness.pub"
            )
        if status != 200:
            raise PortalUnreachable(f"the community didn't take the signature (HTTP {status})")

    def _say(self, problem: str) -> None:
        """Log a problem once, not every minute, and its end."""
        if problem and problem != self.problem:
            _LOG.warning("nothing new is signed: %s", problem)
        elif self.problem and not problem:
            _LOG.info("all is well again")
        self.problem = problem


def check(book: Book, now: float) -> tuple[str, bool]:
    """How a witness of this machine stands, in words, and whether that is well."""
    seen, at = book.signed(), book.signed_at()
    if seen is None or at is None:
        return "nothing was signed yet", False
    said = f"{seen.origin}: {seen.size} entries signed, {max(0, int(now - at)) // 60} minutes ago"
    return said, now - at <= STALE_S


def _subject(options: argparse.Namespace, book: Book) -> Subject:
    """Whose log to follow: as given at the first start, or as kept since."""
    known = book.subject()
    if not options.community and not options.log:
        if known is None:
            raise PrivacyError("start once with --community ADDRESS and --log KEY")
        return known
    if not options.community or not options.log:
        raise PrivacyError("--community and --log belong together")
    address = options.community.rstrip("/")
    try:
        url = Url(address)
    except AddressError:
        raise PrivacyError("a community's address is https://host:port") from None
    if url.path != "/" or (url.scheme == "http" and not is_loopback(url.host)):
        raise PrivacyError("a community's address is https://host:port; http is for this machine")
    certificate = None if options.certificate is None else options.certificate.read_text("ascii")
    fresh = Subject(address, NoteKey.parse(options.log), certificate)
    if known is not None and known.log.text != fresh.log.text:
        raise PrivacyError("this witness signs another log; give a second one a folder of its own")
    book.keep_subject(fresh)
    return fresh


async def _serve(options: argparse.Namespace) -> None:
    book = Book(options.data / "witness", options.name)
    subject = _subject(options, book)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    sys.stdout.write(f"key {book.key.text}\nready\n")
    sys.stdout.flush()
    looking = asyncio.create_task(Looking(book, subject).run(options.every))
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({looking, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if looking.done():
        looking.result()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


def _seconds(text: str) -> float:
    if not 0.05 <= float(text) <= STALE_S:
        raise ValueError("out of bounds")
    return float(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="linli witness", description=__doc__)
    default = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "linli"
    data = os.environ.get("LINLI_DATA", str(default))
    parser.add_argument("--data", type=Path, default=data, help="data folder")
    parser.add_argument("--community", metavar="ADDRESS", help="https://host:port, needed once")
    parser.add_argument("--log", metavar="KEY", help="the log's key, needed once")
    parser.add_argument(
        "--certificate", type=Path, metavar="FILE", help="PEM to trust, needed once"
    )
    parser.add_argument("--name", default="", help="the witness's name, at its first start")
    parser.add_argument("--every", type=_seconds, default=EVERY_S, metavar="SECONDS")
    parser.add_argument("--check", action="store_true", help="say how it stands, and end")
    return parser


def main(argv: Sequence[str]) -> int:
    """The command line of ``linli witness``; returns the exit status."""
    options = _parser().parse_args(argv)
    logs.begin(logging.INFO, timed=True)
    try:
        if options.check:
            said, well = check(Book(options.data / "witness"), time.time())
            sys.stdout.write(f"{said}\n")
            return 0 if well else 1
        asyncio.run(_serve(options))
    except (PrivacyError, OSError, ValueError) as error:
        sys.stderr.write(f"linli witness: {error}\n")
        return 1
    return 0
