"""The hub's side of an integration's door, for integrations in this process.

What comes through is plain data and is checked here, so that the same door can stand at the end
of a pipe to third-party code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from hub.core.commands import Commands
from hub.core.kinds import KINDS
from hub.core.registry import Entity, Registry
from hub.core.states import States
from hub.core.wire import Wire
from hub.plugins.entities import Attributes, Value
from hub.plugins.problems import Problems

MANY_A_SECOND = 50
"""A device that tells more states than this in a second flaps; they are taken, and counted."""


class Inside(Protocol):
    """The integration behind the door: what the hub may say to it."""

    async def handle_command(self, key: str, command: str, args: Mapping[str, Any]) -> None:
        """Carry out a command."""

    def handle_enabled(self, key: str, enabled: bool) -> None:
        """Learn the household's choice whether an entity is used."""


class HubDoor:
    """Turns what one integration says into registry, states and commands."""

    __slots__ = (
        "_commands",
        "_domain",
        "_enabled",
        "_entities",
        "_ids",
        "_inside",
        "_kinds",
        "_registry",
        "_states",
        "_told",
        "_undo",
        "_unlisten",
        "problems",
    )

    def __init__(
        self,
        domain: str,
        kinds: frozenset[str],
        *,
        registry: Registry,
        states: States,
        commands: Commands,
    ) -> None:
        self._domain = domain
        self._kinds = kinds
        self._registry = registry
        self._states = states
        self._commands = commands
        self._entities: dict[str, Entity] = {}
        self._ids: dict[str, str] = {}
        self._enabled: dict[str, bool] = {}
        # key -> the second in which it last told a state, and how often in that second
        self._told: dict[str, list[int]] = {}
        self._inside: Inside | None = None
        self._undo: dict[str, list[Callable[[], None]]] = {}
        self._unlisten: Callable[[], None] = registry.listen(self._registry_changed)
        self.problems = Problems(f"integrations.{domain}")

    def open(self, inside: Inside) -> None:
        """Let commands through to the integration."""
        self._inside = inside

    def close(self) -> None:
        """The integration has stopped: nothing of it can be reached any more."""
        self._unlisten()
        self._inside = None
        for key, entity in self._entities.items():
            self._take_commands(key, entity, ())
            entity.commands = frozenset()
            self._unreachable(entity)
        self._entities.clear()

    def announce(self, key: str, entity: dict[str, Any]) -> None:
        """See ``hub.plugins.entities.Door``; a kind that isn't declared is refused."""
        kind = entity["kind"]
        if kind not in self._kinds:
            self.problem("undeclared_kind", "the manifest doesn't declare the kind %s", kind)
            return
        device_id, words = self._announce_device(entity["device"])
        words.append(entity["name"] or entity["device_class"] or "")
        known = self._registry.announce(
            self._domain,
            kind,
            entity["unique_id"],
            suggested_id=entity["suggested_id"] or " ".join(filter(None, words)) or None,
            device_id=device_id,
            device_class=entity["device_class"],
            unit=entity["unit"],
            name=entity["name"],
            category=entity["category"],
            enabled=entity["enabled"],
            wire=None if entity["wire"] is None else Wire.from_json(entity["wire"]),
            commands=_operable(kind, entity["commands"]),
        )
        self._entities[key] = known
        self._take_commands(key, known, known.commands)
        self._tell_enabled(key, known)

    def withdraw(self, key: str) -> None:
        """See ``hub.plugins.entities.Door``."""
        entity = self._entities.pop(key, None)
        self._enabled.pop(key, None)
        self._told.pop(key, None)
        if entity is not None:
            self._take_commands(key, entity, ())
            self._unreachable(entity)
            self._registry.withdraw(entity)

    def state(self, key: str, value: Value, attributes: Attributes | None, available: bool) -> None:
        """See ``hub.plugins.entities.Door``."""
        entity = self._entities.get(key)
        if entity is not None and entity.enabled:
            # A copy, for nothing that an integration still holds may change a state.
            kept = None if attributes is None else dict(attributes)
            self._states.set(entity.entity_id, value, kept, available=available)
            self._count(key)

    def _count(self, key: str) -> None:
        second = int(time.monotonic())
        told = self._told.get(key)
        if told is None or told[0] != second:
            self._told[key] = [second, 1]
            return
        told[1] += 1
        if told[1] > MANY_A_SECOND:
            text = "%s tells more than %d states a second"
            self.problem("flapping", text, key, MANY_A_SECOND)

    def problem(self, kind: str, text: str, *values: object) -> None:
        """See ``hub.plugins.entities.Door``."""
        self.problems.note(kind, text, *values)

    def _announce_device(self, device: dict[str, Any] | None) -> tuple[str | None, list[str]]:
        if device is None:
            return None, []
        facts = {name: device[name] for name in ("name", "manufacturer", "model", "area")}
        known = self._registry.announce_device(self._domain, tuple(device["identifiers"]), **facts)
        return known.id, [known.name]

    def _take_commands(self, key: str, entity: Entity, names: Iterable[str]) -> None:
        """Let exactly these commands reach the integration; ``toggle`` is made of the two."""
        for undo in self._undo.pop(key, ()):
            undo()
        self._ids[key] = entity.entity_id
        self._undo[key] = [
            self._commands.handle(
                entity.entity_id,
                name,
                partial(self._toggle, key, entity)
                if name == "toggle"
                else partial(self._command, key, name),
            )
            for name in names
        ]

    async def _toggle(self, key: str, entity: Entity, args: Mapping[str, Any]) -> None:
        state = self._states.get(entity.entity_id)
        is_on = state is not None and state.value is True
        await self._command(key, "turn_off" if is_on else "turn_on", args)

    def _unreachable(self, entity: Entity) -> None:
        if self._states.get(entity.entity_id) is not None:
            self._states.set(entity.entity_id, None, {}, available=False)

    def _registry_changed(self, entity: Entity) -> None:
        if entity.integration != self._domain:
            return
        key = f"{entity.kind}.{entity.unique_id}"
        if self._entities.get(key) is not entity:
            return
        if self._ids.get(key, entity.entity_id) != entity.entity_id:
            # It took another's place: commands to that id are its own now.
            self._take_commands(key, entity, entity.commands)
        if self._enabled.get(key) != entity.enabled:
            self._tell_enabled(key, entity)

    def _tell_enabled(self, key: str, entity: Entity) -> None:
        self._enabled[key] = entity.enabled
        if not entity.enabled:
            self._unreachable(entity)
        if self._inside is not None:
            self._inside.handle_enabled(key, entity.enabled)

    async def _command(self, key: str, command: str, args: Mapping[str, Any]) -> None:
        if self._inside is not None:
            await self._inside.handle_command(key, command, args)


def _operable(kind: str, names: Iterable[str]) -> frozenset[str]:
    """What can be asked of an entity: what its integration answers, and ``toggle`` of the two."""
    found = frozenset(names)
    if {"turn_on", "turn_off"} <= found and "toggle" in KINDS[kind].commands:
        return found | {"toggle"}
    return found
