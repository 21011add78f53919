"""Devices and entities: what the home has, under names that stay when the source renames.

Held in memory as slotted records; each row is sealed in the home's database (names are personal
data) and rewritten when it changes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from hub.core.sealed import Box, SealedTable
from hub.core.store import Store, StoreError
from hub.core.things import Device, Entity
from hub.core.wire import Wire

__all__ = ["MIGRATION", "Device", "Entity", "Registry"]

MIGRATION = SealedTable.migration("registry")

_LOG = logging.getLogger(__name__)
_NOT_SLUG = re.compile(r"[^a-z0-9_]+")
LONGEST_ID = 96
_ROOMS = "rooms"


def _digest(row: dict[str, Any]) -> bytes:
    """Of a row: whether one has to be written again is known without keeping them all."""
    written = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(written, digest_size=16).digest()


Listener = Callable[[Entity], None]


class Registry:
    """All devices and entities of a home.

    Args:
        store: where rows are kept; its migrations contain `MIGRATION`.
        box: seals the rows.
    """

    def __init__(self, store: Store, box: Box) -> None:
        self._store = store
        self._table = SealedTable("registry", box)
        self._waiting: dict[str, dict[str, Any] | None] = {}
        self._unwritten: StoreError | None = None
        self._writing: asyncio.Task[None] | None = None
        self._devices: dict[str, Device] = {}
        self._entities: dict[str, Entity] = {}
        self._by_source: dict[tuple[str, str, str], Entity] = {}
        self._by_identifier: dict[tuple[str, str], Device] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._rooms: tuple[str, ...] = ()
        self._written: dict[str, bytes] = {}  # the digest of each row on the disk
        # Rows lie under random keys: an entity's id may hold a name that somebody gave it.
        self._rows: dict[str, str] = {}

    async def load(self) -> None:
        """Read the stored rows; entities are absent until their source announces them."""
        for place, row in await self._store.read(lambda db: list(self._table.all(db))):
            if "rooms" in row:
                self._rows[_ROOMS], self._written[_ROOMS] = place, _digest(row)
                self._rooms = tuple(row["rooms"])
                continue
            is_device = "identifiers" in row
            key = f"device:{row['id']}" if is_device else f"entity:{row['entity_id']}"
            self._rows[key] = place
            self._written[key] = _digest(row)
            if is_device:
                row["identifiers"] = tuple(row["identifiers"])
                self._know_device(Device(**row))
            else:
                wire = row.pop("wire")
                row["present"] = False
                self._know(Entity(**row, wire=Wire.from_json(wire) if wire else None))

    def device(self, device_id: str | None) -> Device | None:
        """One device."""
        return self._devices.get(device_id) if device_id else None

    def devices(self) -> list[Device]:
        """All devices."""
        return list(self._devices.values())

    def get(self, entity_id: str) -> Entity | None:
        """One entity."""
        return self._entities.get(entity_id)

    def entities(self) -> list[Entity]:
        """All entities, absent ones too."""
        return list(self._entities.values())

    def of_device(self, device_id: str) -> list[Entity]:
        """The entities of one device."""
        return [entity for entity in self._entities.values() if entity.device_id == device_id]

    def rooms(self) -> list[str]:
        """The rooms in the household's order, then those that a source alone named, by name."""
        known = {device.area for device in self._devices.values()}
        known |= {entity.area for entity in self._entities.values()}
        return [*self._rooms, *sorted(known.difference(self._rooms, ("",)))]

    def set_rooms(self, names: Sequence[str]) -> None:
        """The household's rooms, in its order; written together with what changes in this pass."""
        self._rooms = tuple(dict.fromkeys(names))
        self._keep(_ROOMS, {"rooms": list(self._rooms)})

    def of_source(self, integration: str, kind: str, unique_id: str) -> Entity | None:
        """The entity that a source knows by this unique id."""
        return self._by_source.get((integration, kind, unique_id))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(entity)`` when one is new or changed; returns what ends it."""
        self._listeners = (*self._listeners, listener)

        def unlisten() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unlisten

    def announce_device(
        self, integration: str, identifiers: tuple[str, ...], **facts: str
    ) -> Device:
        """Make a device known or bring its facts up to date.

        Args:
            integration: the domain that found it.
            identifiers: any one in common makes it the same device.
            facts: ``name``, ``manufacturer``, ``model``, ``area``; a resident's own name stays.
        """
        device = next(
            (
                self._by_identifier[(integration, one)]
                for one in identifiers
                if (integration, one) in self._by_identifier
            ),
            None,
        )
        if device is None:
            seed = "\0".join((integration, *sorted(identifiers)))
            device = Device(hashlib.sha256(seed.encode()).hexdigest()[:16], integration, ())
        device.identifiers = tuple(dict.fromkeys((*device.identifiers, *identifiers)))
        for name, value in facts.items():
            chosen = {"name": device.renamed, "area": device.placed}.get(name, False)
            if value and not chosen:
                setattr(device, name, value)
        self._know_device(device)
        self._keep(f"device:{device.id}", device.to_row())
        return device

    def announce(
        self,
        integration: str,
        kind: str,
        unique_id: str,
        *,
        suggested_id: str | None = None,
        **facts: Any,
    ) -> Entity:
        """Make an entity known or bring its facts up to date; its entity id never changes.

        Args:
            integration: the domain that found it.
            kind: a name of `hub.core.kinds`.
            unique_id: the source's.
            suggested_id: wish for the words of the entity id when it is first seen.
            facts: ``device_id``, ``device_class``, ``unit``, ``name``, ``category``,
                ``enabled`` (first time only), ``wire``, ``commands``, ``members``.
        """
        entity = self._by_source.get((integration, kind, unique_id))
        if entity is None:
            entity_id = self._free_id(kind, suggested_id or facts.get("name") or unique_id)
            entity = Entity(entity_id, unique_id, integration, kind, **facts)
        else:
            facts.pop("enabled", None)
            for name, value in facts.items():
                setattr(entity, name, value)
            entity.present = True
        self._know(entity)
        self._changed(entity)
        return entity

    def withdraw(self, entity: Entity) -> None:
        """Its source no longer announces it; the id stays reserved for its return."""
        entity.present = False
        entity.commands = frozenset()
        self._changed(entity)

    def rename_device(self, device: Device, name: str, area: str) -> None:
        """The resident's own name and room; the source no longer changes what was chosen."""
        device.renamed = device.renamed or name != device.name
        device.placed = device.placed or area != device.area
        device.name, device.area = name, area
        self._keep(f"device:{device.id}", device.to_row())
        for entity in self.of_device(device.id):
            self._changed(entity)

    def change(self, entity: Entity, **choices: Any) -> None:
        """The household's choices: ``own_name``, ``area``, ``hidden``, ``enabled``, ``members``."""
        for name, value in choices.items():
            setattr(entity, name, value)
        self._changed(entity)

    def remove(self, entity: Entity) -> None:
        """Forget an entity; its source announcing it again would make it a new one."""
        del self._entities[entity.entity_id]
        del self._by_source[entity.source]
        entity.present, entity.commands = False, frozenset()
        self._keep(f"entity:{entity.entity_id}", None)
        self._tell(entity)

    def remove_device(self, device: Device) -> None:
        """Forget a device; its entities must be gone before."""
        del self._devices[device.id]
        for one in device.identifiers:
            self._by_identifier.pop((device.integration, one), None)
        self._keep(f"device:{device.id}", None)

    def swap(self, old: Entity, new: Entity) -> None:
        """Let `new` stand where `old` stood: their ids and the household's choices change places.

        What refers to the old one by its id (history, favourites, safety roles) means the new
        one from now on.
        """
        for name in ("entity_id", "own_name", "area", "hidden", "enabled"):
            kept = getattr(old, name)
            setattr(old, name, getattr(new, name))
            setattr(new, name, kept)
        for entity in (old, new):
            self._know(entity)
        for entity in (old, new):
            self._changed(entity)

    def set_enabled(self, entity: Entity, enabled: bool) -> None:
        """The household's choice whether an entity is used."""
        entity.enabled = enabled
        self._changed(entity)

    def name_of(self, entity_id: str) -> str:
        """What people call an entity: its device's name and its own, or its id."""
        entity = self._entities.get(entity_id)
        if entity is None:
            return entity_id
        device = self.device(entity.device_id)
        if entity.own_name:
            return entity.own_name
        words = [word for word in (device.name if device else "", entity.name) if word]
        return " ".join(dict.fromkeys(words)) or entity_id

    def area_of(self, entity: Entity) -> str:
        """The room that an entity is in: its own, or its device's."""
        device = self.device(entity.device_id)
        return entity.area or (device.area if device else "")

    def _know_device(self, device: Device) -> None:
        self._devices[device.id] = device
        for one in device.identifiers:
            self._by_identifier[(device.integration, one)] = device

    def _know(self, entity: Entity) -> None:
        self._entities[entity.entity_id] = entity
        self._by_source[entity.source] = entity

    def _changed(self, entity: Entity) -> None:
        self._keep(f"entity:{entity.entity_id}", entity.to_row())
        self._tell(entity)

    def _tell(self, entity: Entity) -> None:
        for listener in self._listeners:
            listener(entity)

    def _free_id(self, kind: str, wish: str) -> str:
        words = _NOT_SLUG.sub("_", wish.lower()).strip("_")[:LONGEST_ID]
        if not words:
            words = hashlib.sha256(wish.encode()).hexdigest()[:8]
        candidate, number = f"{kind}.{words}", 2
        while candidate in self._entities:
            candidate, number = f"{kind}.{words}_{number}", number + 1
        return candidate

    async def kept(self) -> None:
        """Return when all changes until now are on the disk.

        Raises:
            StoreError: the disk did not take them; they hold until the process ends.
        """
        while self._writing is not None and not self._writing.done():
            await asyncio.shield(self._writing)
        if self._unwritten is not None:
            problem, self._unwritten = self._unwritten, None
            raise problem

    def _keep(self, key: str, row: dict[str, Any] | None) -> None:
        """Write a changed row, or remove it.

        Nobody has to wait, for the source announces again at every start; who changed what a
        person chose waits for `kept`.
        """
        digest = None if row is None else _digest(row)
        if self._written.get(key) == digest:
            return
        if digest is None:
            self._written.pop(key, None)
        else:
            self._written[key] = digest
        if not self._waiting:
            self._writing = asyncio.get_running_loop().create_task(self._write(self._writing))
        self._waiting[key] = row

    async def _write(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before  # the last written row wins
        await asyncio.sleep(0)  # let all that is announced in this pass share one transaction
        rows = dict(self._waiting)
        self._waiting.clear()
        places = {key: self._rows.setdefault(key, secrets.token_hex(8)) for key in rows}

        def write(db: sqlite3.Connection) -> None:
            for key, row in rows.items():
                if row is None:
                    self._table.delete(db, places[key])
                else:
                    self._table.put(db, places[key], row)

        try:
            await self._store.run(write)
        except StoreError as error:
            _LOG.warning("devices could not be stored: %s", error)
            self._unwritten = error
            for key in rows:
                self._written.pop(key, None)
