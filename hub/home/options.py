"""The options that a home's app has beside those of every face."""

from __future__ import annotations

import argparse

ASK_S = 30.0
CLEAR_S = 30.0
LOCKED = 3
"""Exit status of ``linli home link``: somebody has to unlock the home first."""


def add_home_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--ask-seconds`` and ``--clear-seconds``."""
    parser.add_argument(
        "--ask-seconds",
        type=float,
        default=ASK_S,
        help="how long a hazard's question waits for an answer (default: %(default)s)",
    )
    parser.add_argument(
        "--clear-seconds",
        type=float,
        default=CLEAR_S,
        help="quiet for this long, a hazard is over (default: %(default)s)",
    )
