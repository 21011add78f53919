"""``linli bench NAME``: one line of JSON for every figure."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Figures = Iterator[dict[str, Any]]


def _hazard(options: argparse.Namespace) -> Figures:
    from .hazard import figures

    return figures(options.samples, options.rate)


BENCHES: dict[str, tuple[Callable[[argparse.Namespace], Figures], str]] = {
    "hazard": (_hazard, "a sensor's message in, the valve's command out"),
}


def main(argv: Sequence[str]) -> int:
    """Run one bench; prints each figure as soon as it is known."""
    parser = argparse.ArgumentParser(
        prog="linli bench",
        epilog="; ".join(f"{name}: {text}" for name, (_, text) in BENCHES.items()),
    )
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--json", action="store_true", help="JSON lines instead of words")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=5000, help="messages a second elsewhere")
    options = parser.parse_args(argv)
    for figure in BENCHES[options.name][0](options):
        sys.stdout.write((json.dumps(figure) if options.json else _words(figure)) + "\n")
        sys.stdout.flush()
    return 0


def _words(figure: dict[str, Any]) -> str:
    head = f"{figure['metric']} {figure['value']} {figure['unit']}"
    rest = ", ".join(
        f"{key} {value}" for key, value in figure.items() if key not in ("metric", "value", "unit")
    )
    return f"{head} ({rest})"
