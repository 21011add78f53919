"""The demo's programs: the same commands that people run, as child processes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from functools import partial

from hub.core.processes import Child, healthy, linli, port_open
from hub.core.settings import LOOPBACK
from hub.demo.plan import MANAGER, WITNESSES, Plan
from hub.home.options import LOCKED

UNLOCK = "/unlock"
WITNESS_EVERY_S = 2.0


class CommandFailed(RuntimeError):
    """A command of the set-up ended with an error; the text is what it said.

    Args:
        status: its exit status.
    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


async def once(words: Sequence[str], given: str = "") -> str:
    """Run one ``linli`` command to its end; returns what it printed.

    Args:
        words: the sub-command and its options.
        given: its standard input, where secrets go.

    Raises:
        CommandFailed: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        *linli(*words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    try:
        out, err = await process.communicate(given.encode())
    finally:
        if process.returncode is None:  # Ctrl-C: a first start cut off begins anew
            process.kill()
            await process.wait()
    if process.returncode:
        said = err.decode(errors="replace").strip()
        raise CommandFailed(f"linli {words[0]}: {said}", process.returncode)
    return out.decode()


def community(plan: Plan) -> Child:
    """The property's portal, duty screen and gateway."""
    words = linli(
        "community",
        "--data",
        str(plan.data("community")),
        "--listen",
        plan.place("community"),
        "--broker-port",
        str(plan.ports["community_broker"]),
        "--upstream",
        plan.place("upstream"),
        "--relay",
        plan.place("relay"),
        "--slot",
        str(plan.slot_s),
    )
    return Child("community", words, ready=partial(port_open, LOOPBACK, plan.ports["community"]))


def relay(plan: Plan) -> Child:
    """The relay, which in life runs at the owners' committee."""
    words = linli("relay", "--data", str(plan.data("relay")), "--listen", plan.place("relay"))
    return Child("relay", words, ready=partial(port_open, LOOPBACK, plan.ports["relay"]))


def witnesses(plan: Plan) -> list[Child]:
    """The log's three witnesses, in life three boxes of people who are not the property.

    A demo that was seeded before there were any has none.
    """
    from privacy.transparency.book import Book

    found = []
    for name in (name for name in WITNESSES if plan.data(name).exists()):
        subject = Book(plan.data(name) / "witness").subject()
        if subject is not None:
            words = ["--data", str(plan.data(name)), "--community", plan.address("community")]
            words += ["--log", subject.log.text, "--every", str(WITNESS_EVERY_S)]
            found.append(Child(name, linli("witness", *words)))
    return found


def home(plan: Plan) -> Child:
    """The one home that the newcomer watches."""
    words = linli(
        "home",
        "--data",
        str(plan.data("home")),
        "--listen",
        plan.place("home"),
        "--broker-port",
        str(plan.ports["broker"]),
        "--ask-seconds",
        str(plan.ask_s),
        "--clear-seconds",
        str(plan.clear_s),
    )
    return Child("home", words, ready=partial(healthy, LOOPBACK, plan.ports["home"]))


def neighbours(plan: Plan) -> Child:
    """All other homes, one light process."""
    return Child("neighbours", linli("neighbours", "--data", str(plan.data("neighbours"))))


def simulators(plan: Plan) -> list[Child]:
    """Simulated devices: the home's on its broker, the community's siren on the other."""
    found = []
    for name, which, port in (
        ("devices", "home", "broker"),
        ("siren", "community", "community_broker"),
    ):
        folder = plan.data(name)
        folder.mkdir(mode=0o700, exist_ok=True)
        role = "home" if which == "home" else "community"
        words = linli(
            "simulator",
            "--broker",
            plan.place(port),
            "--username",
            "devices",
            "--password-file",
            str(folder / "password"),
            "--set",
            which,
            "--language",
            plan.language,
            "--data",
            str(folder),
        )
        _write_password(plan, role, folder.joinpath("password"))
        found.append(Child(name, words))
    return found


def _write_password(plan: Plan, role: str, path: os.PathLike[str]) -> None:
    from hub.plugins import broker_users

    password = broker_users.load_or_create(plan.data(role))["devices"]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(password + "\n")


async def sign_in_link(plan: Plan, who: str, account: str) -> str:
    """A fresh sign-in link of one face, good once for ten minutes.

    While the home is locked it is the page that unlocks it.
    """
    if who == "community":
        return (await staff_links(plan, account))[0]
    where = ["--address", plan.address("home"), "--data", str(plan.data("home"))]
    try:
        return (await once(["home", "link", account, *where])).strip()
    except CommandFailed as problem:
        if problem.status != LOCKED:
            raise
        return plan.address("home") + UNLOCK


async def staff_links(plan: Plan, *accounts: str) -> list[str]:
    """Fresh sign-in links of the property's staff; one command, for starting it takes longest."""
    words = ["community", "link", *accounts, "--json", "--data", str(plan.data("community"))]
    links = [json.loads(line)["link"] for line in (await once(words)).splitlines()]
    return [
        link.replace(LOOPBACK, host_of(account), 1)
        for account, link in zip(accounts, links, strict=True)
    ]


def host_of(account: str) -> str:
    """The name under which one person of the demo meets this machine.

    A browser keeps one session for a host, and here guard and manager share the portal and
    mostly the browser too: under another name for the same machine each stays signed in.
    """
    return "localhost" if account == MANAGER else LOOPBACK
