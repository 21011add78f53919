"""The manager's register: flats and their list, one-time codes, move-out, a stolen box.

Of a home it shows whether it is enrolled and since when, and whether a code is out; nothing else
of it is known here.
"""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web
from aiohttp.web import FileField
from markupsafe import Markup
from sqlmodel import Session

from community.core import audit, register, roster, zones
from community.core.portal import MANAGERS, fields, number_in, portal
from community.core.roster import CODE_LIFETIME, MOVED_OUT, STOLEN, FlatRow, RosterError
from community.core.words import N_
from community.gateway import codes
from community.gateway.codes import NoAddress, Sheet
from community.gateway.keys import GATEWAY_PUBLIC
from hub.http.gate import current
from hub.http.problems import Problem
from hub.http.routes import Routes
from privacy.tokens.epochs import AHEAD_S, Allotment
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()
_MOST_CODES = 2_000
_LONGEST_LIST = 1024 * 1024
_NO_ADDRESS = N_("Set the portal's address in the settings first.")
_REVOCATIONS = {MOVED_OUT: "home revoke", STOLEN: "home stolen"}


class Preview(NamedTuple):
    """A list as it would be taken: every row, and how many are new, known and wrong."""

    rows: list[register.Row]
    new: int
    known: int
    wrong: int


@ROUTES.get("/roster", allow=MANAGERS)
async def show_roster(request: web.Request) -> web.StreamResponse:
    """Flats by building, with what is enrolled and which codes wait."""
    here = portal(request)

    def read(session: Session) -> tuple[list[FlatRow], list[roster.BuildingRow]]:
        return roster.flats(session), roster.buildings(session)

    flats, buildings = await here.act(request, "roster look", read)
    by_building = [
        (building, [flat for flat in flats if flat.path[0] == building.code])
        for building in buildings
    ]
    return here.design.render(
        request,
        "roster.html",
        groups=by_building,
        total=len(flats),
        enrolled=sum(flat.enrolled_at is not None for flat in flats),
        now=here.clock(),
        text="",
        error="",
    )


@ROUTES.post("/roster/import", allow=MANAGERS, limit=_LONGEST_LIST)
async def import_flats(request: web.Request) -> web.StreamResponse:
    """Show what a list of flats would add, and add it once that is confirmed.

    Nothing is added while a row is wrong: the list stays in the form, the reason beside its row.
    """
    here, form, say = portal(request), await fields(request), words(request)
    try:
        text = await _list_of(request, form)
        preview = await here.store.read(lambda session: _preview(session, text))
    except RosterError:
        told = say(
            N_("The list can't be read: its first line must name the columns building,riser,flat.")
        )
        page = here.design.render(
            request, "import.html", text=form.get("flats", ""), preview=None, error=told
        )
        return refused(request, told, {"flats": told}, page)
    if form.get("sure") != "1" or preview.wrong or not preview.new:
        return here.design.render(
            request,
            "import.html",
            text=text,
            preview=preview,
            problems=register.PROBLEMS,
            error="",
        )
    paths = [row.path for row in preview.rows]
    added = await here.act(
        request, "flats import", lambda db: roster.import_flats(db, paths), str(len(paths))
    )
    here.roster_changed()
    told = say.ngettext("%(num)s flat added.", "%(num)s flats added.", added) % {"num": added}
    return done(request, told, "/roster")


@ROUTES.get("/roster/{id}", allow=MANAGERS)
async def show_flat(request: web.Request) -> web.StreamResponse:
    """One flat: enrolled since, code out, or neither, and what can be done."""
    here, flat_id = portal(request), number_in(request)

    def read(session: Session) -> tuple[FlatRow | None, float | None]:
        rows = roster.flats(session, flat_id)
        return (rows[0] if rows else None), roster.undo_until(session, flat_id)

    flat, undo_until = await here.act(request, "roster look", read)
    if flat is None:
        raise Problem(404, "not_found")
    now, epoch = here.clock(), Allotment.EPOCH
    return here.design.render(
        request,
        "flat.html",
        flat=flat,
        now=now,
        lifetime=CODE_LIFETIME,
        undo_until=undo_until if undo_until is not None and now <= undo_until else None,
        next_tokens=epoch.start(epoch.number_at(now + AHEAD_S) + 1),
    )


