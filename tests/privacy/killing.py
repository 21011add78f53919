"""The power goes away in the middle of a file's writing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class Killed(BaseException):
    """Stands for the power going away."""


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the n-th step of any file write be the last thing that happens."""
    count = 0

    def wrap(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def run(*args: Any, **keywords: Any) -> object:
            nonlocal count
            count += 1
            if count == step and name == "write":
                os_write(args[0], bytes(args[1])[:7])
            if count == step:
                raise Killed
            return real(*args, **keywords)

        return run

    os_write = os.write
    for name in ("write", "fsync", "fchmod"):
        monkeypatch.setattr(os, name, wrap(name, getattr(os, name)))
    monkeypatch.setattr(Path, "replace", wrap("replace", Path.replace))
