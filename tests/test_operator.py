"""The unit file: walls that must not get lost in an edit, and words that the command knows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hub.__main__ import COMMANDS
from tests.house import ROOT

UNIT = ROOT / "docs" / "operator" / "linli@.service"
WALLS = {
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateDevices=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallFilter=@system-service",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "KillMode=mixed",
    "Restart=always",
}


def test_the_unit_keeps_its_walls() -> None:
    assert set(UNIT.read_text().splitlines()) >= WALLS


def test_every_role_of_the_unit_is_a_command() -> None:
    assert {"home", "community", "relay", "witness"} <= set(COMMANDS)


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    unit = tmp_path / "linli@home.service"
    unit.write_text(UNIT.read_text().replace("/opt/linli/bin/linli", "/bin/true"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
