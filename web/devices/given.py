"""A command's arguments as a form of ours sends them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from hub.core.kinds import COLOR, FLAG, KINDS, NUMBER, argument
from hub.http.problems import Problem
from web.design.formats import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from web.design.page import Words
    from web.kinds.controls import Control

PREFIX = "arg."
LONGEST = 255
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Mistyped(Exception):
    """A value that a person has to write anew; `field` is the form's."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


def arguments(
    kind: str,
    command: str,
    form: Mapping[str, object],
    controls: list[Control],
    words: Words,
) -> dict[str, object]:
    """Return the arguments that a form gives.

    Args:
        kind: the entity's kind.
        command: what is sent.
        form: all its fields; arguments are those that begin with ``arg.``.
        controls: what can be set on the entity; a number has to be within its bounds.
        words: the reader's language.

    Raises:
        Problem: 400, no form of ours sends it.
        Mistyped: a person wrote what the device doesn't take.
    """
    names = KINDS[kind].commands.get(command, ())
    bounds = {one.argument: one for one in controls if one.command == command}
    found: dict[str, object] = {}
    for field, value in form.items():
        if not field.startswith(PREFIX):
            continue
        name = field.removeprefix(PREFIX)
        if name not in names or not isinstance(value, str) or len(value) > LONGEST:
            raise Problem(400, "bad_request")
        found[name] = _read(argument(kind, name), field, value, bounds.get(name), words)
    return found


def _read(sort: str, field: str, text: str, control: Control | None, words: Words) -> object:
    if sort == NUMBER:
        return _number(field, text, control, words)
    if sort == FLAG:
        return text == "yes"
    if sort == COLOR:
        return _color(text)
    return text


def _number(field: str, text: str, control: Control | None, words: Words) -> float:
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        value = math.nan
    least, most = (control.least, control.most) if control else (-math.inf, math.inf)
    if math.isfinite(value) and least <= value <= most:
        return int(value) if value == int(value) else value
    if control is None:
        raise Problem(400, "bad_request")
    between = {"least": figure(control.least), "most": figure(control.most)}
    raise Mistyped(field, words("Write a number from %(least)s to %(most)s.", **between))


def _color(text: str) -> list[int]:
    """Read ``#rrggbb``, as a browser's colour field gives it."""
    if _HEX.fullmatch(text) is None:
        raise Problem(400, "bad_request")
    return list(bytes.fromhex(text[1:]))
