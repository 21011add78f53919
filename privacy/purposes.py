"""What can leave a home, purpose by purpose, and the notices that residents read about it.

One table, `notices.json`: for each purpose its door, who receives, and every version of its
notice in both languages. A notice that somebody agreed to is a record: it is never edited, a
change is a further version, and the old one stays readable. Each says ``to`` whom, what is
``told``, ``why``, how long it is kept ``there`` and ``here``, and what ``refusing`` costs; the
first versions are the sentence that the pages had then, and leave the rest empty.

A version that ``widens`` tells more, or more people, than the one before: yeses given under
earlier ones don't hold any more. Under one that doesn't they go on until the resident is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("notices.json")
TEXTS = ("title", "to", "told", "why", "there", "here", "refusing")
DATA = (
    *("hazard", "level", "slot", "status", "zone", "time", "flat"),
    *("home_name", "address", "enrolment_key"),
)
"""The kinds of data that a notice can name."""


class Notice:
    """One version of a notice.

    Attributes:
        version: from 1.
        widens: more is told, or others are told, than under the version before.
        data: what is told, words of `DATA`.
        texts: language (``en``, ``zh_CN``) -> name of `TEXTS` -> text.
    """

    __slots__ = ("data", "texts", "version", "widens")

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.version = int(row["version"])
        self.widens = bool(row["widens"])
        self.data: tuple[str, ...] = tuple(row["data"])
        self.texts: dict[str, dict[str, str]] = {lang: row[lang] for lang in ("en", "zh_CN")}


class Purpose:
    """One purpose.

    Attributes:
        name: as the ledger, or the log of its door, writes it.
        door: ``events``, ``acts`` or ``grants``.
        recipient: ``duty_desk``, ``property`` or ``contact``.
        ledger: whether it needs a line of the ledger; an act without one is its own consent.
        notices: every version, the newest last.
    """

    __slots__ = ("door", "ledger", "name", "notices", "recipient")

    def __init__(self, name: str, row: Mapping[str, Any]) -> None:
        self.name = name
        self.door = str(row["door"])
        self.recipient = str(row["recipient"])
        self.ledger = bool(row["ledger"])
        self.notices: Sequence[Notice] = tuple(map(Notice, row["notices"]))

    @property
    def notice(self) -> Notice:
        """The newest version."""
        return self.notices[-1]

    def version(self, number: int) -> Notice | None:
        """One version of the notice."""
        return next((one for one in self.notices if one.version == number), None)

    def holds(self, number: int) -> bool:
        """Whether a yes to a version is still one: it is known, and nothing widened it since."""
        later = [one for one in self.notices if one.version > number]
        return self.version(number) is not None and not any(one.widens for one in later)


class Purposes:
    """The table.

    Args of the constructor:
        rows: as in `TABLE`.
    """

    def __init__(self, rows: Mapping[str, Any]) -> None:
        self._rows = {name: Purpose(name, row) for name, row in rows.items()}

    def all(self) -> Sequence[Purpose]:
        """Every purpose, in the table's order."""
        return tuple(self._rows.values())

    def get(self, name: str) -> Purpose | None:
        """One purpose."""
        return self._rows.get(name)

    def version(self, name: str) -> int:
        """The version that a choice made now is about; 0 for a purpose without a notice."""
        purpose = self.get(name)
        return purpose.notice.version if purpose else 0

    def holds(self, name: str, number: int) -> bool:
        """Whether a yes to a version of a purpose's notice is still one."""
        purpose = self.get(name)
        return purpose is not None and purpose.holds(number)


@cache
def purposes() -> Purposes:
    """The table as it is shipped; reads a file when it is first asked for."""
    return Purposes(json.loads(TABLE.read_text("utf-8")))
