"""The manager's pages: roster and codes, move-out, zones, the relay's code."""

from __future__ import annotations

from aiohttp import web
from markupsafe import Markup
from sqlmodel import Session

from community.core import roster, zones
from community.core.portal import COMMITTEES, KEEPERS, MANAGERS, fields, portal
from community.core.roster import RosterError
from community.core.words import N_
from community.gateway import codes
from community.gateway.codes import NoAddress, Sheet
from community.gateway.keys import GATEWAY_PUBLIC
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from privacy.zones import Partition
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()
_MOST_CODES = 2_000


@ROUTES.get("/manage", allow=MANAGERS)
async def manage(request: web.Request) -> web.StreamResponse:
    """The manager's first page: escalations, and the way to everything else."""
    return portal(request).design.render(request, "manage.html")


@ROUTES.get("/roster", allow=MANAGERS)
async def show_roster(request: web.Request) -> web.StreamResponse:
    """Flats by building, with what is enrolled and which codes wait."""
    here = portal(request)

    def read(session: Session) -> tuple[list[roster.FlatRow], list[roster.BuildingRow]]:
        return roster.flats(session), roster.buildings(session)

    flats, buildings = await here.act(request, "roster look", read)
    by_building = [
        (building, [flat for flat in flats if flat.path[0] == building.code])
        for building in buildings
    ]
    enrolled = sum(flat.enrolled_at is not None for flat in flats)
    return here.design.render(
        request, "roster.html", groups=by_building, total=len(flats), enrolled=enrolled
    )


@ROUTES.post("/roster/import", allow=MANAGERS, limit=1024 * 1024)
async def import_flats(request: web.Request) -> web.StreamResponse:
    """Add flats from CSV text."""
    here, form, say = portal(request), await fields(request), words(request)
    try:
        flats = roster.parse_flats(form.get("flats", ""))
    except RosterError as error:
        text = say(N_("The list can't be read: %(why)s"), why=error)
        return refused(request, text, {"flats": text})
    added = await here.act(
        request, "flats import", lambda db: roster.import_flats(db, flats), str(len(flats))
    )
    here.roster_changed()
    text = words(request).ngettext("%(num)s flat added.", "%(num)s flats added.", added)
    return done(request, text % {"num": added}, "/roster")


@ROUTES.post("/roster/codes", allow=MANAGERS)
async def print_codes(request: web.Request) -> web.StreamResponse:
    """Make codes and show them once, as sheets to print."""
    here, form, say = portal(request), await fields(request), words(request)
    at, by = here.clock(), current(request).name
    building, flat, public = form.get("building", ""), form.get("flat", ""), gateway(request)

    def work(session: Session) -> list[Sheet]:
        chosen = [
            row.id
            for row in roster.flats(session)
            if (str(row.id) == flat) or (building == row.path[0] and row.enrolled_at is None)
        ]
        return codes.home_codes(session, chosen[:_MOST_CODES], public, at=at, by=by)

    try:
        sheets = await here.store.run(work)
    except NoAddress:
        return refused(request, say(N_("Set the portal's address in the settings first.")))
    here.roster_changed()
    return _sheets(request, sheets)


@ROUTES.post("/roster/revoke", allow=MANAGERS)
async def move_out(request: web.Request) -> web.StreamResponse:
    """Move-out: the flat's key is revoked and its codes end."""
    here, form, at = portal(request), await fields(request), portal(request).clock()
    text = form.get("flat", "")
    if not text.isdecimal() or len(text) > 9:
        raise Problem(400, "bad_request")
    flat = int(text)

    def revoke(session: Session) -> bool:
        revoked = roster.revoke_home(session, flat, at=at)
        zones.restore(session, at=at)
        return revoked

    revoked = await here.act(request, "home revoke", revoke, f"flat {flat}")
    here.roster_changed()
    say = words(request)
    told = N_("The home is no longer enrolled.") if revoked else N_("No home was enrolled there.")
    return done(request, say(told), "/roster")


@ROUTES.get("/zones", allow=MANAGERS | COMMITTEES)
async def show_zones(request: web.Request) -> web.StreamResponse:
    """The table in force, and what freezing now would change."""
    here = portal(request)

    def read(session: Session) -> tuple[zones.Frozen | None, Partition, int]:
        return (
            zones.current(session),
            zones.proposal(session),
            len(roster.enrolled_paths(session)),
        )

    frozen, proposed, enrolled = await here.store.read(read)
    same = frozen is not None and frozen.partition.version == proposed.version
    return here.design.render(
        request, "zones.html", frozen=frozen, proposed=proposed, enrolled=enrolled, same=same
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
    return _sheets(request, [sheet])


def gateway(request: web.Request) -> bytes:
    """Return the gateway's public key."""
    return request.app[GATEWAY_PUBLIC]


def _sheets(request: web.Request, sheets: list[Sheet]) -> web.StreamResponse:
    drawn = [(sheet, Markup(codes.qr_svg(sheet.qr_text))) for sheet in sheets]  # noqa: S704 - our own picture
    return portal(request).design.render(request, "codes.html", sheets=drawn)
