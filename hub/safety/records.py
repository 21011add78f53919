"""What the kernel keeps and reports about one hazard: a record and the actions taken for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENT = "sent"
CONFIRMED = "confirmed"
FAILED = "failed"
UNBOUND = "unbound"
REFUSED_ELECTRICAL = "refused_electrical"
RESULTS = frozenset({SENT, CONFIRMED, FAILED, UNBOUND, REFUSED_ELECTRICAL})

SUPERVISION = "supervision"


class Action:
    """One command that a hazard called for, and what became of it.

    Attributes:
        entity_id: the actuator; empty when the resident bound none for the role.
        role: ``gas_valve``, ``water_valve``, ``siren`` or ``socket``.
        command: the command of the binding, such as ``close``; empty when unbound.
        result: ``sent``, ``confirmed`` (by the device's own state), ``failed`` (cannot act),
            ``unbound`` or ``refused_electrical``.
        at: wall clock of the last sending, seconds since the epoch.
        ms: milliseconds from the sensor's message in to the command out; None when never sent.
        first: steady clock of the first sending of the present round of attempts.
        last: steady clock of the last sending.
        attempt: how many times the command was repeated in this round.
        due: steady clock of the next look at it; None when nothing more will be tried.
        switched: it was sent, for this hazard or for one that ended before it.
        pending: it silences a siren after the hazard's end, and that isn't done yet.
    """

    __slots__ = (
        "at",
        "attempt",
        "command",
        "due",
        "entity_id",
        "first",
        "last",
        "ms",
        "pending",
        "result",
        "role",
        "switched",
    )

    def __init__(self, entity_id: str, role: str, command: str, result: str, at: float) -> None:
        self.entity_id = entity_id
        self.role = role
        self.command = command
        self.result = result
        self.at = at
        self.ms: float | None = None
        self.first = 0.0
        self.last = float("-inf")
        self.attempt = 0
        self.due: float | None = None
        self.switched = False
        self.pending = False

    def to_json(self) -> dict[str, Any]:
        """The action as the home reads it."""
        return {
            "entity_id": self.entity_id,
            "role": self.role,
            "command": self.command,
            "result": self.result,
            "at": self.at,
            "ms": self.ms,
            "switched": self.switched,
            "pending": self.pending,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Action:
        """Read what :meth:`to_json` wrote.

        Raises:
            KeyError: a field is missing.
        """
        action = cls(
            data["entity_id"], data["role"], data["command"], data["result"], float(data["at"])
        )
        action.ms = data["ms"]
        action.switched = bool(data.get("switched"))
        action.pending = bool(data.get("pending"))
        return action


class HazardRecord:
    """One hazard from the moment it was raised; ``rev`` grows with every change.

    Attributes:
        id: hex, the same for as long as the hazard is open, restarts of the kernel included.
        hazard: a name of :data:`hub.safety.table.HAZARDS`, or ``supervision``.
        entity_id: the sensor.
        active: True until the sensor was quiet for its ``clear_s``, or a person ended it.
        overrides: actuators that a person took back, by entity id: who and when.
    """

    __slots__ = (
        "acknowledged_at",
        "acknowledged_by",
        "actions",
        "active",
        "cleared_at",
        "entity_id",
        "hazard",
        "id",
        "overrides",
        "raised_at",
        "rev",
    )

    def __init__(self, hazard_id: str, hazard: str, entity_id: str, raised_at: float) -> None:
        self.id = hazard_id
        self.rev = 0
        self.hazard = hazard
        self.entity_id = entity_id
        self.raised_at = raised_at
        self.active = True
        self.acknowledged_at: float | None = None
        self.acknowledged_by: str | None = None
        self.cleared_at: float | None = None
        self.actions: list[Action] = []
        self.overrides: dict[str, tuple[str, float]] = {}

    def action_for(self, entity_id: str) -> Action | None:
        """The action that the hazard called for on this actuator, if any."""
        for action in self.actions:
            if action.entity_id == entity_id:
                return action
        return None

    def to_json(self) -> dict[str, Any]:
        """The record as the home and the store read it."""
        return {
            "id": self.id,
            "rev": self.rev,
            "hazard": self.hazard,
            "entity_id": self.entity_id,
            "raised_at": self.raised_at,
            "active": self.active,
            "acknowledged_at": self.acknowledged_at,
            "acknowledged_by": self.acknowledged_by,
            "cleared_at": self.cleared_at,
            "actions": [action.to_json() for action in self.actions],
            "overrides": [
                {"entity_id": entity_id, "by": by, "at": at}
                for entity_id, (by, at) in self.overrides.items()
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> HazardRecord:
        """Read what :meth:`to_json` wrote.

        Raises:
            KeyError: a field is missing.
        """
        record = cls(data["id"], data["hazard"], data["entity_id"], float(data["raised_at"]))
        record.rev = int(data["rev"])
        record.active = bool(data["active"])
        record.acknowledged_at = data["acknowledged_at"]
        record.acknowledged_by = data["acknowledged_by"]
        record.cleared_at = data["cleared_at"]
        record.actions = [Action.from_json(row) for row in data["actions"]]
        record.overrides = {
            row["entity_id"]: (row["by"], float(row["at"])) for row in data["overrides"]
        }
        return record
