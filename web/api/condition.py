"""How devices and hub are."""

from typing import TYPE_CHECKING, Annotated, TypedDict

from hub.http.operations import Call, Operations
from web.api.models import Time
from web.health.devices import DeviceCondition, conditions
from web.house import HOUSEHOLD

if TYPE_CHECKING:
    from web.facade import HomeRuntime
    from web.health.views import HubView

Count = Annotated[int, "since the start"]


class Concern(TypedDict):
    """One thing about a device that needs a person."""

    level: Annotated[str, "1 (critical) to 4 (low)"]
    what: Annotated[
        str,
        "lost, unavailable, unwatched, unheard (safety sensors); gone, never, empty, low, test,"
        " weak, update",
    ]


class Firmware(TypedDict):
    """Newer firmware that is offered; "" where the device doesn't say."""

    installed: str
    offered: str


class DeviceHealth(TypedDict):
    """One device, or one entity that belongs to none."""

    id: str
    name: str
    area: str
    safety: Annotated[bool, "the alarm watch hears it, or it acts in alarms"]
    heard: Annotated[Time | None, "null: never"]
    unavailable_since: Annotated[Time | None, "null: something of it can be reached"]
    battery: Annotated[float | None, "percent; null: it says none"]
    battery_low: bool
    signal: float | None
    signal_unit: Annotated[str, "dBm or lqi"]
    firmware: Firmware | None
    concerns: list[Concern]


class Ignored(TypedDict):
    """Bad input of one sort, ignored."""

    kind: str
    count: Count


class IntegrationHealth(TypedDict):
    """An integration; `problem` is "" while it is at work."""

    domain: str
    problem: str
    ignored: list[Ignored]


class HubHealth(TypedDict):
    """The hub's own parts."""

    alarm_watch: Annotated[str, "watching, starting, deaf or unreachable"]
    broker: Annotated[str, "connected, lost or none"]
    integrations: list[IntegrationHealth]
    history_damaged: Annotated[int | None, "parts that can't be opened; null: no history"]
    history_dropped: Annotated[int, "values that could not be written down"]
    history_problem: Annotated[str, 'why none is written: "room", "disk", or "" while all is well']
    disk_free: Annotated[int, "bytes"]
    disk_total: Annotated[int, "bytes"]


class Condition(TypedDict):
    """Devices, what needs a person first, and the hub."""

    devices: list[DeviceHealth]
    hub: HubHealth


def condition_operations(runtime: "HomeRuntime") -> Operations:
    """Return what tells the condition."""
    table = Operations("condition")

    @table.add(
        "GET",
        "/condition",
        allow=HOUSEHOLD,
        scope="read:states",
        summary="Batteries, signals, lost devices, firmware, and how the hub itself is",
        answers=Condition,
    )
    async def get_condition(_call: Call) -> Condition:
        return {
            "devices": [_device(one) for one in conditions(runtime)],
            "hub": _hub(await runtime.condition(), runtime.guard),
        }

    return table


def _device(one: DeviceCondition) -> DeviceHealth:
    update = one.update
    return {
        "id": one.key,
        "name": one.name,
        "area": one.area,
        "safety": one.safety,
        "heard": one.heard,
        "unavailable_since": one.gone_since,
        "battery": one.battery,
        "battery_low": one.battery_low,
        "signal": one.signal,
        "signal_unit": one.signal_unit,
        "firmware": {"installed": update[0], "offered": update[1]} if update else None,
        "concerns": [{"level": each.level, "what": each.word} for each in one.concerns],
    }


def _hub(hub: "HubView", guard: str) -> HubHealth:
    return {
        "alarm_watch": guard,
        "broker": hub.broker,
        "integrations": [
            {
                "domain": one.domain,
                "problem": one.problem,
                "ignored": [
                    {"kind": kind, "count": count} for kind, count in sorted(one.ignored.items())
                ],
            }
            for one in hub.integrations
        ],
        "history_damaged": hub.history_damaged,
        "history_dropped": hub.history_dropped,
        "history_problem": hub.history_problem,
        "disk_free": hub.disk_free,
        "disk_total": hub.disk_total,
    }
