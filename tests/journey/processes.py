"""Which of our processes run for a data folder, by the part they play."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from hub.demo.plan import WITNESSES

ROLES = (
    *("demo", "home", "broker", "safety", "home-app", "community", "community-broker"),
    *("signer", "community-app", "relay", "neighbours", "devices", "siren"),
    *WITNESSES,
)
"""What ``linli demo`` starts; `home` and `community` are supervisors."""

_SIMULATORS = {"home": "devices", "community": "siren"}
_ONCE = {"init", "link", "flats", "code", "relay-code", "staff", "freeze", "set", "witnesses"}


def running(folder: Path) -> dict[str, int]:
    """Role -> process id of everything that works on a folder below `folder`.

    A command that is done once has the role ``once``; a child between fork and exec still looks
    like its parent, so the older process counts.
    """
    found: dict[str, tuple[int, int]] = {}
    for pid, words in _with(str(folder)):
        role = _role(words)
        age = _started(pid)
        if role not in found or age < found[role][0]:
            found[role] = (age, pid)
    return {role: pid for role, (_, pid) in found.items()}


def alive(pid: int) -> bool:
    """Whether this process runs; a zombie doesn't."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process; one that is gone is no problem."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _with(text: str) -> list[tuple[int, list[str]]]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            words = line.rstrip("\0").split("\0")
            if text in line and "hub" in words and alive(int(entry.name)):
                found.append((int(entry.name), words))
    return found


def _role(words: list[str]) -> str:
    command, options = words[words.index("hub") + 1], words[words.index("hub") + 2 :]
    if _ONCE.intersection(options[:1]) or _ONCE.intersection(options[2:3]):
        return "once"
    if command == "simulator":
        return _SIMULATORS[options[options.index("--set") + 1]]
    data = Path(options[options.index("--data") + 1]).name
    if command == "witness":
        return data
    return "community-broker" if (command, data) == ("broker", "community") else command


def _started(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return 0
