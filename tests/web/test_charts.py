"""History as charts, tables, files and series: words, figures, and what pages say of them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.things import Entity
from hub.history.spans import HOUR_MS, MINUTE_MS
from tests.web.homes import served
from tests.web.visitors import Visitor, visiting
from tests.web.written import DAY, Written, add, keep
from web.charts.files import MARK, harmless, written
from web.charts.windows import Window, form_of
from web.charts.words import exact, lasted, with_unit
from web.design.formats import CHINA, days
from web.design.page import Words

NOW = datetime(2026, 11, 25, 14, 5, tzinfo=CHINA).timestamp()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Written]:
    async with served(tmp_path) as made:
        yield Written(made)


def of(text: str) -> str:
    """A page as its reader sees its words."""
    return html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " ")


# -- words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (999, "1 s", "1 秒"),
        (61_000, "1 min 1 s", "1 分钟 1 秒"),
        (3_600_000, "1 h", "1 小时"),
        (3_605_000, "1 h", "1 小时"),
        (12_000_000, "3 h 20 min", "3 小时 20 分钟"),
        (90_000_000, "1 d 1 h", "1 天 1 小时"),
    ],
)
def test_how_long(ms: int, english: str, chinese: str) -> None:
    assert lasted(ms, Words(("web",), "en")) == english
    assert lasted(ms, Words(("web",), "zh_CN")) == chinese


def test_figures_have_the_decimals_that_they_deserve() -> None:
    said = [exact(value) for value in (0.0, 0.1234, 1.256, 21.349, -3.14159, 1234.56)]
    assert said == ["0", "0.123", "1.26", "21.3", "−3.14", "1,234.6"]
    assert (with_unit("21.3", "°C"), with_unit("21.3", "")) == ("21.3\xa0°C", "21.3")


@pytest.mark.parametrize(
    ("kind", "day", "english", "chinese"),
    [
        ("day", "2026-11-23", "23 Nov 2026 · Mon", "2026年11月23日 · 周一"),
        ("week", "2026-11-18", "16–22 Nov 2026", "2026年11月16日–22日"),
        ("week", "2026-10-01", "28 Sep – 4 Oct 2026", "2026年9月28日–10月4日"),
        ("week", "2026-01-01", "29 Dec 2025 – 4 Jan 2026", "2025年12月29日 – 2026年1月4日"),
        ("month", "2026-02-28", "Feb 2026", "2026年2月"),
    ],
)
def test_a_window_in_words(kind: str, day: str, english: str, chinese: str) -> None:
    window = Window(kind, datetime.fromisoformat(day).date(), NOW)
    assert (window.label("en"), window.label("zh_CN")) == (english, chinese)
    assert days(None, None, "en") == "–"


def test_what_is_yet_to_come_is_today() -> None:
    window = Window("week", datetime(2027, 5, 1, tzinfo=CHINA).date(), NOW)
    assert (window.day, window.before, window.after) == ("2026-11-25", "2026-11-16", "")
    earlier = Window("week", datetime.fromisoformat(window.before).date(), NOW)
    assert earlier.after == "2026-11-23"
    assert [text for _at, text in window.ticks("zh_CN")][:2] == ["周一", "周二"]
    assert [text for _at, text in Window("day", None, NOW).ticks("en")][-2:] == ["21:00", "24:00"]
    assert [text for _at, text in Window("month", None, NOW).ticks("en")] == [
        *("1", "6", "11", "16", "21", "26")
    ]
    recent = Window("recent", None, NOW)
    assert [text for _at, text in recent.ticks("en")][:2] == ["15:00", "18:00"]
    assert recent.end - recent.start == 24 * HOUR_MS


@pytest.mark.parametrize(
    ("kind", "device_class", "unit", "form"),
    [
        ("sensor", "temperature", "°C", "figures"),
        ("sensor", "energy", "kWh", "amounts"),
        ("sensor", "enum", None, "states"),
        ("number", None, None, "figures"),
        ("switch", "outlet", None, "states"),
        ("event", "doorbell", None, "moments"),
        ("unheard_of", None, None, "states"),
    ],
)
def test_how_a_past_is_told(
    kind: str, device_class: str | None, unit: str | None, form: str
) -> None:
    entity = Entity(
        "x.y", kind=kind, unique_id="x", integration="mqtt", device_class=device_class, unit=unit
    )
    assert form_of(entity, None) == form


# -- pages --------------------------------------------------------------------------------


async def test_figures_as_a_sentence_and_a_table(home: Written) -> None:
    warm = home.home.named("客厅温湿度")
    keep(home, warm, (0, 18.2), (6 * HOUR_MS, 22.4), (12 * HOUR_MS, None))
    async with visiting(home, "guest") as visitor:
        status, text = await visitor.get(f"/devices/{warm}/history?date=2025-11-24")
        assert status == 200
        assert "Between 18.2 and 22.4 °C, mean 20.3 °C." in of(text)
        assert "Nothing is known for 12 h." in of(text)
        rows = re.findall(r"<tr><th scope=.row.>(.*?)</th>(.*?)</tr>", text)
        assert [name for name, _ in rows] == [f"{hour:02}:00" for hour in range(12)]
        assert of(rows[6][1]).split() == ["22.4", "°C"] * 3
        data = json.loads(html.unescape(re.findall(r'data-chart="([^"]*)"', text)[0]))
        assert (data["form"], len(data["mean"]), data["mean"][143:145]) == (
            "figures",
            288,
            [22.4, None],
        )
        text = of((await visitor.get(f"/devices/{warm}/history?span=week&date=2025-11-24"))[1])
        assert "Between 18.2 and 22.4 °C" in text
        assert "Mon 06:00" in text
    async with visiting(home, "guest", "zh-CN") as visitor:
        text = of((await visitor.get(f"/devices/{warm}/history?span=month&date=2025-11-01"))[1])
        assert "2025年11月" in text
        assert "最低 18.2，最高 22.4 °C，平均 20.3 °C。" in text
        assert "2025年11月24日 · 周一" in text


async def test_states_as_a_strip_and_a_table(home: Written) -> None:
    valve = home.home.named("厨房燃气阀")
    keep(home, valve, (0, "open"), (9 * HOUR_MS, "closed"), (10 * HOUR_MS, "open"))
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get(f"/devices/{valve}/history?date=2025-11-24"))[1]
        said = " ".join(of(text).split())
        assert "Open 23 h 2 times Closed 1 h 1 time" in said
        assert "09:00 Closed 1 h" in said
        assert text.count("<rect") == 3
        assert 'class="low" x="37.5%" width="4.167%"' in text
        # What is low is drawn first, so that it never hides what is short.
        assert text.index('class="low"') < text.index('class="s0" x')


async def test_a_state_looks_the_same_on_every_day(home: Written) -> None:
    vacuum = add(home, "vacuum")
    words = ["docked", "idle", "cleaning", "error", "docked"]
    keep(home, vacuum, *((at * 8 * HOUR_MS, word) for at, word in enumerate(words)))
    looks = r'class="look (\w+)".*?<span class="strong">([^<]+)<'
    async with visiting(home, "resident") as visitor:
        day = dict(await seen(visitor, f"/devices/{vacuum}/history?date=2025-11-24", looks))
        later = dict(await seen(visitor, f"/devices/{vacuum}/history?date=2025-11-25", looks))
        assert day == {"low": "Docked", "s2": "Idle", "s0": "Cleaning"}
        assert later == {"s4": "Error", "low": "Docked"}


async def seen(visitor: Visitor, path: str, pattern: str) -> list[tuple[str, str]]:
    """What a page says, by a pattern of two."""
    return re.findall(pattern, (await visitor.get(path))[1])


async def test_consumption_as_bars(home: Written) -> None:
    meter = add(home, "sensor", "energy", "kWh")
    keep(home, meter, (-HOUR_MS, 100.0), (30 * MINUTE_MS, 101.5), (8 * HOUR_MS, 102.25))
    async with visiting(home, "resident") as visitor:
        text = of((await visitor.get(f"/devices/{meter}/history?date=2025-11-24"))[1])
        assert "2.25 kWh in all." in text
        assert "Most: 1.5 kWh, 00:00." in text
        text = of((await visitor.get(f"/devices/{meter}/history?span=month&date=2025-11-24"))[1])
        assert "Most: 2.25 kWh, 24 Nov 2025 · Mon." in text


async def test_what_happens_is_counted_and_listed(home: Written) -> None:
    bell = add(home, "event", "doorbell")
    keep(home, bell, *((at * 30 * MINUTE_MS, f"t{at}") for at in range(250)))
    async with visiting(home, "resident") as visitor:
        text = of((await visitor.get(f"/devices/{bell}/history?date=2025-11-24"))[1])
        assert "48 times." in text
        text = of((await visitor.get(f"/devices/{bell}/history?span=month&date=2025-11-24"))[1])
        assert "The last 200; the file has all of them." in text


async def test_a_time_without_readings_says_so(home: Written) -> None:
    valve = home.home.named("厨房燃气阀")
    async with visiting(home, "resident") as visitor:
        status, text = await visitor.get(f"/devices/{valve}/history?date=1999-01-01")
        assert status == 200
        assert "Nothing is known of this time" in text
        assert ".csv" not in text
        for wrong in ("span=year", "date=soon", "date=2026-13-01", "span=recent"):
            assert (await visitor.get(f"/devices/{valve}/history?{wrong}"))[0] == 400
        assert (await visitor.get("/devices/valve.none/history"))[0] == 404
        assert (await visitor.get("/devices/valve.none/history.csv"))[0] == 404
        for edge in ("0001-01-01", "9999-12-31"):
            for span in ("day", "week", "month"):
                path = f"/devices/{valve}/history?span={span}&date={edge}"
                assert (await visitor.get(path))[0] == 200


async def test_a_device_s_page_shows_the_last_day(home: Written) -> None:
    warm = home.home.named("客厅温湿度")
    since = int(time.time() * 1000) - DAY - HOUR_MS
    keep(home, warm, (since, 20.0))
    async with visiting(home, "guest") as visitor:
        page = (await visitor.get(f"/devices/{warm}"))[1]
        assert 'aria-label="客厅温湿度 · 温度 · The last 24 hours"' in page
        text = of(page)
        assert "All the time 20 °C." in text
        assert re.search(r"Nothing is known for 2[23] h", text)


async def test_more_states_than_a_strip_can_draw(home: Written) -> None:
    valve = home.home.named("厨房燃气阀")
    keep(home, valve, *((at * 10_000, "closed" if at % 3 else "open") for at in range(8000)))
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get(f"/devices/{valve}/history?date=2025-11-24"))[1]
        assert text.count("<rect") <= 360
        assert "The last 200; the file has all of them." in of(text)
        assert "2,667 times" in of(text) or "2667 times" in of(text)


# -- files --------------------------------------------------------------------------------


async def read_file(visitor: Any, path: str) -> list[list[str]]:
    status, text = await visitor.get(path)
    assert status == 200
    assert text.startswith(MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(MARK), newline="")))


async def test_the_file_of_each_form(home: Written) -> None:
    warm, valve = home.home.named("客厅温湿度"), home.home.named("厨房燃气阀")
    meter, bell = add(home, "sensor", "energy", "kWh"), add(home, "event", "doorbell")
    keep(home, warm, (0, 18.25), (5 * MINUTE_MS, None))
    keep(home, valve, (0, "open"), (HOUR_MS, "=cmd|' /C calc'!A0"), (2 * HOUR_MS, None))
    keep(home, meter, (0, 1.0), (MINUTE_MS, 1.5), (HOUR_MS, None))
    keep(home, bell, (1000, "t1"))
    async with visiting(home, "guest", "en") as visitor:
        path = "/devices/{}/history.csv?date=2025-11-24"
        name, head, *lines = await read_file(visitor, path.format(warm))
        assert head == ["Beginning", "End", "Lowest (°C)", "Mean (°C)", "Highest (°C)"]
        assert lines == [["2025-11-24 00:00:00", "2025-11-24 00:05:00", "18.25", "18.25", "18.25"]]
        assert name == ["客厅温湿度 · 温度"]
        _, _, *lines = await read_file(visitor, path.format(valve))
        assert [line[2] for line in lines] == ["Open", "'=cmd|' /C calc'!A0", ""]
        name, head, *lines = await read_file(visitor, path.format(meter))
        assert head[2] == "Amount (kWh)"
        assert lines == [["2025-11-24 00:00:00", "2025-11-24 01:00:00", "0.5"]]
        assert not name[0].startswith("=")
        _, _, *lines = await read_file(visitor, path.format(bell))
        assert lines == [["2025-11-24 00:00:01"]]
    async with visiting(home, "guest", "zh-CN") as visitor:
        _, head, *_ = await read_file(visitor, path.format(warm))
        assert head == ["开始", "结束", "最低 (°C)", "平均 (°C)", "最高 (°C)"]


@given(st.lists(st.lists(st.text() | st.floats(allow_nan=False), min_size=2, max_size=4)))
def test_a_file_reads_back_and_computes_nothing(lines: list[list[str | float]]) -> None:
    data = written([], lines).decode().removeprefix(MARK)
    found = list(csv.reader(io.StringIO(data, newline="")))
    assert found == [[str(harmless(cell)) for cell in line] for line in lines]
    for line, cells in zip(found, lines, strict=True):
        for text, cell in zip(line, cells, strict=True):
            assert isinstance(cell, float) or not text.startswith(("=", "+", "-", "@", "\t", "\r"))
