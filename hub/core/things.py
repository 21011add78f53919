"""The records of the registry: a device and an entity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.core.wire import Wire

_PASSING = frozenset({"commands", "present"})
"""What holds only while the source announces it."""


class Device:
    """A physical thing.

    Attributes:
        id: ours, stable.
        integration: the domain that found it.
        identifiers: the source's names for it, such as ``zigbee2mqtt_0x00158d``.
        name: as its source or the resident names it.
        area: the room, empty when not said.
        renamed: the resident chose the name; the source no longer changes it.
        placed: the resident chose the room.
    """

    __slots__ = (
        "area",
        "id",
        "identifiers",
        "integration",
        "manufacturer",
        "model",
        "name",
        "placed",
        "renamed",
    )

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's own name
        integration: str,
        identifiers: tuple[str, ...],
        *,
        name: str = "",
        manufacturer: str = "",
        model: str = "",
        area: str = "",
        renamed: bool = False,
        placed: bool | None = None,
    ) -> None:
        self.id = id
        self.integration = integration
        self.identifiers = identifiers
        self.name = name
        self.manufacturer = manufacturer
        self.model = model
        self.area = area
        self.renamed = renamed
        # Rows from before rooms could be chosen alone: who renamed a device chose its room too.
        self.placed = renamed if placed is None else placed

    def to_row(self) -> dict[str, Any]:
        """What is stored of it."""
        row = {name: getattr(self, name) for name in Device.__slots__}
        row["identifiers"] = list(self.identifiers)
        return row


class Entity:
    """One thing that a device measures or does.

    Attributes:
        entity_id: ``kind.words``, stable for good.
        unique_id: the source's, unique within integration and kind.
        name: the source's.
        own_name: the resident's, empty where the source's is good enough.
        area: the resident's own room for it, empty where its device's room holds.
        category: ``diagnostic``, ``config`` or None for what people look at every day.
        enabled: the household's own choice once made.
        hidden: left out of what people look at every day.
        members: the entities of a group.
        commands: what its source can do now; told anew at every start, never stored.
        present: False while the source doesn't announce it.
        wire: how to read and command it over the broker, where plain payloads can say it.
    """

    __slots__ = (
        "area",
        "category",
        "commands",
        "device_class",
        "device_id",
        "enabled",
        "entity_id",
        "hidden",
        "integration",
        "kind",
        "members",
        "name",
        "own_name",
        "present",
        "unique_id",
        "unit",
        "wire",
    )

    def __init__(
        self,
        entity_id: str,
        unique_id: str,
        integration: str,
        kind: str,
        *,
        device_id: str | None = None,
        device_class: str | None = None,
        unit: str | None = None,
        name: str = "",
        category: str | None = None,
        enabled: bool = True,
        present: bool = True,
        wire: Wire | None = None,
        own_name: str = "",
        area: str = "",
        hidden: bool = False,
        members: Sequence[str] = (),
        commands: frozenset[str] = frozenset(),
    ) -> None:
        self.entity_id = entity_id
        self.unique_id = unique_id
        self.integration = integration
        self.kind = kind
        self.device_id = device_id
        self.device_class = device_class
        self.unit = unit
        self.name = name
        self.category = category
        self.enabled = enabled
        self.present = present
        self.wire = wire
        self.own_name = own_name
        self.area = area
        self.hidden = hidden
        self.members = tuple(members)
        self.commands = commands

    @property
    def source(self) -> tuple[str, str, str]:
        """How its source knows it."""
        return (self.integration, self.kind, self.unique_id)

    def to_row(self) -> dict[str, Any]:
        """What is stored of it."""
        row = {name: getattr(self, name) for name in Entity.__slots__ if name not in _PASSING}
        row["wire"] = self.wire.to_json() if self.wire else None
        row["members"] = list(self.members)
        return row
