"""``linli committee``: the owners' committee makes its key and attests the roster, offline.

The key stays on the committee's own device, best on a memory stick that nobody from the property
has. The command needs no network and no other part of the system.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.attestation import LIST_LIMIT, RosterList, attest, committee_key, fingerprint
from privacy.errors import PrivacyError
from privacy.files import create_once, read_bounded


def main(argv: Sequence[str]) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="linli committee", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("key", help="make the committee's key, and print its public half")
    make.add_argument("file", type=Path, help="where the secret half is kept; made on first use")
    sign = commands.add_parser("attest", help="sign a list of enrolled flats that was checked")
    sign.add_argument("list", type=Path, help="the list from the committee's page")
    sign.add_argument("--key", type=Path, required=True, help="the file with the secret half")
    sign.add_argument(
        "--homes", type=int, required=True, help="how many flats were checked: all on the list"
    )
    options = parser.parse_args(argv)
    try:
        if options.command == "key":
            _key(options.file)
        else:
            _attest(options.list, options.key, options.homes)
    except (PrivacyError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"linli committee: {error}\n")
        return 1
    return 0


def _key(path: Path) -> None:
    if not path.exists():
        create_once(path, Ed25519PrivateKey.generate().private_bytes_raw())
    public = _private(path).public_key().public_bytes_raw()
    sys.stdout.write(f"{committee_key(public).text}\n")
    sys.stderr.write(f"fingerprint, to put up where residents see it: {fingerprint(public)}\n")


def _attest(path: Path, key: Path, homes: int) -> None:
    roster = RosterList.parse(read_bounded(path, LIST_LIMIT).decode("utf-8"))
    for building, count in sorted(Counter(flat[0] for flat in roster.flats).items()):
        sys.stderr.write(f"{building}: {count}\n")
    if homes != len(roster.flats):
        raise PrivacyError(
            f"the list has {len(roster.flats)} flats, you checked {homes}: not signed"
        )
    sys.stdout.write(attest(roster, _private(key), int(time.time())))


def _private(path: Path) -> Ed25519PrivateKey:
    data = read_bounded(path, 32)
    if len(data) != 32:
        raise PrivacyError(f"{path.name} is not a committee's key")
    return Ed25519PrivateKey.from_private_bytes(data)
