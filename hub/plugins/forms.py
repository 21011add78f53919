"""Forms made of a config class: what a person typed becomes data, and nothing typed is lost.

A form posts texts. A tick box that isn't posted is off; a secret that is left empty keeps what
was saved, because what is saved is never shown again.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.plugins.config import Config, ConfigProblem, Reason, Setting

ON = "on"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


def read_form(
    config: type[Config], posted: Mapping[str, str], saved: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The data that a posted form stands for.

    Args:
        config: the class whose form it is.
        posted: texts by setting; what it doesn't hold was left empty or unticked.
        saved: the data so far, for secrets that were left empty.

    Raises:
        ConfigProblem: texts that are no numbers, or data that doesn't fit, every field at once.
    """
    data: dict[str, object] = {}
    problems: dict[str, str] = {}
    for one in config.__settings__:
        text = posted.get(one.name, "")
        if one.secret and not text:
            if saved and one.name in saved:
                data[one.name] = saved[one.name]
            continue
        try:
            _read_into(data, one, text if one.secret or one.lines > 1 else text.strip())
        except ValueError:
            problems[one.name] = Reason(
                _("must be a whole number") if one.kind == "integer" else _("must be a number")
            )
    try:
        config.from_data(data)
    except ConfigProblem as problem:
        raise ConfigProblem({**problem.problems, **problems}) from None
    if problems:
        raise ConfigProblem(problems)
    return data


def _read_into(data: dict[str, object], one: Setting, text: str) -> None:
    """Put one field's data in; raises ValueError for a text that is no number."""
    if one.kind == "boolean":
        data[one.name] = text == ON
    elif one.kind in {"integer", "number"}:
        if text:
            data[one.name] = int(text) if one.kind == "integer" else float(text)
    elif text or (not one.required and one.kind == "text"):
        data[one.name] = text


def shown(config: type[Config], data: Mapping[str, object]) -> dict[str, str]:
    """What each field of the form holds for this data; a secret's is always empty."""
    found: dict[str, str] = {}
    for one in config.__settings__:
        value = data.get(one.name, None if one.required else one.default)
        if one.secret or value is None:
            found[one.name] = ""
        elif one.kind == "boolean":
            found[one.name] = ON if value else ""
        else:
            found[one.name] = str(value)
    return found


def kept_secrets(config: type[Config], data: Mapping[str, object]) -> frozenset[str]:
    """The secrets that are saved and stay when their field is left empty."""
    return frozenset(one.name for one in config.__settings__ if one.secret and data.get(one.name))
