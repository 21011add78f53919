"""What programs send and get about contacts; see `web.api.models`."""

from typing import Annotated, Literal, NotRequired, TypedDict

from hub.http.shapes import Items, Number, Text
from web.api.models import Name, Time

ContactHazard = Literal[
    "gas",
    "smoke",
    "carbon_monoxide",
    "sos",
    "leak",
    "overheat",
    "overload",
    "leakage",
    "arc",
    "running_water",
    "left_on",
    "freezing",
    "supervision",
]


class Contact(TypedDict):
    """Who is told. The address can hold a secret, so that only its origin is answered."""

    id: str
    name: str
    recipient: Annotated[str, "scheme, host and port of the address"]
    hazards: list[str]
    granted: Annotated[list[str], "of these the ledger holds a yes; only they are told"]
    after_s: Annotated[int, "seconds that an alarm may be unseen at home before"]
    language: str
    label: Annotated[str, "what messages call this home"]
    header: Annotated[str | None, "name of the secret header"]
    since: Time


class ContactList(TypedDict):
    """The first added first."""

    contacts: list[Contact]


class ContactDraft(TypedDict):
    """A contact and the yes to tell them; in force when the answer comes."""

    name: Name
    address: NotRequired[
        Annotated[str, Text(0, 512, secret=True), "https, or http in the home network; or as it is"]
    ]
    hazards: Annotated[list[ContactHazard], Items(1, 13)]
    after_s: Annotated[int, Number(0, 600), "0, 60, 180 or 600 seconds"]
    language: Literal["zh_CN", "en"]
    label: Name
    header: NotRequired[Annotated[str, Text(0, 64), "name of a secret header"]]
    secret: NotRequired[
        Annotated[str, Text(0, 1024, secret=True), "its value; left out, it stays as it is"]
    ]
    certificate: NotRequired[Annotated[str, Text(0, 16384), "PEM, for a server of one's own"]]
    warned: Annotated[bool, "the person read what a message's moment can betray; needed"]


class ContactMade(TypedDict):
    """The new contact."""

    id: str


class ContactTested(TypedDict):
    """How the address answered."""

    status: Annotated[int, "of HTTP; 200 to 299: it took the message"]
