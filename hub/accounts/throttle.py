"""How long to wait between attempts: longer each time, never for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.accounts.model import Strikes, TooManyAttempts

if TYPE_CHECKING:
    from hub.accounts.table import AccountsTable

FORGIVEN_AFTER_S = 24 * 3600.0


class Rule:
    """``free`` attempts at once, then 1 s, 2 s, 4 s … up to ``longest_s`` between two."""

    __slots__ = ("free", "longest_s")

    def __init__(self, free: int, longest_s: float) -> None:
        self.free = free
        self.longest_s = longest_s

    def wait(self, strikes: Strikes, now: float) -> float:
        """Return the seconds until the next attempt may be made, 0 for at once."""
        over = strikes.count - self.free
        if over < 0:
            return 0.0
        gap = min(self.longest_s, 2.0 ** min(over, 40))
        # A clock that was set back must not lock anybody out for longer than the gap.
        return max(0.0, gap - max(0.0, now - strikes.last))

    def after(self, strikes: Strikes | None, now: float) -> Strikes:
        """Return the count with one more attempt."""
        if strikes is None or now - strikes.last > FORGIVEN_AFTER_S:
            return Strikes(count=1, last=now)
        return Strikes(count=strikes.count + 1, last=now)


# A stranger in the same network can make an account's owner wait, but never longer than
# five minutes; an address is shared by a household at most, and guesses across accounts.
BY_ACCOUNT = Rule(free=5, longest_s=300.0)
BY_ADDRESS = Rule(free=20, longest_s=900.0)


class Throttle:
    """Counts attempts durably, before they are made, so that attempts side by side all count."""

    def __init__(self, table: AccountsTable) -> None:
        self._table = table

    async def attempt(self, rules: Mapping[str, Rule], now: float) -> None:
        """Count one attempt under each key.

        Raises:
            TooManyAttempts: one of the keys has to wait; then nothing is counted.
        """

        def change(rows: Mapping[str, Strikes]) -> Mapping[str, Strikes]:
            wait = max(
                (rules[key].wait(strikes, now) for key, strikes in rows.items()), default=0.0
            )
            if wait > 0:
                raise TooManyAttempts(wait)
            return {key: rule.after(rows.get(key), now) for key, rule in rules.items()}

        await self._table.change_strikes(list(rules), change)

    async def succeeded(self, account_key: str, address_key: str) -> None:
        """Forget the account's count and take this one attempt off the address's."""

        def change(rows: Mapping[str, Strikes]) -> Mapping[str, Strikes]:
            address = rows.get(address_key)
            if address is None or address.count <= 1:
                return {}
            return {address_key: address.but(count=address.count - 1)}

        await self._table.change_strikes([account_key, address_key], change)
