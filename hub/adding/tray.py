"""Devices that announced themselves and that nobody has looked at yet.

A device that announces itself on the home's own broker is taken at once, so that a smoke
detector watches from its first message on; it stays "new" until a person has placed or ignored
it. Ignoring switches all of it off, what it announces later too, and is remembered by the device.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from hub.core.registry import Device, Entity, Registry
from hub.core.store import Box, SealedTable, Store

TABLE = "adding"
_KIND = "device:"
_BEGUN = "begun"
PLACED, IGNORED = "placed", "ignored"


class Tray:
    """Which devices are new, and which are ignored.

    Args:
        store: its migrations contain `hub.adding.entries.MIGRATION`.
        box: seals the rows.
        registry: where devices are.
        changed: called when there is something new to show.
    """

    def __init__(
        self, store: Store, box: Box, registry: Registry, changed: Callable[[], None]
    ) -> None:
        self._store = store
        self._table = SealedTable(TABLE, box)
        self._registry = registry
        self._changed = changed
        self._rows: dict[str, dict[str, Any]] = {}
        self._unlisten: Callable[[], None] = lambda: None

    async def load(self) -> None:
        """Read what was decided; what a home had before there was a tray isn't new in it."""
        rows = dict(await self._store.read(lambda db: list(self._table.all(db))))
        self._rows = {
            key.removeprefix(_KIND): row for key, row in rows.items() if key.startswith(_KIND)
        }
        if _BEGUN not in rows:
            known = {device.id: _row(PLACED) for device in self._registry.devices()}
            await self._put(known, begun=True)
        self._unlisten()
        self._unlisten = self._registry.listen(self._announced)

    def stop(self) -> None:
        """Listen no more."""
        self._unlisten()

    def new(self) -> list[Device]:
        """Devices that are there and that nobody has placed or ignored, by name."""
        return self._devices(lambda device_id: device_id not in self._rows)

    def ignored(self) -> list[Device]:
        """Devices that were ignored, gone ones too, by name."""
        return sorted(
            (
                device
                for device in self._registry.devices()
                if self._rows.get(device.id, {}).get("state") == IGNORED
            ),
            key=lambda device: device.name,
        )

    def is_new(self, device_id: str) -> bool:
        """Whether this device waits for somebody to look at it."""
        return any(device.id == device_id for device in self.new())

    def is_ignored(self, device_id: str) -> bool:
        """Whether this device was ignored."""
        return self._rows.get(device_id, {}).get("state") == IGNORED

    async def placed(self, *device_ids: str) -> None:
        """These are new no more. Raises StoreError."""
        await self._put({one: _row(PLACED) for one in device_ids})
        self._changed()

    async def ignore(self, device_id: str) -> None:
        """Switch all of a device off and remember it. Raises StoreError."""
        entities = self._registry.of_device(device_id)
        off = [entity.entity_id for entity in entities if not entity.enabled]
        await self._put({device_id: _row(IGNORED, off)})
        for entity in entities:
            if entity.enabled:
                self._registry.set_enabled(entity, False)
        await self._registry.kept()
        self._changed()

    async def take_back(self, device_id: str) -> None:
        """Use an ignored device again, as it was; it is new once more. Raises StoreError."""
        off = set(self._rows.get(device_id, {}).get("off", ()))
        await self._store.run(lambda db: self._table.delete(db, _KIND + device_id))
        self._rows.pop(device_id, None)
        for entity in self._registry.of_device(device_id):
            if not entity.enabled and entity.entity_id not in off:
                self._registry.set_enabled(entity, True)
        await self._registry.kept()
        self._changed()

    def _devices(self, wanted: Callable[[str], bool]) -> list[Device]:
        here = {
            entity.device_id
            for entity in self._registry.entities()
            if entity.present and entity.device_id
        }
        found = [one for one in self._registry.devices() if one.id in here and wanted(one.id)]
        return sorted(found, key=lambda device: device.name)

    def _announced(self, entity: Entity) -> None:
        if entity.enabled and entity.device_id and self.is_ignored(entity.device_id):
            self._registry.set_enabled(entity, False)

    async def _put(self, rows: dict[str, dict[str, Any]], *, begun: bool = False) -> None:
        def write(db: sqlite3.Connection) -> None:
            for device_id, row in rows.items():
                self._table.put(db, _KIND + device_id, row)
            if begun:
                self._table.put(db, _BEGUN, {})

        await self._store.run(write)
        self._rows.update(rows)


def _row(state: str, off: list[str] | None = None) -> dict[str, Any]:
    return {"state": state, "off": off or []}
