import sys

import pytest

from hub.bench import cli
from hub.bench.pages import figures
from tests.conftest import absent
from tests.peers import Missing, chromium_path

UNITS = {
    "first_paint_home_30": "s",
    "first_paint_devices_30": "s",
    "first_paint_room_30": "s",
    "live_messages_devices_30": "msg/s",
    "live_bytes_devices_30": "bytes/s",
}


@pytest.mark.peers
def test_every_figure_of_the_pages_has_its_name_unit_and_conditions() -> None:
    try:
        chromium_path()
    except Missing as missing:
        absent(str(missing))
    found = list(figures("embedded", entities=30, loads=1, seconds=1.0))
    assert {one["metric"]: one["unit"] for one in found} == UNITS
    for one in found:
        assert one["value"] > 0
        assert {"cores", "python", "fsync_p50_ms", "load_1m", "chromium", "screen"} <= one.keys()
        assert (one["broker"], one["entities"], one["slowed"]) == ("embedded", 30, 6)
    for one in found[:3]:
        assert one["value"] <= one["largest_paint_s"]
        assert one["page_bytes"] > 0
    assert found[-1]["msg_s"] > 0


def test_without_playwright_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    assert cli.main(["pages"]) == 1
    assert "needs playwright" in capsys.readouterr().err
