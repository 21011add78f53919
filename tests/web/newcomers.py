"""The ways to new devices of a home without a broker, with a third party's integration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.adding.adding import Adding, Safety
from hub.adding.lan import Service
from hub.core.audit import Audit
from hub.core.commands import Commands
from hub.core.mqtt import MqttSettings
from hub.core.registry import Registry
from hub.core.states import States
from hub.core.store import Store
from hub.plugins.loader import BUILT_IN, Plugins
from hub.testing import FakeConnection
from privacy.box import Box
from tests.hub.adding.homes import lay_out

GATE = Service("_demo-gate._tcp.local.", "前门闸", "192.0.2.7", 8080, {"code": "1234"})
BROKER = Service("_mqtt._tcp.local.", "old-hub", "192.0.2.9", 1883, {})


def open_adding(
    store: Store, registry: Registry, states: States, changed: Callable[[str], None]
) -> Adding:
    """Make them; the caller starts and stops them."""
    folder = Path(store.path).parent
    box = Box(b"k" * 32)
    connection: Any = FakeConnection()
    connection.settings = MqttSettings("127.0.0.1", 18830)
    plugins = Plugins(
        registry=registry,
        states=states,
        commands=Commands(registry, Audit(store, box)),
        mqtt=connection,
        folders=(BUILT_IN, lay_out(folder)),
    )
    made = Adding(
        folder,
        store,
        box,
        registry=registry,
        plugins=plugins,
        mqtt=connection,
        broker=lambda: connection.settings,
        built_in={"mqtt": {}},
        safety=Safety(lambda _device: [], lambda _device: False),
        changed=changed,
    )
    made.look_around.interfaces = ["127.0.0.1"]
    return made
