"""Fetching a home's tokens: whole allotments, at times that say nothing about what was spent.

It is an act: the community knows the flat by its key and gives each flat its allotment once. What
is asked for is blinded, so that the tokens, once spent, lead back to nobody.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import struct
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.act_seal import ActError, ActRefused, ActSeal, Recipient
from privacy.clock import Clock
from privacy.errors import PrivacyError
from privacy.tokens.epochs import Allotment
from privacy.tokens.purse import Purse, Wanted, finished, requests
from privacy.tokens.token import TokenError

TOKENS_PATH = "/api/v1/tokens"
TOKENS = "tokens"
SEAL = ActSeal(TOKENS, 25_088)
"""One length for both allotments; the larger one's requests take 24,864 bytes of it."""

LOOK_S = 60.0
"""How long one wait may be, seconds: a clock that was set must be noticed."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _REFUSED_PAUSE_S = 5.0, 600.0, 3_600.0
_HEAD = struct.Struct(">BI")
_CODES = {Allotment.EPOCH: 1, Allotment.RESERVE: 2}
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class InWorker(Protocol):
    """Runs work on the thread that owns the purse."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """What the work returns."""


class Records(Protocol):
    """Where bytes are logged before they leave (`privacy.door_log.DoorLog`)."""

    def record(self, purpose: str, recipient: str, data: bytes) -> object:
        """Take down bytes that are about to leave."""


def pack_ask(allotment: Allotment, number: int, requests: bytes) -> bytes:
    """What a home asks for: which allotment, and all its requests in order."""
    return _HEAD.pack(_CODES[allotment], number) + requests


def unpack_ask(body: bytes) -> tuple[Allotment, int, bytes]:
    """Read what `pack_ask` gives.

    Raises:
        ActError: another length, or an unknown allotment.
    """
    if len(body) > _HEAD.size:
        code, number = _HEAD.unpack_from(body)
        requests = body[_HEAD.size :]
        for allotment, known in _CODES.items():
            if code == known and len(requests) == allotment.request_length:
                return allotment, number, requests
    raise ActError("this asks for no whole allotment")


class Provision:
    """Fetches what the purse wants, for as long as the home is paired.

    Args:
        purse: where tokens go.
        acts: the log of what left.
        key: the home's enrolment key.
        to: the community.
        clock: time.
        in_worker: runs work on the thread that owns the purse.
    """

    def __init__(
        self,
        purse: Purse,
        acts: Records,
        key: Ed25519PrivateKey,
        to: Recipient,
        *,
        clock: Clock,
        in_worker: InWorker,
    ) -> None:
        self._purse = purse
        self._acts = acts
        self._key = key
        self._to = to
        self._clock = clock
        self._in_worker = in_worker
        self._news = asyncio.Event()
        self._logged: set[tuple[Allotment, int]] = set()
        self._failed: dict[tuple[Allotment, int], int] = {}
        self._not_before: dict[tuple[Allotment, int], float] = {}
        self.problem = ""

    def nudge(self) -> None:
        """There are new keys: look at once."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled. What failed is tried again after 5 s, then later and later."""
        while True:
            self._news.clear()
            now = self._clock.now()
            look = partial(self._purse.wanted, now, self._not_before)
            wanted = await self._in_worker(look)
            if wanted is None:  # whatever is wanted next needs keys that nobody has told yet
                await self._news.wait()
            elif wanted.at > now:
                await self._wait(min(wanted.at, now + LOOK_S))
            else:
                await self._try(wanted)

    async def _try(self, wanted: Wanted) -> None:
        named = wanted.allotment, wanted.number
        try:
            await self._fetch(wanted)
            self.problem = ""
            self._failed.pop(named, None)
            self._not_before.pop(named, None)
        except PrivacyError as error:
            self.problem = str(error)
            _LOG.warning("no tokens were fetched: %s", error)
            times = self._failed[named] = self._failed.get(named, 0) + 1
            pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(times - 1, 20))
            if isinstance(error, ActRefused):
                pause = _REFUSED_PAUSE_S
            # Spread, so that homes that all found the community away don't come at once.
            spread = random.uniform(0.5, 1.5)  # noqa: S311  only a back-off
            self._not_before[named] = self._clock.now() + pause * spread

    async def _wait(self, moment: float) -> None:
        """Until a moment, or news."""
        waits = {
            asyncio.ensure_future(self._news.wait()),
            asyncio.ensure_future(self._clock.sleep_until(moment)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _fetch(self, wanted: Wanted) -> None:
        """Ask for one allotment and take it in.

        Raises:
            PrivacyError: not now; nothing was taken in.
        """
        named = wanted.allotment, wanted.number
        secret = await self._in_worker(lambda: self._purse.secret(*named))
        if secret is None:
            return
        # Off the worker, which makes the cells: their moments must not move for this.
        asked = await asyncio.to_thread(requests, self._purse.ring, wanted, secret)
        body = pack_ask(*named, b"".join(one.pending.request for one in asked))
        if named not in self._logged:
            await self._in_worker(lambda: self._acts.record(TOKENS, self._to.address, body))
            self._logged.add(named)
        answer = await asyncio.to_thread(SEAL.send, TOKENS_PATH, body, self._key, self._to, 60)
        try:
            signed = base64.b64decode(str(answer["signed"]), validate=True)
        except (KeyError, ValueError):
            raise TokenError("the issuer's answer is malformed") from None
        tokens = await asyncio.to_thread(finished, asked, signed)
        await self._in_worker(lambda: self._purse.fill(*named, tokens))
