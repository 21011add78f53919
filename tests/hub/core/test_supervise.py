"""What a face's command says to words it doesn't know."""

from __future__ import annotations

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
