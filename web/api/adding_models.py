"""What programs send and get about new devices, integrations and brokers.

Annotations stay real objects here: a `TypedDict` must see its own `NotRequired`.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from hub.http.shapes import Items, Number, Text
from hub.plugins.broker_devices import NAME
from web.api.models import Id, Scalar

Settings = Annotated[dict[str, Scalar], Items(0, 64)]


class NewDevice(TypedDict):
    """A device that announced itself."""

    id: str
    name: str
    manufacturer: str
    model: str
    area: str
    warns: Annotated[bool, "it warns of danger; ignoring it needs `sure`"]


class NewDevices(TypedDict):
    """What is new, and what was ignored."""

    devices: list[NewDevice]
    ignored: list[NewDevice]


class Ignoring(TypedDict):
    """How sure somebody is."""

    sure: NotRequired[Annotated[bool, "ignore it though it warns of danger"]]


class Found(TypedDict):
    """Something found on the home network."""

    id: str
    integration: Annotated[str, "who knows it; `broker`: an MQTT broker that isn't the home's"]
    name: str
    place: str


class IgnoredFind(TypedDict):
    """A find that is offered no more."""

    id: str
    name: str


class Finds(TypedDict):
    """What was found, and what was ignored."""

    looking: Annotated[bool, "a search goes on"]
    finds: list[Found]
    ignored: list[IgnoredFind]


class Integration(TypedDict):
    """An integration that there is."""

    domain: str
    name: str
    description: str
    built_in: Annotated[bool, "it runs without being added"]


class IntegrationList(TypedDict):
    """Integrations by domain."""

    integrations: list[Integration]


class Setting(TypedDict):
    """One setting of an integration; labels in the reader's language."""

    name: str
    label: str
    help: str
    kind: Literal["text", "integer", "number", "boolean", "choice"]
    choices: list[str]
    required: bool
    default: bool | float | str | None
    minimum: float | None
    maximum: float | None
    secret: Annotated[bool, "never answered"]


class SettingList(TypedDict):
    """The settings of an integration, in the order of its form."""

    settings: list[Setting]


class Entry(TypedDict):
    """An integration that was added."""

    id: str
    integration: str
    running: bool
    trouble: Annotated[str, "why it doesn't run, in English"]
    settings: Annotated[dict[str, object], "without its secrets"]


class EntryList(TypedDict):
    """Entries, the built-in ones first."""

    entries: list[Entry]


class NewEntry(TypedDict):
    """An integration to add."""

    integration: Id
    settings: Settings
    find: NotRequired[Annotated[str, Text(1, 64), "the find that it is made from"]]


class EntryChange(TypedDict):
    """Settings to change; those that aren't named stay."""

    settings: Settings


class Broker(TypedDict):
    """The home's broker."""

    address: str
    built_in: bool
    changeable: Annotated[bool, "false: it is set where the hub is started"]


class OtherBroker(TypedDict):
    """A broker that isn't the built-in one."""

    host: Annotated[str, Text(1, 253, r"[A-Za-z0-9._:%-]+")]
    port: NotRequired[Annotated[int, Number(1, 65535)]]
    tls: NotRequired[Annotated[Literal["none", "system", "own"], "`own`: trust `ca`"]]
    ca: NotRequired[Annotated[str, Text(0, 4096), "certificate of the authority, PEM"]]
    username: NotRequired[Annotated[str, Text(0, 256)]]
    password: NotRequired[Annotated[str, Text(0, 256, secret=True)]]
    version: NotRequired[Literal["3.1.1", "5"]]


class BrokerUser(TypedDict):
    """A device or bridge that may connect to the built-in broker."""

    name: str
    made: Annotated[float, "when its password was made, seconds since 1970, UTC"]


class BrokerUsers(TypedDict):
    """Who may connect, by name; none where the broker is the household's own."""

    users: list[BrokerUser]


class NewBrokerUser(TypedDict):
    """A device or bridge that is to connect."""

    name: Annotated[str, Text(1, 32, NAME.pattern)]


class BrokerPassword(TypedDict):
    """A password, shown this once."""

    name: str
    address: str
    password: str


class ImportedEntity(TypedDict):
    """One thing that a device would do here."""

    kind: str
    name: str


class ImportedDevice(TypedDict):
    """A device that could be taken over."""

    number: int
    name: str
    made: str
    known: Annotated[bool, "it is here already"]
    entities: list[ImportedEntity]
    left_out: list[str]


class LeftOut(TypedDict):
    """Announcements that make no device here."""

    why: str
    count: int


class Import(TypedDict):
    """What another broker holds; kept until it is copied, half an hour at most."""

    id: str
    address: str
    devices: list[ImportedDevice]
    left_out: list[LeftOut]
    too_large: int
    cut: Annotated[bool, "there was more than is read at once"]


class Choice(TypedDict):
    """Which devices are taken over."""

    devices: Annotated[list[int], Items(1, 5000)]


class Copied(TypedDict):
    """How many devices were taken over; each still has to be pointed to the home's broker."""

    copied: int
