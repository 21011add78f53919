"""What every room's tests share: real peers on free ports, and the rule about missing ones.

A test that needs a program nobody here wrote asks for `mosquitto`, `postgres` or `chromium` and is
marked `peers`. Where that program is missing the test is skipped with the reason; with CI=true or
LINLI_INSTALL=1 nothing may be skipped, so it fails instead.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.peers import Missing, Mosquitto, Postgres, chromium_path

if TYPE_CHECKING:
    from playwright.async_api import Browser

Report = Generator[None, pytest.TestReport, pytest.TestReport]
STRICT = os.environ.get("CI") == "true" or os.environ.get("LINLI_INSTALL") == "1"

# How long an example takes is a matter of the machine's other jobs; speed lives in benchmarks.
settings.register_profile("linli", deadline=None)
settings.load_profile("linli")

# Brokers keep messages over a restart in such folders; those of tests leave nothing there.
for variable in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
    os.environ.pop(variable, None)

WHOLE = (
    *("tests/journey/", "tests/test_wheel.py", "tests/test_setup.py", "tests/hub/bench/"),
    *("tests/hub/history/test_kill.py", "tests/privacy/test_kill.py"),
    *("tests/hub/backup/", "tests/hub/doctor/test_doctor.py", "tests/community/test_kill.py"),
    *("tests/privacy/test_simulate.py", "tests/privacy/test_quorum_streams.py"),
    "tests/privacy/tokens/test_signer.py::test_killed_at_any_moment",
    "tests/hub/home/test_residents.py::test_after_a_shred_nothing_that_remains_opens_anything",
    "tests/community/test_log.py::TestTold::test_keys_of_every_week_come_in_time",
    "tests/hub/http/test_seen.py::test_whatever_is_seen",
    "tests/privacy/test_grants.py::test_without_a_line_that_holds_no_byte_leaves",
    "tests/web/test_contract.py::test_the_home_keeps_to_the_document",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts whole systems or takes long, which `./run check` leaves to `./run test`."""
    for item in items:
        if item.nodeid.startswith(WHOLE):
            item.add_marker(pytest.mark.whole)


def absent(reason: str) -> None:
    """Skip for a missing program, or fail where nothing may be skipped."""
    if STRICT:
        pytest.fail(f"nothing is skipped here, and {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Report:
    """Turn any skip into a failure where nothing may be skipped; expected failures stay."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and nothing is skipped here: {report.longrepr}"
    return report


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto of this test's own; `.stop()` loses it, `.start()` brings it back."""
    try:
        broker = Mosquitto(tmp_path / "mosquitto")
    except Missing as missing:
        absent(str(missing))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL for the session; tests take a database each from `postgres`."""
    try:
        server = Postgres()
    except Missing as missing:
        absent(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres(postgres_server: Postgres) -> str:
    """The address (postgresql://…) of an empty database of this test's own."""
    return postgres_server.new_database()


@pytest.fixture
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A headless Chromium driven by playwright; it may talk to this machine only."""
    try:
        path = chromium_path()
    except Missing as missing:
        absent(str(missing))
    from playwright.async_api import async_playwright

    options = ["--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    async with async_playwright() as playwright:
        home: dict[str, str | float | bool] = {
            **os.environ,
            "HOME": str(tmp_path_factory.mktemp("chromium")),
        }
        browser = await playwright.chromium.launch(executable_path=path, args=options, env=home)
        yield browser
        await browser.close()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of memory, as systemd gives one to a service."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="linli-test-") as made:
        monkeypatch.setenv("RUNTIME_DIRECTORY", made)
        yield Path(made)
