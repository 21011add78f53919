"""Routes of the duty desk: the screen, one-press moves, steps, notes, drills, history."""

from __future__ import annotations

from aiohttp import web
from sqlmodel import Session

from community.core import shifts, zones
from community.core.portal import DUTY, MANAGERS, fields, number_in, portal
from community.core.words import N_
from community.incidents import desk, views
from community.incidents.desk import Done, First, Person
from community.incidents.hazards import DRILLABLE, hazard
from community.incidents.rules import Move
from community.incidents.screen import night
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from privacy.zones import NO_CLAIM_BELOW
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()

_FIRST = {
    "acknowledged": N_("%(who)s acknowledged it first."),
    "dispatched": N_("%(who)s has already sent someone."),
    "resolved": N_("%(who)s has already resolved it."),
    "false_alarm": N_("%(who)s has already called it a false alarm."),
    "reviewed": N_("%(who)s has already reviewed it."),
    "cancelled": N_("The home cancelled it a moment before."),
    "raised": N_("It changed a moment before. Look again, then press again."),
}
_DONE = {
    "acknowledged": N_("Acknowledged. The tone is off."),
    "dispatched": N_("Noted: somebody is on the way."),
    "resolved": N_("Resolved."),
    "false_alarm": N_("Closed as a false alarm."),
    "reviewed": N_("Reviewed."),
}


PARTS = ("duty-top", "duty-alarms", "duty-plan", "duty-side", "duty-strip")


def _person(request: web.Request) -> Person:
    session = current(request)
    return Person(session.name, session.role)


@ROUTES.get("/duty", allow=DUTY)
async def duty(request: web.Request) -> web.StreamResponse:
    """The duty screen, whole at the first paint; then its parts live over the socket."""
    here, session = portal(request), current(request)
    at = here.clock()
    present = await here.store.read(lambda db: shifts.on_duty(db, at=at))
    table = await here.store.read(zones.current)
    chosen = [] if table is None else [(zone.id, zone) for zone in table.partition.zones]
    theme = request.get("theme", "auto")
    return here.design.render(
        request,
        "duty.html",
        on_duty=any(one.staff_id == session.account_id for one in present),
        zones=chosen,
        drillable=[(name, hazard(name).name) for name in DRILLABLE],
        theme="dark" if theme == "auto" and night(at) else theme,
        first=await here.live.first(request, *PARTS),
    )


@ROUTES.post("/duty/start", allow=DUTY)
async def start(request: web.Request) -> web.StreamResponse:
    """Go on duty; the same press arms the sound in the browser."""
    here, session, at = portal(request), current(request), portal(request).clock()
    await here.act(request, "duty start", lambda db: shifts.start(db, session.account_id, at=at))
    here.live.changed("shifts")
    return done(request, words(request)(N_("You are on duty.")))


@ROUTES.post("/duty/end", allow=DUTY)
async def end(request: web.Request) -> web.StreamResponse:
    """Go off duty."""
    here, session, at = portal(request), current(request), portal(request).clock()
    await here.act(request, "duty end", lambda db: shifts.end(db, session.account_id, at=at))
    here.live.changed("shifts")
    return done(request, words(request)(N_("You are off duty.")))


@ROUTES.get("/incidents", allow=DUTY)
async def history(request: web.Request) -> web.StreamResponse:
    """Every incident, the newest first."""
    here = portal(request)
    first = await here.live.first(request, "incident-list")
    return here.design.render(request, "incidents.html", first=first)


@ROUTES.get("/incidents/{id}", allow=DUTY)
async def detail(request: web.Request) -> web.StreamResponse:
    """One incident with its procedure and timeline."""
    here, incident_id = portal(request), number_in(request)
    card = await here.store.read(lambda db: views.card(db, incident_id))
    if card is None:
        raise Problem(404, "not_found")
    first = await here.live.first(request, f"incident:{incident_id}")
    return here.design.render(request, "incident.html", card=card, first=first)


@ROUTES.get("/incidents/{id}/why", allow=DUTY)
async def why_no_flat(request: web.Request) -> web.StreamResponse:
    """Why an alarm names no flat, what its zone means, and what to do instead."""
    here, incident_id = portal(request), number_in(request)
    card = await here.store.read(lambda db: views.card(db, incident_id))
    if card is None:
        raise Problem(404, "not_found")
    return here.design.render(request, "why_no_flat.html", card=card, no_claim_below=NO_CLAIM_BELOW)


@ROUTES.post("/incidents/{id}/move", allow=DUTY)
async def move(request: web.Request) -> web.StreamResponse:
    """Acknowledge, send someone, resolve, call a false alarm, review."""
    here, incident_id, person = portal(request), number_in(request), _person(request)
    form, say, at = await fields(request), words(request), portal(request).clock()
    try:
        step, seen = Move(form.get("move", "")), int(form.get("version", ""))
    except ValueError:
        raise Problem(400, "bad_request") from None
    try:
        answer = await here.store.run(
            lambda db: desk.move(db, incident_id, step, person, seen, at=at)
        )
    except LookupError:
        raise Problem(404, "not_found") from None
    here.incidents_changed(incident_id)
    if isinstance(answer, Done):
        return done(request, say(_DONE[answer.status]))
    if isinstance(answer, First):
        return done(request, say(_FIRST[answer.status], who=answer.who))
    return refused(request, say(N_("Only a manager reviews an incident.")))


@ROUTES.post("/incidents/{id}/step", allow=DUTY)
async def step(request: web.Request) -> web.StreamResponse:
    """Tick or untick a step of the written procedure."""
    here, incident_id, person = portal(request), number_in(request), _person(request)
    form, at = await fields(request), portal(request).clock()
    ticked = form.get("done") == "1"
    try:
        await here.store.run(
            lambda db: desk.tick(db, incident_id, form.get("step", ""), person, done=ticked, at=at)
        )
    except LookupError:
        raise Problem(404, "not_found") from None
    here.incidents_changed(incident_id)
    say = words(request)
    return done(request, say(N_("Step done.")) if ticked else say(N_("Step open again.")))


@ROUTES.post("/incidents/{id}/note", allow=DUTY)
async def note(request: web.Request) -> web.StreamResponse:
    """Write a line into the timeline."""
    here, incident_id, person = portal(request), number_in(request), _person(request)
    form, at, say = await fields(request), portal(request).clock(), words(request)
    text = form.get("note", "")
    if not text:
        return refused(request, say(N_("Write something first.")), {"note": ""})
    try:
        await here.store.run(lambda db: desk.note(db, incident_id, text, person, at=at))
    except LookupError:
        raise Problem(404, "not_found") from None
    here.incidents_changed(incident_id)
    return done(request, say(N_("Written down.")))


@ROUTES.post("/drills", allow=MANAGERS)
async def drill(request: web.Request) -> web.StreamResponse:
    """Start a drill."""
    here, person, form = portal(request), _person(request), await fields(request)
    name, number, at = form.get("hazard", ""), form.get("zone", ""), portal(request).clock()
    if name not in DRILLABLE or (number and not number.isdecimal()):
        raise Problem(400, "bad_request")

    def start_in(db: Session) -> int:
        frozen = zones.current(db)
        place = zones.spot(frozen.partition if frozen else None, int(number or 0))
        return desk.start_drill(db, name, place, person, at=at)

    here.incidents_changed(await here.store.run(start_in))
    return done(request, words(request)(N_("The drill has started.")), "/duty")
