"""What programs ask of the past and get; `web.api.models` has the rest."""

from typing import Annotated, Literal, NotRequired, TypedDict

from hub.http.shapes import Number, Text
from web.api.models import Time, Value


class Span(TypedDict):
    """A span of at most 31 days; without `start` a day, without `end` until now."""

    start: NotRequired[Annotated[float, Number(0, 1e11), "seconds since 1970, UTC"]]
    end: NotRequired[Annotated[float, Number(0, 1e11), "seconds since 1970, UTC"]]
    limit: NotRequired[Annotated[int, Number(1, 10_000), "1000 unless said"]]


class Point(TypedDict):
    """A value that holds until the next."""

    at: Time
    value: Value


class History(TypedDict):
    """What an entity was, oldest first."""

    entity_id: str
    points: list[Point]
    more: Annotated[bool, "there are further points: ask again from the last one's time"]


class SeriesSpan(TypedDict):
    """A day, week or month of the home's clock, or a span of at most 31 days with its buckets."""

    span: NotRequired[Annotated[Literal["day", "week", "month"], "a day unless said"]]
    date: NotRequired[Annotated[str, Text(10, 10, r"\d{4}-\d{2}-\d{2}"), "any day of it; today"]]
    start: NotRequired[Annotated[float, Number(0, 1e11), "instead: seconds since 1970, UTC"]]
    end: NotRequired[Annotated[float, Number(0, 1e11), "seconds since 1970, UTC; now unless said"]]
    bucket: NotRequired[
        Annotated[Literal["5min", "15min", "hour", "6h", "day"], "else as pages have it"]
    ]
    limit: NotRequired[Annotated[int, Number(1, 10_000), "intervals or moments; 1000 unless said"]]


class Bucket(TypedDict):
    """What is known from `start` to `end`; null: nothing."""

    start: Time
    end: Time
    least: float | None
    mean: Annotated[float | None, "weighted by time"]
    most: float | None
    known_s: Annotated[float, "of how many seconds something is known"]
    amount: Annotated[float | None, "how much a meter rose, or how often it happened"]


class Held(TypedDict):
    """One state, for how long altogether and how often it began."""

    value: Value
    seconds: float
    times: int


class Interval(TypedDict):
    """What it was from `start` to `end`; null: nothing is known."""

    start: Time
    end: Time
    value: Value


class Series(TypedDict):
    """What an entity was, summed up; which lists are filled depends on `form`."""

    entity_id: str
    form: Literal["figures", "states", "amounts", "moments"]
    unit: str | None
    start: Time
    end: Time
    buckets: Annotated[list[Bucket], "figures, amounts and moments"]
    states: Annotated[list[Held], "the longest first"]
    unknown_s: Annotated[float | None, "states: of how many seconds nothing is known"]
    intervals: Annotated[list[Interval], "states, oldest first"]
    moments: Annotated[list[Time], "when it happened, oldest first"]
    more: Annotated[bool, "there are further intervals or moments"]
