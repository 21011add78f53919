"""A whole home for the tests against real brokers: registry, states, commands, integrations."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.core import audit, registry
from hub.core.audit import Audit
from hub.core.commands import Actor, Commands
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.registry import Entity, Registry
from hub.core.states import State, States
from hub.core.store import Store, migrate
from hub.plugins.entities import CommandProblem
from hub.plugins.loader import Plugins
from hub.testing import until
from privacy.vault import MachineKey

PERSON = Actor("resident-1", "resident")


class Home:
    """Started on a broker; ``devices`` is a second connection that plays the devices."""

    def __init__(self, folder: Path, hub: MqttSettings, devices: MqttSettings) -> None:
        box = MachineKey.load_or_create(folder / "keys").box("test")
        self.store = Store(folder / "home.db")

        def prepare(connection: sqlite3.Connection) -> None:
            migrate(connection, [registry.MIGRATION, audit.MIGRATION])

        self.store.run_sync(prepare)
        self.registry = Registry(self.store, box)
        self.states = States()
        self.commands = Commands(self.registry, Audit(self.store, box), problems=(CommandProblem,))
        self.hub = MqttConnection(hub)
        self.devices = MqttConnection(devices)
        self.plugins = Plugins(
            registry=self.registry, states=self.states, commands=self.commands, mqtt=self.hub
        )
        self.received: list[tuple[str, str]] = []

    async def start(self) -> None:
        await self.registry.load()
        await self.hub.start()
        await self.devices.start()
        await self.plugins.start({"mqtt": {}})
        assert self.plugins.failed == {}
        await self.hub.wait_connected()
        await self.devices.wait_connected()

    async def device_listens(
        self, topic: str, callback: Callable[[str, bytes, bool], None]
    ) -> None:
        """Subscribe as a device; returns once the broker certainly has the subscription."""
        ready = asyncio.Event()
        self.devices.subscribe(topic, callback)
        self.devices.subscribe("linli-test/ready", lambda *_: ready.set())
        # Retained, and a broker takes one client's subscriptions in order: once this comes back
        # both are known.
        self.devices.publish_now("linli-test/ready", "now", retain=True)
        await asyncio.wait_for(ready.wait(), 10)

    async def stop(self) -> None:
        await self.plugins.stop()
        await self.hub.stop()
        await self.devices.stop()
        self.store.close()

    def problems(self) -> dict[str, int]:
        return self.plugins.running["mqtt"].door.problems.counts

    def entity(self, kind: str, unique_id: str) -> Entity | None:
        return self.registry.of_source("mqtt", kind, unique_id)

    def state(self, entity_id: str) -> State | None:
        return self.states.get(entity_id)

    async def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        await self.devices.publish(topic, payload, 1, retain)

    async def value(self, entity_id: str, expected: Any) -> None:
        """Return when the entity is available with this value."""

        def there() -> bool:
            state = self.states.get(entity_id)
            return state is not None and state.available and state.value == expected

        await until(there)

    async def available(self, entity_id: str, *, expected: bool) -> None:
        def there() -> bool:
            state = self.states.get(entity_id)
            return state is not None and state.available is expected

        await until(there)
