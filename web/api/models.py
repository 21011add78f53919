"""What programs send and get; `hub.http.shapes` checks and documents it.

Annotations stay real objects here: a `TypedDict` must see its own `NotRequired`.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from hub.http.shapes import Items, Number, Text

Id = Annotated[str, Text(1, 255)]
Name = Annotated[str, Text(1, 64)]
Time = Annotated[float, "seconds since 1970, UTC"]
Value = Annotated[bool | float | str | None, "the kind's own value; null: known to be unknown"]
Scalar = bool | float | Annotated[str, Text(0, 1024)]
Color = Annotated[list[float], Items(2, 5), "as its argument says: hs, rgb, xy, rgbw, rgbww"]
ActingRole = Literal["gas_valve", "water_valve", "siren", "socket"]


# -- devices ------------------------------------------------------------------------------


class State(TypedDict):
    """What one entity is right now."""

    entity_id: str
    value: Value
    available: bool
    attributes: dict[str, object]
    changed: Time
    updated: Time


class StateFilter(TypedDict):
    """Which states."""

    kind: NotRequired[Annotated[str, Text(1, 64), "only entities of this kind"]]


class StateList(TypedDict):
    """States by entity id."""

    states: list[State]


class Entity(TypedDict):
    """One thing that a device measures or does."""

    entity_id: str
    name: str
    kind: str
    device_class: str | None
    unit: str | None
    category: str | None
    device_id: str | None
    area: str
    enabled: Annotated[bool, "false: the household switched it off"]
    present: Annotated[bool, "false: its source doesn't announce it now"]
    own_name: Annotated[str, "the household's name for it; empty: its device's and its own"]
    own_area: Annotated[str, "the household's room for it; empty: its device's"]
    hidden: Annotated[bool, "left out of what people look at every day"]
    members: Annotated[list[str], "the entities of a group; empty for all others"]
    commands: list[str]
    held_by: Annotated[str | None, "the hazard that holds it; commands are refused"]


class EntityList(TypedDict):
    """Entities by id."""

    entities: list[Entity]


class EntityChange(TypedDict):
    """The household's choice about an entity; what is left out stays."""

    name: NotRequired[Annotated[str, Text(0, 64), 'its own name; "" follows the device']]
    area: NotRequired[Annotated[str, Text(0, 64), 'its own room; "" follows the device']]
    hidden: NotRequired[bool]
    enabled: NotRequired[bool]


class Device(TypedDict):
    """A physical thing."""

    id: str
    name: str
    area: str
    manufacturer: str
    model: str
    integration: str
    entities: list[str]


class DeviceList(TypedDict):
    """Devices by name."""

    devices: list[Device]


class DeviceChange(TypedDict):
    """The resident's own name and room of a device; what is left out stays."""

    name: NotRequired[Name]
    area: NotRequired[Annotated[str, Text(0, 64), '"" for no room']]


class Area(TypedDict):
    """A room."""

    id: str
    name: str


class AreaList(TypedDict):
    """The rooms at home."""

    areas: list[Area]


class NewArea(TypedDict):
    """A room that is to be."""

    name: Name


class AreaOrder(TypedDict):
    """Rooms in another order; those that are left out come after."""

    areas: Annotated[list[Id], Items(0, 100)]


class Replace(TypedDict):
    """The device that is to stand where another stood."""

    by: Id


class Replaced(TypedDict):
    """How many entities took over ids, history, names and safety roles."""

    entities: int


class NewGroup(TypedDict):
    """Entities of one kind under one name."""

    kind: Id
    name: Name
    members: Annotated[list[Id], Items(0, 100)]


class Members(TypedDict):
    """The entities of a group."""

    members: Annotated[list[Id], Items(0, 100)]


class Favourites(TypedDict):
    """What the account's owner wants to see first, in order."""

    entities: Annotated[list[Id], Items(0, 48)]


class Command(TypedDict):
    """A command for an entity."""

    entity_id: Id
    command: Annotated[str, Text(1, 64)]
    args: NotRequired[Annotated[dict[str, Scalar | Color], Items(0, 32)]]
    override: NotRequired[
        Annotated[bool, "a person's second press on what an alarm holds; tokens can't"]
    ]


class CommandDone(TypedDict):
    """The device's own answer, and the audit's line about it."""

    entity_id: str
    command: str
    confirmed: Annotated[bool, "by the device itself; always true, else it is a refusal"]
    ms: Annotated[float, "until the device answered"]
    line: int


