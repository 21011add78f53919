"""The token issuer: hears of keys from the signer, and gives each flat its allotment once."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community.core import roster, token_keys
from community.core.retention import AT_ONCE
from community.core.store import Store, StoreError
from community.issuer.tables import Issuance
from privacy.errors import PrivacyError
from privacy.tokens.epochs import AHEAD_S, KEPT_S, Allotment
from privacy.tokens.ring import KeyName, KeyRing
from privacy.tokens.signer_socket import SignerSocket

_LOG = logging.getLogger(__name__)
_LOOK_EVERY, _TRY_EVERY = 600.0, 1.0
_AWAY_S = 60.0
_CLOCKS_APART_S = 600.0
"""A home whose clock is ahead may ask for the next epoch's this much early."""


class Asked(Enum):
    """What becomes of a request."""

    GIVEN = auto()
    NOT_ENROLLED = auto()
    NOT_NOW = auto()
    GIVEN_BEFORE = auto()


class Issuer:
    """One community's issuer.

    Args:
        store: The community's database.
        signer: The signer's socket.
        clock: Unix seconds.
        keys_changed: Called when there are new keys to tell the homes.
    """

    def __init__(
        self,
        store: Store,
        signer: SignerSocket,
        *,
        clock: Callable[[], float],
        keys_changed: Callable[[], None],
    ) -> None:
        self._store = store
        self.signer = signer
        self._clock = clock
        self._keys_changed = keys_changed
        self._task: asyncio.Task[None] | None = None
        self._away_since: float | None = None
        self._others: frozenset[KeyName] = frozenset()

    def start(self) -> None:
        """Begin to follow the signer's keys."""
        self._task = asyncio.create_task(self._follow(), name="issuer")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def check(self) -> str | None:
        """The health check; a signer that starts takes some seconds to make its keys."""
        if self._others:
            return "other keys"
        away = self._away_since
        return "not connected" if away is not None and self._clock() - away > _AWAY_S else None

    async def take(self, key: bytes, allotment: Allotment, number: int, requests: bytes) -> Asked:
        """Write down durably that a flat gets an allotment, before anything is signed.

        Args:
            key: The home's enrolment key.
            allotment: What it asks for.
            number: Of which period.
            requests: All its blinded requests.
        """
        at = self._clock()
        current = allotment.number_at(at)
        early = allotment.start(number) - AHEAD_S - _CLOCKS_APART_S
        unknown = any((kind, number) in self._others for kind in allotment.classes)
        if number not in (current, current + 1) or at < early or unknown:
            return Asked.NOT_NOW
        digest = hashlib.sha256(requests).digest()

        def work(session: Session) -> Asked:
            flat = roster.flat_id_of(session, key)
            if flat is None:
                return Asked.NOT_ENROLLED
            kept = _kept(session, (flat, allotment, number), digest, at)
            return Asked.GIVEN if kept == digest else Asked.GIVEN_BEFORE

        return await self._store.run(work)

    async def _follow(self) -> None:
        """Keep the signer's keys in the database, new ones as soon as they are there."""
        while True:
            try:
                self._others = await self._keep(await self.signer.keys())
            except (PrivacyError, StoreError) as error:
                if self._away_since is None:
                    self._away_since = self._clock()
                    _LOG.info("the token signer isn't there yet: %s", error)
                await asyncio.sleep(_TRY_EVERY)
                continue
            self._away_since = None
            self._keys_changed()
            if self._others:
                _LOG.error("the signer has other keys than homes were told; those are not used")
            await asyncio.sleep(_LOOK_EVERY)

    async def _keep(self, told: KeyRing) -> frozenset[KeyName]:
        at = self._clock()
        return await self._store.run(lambda session: token_keys.keep(session, told, at=at))


def _kept(session: Session, name: tuple[int, Allotment, int], digest: bytes, at: float) -> bytes:
    """Keep an issuance unless there is one; returns the digest that is kept."""
    flat, allotment, number = name
    dialect = session.get_bind().dialect.name
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {"flat_id": flat, "allotment": str(allotment), "number": number}
    session.execute(
        make(Issuance).values(**row, digest=digest, issued_at=at).on_conflict_do_nothing()
    )
    found = session.execute(
        select(col(Issuance.digest)).where(
            col(Issuance.flat_id) == flat,
            col(Issuance.allotment) == str(allotment),
            col(Issuance.number) == number,
        )
    )
    return bytes(found.scalar_one())


def forget_issuances(session: Session, now: float) -> int:
    """Drop issuances whose tokens count for nothing any more; returns how many."""
    gone = 0
    for allotment in Allotment:
        before = allotment.number_at(now - KEPT_S)
        over = (col(Issuance.allotment) == str(allotment), col(Issuance.number) < before)
        flats = session.execute(select(col(Issuance.flat_id)).where(*over).limit(AT_ONCE))
        done = session.execute(
            delete(Issuance).where(*over, col(Issuance.flat_id).in_(list(flats.scalars())))
        )
        gone += getattr(done, "rowcount", 0)
    return gone
