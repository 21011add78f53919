"""A served home whose history is what a test wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.history.blocks import Columns, Value
from hub.history.past import Past
from tests.web.homes import Served
from web.design.formats import CHINA

DAY = round(datetime(2025, 11, 24, tzinfo=CHINA).timestamp() * 1000)
"""The midnight of a Monday."""
Rows = list[tuple[int, Value]]


class Kept:
    """A history that is what a test wrote."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}

    def hours(
        self,
        entity_id: str,
        start: int,
        end: int,
        *,
        newest_first: bool = False,  # noqa: ARG002 - all hours in one
    ) -> Iterator[Columns]:
        rows = [row for row in self.rows.get(entity_id, ()) if start <= row[0] <= end]
        if rows:
            yield [at for at, _ in rows], [value for _, value in rows]


class Written(Served):
    """A served home with such a history."""

    def __init__(self, made: Served) -> None:
        super().__init__(made.home, made.app, made.server)
        self.kept = Kept()
        self.home.past = Past(self.kept)


def keep(home: Written, entity_id: str, *rows: tuple[int, Value]) -> str:
    """Write rows, milliseconds after the midnight of 24 November; returns their entity."""
    home.kept.rows[entity_id] = [(DAY + at, value) for at, value in rows]
    return entity_id


def add(home: Written, kind: str, device_class: str | None = None, unit: str | None = None) -> str:
    """Announce one more entity."""
    registry = home.home.registry
    device = registry.announce_device("mqtt", ("more",), name="楼道", area="客厅")
    made = registry.announce(
        "mqtt",
        kind,
        f"more-{kind}-{device_class}",
        suggested_id=f"more_{kind}_{device_class}",
        device_id=device.id,
        device_class=device_class,
        unit=unit,
        name="=HYPERLINK",
        commands=frozenset(),
    )
    return made.entity_id
