"""`kill -9` around the commit of a code, a move-out, an attestation: acknowledged is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from community.core import attestation, audit, roster, settings
from community.core.store import Store, ensure_schema
from community.core.tables import Member
from privacy.attestation import attest, committee_key

# Does one act as the manager's and the committee's pages do and dies at the named moment.
PROGRAM = """
import asyncio, os, signal, sys
from community.core import attestation, audit, roster
from community.core.store import Store
from community.gateway import codes

url, act, moment, note = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def work(session):
    if act == "code":
        codes.home_codes(session, [1], b"g" * 32, at=100.0, by="test")
    elif act == "move-out":
        roster.revoke_home(session, 2, at=100.0)
        audit.write(session, at=100.0, actor="test", act="home revoke", target="1-1-2")
    else:
        attestation.take(session, note, b"g" * 16, at=100.0)
        audit.write(session, at=100.0, actor="test", act="committee attest")
    if moment == "before the commit":
        session.flush()
        die()

async def main():
    store = Store(url)
    await store.run(work)
    print("acknowledged", flush=True)
    if moment == "after the commit":
        die()

asyncio.run(main())
"""
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


async def _run(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, *words),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode().strip()


def _prepare(session: Session) -> str:
    """Two flats, a home in the second; returns the committee's note under the list of it."""
    settings.write(session, {settings.PUBLIC_ADDRESS: "http://127.0.0.1:8200"})
    roster.import_flats(session, [("1", "1", "1"), ("1", "1", "2")])
    session.add(Member(kind=roster.HOME, flat_id=2, key=b"k" * 32, enrolled_at=1.0))
    session.flush()
    key = committee_key(PRIVATE.public_key().public_bytes_raw()).text
    attestation.keep_key(session, key, at=1.0, by="test")
    return attest(attestation.make_list(session, b"g" * 16, at=1.0, by="test"), PRIVATE, 50)


def _done(session: Session, act: str) -> tuple[bool, bool]:
    """Whether the act is there, and whether the audit says so and holds."""
    kept = {
        "code": lambda: roster.flats(session, 1)[0].code_made_at == 100.0,
        "move-out": lambda: not roster.home_keys(session),
        "attestation": lambda: attestation.standing(session) is not None,
    }
    lines = audit.lines(session)
    assert audit.verify(session) is None
    return kept[act](), any(line.at == 100.0 for line in lines)


@pytest.mark.parametrize("act", ["code", "move-out", "attestation"])
async def test_what_was_acknowledged_is_there(database_url: str, act: str) -> None:
    store = Store(database_url)
    ensure_schema(store)
    note = store.run_sync(_prepare)
    store.close()
    assert await _run(database_url, act, "before the commit", note) == (-signal.SIGKILL, "")
    store = Store(database_url)
    assert store.run_sync(lambda session: _done(session, act)) == (False, False)
    store.close()
    said = await _run(database_url, act, "after the commit", note)
    assert said == (-signal.SIGKILL, "acknowledged")
    store = Store(database_url)
    assert store.run_sync(lambda session: _done(session, act)) == (True, True)
    store.close()
