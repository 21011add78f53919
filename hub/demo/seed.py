"""The demo's first start: a community, a relay, neighbours, and one home that made its choices."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

from hub.core.processes import Supervisor
from hub.demo import neighbours, programs
from hub.demo.plan import COMMUNITY, GUARD, HOME_FLAT, MANAGER, OWNER, WITNESSES, Plan
from hub.demo.programs import once

SIREN_TOPIC = "linli-demo/community_siren/set"
BINDINGS = (
    "gas_valve=valve.demo_gas_valve_valve",
    "water_valve=switch.demo_water_valve_switch",
    "siren=siren.demo_siren_siren",
    "socket=switch.demo_plug_switch",
)
CHOICES = ("gas=zone", "smoke=zone", "carbon_monoxide=zone", "sos=flat", "flood=nobody")
"""What the demo resident chose; a real home starts with nothing chosen."""

Say = Callable[[str], None]


async def found_community(plan: Plan, say: Say) -> None:
    """Name the community, make its staff and flats. Needs nothing running."""
    say("community: its flats, a manager and a guard")
    data = ["--data", str(plan.data("community"))]
    # Nobody needs these passwords: everyone signs in by link.
    password = secrets.token_urlsafe(18)
    await once(
        [
            "community",
            "init",
            "--name",
            COMMUNITY,
            "--manager",
            MANAGER,
            "--password-file",
            "-",
            *data,
        ],
        password + "\n",
    )
    await once(["community", "flats", "import", "--demo", *data])
    await once(["community", "staff", GUARD, "guard", *data])
    await once(["community", "set", "siren_topic", SIREN_TOPIC, *data])
    say("witnesses: three, named before any home pairs")
    await _name_witnesses(plan, data)


async def pair_everyone(plan: Plan, supervisor: Supervisor, say: Say) -> None:
    """With the community running: pair relay, neighbours and home, freeze the zones."""
    data = ["--data", str(plan.data("community"))]
    say("relay: paired with the community by its printed code")
    code = json.loads(await once(["community", "relay-code", "--json", *data]))["code"]
    await _pair_relay(plan, code)
    await supervisor.start(programs.relay(plan))
    flats = [name for name in neighbours.flats() if name != "-".join(HOME_FLAT)][: plan.homes]
    wanted = ["-".join(HOME_FLAT), *flats]
    printed = await once(["community", "code", *wanted, "--json", *data])
    codes = {row["flat"]: row["code"] for row in map(json.loads, printed.splitlines())}
    own, *others = codes.values()
    say(f"neighbours: {len(others)} homes paired by their printed codes")
    await neighbours.enrol_all(plan.data("neighbours"), others)
    say("home: set up, devices bound to their roles, choices made, paired")
    words = ["home", "init", "--owner", OWNER, "--unlock", "machine", "--pair"]
    for binding in BINDINGS:
        words += ["--bind", binding]
    for choice in CHOICES:
        words += ["--choose", choice]
    password = secrets.token_urlsafe(18)
    await once([*words, "--data", str(plan.data("home"))], f"{password}\n{own}\n")
    say("zones: frozen, each with at least 20 homes")
    await once(["community", "freeze", *data])


async def _name_witnesses(plan: Plan, data: list[str]) -> None:
    from privacy.transparency.book import Book, Subject
    from privacy.transparency.notes import NoteKey

    books = [Book(plan.data(name) / "witness", name.replace("-", "/", 1)) for name in WITNESSES]
    keys = [book.key.text for book in books]
    named = (await once(["community", "witnesses", *keys, "--json", *data])).splitlines()
    log = NoteKey.parse(json.loads(named[0])["log_key"])
    for book in books:
        book.keep_subject(Subject(plan.address("community"), log, None))


async def _pair_relay(plan: Plan, code: str) -> None:
    from privacy.pairing import PairingCode
    from privacy.relay import pair
    from privacy.relay_store import RelayStore

    store = RelayStore(plan.data("relay") / "relay")
    await pair(store, PairingCode.parse(code))
