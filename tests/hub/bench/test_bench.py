from __future__ import annotations

import json

import pytest

from hub.bench import cli
from hub.bench.hazard import measure


def test_the_hazard_figure_has_its_conditions() -> None:
    figure = measure("embedded", 20, 500, held=False)
    assert figure["metric"] == "hazard_local_action_p99"
    assert figure["unit"] == "ms"
    assert 0 < figure["p50"] <= figure["value"] <= figure["max"]
    assert figure["samples"] == 20
    assert 400 < figure["flood_msg_s"] < 600


def test_the_held_home_is_the_real_one() -> None:
    figure = measure("embedded", 5, 0, held=True)
    assert figure["metric"] == "hazard_local_action_held_p99"
    assert figure["home"].startswith("linli home-app")
    assert figure["samples"] == 5
    assert figure["fsync_p50_ms"] > 0


def test_one_line_of_json_a_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = {"metric": "m", "value": 1.5, "unit": "ms", "broker": "embedded"}
    monkeypatch.setitem(cli.BENCHES, "hazard", (lambda _options: iter([figure, figure]), ""))
    assert cli.main(["hazard", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [figure] * 2
    cli.main(["hazard"])
    assert "m 1.5 ms (broker embedded)" in capsys.readouterr().out
