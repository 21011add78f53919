"""What is too old goes; what is open, or young enough, stays; on both databases."""

from __future__ import annotations

from aiohttp import ClientSession
from sqlmodel import Session, select

from community.app import FORGETS
from community.core import retention
from community.core.retention import DAY_S, EVENTS_KEPT_DAYS, INCIDENTS_KEPT_DAYS
from community.core.store import Store
from community.gateway.retention import forget_events
from community.gateway.tables import Event
from community.incidents.retention import forget_incidents
from community.incidents.tables import Incident, IncidentLine, IncidentStep
from tests.community.conftest import Clock, Running, until

OLD, YOUNG = 1.0, -1.0


def _incident(session: Session, nonce: bytes, status: str, closed_at: float | None) -> None:
    session.add(
        Incident(
            nonce=nonce,
            hazard="gas",
            level=1,
            place_zh="一区",
            place_en="Zone 1",
            homes=24,
            status=status,
            word="raised",
            raised_at=0.0,
            changed_at=0.0,
            closed_at=closed_at,
        )
    )
    session.flush()
    made = session.exec(select(Incident).where(Incident.nonce == nonce)).one()
    assert made.id is not None
    session.add(IncidentLine(incident_id=made.id, at=0.0, what="raised"))
    session.add(IncidentStep(incident_id=made.id, step="call", done_at=0.0, done_by="Li"))


def _event(session: Session, nonce: bytes, received_at: float) -> None:
    session.add(Event(nonce=nonce, seq=1, body=b"b", content=b"c", received_at=received_at))


def _fill(session: Session, now: float) -> None:
    for age, name in ((OLD, b"old"), (YOUNG, b"young")):
        received = now - EVENTS_KEPT_DAYS * DAY_S - age
        closed = now - INCIDENTS_KEPT_DAYS * DAY_S - age
        _event(session, name, received)
        _event(session, name + b" open", received)
        _incident(session, name, "resolved", closed)
        _incident(session, name + b" open", "acknowledged", None)


def _left(session: Session) -> dict[str, list[bytes]]:
    return {
        "events": sorted(session.exec(select(Event.nonce)).all()),
        "incidents": sorted(session.exec(select(Incident.nonce)).all()),
    }


async def test_what_is_too_old_goes(store: Store, clock: Clock) -> None:
    await store.run(lambda session: _fill(session, clock()))
    assert await store.run(lambda session: forget_events(session, clock())) == 2
    assert await store.run(lambda session: forget_incidents(session, clock())) == 1
    assert await store.read(_left) == {
        "events": [b"young", b"young open"],
        "incidents": [b"old open", b"young", b"young open"],
    }
    lines = await store.read(lambda session: len(session.exec(select(IncidentLine)).all()))
    steps = await store.read(lambda session: len(session.exec(select(IncidentStep)).all()))
    assert (lines, steps) == (3, 3)
    assert await store.run(lambda session: forget_incidents(session, clock())) == 0


async def test_a_running_community_forgets_and_says_so(running: Running, clock: Clock) -> None:
    await running.community.store.run(lambda session: _fill(session, clock()))
    changed = running.community.portal.incidents_changed
    running.community.watcher.later(
        retention.keep_forgetting(running.community.store, clock, FORGETS, changed)
    )

    async def gone() -> bool:
        left = await running.community.store.read(_left)
        return b"old" not in left["incidents"] and b"old" not in left["events"]

    await until(gone, "what is too old to be dropped")
    async with ClientSession(headers=await running.headers("manager")) as browser:
        text = await (await browser.get(f"{running.address}/settings")).text()
    assert f"kept for {EVENTS_KEPT_DAYS} days" in text
    assert f"incidents for {INCIDENTS_KEPT_DAYS} days" in text
