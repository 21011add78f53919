"""Series of the history for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.history.spans import HOUR_MS, MINUTE_MS
from tests.web.homes import served
from tests.web.programs import Program, program
from tests.web.written import DAY, Written, add, keep


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Written]:
    async with served(tmp_path) as made:
        yield Written(made)


@pytest.fixture
async def owner(home: Written) -> AsyncIterator[Program]:
    async with program(home) as made:
        yield made


async def test_series_for_programs(home: Written, owner: Program) -> None:
    warm, valve = home.home.named("客厅温湿度"), home.home.named("厨房燃气阀")
    keep(home, warm, (0, 18.0), (90 * MINUTE_MS, 22.0), (2 * HOUR_MS, None))
    keep(home, valve, (0, "open"), (HOUR_MS, "closed"), (3 * HOUR_MS, None))
    begin = DAY / 1000
    span = {"start": f"{begin:.0f}", "end": f"{begin + 10800:.0f}", "bucket": "hour"}
    path = "/entities/{}/series"
    _, answer = await owner.ask("GET", path.format(warm), params=span)
    assert (answer["form"], answer["unit"], answer["intervals"]) == ("figures", "°C", [])
    assert answer["buckets"][1] == {
        "start": begin + 3600,
        "end": begin + 7200,
        "least": 18.0,
        "mean": 20.0,
        "most": 22.0,
        "known_s": 3600.0,
        "amount": None,
    }
    assert answer["buckets"][2]["least"] is None
    _, answer = await owner.ask("GET", path.format(valve), params={**span, "limit": "1"})
    assert (answer["form"], answer["more"], answer["unknown_s"]) == ("states", True, 0.0)
    assert answer["states"] == [
        {"value": "closed", "seconds": 7200.0, "times": 1},
        {"value": "open", "seconds": 3600.0, "times": 1},
    ]
    assert answer["intervals"] == [{"start": begin, "end": begin + 3600, "value": "open"}]
    month = {"span": "month", "date": "2025-11-24"}
    _, answer = await owner.ask("GET", path.format(warm), params=month)
    assert len(answer["buckets"]) == 30 * 4
    assert answer["start"] == begin - 23 * 86400
    _, answer = await owner.ask("GET", path.format(warm))
    assert len(answer["buckets"]) == 288


async def test_amounts_and_moments_for_programs(home: Written, owner: Program) -> None:
    meter, bell = add(home, "sensor", "water", "m³"), add(home, "event", "doorbell")
    keep(home, meter, (0, 1.0), (MINUTE_MS, 1.5), (HOUR_MS, None))
    keep(home, bell, (1000, "t1"), (2000, "t2"))
    day = {"date": "2025-11-24"}
    _, answer = await owner.ask("GET", f"/entities/{meter}/series", params=day)
    assert [one["amount"] for one in answer["buckets"]] == [0.5, *[None] * 23]
    _, answer = await owner.ask("GET", f"/entities/{bell}/series", params={**day, "limit": "1"})
    assert (answer["moments"], answer["more"]) == ([DAY / 1000 + 1], True)
    assert answer["buckets"][0]["amount"] == 2


async def test_there_is_a_most_of_buckets(home: Written, owner: Program) -> None:
    path = f"/entities/{home.home.named('客厅温湿度')}/series"
    days = {"start": "1764000000", "end": "1766592000"}
    _, answer = await owner.ask("GET", path, params={**days, "bucket": "15min"})
    assert len(answer["buckets"]) == 30 * 96
    refused = await owner.refused("GET", path, params={**days, "bucket": "5min"})
    assert refused == "422 invalid bucket too_small"


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"span": "year"}, "span not_one_of"),
        ({"date": "2026-13-01"}, "date bad_pattern"),
        ({"date": "20251124"}, "date too_short"),
        ({"bucket": "1"}, "bucket not_one_of"),
        ({"span": "day", "start": "0"}, "start unknown_field"),
        ({"date": "2025-11-24", "end": "5"}, "end unknown_field"),
        ({"start": "9", "end": "8"}, "start too_large"),
        ({"start": "9", "end": "9"}, "start too_large"),
        ({"start": "0", "end": "9000000"}, "start too_small"),
        ({"limit": "0"}, "limit too_small"),
    ],
)
async def test_what_no_series_can_be_made_of(
    home: Written, owner: Program, params: dict[str, str], refusal: str
) -> None:
    valve = home.home.named("厨房燃气阀")
    path = f"/entities/{valve}/series"
    assert await owner.refused("GET", path, params=params) == f"422 invalid {refusal}"
    assert await owner.refused("GET", "/entities/valve.x/series") == "404 unknown_entity"
