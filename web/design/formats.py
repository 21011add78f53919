"""How times and figures are written, the same on every page.

Clock times are those of China (UTC+8, no summer time since 1992), whatever the reader's browser
thinks: a duty desk and its homes share one clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
NONE = "–"

Moment = datetime | float | int | None


def moment(value: Moment) -> datetime | None:
    """Return seconds since 1970 or an aware time as a time in China."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(CHINA)
    return datetime.fromtimestamp(value, CHINA)


def clock(value: Moment, *, seconds: bool = False) -> str:
    """Return `14:05`, or `14:05:42`."""
    at = moment(value)
    if at is None:
        return NONE
    return at.strftime("%H:%M:%S" if seconds else "%H:%M")


def date(value: Moment, lang: str) -> str:
    """Return `2026年11月23日` or `23 Nov 2026`."""
    at = moment(value)
    if at is None:
        return NONE
    if lang.startswith("zh"):
        return f"{at.year}年{at.month}月{at.day}日"
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def month(value: Moment, lang: str) -> str:
    """Return `2026年11月` or `Nov 2026`."""
    at = moment(value)
    if at is None:
        return NONE
    if lang.startswith("zh"):
        return f"{at.year}年{at.month}月"
    return f"{MONTHS[at.month - 1]} {at.year}"


def days(first: Moment, last: Moment, lang: str) -> str:
    """Return from which day to which, without saying twice what both have in common."""
    begin, end = moment(first), moment(last)
    if begin is None or end is None:
        return NONE
    if begin.year != end.year:
        return f"{date(begin, lang)} – {date(end, lang)}"
    if lang.startswith("zh"):
        named = "" if begin.month == end.month else f"{end.month}月"
        return f"{date(begin, lang)}–{named}{end.day}日"
    if begin.month == end.month:
        return f"{begin.day}–{date(end, lang)}"
    return f"{begin.day} {MONTHS[begin.month - 1]} – {date(end, lang)}"


def day(value: Moment, lang: str) -> str:
    """Return the day of the month, `23日` or `23`."""
    at = moment(value)
    if at is None:
        return NONE
    return f"{at.day}日" if lang.startswith("zh") else f"{at.day}"


def weekday(value: Moment, lang: str) -> str:
    """Return `周一` or `Mon`."""
    at = moment(value)
    return NONE if at is None else WEEKDAYS[lang[:2]][at.weekday()]


def when(value: Moment, lang: str, now: datetime | None = None) -> str:
    """Return the clock time for today, else the date with the clock time."""
    at = moment(value)
    if at is None:
        return NONE
    today = (now or datetime.now(UTC)).astimezone(CHINA).date()
    if at.date() == today:
        return clock(at)
    between = " " if lang.startswith("zh") else ", "
    return f"{date(at, lang)}{between}{clock(at)}"


def elapsed(seconds: float | None) -> str:
    """Return `00:42`, from an hour on `1:02:03`. Negative spans are written as zero."""
    if seconds is None:
        return NONE
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def figure(value: float | str | None, digits: int = 1) -> str:
    """Return a number with at most `digits` decimals, without trailing zeros; words as they are."""
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    text = f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


BROWSERS = (
    ("Edg/", "Edge"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MicroMessenger", "WeChat"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser(agent: str) -> str:
    """Return what a User-Agent header (RFC 9110 section 10.1.5) says in two words, "" if nothing.

    People tell their sessions apart by it; nothing else depends on it.
    """
    name = next((word for mark, word in BROWSERS if mark in agent), "")
    system = next((word for mark, word in SYSTEMS if mark in agent), "")
    return " · ".join(word for word in (name, system) if word)


def iso(value: Moment) -> str:
    """Return the moment for a `<time datetime>` attribute (ISO 8601)."""
    at = moment(value)
    return "" if at is None else at.isoformat(timespec="seconds")


def epoch(value: Moment) -> str:
    """Return the moment in seconds since 1970, for scripts that count."""
    at = moment(value)
    return "" if at is None else f"{at.timestamp():.1f}"
