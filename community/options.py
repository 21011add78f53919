"""The options that the community's app has beside those of every face."""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.core.settings import LOOPBACK

UPSTREAM_PORT = 8201
SLOT_S = 2.0


def add_community_options(parser: argparse.ArgumentParser) -> None:
    """Add where the relay comes in, how homes reach it, and the facilities' account."""
    parser.add_argument(
        "--upstream",
        default=f"{LOOPBACK}:{UPSTREAM_PORT}",
        metavar="HOST:PORT",
        help="where the gateway listens for the relay (default: %(default)s)",
    )
    parser.add_argument("--relay", default="", metavar="HOST:PORT", help="as homes reach it")
    parser.add_argument("--broker-user", default="community", metavar="NAME")
    parser.add_argument("--broker-password-file", type=Path, metavar="FILE")
    parser.add_argument("--slot", type=float, default=SLOT_S, metavar="SECONDS")
