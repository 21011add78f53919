"""The whole interface for programs put together: table, refusals, document, socket."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.accounts.model import AccountProblem, TooManyAttempts
from hub.core.commands import CommandRefused, CommandTimeout
from hub.core.language import translator
from hub.core.store import StoreError
from hub.http.feed import STATES, Feed, Topic
from hub.http.gate import GATE, current
from hub.http.operations import PREFIX, Call, Operation, encoded, routes_of
from hub.http.problems import Problem
from hub.http.routes import ANY_SCOPE, ANYONE, Routes
from web.api.account import account_operations
from web.api.adding import integration_operations, newcomer_operations, told_adding
from web.api.brokers import broker_operations
from web.api.condition import condition_operations
from web.api.contacts import contact_operations
from web.api.household import key_operations, people_operations, token_operations
from web.api.inventory import inventory_operations
from web.api.keeping import keeping_operations
from web.api.mine import mine_operations
from web.api.safety import hazard_model, hazard_operations, safety_model, safety_operations
from web.api.screens import screen_operations
from web.api.sharing import sharing_operations
from web.api.states import registry_operations, state_model, state_operations
from web.facade import Refusal
from web.house import HOUSEHOLD, RESIDENTS, House
from web.words import SCOPES

if TYPE_CHECKING:
    from web.facade import HomeRuntime

DOCUMENT = "/api/openapi.json"
LIVE = f"{PREFIX}/live"
MOST_HAZARDS = 100
COMMAND_STATUS = {
    "unknown_entity": 404,
    "unknown_command": 422,
    "forbidden": 403,
    "disabled": 409,
    "leased": 409,
    "failed": 502,
    "unrecorded": 507,
}
ACCOUNT_STATUS = {
    "account_unknown": 404,
    "bad_name": 422,
    "weak_password": 422,
    "sign_in_refused": 403,
    "too_many_attempts": 429,
}
_FIELDS = {"bad_name": "name", "name_taken": "name", "weak_password": "password"}


class HomeApi:
    """The interface of one home; ``close`` it when the home stops."""

    def __init__(self, house: House) -> None:
        runtime = house.runtime
        self.operations: list[Operation] = [
            *state_operations(runtime),
            *registry_operations(runtime),
            *condition_operations(runtime),
            *inventory_operations(runtime),
            *keeping_operations(runtime),
            *hazard_operations(runtime),
            *safety_operations(runtime),
            *sharing_operations(runtime),
            *contact_operations(runtime),
            *account_operations(runtime),
            *mine_operations(runtime),
            *people_operations(runtime),
            *key_operations(runtime),
            *token_operations(runtime),
            *screen_operations(house),
            *newcomer_operations(runtime),
            *integration_operations(runtime),
            *broker_operations(runtime),
        ]
        self.feed = Feed(runtime.states, state_model, _topics(runtime))
        self._unlisten = runtime.listen(self.feed.changed)
        self._document = b""

    def routes(self) -> Routes:
        """Return the table for `create_app`."""
        routes = routes_of(self.operations, told)
        routes.socket(LIVE, allow=HOUSEHOLD, scope=ANY_SCOPE)(self._live)
        routes.operation("GET", DOCUMENT, allow=ANYONE, scope=ANY_SCOPE, limit=0)(self._openapi)
        return routes

    def close(self) -> None:
        """Listen to the home no more."""
        self.feed.close()
        self._unlisten()

    def document(self, cookie: str) -> dict[str, Any]:
        """Return the OpenAPI document; `cookie` is the name of the session's."""
        from hub.http.openapi import document

        return document(
            self.operations, title="Linli home", cookie=cookie, scopes=SCOPES, more=_more()
        )

    async def _openapi(self, request: web.Request) -> web.Response:
        """Answer the document, the same for every home, so anybody may read it."""
        if not self._document:
            self._document = encoded(self.document(request.app[GATE].cookie))
        return web.Response(body=self._document, content_type="application/json")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Let a program follow the home; what it may follow is decided topic by topic."""
        gate = request.app[GATE]
        return await self.feed.serve(request, current(request), lambda: gate.again(request))


API: web.AppKey[HomeApi] = web.AppKey("api")


def _topics(runtime: HomeRuntime) -> tuple[Topic, ...]:
    def hazards(lang: str) -> object:
        say = translator("hub", lang).gettext
        return [hazard_model(one, say) for one in runtime.hazards()[:MOST_HAZARDS]]

    def sharing(_lang: str) -> object:
        return {"sent_today": runtime.sent_today()}

    return (
        Topic(STATES, allow=HOUSEHOLD, scope="read:states", data=lambda _lang: None),
        Topic("registry", allow=HOUSEHOLD, scope="read:states", data=lambda _lang: None),
        Topic("hazards", allow=HOUSEHOLD, scope="read:safety", data=hazards),
        Topic(
            "safety",
            allow=RESIDENTS,
            scope="read:safety",
            data=lambda _lang: safety_model(runtime),
        ),
        Topic("sharing", allow=HOUSEHOLD, scope="read:sharing", data=sharing),
    )


def told(call: Call, error: Exception) -> Problem | None:
    """Put what the home refuses into a problem; None for what is a fault of ours."""
    if isinstance(error, CommandRefused):
        return Problem(COMMAND_STATUS.get(error.code, 409), error.code, call.say(error.text))
    if isinstance(error, CommandTimeout):
        return Problem(504, "timeout", call.say(error.text))
    if isinstance(error, Refusal):
        if isinstance(error.__cause__, AccountProblem | StoreError):
            return told(call, error.__cause__)
        extra = {"field": error.field} if error.field else {}
        return Problem(409, "refused", error.say(call.say), extra=extra)
    if isinstance(error, TooManyAttempts):
        wait = str(math.ceil(error.wait_s))
        return Problem(429, error.code, headers={"Retry-After": wait})
    if isinstance(error, AccountProblem):
        extra = {"field": _FIELDS[error.code]} if error.code in _FIELDS else {}
        return Problem(ACCOUNT_STATUS.get(error.code, 409), error.code, extra=extra)
    if isinstance(error, StoreError):
        return Problem(507, "not_stored")
    return told_adding(call, error)


def _more() -> dict[str, Any]:
    from hub.http.openapi import problem_answers

    words = {400: "bad_request", 401: "sign_in_needed, token_refused", 503: "locked"}
    return {
        LIVE: {
            "get": {
                "operationId": "live",
                "summary": "Follow the home by WebSocket; docs/api.md says how",
                "tags": ["live"],
                "security": [{"token": []}, {"session": []}],
                "responses": {"101": {"description": "A WebSocket."}, **problem_answers(words)},
            }
        }
    }
