"""What an account, a session, a link and a count of failures are, and what can go wrong."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Any, Self

THEMES = ("auto", "light", "dark")
LONGEST_NAME = 64


class AccountProblem(Exception):
    """Something about accounts that the person can be told. ``code`` is stable, for programs."""

    code = "account"


class NameTaken(AccountProblem):
    """Another account has this name already."""

    code = "name_taken"


class BadName(AccountProblem):
    """The name is empty, too long or holds control characters."""

    code = "bad_name"


class BadRole(AccountProblem):
    """No such role here."""

    code = "bad_role"


class WeakPassword(AccountProblem):
    """The password is too short, too long or among the first that anybody tries."""

    code = "weak_password"


class AccountUnknown(AccountProblem):
    """No account has this id."""

    code = "account_unknown"


class LastKeeper(AccountProblem):
    """This is the last account of the role without which nobody could let people in again."""

    code = "last_keeper"


class SignInRefused(AccountProblem):
    """Name and password don't match, whether or not the name exists."""

    code = "sign_in_refused"


class TooManyAttempts(AccountProblem):
    """Wait before the next attempt. ``wait_s`` is in seconds."""

    code = "too_many_attempts"

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many attempts")
        self.wait_s = wait_s


class LinkRefused(AccountProblem):
    """The sign-in link is unknown, used or older than its ten minutes."""

    code = "link_refused"


class TokenRefused(AccountProblem):
    """The token is unknown, revoked or past its day."""

    code = "token_refused"


class TooManyTokens(AccountProblem):
    """This account has as many tokens as one may have; revoke one first."""

    code = "too_many_tokens"


class BadScope(AccountProblem):
    """No scope was chosen, or one that doesn't exist."""

    code = "bad_scope"


class Roles:
    """The roles of one face and the one that must never be left without a holder.

    ``screens`` are those of things on a wall and not of people: they have no password, no
    person becomes one, and they stay signed in until somebody ends it.
    """

    __slots__ = ("keeper", "names", "screens")

    def __init__(self, names: tuple[str, ...], keeper: str, screens: tuple[str, ...] = ()) -> None:
        if keeper not in names or keeper in screens or not set(screens) <= set(names):
            raise ValueError(f"{keeper!r} is not among the roles of people")
        self.names = names
        self.keeper = keeper
        self.screens = frozenset(screens)


WALL = "wall"
SCREENS = frozenset({WALL})
"""Every role of a screen: what is for "whoever is signed in" is for people, not for these."""
HOME_ROLES = Roles(("owner", "resident", "guest", WALL), keeper="owner", screens=(WALL,))
COMMUNITY_ROLES = Roles(("guard", "manager", "operator", "committee"), keeper="manager")


def tidy_name(name: str) -> str:
    """Return the name as it is shown: NFKC, single spaces, no control characters.

    Raises:
        BadName: nothing is left, or more than ``LONGEST_NAME`` characters are.
    """
    tidy = " ".join(unicodedata.normalize("NFKC", name).split())
    if not tidy or len(tidy) > LONGEST_NAME or any(unicodedata.category(c)[0] == "C" for c in tidy):
        raise BadName("bad name")
    return tidy


def name_key(name: str) -> str:
    """Return what two names share that count as the same when signing in."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class _Record:
    """A record whose slots are its fields; equal when they are."""

    __slots__: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {slot: getattr(self, slot) for slot in self.__slots__}

    def but(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return type(self)(**{**self.as_dict(), **changes})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.as_dict().values()))


class Account(_Record):
    """One person who may sign in.

    ``password`` is an Argon2id PHC string, or "" where only a sign-in link opens the account.
    ``created`` is in seconds since 1970, UTC. The representation shows no personal data.
    """

    __slots__ = ("created", "id", "lang", "name", "password", "role", "theme")

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - the field's own name
        name: str,
        role: str,
        password: str,
        created: float,
        lang: str = "",
        theme: str = "",
    ) -> None:
        self.id = id
        self.name = name
        self.role = role
        self.password = password
        self.created = created
        self.lang = lang
        self.theme = theme

    def __repr__(self) -> str:
        return f"Account({self.id})"


class SessionRow(_Record):
    """A session as it is kept. ``key`` is the SHA-256 of the cookie's token, never the token."""

    __slots__ = ("account_id", "created", "device", "key", "seen")

    def __init__(
        self, *, key: bytes, account_id: str, created: float, seen: float, device: str = ""
    ) -> None:
        self.key = key
        self.account_id = account_id
        self.created = created
        self.seen = seen
        self.device = device

    def __repr__(self) -> str:
        return f"SessionRow({self.account_id})"


class LinkRow(_Record):
    """A sign-in link as it is kept; ``key`` is the SHA-256 of its token."""

    __slots__ = ("account_id", "expires", "key")

    def __init__(self, *, key: bytes, account_id: str, expires: float) -> None:
        self.key = key
        self.account_id = account_id
        self.expires = expires

    def __repr__(self) -> str:
        return f"LinkRow({self.account_id})"


class TokenRow(_Record):
    """A program's token as it is kept; ``key`` is the SHA-256 of its text, never the text.

    ``id`` names it without giving it away. ``expires`` and ``seen`` (last used) are in seconds
    since 1970, UTC; None is never.
    """

    __slots__ = ("account_id", "created", "expires", "id", "key", "name", "scopes", "seen")

    def __init__(
        self,
        *,
        key: bytes,
        id: str,  # noqa: A002 - the field's own name
        account_id: str,
        name: str,
        scopes: tuple[str, ...],
        created: float,
        expires: float | None = None,
        seen: float | None = None,
    ) -> None:
        self.key = key
        self.id = id
        self.account_id = account_id
        self.name = name
        self.scopes = scopes
        self.created = created
        self.expires = expires
        self.seen = seen

    def __repr__(self) -> str:
        return f"TokenRow({self.id})"


class Strikes(_Record):
    """Failed attempts counted under one key; ``last`` is when the newest began."""

    __slots__ = ("count", "last")

    def __init__(self, *, count: int, last: float) -> None:
        self.count = count
        self.last = last


class Session:
    """Who is signed in, as handlers see it. ``id`` names the session without giving it away.

    A program that uses a person's token is a session too: then ``token`` is the token's name
    and ``scopes`` what it may, within the person's role. A browser's ``scopes`` are None: all.
    """

    __slots__ = ("account_id", "csrf", "id", "lang", "name", "role", "scopes", "theme", "token")

    def __init__(
        self, account: Account, key: bytes, csrf: str, *, token: TokenRow | None = None
    ) -> None:
        self.id = key.hex()[:16]
        self.account_id = account.id
        self.role = account.role
        self.name = account.name
        self.csrf = csrf
        self.lang = account.lang
        self.theme = account.theme
        self.token = token.name if token else ""
        self.scopes = frozenset(token.scopes) if token else None

    @property
    def mark(self) -> str:
        """What a page carries of its session: another sign-in or another role changes it."""
        return f"{self.id}.{self.role}"

    def __repr__(self) -> str:
        return f"Session({self.account_id}, {self.role})"


def token_key(token: str) -> bytes:
    """Return what is kept in place of a token of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def csrf_of(token: str) -> str:
    """Return the session's form token, computed from the cookie's so that none is kept."""
    return hmac.new(token.encode("utf-8", "replace"), b"linli csrf", hashlib.sha256).hexdigest()
