"""Accounts of one face: who may sign in, as what, and until when."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.accounts.memory import Remembered, SessionMemory
from hub.accounts.model import (
    THEMES,
    Account,
    AccountProblem,
    AccountUnknown,
    BadRole,
    LinkRefused,
    LinkRow,
    Roles,
    Session,
    SessionRow,
    SignInRefused,
    csrf_of,
    name_key,
    tidy_name,
    token_key,
)
from hub.accounts.passwords import Hasher, check_password, is_outdated
from hub.accounts.throttle import BY_ACCOUNT, BY_ADDRESS, Throttle
from hub.core.language import LANGUAGES

if TYPE_CHECKING:
    from hub.accounts.table import AccountsTable

log = logging.getLogger(__name__)

IDLE_S = 12 * 3600.0
LONGEST_S = 30 * 24 * 3600.0
LINK_S = 600.0
SCREEN_IDLE_S = 90 * 24 * 3600.0
"""A screen that was away for longer is paired anew; it has no other end but being removed."""
RECHECK_S = 5.0
"""A session is read again from the table this often, so that another process can end it."""
TOUCH_S = 60.0
TIDY_S = 3600.0


class Accounts:
    """Accounts, their sessions and their sign-in links.

    Args:
        table: Where they are kept.
        roles: The face's roles.
        clock: Seconds since 1970, UTC.
        idle_s: A session ends when it was not used for this long; an open page uses it.
        longest_s: And after this long in any case.
        recheck_s: How long a session may be believed without asking the table.
    """

    def __init__(
        self,
        table: AccountsTable,
        roles: Roles,
        *,
        clock: Callable[[], float] = time.time,
        idle_s: float = IDLE_S,
        longest_s: float = LONGEST_S,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self.roles = roles
        self._table = table
        self._clock = clock
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._recheck_s = recheck_s
        self._hasher = Hasher()
        self._throttle = Throttle(table)
        self._memory = SessionMemory()
        self._tidied_at = 0.0

    # -- accounts -----------------------------------------------------------------------

    async def create(self, name: str, role: str, password: str | None = None) -> Account:
        """Make an account; without a password only a sign-in link opens it.

        Raises:
            BadName, BadRole, WeakPassword, NameTaken: what was given cannot be used.
        """
        tidy = tidy_name(name)
        self._check_role(role)
        if password is not None and role in self.roles.screens:
            raise BadRole("a screen has no password")
        phc = ""
        if password is not None:
            check_password(password, tidy)
            phc = await self._hasher.hash(password)
        account = Account(
            id=secrets.token_hex(8), name=tidy, role=role, password=phc, created=self._clock()
        )
        await self._table.add_account(account)
        return account

    async def all(self) -> list[Account]:
        """Return all accounts, oldest first."""
        return await self._table.accounts()

    async def get(self, account_id: str) -> Account | None:
        """Return one account."""
        return await self._table.account(account_id)

    async def named(self, name: str) -> Account | None:
        """Return the account of this name, however it is spelt."""
        return await self._table.account_named(name_key(name))

    async def any_exist(self) -> bool:
        """Tell whether somebody can sign in at all; nobody can at the first run."""
        return bool(await self._table.accounts())

    async def set_role(self, account_id: str, role: str) -> Account:
        """Give an account another role, effective at its next request.

        Raises:
            BadRole, AccountUnknown: no such role or account.
            LastKeeper: it is the last one that may let people in.
        """
        self._check_role(role)

        def change(account: Account) -> Account:
            if account.role != role and {account.role, role} & self.roles.screens:
                raise BadRole("a screen is no person")
            return account.but(role=role)

        return await self._change(account_id, change)

    async def rename(self, account_id: str, name: str) -> Account:
        """Give an account another name.

        Raises:
            BadName, NameTaken, AccountUnknown: the name cannot be used, or no such account.
        """
        tidy = tidy_name(name)
        return await self._change(account_id, lambda account: account.but(name=tidy))

    async def set_look(
        self, account_id: str, *, lang: str | None = None, theme: str | None = None
    ) -> Account:
        """Keep the person's language or theme; values that we don't have are ignored."""
        changes: dict[str, str] = {}
        if lang in LANGUAGES:
            changes["lang"] = lang
        if theme in THEMES:
            changes["theme"] = theme
        return await self._change(account_id, lambda account: account.but(**changes))

    async def remove(self, account_id: str) -> None:
        """Remove an account with its sessions and links.

        Raises:
            AccountUnknown: no such account.
            LastKeeper: it is the last one that may let people in.
        """
        try:
            await self._table.change_account(account_id, lambda _: None, self.roles.keeper)
        finally:
            self._memory.forget(account_id)

    async def set_password(
        self, account_id: str, password: str, *, keep: str | None = None
    ) -> Account:
        """Set a password without asking for the old one, and end the account's sessions.

        ``keep`` is the token of the one session that stays.

        Raises:
            WeakPassword, AccountUnknown: the password cannot be used, or no such account.
            BadRole: a screen has none.
        """
        account = await self._table.account(account_id)
        if account is None:
            raise AccountUnknown("no such account")
        if account.role in self.roles.screens:
            raise BadRole("a screen has no password")
        check_password(password, account.name)
        phc = await self._hasher.hash(password)
        changed = await self._change(account_id, lambda before: before.but(password=phc))
        await self.revoke_all(account_id, but=keep)
        return changed

    async def change_password(
        self, session_token: str, old: str, new: str, address: str
    ) -> Account:
        """Set the signed-in person's password; all their other sessions end.

        Raises:
            SignInRefused: nobody is signed in by this token, or the old password is wrong.
            TooManyAttempts: wait before trying again.
            WeakPassword: the new password cannot be used.
        """
        session = await self.session(session_token)
        account = await self._table.account(session.account_id) if session else None
        if account is None:
            raise SignInRefused("not signed in")
        if account.password:
            await self.verify(account.name, old, address)
        return await self.set_password(account.id, new, keep=session_token)

    @property
    def generation(self) -> int:
        """Grows whenever an account or session changed; what was read before may be stale."""
        return self._memory.generation

    # -- signing in ---------------------------------------------------------------------

    async def verify(self, name: str, password: str, address: str) -> Account:
        """Return the account if the password is right.

        An unknown name takes the same time, counts the same and is refused in the same
        words as a wrong password. ``address`` is the peer's, "" where there is none.

        Raises:
            SignInRefused: name and password don't match.
            TooManyAttempts: wait before trying again.
        """
        key = name_key(name[:256])
        by_account, by_address = f"account:{key}", f"address:{address}"
        rules = {by_account: BY_ACCOUNT, by_address: BY_ADDRESS}
        await self._throttle.attempt(rules, self._clock())
        account = await self._table.account_named(key)
        if not await self._hasher.matches(password, account.password if account else ""):
            raise SignInRefused("name and password do not match")
        if account is None:
            raise SignInRefused("name and password do not match")
        await self._throttle.succeeded(by_account, by_address)
        if is_outdated(account.password):
            await self._renew_hash(account, password)
        return account

    async def sign_in(self, name: str, password: str, address: str, device: str = "") -> str:
        """Check the password and return the new session's token.

        Raises:
            SignInRefused, TooManyAttempts: as ``verify``.
        """
        account = await self.verify(name, password, address)
        return await self.open_session(account.id, device)

    async def open_session(self, account_id: str, device: str = "") -> str:
        """Open a session for somebody who proved who they are, and return its token."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        await self._tidy(now)
        row = SessionRow(
            key=token_key(token), account_id=account_id, created=now, seen=now, device=device[:120]
        )
        await self._table.add_session(row)
        return token

    async def session(self, token: str) -> Session | None:
        """Return who is signed in by this token, None for nobody (any more)."""
        now = self._clock()
        known = self._memory.get(token)
        if known is not None and 0 <= now - known.read_at < self._recheck_s:
            return known.session if self._is_valid(known.row, known.session.role, now) else None
        generation = self._memory.generation
        key = token_key(token)
        try:
            found = await self._table.session(key)
        except Exception:
            # A broken database must not sign people out while an alarm rings.
            if known is None or not self._is_valid(known.row, known.session.role, now):
                raise
            log.warning("a session could not be read again", exc_info=True)
            return known.session if generation == self._memory.generation else None
        if found is None or not self._is_valid(found[0], found[1].role, now):
            self._memory.drop(token)
            return None
        row, account = found
        if abs(now - row.seen) >= TOUCH_S:
            row = row.but(seen=now)
            await self._touch(key, now)
        session = Session(account, key, csrf_of(token))
        self._memory.put(token, Remembered(session, row, now), generation)
        return session

    async def sessions_of(self, account_id: str) -> list[SessionRow]:
        """Return the account's open sessions, oldest first."""
        now = self._clock()
        account = await self._table.account(account_id)
        rows = await self._table.sessions_of(account_id) if account is not None else []
        return [row for row in rows if account and self._is_valid(row, account.role, now)]

    async def revoke(self, token: str) -> None:
        """End one session."""
        try:
            await self._table.remove_session(token_key(token))
        finally:
            self._memory.forget(token=token)

    async def revoke_by_id(self, account_id: str, session_id: str) -> None:
        """End one of the account's own sessions, named as ``Session.id``."""
        for row in await self._table.sessions_of(account_id):
            if row.key.hex()[:16] == session_id:
                await self._table.remove_session(row.key)
        self._memory.forget(account_id)

    async def revoke_all(self, account_id: str, *, but: str | None = None) -> None:
        """End the account's sessions, all or all but the one with this token."""
        try:
            kept = token_key(but) if but else None
            await self._table.remove_sessions(account_id, but=kept)
        finally:
            self._memory.forget(account_id)

    # -- sign-in links ------------------------------------------------------------------

    async def new_link(self, account_id: str) -> str:
        """Return the token of a link that signs in once within ten minutes.

        Raises:
            AccountUnknown: no such account.
        """
        if await self._table.account(account_id) is None:
            raise AccountUnknown("no such account")
        token = secrets.token_urlsafe(32)
        expires = self._clock() + LINK_S
        await self._table.add_link(
            LinkRow(key=token_key(token), account_id=account_id, expires=expires)
        )
        return token

    async def look_at_link(self, token: str) -> Account | None:
        """Return whom a link would sign in, without using it up; None if it is no good."""
        row = await self._table.link(token_key(token))
        if row is None or not self._clock() < row.expires <= self._clock() + LINK_S:
            return None
        return await self._table.account(row.account_id)

    async def use_link(self, token: str, device: str = "") -> str:
        """Use a link up and return the token of a new session.

        Raises:
            LinkRefused: it is unknown, used or too old.
        """
        row = await self._table.take_link(token_key(token))
        if row is None or not self._clock() < row.expires <= self._clock() + LINK_S:
            raise LinkRefused("the link is no good")
        if await self._table.account(row.account_id) is None:
            raise LinkRefused("the link is no good")
        return await self.open_session(row.account_id, device)

    # -- inside -------------------------------------------------------------------------

    def _check_role(self, role: str) -> None:
        if role not in self.roles.names:
            raise BadRole("no such role")

    def _is_valid(self, row: SessionRow, role: str, now: float) -> bool:
        if role in self.roles.screens:
            return now - row.seen < SCREEN_IDLE_S
        return now - row.seen < self._idle_s and now - row.created < self._longest_s

    async def _change(self, account_id: str, change: Callable[[Account], Account]) -> Account:
        try:
            changed = await self._table.change_account(account_id, change, self.roles.keeper)
        finally:
            self._memory.forget(account_id)
        if changed is None:
            raise AccountUnknown("no such account")
        return changed

    async def _touch(self, key: bytes, now: float) -> None:
        try:
            await self._table.touch_session(key, now)
        except Exception:  # a full disk must not sign people out while an alarm rings
            log.warning("a session's last use could not be noted", exc_info=True)

    async def _renew_hash(self, account: Account, password: str) -> None:
        phc = await self._hasher.hash(password)
        try:
            await self._change(
                account.id,
                lambda now: now.but(password=phc) if now.password == account.password else now,
            )
        except AccountProblem:
            log.info("an account went away while its hash was renewed")

    async def _tidy(self, now: float) -> None:
        if abs(now - self._tidied_at) < TIDY_S:
            return
        self._tidied_at = now
        screens = self.roles.screens
        everybody = await self._table.accounts() if screens else []
        await self._table.tidy(
            seen_before=now - self._idle_s,
            created_before=now - self._longest_s,
            now=now,
            spared=[account.id for account in everybody if account.role in screens],
        )
