"""Which sensors are watched for which hazard: some by what they are, the others as marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.core.registry import Entity
from hub.safety.table import HAZARDS, HazardKind, Measure

PRESSED = frozenset({"event", "device_automation"})
"""Kinds of entity that tell of a moment and have no state in between."""
LONGEST_S = 7 * 86400.0

_BY_CLASS: dict[tuple[str, str | None], list[HazardKind]] = {}
for _kind in HAZARDS.values():
    for _class in _kind.classes:
        _BY_CLASS.setdefault(("binary_sensor", _class), []).append(_kind)
    for _measure in _kind.measures if _kind.unasked else ():
        _BY_CLASS.setdefault(("sensor", _measure.device_class), []).append(_kind)


class Mark:
    """What the resident says of one sensor and one hazard.

    Attributes:
        limit: instead of the table's, in the table's unit.
        for_s: seconds, instead of the table's.
        acts: where a hazard leaves it to the resident, whether the own socket is switched off.
        presses: the types of event that count; empty where each does.
    """

    __slots__ = ("acts", "for_s", "limit", "presses")

    def __init__(
        self,
        limit: float | None = None,
        for_s: float | None = None,
        *,
        acts: bool = False,
        presses: tuple[str, ...] = (),
    ) -> None:
        self.limit = limit
        self.for_s = for_s
        self.acts = acts
        self.presses = presses

    def to_json(self) -> dict[str, Any]:
        """Plain data, as stored."""
        return {
            "limit": self.limit,
            "for_s": self.for_s,
            "acts": self.acts,
            "presses": list(self.presses),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Mark:
        """The mark that ``to_json`` wrote."""
        return cls(row["limit"], row["for_s"], acts=row["acts"], presses=tuple(row["presses"]))


UNMARKED = Mark()


class Watched:
    """One sensor and one hazard it is watched for.

    Attributes:
        entity: the sensor.
        kind: the hazard.
        measure: the figure it gives; None for a sensor of words.
        mark: what the resident said of it.
        marked: False where it is watched for what it is.
    """

    __slots__ = ("entity", "kind", "mark", "marked", "measure")

    def __init__(self, entity: Entity, kind: HazardKind, mark: Mark | None) -> None:
        self.entity = entity
        self.kind = kind
        self.mark = mark or UNMARKED
        self.marked = mark is not None
        self.measure: Measure | None = None
        if entity.kind == "sensor":
            self.measure = kind.measure_of(entity.device_class, entity.unit)

    @property
    def key(self) -> str:
        """What the kernel calls it (see ``hub.safety.supervision.Sensor``)."""
        entity_id = self.entity.entity_id
        return entity_id if self.measure is None else f"{entity_id}#{self.kind.name}"

    @property
    def limit(self) -> float | None:
        """The limit in force, in the table's unit."""
        if self.measure is None:
            return None
        return self.measure.limit if self.mark.limit is None else self.mark.limit

    @property
    def for_s(self) -> float:
        """The duration in force."""
        if self.measure is None:
            return 0.0
        return self.measure.for_s if self.mark.for_s is None else self.mark.for_s


def watched(entity: Entity, marks: Mapping[str, Mapping[str, Mark]]) -> Iterator[Watched]:
    """What a sensor is watched for; a companion's place is for the caller to look at."""
    said = marks.get(entity.entity_id, {})
    by_itself = _BY_CLASS.get((entity.kind, entity.device_class), ())
    kinds = dict.fromkeys([*by_itself, *(HAZARDS[name] for name in said if name in HAZARDS)])
    for kind in kinds:
        one = Watched(entity, kind, said.get(kind.name))
        # A unit that changed since it was marked can't be compared with the limit any more.
        if one.measure is not None or entity.kind != "sensor":
            yield one


def check(kind: HazardKind, entity: Entity | None, mark: Mark) -> None:
    """Refuse limits out of bounds.

    Raises:
        ValueError: the text names the field.
    """
    measure = kind.measure_of(entity.device_class, entity.unit) if entity else None
    if mark.limit is not None and (
        measure is None or not measure.least <= mark.limit <= measure.most
    ):
        raise ValueError("limit")
    if mark.for_s is not None and (measure is None or not 0 <= mark.for_s <= LONGEST_S):
        raise ValueError("minutes")
