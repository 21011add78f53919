"""``linli bench NAME``: one line of JSON for every figure."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .conditions import BenchProblem
from .rig import mosquitto_path

BROKERS = ("embedded", "mosquitto")
Figures = Iterator[dict[str, Any]]


def _hazard(options: argparse.Namespace) -> Figures:
    from .hazard import figures

    return figures(options.samples, options.rate, options.brokers)


def _core(options: argparse.Namespace) -> Figures:
    from .core import figures

    return figures(options.broker)


def _mqtt(options: argparse.Namespace) -> Figures:
    from .mqtt import figures

    return figures(options.broker)


def _rest(options: argparse.Namespace) -> Figures:
    from .rest import figures

    return figures(options.broker)


def _pages(options: argparse.Namespace) -> Figures:
    from .pages import figures

    return figures(options.broker)


def _tokens(options: argparse.Namespace) -> Figures:
    from .tokens import figures

    return figures(options.samples)


def _privacy(options: argparse.Namespace) -> Figures:
    from .privacy import figures

    return figures(options.homes, options.seconds, options.database)


BENCHES: dict[str, tuple[Callable[[argparse.Namespace], Figures], str]] = {
    "core": (_core, "start, memory, states and history"),
    "mqtt": (_mqtt, "a sensor's message in, a program's WebSocket message out"),
    "rest": (_rest, "commands a second over the interface for programs"),
    "pages": (_pages, "first paint of a large home on a slow tablet, and what keeps it live"),
    "hazard": (_hazard, "a sensor's message in, the valve's command out"),
    "tokens": (_tokens, "one-time tokens: asked for, signed, verified"),
    "privacy": (_privacy, "relay and gateway of a large community, a hazard's way to the desk"),
}


def main(argv: Sequence[str]) -> int:
    """Run one bench; prints each figure as soon as it is known. 1 when it could not be taken."""
    parser = argparse.ArgumentParser(
        prog="linli bench",
        epilog="; ".join(f"{name}: {text}" for name, (_, text) in BENCHES.items()),
    )
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--json", action="store_true", help="JSON lines instead of words")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=5000, help="messages a second elsewhere")
    parser.add_argument(
        "--broker", choices=BROKERS, help="without it Mosquitto where it is installed"
    )
    parser.add_argument("--homes", type=int, default=5000, help="homes behind the relay")
    parser.add_argument("--seconds", type=float, default=60, help="how long privacy is measured")
    parser.add_argument(
        "--database", default="", metavar="URL", help="an empty PostgreSQL database for privacy"
    )
    options = parser.parse_args(argv)
    # The hazard figures have a line for each broker.
    installed = BROKERS if mosquitto_path() else BROKERS[:1]
    options.brokers = [options.broker] if options.broker else list(installed)
    options.broker = options.brokers[-1]
    try:
        for figure in BENCHES[options.name][0](options):
            sys.stdout.write((json.dumps(figure) if options.json else _words(figure)) + "\n")
            sys.stdout.flush()
    except BenchProblem as problem:
        sys.stderr.write(f"linli bench {options.name}: {problem}\n")
        return 1
    return 0


def _words(figure: dict[str, Any]) -> str:
    head = f"{figure['metric']} {figure['value']} {figure['unit']}"
    rest = ", ".join(
        f"{key} {value}" for key, value in figure.items() if key not in ("metric", "value", "unit")
    )
    return f"{head} ({rest})"
