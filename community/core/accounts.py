"""Staff accounts in the community's database: hub.accounts' table over the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from community.core.staff_tables import Staff, StaffLink, StaffSession, StaffStrikes
from community.core.store import Store
from community.core.tables import Shift
from hub.accounts.model import (
    Account,
    AccountUnknown,
    LastKeeper,
    LinkRow,
    NameTaken,
    SessionRow,
    Strikes,
    name_key,
)

_DAY = 86400.0


class StaffTable:
    """`hub.accounts.table.AccountsTable` for the community."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add_account(self, account: Account) -> None:
        """Keep a new account."""

        def work(session: Session) -> None:
            _lock(session)
            _refuse_taken(session, account)
            session.add(Staff(**account.as_dict(), name_key=name_key(account.name)))

        await self._store.run(work)

    async def accounts(self) -> list[Account]:
        """Return all accounts, oldest first."""

        def work(session: Session) -> list[Account]:
            found = session.exec(select(Staff).order_by(col(Staff.created), col(Staff.id)))
            return [_account(row) for row in found]

        return await self._store.read(work)

    async def account(self, account_id: str) -> Account | None:
        """Return one account."""
        return await self._store.read(lambda session: _maybe(session.get(Staff, account_id)))

    async def account_named(self, key: str) -> Account | None:
        """Return the account whose `name_key(name)` this is."""

        def work(session: Session) -> Account | None:
            return _maybe(session.exec(select(Staff).where(Staff.name_key == key)).first())

        return await self._store.read(work)

    async def change_account(
        self, account_id: str, change: Callable[[Account], Account | None], keeper: str
    ) -> Account | None:
        """Replace an account by what `change` makes of it, or remove it where that is None."""

        def work(session: Session) -> Account | None:
            _lock(session)
            row = session.get(Staff, account_id, populate_existing=True)
            if row is None:
                raise AccountUnknown(account_id)
            changed = change(_account(row))
            if row.role == keeper and (changed is None or changed.role != keeper):
                others = select(Staff.id).where(Staff.role == keeper, Staff.id != account_id)
                if session.exec(others).first() is None:
                    raise LastKeeper(account_id)
            if changed is None:
                for table in (StaffSession, StaffLink):
                    session.execute(delete(table).where(col(table.account_id) == account_id))
                session.execute(delete(Shift).where(col(Shift.staff_id) == account_id))
                session.delete(row)
                return None
            _refuse_taken(session, changed, but=account_id)
            for name, value in changed.as_dict().items():
                setattr(row, name, value)
            row.name_key = name_key(changed.name)
            session.add(row)
            return changed

        return await self._store.run(work)

    async def add_session(self, session: SessionRow) -> None:
        """Keep a new session."""
        kept = session.as_dict()
        await self._store.run(lambda db: db.add(StaffSession(**kept)))

    async def session(self, key: bytes) -> tuple[SessionRow, Account] | None:
        """Return a session with its account."""

        def work(session: Session) -> tuple[SessionRow, Account] | None:
            row = session.get(StaffSession, key)
            owner = None if row is None else session.get(Staff, row.account_id)
            if row is None or owner is None:
                return None
            return _session(row), _account(owner)

        return await self._store.read(work)

    async def sessions_of(self, account_id: str) -> list[SessionRow]:
        """Return the account's sessions, oldest first."""

        def work(session: Session) -> list[SessionRow]:
            found = session.exec(
                select(StaffSession)
                .where(StaffSession.account_id == account_id)
                .order_by(col(StaffSession.created))
            )
            return [_session(row) for row in found]

        return await self._store.read(work)

    async def touch_session(self, key: bytes, seen: float) -> None:
        """Note when a session was last used; one that is gone stays gone."""

        def work(session: Session) -> None:
            session.execute(
                update(StaffSession).where(col(StaffSession.key) == key).values(seen=seen)
            )

        await self._store.run(work)

    async def remove_sessions(self, account_id: str, *, but: bytes | None = None) -> None:
        """Forget the account's sessions, all or all but one."""

        def work(session: Session) -> None:
            chosen = delete(StaffSession).where(col(StaffSession.account_id) == account_id)
            session.execute(chosen if but is None else chosen.where(col(StaffSession.key) != but))

        await self._store.run(work)

    async def remove_session(self, key: bytes) -> None:
        """Forget one session."""

        def work(session: Session) -> None:
            session.execute(delete(StaffSession).where(col(StaffSession.key) == key))

        await self._store.run(work)

    async def add_link(self, link: LinkRow) -> None:
        """Keep a new sign-in link."""
        kept = link.as_dict()
        await self._store.run(lambda db: db.add(StaffLink(**kept)))

    async def link(self, key: bytes) -> LinkRow | None:
        """Return a link without using it up."""

        def work(session: Session) -> LinkRow | None:
            row = session.get(StaffLink, key)
            return None if row is None else _link(row)

        return await self._store.read(work)

    async def take_link(self, key: bytes) -> LinkRow | None:
        """Remove a link and return it; of several callers at once only one gets it."""

        def work(session: Session) -> LinkRow | None:
            row = session.get(StaffLink, key)
            if row is None:
                return None
            taken = _link(row)
            gone = session.execute(delete(StaffLink).where(col(StaffLink.key) == key))
            return taken if getattr(gone, "rowcount", 0) == 1 else None

        return await self._store.run(work)

    async def change_strikes(
        self,
        keys: Sequence[str],
        change: Callable[[Mapping[str, Strikes]], Mapping[str, Strikes]],
    ) -> None:
        """Hand the rows of these keys to `change` and keep exactly what it returns."""
        wanted = sorted(set(keys))

        def work(session: Session) -> None:
            _lock(session)
            rows = session.exec(select(StaffStrikes).where(col(StaffStrikes.key).in_(wanted)))
            before = {row.key: Strikes(count=row.count, last=row.last) for row in rows}
            after = change(before)
            session.execute(delete(StaffStrikes).where(col(StaffStrikes.key).in_(wanted)))
            session.expunge_all()
            for key, strikes in after.items():
                session.add(StaffStrikes(key=key, count=strikes.count, last=strikes.last))

        await self._store.run(work)

    async def tidy(
        self,
        *,
        seen_before: float,
        created_before: float,
        now: float,
        spared: Collection[str] = (),
    ) -> None:
        """Forget sessions, links and counts that are past."""

        def work(session: Session) -> None:
            session.execute(
                delete(StaffSession).where(
                    (col(StaffSession.seen) < seen_before)
                    | (col(StaffSession.created) < created_before),
                    col(StaffSession.account_id).not_in(spared),
                )
            )
            session.execute(delete(StaffLink).where(col(StaffLink.expires) <= now))
            session.execute(delete(StaffStrikes).where(col(StaffStrikes.last) < now - _DAY))

        await self._store.run(work)


def _lock(session: Session) -> None:
    """Let changes of accounts and counts happen one after the other; SQLite does so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE staff, staffstrikes IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_taken(session: Session, account: Account, but: str | None = None) -> None:
    taken = session.exec(select(Staff.id).where(Staff.name_key == name_key(account.name))).first()
    if taken is not None and taken != but:
        raise NameTaken(account.name)


def _account(row: Staff) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=row.role,
        password=row.password,
        created=row.created,
        lang=row.lang,
        theme=row.theme,
    )


def _maybe(row: Staff | None) -> Account | None:
    return None if row is None else _account(row)


def _session(row: StaffSession) -> SessionRow:
    return SessionRow(
        key=row.key,
        account_id=row.account_id,
        created=row.created,
        seen=row.seen,
        device=row.device,
    )


def _link(row: StaffLink) -> LinkRow:
    return LinkRow(key=row.key, account_id=row.account_id, expires=row.expires)
