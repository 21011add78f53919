"""Codes that make a tablet one of the home's screens: typed or scanned there, once.

A code stands in the table of sign-in links under a hash of its own kind, so that it opens
nothing at ``/link`` and no sign-in link opens a screen. It has 60 random bits, lasts ten
minutes, and whoever guesses waits longer and longer.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.accounts.accounts import LINK_S
from hub.accounts.model import AccountUnknown, LinkRefused, LinkRow, token_key
from hub.accounts.throttle import BY_ADDRESS, Throttle

if TYPE_CHECKING:
    from hub.accounts.accounts import Accounts
    from hub.accounts.model import Account
    from hub.accounts.table import AccountsTable

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which people mistake for each other."""
GROUPS, GROUP = 3, 4
LONGEST_TYPED = 64


class ScreenCodes:
    """Makes codes for screens and takes them.

    Args:
        table: Where accounts, links and counts are kept.
        accounts: Opens the screen's session.
        clock: Seconds since 1970, UTC.
    """

    def __init__(
        self,
        table: AccountsTable,
        accounts: Accounts,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._accounts = accounts
        self._throttle = Throttle(table)
        self._clock = clock

    async def new(self, account_id: str) -> str:
        """Return a code for a screen, such as ``ABCD-EFGH-JKLM``.

        Raises:
            AccountUnknown: no such screen.
        """
        if await self._screen(account_id) is None:
            raise AccountUnknown("no such screen")
        groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS)]
        code = "-".join(groups)
        row = LinkRow(key=_key(code), account_id=account_id, expires=self._clock() + LINK_S)
        await self._table.add_link(row)
        return code

    async def use(self, typed: str, address: str, device: str = "") -> str:
        """Use a code up and return the token of the screen's only session.

        Raises:
            LinkRefused: it is unknown, used or too old.
            TooManyAttempts: this address tried too many that were wrong.
        """
        by_address = f"code:{address}"
        now = self._clock()
        await self._throttle.attempt({by_address: BY_ADDRESS}, now)
        row = None
        if len(typed) <= LONGEST_TYPED:
            row = await self._table.take_link(_key(typed))
        if row is None or not now < row.expires <= now + LINK_S:
            raise LinkRefused("the code is no good")
        if await self._screen(row.account_id) is None:
            raise LinkRefused("the code is no good")
        await self._throttle.succeeded(by_address, by_address)
        token = await self._accounts.open_session(row.account_id, device)
        await self._accounts.revoke_all(row.account_id, but=token)
        return token

    async def _screen(self, account_id: str) -> Account | None:
        account = await self._accounts.get(account_id)
        return account if account and account.role in self._accounts.roles.screens else None


def _key(typed: str) -> bytes:
    """Return what is kept of a code; however it is spelt: small letters, spaces, no hyphens."""
    plain = "".join(letter for letter in typed.upper() if letter.isalnum())
    return token_key(f"screen code {plain}")
