"""What the resident bound: who acts in which role, which sensor is for what, and its limits.

The kernel keeps its own copy with the wires it needs; this is the resident's side, from which
that copy is made anew whenever a device or a choice changes. Nothing is bound by name or by
guess: an empty table means that the kernel says "cannot act".
"""

from __future__ import annotations

from typing import Any

from hub.core.registry import Entity, Registry
from hub.core.sealed import Box, SealedTable
from hub.core.store import Store
from hub.home.marks import PRESSED, Mark, Watched, check, watched
from hub.home.options import CLEAR_S
from hub.safety.table import HAZARDS, SOCKET, HazardKind

ROLE_COMMANDS: dict[str, dict[str, str]] = {
    "gas_valve": {"valve": "close", "switch": "turn_off"},
    "water_valve": {"valve": "close", "switch": "turn_off"},
    "siren": {"siren": "turn_on", "switch": "turn_on"},
    "socket": {"switch": "turn_off"},
}
"""For each role, the kinds that can fill it and the command the kernel sends them."""

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
        self.marks: dict[str, dict[str, Mark]] = {}

    async def load(self) -> None:
        """Read the stored bindings."""
        data = await self._store.read(lambda db: self._table.get(db, _KEY))
        if data is not None:
            self.version = data["version"]
            self.roles = data["roles"]
            self.gas_safe = set(data["gas_safe"])
            self.limits = data["limits"]
            # Homes bound before there were marks have none.
            self.marks = {
                entity_id: {hazard: Mark.from_json(row) for hazard, row in rows.items()}
                for entity_id, rows in data.get("marks", {}).items()
            }

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

    async def mark(self, entity_id: str, hazard: str, mark: Mark) -> None:
        """Say that a sensor is for this hazard, or change its limits.

        Raises:
            ValueError: it can't be, or a limit out of bounds; the text names the field.
        """
        if self._registry.get(entity_id) not in self.markable(HAZARDS[hazard]):
            raise ValueError("entity_id")
        check(HAZARDS[hazard], self._registry.get(entity_id), mark)
        self.marks.setdefault(entity_id, {})[hazard] = mark
        await self._save()

    async def unmark(self, entity_id: str, hazard: str) -> None:
        """It is no longer for this hazard; what is watched by itself has its first limits again."""
        rows = self.marks.get(entity_id, {})
        rows.pop(hazard, None)
        if not rows:
            self.marks.pop(entity_id, None)
        await self._save()

    def limit_of(self, entity: Entity) -> float | None:
        """The sensor's limit in seconds: the resident's, else by how it is powered.

        None for a button, which has nothing to say until it is pressed.
        """
        if entity.kind in PRESSED:
            return None
        own = self.limits.get(entity.entity_id)
        if own is not None:
            return own
        return BATTERY_LIMIT_S if self._on_battery(entity) else MAINS_LIMIT_S

    def sensors(self) -> list[Watched]:
        """Every enabled sensor that the kernel watches, once for each of its hazards."""
        found = [one for entity in self._readable() for one in watched(entity, self.marks)]
        places = {one.entity.device_id for one in found if not one.kind.companion}
        bound = [self._registry.get(entity_id) for entity_id in self.roles]
        places |= {entity.device_id for entity in bound if entity is not None}
        return [
            one
            for one in found
            if not one.kind.companion or one.entity.device_id in places - {None}
        ]

    def markable(self, kind: HazardKind) -> list[Entity]:
        """Sensors that the resident could say are for this hazard, those that are included."""
        found = []
        for entity in self._readable():
            if entity.kind == "sensor":
                if kind.measure_of(entity.device_class, entity.unit) is not None:
                    found.append(entity)
            elif entity.kind in kind.markable:
                # A sensor of words has one meaning: what it is watched for already.
                uses = {one.kind.name for one in watched(entity, self.marks)}
                if uses <= {kind.name}:
                    found.append(entity)
        return found

    def missing(self, one: Watched) -> list[str]:
        """The roles that a hazard of this sensor needs and that nothing is bound to."""
        own = self.own_sockets(one)
        return [
            role
            for role in one.kind.needs
            if not (own if role == SOCKET and one.kind.own_sockets else self._in_role(role))
        ]

    def own_sockets(self, one: Watched) -> list[str]:
        """The bound sockets of the sensor's own device, where these may act for it."""
        if not one.kind.own_sockets or (one.kind.optional and not one.mark.acts):
            return []
        place = one.entity.device_id
        sockets = map(self._registry.get, self._in_role(SOCKET))
        return [socket.entity_id for socket in sockets if socket and socket.device_id == place]

    def _in_role(self, role: str) -> list[str]:
        return [entity_id for entity_id, bound in self.roles.items() if bound == role]

    def _readable(self) -> list[Entity]:
        return [
            entity
            for entity in self._registry.entities()
            if entity.enabled and entity.wire is not None and entity.wire.state_topic is not None
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
        sensors = [self._sensor_row(one) for one in self.sensors()]
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

    def _sensor_row(self, one: Watched) -> dict[str, Any]:
        entity, mark = one.entity, one.mark
        row: dict[str, Any] = {
            "entity_id": entity.entity_id,
            "hazard": one.kind.name,
            "wire": entity.wire.to_json() if entity.wire else None,
            "limit_s": self.limit_of(entity),
            "clear_s": self._clear_s,
        }
        if one.measure is not None:
            row["measure"] = one.measure.row(entity.unit or "", mark.limit, mark.for_s)
        if own := self.own_sockets(one):
            row["own"] = own
        if entity.kind in PRESSED:
            row["presses"] = list(mark.presses)
        return row

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
            "marks": {
                entity_id: {hazard: mark.to_json() for hazard, mark in rows.items()}
                for entity_id, rows in self.marks.items()
            },
        }
        await self._store.run(lambda db: self._table.put(db, _KEY, data))
