"""Groups: several entities of one kind under one name, with one state and one set of commands.

A group is an entity of the integration ``group``; `hub.core.commands` sends its commands to its
members, so that leases, roles and the audit hold for each of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from hub.core.kinds import Value
from hub.core.registry import Registry
from hub.core.states import State, States
from hub.core.things import Entity

INTEGRATION = "group"
# kind -> the words of its state, most telling first: any member with it makes the group's state
KINDS: dict[str, tuple[Value, ...]] = {
    "binary_sensor": (True, False),
    "cover": ("opening", "closing", "open", "closed"),
    "fan": (True, False),
    "humidifier": (True, False),
    "light": (True, False),
    "lock": ("jammed", "open", "unlocked", "opening", "unlocking", "locking", "locked"),
    "siren": (True, False),
    "switch": (True, False),
    "valve": ("opening", "closing", "open", "closed"),
}
"""What can be grouped. Safety roles are never bound to a group: it has no wire."""
_MEANS = frozenset({"brightness", "current_position", "current_tilt_position", "percentage"})


def combined(kind: str, states: Sequence[State]) -> tuple[Value, dict[str, object], bool]:
    """One value, attributes and availability for all members' states."""
    there = [state for state in states if state.available]
    values = {state.value for state in there}
    value = next((word for word in KINDS[kind] if word in values), None)
    attributes: dict[str, object] = {}
    for name in {name for state in there for name in state.attributes}:
        told = [state.attributes[name] for state in there if name in state.attributes]
        if len(told) == len(there) and all(one == told[0] for one in told):
            attributes[name] = told[0]
        elif name in _MEANS:
            numbers = [one for one in told if isinstance(one, int | float)]
            if numbers:
                attributes[name] = round(sum(numbers) / len(numbers))
    return value, attributes, bool(there)


class Groups:
    """Keeps the state of every group.

    Args:
        registry: where the groups are kept, loaded.
        states: where members' states come from and the groups' go to.
    """

    def __init__(self, registry: Registry, states: States) -> None:
        self._registry = registry
        self._states = states
        self._of_member: dict[str, list[Entity]] = {}

    def start(self) -> Callable[[], None]:
        """Follow members from now on; returns what ends it."""
        for entity in self._registry.entities():
            if entity.integration == INTEGRATION:
                entity.present = True
        self._sort()
        ends = (
            self._registry.listen(self._announced),
            self._states.subscribe(self._changed),
        )

        def end() -> None:
            for one in ends:
                one()

        return end

    def make(self, kind: str, name: str, members: Sequence[str]) -> Entity:
        """A new group; the members are of that kind and no groups themselves."""
        group = self._registry.announce(
            INTEGRATION,
            kind,
            secrets.token_hex(8),
            suggested_id=f"group {name}",
            name=name,
            members=tuple(members),
        )
        self._sort()
        return group

    def set_members(self, group: Entity, members: Sequence[str]) -> None:
        """Choose others."""
        self._registry.change(group, members=tuple(members))
        self._sort()

    def remove(self, group: Entity) -> None:
        """End a group; its members stay as they are."""
        self._registry.remove(group)
        self._states.remove(group.entity_id)
        self._sort()

    def _sort(self) -> None:
        self._of_member = {}
        groups = [one for one in self._registry.entities() if one.integration == INTEGRATION]
        for group in groups:
            for member in group.members:
                self._of_member.setdefault(member, []).append(group)
        for group in groups:
            self._show(group)

    def _announced(self, entity: Entity) -> None:
        for group in self._of_member.get(entity.entity_id, ()):
            self._show(group)

    def _changed(self, new: State, _old: State | None) -> None:
        for group in self._of_member.get(new.entity_id, ()):
            self._show(group)

    def _show(self, group: Entity) -> None:
        members = [self._registry.get(name) for name in group.members]
        present = [one for one in members if one is not None and one.present]
        group.commands = frozenset[str]().union(*(one.commands for one in present))
        told = [self._states.get(one.entity_id) for one in present]
        value, attributes, there = combined(group.kind, [one for one in told if one is not None])
        before = self._states.get(group.entity_id)
        if before is None or _differs(before, value, attributes, there):
            self._states.set(group.entity_id, value, attributes, available=there)


def _differs(
    before: State, value: Value, attributes: Mapping[str, object], available: bool
) -> bool:
    return (before.value, before.available) != (value, available) or before.attributes != attributes
