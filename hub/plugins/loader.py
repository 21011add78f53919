"""Finds integrations by their manifests and builds the class that each one names.

Nothing here knows an integration by name: folders are looked through, manifests read as data, and
only then the one class is imported, off the event loop, from the path of its folder.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.core.commands import Commands
from hub.core.registry import Registry
from hub.core.states import States
from hub.plugins.config import ConfigProblem
from hub.plugins.connections.mqtt import Connection, Mqtt
from hub.plugins.door import HubDoor
from hub.plugins.integration import Integration
from hub.plugins.manifest import Manifest, ManifestProblem, find_manifests
from hub.plugins.problems import Noted

BUILT_IN = Path(__file__).resolve().parents[2] / "integrations"
_LOG = logging.getLogger(__name__)


class LoadProblem(RuntimeError):
    """An integration can't be started; the text says why."""


def load_class(manifest: Manifest) -> type[Integration[Any]]:
    """Import the class that the manifest names; runs the integration's code. Blocking.

    Raises:
        LoadProblem: There is no such class, or it isn't an ``Integration``.
    """
    package = f"integrations.{manifest.domain}"
    try:
        _load_package(package, manifest.folder)
        module = importlib.import_module(f"{package}.{manifest.module}")
    except (ImportError, SyntaxError) as problem:
        raise LoadProblem(f"{manifest.domain} can't be imported: {problem}") from problem
    found = getattr(module, manifest.class_name, None)
    if not isinstance(found, type) or not issubclass(found, Integration):
        raise LoadProblem(f"{manifest.domain}: {manifest.class_name} isn't an Integration")
    return found


def _load_package(package: str, folder: Path) -> None:
    known = sys.modules.get(package)
    if known is not None:
        if str(folder) not in list(known.__path__):
            raise LoadProblem(f"another integration is called {folder.name} too")
        return
    start = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        package, start, submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not start.is_file():
        raise LoadProblem(f"{folder.name} has no __init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[package]
        raise


class Running:
    """One integration at work."""

    __slots__ = ("connections", "door", "integration", "manifest")

    def __init__(
        self,
        manifest: Manifest,
        integration: Integration[Any],
        door: HubDoor,
        connections: dict[str, Mqtt],
    ) -> None:
        self.manifest = manifest
        self.integration = integration
        self.door = door
        self.connections = connections

    async def stop(self) -> None:
        """Close the integration, then what it was handed."""
        try:
            await self.integration.close()
        finally:
            for connection in self.connections.values():
                connection.close()
            self.door.close()


class Plugins:
    """Every integration of a hub.

    Attributes:
        manifests: all that were found, by domain.
        running: those at work, by config entry; an entry is called as its domain is unless
            it says otherwise.
        failed: why the others are not, one sentence each by entry or folder name.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        states: States,
        commands: Commands,
        mqtt: Connection | None = None,
        folders: Sequence[Path] = (BUILT_IN,),
    ) -> None:
        self._registry = registry
        self._states = states
        self._commands = commands
        self._mqtt = mqtt
        self._folders = tuple(folders)
        self.manifests: dict[str, Manifest] = {}
        self.running: dict[str, Running] = {}
        self.failed: dict[str, str] = {}

    async def start(self, configs: Mapping[str, Mapping[str, object]]) -> None:
        """Start every integration that has a config entry; one that fails stops no other.

        Args:
            configs: config data by domain; an empty one takes all defaults.
        """
        await self.find()
        for domain, data in configs.items():
            await self.start_entry(domain, domain, data)
        for domain, reason in self.failed.items():
            if domain not in configs:
                _LOG.error("integration %s: %s", domain, reason)

    async def find(self) -> None:
        """Read the manifests; runs no code of an integration."""
        manifests, wrong = await asyncio.to_thread(self._find)
        self.manifests = {manifest.domain: manifest for manifest in manifests}
        self.failed = {problem.folder.name: str(problem) for problem in wrong}

    async def start_entry(self, entry: str, domain: str, data: Mapping[str, object]) -> bool:
        """Start one config entry; False, with the reason in ``failed``, where that fails."""
        self.failed.pop(entry, None)
        try:
            self.running[entry] = await self._start(self._manifest(domain), data)
        except (LoadProblem, ConfigProblem) as problem:
            self.failed[entry] = str(problem)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the others start
            _LOG.exception("the integration %s failed to start", entry)
            self.failed[entry] = f"{type(problem).__name__} at start"
        if entry in self.failed:
            _LOG.error("integration %s: %s", entry, self.failed[entry])
        return entry in self.running

    async def stop_entry(self, entry: str) -> None:
        """Stop one config entry; nothing where it doesn't run."""
        self.failed.pop(entry, None)
        running = self.running.pop(entry, None)
        if running is None:
            return
        try:
            await running.stop()
        except Exception:  # noqa: BLE001 -- whatever it is, it is stopped
            _LOG.exception("the integration %s failed to stop", entry)

    async def class_of(self, domain: str) -> type[Integration[Any]]:
        """The class of an integration; runs its code.

        Raises:
            LoadProblem: There is no such integration, or it can't be imported.
        """
        return await asyncio.to_thread(load_class, self._manifest(domain))

    async def check(self, domain: str, data: Mapping[str, object]) -> None:
        """Check config data, and try it at the device.

        Raises:
            ConfigProblem: Fields are wrong, or the device isn't there.
            LoadProblem: The integration can't be used.
        """
        manifest = self._manifest(domain)
        made = await self.class_of(domain)
        config = made.config_class().from_data(data)
        connections = self._connect(manifest)
        try:
            await made.check(config, **connections)
        finally:
            for connection in connections.values():
                connection.close()

    def _manifest(self, domain: str) -> Manifest:
        if domain not in self.manifests:
            raise LoadProblem(self.failed.get(domain) or f"there is no integration {domain}")
        return self.manifests[domain]

    def noted(self) -> list[tuple[str, Noted]]:
        """What devices sent that couldn't be used: (domain, problem), most frequent first."""
        rows = [
            (domain, one)
            for domain, running in self.running.items()
            for one in running.door.problems.noted()
        ]
        return sorted(rows, key=lambda row: -row[1].times)

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for entry in reversed(tuple(self.running)):
            await self.stop_entry(entry)

    def _find(self) -> tuple[list[Manifest], list[ManifestProblem]]:
        manifests: list[Manifest] = []
        wrong: list[ManifestProblem] = []
        for folder in self._folders:
            found, refused = find_manifests(folder)
            manifests += found
            wrong += refused
        return manifests, wrong

    async def _start(self, manifest: Manifest, data: Mapping[str, object]) -> Running:
        made = await asyncio.to_thread(load_class, manifest)
        config = made.config_class().from_data(data)
        connections = self._connect(manifest)
        door = HubDoor(
            manifest.domain,
            manifest.kinds,
            registry=self._registry,
            states=self._states,
            commands=self._commands,
        )
        integration = made(door)
        door.open(integration)
        running = Running(manifest, integration, door, connections)
        try:
            await integration.connect(config, **connections)
        except BaseException:
            await running.stop()
            raise
        return running

    def _connect(self, manifest: Manifest) -> dict[str, Mqtt]:
        declared = manifest.connections.get("mqtt")
        if declared is None:
            return {}
        if self._mqtt is None:
            raise LoadProblem(f"{manifest.domain} needs an MQTT broker and there is none")
        return {"mqtt": Mqtt(self._mqtt, **declared)}
