"""What programs send and get about sharing, people, keys and tokens; see `web.api.models`."""

from typing import Annotated, Literal, NotRequired, TypedDict

from hub.accounts.tokens import LONGEST_DAYS
from hub.home.screens import DAY_MINUTES, MOST_TILES
from hub.http.shapes import Items, Number, Text
from web.api.models import Id, Name, Time

Password = Annotated[str, Text(1, 256, secret=True)]
Role = Literal["owner", "resident", "guest"]
Mode = Literal["passphrase", "media", "machine"]
Scope = Literal[
    "read:states",
    "read:history",
    "read:safety",
    "read:sharing",
    "command",
    "registry",
    "safety",
    "sharing",
    "admin",
]


class Me(TypedDict):
    """Whom this request acts for; scopes are null in a browser, which may all of its role."""

    name: str
    role: Role
    token: str
    scopes: list[str] | None


class ErasedKind(TypedDict):
    """How many rows of a kind were erased."""

    kind: str
    rows: int


class Erasure(TypedDict):
    """The receipt of a removal; it names nobody."""

    id: Id
    person_id: Id
    role: Role
    erased: list[ErasedKind]
    sha256: Annotated[str, "of the erased rows as they lay on the disk"]
    audit_line: int
    at: Time
    key_destroyed: Annotated[Time | None, "null: the disk has not taken it yet"]


class ErasureList(TypedDict):
    """Every receipt, newest first."""

    removed: list[Erasure]


# -- sharing ------------------------------------------------------------------------------


class Choice(TypedDict):
    """What an alarm of a class may tell; null: never asked, or asked anew: nothing is told."""

    purpose: str
    hazard_class: str
    value: Annotated[str | None, "zone, for sos flat, or nobody"]
    since: Time | None
    by: Annotated[str, "the account that chose; empty where nobody did"]
    notice: Annotated[int | None, "the version of the notice that was read"]
    ended: Annotated[bool, "a yes that a later notice widened; it doesn't count"]
    outdated: Annotated[bool, "a yes that counts, to a notice of which there is a newer version"]


class ChoiceList(TypedDict):
    """The choice for each class."""

    choices: list[Choice]


class Choose(TypedDict):
    """A choice; it is in force when the answer comes."""

    value: Annotated[Literal["zone", "flat", "nobody"], "flat: of a call for help only"]


class LedgerEntry(TypedDict):
    """One line of the consent ledger."""

    seq: int
    at: Time
    purpose: str
    hazard_class: str
    scope: Annotated[str, "standing, or the alarm or contact that it is about"]
    recipient: Annotated[str, "duty_desk, or a contact's address: its origin, and a hash of all"]
    notice: Annotated[int, "the version of the notice, see /sharing/purposes"]
    state: str
    actor: str
    basis: str


class Ledger(TypedDict):
    """The consent ledger, newest line first."""

    lines: list[LedgerEntry]
    problem: Annotated[str | None, "what is wrong with its chain; null while it holds"]
    code: Annotated[str, "its head as people keep it; empty while there is no line"]


class Page(TypedDict):
    """How many."""

    limit: NotRequired[Annotated[int, Number(1, 1000), "100 unless said"]]


class SentField(TypedDict):
    """One field of a message, in the reader's words."""

    name: str
    value: str


class SentMessage(TypedDict):
    """One message that left the home, word for word."""

    at: Time
    door: str
    recipient: str
    state: str
    fields: list[SentField]
    raw: Annotated[str, "the bytes as sent, base64"]


class Sent(TypedDict):
    """What left the home, newest first."""

    today: int
    messages: list[SentMessage]


class Attestation(TypedDict):
    """What the owners' committee signed of the roster.

    `at` in Unix seconds; `holds`, whether it still counts with the homes enrolled now.
    """

    at: float
    homes: int
    holds: bool
    fingerprint: str


class Community(TypedDict):
    """The community this home is paired with.

    `attested` is null where no committee attested the roster; `claimed` is false where homes are
    too few for any anonymity to be promised.
    """

    name: str
    address: str
    zone: str
    homes: int
    slot_s: float
    witnesses: Annotated[str, "none, waiting, good, run_on or stopped"]
    claimed: bool
    attested: Attestation | None


