"""Commands: who asks, whether they may, and what the device answered.

The answer is the device's own within a deadline, never assumed; the audit has it on the disk
before it is acknowledged. The hazard kernel does not pass through here: while a hazard is
active its actuators are leased to it, and people and automations are refused with the reason.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hub.core.audit import Audit
from hub.core.kinds import KINDS, secret
from hub.core.registry import Entity, Registry
from hub.core.store import StoreError

_log = logging.getLogger(__name__)
DEADLINE_S = 5.0
_RESIDENTS = frozenset({"owner", "resident"})
_NO_ARGUMENTS: Mapping[str, Any] = {}

# Message ids of the hub's catalogue; pages translate the text of a refusal.
UNKNOWN_ENTITY = "There is no such device here."
UNKNOWN_COMMAND = "This device does not know that command."
FORBIDDEN = "You may not do that."
DISABLED = "This device is switched off in the settings."
LEASED = "An alarm holds this device. Press again to override it."
FAILED = "The device could not do that."
UNRECORDED = "The command was sent but could not be recorded. Is the disk full?"
TIMEOUT = "The device did not answer in time."

Handler = Callable[[Mapping[str, Any]], Awaitable[object]]


class Actor:
    """Who asks: `kind` is "person", "automation" or "program"; `token` is a program's by name."""

    __slots__ = ("id", "kind", "role", "token")

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's own name
        role: str,
        kind: str = "person",
        *,
        token: str = "",
    ) -> None:
        self.id = id
        self.role = role
        self.kind = kind
        self.token = token

    @property
    def through(self) -> dict[str, str]:
        """What the audit notes beside the name: the token that was used, if one was."""
        return {"token": self.token} if self.token else {}


class Outcome:
    """A command that the device confirmed: after `ms` milliseconds, as line `line` of the audit."""

    __slots__ = ("command", "entity_id", "line", "ms")

    def __init__(self, entity_id: str, command: str, *, ms: float, line: int) -> None:
        self.entity_id = entity_id
        self.command = command
        self.ms = ms
        self.line = line


