"""An integration's config: a small declarative class that checks data and describes a form."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Self

_NOTHING: Any = object()
_BASIC: dict[type, str] = {str: "text", int: "integer", float: "number", bool: "boolean"}


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


class ConfigProblem(ValueError):
    """Config data that doesn't fit; ``problems`` has one plain sentence for each wrong field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))


class Setting:
    """One declared field: its label (an English msgid), its default and its limits."""

    __slots__ = (
        "choices",
        "default",
        "help",
        "kind",
        "label",
        "limits",
        "name",
        "pattern",
        "secret",
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
    ) -> None:
        self.label = label
        self.default = default
        self.help = help_text
        self.limits = limits
        self.pattern = pattern
        self.secret = secret
        self.name = ""
        self.kind = "text"
        self.choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the person must fill it in."""
        return self.default is _NOTHING

    def check(self, value: object) -> Any:
        """The value as its declared type; raises ValueError with a plain sentence."""
        if self.kind == "boolean":
            if not isinstance(value, bool):
                raise ValueError("must be yes or no")
            return value
        if self.kind in {"integer", "number"}:
            return self._check_number(value)
        if not isinstance(value, str):
            _refuse("must be text")
        if self.kind == "choice" and value not in self.choices:
            raise ValueError(f"must be one of: {', '.join(self.choices)}")
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            raise ValueError("doesn't have the expected form")
        return value

    def _check_number(self, value: object) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            _refuse("must be a number")
        if self.kind == "integer" and not isinstance(value, int):
            _refuse("must be a whole number")
        low, high = self.limits
        if not math.isfinite(value):
            raise ValueError("must be a finite number")
        if low is not None and value < low:
            raise ValueError(f"must be at least {low:g}")
        if high is not None and value > high:
            raise ValueError(f"must be at most {high:g}")
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
            "required": self.required,
            "default": None if self.required else self.default,
            "minimum": low,
            "maximum": high,
            "secret": self.secret,
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
    """
    return Setting(
        label,
        default,
        help_text=help_text,
        limits=(minimum, maximum),
        pattern=pattern,
        secret=secret,
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
        problems: dict[str, str] = {}
        known = {declared.name for declared in cls.__settings__}
        for name in data:
            if name not in known:
                problems[name] = "unknown setting"
        for declared in cls.__settings__:
            if declared.name not in data:
                if declared.required:
                    problems[declared.name] = "must be given"
                else:
                    setattr(made, declared.name, declared.default)
                continue
            try:
                setattr(made, declared.name, declared.check(data[declared.name]))
            except ValueError as problem:
                problems[declared.name] = str(problem)
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
