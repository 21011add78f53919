"""Everything of one's own, for programs and as the file that is taken away."""

from typing import TYPE_CHECKING, Annotated, TypedDict

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api.household_models import Role
from web.api.models import Id, Name, Time
from web.house import HOUSEHOLD

if TYPE_CHECKING:
    from hub.home.mine import Mine as Kept
    from web.facade import HomeRuntime


class MyAccount(TypedDict):
    """The account; the hash of its password stays."""

    id: Id
    name: Name
    role: Role
    lang: str
    theme: str
    created: Time


class MySession(TypedDict):
    """A browser that is signed in."""

    device: str
    created: Time
    seen: Time


class MyToken(TypedDict):
    """A token of one's program; its text is kept nowhere."""

    name: str
    scopes: list[str]
    created: Time
    expires: Time | None
    seen: Time | None


class MyConsent(TypedDict):
    """A line of the ledger that this person wrote."""

    line: int
    at: Time
    purpose: str
    hazard_class: str
    state: str


class MyDeed(TypedDict):
    """A line of the audit that this person, or a program of theirs, wrote."""

    line: int
    at: Time
    action: str
    subject: str


class Mine(TypedDict):
    """What the home keeps of this person."""

    account: MyAccount
    sessions: list[MySession]
    tokens: list[MyToken]
    favourites: list[Id]
    consents: list[MyConsent]
    deeds: Annotated[list[MyDeed], "among the newest 20,000 lines of the audit"]


def mine_operations(runtime: "HomeRuntime") -> Operations:
    """Return what gives a person their own data."""
    table = Operations("people")

    @table.add(
        "GET",
        "/me/data",
        allow=HOUSEHOLD,
        scope="admin",
        summary="Everything that the home keeps of whom this request acts for",
        answers=Mine,
    )
    async def get_my_data(call: Call) -> Mine:
        found = await runtime.mine(call.session.account_id)
        if found is None:
            raise Problem(404, "account_unknown")
        return mine_model(found)

    return table


def mine_model(mine: "Kept") -> Mine:
    """Return it as programs get it, and as the file holds it."""
    account = mine.account
    role: Role = account.role  # type: ignore[assignment]  # one of HOME_ROLES
    return {
        "account": {
            "id": account.id,
            "name": account.name,
            "role": role,
            "lang": account.lang,
            "theme": account.theme,
            "created": account.created,
        },
        "sessions": [
            {"device": one.device, "created": one.created, "seen": one.seen}
            for one in mine.sessions
        ],
        "tokens": [
            {
                "name": one.name,
                "scopes": list(one.scopes),
                "created": one.created,
                "expires": one.expires,
                "seen": one.seen,
            }
            for one in mine.tokens
        ],
        "favourites": list(mine.favourites),
        "consents": [
            {
                "line": one.seq,
                "at": one.at,
                "purpose": one.purpose,
                "hazard_class": one.klass,
                "state": one.state,
            }
            for one in mine.consents
        ],
        "deeds": [
            {"line": one.seq, "at": one.at, "action": one.action, "subject": one.subject}
            for one in mine.deeds
        ],
    }
