"""Enrolment of homes and of the relay, and the operator's page."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from aiohttp import web
from sqlmodel import Session

from community.core import audit, roster, settings, witnesses, zones
from community.core.accounts import StaffTable
from community.core.portal import OPERATORS, Portal, portal
from community.core.roster import Enrolled, RosterError
from community.core.words import N_
from community.gateway import intake
from community.gateway.keys import GATEWAY_PUBLIC
from community.gateway.service import Gateway, known
from hub.accounts.model import TooManyAttempts
from hub.accounts.throttle import Rule, Throttle
from hub.http.health import OK, Health
from hub.http.live import LiveContext
from hub.http.problems import Problem, json_response
from hub.http.routes import ANYONE, Routes
from privacy.pairing import HOME, EnrolRequest, PairingError, read_enrol_request

ROUTES = Routes()
GATEWAY: web.AppKey[Gateway] = web.AppKey("gateway")

# A code's secret has 80 bits: the throttle only keeps a stranger from wearing out the disk.
_BY_ADDRESS = Rule(free=200, longest_s=900.0)
_REQUEST_LIMIT = 4096

COUNTER_WORDS = {
    intake.EVENTS: N_("Events accepted"),
    intake.REPLAYED: N_("Copies of events (homes send three)"),
    intake.CONFLICTING: N_("Refused: another content under the same event"),
    intake.INVALID: N_("Refused: invalid cells"),
    intake.LATE: N_("Events that came late"),
    intake.BATCHES: N_("Batches"),
    intake.DUMMY_BATCHES: N_("Batches of dummies only"),
}
HEALTH_WORDS = {
    "database": N_("Database"),
    "gateway": N_("Gateway"),
    "relay": N_("Relay"),
    "escalation": N_("Escalation"),
    "broker": N_("MQTT broker"),
    "signer": N_("Token signer"),
    "witnesses": N_("Witnesses of the log"),
}
ANSWER_WORDS = {
    OK: N_("works"),
    "not listening": N_("not listening"),
    "not connected": N_("not connected"),
    "not watching": N_("not watching"),
    "not signing": N_("fewer than two of three sign"),
    "other keys": N_("has other keys than the homes were told"),
    "no answer in time": N_("no answer in time"),
    "failed": N_("failed"),
}


@ROUTES.post("/api/v1/enrol", allow=ANYONE, limit=_REQUEST_LIMIT)
async def enrol(request: web.Request) -> web.StreamResponse:
    """Enrol a home or the relay with a printed code (`privacy.pairing`)."""
    here = portal(request)
    throttle, key = Throttle(StaffTable(here.store)), f"enrol:{request.remote or ''}"
    try:
        await throttle.attempt({key: _BY_ADDRESS}, here.clock())
    except TooManyAttempts as error:
        wait = str(math.ceil(error.wait_s))
        raise Problem(429, "too_many_attempts", headers={"Retry-After": wait}) from None
    public, trust = request.app[GATEWAY_PUBLIC], await here.store.read(witnesses.trust)
    try:
        asked = read_enrol_request(json.loads(await request.text()), public, trust)
    except (ValueError, PairingError, RecursionError):
        raise Problem(400, "bad_request") from None
    answer = await _enrolled(here, asked)
    await throttle.succeeded("", key)
    await request.app[GATEWAY].refresh()
    here.roster_changed()
    return json_response(
        {
            "gateway_key": base64.b64encode(public).decode(),
            "slot_s": request.app[GATEWAY].slot_s,
            **answer,
        }
    )


async def _enrolled(here: Portal, asked: EnrolRequest) -> dict[str, Any]:
    """Use the code and return what the answer says of the community.

    Raises:
        Problem: 403, the code isn't valid; 503, the community isn't ready for homes yet.
    """
    at = here.clock()

    def work(session: Session) -> dict[str, Any] | None:
        told = settings.read(session)
        wanted = settings.RELAY_ADDRESS if asked.kind == HOME else settings.UPSTREAM_ADDRESS
        if not told[wanted]:
            return None
        if asked.kind == HOME and roster.relay_key(session) is None:
            return None  # a home pins the relay's key here, or never
        hashed = bytes.fromhex(asked.secret_hash)
        enrolled = roster.use_code(session, asked.kind, hashed, asked.key, at=at)
        target = "-".join(enrolled.path or ()) or asked.kind
        audit.write(session, at=at, actor=asked.kind, act="enrol", target=target)
        zones.restore(session, at=at)
        return _answer(session, enrolled, told, at)

    try:
        answer = await here.store.run(work)
    except RosterError as error:
        raise Problem(403, "code_refused", str(error)) from None
    if answer is None:
        raise Problem(503, "not_ready", "the relay is not paired yet, or an address is not set")
    return answer


def _answer(
    session: Session, enrolled: Enrolled, told: dict[str, str], at: float
) -> dict[str, Any]:
    if enrolled.path is None:
        return {
            "community": told[settings.NAME],
            "upstream": told[settings.UPSTREAM_ADDRESS],
            "upstream_certificate": None,
        }
    now, trust = known(session, at), witnesses.trust(session)
    return {
        "community": told[settings.NAME],
        "flat": list(enrolled.path),
        "relay": told[settings.RELAY_ADDRESS],
        "relay_key": None if now.relay is None else base64.b64encode(now.relay).decode(),
        "relay_certificate": None,
        "zone_table": now.table.to_json(),
        "roster_size": now.roster_size,
        "trust": None if trust is None else trust.to_json(),
    }


@ROUTES.get("/operations", allow=OPERATORS)
async def operations(request: web.Request) -> web.StreamResponse:
    """The operator's page: counters and health."""
    return portal(request).design.render(request, "operations.html")


class OperationsPart:
    """The live part of the operator's page."""

    def __init__(self, here: Portal, gateway: Gateway, health: Health) -> None:
        self._portal = here
        self._gateway = gateway
        self._health = health

    def register(self) -> None:
        """Register it."""
        self._portal.live.part("operations", self.draw, ("supervision",), OPERATORS)

    async def draw(self, context: LiveContext) -> str:
        """Draw counters and health."""
        counts = await self._gateway.counts()
        seen = await self._portal.store.read(witnesses.shown)
        return self._portal.design.fragment(
            context.lang,
            "part_operations.html",
            counters=[(text, counts[name]) for name, text in COUNTER_WORDS.items()],
            health=[
                (HEALTH_WORDS.get(name, name), answer == OK, ANSWER_WORDS.get(answer, answer))
                for name, answer in (await self._health.ask()).items()
            ],
            witnesses=seen,
        )
