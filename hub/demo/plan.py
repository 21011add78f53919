"""Where the demo keeps things: folders, ports, and what it was told at its first start."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

from hub.core.settings import LOOPBACK, hold_port, private_folder

NAMES = ("page", "home", "broker", "community", "upstream", "community_broker", "relay")
WITNESSES = ("witness-committee", "witness-relay", "witness-third")
FOLDERS = ("community", "relay", "home", "neighbours", "devices", "siren", *WITNESSES)
USUAL = dict(zip(NAMES, (8080, 8100, 18830, 8200, 8201, 18831, 8300), strict=True))

OWNER = "演示住户 Demo resident"
GUARD = "演示保安 Demo guard"
MANAGER = "演示经理 Demo manager"
COMMUNITY = "邻里演示小区 Linli demo community"
HOME_FLAT = ("3", "1", "502")


class Plan:
    """Ports and options of one demo; kept, so that a later start finds its addresses again.

    Attributes:
        folder: the demo's data folder.
        ports: by the names in `NAMES`.
        slot_s: seconds between two cells of a home.
        ask_s: seconds a hazard's question waits for an answer.
        clear_s: seconds a sensor has to be quiet before its hazard is over.
        language: of the simulated devices' names; Chinese unless LANG asks for English.
        homes: neighbours that send cells; the zones need at least 20 to split.
        seeded: whether the first start was finished.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self.ports = dict(USUAL)
        self.slot_s = 2.0
        self.ask_s = 30.0
        self.clear_s = 30.0
        self.homes = 143
        self.language = "en" if os.environ.get("LANG", "").startswith("en") else "zh_CN"
        self.seeded = False
        self._file = folder / "demo.json"
        if self._file.exists():
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            self.ports = kept["ports"]
            self.slot_s, self.ask_s = kept["slot_s"], kept["ask_s"]
            self.clear_s = kept.get("clear_s", self.clear_s)
            self.homes, self.seeded = kept["homes"], kept["seeded"]
            self.language = kept.get("language", self.language)

    def save(self) -> None:
        """Write it down."""
        draft = self._file.with_suffix(".new")
        kept = {
            "ports": self.ports,
            "slot_s": self.slot_s,
            "ask_s": self.ask_s,
            "clear_s": self.clear_s,
            "homes": self.homes,
            "language": self.language,
            "seeded": self.seeded,
        }
        draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        draft.replace(self._file)

    def clear(self) -> None:
        """Take away what a first start that was cut off left behind."""
        for name in FOLDERS:
            shutil.rmtree(self.data(name), ignore_errors=True)

    def choose_ports(self, *, usual: bool) -> None:
        """Take the usual ports where they are wished for and free, any free ones otherwise."""
        held: list[socket.socket] = []
        for name in NAMES:
            held.append(_bound(USUAL[name] if usual else 0) or _bound(0) or socket.socket())
            self.ports[name] = held[-1].getsockname()[1]
        for one in held:
            one.close()

    def busy(self) -> list[tuple[str, int]]:
        """Ports of ours that somebody else holds."""
        taken = []
        for name in NAMES:
            held = _bound(self.ports[name])
            if held is None:
                taken.append((name, self.ports[name]))
            else:
                held.close()
        return taken

    def data(self, role: str) -> Path:
        """The data folder of one of the demo's programs."""
        return self.folder / role

    def address(self, name: str, host: str = LOOPBACK) -> str:
        """The web address of a face."""
        return f"http://{host}:{self.ports[name]}"

    def place(self, name: str) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.ports[name]}"


def _bound(port: int) -> socket.socket | None:
    return hold_port(LOOPBACK, port)
