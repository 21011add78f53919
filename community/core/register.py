"""The list of flats as a property office keeps it: CSV from a table program, read row by row.

A list is taken whole or not at all, and every row that can't be taken says why, so that nothing
is lost between the file and the register. The first line names the columns, in English or in
Chinese; comma, semicolon, tab and the Chinese comma part them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from typing import NamedTuple

from community.core.roster import Path, RosterError
from community.core.words import N_

COLUMNS = ("building", "riser", "flat")
MOST_ROWS = 20_000
_CHINESE = (("楼栋", "栋", "楼号"), ("单元",), ("房号", "户号", "门牌", "门牌号"))
_DELIMITERS = ("\t", ";")
_LONGEST = 12  # what privacy.zones takes as a part of a path
_FORMULA = "=+@"  # a table program that opens the register again would run it

NEW, KNOWN = "new", "known"
PROBLEMS = {
    "incomplete": N_("building, riser and flat must all be filled"),
    "long": N_("at most 12 characters each"),
    "letters": N_("no hyphen inside, and no sign such as = + @ at the beginning"),
    "twice": N_("stands in the list twice"),
}


class Row(NamedTuple):
    """A row: its line in the file (from 1), what stands there, and what is to become of it.

    `state` is NEW, KNOWN, or a key of `PROBLEMS`.
    """

    line: int
    text: str
    path: Path
    state: str

    @property
    def wrong(self) -> bool:
        """Whether it can't be taken."""
        return self.state in PROBLEMS


def decode(data: bytes) -> str:
    """Read a file as table programs save it: UTF-8, else the Chinese national encoding.

    Raises:
        RosterError: It is neither (GB 18030-2022).
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterError("the file is not text: save it as CSV")


def read_rows(text: str, known: Collection[Path] = ()) -> list[Row]:
    """Read a list against the flats that are there already.

    Raises:
        RosterError: The first line doesn't name the columns, or there are too many rows.
    """
    lines = text.lstrip("\ufeff").splitlines()
    head = lines[0] if lines else ""
    delimiter = next((one for one in _DELIMITERS if one in head), ",")
    plain = "\n".join(lines).replace("，", ",")
    reader = csv.reader(io.StringIO(plain), delimiter=delimiter)
    try:
        places = _places(next(reader, []))
        found: list[Row] = []
        seen: set[Path] = set()
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            row = _row(reader.line_num, values, places, known, seen)
            seen.add(row.path)
            found.append(row)
            if len(found) > MOST_ROWS:
                raise RosterError(f"at most {MOST_ROWS} rows at once")
    except csv.Error:
        raise RosterError("the list can't be read: save it as CSV again") from None
    return found


def parse_flats(text: str) -> list[Path]:
    """Return the flats of a list that is right in every row.

    Raises:
        RosterError: It isn't; says which line.
    """
    rows = read_rows(text)
    for row in rows:
        if row.wrong:
            raise RosterError(f"line {row.line}: {PROBLEMS[row.state]}")
    return [row.path for row in rows]


def _places(head: list[str]) -> list[int]:
    """Where the three columns stand."""
    names = [name.strip().lower() for name in head]
    found = []
    for english, chinese in zip(COLUMNS, _CHINESE, strict=True):
        at = next((names.index(name) for name in (english, *chinese) if name in names), None)
        if at is None:
            raise RosterError(f"the first line must name the columns {', '.join(COLUMNS)}")
        found.append(at)
    return found


def _row(
    line: int, values: list[str], places: list[int], known: Collection[Path], seen: set[Path]
) -> Row:
    given = [values[at].strip() if at < len(values) else "" for at in places]
    path = (given[0], given[1], given[2])
    text = " · ".join(value.strip() for value in values)[:80]
    if not all(path):
        state = "incomplete"
    elif any(len(part) > _LONGEST for part in path):
        state = "long"
    elif any("-" in part or part[0] in _FORMULA or not part.isprintable() for part in path):
        state = "letters"
    elif path in seen:
        state = "twice"
    else:
        state = KNOWN if path in known else NEW
    return Row(line, text, path, state)
