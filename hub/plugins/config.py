"""An integration's config: a small declarative class that checks data and describes a form."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Protocol, Self

_NOTHING: Any = object()
LONGEST = 1024
"""Characters of a text for which nothing else is said."""
_BASIC: dict[type, str] = {str: "text", int: "integer", float: "number", bool: "boolean"}


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


class Words(Protocol):
    """A translator with ``%(name)s`` places."""

    def __call__(self, message: str, **values: object) -> str:
        """The message in the reader's language."""


class Reason(str):
    """Why a field can't stay as it is: an English text that is said in the reader's language.

    Attributes:
        text: the msgid, with ``%(name)s`` places.
        values: what stands in the places.
    """

    __slots__ = ("text", "values")
    text: str
    values: dict[str, object]

    def __new__(cls, text: str, **values: object) -> Self:
        """Put the values into the English text; the msgid stays beside it."""
        made = super().__new__(cls, text % values if values else text)
        made.text = text
        made.values = values
        return made

    def say(self, words: Words) -> str:
        """The reason in the reader's language."""
        return words(self.text, **self.values)


class Misfit(ValueError):
    """One value that can't be taken."""

    def __init__(self, text: str, **values: object) -> None:
        self.reason = Reason(text, **values)
        super().__init__(self.reason)


def _refuse(text: str, **values: object) -> NoReturn:
    raise Misfit(text, **values)


class ConfigProblem(ValueError):
    """Config data that doesn't fit; ``problems`` has one plain sentence for each wrong field.

    A text that is no `Reason` is shown as it is, so an integration gives its own in a `Reason`
    whose msgid its translations know.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems: dict[str, Reason] = {
            name: text if isinstance(text, Reason) else Reason(text)
            for name, text in problems.items()
        }
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))


class Setting:
    """One declared field: its label (an English msgid), its default and its limits."""

    __slots__ = (
        "choice_labels",
        "choices",
        "default",
        "help",
        "kind",
        "label",
        "limits",
        "lines",
        "longest",
        "name",
        "pattern",
        "secret",
        "when",
    )

    def __init__(
        self,
        label: str,
        default: Any,
        *,
        help_text: str,
        limits: tuple[float | None, float | None],
        pattern: str | None,
        secret: bool,
        longest: int,
        lines: int,
        choice_labels: Mapping[str, str],
        when: str,
    ) -> None:
        self.label = label
        self.default = default
        self.help = help_text
        self.limits = limits
        self.pattern = pattern
        self.secret = secret
        self.longest = longest
        self.lines = lines
        self.choice_labels = dict(choice_labels)
        self.when = when
        self.name = ""
        self.kind = "text"
        self.choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the person must fill it in."""
        return self.default is _NOTHING

    def check(self, value: object) -> Any:
        """The value as its declared type; raises Misfit with a plain sentence."""
        if self.kind == "boolean":
            if not isinstance(value, bool):
                _refuse(_("must be yes or no"))
            return value
        if self.kind in {"integer", "number"}:
            return self._check_number(value)
        if not isinstance(value, str):
            _refuse(_("must be text"))
        if len(value) > self.longest:
            _refuse(_("is longer than %(longest)s characters"), longest=self.longest)
        if self.required and not value.strip():
            _refuse(_("must be given"))
        if self.kind == "choice" and value not in self.choices:
            _refuse(_("must be one of: %(choices)s"), choices=", ".join(self.choices))
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            _refuse(_("doesn't have the expected form"))
        return value

    def _check_number(self, value: object) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse(_("must be a number"))
        if self.kind == "integer" and not isinstance(value, int):
            _refuse(_("must be a whole number"))
        low, high = self.limits
        if not math.isfinite(value):
            _refuse(_("must be a finite number"))
        if low is not None and value < low:
            _refuse(_("must be at least %(low)s"), low=f"{low:g}")
        if high is not None and value > high:
            _refuse(_("must be at most %(high)s"), high=f"{high:g}")
        return value if self.kind == "integer" else float(value)

    def to_json(self) -> dict[str, object]:
        """The field as data, from which a page builds its form."""
        low, high = self.limits
        return {
            "name": self.name,
            "label": self.label,
            "help": self.help,
            "kind": self.kind,
            "choices": list(self.choices),
            "choice_labels": [self.choice_labels.get(one, one) for one in self.choices],
            "required": self.required,
            "default": None if self.required else self.default,
            "minimum": low,
            "maximum": high,
            "secret": self.secret,
            "longest": self.longest,
            "lines": self.lines,
            "when": self.when,
        }


def setting(
    label: str,
    *,
    default: Any = _NOTHING,
    help_text: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    secret: bool = False,
    longest: int = LONGEST,
    lines: int = 1,
    choices: Mapping[str, str] | None = None,
    when: str = "",
) -> Any:
    """Declare one field of a config class, under an annotated name.

    Args:
        label: What the form shows, in English; the integration's catalogue translates it.
        default: Used when nothing is given; without it the field is required.
        help_text: One more sentence under the field, translated too.
        minimum: Least number allowed.
        maximum: Greatest number allowed.
        pattern: A regular expression that the whole text must match.
        secret: Never shown again and never logged.
        longest: Most characters of a text.
        lines: Height of the text's box in the form.
        choices: What the form calls each value of a ``Literal``, in English, translated too.
        when: ``SETTING=VALUE``: the form shows the field with that choice only.
    """
    return Setting(
        label,
        default,
        help_text=help_text,
        limits=(minimum, maximum),
        pattern=pattern,
        secret=secret,
        longest=longest,
        lines=lines,
        choice_labels=choices or {},
        when=when,
    )


class Config:
    """Base of an integration's config; fields are annotated and made with ``setting``.

    Types: ``str``, ``int``, ``float``, ``bool`` and ``Literal`` of texts (a choice).
    """

    __settings__: ClassVar[tuple[Setting, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Collect the declared fields, in order."""
        super().__init_subclass__()
        own = [(name, value) for name, value in vars(cls).items() if isinstance(value, Setting)]
        hints = typing.get_type_hints(cls) if own else {}
        for name, declared in own:
            hint = hints.get(name)
            if typing.get_origin(hint) is typing.Literal:
                declared.kind, declared.choices = "choice", typing.get_args(hint)
            elif isinstance(hint, type) and hint in _BASIC:
                declared.kind = _BASIC[hint]
            else:
                raise TypeError(f"{cls.__name__}.{name}: a setting can't have this type")
            declared.name = name
        cls.__settings__ = (*cls.__settings__, *(declared for _, declared in own))

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Check the data and build the config.

        Raises:
            ConfigProblem: Some fields are missing, unknown or wrong.
        """
        made = cls()
        problems: dict[str, Reason] = {}
        known = {declared.name for declared in cls.__settings__}
        for name in data:
            if name not in known:
                problems[name] = Reason(_("unknown setting"))
        for declared in cls.__settings__:
            if declared.name not in data:
                if declared.required:
                    problems[declared.name] = Reason(_("must be given"))
                else:
                    setattr(made, declared.name, declared.default)
                continue
            try:
                setattr(made, declared.name, declared.check(data[declared.name]))
            except Misfit as problem:
                problems[declared.name] = problem.reason
        if problems:
            raise ConfigProblem(problems)
        return made

    @classmethod
    def form(cls) -> list[dict[str, object]]:
        """The fields as data, in the order they were declared."""
        return [declared.to_json() for declared in cls.__settings__]

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{declared.name}={'…' if declared.secret else repr(getattr(self, declared.name))}"
            for declared in self.__settings__
        )
        return f"{type(self).__name__}({shown})"
