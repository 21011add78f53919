"""Watching the watchers: a sensor that is silent too long or unavailable is itself an alarm."""

from __future__ import annotations

from collections.abc import Collection

from .measure import Count, Rule
from .table import HAZARDS

MAINS_LIMIT_S = 2 * 3600.0
BATTERY_LIMIT_S = 25 * 3600.0
GRACE_S = 10.0
CLEAR_S = 30.0
# The home may hand a message on late; what this process heard itself within so many seconds
# before counts more.
WORD_MARGIN_S = 10.0


class Sensor:
    """A bound safety sensor and what is known of it.

    Attributes:
        entity_id: the sensor.
        hazard: what it detects, a name of :data:`hub.safety.table.HAZARDS`.
        limit_s: seconds without a live message after which it counts as lost.
        clear_s: seconds of continuous quiet after which its hazard is over.
        key: names it among all sensors; a figure may be read for several hazards.
        count: what its figures are held against, None for a sensor that speaks words.
        own: the sockets of its own device, where only these are called.
        pulse: it tells of a moment, a press, and never that the moment is over.
        latched: its hazard ends when a person says so.
        value: True while it detects, False while it doesn't, None when it never said so.
        seen: steady clock of its last live message.
        heard: it gave a sign of life since this process started.
        available: what its availability topics say; None when they say nothing.
        unavailable_since: steady clock at which it became unavailable.
        quiet_since: steady clock since which it has been known to be quiet.
        spoke: steady clock of its last live message to this process, None before the first.
        by_word: ``value`` is what the home said; this process didn't hear it itself.
    """

    __slots__ = (
        "available",
        "by_word",
        "clear_s",
        "count",
        "entity_id",
        "hazard",
        "heard",
        "key",
        "latched",
        "limit_s",
        "own",
        "pulse",
        "quiet_since",
        "seen",
        "spoke",
        "unavailable_since",
        "value",
    )

    def __init__(
        self,
        entity_id: str,
        hazard: str,
        *,
        limit_s: float = BATTERY_LIMIT_S,
        clear_s: float = CLEAR_S,
        seen: float = 0.0,
        rule: Rule | None = None,
        own: Collection[str] = (),
        pulse: bool = False,
    ) -> None:
        kind = HAZARDS[hazard]
        self.entity_id = entity_id
        self.hazard = hazard
        self.limit_s = limit_s if kind.supervised else float("inf")
        self.clear_s = clear_s
        self.count = None if rule is None else Count(rule)
        self.key = entity_id if rule is None else f"{entity_id}#{hazard}"
        self.own = frozenset(own)
        self.pulse = pulse
        self.latched = kind.latched
        self.value: bool | None = None
        self.seen = seen
        self.heard = False
        self.available: bool | None = None
        self.unavailable_since: float | None = None
        self.quiet_since: float | None = None
        self.spoke: float | None = None
        self.by_word = False

    def take_over(self, old: Sensor, now: float) -> None:
        """Keep what was known when the bindings are replaced; limits may be others now."""
        self.value = old.value
        self.seen = old.seen
        self.heard = old.heard
        self.available = old.available
        self.unavailable_since = old.unavailable_since
        self.quiet_since = old.quiet_since
        self.spoke = old.spoke
        self.by_word = old.by_word
        if self.count is not None and old.count is not None:
            self.count.take_over(old.count, now)
            self.settle(now)

    def believes(self, value: bool, since: float) -> bool:
        """Whether the home's word on this sensor counts; only where we did not hear better.

        A detection counts if this process, perhaps started just now, missed it. Quiet counts
        only after such a detection, or while this process knows nothing: the home can't end
        what was heard here.

        Args:
            value: what the sensor said to the home.
            since: steady clock of when it said so.
        """
        if value:
            return self.spoke is None or since > self.spoke + WORD_MARGIN_S
        return self.by_word or self.value is None

    def hear(self, value: bool | None, now: float, *, live: bool) -> None:
        """Note a state message; a retained one (not ``live``) is no sign of life."""
        self.by_word = False
        if live:
            self.seen = self.spoke = now
            self.heard = True
        if value is None:
            self.quiet_since = None
            if self.count is not None:
                self.count.figure = None
            return
        if value or self.available is False:
            self.quiet_since = None
        elif self.quiet_since is None:
            self.quiet_since = now
        self.value = value

    def hear_figure(self, count: Count, figure: float, now: float, *, live: bool) -> bool:
        """Note a figure; whether anything but the figure is different now."""
        news = (not self.heard and live, self.value, count.since is None, count.quiet is None)
        if live:
            self.seen = self.spoke = now
            self.heard = True
        count.hear(figure, now)
        self.settle(now, heard=True)
        after = (False, self.value, count.since is None, count.quiet is None)
        return self.value is True or news != after

    def settle(self, now: float, *, heard: bool = False) -> None:
        """Bring ``value`` to what its figures and the time make of it.

        Args:
            now: steady clock.
            heard: a figure has just come; else time alone has passed.
        """
        count = self.count
        if count is None or count.figure is None:
            return
        count.settle(now)
        value = count.holds(now)
        if value and not self.value and self.available is False and not heard:
            return  # what it would say now, nobody knows
        if value or self.available is False:
            self.quiet_since = None
        elif self.quiet_since is None:
            self.quiet_since = now
        self.value = value

    def hear_availability(self, available: bool | None, now: float) -> None:
        """Note what the availability topics say together.

        "Online" alone doesn't make it seen: a bridge says so of devices with a flat battery.
        """
        if available:
            self.heard = True
        if available is self.available:
            return
        since = self.unavailable_since
        if self.count is not None and since is not None:
            self.count.returned(now, now - since)
        self.available = available
        self.unavailable_since = now if available is False else None
        if available is False:
            self.quiet_since = None
        elif self.value is False and self.quiet_since is None:
            self.quiet_since = now

    @property
    def found(self) -> bool:
        """It gave a sign of life and nothing says that it is unavailable."""
        return self.heard and self.available is not False

    def over_at(self) -> float | None:
        """Steady clock at which its hazard is over if it stays quiet, None while it isn't."""
        if self.quiet_since is None or self.latched:
            return None
        return self.quiet_since + self.clear_s

    def lost_at(self, grace_s: float) -> float:
        """Steady clock from which it counts as lost if nothing more is heard."""
        silent = self.seen + self.limit_s
        if self.unavailable_since is None or not HAZARDS[self.hazard].supervised:
            return silent
        return min(silent, self.unavailable_since + grace_s)
