"""``linli home``: starts a household's processes in the order that safety needs, keeps them up.

Broker first, then the hazard kernel, then the home itself; each is restarted by itself, so a
fault in one leaves the others working.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.core.supervise import Face
from hub.home.options import add_home_options

COMMANDS = ("init", "link")
HOME = Face(
    "home",
    port=8100,
    broker_port=1883,
    about="A household's hub. Commands: home init, home link NAME.",
    before=("safety",),
    more=add_home_options,
)


def main(argv: Sequence[str]) -> int:
    """Run a home until SIGINT or SIGTERM, or do one command and end."""
    if argv and argv[0] in COMMANDS:
        from hub.home.cli import main as once

        return once(argv)
    return HOME.run(argv)
