"""`linli doctor` on homes that are well, broken, running and stopped."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from hub.backup import note
from hub.doctor import cli, files, running
from hub.doctor.finding import FAIL, NOTE, OK, Finding
from hub.home.runtime import Home
from hub.home.where import noted
from privacy.consent import TELL_ZONE
from tests.hub.core.brokers import ROOT, EmbeddedBroker, until
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD

PLANTED = ("张明", PASSWORD, PASSPHRASE)


def set_up(folder: Path, unlock: dict[str, str]) -> None:
    """A home that lived a little and was stopped."""

    async def live() -> None:
        home = Home(folder, None)
        await home.start()
        await home.setup(name="张明", password=PASSWORD, unlock=unlock)
        await home.choose(TELL_ZONE, "gas", "zone", OWNER)
        await home.choose(TELL_ZONE, "smoke", "zone", OWNER)
        await home.stop()

    asyncio.run(live())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    set_up(tmp_path / "home", {"mode": "machine"})
    return tmp_path / "home"


def states(findings: Iterator[Finding]) -> dict[str, str]:
    """The worst state of each check."""
    found: dict[str, str] = {}
    for finding in findings:
        worse = (OK, NOTE, FAIL).index(finding.state) >= (OK, NOTE, FAIL).index(
            found.get(finding.check, OK)
        )
        if worse:
            found[finding.check] = finding.state
    return found


def test_a_stopped_home_that_is_well(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--data", str(data), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "The consent ledger holds: 2 lines." in said
    assert "No backup was ever made." in said
    assert said.endswith("All is well.\n")
    assert FAIL not in states(cli.home(data)).values()


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_nothing_personal_is_said_also_of_a_locked_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    set_up(tmp_path, {"mode": "passphrase", "passphrase": PASSPHRASE})
    assert cli.main(["--data", str(tmp_path), "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert [planted for planted in PLANTED if planted in said] == []
    assert ("口令" in said) == (lang == "zh_CN")


def test_looking_changes_nothing(data: Path) -> None:
    def picture() -> dict[str, tuple[bytes, int]]:
        return {
            str(path): (path.read_bytes(), path.stat().st_mode)
            for path in data.rglob("*.*")
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    before = picture()
    list(cli.home(data))
    assert picture() == before


def test_lines_for_programs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--data", str(data), "--json", "--lang", "zh_CN"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {tuple(sorted(line)) for line in lines} == {("check", "state", "text")}
    assert {"modes", "disk", "clock", "database", "ledger", "backup"} <= {
        line["check"] for line in lines
    }


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_readers(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], lang: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli._language() == lang


def damage_database(data: Path) -> None:
    content = bytearray((data / "home.db").read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    (data / "home.db").write_bytes(content)


def newer_schema(data: Path) -> None:
    with sqlite3.connect(data / "home.db") as db:
        db.execute("PRAGMA user_version=9999")
    db.close()


def cut_ledger(data: Path) -> None:
    with sqlite3.connect(data / "egress.db") as db:
        db.execute("DELETE FROM consent WHERE seq = 1")
    db.close()


def late_clock(data: Path) -> None:
    os.utime(data / "home.db", (time.time() + 7200,) * 2)


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (lambda data: data.chmod(0o755), "modes"),
        (lambda data: (data / "keys" / "machine.key").chmod(0o644), "modes"),
        (lambda data: (data / "keys" / "machine.key").write_bytes(b"short"), "machine_key"),
        (lambda data: (data / "keys" / "machine.key").unlink(), "machine_key"),
        (lambda data: (data / "keys" / "household.json").write_text("{"), "household_key"),
        (damage_database, "database"),
        (newer_schema, "database"),
        (cut_ledger, "ledger"),
        (late_clock, "clock"),
    ],
)
def test_each_harm_is_found(
    data: Path,
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Path], object],
    check: str,
) -> None:
    harm(data)
    assert states(cli.home(data))[check] == FAIL
    assert cli.main(["--data", str(data), "--lang", "en"]) == 1
    assert "checks fail" in capsys.readouterr().out


def test_a_full_disk_and_an_old_backup(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5 * 1024 * 1024

    monkeypatch.setattr("hub.doctor.files.shutil.disk_usage", lambda _path: Usage)
    assert states(files.space(data)) == {"disk": FAIL}
    note.made(data)
    assert states(files.backup(data)) == {"backup": OK}
    (data / note.FILE).write_text(json.dumps({"at": time.time() - 40 * 86400}))
    assert states(files.backup(data)) == {"backup": NOTE}


def test_where_there_is_nothing(tmp_path: Path) -> None:
    assert cli.main(["--data", str(tmp_path)]) == 1
    assert cli.main(["--community", str(tmp_path)]) == 1
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert cli.main(["--relay", f"127.0.0.1:{port}"]) == 1


@pytest.fixture
def health() -> Iterator[tuple[str, dict[str, str]]]:
    """An address that answers ``/health`` with what is in the dictionary."""
    checks = {"database": "ok", "safety": "ok"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "?", "checks": checks}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", checks
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_health_says(health: tuple[str, dict[str, str]]) -> None:
    address, checks = health
    assert states(running.health("home", address)) == {"home": OK}
    checks["safety"] = "the safety process has no broker"
    (finding,) = running.health("home", address)
    assert (finding.state, finding.values["part"]) == (FAIL, "safety")


def test_a_note_of_a_dead_process_is_no_running_home(data: Path) -> None:
    with noted(data, "http://127.0.0.1:1", "", ("127.0.0.1", 2)):
        assert files.run_note(data) is None, "this process is no home"
        assert (data / "run" / "home.json").stat().st_mode & 0o777 == 0o600
    assert not (data / "run" / "home.json").exists()


def test_who_listens_to_the_world_is_named() -> None:
    with socket.socket() as wide, socket.socket() as near:
        wide.bind(("0.0.0.0", 0))  # noqa: S104 - that is what has to be found
        wide.listen()
        near.bind(("127.0.0.1", 0))
        near.listen()
        port = wide.getsockname()[1]
        (finding,) = running.listeners(os.getpid(), "http://127.0.0.1:1")
        assert finding.state == FAIL
        assert f"0.0.0.0:{port}" in str(finding.values["places"])
        (secure,) = running.listeners(os.getpid(), f"https://0.0.0.0:{port}")
        assert secure.state == OK


class Running:
    """A kernel and a home's process at a broker."""

    def __init__(self, data: Path, broker: EmbeddedBroker) -> None:
        self.data = data
        self.broker = broker
        self.parts: dict[str, subprocess.Popen[str]] = {}
        at = ["--broker", f"127.0.0.1:{broker.port}", "--data", str(data)]
        self._start("safety", *at)
        self._start("home-app", *at, "--listen", "127.0.0.1:0")

    def _start(self, *words: str) -> None:
        part = subprocess.Popen(
            [sys.executable, "-m", "hub", *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert part.stdout is not None
        assert part.stdout.readline().startswith("ready")
        self.parts[words[0]] = part

    def end(self, name: str) -> None:
        part = self.parts.pop(name)
        part.terminate()
        part.wait(10)
        if part.stdout is not None:
            part.stdout.close()

    def look(self) -> dict[str, str]:
        return states(cli.home(self.data))


@pytest.fixture
async def system(data: Path) -> AsyncIterator[Running]:
    broker = EmbeddedBroker(data)
    broker.start()
    made = Running(data, broker)
    yield made
    for name in list(made.parts):
        made.end(name)
    broker.stop()


async def test_a_running_home(system: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ANSWER_S", 2.0)

    async def seen(wanted: dict[str, str]) -> None:
        found: list[dict[str, str]] = []

        async def look() -> None:
            found.append(await asyncio.to_thread(system.look))

        for _ in range(20):
            await look()
            if wanted.items() <= found[-1].items():
                return
        raise AssertionError(found[-1])

    await seen({"home": OK, "safety": OK, "broker": OK, "listening": OK, "actuators": NOTE})
    system.end("safety")
    await seen({"home": FAIL, "safety": FAIL, "broker": OK})
    system.end("home-app")
    await seen({"home": NOTE})
    await until(lambda: not (system.data / "run" / "home.json").exists())
