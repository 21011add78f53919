"""``linli doctor``: one line a check, in plain words, with what to do."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from hub.core.language import LANGUAGES, translator
from hub.core.settings import SettingsProblem, command, data_folder, split_address
from hub.doctor import files, running
from hub.doctor.finding import FAIL, NOTE, OK, Finding

RELAY_PORT = 8300


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


STATES = {OK: _("well"), NOTE: _("note"), FAIL: _("FAILS")}
WELL, ILL = _("All is well."), _("%(count)s checks fail.")


def main(argv: Sequence[str]) -> int:
    """Look and report; returns 1 when something fails."""
    parser = argparse.ArgumentParser(
        prog="linli doctor",
        description="Looks whether a home is well, running or stopped, and says what to do.",
    )
    parser.add_argument("--data", type=Path, help="a home's folder")
    parser.add_argument("--community", type=Path, metavar="DIR", help="a community's folder")
    parser.add_argument(
        "--community-address",
        default="http://127.0.0.1:8200",
        metavar="ADDRESS",
        help="where its pages are (default: %(default)s)",
    )
    parser.add_argument("--relay", metavar="HOST:PORT", help="a relay to reach")
    parser.add_argument("--json", action="store_true", help="JSON lines instead of words")
    parser.add_argument("--lang", choices=LANGUAGES, default=_language(), help="zh_CN or en")
    options = parser.parse_args(argv)
    try:
        findings = _look(options)
    except SettingsProblem as problem:
        parser.error(str(problem))
    return _report(findings, options.lang, as_json=options.json)


def _language() -> str:
    """The reader's language, as the environment says it (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh_CN" if named.startswith("zh") else "en"


def _look(options: argparse.Namespace) -> list[Finding]:
    found: list[Finding] = []
    if options.data or not (options.community or options.relay):
        found += home(options.data or data_folder("home"))
    if options.community:
        found += community(options.community, options.community_address)
    if options.relay:
        found += running.reachable("relay", "relay", *split_address(options.relay, RELAY_PORT))
    return found


def home(data: Path) -> Iterator[Finding]:
    """Every check of a home."""
    if not (data / "home.db").exists():
        yield Finding("home", FAIL, _("There is no home in %(folder)s."), folder=data)
        return
    yield from files.owner(data)
    yield from files.modes(data)
    yield from files.keys(data)
    yield from files.databases(data)
    yield from files.sharing(data)
    yield from files.history(data)
    yield from files.backup(data)
    yield from files.space(data)
    yield from files.clock(data)
    note = files.run_note(data)
    if note is None:
        yield Finding(
            "home", NOTE, _("This home is not running. Start it: %(linli)s home"), linli=command()
        )
        return
    address = str(note["address"])
    yield from running.health("home", address, str(note["certificate"]))
    yield from running.kernel(data)
    host, port = str(note["host"]), int(str(note["port"]))
    yield from running.reachable("broker", "MQTT", host, port)
    yield from running.listeners(int(str(note["pid"])), address)


def community(data: Path, address: str) -> Iterator[Finding]:
    """Every check of a community that needs no password."""
    if not (data / "keys").is_dir():
        text = _("There is no community in %(folder)s.")
        yield Finding("community", FAIL, text, folder=data)
        return
    yield from files.owner(data)
    yield from files.modes(data)
    yield from files.integrity(data, ("community.db",))
    yield from files.space(data)
    yield from files.clock(data)
    yield from running.health("community", address)


def _report(findings: list[Finding], lang: str, *, as_json: bool) -> int:
    words = translator("hub", lang).gettext
    failing = sum(finding.state == FAIL for finding in findings)
    for finding in findings:
        text = words(finding.text) % finding.values
        if as_json:
            line = json.dumps(
                {"check": finding.check, "state": finding.state, "text": text}, ensure_ascii=False
            )
        else:
            line = f"{words(STATES[finding.state])}\t{text}"
        sys.stdout.write(line + "\n")
    if not as_json:
        summary = words(ILL) % {"count": failing} if failing else words(WELL)
        sys.stdout.write(f"\n{summary}\n")
    return 1 if failing else 0
