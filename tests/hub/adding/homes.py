"""A home's ways to devices with a third party's integration; all is real but the broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from hub.adding import entries
from hub.adding.adding import Adding, Safety
from hub.core import audit, registry
from hub.core.audit import Audit
from hub.core.commands import Commands
from hub.core.mqtt import MqttSettings
from hub.core.registry import Registry
from hub.core.states import States
from hub.core.store import Store, migrate
from hub.plugins.entities import CommandProblem
from hub.plugins.loader import BUILT_IN, Plugins
from hub.testing import FakeConnection
from privacy.vault import MachineKey
from tests.hub.plugins.test_manifest import GOOD

GATE = '''"""A gate that is found on the network and asked before it is added."""

from hub.api import Config, ConfigProblem, Integration, Mqtt, Reason, Switch, setting


class GateConfig(Config):
    host: str = setting("Address")
    port: int = setting("Port", default=80, minimum=1, maximum=65535)
    code: str = setting("Code", default="", secret=True)


class Gate(Integration[GateConfig]):
    @classmethod
    async def check(cls, config, **connections):
        if config.code == "wrong":
            raise ConfigProblem({"code": Reason("The gate refuses this code.")})

    async def connect(self, config: GateConfig, mqtt: Mqtt) -> None:
        self.add(Switch(f"{config.host}-1", name="Gate"))
        mqtt.subscribe("gate/state", lambda *_: None)
'''
MANIFEST: dict[str, Any] = GOOD | {
    "domain": "demo_gate",
    "class": "gate:Gate",
    "connections": {"mqtt": {"subscribe": ["gate/#"], "publish": []}},
    "discovery": {
        "lan": [
            {
                "service": "_demo-gate._tcp.local.",
                "fills": {"host": "host", "port": "port", "code": "txt.code"},
            }
        ]
    },
}


def lay_out(folder: Path) -> Path:
    """Write the gate's integration below a folder and return it."""
    place = folder / "plugins" / "demo_gate"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "gate.py").write_text(GATE)
    (place / "manifest.json").write_text(json.dumps(MANIFEST))
    (place / "translations").mkdir()
    words = {"Address": "地址", "The gate refuses this code.": "闸门拒绝了这个密码。"}
    (place / "translations" / "zh_CN.json").write_text(json.dumps(words))
    return place.parent


class Place:
    """What a home's adding stands on; `again` opens it anew, as after a restart."""

    def __init__(self, folder: Path, plugins: Path) -> None:
        self.folder = folder
        self.folders = (BUILT_IN, plugins)
        self.bound: list[str] = []
        self.watched: set[str] = set()
        self.told: list[str] = []
        self.open()

    def open(self) -> None:
        """Make everything anew on the same files."""
        box = MachineKey.load_or_create(self.folder / "keys").box("test")
        self.store = Store(self.folder / "home.db")
        steps = [registry.MIGRATION, audit.MIGRATION, entries.MIGRATION]
        self.store.run_sync(lambda db: migrate(db, steps))
        self.registry = Registry(self.store, box)
        self.states = States()
        commands = Commands(self.registry, Audit(self.store, box), problems=(CommandProblem,))
        self.connection = connection = cast(Any, FakeConnection())
        connection.settings = MqttSettings("192.0.2.1", 1883)
        self.plugins = Plugins(
            registry=self.registry,
            states=self.states,
            commands=commands,
            mqtt=self.connection,
            folders=self.folders,
        )
        self.adding = Adding(
            self.folder,
            self.store,
            box,
            registry=self.registry,
            plugins=self.plugins,
            mqtt=self.connection,
            broker=None,
            built_in={"mqtt": {}},
            safety=Safety(lambda _device: self.bound, lambda device: device in self.watched),
            changed=self.told.append,
        )

    async def start(self) -> None:
        await self.registry.load()
        await self.adding.start()

    async def stop(self) -> None:
        await self.adding.stop()
        await self.registry.kept()
        self.store.close()

    async def again(self) -> None:
        await self.stop()
        self.open()
        await self.start()

    def announce(self, name: str, **more: Any) -> str:
        """A plug announces itself; returns its device's id."""
        config = {
            "unique_id": name,
            "state_topic": f"plug/{name}",
            "command_topic": f"plug/{name}/set",
            "device": {"identifiers": [name], "name": f"Plug {name}"},
            **more,
        }
        topic = f"homeassistant/switch/{name}/config"
        self.connection.deliver(topic, json.dumps(config), retain=True)
        found = self.registry.of_source("mqtt", "switch", name)
        assert found is not None
        assert found.device_id is not None
        return found.device_id
