"""Words that only the resident's own home may know, and where else they turn up."""

from __future__ import annotations

import base64
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

OWNER = "Quillfeather 欧阳婉清"
RESIDENT = "Peregrine 上官雪岩"
DEVICE = "Wintermoor 报警器"
AREA = "Larkspur 书房"
SERIAL = "SN-7741-Brackenhurst"
NOTE = "gone to Thistledown until Friday"
NETWORK = "Birchhollow-5G"
NETWORK_KEY = "tawny-otter-8853"
PASSWORD = "copper-finch-417-vale"
OTHER_PASSWORD = "salt-meadow-902-lark"
PASSPHRASE = "nine slow herons at dusk"

HAN = "婵娟嶙峋璎珞玳瑁鹧鸪翡翠麒麟琥珀玫瑰蜻蜓蝴蝶枇杷葡萄"

SECRETS = (PASSWORD, OTHER_PASSWORD, PASSPHRASE, NETWORK_KEY)
PERSONAL = (OWNER, RESIDENT, NOTE, NETWORK, AREA)
NAMES = (*PERSONAL, DEVICE, SERIAL)


def canaries(count: int, seed: int) -> list[str]:
    """Personal strings that nothing else says: names of both scripts, phones, flats, serials."""
    draw = random.Random(seed)
    found: list[str] = []
    while len(found) < count:
        found += [
            "".join(draw.choice(HAN) for _ in range(4)),
            "".join(draw.choice("BDFGKLMNPRSTVZ") + draw.choice("aeiou") for _ in range(4)).title(),
            "1" + "".join(draw.choice("3456789") for _ in range(10)),
            f"{draw.randint(31, 99)}-{draw.randint(11, 99)}-{draw.randint(1001, 9999)}",
            f"ZX{draw.randrange(10**9, 10**10)}Q",
        ]
    return found[:count]


def disguises(word: str) -> Iterator[tuple[str, bytes]]:
    """`spellings`, and what a program may make of a name or a number."""
    yield from spellings(word)
    yield "nfd", unicodedata.normalize("NFD", word).lower().encode()
    digits = re.sub(r"\D", "", word)
    if len(digits) >= 8:
        for mark in (" ", "-"):
            yield "split", mark.join((digits[:3], digits[3:7], digits[7:])).encode()


def traces(folders: Iterable[Path], words: Iterable[str]) -> list[str]:
    """Where one of these words stands in a file, in whatever spelling: "path: word (spelling)"."""
    spelled = [(word, how, text) for word in words for how, text in disguises(word)]
    found = []
    for folder in folders:
        files = [folder] if folder.is_file() else [p for p in folder.rglob("*") if p.is_file()]
        for path in files:
            found += [f"{path}: {one}" for one in _found(_content(path), spelled)]
    return found


def traces_in(data: bytes, words: Iterable[str]) -> list[str]:
    """Which of these words stand in some bytes: "word (spelling)"."""
    return _found(data, [(word, how, text) for word in words for how, text in disguises(word)])


def _found(data: bytes, spelled: Iterable[tuple[str, str, bytes]]) -> list[str]:
    lowered = data.lower()
    return [
        f"{word} ({how})"
        for word, how, text in spelled
        if text in (data if how == "base64" else lowered)
    ]


def _content(path: Path) -> bytes:
    """A file's bytes; none where a running program has just deleted it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def spellings(words: str) -> Iterator[tuple[str, bytes]]:
    """A text and its rare parts as a program might write them; bytes are in lower case too."""
    for word in {words, *re.findall(r"[A-Z][a-z]{5,}|[\u4e00-\u9fff]{4,}", words)}:
        raw, lower = word.encode(), word.lower()
        yield "utf-8", lower.encode()
        yield "utf-16-le", lower.encode("utf-16-le").lower()
        yield "utf-16-be", lower.encode("utf-16-be").lower()
        yield "hex", raw.hex().encode()
        yield "json", lower.encode("ascii", "backslashreplace")
        for shift in range(3):
            # Whatever stands before and after, the middle of its base64 is one of three texts.
            text = base64.b64encode(b"\0" * shift + raw)
            yield "base64", text[(0, 2, 3)[shift] : len(text) // 4 * 4 - 4]
