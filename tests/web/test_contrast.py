"""The tokens' contrast (WCAG 2.2, success criteria 1.4.3 and 1.4.11), computed from the file."""

from __future__ import annotations

import re
from itertools import product

import pytest

from web.design.page import MOUNTS

SOURCE = (MOUNTS["design"] / "tokens.css").read_text("utf-8")
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
GROUNDS = ("ground", "surface", "sunken")
LEVELS = ("l1", "l2", "l3", "l4", "ok", "lost")


def _lists() -> dict[str, dict[str, str]]:
    blocks = SOURCE.split("{")
    found = [dict(COLOUR.findall(block)) for block in blocks]
    light, by_system, chosen = (block for block in found if "ground" in block)
    return {"light": light, "dark": by_system, "dark chosen": chosen}


LISTS = _lists()


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_says() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_dark_lists_are_one() -> None:
    assert LISTS["dark"] == LISTS["dark chosen"]
    assert LISTS["dark"].keys() == LISTS["light"].keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_legible(theme: str) -> None:
    tokens = LISTS[theme]
    pairs = [
        *product(("ink", "quiet", "accent", *LEVELS), GROUNDS),
        *(("ink", f"{level}-soft") for level in LEVELS),
        *((level, f"{level}-soft") for level in LEVELS),
        *(("quiet", f"{level}-soft") for level in LEVELS),
        ("ink", "accent-soft"),
        ("accent", "accent-soft"),
        ("quiet", "accent-soft"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("on-level", "l1"),
        ("ground", "ink"),
    ]
    weak = {
        f"{text} on {ground}": round(_contrast(tokens[text], tokens[ground]), 2)
        for text, ground in pairs
        if _contrast(tokens[text], tokens[ground]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_and_focus_are_visible(theme: str) -> None:
    tokens = LISTS[theme]
    weak = {
        f"{line} on {ground}": round(_contrast(tokens[line], tokens[ground]), 2)
        for line, ground in product(("edge", "focus"), GROUNDS)
        if _contrast(tokens[line], tokens[ground]) < 3
    }
    assert weak == {}
