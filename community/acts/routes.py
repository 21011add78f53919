"""The acts link's end: opened with the gateway's key, known by the home's, answered sealed."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from aiohttp import web
from sqlmodel import Session

from community.core import roster
from community.core.events import CallStands, FlatCall, ReceiveCall, Word
from community.core.portal import portal
from community.core.wrong import count_wrong
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from privacy.act_link import Act, ActStatus, open_act
from privacy.act_seal import ActError
from privacy.gateway import GatewayKey

ROUTES = Routes()
LONGEST_S = 365 * 86_400.0
"""An act older than this is refused: the incident that would know it again may be forgotten."""

_REQUEST_LIMIT = 4096


class Acts(NamedTuple):
    """What the route stands on.

    `receive` turns a call into an incident within the transaction.
    """

    key: GatewayKey
    receive: ReceiveCall


ACTS: web.AppKey[Acts] = web.AppKey("acts")


@ROUTES.post("/api/v1/acts", allow=ANYONE, limit=_REQUEST_LIMIT)
async def take(request: web.Request) -> web.StreamResponse:
    """Take an act of a home; durable when this answers (`privacy.act_link`)."""
    here, acts = portal(request), request.app[ACTS]
    try:
        act = open_act(json.loads(await request.text()), acts.key.private)
        at = here.clock()
        stands = await here.store.run(lambda session: _taken(session, act, acts.receive, at))
    except (ValueError, RecursionError, ActError):
        await count_wrong(request, "act")
        raise Problem(400, "bad_request") from None
    if stands is None:
        await count_wrong(request, "act")
        raise Problem(403, "not_enrolled")
    if stands.changed and stands.incident is not None:
        here.incidents_changed(stands.incident)
    answer = act.answer({"taken": True, "at": at, "acknowledged_at": stands.acknowledged_at})
    return web.Response(body=answer, content_type="application/json", charset="utf-8")


def _taken(session: Session, act: Act, receive: ReceiveCall, at: float) -> CallStands | None:
    """Hand the act on as its flat's; None where its key is no enrolled home's."""
    path = roster.flat_of(session, act.key)
    if path is None or at - act.at > LONGEST_S:
        return None
    nonce = hashlib.sha256(b"linli act\0" + act.key + act.id.encode()).digest()
    word = None if act.status is ActStatus.ASKED else Word(act.status)
    return receive(session, FlatCall(nonce, path, word), at)
