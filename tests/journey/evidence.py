"""What the stores of a demo say, read beside the running programs."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.consent import Ledger
from privacy.vault import Household, MachineKey, VaultError

T = TypeVar("T")


class Incident:
    """One incident of the duty desk with its timeline's words, oldest first."""

    def __init__(self, row: dict[str, Any], lines: list[str]) -> None:
        self.id: int = row["id"]
        self.hazard: str = row["hazard"]
        self.status: str = row["status"]
        self.word: str = row["word"]
        self.lines = lines

    def __repr__(self) -> str:
        return f"Incident({self.id} {self.hazard} {self.status} {self.word} {self.lines})"


def look(path: Path, question: Callable[[sqlite3.Connection], T], nothing: T) -> T:
    """Ask a database that others write; `nothing` while it isn't there."""
    if not path.exists():
        return nothing
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
        db.row_factory = sqlite3.Row
        try:
            return question(db)
        except sqlite3.OperationalError as problem:
            if "locked" in str(problem) or "unable to open" in str(problem):
                return nothing
            raise


def incidents(community: Path) -> list[Incident]:
    """Every incident, oldest first."""

    def ask(db: sqlite3.Connection) -> list[Incident]:
        lines: dict[int, list[str]] = {}
        for row in db.execute("SELECT incident_id, what FROM incidentline ORDER BY id"):
            lines.setdefault(row["incident_id"], []).append(row["what"])
        rows = db.execute("SELECT * FROM incident ORDER BY id").fetchall()
        return [Incident(dict(row), lines.get(row["id"], [])) for row in rows]

    return look(community / "community.db", ask, [])


def household(home: Path) -> Household:
    """The household of a home that unlocks itself."""
    found = Household.open(home / "keys")
    found.unlock(machine=MachineKey.load_or_create(home / "keys"))
    return found


def hazards(home: Path) -> list[dict[str, Any]]:
    """The records of a home that unlocks itself."""
    return records(home, household(home))


def records(home: Path, keys: Household) -> list[dict[str, Any]]:
    """The home's own hazard records as its book keeps them, oldest first."""

    def ask(db: sqlite3.Connection) -> list[dict[str, Any]]:
        rows = db.execute("SELECT id, letter FROM hazards ORDER BY at").fetchall()
        return [
            orjson.loads(keys.open_letter(row["letter"], f"hazards:{row['id']}".encode()))
            for row in rows
        ]

    return look(home / "home.db", ask, [])


def ledger_problem(home: Path) -> str | None:
    """What is wrong with the consent ledger's chain; None while it holds. Not while it runs."""
    machine = MachineKey.load_or_create(home / "keys")
    key = Ed25519PrivateKey.from_private_bytes(machine.derive("consent signature"))
    ledger = Ledger(home / "egress.db", machine.box("consent"), key)
    try:
        return ledger.problem or ledger.verify()
    finally:
        ledger.close()


def waiting_events(home: Path) -> int:
    """How many events wait at the home's door."""
    count = "SELECT count(*) FROM event"
    return look(home / "egress.db", lambda db: int(db.execute(count).fetchone()[0]), 0)


def counters(community: Path) -> dict[str, int]:
    """What the gateway counted, as kept when it ended."""

    def ask(db: sqlite3.Connection) -> dict[str, int]:
        rows = {row["name"]: row["value"] for row in db.execute("SELECT * FROM count")}
        return {**rows, "kept events": db.execute("SELECT count(*) FROM event").fetchone()[0]}

    return look(community / "community.db", ask, {})


_MACHINE_TABLES = {
    "safety.db": (("safety", "SELECT body, 'safety/' || kind || '/' || key FROM sealed"),),
    "home.db": (("offers", "SELECT sealed, CAST('offers' || char(0) || key AS BLOB) FROM offers"),),
    "egress.db": (
        ("egress", "SELECT sealed, 'state ' || name FROM state"),
        ("egress", "SELECT sealed, tag FROM event"),
    ),
}


def _rows(query: str, db: sqlite3.Connection) -> list[Any]:
    return db.execute(query).fetchall()


def opened_by_machine(home: Path) -> list[bytes]:
    """What the machine key alone opens of a home's databases; no household key is asked."""
    machine = MachineKey.load_or_create(home / "keys")
    found = []
    for name, tables in _MACHINE_TABLES.items():
        for purpose, query in tables:
            box = machine.box(purpose)
            rows: list[Any] = look(home / name, partial(_rows, query), [])
            for sealed, context in rows:
                said = context.encode() if isinstance(context, str) else bytes(context)
                with suppress(VaultError):
                    found.append(box.open(sealed, said))
    return found


def cells_in_clear(home: Path) -> list[bytes]:
    """The plaintext of each event cell that left a home which unlocks itself."""
    keys = household(home)

    def ask(db: sqlite3.Connection) -> list[bytes]:
        rows = db.execute("SELECT sealed FROM letter ORDER BY id").fetchall()
        lines = [orjson.loads(keys.open_letter(row["sealed"], b"sent")) for row in rows]
        return [base64.b64decode(line["plaintext"]) for line in lines if line["kind"] == "cell"]

    return look(home / "egress.db", ask, [])