class CommandRefused(Exception):
    """A command that was not carried out.

    Attributes:
        code: "unknown_entity", "unknown_command", "forbidden", "disabled", "leased", "failed",
            or "unrecorded" (sent, but the audit could not be written).
        text: the reason in words, a message id of the hub's catalogue.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class CommandTimeout(Exception):
    """The device did not answer within the deadline; it may or may not have acted."""

    def __init__(self) -> None:
        super().__init__(TIMEOUT)
        self.text = TIMEOUT


def residents_may(actor: Actor, entity: Entity, command: str) -> bool:  # noqa: ARG001 - a rule's shape
    """The rule without another: owners and residents may everything, others nothing."""
    return actor.role in _RESIDENTS


class Commands:
    """The way from a person or an automation to a device.

    Args:
        registry: what there is.
        audit: where each command is written down.
        may: whether an actor may send a command to an entity.
        on_override: told (actor, entity id, hazard id) before a leased actuator is commanded
            by a person's second press; the hazard kernel has to let go of it.
        problems: errors of handlers whose text is for people.

    Attributes:
        leases: entity id -> hazard id, as the hazard kernel says.
    """

    def __init__(
        self,
        registry: Registry,
        audit: Audit,
        *,
        may: Callable[[Actor, Entity, str], bool] = residents_may,
        on_override: Callable[[Actor, str, str], Awaitable[object]] | None = None,
        problems: tuple[type[Exception], ...] = (),
    ) -> None:
        self.leases: dict[str, str] = {}
        self._registry = registry
        self._audit = audit
        self._may = may
        self._on_override = on_override
        self._problems = problems
        self._handlers: dict[str, dict[str, Handler]] = {}

    def handle(self, entity_id: str, command: str, coroutine: Handler) -> Callable[[], None]:
        """Have `coroutine(args)` carry out a command; it returns when the device has answered.

        Returns:
            What ends it.
        """
        of_entity = self._handlers.setdefault(entity_id, {})
        of_entity[command] = coroutine

        def undo() -> None:
            if of_entity.get(command) is coroutine:
                del of_entity[command]

        return undo

    def offered(self, entity_id: str) -> list[str]:
        """The commands that an entity can be told now; a group what any of its members can."""
        entity = self._registry.get(entity_id)
        if entity is not None and entity.members:
            return sorted(entity.commands)
        return sorted(self._handlers.get(entity_id, ()))

    async def call(
        self,
        actor: Actor,
        entity_id: str,
        command: str,
        args: Mapping[str, Any] | None = None,
        *,
        override: bool = False,
    ) -> Outcome:
        """Send a command and wait for the device's answer.

        Args:
            actor: who asks.
            entity_id: whom it is for.
            command: a command of the entity's kind.
            args: its arguments.
            override: a person's second press on an actuator that an alarm holds.

        Raises:
            CommandRefused: not carried out, with the reason.
            CommandTimeout: no answer within `DEADLINE_S`.
        """
        args = args or _NO_ARGUMENTS
        group = self._registry.get(entity_id)
        if group is not None and group.members:
            return await self._call_members(actor, group, command, args, override)
        handler = await self._allowed(actor, entity_id, command, args, override)
        began = time.monotonic()
        # Written while the device works: a full disk must not keep a person from a valve.
        line = self._write(actor, entity_id, command, args, "sent")
        try:
            await self._carry_out(handler, args)
        except (CommandRefused, CommandTimeout) as error:
            await asyncio.gather(line, return_exceptions=True)
            result = error.code if isinstance(error, CommandRefused) else "timeout"
            await self._note(actor, entity_id, command, args, result)
            raise
        except BaseException:
            await asyncio.gather(line, return_exceptions=True)
            raise
        elapsed = (time.monotonic() - began) * 1000
        try:
            return Outcome(entity_id, command, ms=elapsed, line=await line)
        except StoreError as error:
            raise CommandRefused("unrecorded", UNRECORDED) from error

    async def _call_members(
        self, actor: Actor, group: Entity, command: str, args: Mapping[str, Any], override: bool
    ) -> Outcome:
        """Send a group's command to all that have it, each asked and audited as if alone."""
        if not group.enabled:
            raise CommandRefused("disabled", DISABLED)
        able = [
            one
            for name in group.members
            if (one := self._registry.get(name)) is not None
            and command in one.commands
            and not one.members
        ]
        if not able:
            raise CommandRefused("unknown_command", UNKNOWN_COMMAND)
        calls = (self.call(actor, one.entity_id, command, args, override=override) for one in able)
        outcomes: list[Outcome] = []
        problem: BaseException | None = None
        for found in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(found, Outcome):
                outcomes.append(found)
            else:
                problem = problem or found
        if problem is not None:
            raise problem
        slowest = max(outcomes, key=lambda one: one.ms)
        return Outcome(group.entity_id, command, ms=slowest.ms, line=outcomes[-1].line)

    async def _allowed(
        self, actor: Actor, entity_id: str, command: str, args: Mapping[str, Any], override: bool
    ) -> Handler:
        """The handler of a command that may be sent; raises CommandRefused."""
        entity = self._registry.get(entity_id)
        if entity is None:
            raise CommandRefused("unknown_entity", UNKNOWN_ENTITY)
        refusal: CommandRefused | None = None
        hazard_id = self.leases.get(entity_id)
        handler = self._handlers.get(entity_id, {}).get(command)
        if not self._may(actor, entity, command):
            refusal = CommandRefused("forbidden", FORBIDDEN)
        elif handler is None or not _known(entity.kind, command, args):
            raise CommandRefused("unknown_command", UNKNOWN_COMMAND)
        elif not entity.enabled:
            raise CommandRefused("disabled", DISABLED)
        elif hazard_id is not None and not (override and actor.kind == "person"):
            refusal = CommandRefused("leased", LEASED)
        if refusal is not None or handler is None:
            refusal = refusal or CommandRefused("unknown_command", UNKNOWN_COMMAND)
            await self._note(actor, entity_id, command, args, refusal.code)
            raise refusal
        if hazard_id is not None:
            await self._note(actor, entity_id, command, args, "override")
            if self._on_override is not None:
                await self._on_override(actor, entity_id, hazard_id)
        return handler

    async def _carry_out(self, handler: Handler, args: Mapping[str, Any]) -> None:
        deadline = asyncio.timeout(DEADLINE_S)
        try:
            async with deadline:
                await handler(args)
        except CommandRefused:
            raise
        except Exception as error:
            if deadline.expired():
                raise CommandTimeout from None
            if isinstance(error, self._problems):
                raise CommandRefused("failed", str(error)) from error
            _log.exception("a command's handler failed")
            raise CommandRefused("failed", FAILED) from error

    def _write(
        self, actor: Actor, entity_id: str, command: str, args: Mapping[str, Any], result: str
    ) -> asyncio.Future[int]:
        told = {"args": _told(entity_id, args), "by": actor.kind, "result": result, **actor.through}
        return self._audit.begin(
            [time.time(), actor.id, actor.role, f"command {command}", entity_id, told]
        )

    async def _note(
        self, actor: Actor, entity_id: str, command: str, args: Mapping[str, Any], result: str
    ) -> None:
        """Write a line beside the main one; the answer stands even when that fails."""
        try:
            await self._write(actor, entity_id, command, args, result)
        except StoreError as error:
            _log.warning("a line of the audit could not be written: %s", error)


def _told(entity_id: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the audit notes them: that there was a code, never which."""
    kind = entity_id.partition(".")[0]
    return {name: "***" if secret(kind, name) else value for name, value in args.items()}


def _known(kind: str, command: str, args: Mapping[str, Any]) -> bool:
    """Whether the kind has this command and these arguments."""
    found = KINDS.get(kind)
    arguments = None if found is None else found.commands.get(command)
    return arguments is not None and set(args) <= set(arguments)
