"""What a home without devices says of its sensors: what `web.facade` promises, from memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from hub.core.commands import Actor
from hub.core.registry import Registry
from hub.safety.table import HAZARDS
from web.facade import Refusal


class FakeGuarding:
    """The part of `tests.web.homes.FakeHome` that is about what is watched."""

    registry: Registry
    bound: list[Any]
    open: list[Any]
    did: list[tuple[Any, ...]]
    changed: Callable[[str], None]

    def furnish_watch(self) -> None:
        """Nothing is marked, nothing was tested."""
        self.watches: dict[str, str] = {}
        self.tests: dict[str, float] = {}
        self.untested: set[str] = set()
        self.test_days = 90
        self.measured: list[Any] = []

    def hazards(self) -> Sequence[Any]:
        return self.open

    async def answer(self, hazard_id: str, answer: str, _actor: Actor) -> bool:
        self.did.append(("answer", hazard_id, answer))
        question = next(h.question for h in self.open if h.id == hazard_id)
        if question.answer is not None:
            return False
        question.answer = answer
        question.told = answer == "tell"
        question.cancelled = False
        self.changed("hazards")
        return True

    async def cancel(self, hazard_id: str, _actor: Actor) -> bool:
        self.did.append(("cancel", hazard_id))
        question = next(h.question for h in self.open if h.id == hazard_id)
        if question is None or not question.told:
            return False
        question.cancelled = True
        self.changed("hazards")
        return True

    async def acknowledge(self, hazard_id: str, _actor: Actor) -> None:
        self.did.append(("acknowledge", hazard_id))
        for one in self.open:
            one.acknowledged_by = "演示住户"
        self.changed("hazards")

    def supervision(self) -> Sequence[Any]:
        kinds = {"gas": "gas", "smoke": "smoke", "moisture": "leak"}
        found = [
            SimpleNamespace(
                entity_id=entity.entity_id,
                name=self.registry.name_of(entity.entity_id),
                hazard=kinds[entity.device_class or ""],
                own=[],
                missing=self._missing(kinds[entity.device_class or ""]),
                measure=None,
                limit=None,
                for_s=0.0,
                marked=False,
                acts=False,
                tested_at=self.tests.get(entity.entity_id),
                test_due=entity.entity_id in self.untested,
                seen_at=None
                if self.watches.get(entity.entity_id) == "unheard"
                else time.time() - 120,
                limit_s=25 * 3600.0,
                watch=self.watches.get(entity.entity_id, "watching"),
            )
            for entity in self.registry.entities()
            if entity.device_class in kinds and entity.kind == "binary_sensor"
        ]
        return [*found, *self.measured]

    def _missing(self, hazard: str) -> list[str]:
        bound = {one.role for one in self.bound}
        return [role for role in HAZARDS[hazard].needs if role not in bound]

    def markable(self, hazard: str) -> Sequence[tuple[str, str]]:
        classes = {one.device_class for one in HAZARDS[hazard].measures}
        return [
            (entity.entity_id, self.registry.name_of(entity.entity_id))
            for entity in self.registry.entities()
            if entity.kind == "sensor" and entity.device_class in classes
        ]

    async def mark(
        self,
        hazard: str,
        entity_id: str,
        _actor: Actor,
        *,
        limit: float | None = None,
        for_s: float | None = None,
        acts: bool = False,
    ) -> None:
        if limit is not None and limit > 1000:
            raise Refusal("This limit is out of bounds.", "limit")
        self.did.append(("mark", hazard, entity_id, limit, for_s, acts))

    async def unmark(self, hazard: str, entity_id: str, _actor: Actor) -> None:
        self.did.append(("unmark", hazard, entity_id))

    async def set_test_days(self, days: int, _actor: Actor) -> None:
        if days < 7:
            raise Refusal("Choose between 7 and 730 days.", "days")
        self.test_days = days

    async def tested(self, entity_id: str, _actor: Actor) -> None:
        self.did.append(("tested", entity_id))

    async def call_for_help(self, actor: Actor) -> str:
        self.did.append(("call", actor.role))
        return "sos1"

    async def end_call(self, hazard_id: str, _actor: Actor) -> None:
        self.did.append(("end", hazard_id))
        self.open = [one for one in self.open if one.id != hazard_id]
        self.changed("hazards")
