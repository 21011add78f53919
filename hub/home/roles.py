"""What the resident bound: which actuator acts in which role, and each sensor's limit.

The kernel keeps its own copy with the wires it needs; this is the resident's side, from which
that copy is made anew whenever a device or a choice changes. Nothing is bound by name or by
guess: an empty table means that the kernel says "cannot act".
"""

from __future__ import annotations

from typing import Any

from hub.core.registry import Entity, Registry
from hub.core.sealed import Box, SealedTable
from hub.core.store import Store
from hub.home.options import CLEAR_S

ROLE_COMMANDS: dict[str, dict[str, str]] = {
    "gas_valve": {"valve": "close", "switch": "turn_off"},
    "water_valve": {"valve": "close", "switch": "turn_off"},
    "siren": {"siren": "turn_on", "switch": "turn_on"},
    "socket": {"switch": "turn_off"},
}
"""For each role, the kinds that can fill it and the command the kernel sends them."""

HAZARD_CLASSES = {"gas": "gas", "smoke": "smoke", "moisture": "leak"}
"""Device class of a binary sensor -> the hazard it senses."""

MAINS_LIMIT_S = 2 * 3600.0
BATTERY_LIMIT_S = 25 * 3600.0

MIGRATION = SealedTable.migration("bindings")
_KEY = "resident"


class Bindings:
    """The resident's bindings and limits, sealed as one record.

    Args:
        store: the home's database.
        box: seals it under the household key.
        registry: where entities and their wires come from.
        clear_s: seconds a sensor has to be quiet before its hazard is over.
    """

    def __init__(
        self, store: Store, box: Box, registry: Registry, *, clear_s: float = CLEAR_S
    ) -> None:
        self._store = store
        self._clear_s = clear_s
        self._table = SealedTable("bindings", box)
        self._registry = registry
        self.version = 0
        self.roles: dict[str, str] = {}
        self.gas_safe: set[str] = set()
        self.limits: dict[str, float] = {}

    async def load(self) -> None:
        """Read the stored bindings."""
        data = await self._store.read(lambda db: self._table.get(db, _KEY))
        if data is not None:
            self.version = data["version"]
            self.roles = data["roles"]
            self.gas_safe = set(data["gas_safe"])
            self.limits = data["limits"]

    async def bind(self, role: str, entity_id: str, *, gas_safe: bool = False) -> None:
        """Let the kernel use an actuator in a role.

        An entity that isn't known yet may be bound: it acts as soon as its device appears.

        Raises:
            ValueError: no such role, or a kind that can't fill it.
        """
        kind = entity_id.partition(".")[0]
        if kind not in ROLE_COMMANDS.get(role, {}):
            raise ValueError(f"{entity_id} can't act as {role}")
        self.roles[entity_id] = role
        if gas_safe:
            self.gas_safe.add(entity_id)
        else:
            self.gas_safe.discard(entity_id)
        await self._save()

    async def unbind(self, entity_id: str) -> None:
        """The kernel no longer uses this actuator."""
        self.roles.pop(entity_id, None)
        self.gas_safe.discard(entity_id)
        await self._save()

    async def set_limit(self, entity_id: str, seconds: float) -> None:
        """How long a safety sensor may stay silent before it counts as lost.

        Raises:
            ValueError: outside one minute to thirty days.
        """
        if not 60 <= seconds <= 30 * 86400:
            raise ValueError("a limit lies between one minute and thirty days")
        self.limits[entity_id] = seconds
        await self._save()

    def limit_of(self, entity: Entity) -> float:
        """The sensor's limit in seconds: the resident's, else by how it is powered."""
        own = self.limits.get(entity.entity_id)
        if own is not None:
            return own
        return BATTERY_LIMIT_S if self._on_battery(entity) else MAINS_LIMIT_S

    def sensors(self) -> list[Entity]:
        """Every enabled sensor that the kernel watches."""
        return [
            entity
            for entity in self._registry.entities()
            if entity.enabled
            and entity.wire is not None
            and entity.kind == "binary_sensor"
            and entity.device_class in HAZARD_CLASSES
        ]

    def candidates(self, role: str) -> list[Entity]:
        """Entities that the resident could bind to a role."""
        kinds = ROLE_COMMANDS[role]
        return [
            entity
            for entity in self._registry.entities()
            if entity.enabled
            and entity.wire is not None
            and kinds.get(entity.kind) in entity.wire.commands
        ]

    def for_kernel(self) -> dict[str, Any]:
        """The full set as the kernel takes it (see ``hub.safety.bindings``)."""
        sensors = [
            {
                "entity_id": entity.entity_id,
                "hazard": HAZARD_CLASSES[entity.device_class or ""],
                "wire": entity.wire.to_json() if entity.wire else None,
                "limit_s": self.limit_of(entity),
                "clear_s": self._clear_s,
            }
            for entity in self.sensors()
        ]
        actuators = []
        for entity_id, role in self.roles.items():
            entity = self._registry.get(entity_id)
            if entity is None or entity.wire is None:
                continue
            actuators.append(
                {
                    "entity_id": entity_id,
                    "role": role,
                    "command": ROLE_COMMANDS[role][entity.kind],
                    "wire": entity.wire.to_json(),
                    "gas_safe": entity_id in self.gas_safe,
                }
            )
        return {"sensors": sensors, "actuators": actuators, "version": self.version}

    def _on_battery(self, entity: Entity) -> bool:
        return any(
            other.device_id == entity.device_id and other.device_class == "battery"
            for other in self._registry.entities()
        )

    async def _save(self) -> None:
        self.version += 1
        data = {
            "version": self.version,
            "roles": self.roles,
            "gas_safe": sorted(self.gas_safe),
            "limits": self.limits,
        }
        await self._store.run(lambda db: self._table.put(db, _KEY, data))
