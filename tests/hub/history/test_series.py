"""Figures, states and amounts against the plainest way to work them out: every millisecond."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.history.blocks import Columns, Value
from hub.history.counts import amounts, moments, risen_by
from hub.history.series import Figure, States, figures, merged, number, states, together
from hub.history.spans import DAY_MS, HOUR_MS, STEPS, Span, edges, midnight

END = 60
EDGES = st.lists(st.integers(1, END - 1), max_size=6, unique=True).map(
    lambda inner: [0, *sorted(inner), END]
)
READINGS = st.integers(-50, 50) | st.floats(-50, 50) | st.none() | st.booleans() | st.just("x")
ROWS = st.lists(st.tuples(st.integers(0, END - 1), READINGS), max_size=30).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)
Pairs = list[tuple[int, Value]]


def cut(rows: Pairs, size: int) -> Iterator[Columns]:
    """The rows as a history gives them: some at a time."""
    for begin in range(0, len(rows), size):
        some = rows[begin : begin + size]
        yield [at for at, _ in some], [value for _, value in some]


def held_at(rows: Pairs, before: Value, at: int) -> Value:
    """What was last said up to a moment."""
    found = before
    for moment, value in rows:
        if moment <= at:
            found = value
    return found


def numbers(values: Iterable[Value]) -> list[float]:
    """Those that are numbers."""
    return [value for value in map(number, values) if value is not None]


@given(ROWS, EDGES, READINGS, st.integers(0, END), st.integers(1, 7))
def test_figures(rows: Pairs, sides: list[int], before: Value, stop: int, size: int) -> None:
    rows = [row for row in rows if row[0] < stop]
    found = figures(cut(rows, size), sides, stop, before)
    for (start, end), one in zip(pairwise(sides), found, strict=True):
        held = numbers(held_at(rows, before, at) for at in range(start, min(end, stop)))
        seen = held + numbers(value for at, value in rows if start <= at < end)
        if not seen:
            assert one is None
            continue
        assert one is not None
        assert (one.least, one.most, one.known) == (min(seen), max(seen), len(held))
        assert one.least <= one.mean <= one.most
        if held:
            assert one.mean == pytest.approx(sum(held) / len(held))


@given(ROWS, st.lists(st.integers(1, END - 1), min_size=2, max_size=6, unique=True), st.data())
def test_merged_figures_are_those_of_the_larger_buckets(
    rows: Pairs, inner: list[int], data: st.DataObject
) -> None:
    fine = [0, *sorted(inner), END]
    few = data.draw(st.lists(st.sampled_from(inner), max_size=3, unique=True))
    coarse = [0, *sorted(few), END]
    small = figures(cut(rows, 5), fine, END)
    for one, other in zip(
        merged(small, fine, coarse), figures(cut(rows, 5), coarse, END), strict=True
    ):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert (one.least, one.most, one.known) == (other.least, other.most, other.known)
            assert not one.known or one.mean == pytest.approx(other.mean)


def test_a_mean_is_weighted_by_time() -> None:
    rows: Pairs = [(0, 10.0), (1, 20.0), (9, 10.0)]
    (one,) = figures(cut(rows, 9), [0, 10], 10)
    assert one is not None
    assert (one.least, one.mean, one.most, one.known) == (10, 18, 20, 10)
    assert together([]) is None
    two = together([one, Figure(0.0, 3.0, 3.0, 10)])
    assert two is not None
    assert (two.least, two.mean, two.most, two.known) == (0, 10.5, 20, 20)


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf, True, "7", None])
def test_what_is_no_number_is_a_gap(strange: Value) -> None:
    rows: Pairs = [(0, 1.0), (2, strange), (6, 3.0)]
    (one,) = figures(cut(rows, 9), [0, 10], 10)
    assert one is not None
    assert (one.least, one.most, one.known) == (1, 3, 6)
    assert one.mean == pytest.approx(14 / 6)


WORDS = st.sampled_from(["open", "closed", True, False, None, 3.5])
STATE_ROWS = st.lists(st.tuples(st.integers(0, END - 1), WORDS), max_size=30).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)


@given(STATE_ROWS, WORDS, st.integers(0, END - 1), st.integers(1, 7), st.integers(0, 40))
def test_states(rows: Pairs, before: Value, start: int, size: int, most: int) -> None:
    rows = [row for row in rows if row[0] >= start]
    found = states(cut(rows, size), start, END, before, most)
    naive = [held_at(rows, before, at) for at in range(start, END)]
    assert len(found.intervals) <= most
    if not found.more:
        spread = [one.value for one in found.intervals for _ in range(one.start, one.end)]
        assert spread == naive
        assert found.intervals[0].start == start
        assert all(one.end == two.start for one, two in pairwise(found.intervals))
        assert all(one.value != two.value for one, two in pairwise(found.intervals))
    begins = [value for place, value in enumerate(naive) if not place or naive[place - 1] != value]
    assert found.unknown == naive.count(None)
    assert found.totals == {
        value: (naive.count(value), begins.count(value)) for value in naive if value is not None
    }


def test_a_picture_shows_what_was_longest() -> None:
    wide = 360 * 10
    rows: Pairs = [(0, "open"), (9, "closed"), (17, "open"), (20, None)]
    found = states(cut(rows, 2), 0, wide)
    assert found.slots == ["open", "closed", *[None] * 358]
    assert (found.totals["open"], found.unknown) == ((12, 2), wide - 20)
    assert States(0, 0).slots == []


def test_many_different_texts_are_added_up_together() -> None:
    rows: Pairs = [(at, f"text {at}") for at in range(150)]
    found = states(cut(rows, 40), 0, 150)
    assert (len(found.totals), found.other, found.unknown) == (100, 50, 0)


COUNTS = st.lists(
    st.tuples(st.integers(0, END - 1), st.integers(0, 100) | st.none()), max_size=30
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


@given(COUNTS, EDGES, st.none() | st.integers(0, 100), st.integers(0, END), st.integers(1, 7))
def test_amounts(
    rows: Pairs, sides: list[int], reading: float | None, stop: int, size: int
) -> None:
    rows = [row for row in rows if row[0] < stop]
    found = amounts(cut(rows, size), sides, stop, reading, reading)
    expected = [0.0] * len(found)
    highest = reading
    for at, value in rows:
        counted = number(value)
        if counted is None:
            continue
        if highest is not None:
            place = next(n for n, (a, b) in enumerate(pairwise(sides)) if a <= at < b)
            expected[place] += risen_by(highest, counted)
        if highest is None or counted >= highest or counted < 0.9 * highest:
            highest = counted
    for (start, end), one, amount in zip(pairwise(sides), found, expected, strict=True):
        moments_here = range(start, min(end, stop))
        known = any(held_at(rows, reading, at) is not None for at in moments_here)
        said = any(start <= at < end and value is not None for at, value in rows)
        assert (one is None) == (not known and not said)
        assert one is None or one == pytest.approx(amount)


def test_a_counter_that_begins_anew_and_one_that_trembles() -> None:
    rows: Pairs = [(1, 90.0), (2, 100.0), (3, 99.9), (4, 101.0), (5, 2.0), (6, 3.0)]
    assert amounts(cut(rows, 9), [0, 5, 10], 10) == [11.0, 3.0]
    # The day before counts: without its last reading nothing is known of the first rise.
    assert amounts(cut(rows, 9), [0, 5, 10], 10, 80.0, 80.0) == [21.0, 3.0]


def test_what_rose_while_nobody_read_belongs_to_the_next_reading() -> None:
    rows: Pairs = [(1, 5.0), (2, None), (25, 9.0)]
    found = amounts(cut(rows, 9), [0, 10, 20, 30, 40], 40)
    assert found == [0.0, None, 4.0, 0.0]


@given(STATE_ROWS, EDGES, WORDS)
def test_moments(rows: Pairs, sides: list[int], before: Value) -> None:
    found = moments(cut(rows, 4), sides, before, most=5)
    changes, last = [], before
    for at, value in rows:
        if value is not None and value != last:
            changes.append(at)
            last = value
    assert found.times == changes[:5]
    assert found.more == (len(changes) > 5)
    assert found.counts == [sum(a <= at < b for at in changes) for a, b in pairwise(sides)]


# -- spans --------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")
CHINA = timezone(timedelta(hours=8))
ZONES = [UTC, CHINA, BERLIN, ZoneInfo("Asia/Beirut"), ZoneInfo("Australia/Lord_Howe")]


def ms(year: int, month: int, day: int) -> int:
    return round(datetime(year, month, day, tzinfo=CHINA).timestamp() * 1000)


def test_days_weeks_and_months_begin_at_the_home_s_midnight() -> None:
    day = date(2026, 11, 25)  # a Wednesday
    one = Span("day", day, CHINA)
    assert (one.start, one.end) == (ms(2026, 11, 25), ms(2026, 11, 26))
    one = Span("week", day, CHINA)
    assert (one.start, one.end) == (ms(2026, 11, 23), ms(2026, 11, 30))
    assert one.before.first == date(2026, 11, 16)
    one = Span("month", day, CHINA)
    assert (one.start, one.end) == (ms(2026, 11, 1), ms(2026, 12, 1))
    assert (one.after.first, one.after.past) == (date(2026, 12, 1), date(2027, 1, 1))
    assert one.before.first == date(2026, 10, 1)
    assert Span("month", date.min, CHINA).before.first == date(1971, 1, 1)
    assert Span("week", date.max, CHINA).after.first.year == 9998


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_is_as_long_as_its_clock(day: date, hours: int) -> None:
    one = Span("day", day, BERLIN)
    assert one.end - one.start == hours * HOUR_MS
    assert len(edges(one.start, one.end, HOUR_MS, BERLIN)) == hours + 1
    quarters = edges(one.start, one.end, STEPS["6h"], BERLIN)
    assert [b - a for a, b in pairwise(quarters)][-1] == (5 if hours == 23 else 1) * HOUR_MS


def test_days_of_a_month_stand_at_midnight_across_a_change_of_the_clock() -> None:
    month = Span("month", date(2026, 3, 1), BERLIN)
    found = edges(month.start, month.end, DAY_MS, BERLIN)
    clocks = [datetime.fromtimestamp(edge / 1000, BERLIN) for edge in found]
    assert [one.day for one in clocks] == [*range(1, 32), 1]
    assert {(one.hour, one.minute) for one in clocks} == {(0, 0)}


@given(
    st.sampled_from(ZONES),
    st.dates(date(1975, 1, 1), date(2100, 1, 1)),
    st.sampled_from(sorted(STEPS)),
    st.integers(0, DAY_MS),
    st.integers(1, 3 * DAY_MS),
)
def test_edges_rise_and_stay_within(
    zone: timezone, day: date, step: str, offset: int, length: int
) -> None:
    start = midnight(day, zone) + offset
    found = edges(start, start + length, STEPS[step], zone)
    assert (found[0], found[-1]) == (start, start + length)
    assert all(0 < b - a <= max(STEPS[step], 25 * HOUR_MS) for a, b in pairwise(found))
    if step != "day":
        assert all(b - a <= STEPS[step] for a, b in pairwise(found))


READERS: list[Callable[[], object]] = [
    lambda: figures([], [0, 10], 10),
    lambda: amounts([], [0, 10], 10),
    lambda: moments([], [0, 10]).counts,
    lambda: states([], 0, 10).intervals[0].value,
]


@pytest.mark.parametrize("read", READERS)
def test_nothing_recorded_is_nothing_known(read: Callable[[], object]) -> None:
    assert read() in ([None], [0], None)
