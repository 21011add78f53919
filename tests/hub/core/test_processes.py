import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.core.processes import (
    Child,
    ChildRefused,
    Supervisor,
    healthy,
    keep,
    linli,
    port_open,
)
from tests.hub.core.brokers import EmbeddedBroker, free_port, until

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); time.sleep(600)",
]
_PARENT = """
import asyncio, sys
from hub.core.processes import Child, Supervisor
async def main():
    supervisor = Supervisor()
    for number in range(3):
        child = Child(f"c{number}", [sys.executable, "-c", "import time; time.sleep(600)"])
        await supervisor.start(child)
        while child.pid is None:
            await asyncio.sleep(0.005)
        print(child.pid, flush=True)
    waiting = asyncio.create_task(supervisor.run_until_signal())
    await asyncio.sleep(0)
    print("waiting", flush=True)
    await waiting
asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def test_a_child_that_dies_comes_back_and_all_end_together() -> None:
    said: list[tuple[str, str]] = []
    supervisor = Supervisor(lambda name, line: said.append((name, line)))
    child = Child("sleeper", SLEEP)
    await supervisor.start(child)
    await until(lambda: ("sleeper", "up") in said)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid not in {None, first})
    second = child.pid
    assert second is not None
    assert ("sleeper", "ended with -9; starting it again") in said
    await until(lambda: said.count(("sleeper", "up")) == 2)
    await supervisor.stop()
    assert not alive(second)
    assert child.pid is None
    assert child.starts == 2


async def test_a_child_that_fails_at_once_is_not_hammered() -> None:
    supervisor = Supervisor(lambda *_: None)
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    began = time.monotonic()
    await supervisor.start(child)
    await until(lambda: child.starts == 4)
    assert time.monotonic() - began > 0.2 + 0.5
    await supervisor.stop()


async def test_a_child_about_to_start_is_ended_too() -> None:
    for turns in range(6):
        supervisor = Supervisor(lambda *_: None)
        child = Child("sleeper", SLEEP)
        await supervisor.start(child)
        for _ in range(turns):
            await asyncio.sleep(0)
        await supervisor.stop()
        assert child.pid is None
        assert child.process is None or not alive(child.process.pid)


async def test_what_ignores_the_signal_is_killed() -> None:
    said: list[str] = []
    supervisor = Supervisor(lambda _, line: said.append(line))
    children = [Child(name, STUBBORN, stop_s=0.3) for name in ("a", "b")]
    for child in children:
        await supervisor.start(child)
    await until(lambda: said == ["up", "up"])
    pids = [child.pid for child in children if child.pid is not None]
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 5
    assert not any(alive(pid) for pid in pids)


async def test_ready_probes(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    supervisor = Supervisor(lambda *_: None)
    address = f"127.0.0.1:{broker.port}"

    async def ready() -> bool:
        return await port_open("127.0.0.1", broker.port)

    child = Child(
        "broker", linli("broker", "--listen", address, "--data", str(tmp_path)), ready=ready
    )
    await supervisor.start(child)
    assert await port_open("127.0.0.1", broker.port)
    assert not await healthy("127.0.0.1", free_port())
    await supervisor.stop()
    assert not await port_open("127.0.0.1", broker.port)


async def test_a_probe_that_never_says_yes_times_out() -> None:
    async def never() -> bool:
        return False

    supervisor = Supervisor(lambda *_: None)
    child = Child("never", SLEEP)
    await supervisor.start(child)
    child.ready = never
    with pytest.raises(TimeoutError):
        await supervisor.wait_ready(child, 0.2)
    await supervisor.stop()


async def test_health_needs_a_200() -> None:
    answers = [b"HTTP/1.1 503 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        writer.close()

    port = free_port()
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    assert not await healthy("127.0.0.1", port)
    assert await healthy("127.0.0.1", port)
    server.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_orphans(number: signal.Signals) -> None:
    parent, pids = await asyncio.to_thread(start_parent)
    assert all(alive(pid) for pid in pids)
    began = time.monotonic()
    parent.send_signal(number)
    await until(lambda: not any(alive(pid) for pid in pids), within=5)
    code = await asyncio.to_thread(parent.wait, 5)
    assert time.monotonic() - began < 5
    assert code == (0 if number != signal.SIGKILL else -9)


def start_parent() -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(3)]
    assert parent.stdout.readline() == "waiting\n"
    parent.stdout.close()
    return parent, pids


def _refusing(marker: Path) -> list[str]:
    """A program that runs the first time and refuses ever after."""
    program = (
        "import pathlib, sys, time; marker = pathlib.Path(sys.argv[1]);\n"
        "if marker.exists(): print('refused', flush=True); sys.exit(2)\n"
        "marker.touch(); print('up', flush=True); time.sleep(600)"
    )
    return [sys.executable, "-c", program, str(marker)]


async def test_a_child_that_refuses_from_the_start_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "marker").touch()
    supervisor = Supervisor(lambda _name, _line: None)
    child = Child("refusing", _refusing(tmp_path / "marker"), ready=_never)
    with pytest.raises(ChildRefused):
        await supervisor.start(child)
    assert supervisor.refused.is_set()
    assert child.starts == 1
    await supervisor.stop()


async def test_a_child_that_ran_and_refuses_later_is_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(lambda _name, line: said.append(line))

    async def up() -> bool:
        return "up" in said

    child = Child("refusing", _refusing(tmp_path / "marker"), ready=up)
    await supervisor.start(child)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: said.count("refused") >= 2)
    assert not supervisor.refused.is_set()
    await supervisor.stop()


async def test_one_that_refuses_ends_the_whole_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "marker").touch()
    sleeper = Child("sleeper", SLEEP)
    refusing = Child("refusing", _refusing(tmp_path / "marker"))
    assert await keep("linli test", [sleeper, refusing], "ready") == 2
    assert sleeper.pid is None
    assert "linli test: could not start" in capsys.readouterr().err


async def _never() -> bool:
    return False
