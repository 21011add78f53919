"""What accounts are kept in: the protocol both faces' tables fulfil.

Every method is one transaction, durable before it returns. The reusable contract tests
in ``tests/hub/accounts/table_contract.py`` say in code what stands here in words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hub.accounts.model import Account, LinkRow, SessionRow, Strikes

    StrikesByKey = Mapping[str, Strikes]


class AccountsTable(Protocol):
    """Accounts, sessions, sign-in links and counts of failed attempts."""

    async def add_account(self, account: Account) -> None:
        """Keep a new account.

        Raises:
            NameTaken: an account with the same ``name_key(name)`` exists.
        """

    async def accounts(self) -> list[Account]:
        """Return all accounts, oldest first."""

    async def account(self, account_id: str) -> Account | None:
        """Return one account."""

    async def account_named(self, key: str) -> Account | None:
        """Return the account whose ``name_key(name)`` this is."""

    async def change_account(
        self, account_id: str, change: Callable[[Account], Account | None], keeper: str
    ) -> Account | None:
        """Replace an account by what ``change`` makes of it, or remove it where that is None.

        ``change`` is a pure function and may be called more than once. Removing an account
        removes its sessions and links too. Two changes at once happen one after the other,
        so that the keeper rule holds for both.

        Raises:
            AccountUnknown: no such account.
            NameTaken: the new name is another account's.
            LastKeeper: the account had the role ``keeper``, would lose it, and no other has it.
        """

    async def add_session(self, session: SessionRow) -> None:
        """Keep a new session."""

    async def session(self, key: bytes) -> tuple[SessionRow, Account] | None:
        """Return a session with its account."""

    async def sessions_of(self, account_id: str) -> list[SessionRow]:
        """Return the account's sessions, oldest first."""

    async def touch_session(self, key: bytes, seen: float) -> None:
        """Note when a session was last used; one that is gone stays gone."""

    async def remove_sessions(self, account_id: str, *, but: bytes | None = None) -> None:
        """Forget the account's sessions, all or all but one."""

    async def remove_session(self, key: bytes) -> None:
        """Forget one session; one that is gone already is no error."""

    async def add_link(self, link: LinkRow) -> None:
        """Keep a new sign-in link."""

    async def link(self, key: bytes) -> LinkRow | None:
        """Return a link without using it up."""

    async def take_link(self, key: bytes) -> LinkRow | None:
        """Remove a link and return it; of several callers at once only one gets it."""

    async def change_strikes(
        self, keys: Sequence[str], change: Callable[[StrikesByKey], StrikesByKey]
    ) -> None:
        """Hand the rows of these keys to ``change`` and keep exactly what it returns.

        A key that ``change`` leaves out is forgotten. ``change`` is pure, may be called more
        than once, and may raise: then nothing is changed and the exception reaches the
        caller. Two changes of the same key at once happen one after the other.
        """

    async def tidy(
        self,
        *,
        seen_before: float,
        created_before: float,
        now: float,
        spared: Collection[str] = (),
    ) -> None:
        """Forget sessions last seen or created before these times, and links and counts past.

        Sessions of the accounts ``spared`` stay. Links go when ``expires`` has passed, counts
        when their ``last`` is a day old.
        """
