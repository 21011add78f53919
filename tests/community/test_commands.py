"""`linli community` as people start it, and its commands beside the running app."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from community.supervise import main
from privacy.pairing import HOME, RELAY, PairingCode
from tests.peers import free_port


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(list(words))
    out = capsys.readouterr()
    return code, out.out + out.err


def test_the_commands_work_without_a_running_app(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    data = ("--data", str(tmp_path))
    password = tmp_path / "password"
    password.write_text("a quiet long one\n")
    names = ("--name", "演示花园", "--manager", "演示经理", "--password-file", str(password))
    assert run(capsys, "init", *names, *data)[0] == 0
    code, said = run(capsys, "init", *names, *data)
    assert (code, "already" in said) == (1, True)
    assert "144" in run(capsys, "flats", "import", "--demo", *data)[1]
    code, said = run(capsys, "code", "3-1-502", *data)
    assert (code, "address" in said) == (1, True)
    assert run(capsys, "set", "public_address", "http://127.0.0.1:8200", *data)[0] == 0
    told = json.loads(run(capsys, "code", "3-1-502", "--json", *data)[1])
    assert told["flat"] == "3-1-502"
    assert PairingCode.parse(told["code"]).kind == HOME
    assert PairingCode.parse(run(capsys, "relay-code", *data)[1].strip()).kind == RELAY
    assert run(capsys, "code", "9-9-9", *data)[0] == 1
    assert "version 1" in run(capsys, "freeze", *data)[1]
    assert run(capsys, "staff", "演示值班员", "guard", *data)[0] == 0
    assert "http://127.0.0.1:8200/link/" in run(capsys, "link", "演示值班员", *data)[1]
    assert run(capsys, "link", "nobody", *data)[0] == 1
    assert (tmp_path.stat().st_mode & 0o777) == 0o700


async def test_it_starts_is_well_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, upstream, broker = free_port(), free_port(), free_port()
    environment = {k: v for k, v in os.environ.items() if k != "LINLI_DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "community", "--data", str(tmp_path)),
        *("--listen", f"127.0.0.1:{portal}", "--upstream", f"127.0.0.1:{upstream}"),
        *("--broker-port", str(broker)),
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert process.stderr is not None
    try:
        await _is_well(process, portal)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await process.stderr.read()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
    for port in (portal, upstream, broker):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def _is_well(process: asyncio.subprocess.Process, portal: int) -> None:
    """It says that it is ready, and each of its checks passes."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"ready on" not in await process.stderr.readline():
            pass
    health: dict[str, Any] = {}
    # It answers as soon as it serves; the watch over escalation begins a moment later.
    async with asyncio.timeout(20), ClientSession() as client:
        while health.get("status") != "ok":
            async with client.get(f"http://127.0.0.1:{portal}/health") as answer:
                health = await answer.json()
    assert set(health["checks"]) == {
        *("database", "gateway", "relay"),
        *("escalation", "broker", "signer", "witnesses"),
    }
