"""What set-up and the wheel both need built: message catalogues, and a look at the vendor files.

`./run` calls this file as a script to compile the catalogues of the checkout; hatchling calls
`LinliBuildHook` when it builds the wheel, which must carry everything that a clone gets from
set-up. Standard: the .mo format is gettext's, written by Babel.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOMS = ("hub", "integrations", "community", "privacy", "web")
VENDOR = Path("web", "static", "vendor")


class BuildProblem(Exception):
    """The checkout is not complete enough to build a wheel that works."""


def catalogues(root: Path) -> list[Path]:
    """Return every committed message catalogue (.po) below the rooms of `root`, sorted."""
    patterns = ("locale/*/LC_MESSAGES/*.po", "*/locale/*/LC_MESSAGES/*.po")
    return sorted(po for room in ROOMS for one in patterns for po in (root / room).glob(one))


def compile_catalogues(root: Path) -> list[Path]:
    """Compile each .po to the .mo beside it and return the .mo files.

    A catalogue is written to a temporary name first: a start that reads while set-up compiles
    sees the old file or the new one. Fuzzy entries are guesses and are left out.
    """
    written = []
    for po in catalogues(root):
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parent.parent.name, domain=po.stem)
        target = po.with_suffix(".mo")
        partial = target.with_suffix(".mo.new")
        with partial.open("wb") as sink:
            write_mo(sink, catalogue)
        partial.replace(target)
        written.append(target)
    return written


def vendor_files(root: Path) -> list[Path]:
    """Return the front-end files that `web/assets.py` fetched.

    Raises:
        BuildProblem: If there are none; a wheel without them shows dead pages.
    """
    files = sorted(path for path in (root / VENDOR).rglob("*") if path.is_file())
    if not files:
        raise BuildProblem(
            f"{VENDOR} is empty: the wheel carries the front-end files. "
            "Run `./run setup` in the checkout once, then build again."
        )
    return files


class LinliBuildHook(BuildHookInterface[Any]):
    """Puts the ignored but needed files into the wheel, and refuses to build without them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile catalogues and collect vendor files; an editable install needs neither."""
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        extra = [*compile_catalogues(root), *vendor_files(root)]
        build_data["artifacts"].extend("/" + path.relative_to(root).as_posix() for path in extra)


if __name__ == "__main__":
    count = len(compile_catalogues(Path(__file__).resolve().parent.parent))
    sys.stderr.write(f"  {count} catalogues compiled\n")
