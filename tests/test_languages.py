"""Every text that a person reads exists in Chinese and English, in each room's catalogue."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from tests.house import ROOMS, ROOT

# whose words a room's pages may borrow: the first catalogue that knows a text wins
LENDERS = {"web": ("hub",), "community": ("web", "hub")}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
FIELD = re.compile(r"%\((\w+)\)s|%[sd]|\{(\w*)\}")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")
CLOSE = re.compile(r"[\u4e00-\u9fff][0-9A-Za-z]|[0-9A-Za-z][\u4e00-\u9fff]")


def in_python(text: bytes) -> set[str]:
    """The message ids of a Python file; the first form of a plural stands for both."""
    found = extract("python", BytesIO(text), keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, message, _, _ in found}


def in_template(text: bytes) -> set[str]:
    """The message ids of a Jinja template."""
    options = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
    found = babel_extract(BytesIO(text), list(KEYWORDS), [], options)
    ids: set[str] = set()
    for _, function, message, _ in found:
        forms = [message] if isinstance(message, str) else [form for form in message or () if form]
        if forms:
            ids.add(forms[-1] if function == "pgettext" else forms[0])
    return ids


def wanted(room: Path) -> set[str]:
    """The message ids that a room's code and templates use."""
    ids: set[str] = set()
    for path in sorted(room.rglob("*")):
        if "node_modules" in path.parts:
            continue
        if path.suffix == ".py":
            ids |= in_python(path.read_bytes())
        elif path.suffix == ".html":
            ids |= in_template(path.read_bytes())
    return {one for one in ids if one}


def gaps(ids: set[str], catalogue: Catalog) -> list[str]:
    """What a catalogue lacks or gets wrong for these message ids."""
    have = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue
        if message.id
    }
    found = [f"missing: {one}" for one in sorted(ids - set(have))]
    for one, message in have.items():
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if message.fuzzy:
            found.append(f"a guess: {one}")
        if not all(forms):
            found.append(f"untranslated: {one}")
        fields = sorted(match.group() for match in FIELD.finditer(one))
        for form in filter(None, forms):
            told = sorted(match.group() for match in FIELD.finditer(form))
            if isinstance(message.id, str) and told != fields:
                found.append(f"other fields: {one} -> {form}")
            if HALF_WIDTH.search(form):
                found.append(f"half-width punctuation: {form}")
            if CLOSE.search(FIELD.sub("", form)):
                found.append(f"no space between Chinese and Latin or digits: {form}")
    return found


def catalogue_of(room: Path) -> Catalog:
    source = room / "locale" / "zh_CN" / "LC_MESSAGES" / f"{room.name}.po"
    with source.open("rb") as file:
        return read_po(file, locale="zh_CN")


def known(room: Path) -> set[str]:
    """The message ids that a room's catalogue translates; none where it has no catalogue."""
    try:
        entries = [message.id for message in catalogue_of(room)]
    except FileNotFoundError:
        return set()
    return {one if isinstance(one, str) else one[0] for one in entries}


@pytest.mark.parametrize("room", [*ROOMS])
def test_a_room_speaks_both_languages(room: str) -> None:
    folder = ROOT / room
    folders = [folder]
    if room == "integrations":
        folders = [path for path in folder.iterdir() if path.is_dir()]
    for one in folders:
        lent = {text for lender in LENDERS.get(room, ()) for text in known(ROOT / lender)}
        ids = wanted(one) - lent
        if ids:
            problems = gaps(ids, catalogue_of(one))
            assert not problems, "\n".join(["", *problems])


def catalogue(*entries: str) -> Catalog:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    return read_po(BytesIO((head + "\n\n".join(entries)).encode()), locale="zh_CN")


def test_texts_are_found_in_code_and_templates() -> None:
    code = b'x = _("One")\ny = N_("Two")\nz = t.ngettext("%(num)s a", "%(num)s as", 3)\n'
    assert in_python(code) == {"One", "Two", "%(num)s a"}
    page = b'<p>{{ _("One") }}</p>{% trans %}Two{% endtrans %}{{ ngettext("a", "b", n) }}'
    assert in_template(page) == {"One", "Two", "a"}


@pytest.mark.parametrize(
    "entry",
    [
        'msgid "Other"\nmsgstr "别的"',
        'msgid "Gas %(at)s"\nmsgstr ""',
        '#, fuzzy\nmsgid "Gas %(at)s"\nmsgstr "燃气 %(at)s"',
        'msgid "Gas %(at)s"\nmsgstr "燃气"',
        'msgid "Gas %(at)s"\nmsgstr "燃气,%(at)s"',
    ],
)
def test_a_gap_is_seen(entry: str) -> None:
    assert gaps({"Gas %(at)s"}, catalogue(entry))


def test_a_complete_catalogue_passes() -> None:
    assert gaps({"Gas %(at)s"}, catalogue('msgid "Gas %(at)s"\nmsgstr "燃气，%(at)s"')) == []
