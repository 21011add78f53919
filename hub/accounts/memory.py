"""Sessions that were read a moment ago, so that not every request asks the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.accounts.model import Session, SessionRow

MOST_REMEMBERED = 4096


class Remembered:
    """A session with its row, and when they were read."""

    __slots__ = ("read_at", "row", "session")

    def __init__(self, session: Session, row: SessionRow, read_at: float) -> None:
        self.session = session
        self.row = row
        self.read_at = read_at


class SessionMemory:
    """What was read, by token.

    ``generation`` grows whenever something is forgotten: a reader that began before must not
    remember what it read.
    """

    __slots__ = ("_by_token", "generation")

    def __init__(self) -> None:
        self.generation = 0
        self._by_token: dict[str, Remembered] = {}

    def get(self, token: str) -> Remembered | None:
        """Return what is remembered."""
        return self._by_token.get(token)

    def put(self, token: str, known: Remembered, generation: int) -> None:
        """Remember what was read, unless something was forgotten since ``generation``."""
        if generation != self.generation:
            return
        if len(self._by_token) >= MOST_REMEMBERED:
            self._by_token.clear()
        self._by_token[token] = known

    def drop(self, token: str) -> None:
        """Drop one session that turned out to be over; readers need not know."""
        self._by_token.pop(token, None)

    def forget(self, account_id: str | None = None, *, token: str | None = None) -> None:
        """Forget an account's sessions, or one."""
        self.generation += 1
        if token is not None:
            self._by_token.pop(token, None)
        for known_token, known in list(self._by_token.items()):
            if known.session.account_id == account_id:
                del self._by_token[known_token]
