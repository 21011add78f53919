"""`linli community`: starts the property's processes and keeps them up.

Broker and token signer first, then the app. Commands beside a running community have their own
module.
"""

from __future__ import annotations

from collections.abc import Sequence

from community.options import add_community_options
from hub.core.supervise import Face

COMMANDS = (
    *("init", "flats", "code", "relay-code", "link", "staff", "freeze", "set"),
    *("log-key", "witnesses"),
)
COMMUNITY = Face(
    "community",
    port=8200,
    broker_port=18831,
    about=f"The property's portal and duty screen. Commands: {', '.join(COMMANDS)}.",
    beside=("signer",),
    more=add_community_options,
)


def main(argv: Sequence[str]) -> int:
    """Run a community until SIGINT or SIGTERM, or do one command and end."""
    words = [word for word in argv if word in COMMANDS]
    if words and argv[0] in (words[0], "--data"):
        from community.cli import main as once

        return once(argv)
    return COMMUNITY.run(argv)
