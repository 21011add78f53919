"""The manager's first page, the zones, the relay's code."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlmodel import Session

from community.core import attestation, audit, roster, zones
from community.core.portal import COMMITTEES, KEEPERS, MANAGERS, portal
from community.core.words import N_
from community.gateway import codes
from community.gateway.codes import NoAddress
from community.gateway.register import gateway, sheets_page
from hub.http.gate import current
from hub.http.routes import Routes
from privacy.zones import NO_CLAIM_BELOW
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()


@ROUTES.get("/manage", allow=MANAGERS)
async def manage(request: web.Request) -> web.StreamResponse:
    """The manager's first page: escalations, and the way to everything else."""
    return portal(request).design.render(request, "manage.html")


@ROUTES.get("/zones", allow=MANAGERS | COMMITTEES)
async def show_zones(request: web.Request) -> web.StreamResponse:
    """The table in force in plain words, what freezing now would change, and every table before."""
    here = portal(request)

    def read(session: Session) -> dict[str, Any]:
        return {
            "frozen": zones.current(session),
            "proposed": zones.proposal(session),
            "enrolled": len(roster.enrolled_paths(session)),
            "counted": zones.counted(session),
            "history": zones.history(session),
            "stands": attestation.standing(session),
        }

    found = await here.store.read(read)
    frozen, proposed = found["frozen"], found["proposed"]
    same = frozen is not None and frozen.partition.version == proposed.version
    return here.design.render(
        request,
        "zones.html",
        same=same,
        no_claim_below=NO_CLAIM_BELOW,
        actor_words=audit.ACTOR_WORDS,
        **found,
    )


@ROUTES.post("/zones/freeze", allow=MANAGERS)
async def freeze(request: web.Request) -> web.StreamResponse:
    """Put the proposed table in force."""
    here, at, by = portal(request), portal(request).clock(), current(request).name
    _, changed = await here.store.run(lambda db: zones.freeze(db, at=at, by=by))
    say = words(request)
    if not changed:
        return done(request, say(N_("The table is still right; nothing was changed.")), "/zones")
    here.roster_changed()
    return done(request, say(N_("The zones are frozen.")), "/zones")


@ROUTES.post("/relay/code", allow=KEEPERS)
async def print_relay_code(request: web.Request) -> web.StreamResponse:
    """Make the relay's code and show it once."""
    here, at, by = portal(request), portal(request).clock(), current(request)
    public = gateway(request)
    try:
        sheet = await here.store.run(lambda db: codes.relay_code(db, public, at=at, by=by.name))
    except NoAddress:
        text = words(request)(N_("Set the portal's address in the settings first."))
        return refused(request, text)
    return sheets_page(request, [sheet])