@ROUTES.post("/roster/codes", allow=MANAGERS)
async def print_codes(request: web.Request) -> web.StreamResponse:
    """Make codes and show them once, as sheets to print.

    For a building: for each flat that has neither a home nor a code in its letter box. For one
    flat: in any case, and a code printed before ends.
    """
    here, form, say = portal(request), await fields(request), words(request)
    at, by = here.clock(), current(request).name
    building, flat, public = form.get("building", ""), form.get("flat", ""), gateway(request)

    def bare(row: FlatRow) -> bool:
        return row.path[0] == building and row.enrolled_at is None and not row.waits(at)

    def work(session: Session) -> list[Sheet]:
        rows = roster.flats(session)
        chosen = [row.id for row in rows if str(row.id) == flat or bare(row)]
        return codes.home_codes(session, chosen[:_MOST_CODES], public, at=at, by=by)

    try:
        sheets = await here.store.run(work)
    except NoAddress:
        return refused(request, say(_NO_ADDRESS))
    here.roster_changed()
    return sheets_page(request, sheets)


@ROUTES.post("/roster/revoke", allow=MANAGERS)
async def revoke(request: web.Request) -> web.StreamResponse:
    """Move-out, or a stolen box: the flat's key is revoked and its codes end."""
    here, form, say, at = portal(request), await fields(request), words(request), _now(request)
    why, flat_id = form.get("why", MOVED_OUT), _flat_in(form)
    if why not in _REVOCATIONS:
        raise Problem(400, "bad_request")

    def work(session: Session) -> bool | None:
        name = roster.flat_names(session, [flat_id]).get(flat_id)
        if name is None:
            return None
        revoked = roster.revoke_home(session, flat_id, at=at, why=why)
        by = current(request).name
        audit.write(session, at=at, actor=by, act=_REVOCATIONS[why], target=name)
        zones.restore(session, at=at)
        return revoked

    revoked = await here.store.run(work)
    if revoked is None:
        raise Problem(404, "not_found")
    here.roster_changed()
    told = N_("The home is no longer enrolled.") if revoked else N_("No home was enrolled there.")
    return done(request, say(told), f"/roster/{flat_id}")


@ROUTES.post("/roster/undo", allow=MANAGERS)
async def undo(request: web.Request) -> web.StreamResponse:
    """Undo a move-out that was a mistake: the home's key counts again."""
    here, form, say, at = portal(request), await fields(request), words(request), _now(request)
    flat_id = _flat_in(form)

    def work(session: Session) -> bool:
        name = roster.flat_names(session, [flat_id]).get(flat_id, "")
        if not roster.undo_move_out(session, flat_id, at=at):
            return False
        by = current(request).name
        audit.write(session, at=at, actor=by, act="home revoke undone", target=name)
        zones.restore(session, at=at)
        return True

    if not await here.store.run(work):
        return refused(request, say(N_("It is too late to undo this: print a new code.")))
    here.roster_changed()
    return done(request, say(N_("Undone: the home is enrolled as before.")), f"/roster/{flat_id}")


@ROUTES.post("/roster/remove", allow=MANAGERS)
async def remove(request: web.Request) -> web.StreamResponse:
    """Strike off a flat that was added by mistake."""
    here, form, say, at = portal(request), await fields(request), words(request), _now(request)
    flat_id = _flat_in(form)

    def work(session: Session) -> bool:
        name = roster.flat_names(session, [flat_id]).get(flat_id, "")
        if not roster.remove_flat(session, flat_id):
            return False
        audit.write(session, at=at, actor=current(request).name, act="flat remove", target=name)
        return True

    if not await here.store.run(work):
        return refused(request, say(N_("A home was enrolled there once: the flat stays.")))
    here.roster_changed()
    return done(request, say(N_("The flat is off the register.")), "/roster")


def gateway(request: web.Request) -> bytes:
    """Return the gateway's public key."""
    return request.app[GATEWAY_PUBLIC]


def sheets_page(request: web.Request, sheets: list[Sheet]) -> web.StreamResponse:
    """Draw codes for paper."""
    here = portal(request)
    drawn = [(sheet, Markup(codes.qr_svg(sheet.qr_text))) for sheet in sheets]  # noqa: S704 - our own picture
    until = here.clock() + CODE_LIFETIME
    return here.design.render(request, "codes.html", sheets=drawn, until=until)


def _now(request: web.Request) -> float:
    return portal(request).clock()


def _flat_in(form: dict[str, str]) -> int:
    text = form.get("flat", "")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Problem(400, "bad_request")
    return int(text)


async def _list_of(request: web.Request, form: dict[str, str]) -> str:
    """The list of a form: a chosen file, else what is typed."""
    chosen = (await request.post()).get("file")
    if isinstance(chosen, FileField) and chosen.filename:
        return register.decode(chosen.file.read(_LONGEST_LIST))
    return form.get("flats", "")


def _preview(session: Session, text: str) -> Preview:
    known = {flat.path for flat in roster.flats(session)}
    rows = register.read_rows(text, known)
    states = [row.state for row in rows]
    wrong = sum(row.wrong for row in rows)
    return Preview(rows, states.count(register.NEW), states.count(register.KNOWN), wrong)
