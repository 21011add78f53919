"""The home's interface for programs: states to read and follow, commands to give.

``GET /api/v1/states``, ``GET /api/v1/states/{entity_id}``, ``POST /api/v1/commands`` with
``{"entity_id", "command", "args"?, "override"?}``, and the socket ``/api/ws`` that answers
``{"subscribe": "states"}`` with a snapshot and then every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from hub.core.commands import Actor, CommandRefused, CommandTimeout
from hub.core.language import translator
from hub.http.feed import Feed, encoded, state_json
from hub.http.gate import GATE, current, token_of
from hub.http.problems import Problem, json_response
from hub.http.routes import SIGNED_IN, Allow, Routes

if TYPE_CHECKING:
    from hub.core.commands import Commands
    from hub.core.states import States

LONGEST_ID = 255
STATUS_OF = {
    "unknown_entity": 404,
    "unknown_command": 422,
    "forbidden": 403,
    "disabled": 409,
    "leased": 409,
    "failed": 502,
    "unrecorded": 507,
}
_FIELDS = frozenset({"entity_id", "command", "args", "override"})


class BadCommand(Problem):
    """The body is no command; ``field`` says where."""

    def __init__(self, field: str) -> None:
        super().__init__(422, "bad_command", extra={"field": field})


class CommandWanted:
    """A command as a program wrote it, checked."""

    __slots__ = ("args", "command", "entity_id", "override")

    def __init__(
        self, entity_id: str, command: str, args: Mapping[str, Any], *, override: bool
    ) -> None:
        self.entity_id = entity_id
        self.command = command
        self.args = args
        self.override = override


def command_wanted(body: bytes) -> CommandWanted:
    """Read a command strictly: exact types, no unknown fields, args one level deep.

    Raises:
        BadCommand: something is not as it should be.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadCommand("") from None
    if not isinstance(data, dict):
        raise BadCommand("")
    for unknown in data.keys() - _FIELDS:
        raise BadCommand(unknown[:LONGEST_ID])
    for field in ("entity_id", "command"):
        value = data.get(field)
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
            raise BadCommand(field)
    args, override = data.get("args", {}), data.get("override", False)
    if not isinstance(args, dict) or not all(
        isinstance(value, str | int | float | bool) for value in args.values()
    ):
        raise BadCommand("args")
    if not isinstance(override, bool):
        raise BadCommand("override")
    return CommandWanted(data["entity_id"], data["command"], args, override=override)


class HomeApi:
    """The routes over one home's states and commands.

    Args:
        states: What to show.
        commands: What to give commands to; it decides who may command what and audits.
        may_read: Who may read states.
        may_command: Who may give commands at all.
    """

    def __init__(
        self,
        states: States,
        commands: Commands,
        *,
        may_read: Allow = SIGNED_IN,
        may_command: Allow = SIGNED_IN,
    ) -> None:
        self._states = states
        self._commands = commands
        self._may_read = may_read
        self._may_command = may_command
        self.feed = Feed(states)

    def routes(self) -> Routes:
        """Return the table for ``create_app``."""
        routes = Routes()
        routes.get("/api/v1/states", allow=self._may_read)(self.all_states)
        routes.get("/api/v1/states/{entity_id}", allow=self._may_read)(self.one_state)
        routes.post("/api/v1/commands", allow=self._may_command)(self.command)
        routes.socket("/api/ws", allow=self._may_read)(self.socket)
        return routes

    def close(self) -> None:
        """Listen to the states no more."""
        self.feed.close()

    async def all_states(self, request: web.Request) -> web.Response:  # noqa: ARG002 - a handler
        """Answer all states, by entity id."""
        states = sorted(self._states.all(), key=lambda state: state.entity_id)
        return _json({"states": [state_json(state) for state in states]})

    async def one_state(self, request: web.Request) -> web.Response:
        """Answer one state."""
        state = self._states.get(request.match_info["entity_id"])
        if state is None:
            raise Problem(404, "unknown_entity")
        return _json(state_json(state))

    async def command(self, request: web.Request) -> web.Response:
        """Give a command and answer what the device answered."""
        if request.content_type != "application/json":
            raise Problem(415, "json_needed")
        wanted = command_wanted(await request.read())
        session = current(request)
        actor = Actor(session.account_id, session.role, "person")
        say = translator("hub", request["lang"]).gettext
        try:
            outcome = await self._commands.call(
                actor, wanted.entity_id, wanted.command, wanted.args, override=wanted.override
            )
        except CommandRefused as refusal:
            status = STATUS_OF.get(refusal.code, 409)
            raise Problem(status, refusal.code, say(refusal.text)) from refusal
        except CommandTimeout as silence:
            raise Problem(504, "timeout", say(silence.text)) from silence
        answer = {
            "entity_id": outcome.entity_id,
            "command": outcome.command,
            "confirmed": True,
            "ms": round(outcome.ms, 3),
            "line": outcome.line,
        }
        return json_response(answer)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Let a program follow the states."""
        gate, token = request.app[GATE], token_of(request)
        return await self.feed.serve(request, current(request), lambda: gate.find(token))


def _json(data: object) -> web.Response:
    return web.Response(body=encoded(data), content_type="application/json")
