"""The tokens link's end: a home asks as itself, its flat is given an allotment once."""

from __future__ import annotations

import base64
import json
import logging

from aiohttp import web

from community.core.wrong import count_wrong
from community.issuer.service import Asked, Issuer
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from privacy.act_seal import ActError
from privacy.gateway import GatewayKey
from privacy.tokens.provision import SEAL, unpack_ask
from privacy.tokens.signer_socket import SignerAway, SignerRefused

ROUTES = Routes()
ISSUER: web.AppKey[tuple[GatewayKey, Issuer | None]] = web.AppKey("issuer")
_REQUEST_LIMIT = 64 * 1024
_LOG = logging.getLogger(__name__)


@ROUTES.post("/api/v1/tokens", allow=ANYONE, limit=_REQUEST_LIMIT)
async def give(request: web.Request) -> web.StreamResponse:
    """Sign an allotment's blinded requests (`privacy.tokens.provision`)."""
    key, issuer = request.app[ISSUER]
    if issuer is None:
        raise Problem(404, "not_found")
    try:
        opened = SEAL.open(json.loads(await request.text()), key.private)
        allotment, number, requests = unpack_ask(opened.body)
    except (ValueError, RecursionError, ActError):
        await count_wrong(request, "tokens")
        raise Problem(400, "bad_request") from None
    asked = await issuer.take(opened.key, allotment, number, requests)
    if asked is Asked.NOT_ENROLLED:
        await count_wrong(request, "tokens")
        raise Problem(403, "not_enrolled")
    if asked is Asked.GIVEN_BEFORE:
        raise Problem(409, "given_before")
    if asked is Asked.NOT_NOW:
        raise Problem(503, "not_now")
    try:
        signed = await issuer.signer.sign(allotment, number, requests)
    except (SignerAway, SignerRefused) as error:
        _LOG.warning("nothing was signed: %s", error)
        raise Problem(503, "not_now") from None
    answer = SEAL.answer(opened.reply, {"signed": base64.b64encode(signed).decode()})
    return web.Response(body=answer, content_type="application/json", charset="utf-8")
