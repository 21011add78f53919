"""The committee's page: how many homes are enrolled, its key, and its signature under the list."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web
from sqlmodel import Session

from community.core import attestation, roster
from community.core.attestation import Refused
from community.core.portal import COMMITTEES, fields, portal
from community.core.words import N_
from hub.http.gate import current
from hub.http.routes import Routes
from privacy.attestation import CHANGED_AT_MOST
from web.design import done, refused
from web.design.page import words

ROUTES = Routes()
COMMUNITY: web.AppKey[bytes] = web.AppKey("community_hash")
"""Which community lists and attestations are of: the hash of the gateway's key."""
_PROBLEMS = {
    "not_a_key": N_("This isn't a committee's public key: paste the whole line of the command."),
    "no_key": N_("Hand in the committee's public key first."),
    "not_signed": N_(
        "This signature doesn't hold: paste everything the command printed, signed with the key "
        "whose fingerprint stands below."
    ),
    "another_list": N_("The list that was signed isn't one from here, or too old. Take a new one."),
}


class Counted(NamedTuple):
    """A building in counts: all flats, those enrolled, and those of them that were checked."""

    zh: str
    en: str
    flats: int
    enrolled: int
    checked: int


def counts(session: Session) -> list[Counted]:
    """Return the roster by building; no flat is named."""
    stands = attestation.standing(session)
    checked = frozenset() if stands is None else stands.checked
    flats = roster.flats(session)
    found = []
    for building in roster.buildings(session):
        own = [flat for flat in flats if flat.path[0] == building.code]
        enrolled = [flat for flat in own if flat.enrolled_at is not None]
        seen = sum(flat.path in checked for flat in enrolled)
        found.append(Counted(building.name_zh, building.name_en, len(own), len(enrolled), seen))
    return found


@ROUTES.get("/committee", allow=COMMITTEES)
async def committee(request: web.Request) -> web.StreamResponse:
    """The roster in counts, how the attestation stands, and the four steps of a new one."""
    here = portal(request)

    def read(
        session: Session,
    ) -> tuple[list[Counted], attestation.Standing | None, attestation.Kept | None]:
        return counts(session), attestation.standing(session), attestation.key(session)

    rows, stands, key = await here.store.read(read)
    return here.design.render(
        request,
        "committee.html",
        rows=rows,
        stands=stands,
        key=key,
        enrolled=sum(row.enrolled for row in rows),
        flats=sum(row.flats for row in rows),
        changed_at_most=CHANGED_AT_MOST,
    )


@ROUTES.post("/committee/list", allow=COMMITTEES)
async def take_list(request: web.Request) -> web.StreamResponse:
    """Hand out the list of enrolled flats, to check and to sign; that it was taken is written."""
    here, by, at = portal(request), current(request).name, portal(request).clock()
    community = request.app[COMMUNITY]
    made = await here.act(
        request,
        "committee list",
        lambda session: attestation.make_list(session, community, at=at, by=by),
    )
    return web.Response(
        text=made.text,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="roster.csv"'},
    )


@ROUTES.post("/committee/key", allow=COMMITTEES)
async def keep_key(request: web.Request) -> web.StreamResponse:
    """Keep the committee's public key."""
    here, form, say = portal(request), await fields(request), words(request)
    by, at, text = current(request).name, here.clock(), form.get("key", "")
    try:
        await here.act(
            request,
            "committee key",
            lambda session: attestation.keep_key(session, text, at=at, by=by),
        )
    except Refused as problem:
        told = say(_PROBLEMS[problem.code])
        return refused(request, told, {"key": told})
    here.roster_changed()
    return done(request, say(N_("The key is kept. It stands in the log now.")), "/committee")


@ROUTES.post("/committee/attest", allow=COMMITTEES)
async def take_attestation(request: web.Request) -> web.StreamResponse:
    """Keep the signed list, and tell every home."""
    here, form, say = portal(request), await fields(request), words(request)
    at, note = here.clock(), form.get("note", "")
    community = request.app[COMMUNITY]
    try:
        await here.act(
            request,
            "committee attest",
            lambda session: attestation.take(session, note, community, at=at),
        )
    except Refused as problem:
        told = say(_PROBLEMS[problem.code])
        return refused(request, told, {"note": told})
    here.roster_changed()
    return done(request, say(N_("Attested. Every home is told now.")), "/committee")
