"""Commands of a home without devices."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from hub.core.commands import Actor, CommandRefused, CommandTimeout, Outcome
from hub.core.kinds import Value
from hub.core.states import States

COMMANDS = {
    "valve": {"open": "OPEN", "close": "CLOSE"},
    "switch": {"turn_on": "ON", "turn_off": "OFF"},
    "siren": {"turn_on": "ON", "turn_off": "OFF"},
}


class FakeCommands:
    """Answers like devices: at once, late, or not at all."""

    def __init__(self, states: States) -> None:
        self.leases: dict[str, str] = {}
        self.silent: set[str] = set()
        self.calls: list[tuple[str, str, bool]] = []
        self.args: dict[str, object] = {}
        self.able: dict[str, frozenset[str]] = {}
        self.reason = ""
        self.actors: list[Actor] = []
        self.gate: asyncio.Event | None = None
        self.called = asyncio.Event()
        self._states = states

    def offered(self, entity_id: str) -> list[str]:
        if entity_id in self.able:
            return sorted(self.able[entity_id])
        return sorted(COMMANDS.get(entity_id.partition(".")[0], ()))

    async def call(
        self,
        actor: Actor,
        entity_id: str,
        command: str,
        args: Mapping[str, Any] | None = None,
        *,
        override: bool = False,
    ) -> Outcome:
        self.actors.append(actor)
        if self._states.get(entity_id) is None:
            raise CommandRefused("unknown_entity", "There is no such device here.")
        if command not in self.offered(entity_id) or (args and entity_id not in self.able):
            raise CommandRefused("unknown_command", "This device does not know that command.")
        self.calls.append((entity_id, command, override))
        self.args = dict(args or {})
        self.called.set()
        if self.reason:
            raise CommandRefused("failed", self.reason)
        if entity_id in self.leases and not override:
            raise CommandRefused("leased", "held")
        if self.gate is not None:
            await self.gate.wait()
        if entity_id in self.silent:
            raise CommandTimeout
        values: dict[str, Value] = {
            "turn_on": True,
            "turn_off": False,
            "open": "open",
            "close": "closed",
            "lock": "locked",
            "unlock": "unlocked",
        }
        before = self._states.get(entity_id)
        assert before is not None
        said = {**before.attributes, **self.args}
        self._states.set(entity_id, values.get(command, before.value), said)
        return Outcome(entity_id, command, ms=1.5, line=len(self.calls))
