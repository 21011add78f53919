"""Long-lived tokens of programs: made and revoked by the person they act for.

A token may what its scopes say within its person's role, and never more than that person may
at this moment. Its text is shown once; kept is its SHA-256.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from hub.accounts.model import (
    BadScope,
    Session,
    TokenRefused,
    TokenRow,
    tidy_name,
    token_key,
)
from hub.accounts.throttle import BY_ADDRESS, Throttle

if TYPE_CHECKING:
    from hub.accounts.accounts import Accounts
    from hub.accounts.table import AccountsTable

log = logging.getLogger(__name__)

PREFIX = "linli_"
"""How a token's text begins, so that people and secret scanners know one when they see it."""
HOME_SCOPES = (
    "read:states",
    "read:history",
    "read:safety",
    "read:sharing",
    "command",
    "registry",
    "safety",
    "sharing",
    "admin",
)
"""What a token of a home may be for; none contains another."""
LONGEST_TEXT = 128
MOST_PER_ACCOUNT = 50
MOST_REMEMBERED = 1024
RECHECK_S = 5.0
TOUCH_S = 60.0
DAY_S = 24 * 3600.0
KEPT_S = 30 * DAY_S
"""How long a token that ended is still shown, so that people see why a program fell silent."""
LONGEST_DAYS = 3650


class TokensTable(Protocol):
    """What tokens are kept in; every method is one transaction, durable before it returns."""

    async def add(self, row: TokenRow, *, most: int, ended_before: float) -> None:
        """Keep a new token, and forget whichever ended before that time.

        Raises:
            NameTaken: the account has a token of this name.
            TooManyTokens: the account has ``most`` already.
        """

    async def find(self, key: bytes) -> TokenRow | None:
        """Return the token with this hash."""

    async def all(self) -> list[TokenRow]:
        """Return every token, oldest first."""

    async def touch(self, key: bytes, seen: float) -> None:
        """Note when a token was last used; one that is gone stays gone."""

    async def remove(self, key: bytes) -> None:
        """Forget a token."""


class Tokens:
    """The tokens of one home.

    Args:
        table: Where they are kept.
        accounts: Whom they act for.
        strikes: Where failed attempts are counted.
        scopes: Every scope there is.
        clock: Seconds since 1970, UTC.
        recheck_s: How long a token may be believed without asking the table.
    """

    def __init__(
        self,
        table: TokensTable,
        accounts: Accounts,
        strikes: AccountsTable,
        scopes: Collection[str],
        *,
        clock: Callable[[], float] = time.time,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self.scopes = tuple(scopes)
        self._table = table
        self._accounts = accounts
        self._throttle = Throttle(strikes)
        self._clock = clock
        self._recheck_s = recheck_s
        self._known: dict[bytes, tuple[TokenRow, Session, float, int]] = {}
        self._revoked = 0

    async def make(
        self, account_id: str, name: str, scopes: Collection[str], days: int | None = None
    ) -> tuple[str, TokenRow]:
        """Make a token and return its text, which nobody can read again, and its row.

        Raises:
            BadName, NameTaken, BadScope, TooManyTokens: what was given can't be used.
        """
        if not scopes or not set(scopes) <= set(self.scopes):
            raise BadScope("no scope, or one that does not exist")
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise ValueError(f"a token lasts 1 to {LONGEST_DAYS} days")
        text = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        row = TokenRow(
            key=token_key(text),
            id=secrets.token_hex(8),
            account_id=account_id,
            name=tidy_name(name),
            scopes=tuple(scope for scope in self.scopes if scope in scopes),
            created=now,
            expires=now + days * DAY_S if days is not None else None,
        )
        await self._table.add(row, most=MOST_PER_ACCOUNT, ended_before=now - KEPT_S)
        return text, row

    async def all(self) -> list[TokenRow]:
        """Return every token of the home, oldest first."""
        return await self._table.all()

    async def of(self, account_id: str) -> list[TokenRow]:
        """Return one person's tokens, oldest first."""
        return [row for row in await self._table.all() if row.account_id == account_id]

    async def revoke(self, token_id: str, account_id: str | None = None) -> bool:
        """End a token, of this person only where one is named; False where there is none."""
        for row in await self._table.all():
            if row.id == token_id and account_id in {None, row.account_id}:
                try:
                    await self._table.remove(row.key)
                finally:
                    self._revoked += 1
                    self._known.clear()
                return True
        return False

    async def session(self, text: str, address: str) -> Session:
        """Return whom a token acts for, and what it may.

        A good token is never made to wait; only what is refused counts against an address, and
        apart from signing in, so that a program left over can't keep people out.

        Raises:
            TokenRefused: it is unknown, revoked, or past its day.
            TooManyAttempts: this address sent too many that were refused.
        """
        now = self._clock()
        # Anything longer is none of ours, and need not be hashed to know that.
        if text.startswith(PREFIX) and len(text) <= LONGEST_TEXT:
            found = await self._session(token_key(text), now)
            if found is not None:
                return found
        await self._throttle.attempt({f"token:{address}": BY_ADDRESS}, now)
        raise TokenRefused("the token is no good")

    async def _session(self, key: bytes, now: float) -> Session | None:
        known = self._known.get(key)
        generation = self._accounts.generation
        if known is not None:
            row, session, read_at, then = known
            if 0 <= now - read_at < self._recheck_s and then == generation:
                return session if _lasts(row, now) else None
        revoked = self._revoked
        found = await self._table.find(key)
        if found is None or not _lasts(found, now):
            self._known.pop(key, None)
            return None
        account = await self._accounts.get(found.account_id)
        if account is None:
            return None
        if found.seen is None or abs(now - found.seen) >= TOUCH_S:
            await self._touch(key, now)
        session = Session(account, key, "", token=found)
        if revoked == self._revoked:  # else it may be the one that was revoked meanwhile
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = (found, session, now, generation)
        return session

    async def _touch(self, key: bytes, now: float) -> None:
        try:
            await self._table.touch(key, now)
        except Exception:  # a full disk must not keep programs out while an alarm rings
            log.warning("a token's last use could not be noted", exc_info=True)


def _lasts(row: TokenRow, now: float) -> bool:
    return row.expires is None or now < row.expires
