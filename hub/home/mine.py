"""Everything that a home keeps of one person, put together for that person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.accounts.accounts import Accounts
from hub.accounts.model import Account, SessionRow, TokenRow
from hub.accounts.tokens import Tokens
from hub.core.audit import Audit, AuditLine
from hub.home.favourites import Favourites
from hub.home.views import LedgerLine

NEWEST = 20_000
"""Lines of the audit that are looked through; older ones are the household's, by number."""
_AT_ONCE = 1_000


class Mine(NamedTuple):
    """What is kept of one person.

    Attributes:
        account: name, role, language; the password's hash is nobody's to read.
        sessions: where they are signed in.
        tokens: of their programs.
        favourites: entity ids, in their order.
        consents: lines of the ledger that they wrote, newest first.
        deeds: lines of the audit that they or their programs wrote, newest first.
    """

    account: Account
    sessions: Sequence[SessionRow]
    tokens: Sequence[TokenRow]
    favourites: Sequence[str]
    consents: Sequence[LedgerLine]
    deeds: Sequence[AuditLine]


async def mine(
    account: Account,
    accounts: Accounts,
    tokens: Tokens,
    favourites: Favourites,
    *,
    consents: Sequence[LedgerLine],
    audit: Audit,
) -> Mine:
    """Put it together.

    Args:
        account: whose.
        accounts: with their sessions.
        tokens: of everybody's programs.
        favourites: of everybody.
        consents: every line of the ledger, with its writer's number.
        audit: of the home.

    Raises:
        StoreError: the database failed.
        AuditProblem: the audit is damaged.
    """
    return Mine(
        account,
        await accounts.sessions_of(account.id),
        await tokens.of(account.id),
        favourites.of(account.id),
        [line for line in consents if line.actor == account.id],
        await _deeds(audit, account.id),
    )


async def _deeds(audit: Audit, account_id: str) -> list[AuditLine]:
    after = max(0, await audit.last() - NEWEST)
    found: list[AuditLine] = []
    while lines := await audit.lines(after, _AT_ONCE):
        found += [line for line in lines if line.actor == account_id]
        after = lines[-1].seq
    return found[::-1]