class Pairing(TypedDict):
    """The community, null while there is none."""

    community: Community | None


class PairingCode(TypedDict):
    """The printed code of the flat."""

    code: Annotated[str, Text(1, 1024, secret=True)]


# -- people, keys, tokens -----------------------------------------------------------------


class SignedIn(TypedDict):
    """One browser that is signed in."""

    id: str
    device: Annotated[str, "what the browser says it is"]
    created: Time
    seen: Time
    this_one: bool


class SessionList(TypedDict):
    """The browsers somebody is signed in on, oldest first."""

    sessions: list[SignedIn]


class PasswordChange(TypedDict):
    """A new password; `old` is needed where there is one."""

    old: NotRequired[Password]
    password: Password


class Look(TypedDict):
    """A person's language and theme."""

    lang: NotRequired[Literal["zh_CN", "en"]]
    theme: NotRequired[Literal["auto", "light", "dark"]]


class Person(TypedDict):
    """Somebody who may sign in."""

    id: str
    name: str
    role: Role
    created: Time
    sessions: Annotated[int, "on how many browsers they are signed in"]


class PersonList(TypedDict):
    """The people of the household, oldest account first."""

    people: list[Person]


class NewPerson(TypedDict):
    """An account; without a password only an invitation opens it."""

    name: Name
    role: Role
    password: NotRequired[Password]


class PersonChange(TypedDict):
    """A new name or role; what is left out stays."""

    name: NotRequired[Name]
    role: NotRequired[Role]


class Invitation(TypedDict):
    """A link that signs in once, on the hub's own machine."""

    path: str
    expires: Time


class Night(TypedDict):
    """From when to when a screen is dim, over midnight too."""

    from_minute: Annotated[int, Number(0, DAY_MINUTES - 1), "minutes since midnight at home"]
    to_minute: Annotated[int, Number(0, DAY_MINUTES - 1)]


class Screen(TypedDict):
    """A screen on a wall."""

    id: str
    name: str
    paired: Annotated[bool, "a tablet is it now"]
    tiles: Annotated[list[str], "entities in order; none: what tells most, to be looked at only"]
    night: Night | None


class ScreenList(TypedDict):
    """The screens on the walls."""

    screens: list[Screen]


class NewScreen(TypedDict):
    """A screen to make."""

    name: Name


class ScreenChange(TypedDict):
    """What a screen shows; what is left out stays."""

    tiles: NotRequired[Annotated[list[Id], Items(0, MOST_TILES)]]
    night: NotRequired[Annotated[Night | None, "null: never dim"]]


class ScreenCode(TypedDict):
    """A code, shown this once, and the page where it is typed on the tablet."""

    code: str
    path: str
    expires: Time


class KeysNow(TypedDict):
    """How the home unlocks."""

    mode: Mode
    sheet_due: Annotated[bool, "no printed sheet is good, because somebody was removed"]


class KeysChange(TypedDict):
    """Another way to unlock, with the signed-in person's own password once more."""

    mode: Mode
    passphrase: NotRequired[Annotated[str, Text(8, 256, secret=True)]]
    password: Password


class Again(TypedDict):
    """The signed-in person's own password once more."""

    password: Password


class Sheet(TypedDict):
    """A new recovery code to print; the one before is void."""

    code: str


class Token(TypedDict):
    """A program's token, without its text."""

    id: str
    name: str
    person_id: str
    scopes: list[str]
    created: Time
    expires: Time | None
    seen: Annotated[float | None, "last used, to the minute"]


class TokenList(TypedDict):
    """One's own tokens; an owner sees everybody's."""

    tokens: list[Token]


class NewToken(TypedDict):
    """A token to make."""

    name: Name
    scopes: Annotated[list[Scope], Items(1, 9)]
    days: NotRequired[Annotated[int, Number(1, LONGEST_DAYS), "for ever unless said"]]


class TokenMade(TypedDict):
    """A token's text, shown this once."""

    text: str
    token: Token
