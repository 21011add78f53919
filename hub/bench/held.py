"""The real home process with its loop held 100 ms at a time, as a bad plugin or disk would.

``python -m hub.bench.held OPTIONS`` is ``linli home-app OPTIONS`` on an event loop that blocks
itself for 100 ms of every 400. The hold is in the loop that this program hands to asyncio; the
home itself has no option for it and doesn't know.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
import time
from collections.abc import Sequence

HOLD_S, EVERY_S = 0.1, 0.4


class Holding(asyncio.DefaultEventLoopPolicy):
    """Makes event loops that hold themselves from their first pass on."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """An ordinary loop with a timer that blocks it."""
        loop = super().new_event_loop()

        def hold() -> None:
            time.sleep(HOLD_S)
            loop.call_later(EVERY_S - HOLD_S, hold)

        loop.call_soon(hold)
        return loop


def main(argv: Sequence[str]) -> None:
    """Run the home as `python -m hub home-app` would, until it is told to end.

    Raises:
        SystemExit: always, with the home's status.
    """
    asyncio.set_event_loop_policy(Holding())
    sys.argv[1:] = ["home-app", *argv]
    runpy.run_module("hub", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
