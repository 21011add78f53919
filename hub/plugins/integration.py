"""The class an integration's author writes: it is given its config and its connections."""

from __future__ import annotations

import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from hub.plugins.config import Config
from hub.plugins.entities import CommandProblem, Door, Entity

ConfigT = TypeVar("ConfigT", bound=Config)
EntityT = TypeVar("EntityT", bound=Entity)


class Integration(ABC, Generic[ConfigT]):
    """Base of every integration; the manifest names the one subclass to build.

    ``connect`` gets the checked config and, by name, exactly the connections that the manifest
    declares. Entities made with ``add`` appear in the hub; nothing else of the hub is reachable.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._entities: dict[str, Entity] = {}

    @abstractmethod
    async def connect(self, config: ConfigT, *args: Any, **connections: Any) -> None:
        """Start: reach the devices and add their entities. Returns when started."""

    @classmethod
    async def check(cls, config: ConfigT, **connections: Any) -> None:
        """Try a config at the device before it is saved; without trying anything it is taken.

        Raises:
            ConfigProblem: The device isn't there or refuses; ``problems`` names the field.
        """

    async def close(self) -> None:
        """Stop: end what ``connect`` started; connections are closed by the hub."""

    def add(self, entity: EntityT) -> EntityT:
        """Make an entity known to the hub and return it.

        Raises:
            ValueError: There is one of the same kind and unique id already.
        """
        if entity.key in self._entities:
            raise ValueError(f"{entity.key} was added before")
        self._entities[entity.key] = entity
        entity.attach(self._door)
        return entity

    def remove(self, entity: Entity) -> None:
        """The entity has vanished; if it returns with the same unique id, it keeps its id."""
        if self._entities.pop(entity.key, None) is not None:
            entity.attach(None)
            self._door.withdraw(entity.key)

    def replace(self, old: Entity, new: EntityT) -> EntityT:
        """Put a changed entity in the place of one with the same key; its state carries on."""
        if old.key != new.key or self._entities.get(old.key) is not old:
            raise ValueError(f"{new.key} can't replace {old.key}")
        old.attach(None)
        self._entities[new.key] = new
        new.carry_on(old)
        new.attach(self._door)
        return new

    def has(self, key: str) -> bool:
        """Whether an entity of this key is added."""
        return key in self._entities

    def problem(self, kind: str, text: str, *values: object) -> None:
        """Count a problem and log one rate-limited line of its kind, without payloads."""
        self._door.problem(kind, text, *values)

    async def handle_command(self, key: str, command: str, args: Mapping[str, Any]) -> None:
        """A command from the hub, passed to its entity."""
        entity = self._entities.get(key)
        if entity is None:
            raise CommandProblem("The device was removed.")
        await entity.handle_command(command, args)

    def handle_enabled(self, key: str, enabled: bool) -> None:
        """The household's choice whether an entity is used."""
        entity = self._entities.get(key)
        if entity is not None:
            entity.handle_enabled(enabled)

    @classmethod
    def config_class(cls) -> type[Config]:
        """The config class given in ``Integration[...]``."""
        for base in cls.__mro__:
            for generic in getattr(base, "__orig_bases__", ()):
                if typing.get_origin(generic) is Integration:
                    found = typing.get_args(generic)[0]
                    if isinstance(found, type) and issubclass(found, Config):
                        return found
        raise TypeError(f"{cls.__name__} must derive from Integration[ItsConfig]")
