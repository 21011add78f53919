"""`kill -9` between a batch's commit and its receipt: the incident is there exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlmodel import func, select

from community.core.store import Store, ensure_schema
from community.gateway.tables import Event
from community.incidents.tables import Incident

# Takes one event as the gateway does and dies by its own signal at the named moment.
PROGRAM = """
import asyncio, os, signal, sys
from community.core.events import SafetyEvent, Word
from community.core.store import Store
from community.gateway import intake
from community.incidents import arrivals

url, moment = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def receive(session, events, at):
    ids = arrivals.receive(session, events, at)
    if moment == "before the commit":
        session.flush()
        die()
    return ids

async def main():
    store = Store(url)
    event = SafetyEvent(b"n" * 32, 0, b"b" * 64, b"c" * 32, "gas", Word.RAISED, 1, 0, *[False] * 3)
    taken = await store.run(lambda s: intake.take(s, [event], receive, at=100.0))
    if moment == "after the commit":
        die()
    print("receipt", taken.accepted, taken.replayed, flush=True)
    store.close()

asyncio.run(main())
"""


async def _run(url: str, moment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, url, moment),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode().strip()


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
async def test_the_incident_is_there_exactly_once(database_url: str, moment: str) -> None:
    store = Store(database_url)
    ensure_schema(store)
    store.close()
    code, said = await _run(database_url, moment)
    assert (code, said) == (-signal.SIGKILL, ""), "it died without a receipt"
    again = "receipt 0 1" if moment == "after the commit" else "receipt 1 0"
    assert await _run(database_url, "never") == (0, again)
    store = Store(database_url)
    for table in (Event, Incident):
        chosen = select(func.count()).select_from(table)
        assert await store.read(lambda s, c=chosen: s.exec(c).one()) == 1  # type: ignore[misc] # mypy knows no default in a lambda
    store.close()
