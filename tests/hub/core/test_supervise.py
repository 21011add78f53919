"""What a face's command says to words it doesn't know."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import pytest

from hub.core.supervise import Face


def test_a_mistyped_command_starts_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    face = Face("home", port=8100, broker_port=1883, about="A test.")
    assert face.run(["backpu"]) == 2
    assert "no command 'backpu'" in capsys.readouterr().err


def test_an_address_open_to_others_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    face = Face("home", port=8100, broker_port=1883, about="A test.")
    assert face.run(["--listen", "0.0.0.0:8100"]) == 2
    assert "--tls-cert" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--porrt", "1"], "unrecognized arguments: --porrt 1"),
        (["--broker-po", "1"], "unrecognized arguments: --broker-po 1"),
        (["--level", "high"], "invalid int value: 'high'"),
        (["--listen", "127.0.0.1:high"], "is not an address"),
    ],
)
def test_what_nobody_understands_ends_it_with_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def more(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--level", type=int)

    face = Face("home", port=8100, broker_port=1883, about="A test.", more=more)
    try:
        status: object = face.run(words)
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr().err
    assert status == 2
    assert why in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("option", ["--listen", "--broker-port"])
def test_a_port_that_somebody_holds_is_named(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        free = {"--listen": "127.0.0.1:0", "--broker-port": "0"}
        free[option] = f"127.0.0.1:{port}" if option == "--listen" else str(port)
        words = [word for pair in free.items() for word in pair]
        face = Face("home", port=8100, broker_port=1883, about="A test.")
        assert face.run([*words, "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"port {port} of 127.0.0.1 can't be had" in said
    assert option in said


def test_a_data_folder_that_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    face = Face("home", port=8100, broker_port=1883, about="A test.")
    assert face.run(["--data", str(tmp_path / "file" / "data")]) == 2
    assert "can't be used" in capsys.readouterr().err
