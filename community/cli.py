"""Commands beside a running community: they work on its database directly."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from community.core import audit, roster, settings, witnesses, zones
from community.core.access import set_up_community
from community.core.accounts import StaffTable
from community.core.roster import RosterError
from community.core.store import Store, StoreError, open_store
from community.gateway import codes
from community.gateway.codes import NoAddress, Sheet
from community.gateway.keys import gateway_key
from community.transparency.routes import LogKey
from hub.accounts.accounts import Accounts
from hub.accounts.model import COMMUNITY_ROLES, AccountProblem
from hub.core.settings import data_folder, private_folder
from privacy.errors import PrivacyError

_ACTOR = "command line"
T = TypeVar("T")


class Refused(Exception):
    """A command that can't be done; the text says why."""


class Context:
    """What a command works with."""

    def __init__(self, options: argparse.Namespace, store: Store) -> None:
        self.options = options
        self.store = store
        self.accounts = Accounts(StaffTable(store), COMMUNITY_ROLES)

    def say(self, plain: str, **data: object) -> None:
        """Print for a person, or one JSON line with --json."""
        if self.options.json:
            plain = json.dumps(data, ensure_ascii=False)
        sys.stdout.write(f"{plain}\n")
        sys.stdout.flush()


def main(argv: Sequence[str]) -> int:
    """Do one command; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        private_folder(options.data)
        store = open_store(options.data)
    except (StoreError, OSError) as error:
        sys.stderr.write(f"linli community: {error}\n")
        return 1
    try:
        _COMMANDS[options.command](Context(options, store))
    except (
        *(Refused, RosterError, NoAddress, AccountProblem),
        *(StoreError, PrivacyError, OSError),
    ) as error:
        sys.stderr.write(f"linli community: {error}\n")
        return 1
    finally:
        store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="linli community")
    parser.add_argument("--data", type=Path, default=data_folder("community"), help="data folder")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder")
    common.add_argument("--json", action="store_true", help="print JSON lines")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, parents=[common])

    init = add("init", "name the community and make its first manager")
    init.add_argument("--name", required=True)
    init.add_argument("--manager", required=True, metavar="NAME")
    init.add_argument("--password-file", default="", metavar="FILE", help="- reads standard input")
    flats = add("flats", "add flats from a CSV file (building,riser,flat) or the demo's")
    flats.add_argument("action", choices=["import"])
    flats.add_argument("file", nargs="?", default="", metavar="FILE")
    flats.add_argument("--demo", action="store_true", help="144 made-up flats")
    code = add("code", "print the pairing code of flats such as 3-1-502")
    code.add_argument("flats", nargs="+", metavar="FLAT")
    add("relay-code", "print the relay's pairing code")
    link = add("link", "print a sign-in link each: once, ten minutes, this machine")
    link.add_argument("accounts", nargs="+", metavar="ACCOUNT")
    staff = add("staff", "make an account that signs in by link until it has a password")
    staff.add_argument("name")
    staff.add_argument("role", choices=COMMUNITY_ROLES.names)
    add("freeze", "freeze the zones from the homes enrolled now")
    add("log-key", "print the log's key, which its witnesses need")
    named = add("witnesses", "show the log's witnesses, or name three by their key lines")
    named.add_argument("keys", nargs="*", metavar="KEY")
    named.add_argument("--instead", action="store_true", help="of others; homes must pair again")
    change = add("set", "change a setting")
    change.add_argument("key", choices=sorted(settings.DEFAULTS))
    change.add_argument("value")
    return parser


def _init(context: Context) -> None:
    options = context.options
    password, named = None, options.password_file
    if named:
        # Standard input keeps a password out of the process list and the shell's history.
        text = sys.stdin.readline() if str(named) == "-" else Path(named).read_text("utf-8")
        password = text.split("\n", 1)[0]
    account = asyncio.run(
        set_up_community(
            context.accounts,
            context.store,
            name=options.name,
            manager=options.manager,
            password=password,
            at=time.time(),
        )
    )
    context.say(f"{options.name}: {options.manager} can sign in", account=account)


def _flats(context: Context) -> None:
    options = context.options
    if options.demo:
        paths = roster.demo_flats()
    elif options.file:
        paths = roster.parse_flats(Path(options.file).read_text(encoding="utf-8"))
    else:
        raise Refused("name a CSV file, or say --demo")

    def work(session: Session) -> int:
        return roster.import_flats(session, paths)

    added = _act(context, "flats import", work, str(len(paths)))
    context.say(f"{added} flats added", added=added)


def _code(context: Context) -> None:
    key, at = gateway_key(context.options.data), time.time()

    def work(session: Session) -> list[Sheet]:
        ids = [roster.find_flat(session, name) for name in context.options.flats]
        return codes.home_codes(session, ids, key.public, at=at, by=_ACTOR)

    for sheet in context.store.run_sync(work):
        context.say(f"{sheet.place}: {sheet.text}", flat=sheet.place, code=sheet.text)


def _relay_code(context: Context) -> None:
    key, at = gateway_key(context.options.data), time.time()
    sheet = context.store.run_sync(
        lambda session: codes.relay_code(session, key.public, at=at, by=_ACTOR)
    )
    context.say(sheet.text, code=sheet.text)


def _link(context: Context) -> None:
    async def make(name: str) -> str:
        account = await context.accounts.named(name)
        if account is None:
            raise Refused(f"no account {name}")
        return await context.accounts.new_link(account.id)

    address = context.store.run_sync(codes.portal_address)
    for name in context.options.accounts:
        link = f"{address}/link/{asyncio.run(make(name))}"
        _act(context, "staff link", lambda _: None, name)
        context.say(link, account=name, link=link)


def _staff(context: Context) -> None:
    options = context.options
    account = asyncio.run(context.accounts.create(options.name, options.role))
    _act(context, "staff add", lambda _: None, f"{account.name} {account.role}")
    context.say(f"{account.name}: {account.role}", account=account.id)


def _freeze(context: Context) -> None:
    at = time.time()
    table, changed = context.store.run_sync(lambda session: zones.freeze(session, at=at, by=_ACTOR))
    names = ", ".join(zone.name("zh_CN") for zone in table.zones)
    context.say(
        f"version {table.version}, {table.homes} homes, {len(table.zones)} zones: {names}",
        version=table.version,
        homes=table.homes,
        zones=len(table.zones),
        changed=changed,
    )


def _log_key(context: Context) -> None:
    key = LogKey.load_or_create(context.options.data / "keys").note.text
    context.say(key, key=key)


def _witnesses(context: Context) -> None:
    options, at = context.options, time.time()
    if options.keys:
        log_key = LogKey.load_or_create(options.data / "keys").note

        def work(session: Session) -> None:
            told = options.keys, options.instead
            witnesses.name(session, log_key, told[0], at=at, by=_ACTOR, instead=told[1])

        context.store.run_sync(work)
    found = context.store.run_sync(witnesses.shown)
    for one in found:
        signed = "signed nothing yet" if one.signed_at is None else f"signed {one.size} entries"
        context.say(f"{one.key}  {signed}", **one._asdict())
    if not found and not options.json:
        context.say("nothing is witnessed: name three witnesses by their key lines")


def _set(context: Context) -> None:
    given = {context.options.key: context.options.value}
    problem = settings.problem(given)
    if problem:
        raise Refused(f"{problem[0]}: {problem[1]}")
    _act(context, "settings", lambda session: settings.write(session, given), context.options.key)
    context.say(f"{context.options.key} is set", key=context.options.key)


def _act(context: Context, act: str, fn: Callable[[Session], T], target: str) -> T:
    at = time.time()

    def work(session: Session) -> T:
        answer = fn(session)
        audit.write(session, at=at, actor=_ACTOR, act=act, target=target)
        return answer

    return context.store.run_sync(work)


_COMMANDS: dict[str, Callable[[Context], None]] = {
    "init": _init,
    "flats": _flats,
    "code": _code,
    "relay-code": _relay_code,
    "link": _link,
    "staff": _staff,
    "freeze": _freeze,
    "set": _set,
    "log-key": _log_key,
    "witnesses": _witnesses,
}
