"""What nobody catches is told through the same filter as every line."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGIN = """
import threading
from privacy import logs
names = ["Ottoline"]
logs.begin(timed={timed}).watch(lambda: names)
"""
CRASHES = {
    "program": "raise ValueError('no flat of Ottoline, password=hunter2')",
    "thread": (
        "def fail():\n    raise KeyError('Ottoline', 'password=hunter2')\n"
        "t = threading.Thread(target=fail)\nt.start()\nt.join()"
    ),
    "unraisable": (
        "class Odd:\n    def __del__(self):\n"
        "        raise OSError('Ottoline', 'password=hunter2')\n"
        "Odd()"
    ),
    "name given later": (
        "names.append('Peregrine')\nimport logging\n"
        "logging.error('Peregrine and %s, password=hunter2', 'ottoline')"
    ),
}


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("how", CRASHES)
@pytest.mark.parametrize("timed", [False, True])
def test_a_crash_repeats_nothing_personal(how: str, timed: bool) -> None:
    done = run(BEGIN.format(timed=timed) + CRASHES[how])
    assert done.stdout == ""
    assert "[redacted]" in done.stderr
    for word in ("Ottoline", "ottoline", "Peregrine", "hunter2"):
        assert word not in done.stderr.replace(CRASHES[how], ""), done.stderr
    assert done.returncode == (1 if how == "program" else 0)


def test_ctrl_c_is_no_crash() -> None:
    done = run(BEGIN.format(timed=False) + "raise KeyboardInterrupt")
    assert done.stderr == ""
    assert done.returncode != 0


def test_every_program_begins_so() -> None:
    rooms = ("community", "hub", "integrations", "privacy", "web")
    elsewhere = [
        path.relative_to(ROOT).as_posix()
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "basicConfig" in path.read_text()
    ]
    assert elsewhere == ["privacy/logs.py"]
