"""Every message of a room stands translated in its catalogue: a helper for all rooms' tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("**/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {
    "**/templates/**.html": {
        "extensions": "jinja2.ext.do",
        "newstyle_gettext": "true",
        "silent": "false",
    }
}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "words": None,
    "words.ngettext": (1, 2),
}
PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
HAN = r"\u3400-\u9fff"
TIGHT = re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]")
HALF = re.compile(rf"[{HAN}][,;:?!]|[,;:?!][{HAN}]")


def msgids(room: str, folder: Path | None = None) -> dict[str | tuple[str, str], list[str]]:
    """Return the room's messages with the places they stand in.

    Messages are arguments of `_`, `gettext`, `ngettext`, `pgettext` and `words` in Python and
    in templates. Args: the room's name, and its folder if it isn't below the checkout.
    """
    base = folder or ROOT / room
    found: dict[str | tuple[str, str], list[str]] = {}
    for name, line, message, _comments, _context in extract_from_dir(
        str(base), METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
    ):
        if isinstance(message, tuple):
            key: str | tuple[str, str] = (message[0], message[1])
        else:
            key = message
        if key:
            found.setdefault(key, []).append(f"{room}/{name}:{line}")
    return found


def problems(room: str, extra: Iterable[str] = (), root: Path = ROOT) -> Sequence[str]:
    """Return what is wrong with a room's Chinese catalogue; empty when it is complete.

    Args:
        room: `hub`, `web` or `community`.
        extra: Messages of other rooms without a catalogue that this one translates.
        root: The checkout.
    """
    wanted = msgids(room, root / room)
    for foreign in extra:
        wanted.setdefault(foreign, ["(another room)"])
    path = root / room / "locale" / "zh_CN" / "LC_MESSAGES" / f"{room}.po"
    if not path.exists():
        return [f"{room} has {len(wanted)} messages and no catalogue"] if wanted else []
    with path.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN", domain=room)
    found = [
        f"{places[0]}: not in the catalogue: {key!r}"
        for key, places in wanted.items()
        if _entry(catalogue, key) is None
    ]
    for message in catalogue:
        if message.id:
            found.extend(_wrong(message, wanted))
    return found


def _entry(catalogue: Catalog, key: str | tuple[str, str]) -> Message | None:
    one = key[0] if isinstance(key, tuple) else key
    found = catalogue.get(one)
    if found is None and isinstance(key, tuple):
        found = catalogue.get(key[1], key[0])
    return found


def _each(text: str | Sequence[str]) -> tuple[str, ...]:
    """Return the plural forms of a text, or itself alone."""
    return (text,) if isinstance(text, str) else tuple(text)


def _wrong(message: Message, wanted: dict[str | tuple[str, str], list[str]]) -> list[str]:
    ids, texts = _each(message.id), _each(message.string or "")
    key = ids[0]
    found = []
    known = {k[0] if isinstance(k, tuple) else k for k in wanted}
    if key not in known and not (message.context and (message.context, key) in wanted):
        found.append(f"nobody says {key!r}")
    if message.fuzzy:
        found.append(f"fuzzy: {key!r}")
    places = {name for one in ids for pair in PLACE.findall(one) for name in pair if name}
    for text in texts:
        if not text:
            found.append(f"not translated: {key!r}")
            continue
        if not {name for pair in PLACE.findall(text) for name in pair if name} <= places:
            found.append(f"places differ: {key!r}")
        bare = PLACE.sub("", text)
        if TIGHT.search(bare):
            found.append(f"no space between Han and Latin: {text!r}")
        if HALF.search(bare):
            found.append(f"half-width punctuation: {text!r}")
    return found
