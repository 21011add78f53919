"""The peers themselves: they start, they go away, they come back; a missing one has a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import peers
from tests.peers import Missing, Mosquitto, accepts


@pytest.mark.peers
def test_mosquitto_is_lost_and_comes_back_on_its_port(mosquitto: Mosquitto) -> None:
    assert accepts(mosquitto.port)
    mosquitto.stop()
    assert not accepts(mosquitto.port)
    mosquitto.start()
    assert accepts(mosquitto.port)


@pytest.mark.peers
def test_each_test_has_a_database_of_its_own(postgres: str) -> None:
    import psycopg

    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE TABLE t (n int)")
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 't'").fetchone()
    assert row == (1,)


@pytest.mark.peers
async def test_chromium_renders_chinese(chromium: object) -> None:
    page = await chromium.new_page()  # type: ignore[attr-defined]  # playwright stays unimported
    await page.set_content("<h1>邻里</h1>")
    assert await page.inner_text("h1") == "邻里"


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PATH", str(tmp_path))
    with pytest.raises(Missing, match="mosquitto is not installed"):
        Mosquitto(tmp_path / "m")


def test_a_wait_that_runs_out_says_for_what() -> None:
    with pytest.raises(AssertionError, match="in vain for spring"):
        peers.wait_until(lambda: False, "spring", 0.05)
