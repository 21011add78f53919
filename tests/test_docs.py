"""The documentation keeps to the code: links, commands, names, and both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.__main__ import COMMANDS
from privacy.thief import ALWAYS, PERSONAL

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAIRS = [page for page in PAGES if page.with_name(f"{page.stem}.zh-CN.md").exists()]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
CASE = re.compile(r"^  (\w+)\)", re.MULTILINE)
PLACE = re.compile(r"^[\w.-]+(?:/[\w@.-]+)+(?:::[\w.]+)?/?$")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
ROOMS = ("hub/", "integrations/", "community/", "privacy/", "web/", "tests/", "docs/")
LARGEST_PICTURE = 200_000


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_in(page: Path) -> Iterator[str]:
    """Every line of a code block, and every piece of code within a sentence."""
    text = text_of(page)
    for block in FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()[1:-1]
    yield from CODE.findall(FENCE.sub("", text))


def words_of_run() -> set[str]:
    """The words that `./run` itself knows."""
    script = text_of(ROOT / "run")
    return set(CASE.findall(script[script.rindex("case ${1:-demo} in") :])) | {"help"}


def calls_in(page: Path) -> Iterator[tuple[str, str]]:
    """Each call of our program in a page's code: (``./run`` or ``linli``, the sub-command)."""
    for line in code_in(page):
        for program, word in re.findall(
            r"(?:^|[\s/=])(\./run|linli)(?: ([a-z][a-z-]*))?(?=\s|$)", f" {line}"
        ):
            if word:
                yield program, word


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(text_of(page)):
        if not re.match(r"https?://|mailto:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_exists(page: Path) -> None:
    for program, word in calls_in(page):
        known = set(COMMANDS) | (words_of_run() if program == "./run" else set())
        assert word in known, f"{program} {word}"


@pytest.mark.parametrize("page", PAIRS, ids=[str(page.relative_to(ROOT)) for page in PAIRS])
def test_both_languages_have_the_same_shape(page: Path) -> None:
    """The same headings by level, the same tables' rows, pictures of the one language each."""
    english, chinese = text_of(page), text_of(page.with_name(f"{page.stem}.zh-CN.md"))

    def shape(text: str) -> list[str]:
        plain = FENCE.sub("```", text)
        return re.findall(r"^(#+ |\||```|\d+\. |- )", plain, re.MULTILINE)

    assert shape(english) == shape(chinese)
    assert ".zh.png" not in english
    assert ".en.png" not in chinese


def test_every_guide_is_there_in_both_languages() -> None:
    for guide in ("", "docs/resident/", "docs/guard/", "docs/operator/"):
        assert (ROOT / f"{guide}README.md").exists()
        assert (ROOT / f"{guide}README.zh-CN.md").exists()


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/privacy.md"])
def test_every_named_place_of_the_code_exists(name: str) -> None:
    """``path::Name`` and ``path`` in code marks are files, and the names stand in them."""
    places = {code for code in code_in(ROOT / name) if PLACE.match(code)}
    lost = [place for place in places if place.startswith(ROOMS) and not stands(place)]
    assert not lost, "\n".join(sorted(lost))


def stands(place: str) -> bool:
    """Whether the file is there, and every part of the name is defined in it."""
    path, _, named = place.partition("::")
    if not (ROOT / path).exists():
        return False
    parts = filter(None, named.split("."))
    known = r"^\s*(?:async )?(?:class|def) {0}\b|^{0}\b"
    return all(re.search(known.format(part), text_of(ROOT / path), re.MULTILINE) for part in parts)


@pytest.mark.parametrize("name", ["README.md", "docs/operator/README.md"])
def test_every_option_exists(name: str) -> None:
    """An option that a page names stands in the source of a command or of the set-up."""
    sources = [*ROOT.glob("*/**/*.py"), ROOT / "run"]
    ours = [
        path for path in sources if path.parts[len(ROOT.parts)] in (*(r[:-1] for r in ROOMS), "run")
    ]
    source = "\n".join(text_of(path) for path in ours)
    for code in code_in(ROOT / name):
        if re.search(r"\./run|linli|^--", code):
            for flag in FLAG.findall(code):
                assert f'"{flag}"' in source, f"{flag} in {code}"


def test_the_guide_says_what_a_thief_reads() -> None:
    guide = text_of(ROOT / "docs" / "resident" / "README.md")
    for sentence in (*ALWAYS, PERSONAL):
        assert sentence in guide, sentence


def test_every_record_is_in_the_index() -> None:
    index = text_of(ROOT / "docs" / "adr" / "README.md")
    for record in (ROOT / "docs" / "adr").glob("0*.md"):
        assert f"]({record.name})" in index, record.name


def test_pictures_are_light_and_used() -> None:
    everything = "".join(text_of(page) for page in PAGES)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size <= LARGEST_PICTURE, picture.name
        assert picture.name in everything, picture.name
