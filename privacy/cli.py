"""``linli privacy``: what anyone may run to check the privacy boundary."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from privacy.parameters import SLOT_BOUNDS
from privacy.simulate.scenario import Scenario


def main(argv: Sequence[str]) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="linli privacy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    defaults = Scenario()
    attack = commands.add_parser(
        "simulate", help="how often a manager with every log names the right home"
    )
    attack.add_argument("--homes", type=int, default=defaults.homes)
    attack.add_argument("--k", type=int, default=defaults.k, help="homes in a zone")
    attack.add_argument("--slot", type=float, default=defaults.slot_s, help="seconds")
    attack.add_argument("--events", type=int, default=defaults.events)
    attack.add_argument(
        "--offline", type=float, default=defaults.offline, help="share of the time, 0 to 0.9"
    )
    attack.add_argument("--no-cover", action="store_true", help="homes send events only")
    attack.add_argument("--top-up", action="store_true", help="tokens are fetched as used")
    attack.add_argument("--seed", type=int, default=defaults.seed)
    attack.add_argument("--json", action="store_true", help="one JSON object instead of words")
    options = parser.parse_args(argv)
    scenario = Scenario(
        homes=options.homes,
        k=options.k,
        slot_s=options.slot,
        events=options.events,
        offline=options.offline,
        cover=not options.no_cover,
        top_up=options.top_up,
        seed=options.seed,
    )
    wrong = _wrong(scenario)
    if wrong:
        sys.stderr.write(f"linli privacy simulate: {wrong}\n")
        return 2
    from privacy.simulate.figures import simulate

    found = simulate(scenario)
    sys.stdout.write((json.dumps(found) if options.json else _words(found)) + "\n")
    return 0


def _wrong(scenario: Scenario) -> str:
    """What doesn't fit, in words; empty if all does."""
    if scenario.k < 2 or scenario.homes < 2 * scenario.k or scenario.homes > 20_000:
        return "at least two zones of k homes, k at least 2, at most 20,000 homes"
    if not SLOT_BOUNDS[0] <= scenario.slot_s <= SLOT_BOUNDS[1]:
        return f"a slot lasts {SLOT_BOUNDS[0]} to {SLOT_BOUNDS[1]:.0f} s"
    if not 0 <= scenario.offline <= 0.9 or not 50 <= scenario.events <= 1_000_000:
        return "offline is 0 to 0.9, events are 50 to 1,000,000"
    return ""


def _words(found: dict[str, object]) -> str:
    """A table for people."""
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines.append(name)
            lines.extend(f"  {inner:<18} {_short(one)}" for inner, one in value.items())
        else:
            lines.append(f"{name:<20} {_short(value)}")
    return "\n".join(lines)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)
