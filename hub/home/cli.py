"""``linli home init`` and ``linli home link``: what is done once, from the machine itself.

Both work on the data folder while the home runs or not; a home with a passphrase must run and be
unlocked for a link. They are for people who already hold the machine: whoever may read the folder
may make a link.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.accounts.model import AccountProblem
from hub.core.commands import Actor
from hub.core.settings import data_folder
from hub.core.store import StoreError
from hub.home import links
from hub.home.options import LOCKED
from hub.home.refusal import Refusal
from hub.home.runtime import Home
from privacy.errors import PrivacyError


def main(argv: Sequence[str]) -> int:
    """Run ``init`` or ``link``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="linli home")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="set a new home up without its pages")
    init.add_argument("--owner", required=True, metavar="NAME", help="the first account")
    init.add_argument("--unlock", choices=("passphrase", "machine"), required=True)
    init.add_argument("--pair", action="store_true", help="read a pairing code from the input")
    init.add_argument("--bind", action="append", default=[], metavar="ROLE=ENTITY")
    init.add_argument("--choose", action="append", default=[], metavar="CLASS=zone|flat|nobody")
    link = commands.add_parser("link", help="print a sign-in link, good once for ten minutes")
    link.add_argument("name", help="the account")
    link.add_argument("--address", required=True, help="such as http://127.0.0.1:8100")
    for one in (init, link):
        one.add_argument("--data", type=Path, default=data_folder("home"), help="data folder")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(_init(options) if options.command == "init" else _link(options))
    except (Refusal, PrivacyError, AccountProblem, StoreError, OSError, ValueError) as problem:
        sys.stderr.write(f"linli home {options.command}: {problem}\n")
        return 1


async def _init(options: argparse.Namespace) -> int:
    """Lines of the input: the owner's password, the passphrase if asked for, the pairing code."""
    password = sys.stdin.readline().rstrip("\n")
    unlock = {"mode": options.unlock}
    if options.unlock == "passphrase":
        unlock["passphrase"] = sys.stdin.readline().rstrip("\n")
    code = sys.stdin.readline().strip() if options.pair else ""
    home = Home(options.data, None)
    try:
        recovery = await home.setup(name=options.owner, password=password, unlock=unlock)
        account = await home.accounts.named(options.owner)
        actor = Actor(account.id if account else "", "owner", "person")
        if code:
            await home.pair(code, actor)
        for klass, _, value in (choice.partition("=") for choice in options.choose):
            await home.choose("tell_zone", klass, value, actor)
        for role, _, entity_id in (binding.partition("=") for binding in options.bind):
            await home.bind(role, entity_id, actor)
    finally:
        await home.stop()
    sys.stdout.write(f"{recovery}\n")
    return 0


async def _link(options: argparse.Namespace) -> int:
    home = Home(options.data, None)
    try:
        if home.keys.try_alone():
            await home.residents.settle()
            account = await home.accounts.named(options.name)
            made = {"token": await home.accounts.new_link(account.id)} if account else {}
        else:
            made = await links.ask_running(options.data, options.name)
    finally:
        await home.stop()
    if made.get("problem") == links.LOCKED:
        sys.stderr.write("linli home link: this home is locked: unlock it on its page first\n")
        return LOCKED
    if "token" not in made:
        raise Refusal("there is no such account")
    sys.stdout.write(f"{options.address}/link/{made['token']}\n")
    return 0
