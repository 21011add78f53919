"""Everything a home does to get devices, behind one object that pages and programs use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hub.adding.brokers import data_of, outside_of, try_broker
from hub.adding.entries import Entries, Entry
from hub.adding.finds import BROKER, Find, Finds, find_id
from hub.adding.imports import Imports
from hub.adding.lan import Look, Service
from hub.adding.problems import AddProblem
from hub.adding.tray import Tray
from hub.core import outside
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.outside import OutsideBroker
from hub.core.registry import Device, Registry
from hub.core.store import Box, Store
from hub.plugins.config import Config, ConfigProblem
from hub.plugins.integration import Integration
from hub.plugins.loader import LoadProblem, Plugins
from hub.plugins.manifest import Manifest

BROKER_SERVICES = ("_mqtt._tcp.local.", "_secure-mqtt._tcp.local.")
CHECK_S = 15.0


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


UNKNOWN = _("There is no such integration.")
UNUSABLE = _("This integration can't be used: %(why)s")
NO_ANSWER = _("The device didn't answer within %(seconds)s seconds. Nothing was saved.")
BUILT_IN = _("This one belongs to the home and stays.")
OPERATORS = _("The broker is set where the hub is started; change it there.")
BOUND = _("%(name)s acts in an alarm. Take it out of the safety page first.")
WATCHES = _("This device warns of danger. Ignored, it warns nobody. Press once more to ignore it.")
NO_DEVICE = _("There is no such device.")


class Safety:
    """What the tray has to know of safety.

    Args:
        bound: the names of a device's actuators that act in an alarm, by device id.
        watches: whether a device's sensors are watched, by device id.
    """

    def __init__(self, bound: Callable[[str], list[str]], watches: Callable[[str], bool]) -> None:
        self.bound = bound
        self.watches = watches


class Adding:
    """One home's ways to new devices.

    Args:
        data: the home's folder.
        store: its migrations contain `hub.adding.entries.MIGRATION`.
        box: seals entries, decisions and what was ignored.
        registry: devices.
        plugins: integrations.
        mqtt: the connection to the home's broker; None without.
        broker: reads again how to reach the home's broker, blocking; None where it can't change.
        built_in: data of the integrations that run without being added.
        safety: what may not be ignored, or not lightly.
        changed: called with ``adding`` when there is something new to show.
    """

    def __init__(
        self,
        data: Path,
        store: Store,
        box: Box,
        *,
        registry: Registry,
        plugins: Plugins,
        mqtt: MqttConnection | None,
        broker: Callable[[], MqttSettings] | None,
        built_in: Mapping[str, Mapping[str, object]],
        safety: Safety,
        changed: Callable[[str], None],
    ) -> None:
        def tell() -> None:
            changed("adding")

        self._data = data
        self._registry = registry
        self._plugins = plugins
        self._mqtt = mqtt
        self._broker = broker
        self.safety = safety
        self._tell = tell
        self.on_broker: Callable[[MqttSettings, bool], None] = lambda _settings, _ours: None
        self.entries = Entries(store, box, built_in)
        self.finds = Finds(store, box, tell)
        self.tray = Tray(store, box, registry, tell)
        self.imports = Imports(registry, plugins, mqtt)
        self.look_around = Look(self._found, tell)
        self.outside: OutsideBroker | None = None

    async def start(self) -> None:
        """Read what was stored and start every entry."""
        await self.entries.load()
        await self.finds.load()
        await self.tray.load()
        await self._plugins.find()
        self.outside = await asyncio.to_thread(outside.load, self._data)
        if self._mqtt is not None:
            for entry in self.entries.all():
                await self._plugins.start_entry(entry.id, entry.domain, entry.data)

    async def stop(self) -> None:
        """End the search and the entries."""
        await self.look_around.stop()
        self.tray.stop()
        await self._plugins.stop()

    # -- finds --------------------------------------------------------------------------

    def look(self) -> None:
        """Look around the home network for a minute; returns at once."""
        kinds = {row.service for one in self.manifests() for row in one.discovery}
        self.look_around.start(sorted({*kinds, *BROKER_SERVICES}))

    def _found(self, service: Service) -> None:
        place = f"{service.host}:{service.port}"
        facts = {"host": service.host, "port": str(service.port), "name": service.name}
        facts |= {f"txt.{key}": text for key, text in service.txt.items()}
        if service.kind in BROKER_SERVICES:
            if self._mqtt is None or self._mqtt.settings.host != service.host:
                fills = {"host": service.host, "port": str(service.port)}
                fills["tls"] = "system" if "secure" in service.kind else "none"
                found = find_id("lan", BROKER, f"{service.kind} {service.name}")
                self.finds.add(Find(found, BROKER, service.name, place, fills))
            return
        for manifest in self.manifests():
            for row in manifest.discovery:
                if row.service == service.kind:
                    fills = {
                        name: facts[source] for name, source in row.fills.items() if source in facts
                    }
                    found = find_id("lan", manifest.domain, f"{service.kind} {service.name}")
                    self.finds.add(Find(found, manifest.domain, service.name, place, fills))

    # -- integrations -------------------------------------------------------------------

    def manifests(self) -> list[Manifest]:
        """Every integration there is, by domain."""
        return [self._plugins.manifests[one] for one in sorted(self._plugins.manifests)]

    def manifest(self, domain: str) -> Manifest:
        """One integration; raises AddProblem."""
        if domain not in self._plugins.manifests:
            raise AddProblem(UNKNOWN)
        return self._plugins.manifests[domain]

    def trouble(self, entry_id: str) -> str:
        """Why an entry doesn't run, in English for whoever can mend it; "" while it does."""
        return self._plugins.failed.get(entry_id, "")

    def runs(self, entry_id: str) -> bool:
        """Whether an entry is at work."""
        return entry_id in self._plugins.running

    async def config_of(self, domain: str) -> type[Config]:
        """The config class whose form a page shows; runs the integration's code.

        Raises:
            AddProblem: there is no such integration, or it can't be used.
        """
        return (await self._class(domain)).config_class()

    async def _class(self, domain: str) -> type[Integration[Any]]:
        self.manifest(domain)
        try:
            return await self._plugins.class_of(domain)
        except LoadProblem as problem:
            raise AddProblem(UNUSABLE, why=str(problem)) from None

    async def add(self, domain: str, data: Mapping[str, object], find: str = "") -> Entry:
        """Add an integration: tried at the device, stored, started.

        Args:
            domain: which.
            data: its settings.
            find: the find that it was made from, offered no more.

        Raises:
            ConfigProblem: settings don't fit, or the device refuses; nothing was saved.
            AddProblem: the integration can't be used, or the device is silent.
            StoreError: the disk did not take it.
        """
        await self._check(domain, data)
        entry = Entry(self.entries.free_id(domain), domain, dict(data))
        await self._put(entry)
        self.finds.done(find)
        return entry

    async def change(self, entry_id: str, data: Mapping[str, object]) -> Entry:
        """Give an entry other settings; raises as `add` does."""
        entry = self._entry(entry_id)
        await self._check(entry.domain, data)
        changed = Entry(entry.id, entry.domain, dict(data))
        await self._put(changed)
        return changed

    async def remove(self, entry_id: str) -> None:
        """Take an integration out; its devices stay known, without a state.

        Raises:
            AddProblem: it belongs to the home, or isn't there.
            StoreError: the disk did not take it.
        """
        self._entry(entry_id)
        if not self.entries.removable(entry_id):
            raise AddProblem(BUILT_IN)
        await self.entries.remove(entry_id)
        await self._plugins.stop_entry(entry_id)
        self._tell()

    def _entry(self, entry_id: str) -> Entry:
        entry = self.entries.get(entry_id)
        if entry is None:
            raise AddProblem(UNKNOWN)
        return entry

    async def _check(self, domain: str, data: Mapping[str, object]) -> None:
        made = await self._class(domain)
        made.config_class().from_data(data)
        try:
            async with asyncio.timeout(CHECK_S):
                await self._plugins.check(domain, data)
        except TimeoutError:
            raise AddProblem(NO_ANSWER, seconds=f"{CHECK_S:g}") from None
        except LoadProblem as problem:
            raise AddProblem(UNUSABLE, why=str(problem)) from None

    async def _put(self, entry: Entry) -> None:
        await self.entries.put(entry)
        await self._plugins.stop_entry(entry.id)
        await self._plugins.start_entry(entry.id, entry.domain, entry.data)
        self._tell()

    # -- devices that announced themselves ----------------------------------------------

    def device(self, device_id: str) -> Device:
        """One device; raises AddProblem."""
        found = self._registry.device(device_id)
        if found is None:
            raise AddProblem(NO_DEVICE)
        return found

    async def ignore_device(self, device_id: str, *, sure: bool = False) -> None:
        """Switch a device off and offer it no more.

        Args:
            device_id: which.
            sure: a second press, for a device that warns of danger.

        Raises:
            AddProblem: it acts in an alarm, or warns and nobody pressed twice (field ``sure``).
            StoreError: the disk did not take it.
        """
        self.device(device_id)
        bound = self.safety.bound(device_id)
        if bound:
            raise AddProblem(BOUND, name=bound[0])
        if self.safety.watches(device_id) and not sure:
            raise AddProblem(WATCHES, "sure")
        await self.tray.ignore(device_id)

    # -- the home's broker --------------------------------------------------------------

    @property
    def operators_broker(self) -> bool:
        """Whether the broker is set where the hub is started."""
        return self._broker is None or outside.operators()

    @property
    def broker_data(self) -> dict[str, object]:
        """Data of the chosen broker's form, its password included; empty for the embedded one."""
        return data_of(self.outside) if self.outside is not None else {}

    async def use_broker(self, data: Mapping[str, object]) -> None:
        """Go over to another broker, after trying it.

        Raises:
            ConfigProblem: it doesn't fit or can't be reached; nothing was changed.
            AddProblem: the operator set the broker.
            OSError: the disk did not take it.
        """
        self._may_choose()
        chosen = await asyncio.to_thread(outside_of, data)
        await try_broker(chosen)
        await asyncio.to_thread(outside.save, self._data, chosen)
        await self._go_over(chosen)

    async def use_own_broker(self) -> None:
        """Go back to the embedded broker. Raises AddProblem, OSError."""
        self._may_choose()
        await asyncio.to_thread(outside.forget, self._data)
        if self.outside is not None:
            await self._go_over(None)

    def _may_choose(self) -> None:
        if self.operators_broker:
            raise AddProblem(OPERATORS)

    async def _go_over(self, chosen: OutsideBroker | None) -> None:
        """What the old broker's devices said is no longer true: entries start anew."""
        self.outside = chosen
        if self._mqtt is None or self._broker is None:
            return
        settings = await asyncio.to_thread(self._broker)
        for entry in self.entries.all():
            await self._plugins.stop_entry(entry.id)
        await self._mqtt.change(settings)
        self.on_broker(settings, chosen is None)
        for entry in self.entries.all():
            await self._plugins.start_entry(entry.id, entry.domain, entry.data)
        self._tell()


__all__ = ["Adding", "ConfigProblem", "Safety"]