# -- safety -------------------------------------------------------------------------------


class Deed(TypedDict):
    """What the hazard kernel did with one actuator."""

    role: str
    result: Annotated[str, "sent, confirmed, failed, unbound, refused_electrical or taken"]
    text: str


class Question(TypedDict):
    """Whether to tell the duty desk; without an answer the choice counts at the deadline."""

    deadline: Time
    choice: Annotated[str | None, "zone, flat or nobody; null: never asked"]
    answer: Annotated[str | None, "tell or dont"]
    told: bool
    cancelled: bool
    flat: Annotated[bool, "the flat is told, and not the zone"]
    seen_at: Annotated[Time | None, "when the duty desk acknowledged the call of this flat"]


class Called(TypedDict):
    """A call for help."""

    hazard_id: str


class Hazard(TypedDict):
    """One alarm; sentences are in the reader's language."""

    id: str
    hazard: str
    entity_id: str
    sensor: str
    place: str
    active: bool
    raised_at: Time
    cleared_at: Time | None
    acknowledged_by: str | None
    question: Question | None
    advice: list[str]
    did: list[Deed]


class HazardFilter(TypedDict):
    """Which alarms."""

    active: NotRequired[bool]
    limit: NotRequired[Annotated[int, Number(1, 1000), "100 unless said"]]


class HazardList(TypedDict):
    """Open alarms first, then the newest."""

    hazards: list[Hazard]


class Answer(TypedDict):
    """An answer to the question whether to tell the duty desk."""

    answer: Literal["tell", "dont"]


class Answered(TypedDict):
    """Whether the duty desk is being told."""

    told: bool


class Sensor(TypedDict):
    """A sensor and one hazard it is watched for, and how it is watched now."""

    entity_id: str
    name: str
    hazard: str
    seen_at: Time | None
    limit_s: Annotated[float | None, "the longest silence; null: silence says nothing"]
    watch: str
    own: Annotated[list[str], "names of its own device's sockets that act for it"]
    missing: Annotated[list[str], "roles that the hazard needs and nothing is bound to"]
    unit: Annotated[str | None, "of the figure and its limit; null: a sensor of words"]
    limit: float | None
    for_s: Annotated[float, "for how long the figure has to be past the limit"]
    marked: Annotated[bool, "a resident said that it is for this"]
    acts: Annotated[bool, "a resident said that its own socket is switched off"]
    tested_at: Time | None
    test_due: bool


class Safety(TypedDict):
    """Whether alarms are watched now, and each sensor."""

    guard: str
    test_days: Annotated[int, "after so many days a sensor is to be tried out"]
    sensors: list[Sensor]


class Limit(TypedDict):
    """How long a safety sensor may stay silent before it counts as lost."""

    seconds: Annotated[float, Number(60, 30 * 86400)]


class MarkableSensor(TypedDict):
    """What could be said to be for a hazard; `press` is one of an event's types."""

    entity_id: str
    press: str
    name: str


class Markable(TypedDict):
    """What could be said to be for a hazard."""

    sensors: list[MarkableSensor]


class Mark(TypedDict):
    """How a sensor is for a hazard; without a figure the usual one counts."""

    press: NotRequired[Annotated[str, Text(0, 64), "which type of an event"]]
    limit: NotRequired[Annotated[float, Number(-1e9, 1e9), "in the hazard's unit"]]
    for_s: NotRequired[Annotated[float, Number(0, 7 * 86400)]]
    acts: NotRequired[Annotated[bool, "switch its own socket off"]]


class TestDays(TypedDict):
    """After how many days sensors are to be tried out."""

    days: Annotated[int, Number(7, 730)]


class Binding(TypedDict):
    """An actuator that acts in a role."""

    entity_id: str
    name: str
    role: str
    present: bool


class Candidate(TypedDict):
    """An actuator that could be bound."""

    entity_id: str
    name: str


class Bindings(TypedDict):
    """What acts in an alarm, and by role what could."""

    bindings: list[Binding]
    candidates: dict[str, list[Candidate]]


class Bind(TypedDict):
    """The role that an actuator is to act in."""

    role: ActingRole


class Pressed(TypedDict):
    """Whether the device itself confirmed a test press."""

    confirmed: bool
