"""``linli demo``: a whole small community on this machine, with simulated devices."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hub.core.processes import READY_S, Supervisor, healthy
from hub.core.settings import LOOPBACK, data_folder
from hub.demo import programs, seed
from hub.demo.page import DemoPage
from hub.demo.plan import GUARD, MANAGER, OWNER, Plan
from hub.demo.programs import CommandFailed, sign_in_link, staff_links
from privacy.errors import PrivacyError

STAFF = (GUARD, MANAGER)


def main(argv: Sequence[str]) -> int:
    """Run the demo until Ctrl-C; a later start keeps its data."""
    parser = argparse.ArgumentParser(prog="linli demo", description=__doc__)
    parser.add_argument("--data", type=Path, default=data_folder("demo"), help="data folder")
    parser.add_argument("--slot", type=float, help="seconds between cells (first start only)")
    parser.add_argument("--homes", type=int, help="neighbour homes (first start only)")
    parser.add_argument("--ask-seconds", type=float, help="patience of a hazard's question")
    parser.add_argument("--clear-seconds", type=float, help="quiet before a hazard is over")
    parser.add_argument("--free-ports", action="store_true", help="any ports (first start only)")
    options = parser.parse_args(argv)
    plan = Plan(options.data)
    if not plan.seeded:
        plan.slot_s = options.slot or plan.slot_s
        plan.homes = plan.homes if options.homes is None else options.homes
        plan.choose_ports(usual=not options.free_ports)
    plan.ask_s = options.ask_seconds or plan.ask_s
    plan.clear_s = options.clear_seconds or plan.clear_s
    plan.save()
    taken = plan.busy()
    if taken:
        named = ", ".join(f"{port} ({name})" for name, port in taken)
        _say(f"these ports are in use: {named}. Is the demo running already? End that first.")
        return 1
    try:
        return asyncio.run(_run(plan))
    except TimeoutError:
        _say("the demo could not start: a program did not get ready; its lines above say why")
        return 1
    except (CommandFailed, PrivacyError, OSError) as problem:
        _say(f"the demo could not start: {problem}")
        return 1


async def _run(plan: Plan) -> int:
    began = time.monotonic()
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    supervisor = Supervisor()
    page = DemoPage(plan)
    running = asyncio.create_task(_up(plan, supervisor, page, began))
    told = asyncio.create_task(ending.wait())
    try:
        await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
            await told
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await page.stop()
        await supervisor.stop()
    return 0


async def _up(plan: Plan, supervisor: Supervisor, page: DemoPage, began: float) -> None:
    """Start everything and print the addresses."""
    first = not plan.seeded
    if first:
        _say("first start: building a community, about half a minute")
        await asyncio.to_thread(plan.clear)
        await seed.found_community(plan, _say)
    community = programs.community(plan)
    if first:
        await supervisor.start(community)
        await seed.pair_everyone(plan, supervisor, _say)
        plan.seeded = True
        plan.save()
        rest = [programs.home(plan), programs.neighbours(plan)]
    else:
        rest = [community, programs.relay(plan), programs.home(plan), programs.neighbours(plan)]
    rest += [*programs.simulators(plan), *programs.witnesses(plan)]
    await asyncio.gather(page.start(), *(supervisor.start(child) for child in rest))
    await page.connect()
    own = sign_in_link(plan, "home", OWNER)
    _, resident, staff = await asyncio.gather(_all_well(plan), own, staff_links(plan, *STAFF))
    _say(f"ready after {time.monotonic() - began:.1f} s, all health checks passing\n")
    for who, link in zip((OWNER, *STAFF), (resident, *staff), strict=True):
        sys.stdout.write(f"  {who}\n    {link}\n")
    if resident.endswith(programs.UNLOCK):
        sys.stdout.write(
            "    This home is locked: unlock it there, then open it from the demo page.\n"
        )
    sys.stdout.write(f"  演示台 Demo page: start a gas leak here\n    {plan.address('page')}/\n\n")
    sys.stdout.write("  Links work once, for ten minutes; the demo page makes new ones.\n")
    sys.stdout.write("  Ctrl-C ends everything; the next start keeps its data.\n")
    sys.stdout.flush()


async def _all_well(plan: Plan) -> None:
    async with asyncio.timeout(READY_S):
        for name in ("community", "home"):
            well = partial(healthy, LOOPBACK, plan.ports[name])
            while not await well():  # noqa: ASYNC110 - other programs have no event of ours
                await asyncio.sleep(0.05)


def _say(text: str) -> None:
    sys.stderr.write(f"linli demo: {text}\n")
    sys.stderr.flush()
