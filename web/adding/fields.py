"""A config class as the fields of a form, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from hub.http.problems import Problem
from hub.plugins.config import Config, ConfigProblem, Reason
from hub.plugins.forms import shown

if TYPE_CHECKING:
    from aiohttp import web

    from hub.plugins.config import Words
    from hub.plugins.manifest import Manifest

LONGEST = 32 * 1024


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


NOT_SAVED = _("Look at the marked fields. Nothing was saved.")


class Speaker:
    """Says an integration's texts: its own translations first, then the hub's."""

    __slots__ = ("_own", "_words")

    def __init__(self, words: Words, own: Mapping[str, str]) -> None:
        self._words = words
        self._own = own

    def __call__(self, message: str, **values: object) -> str:
        """The text in the reader's language."""
        if message in self._own:
            text = self._own[message]
            return text % values if values else text
        return self._words(message, **values)


def speaker(words: Words, manifest: Manifest | None, lang: str) -> Speaker:
    """Who says the texts of an integration; of the hub's own forms with None."""
    return Speaker(words, manifest.texts(lang) if manifest is not None else {})


def fields_of(
    config: type[Config],
    say: Speaker,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    kept: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The fields as a template shows them.

    Args:
        config: the class whose form it is.
        say: puts texts into the reader's language.
        values: what stands in each field; a secret's is never shown.
        errors: what is wrong with each field.
        kept: secrets that are saved.
    """
    found = []
    for one in config.form():
        name = str(one["name"])
        choices = zip(one["choices"], one["choice_labels"], strict=True)  # type: ignore[call-overload]  # lists, see Setting.to_json
        found.append(
            {
                **one,
                "label": say(str(one["label"])),
                "help": say(str(one["help"])) if one["help"] else "",
                "options": [(value, say(label)) for value, label in choices],
                "value": "" if one["secret"] else values.get(name, ""),
                "error": (errors or {}).get(name, ""),
                "kept": name in kept,
            }
        )
    return found


async def typed(request: web.Request, config: type[Config]) -> dict[str, str]:
    """What was typed into a form, by setting.

    Raises:
        Problem: 400, a file or something too long.
    """
    form = await request.post()
    found: dict[str, str] = {}
    for one in config.__settings__:
        value = form.get(one.name, "")
        if not isinstance(value, str) or len(value) > LONGEST:
            raise Problem(400, "bad_request")
        if one.name in form:
            found[one.name] = value.replace("\r\n", "\n")
    return found


def said(problem: ConfigProblem, config: type[Config], say: Speaker) -> dict[str, str]:
    """What is wrong, by field, in the reader's language; what no field shows is left out."""
    names = {one.name for one in config.__settings__}
    return {name: why.say(say) for name, why in problem.problems.items() if name in names}


def beside(problem: ConfigProblem, config: type[Config], say: Speaker) -> str:
    """What is wrong with no field of the form, as sentences; "" where all stand beside one."""
    names = {one.name for one in config.__settings__}
    rest: list[Reason] = [why for name, why in problem.problems.items() if name not in names]
    return " ".join(why.say(say) for why in rest)


def defaults(config: type[Config], fills: Mapping[str, str]) -> dict[str, str]:
    """What an untouched form shows; ``fills`` come from what was found."""
    known = {one.name for one in config.__settings__ if not one.secret}
    return {**shown(config, {}), **{name: text for name, text in fills.items() if name in known}}
