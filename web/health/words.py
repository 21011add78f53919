"""What the page says: for each concern a sentence, what to do, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from web.design.formats import figure
from web.words import BROKER, GUARD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from web.design.page import Words
    from web.health.devices import DeviceCondition
    from web.health.views import HubView

FULL_BYTES, FULL_SHARE = 1_000_000_000, 0.05
"""A disk with less free than both is nearly full."""
GB = 1e9
NARROW = "\N{NO-BREAK SPACE}"
"""A figure and its unit stay on one line."""


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


class Say(NamedTuple):
    """How a concern is told; `address` with {entity} is where its one press leads."""

    picture: str
    text: str
    do: str
    press: str
    address: str


DEVICE = "/devices/{entity}"
CONCERNS = {
    "lost": Say(
        "supervision",
        _("No word for too long: nothing watches there"),
        _("Has it power or a battery? Press its test button and see whether it comes back."),
        _("Look"),
        DEVICE,
    ),
    "unavailable": Say(
        "supervision",
        _("Can't be reached: nothing watches there"),
        _("Has it power or a battery? Is the bridge it speaks through switched on?"),
        _("Look"),
        DEVICE,
    ),
    "unwatched": Say(
        "supervision",
        _("Not watched"),
        _("The alarm watch doesn't know it yet. Look at the safety page."),
        _("Look"),
        "/safety",
    ),
    "unheard": Say(
        "pending",
        _("Not heard from yet"),
        _("Press its test button once, so that the hub hears it."),
        _("Look"),
        DEVICE,
    ),
    "gone": Say(
        "link-off",
        _("Can't be reached"),
        _("Has it power? Is it in reach, and is the bridge it speaks through switched on?"),
        _("Look"),
        DEVICE,
    ),
    "never": Say(
        "pending",
        _("Announced, but never heard from"),
        _("Press a button on the device once. If nothing comes, connect it anew."),
        _("Look"),
        DEVICE,
    ),
    "empty": Say(
        "battery",
        _("Battery nearly empty"),
        _("Change the battery now."),
        _("Look"),
        DEVICE,
    ),
    "low": Say(
        "battery",
        _("Battery low"),
        _("Change the battery in the next days."),
        _("Look"),
        DEVICE,
    ),
    "test": Say(
        "review",
        _("Not tested for long"),
        _("Press its test button, then say so on the safety page."),
        _("Test it"),
        "/safety#tests",
    ),
    "weak": Say(
        "sensor",
        _("Weak signal"),
        _("Move it nearer to the hub, or put a device on the mains in between."),
        _("Look"),
        DEVICE,
    ),
    "update": Say(
        "refresh",
        _("New firmware is offered"),
        _("Install it when nobody needs the device for some minutes."),
        _("Look"),
        DEVICE,
    ),
}


class HubLine(NamedTuple):
    """One line about the hub; `word` names it for programs, `press` and `address` may be ""."""

    word: str
    level: str
    picture: str
    title: str
    detail: str
    press: str = ""
    address: str = ""


def battery_word(words: Words, one: DeviceCondition) -> str:
    """Return a battery as a word and percent, "" where it says nothing."""
    if one.battery is None:
        return words("Battery low") if one.battery_low else ""
    if one.battery <= 5:
        word = words("nearly empty")
    elif one.battery_low or one.battery <= 15:
        word = words("low")
    elif one.battery <= 50:
        word = words("half")
    else:
        word = words("good")
    return f"{word} · {figure(round(one.battery))}{NARROW}%"


def signal_word(words: Words, one: DeviceCondition) -> str:
    """Return a signal as a word and figure, "" where it says nothing."""
    if one.signal is None:
        return ""
    weak, good = (50, 120) if one.signal_unit == "lqi" else (-85, -67)
    if one.signal < weak:
        word = words("weak")
    elif one.signal < good:
        word = words("fair")
    else:
        word = words("good")
    return f"{word} · {figure(round(one.signal))}{NARROW}{one.signal_unit}"


def hub_lines(hub: HubView, guard: str, words: Words) -> list[HubLine]:
    """Say how the hub is, what needs somebody first."""
    lines = [
        _watch_line(guard, words),
        _broker_line(hub, words),
        *_integration_lines(hub, words),
        *_history_lines(hub, words),
        _disk_line(hub, words),
    ]
    order = ("1", "2", "3", "lost", "4", "ok")
    return sorted(lines, key=lambda line: order.index(line.level))


def _watch_line(guard: str, words: Words) -> HubLine:
    if guard == "watching":
        text = words("It runs in a process of its own.")
        return HubLine("watch", "ok", "safety", words("The alarm watch works"), text)
    trouble = GUARD[guard]
    return HubLine(
        "watch",
        trouble.level,
        "safety",
        words(trouble.text),
        words(trouble.detail),
        words("Look"),
        "/safety",
    )


def _broker_line(hub: HubView, words: Words) -> HubLine:
    address, why = hub.broker_address, BROKER.get(hub.broker_problem, "")
    if hub.broker == "none":
        title = words("There is no message broker")
        return HubLine("broker", "4", "pairing", title, words("No device can speak to the hub."))
    if hub.broker == "connected":
        if why:
            return HubLine("broker", "2", "pairing", words("Trouble with the broker"), words(why))
        title = words("The message broker answers")
        return HubLine("broker", "ok", "pairing", title, address)
    lost = words(
        "The hub tries again by itself. Is it a broker of your own at %(address)s? Then look"
        " whether it runs.",
        address=address,
    )
    title = words("The message broker does not answer")
    return HubLine("broker", "2", "link-off", title, words(why) if why else lost)


def _integration_lines(hub: HubView, words: Words) -> list[HubLine]:
    lines = []
    for one in hub.integrations:
        name = one.name.get(words.lang) or one.name.get("en") or one.domain
        ignored = sum(one.ignored.values())
        if one.problem:
            title = words("%(name)s did not start", name=name)
            lines.append(HubLine(f"integration:{one.domain}", "2", "device", title, one.problem))
        elif ignored:
            count = words.ngettext(
                "%(num)s unreadable message was ignored since the start",
                "%(num)s unreadable messages were ignored since the start",
                ignored,
            )
            kinds = ", ".join(f"{kind} {times}" for kind, times in _most(one.ignored))
            title = words("%(name)s: some messages make no sense", name=name)
            detail = f"{count % {'num': ignored}} ({kinds})"
            lines.append(HubLine(f"integration:{one.domain}", "4", "device", title, detail))
        else:
            title = words("%(name)s: at work", name=name)
            detail = words("No message was unreadable.")
            lines.append(HubLine(f"integration:{one.domain}", "ok", "device", title, detail))
    return lines


def _most(ignored: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(ignored.items(), key=lambda pair: -pair[1])[:3]


def _history_lines(hub: HubView, words: Words) -> list[HubLine]:
    if hub.history_damaged is None:
        return []
    lines = []
    if hub.history_problem:
        detail = words("Nothing else is stopped by it. It goes on by itself when there is room.")
        if hub.history_problem == "room":
            title = words("The disk is nearly full: no history is written")
        else:
            title = words("The disk takes nothing: no history is written")
        lines.append(HubLine("history", "2", "history", title, detail))
    if hub.history_damaged:
        text = words.ngettext(
            "%(num)s part of the history is damaged and left out",
            "%(num)s parts of the history are damaged and left out",
            hub.history_damaged,
        )
        detail = words("Everything else can be read. Is the disk getting old?")
        title = text % {"num": hub.history_damaged}
        lines.append(HubLine("history", "3", "history", title, detail))
    if hub.history_dropped:
        text = words.ngettext(
            "%(num)s value could not be written down",
            "%(num)s values could not be written down",
            hub.history_dropped,
        )
        detail = words("The disk took nothing for too long. Make room on it.")
        title = text % {"num": figure(hub.history_dropped)}
        lines.append(HubLine("history", "2", "history", title, detail))
    if not lines:
        detail = words("Nothing is missing or damaged.")
        lines.append(
            HubLine("history", "ok", "history", words("The history is written down"), detail)
        )
    return lines


def _disk_line(hub: HubView, words: Words) -> HubLine:
    free, total = hub.disk_free, hub.disk_total
    detail = words(
        "%(free)s GB of %(total)s GB are free",
        free=figure(free / GB),
        total=figure(total / GB),
    )
    if free < FULL_BYTES and free < total * FULL_SHARE:
        title = words("The disk is nearly full")
        return HubLine("disk", "2", "data", title, detail)
    return HubLine("disk", "ok", "data", words("There is room on the disk"), detail)
