"""What the household decides about its things: names, rooms, hidden, groups, replacements.

Every change is on the disk and in the audit when its function returns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from hub.accounts.model import AccountProblem, tidy_name
from hub.core import groups
from hub.core.commands import Actor
from hub.core.groups import Groups
from hub.core.registry import Registry
from hub.core.states import States
from hub.core.store import StoreError
from hub.core.things import Device, Entity
from hub.home.refusal import Refusal

Note = Callable[[Actor, str, str], Awaitable[None]]
FEWEST_MEMBERS = 2
MOST_AREAS = 100


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


BAD_NAME = _("Write a name of at most 64 characters.")
NOT_KEPT = _("This could not be written down. Is the disk full?")
NO_AREA = _("There is no such room.")
UNKNOWN = _("There is no such device here.")


class Inventory:
    """The household's choices about devices, entities, rooms and groups.

    Args:
        registry: what there is.
        states: what follows a replaced device.
        note: writes a line of the audit.
        changed: told after every choice; rooms have no entity that would tell it.
    """

    def __init__(
        self,
        registry: Registry,
        states: States,
        note: Note,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._registry = registry
        self._changed = changed
        self._states = states
        self._note = note
        self.groups = Groups(registry, states)

    def areas(self) -> list[str]:
        """The rooms, in the household's order."""
        return self._registry.rooms()

    async def make_area(self, actor: Actor, name: str) -> str:
        """A new room, the last one; returns its name.

        Raises:
            Refusal: a name that can't be used or is taken, too many rooms, or a full disk.
        """
        tidy, rooms = _tidy(name, "name"), self._registry.rooms()
        if tidy in rooms:
            raise Refusal(_("There is a room of that name already."), "name")
        if len(rooms) >= MOST_AREAS:
            raise Refusal(_("These are too many rooms."), "name")
        self._registry.set_rooms([*rooms, tidy])
        await self._kept(actor, "make room", "room")
        return tidy

    async def order_areas(self, actor: Actor, names: Sequence[str]) -> None:
        """The rooms in another order; those that aren't named come after.

        Raises:
            Refusal: there is no such room, or the disk is full.
        """
        rooms = self._registry.rooms()
        if not set(names) <= set(rooms):
            raise Refusal(NO_AREA)
        self._registry.set_rooms([*names, *rooms])
        await self._kept(actor, "order rooms", "room")

    async def remove_area(self, actor: Actor, name: str) -> None:
        """Forget a room; what stands in it then stands in none.

        Raises:
            Refusal: there is no such room, or the disk is full.
        """
        rooms = self._registry.rooms()
        if name not in rooms:
            raise Refusal(NO_AREA)
        self._move(name, "")
        self._registry.set_rooms([one for one in rooms if one != name])
        await self._kept(actor, "remove room", "room")

    def _move(self, area: str, to: str) -> None:
        for device in self._registry.devices():
            if device.area == area:
                self._registry.rename_device(device, device.name, to)
        for entity in self._registry.entities():
            if entity.area == area:
                self._registry.change(entity, area=to)

    async def describe(
        self,
        entity_id: str,
        actor: Actor,
        *,
        name: str,
        area: str,
        hidden: bool,
        enabled: bool,
    ) -> None:
        """The resident's own name and room for an entity, and whether it is shown and used.

        An empty name or room follows the device again.

        Raises:
            Refusal: a name that can't be used, no such entity, or a disk that is full.
        """
        entity = self._entity(entity_id)
        own_name = _tidy(name, "name") if name.strip() else ""
        own_area = _tidy(area, "area") if area.strip() else ""
        self._registry.change(
            entity, own_name=own_name, area=own_area, hidden=hidden, enabled=enabled
        )
        await self._kept(actor, "describe", entity_id)

    async def rename_device(self, device_id: str, actor: Actor, name: str, area: str) -> None:
        """The resident's own name and room for a device; its source no longer changes them.

        Raises:
            Refusal: a name that can't be used, no such device, or a disk that is full.
        """
        device = self._device(device_id)
        own_area = _tidy(area, "area") if area.strip() else ""
        self._registry.rename_device(device, _tidy(name, "name"), own_area)
        await self._kept(actor, "rename device", device_id)

    async def rename_area(self, area: str, actor: Actor, name: str) -> None:
        """Another name for a room, for all that stands in it; that of another room joins them.

        Raises:
            Refusal: a name that can't be used, no such room, or a disk that is full.
        """
        tidy, rooms = _tidy(name, "name"), self._registry.rooms()
        if area not in rooms:
            raise Refusal(NO_AREA)
        self._move(area, tidy)
        self._registry.set_rooms([tidy if one == area else one for one in rooms])
        await self._kept(actor, "rename room", "room")

    async def choose(self, entity_id: str, actor: Actor, **choices: str | bool) -> None:
        """One or more of ``name``, ``area``, ``hidden`` and ``enabled``; the others stay.

        Raises:
            Refusal: as for `describe`.
        """
        entity = self._entity(entity_id)
        now: dict[str, Any] = {
            "name": entity.own_name,
            "area": entity.area,
            "hidden": entity.hidden,
            "enabled": entity.enabled,
        }
        await self.describe(entity_id, actor, **{**now, **choices})

    def replacements(self, device_id: str) -> list[Device]:
        """Devices that could stand in for one: they share a kind of entity with it."""
        kinds = {_sort(entity) for entity in self._registry.of_device(device_id)}
        return [
            device
            for device in self._registry.devices()
            if device.id != device_id
            and any(_sort(one) in kinds for one in self._registry.of_device(device.id))
        ]

    async def replace(self, old_id: str, new_id: str, actor: Actor) -> int:
        """Let a new device stand where an old one stood; returns how many entities moved.

        The new one takes over ids (and with them history, favourites, groups and safety roles),
        names and room. The old one stays under ids of its own until it is removed.

        Raises:
            Refusal: nothing of the new one can stand for the old, or the disk is full.
        """
        old, new = self._device(old_id), self._device(new_id)
        pairs = _pairs(self._registry.of_device(old.id), self._registry.of_device(new.id))
        if old is new or not pairs:
            raise Refusal(_("That device can't take this one's place."), "device")
        for left, right in pairs:
            self._swap(left, right)
        name, area = old.name, old.area
        self._registry.rename_device(old, new.name, old.area)
        self._registry.rename_device(new, name, area)
        await self._kept(actor, "replace device", new_id)
        return len(pairs)

    def _swap(self, left: Entity, right: Entity) -> None:
        told = {one: self._states.get(one.entity_id) for one in (left, right)}
        self._registry.swap(left, right)
        for entity, state in told.items():
            if state is None:
                self._states.remove(entity.entity_id)
            else:
                self._states.set(
                    entity.entity_id, state.value, state.attributes, available=state.available
                )

    async def remove_device(self, device_id: str, actor: Actor) -> None:
        """Forget a device that its source no longer announces.

        Raises:
            Refusal: it is still there, or the disk is full.
        """
        device = self._device(device_id)
        entities = self._registry.of_device(device_id)
        if any(entity.present for entity in entities):
            raise Refusal(_("Its source still announces this device. Remove it there first."))
        for entity in entities:
            self._registry.remove(entity)
            self._states.remove(entity.entity_id)
        self._registry.remove_device(device)
        await self._kept(actor, "remove device", device_id)

    async def make_group(
        self, kind: str, name: str, members: Sequence[str], actor: Actor
    ) -> Entity:
        """Several entities of a kind under one name.

        Raises:
            Refusal: too few members, or not of that kind; a bad name; a full disk.
        """
        chosen = self._members(kind, members)
        group = self.groups.make(kind, _tidy(name, "name"), chosen)
        await self._kept(actor, "make group", group.entity_id)
        return group

    async def change_group(self, entity_id: str, members: Sequence[str], actor: Actor) -> None:
        """Choose other members.

        Raises:
            Refusal: as for `make_group`.
        """
        group = self._group(entity_id)
        self.groups.set_members(group, self._members(group.kind, members))
        await self._kept(actor, "change group", entity_id)

    async def remove_group(self, entity_id: str, actor: Actor) -> None:
        """End a group; its members stay.

        Raises:
            Refusal: no such group, or the disk is full.
        """
        self.groups.remove(self._group(entity_id))
        await self._kept(actor, "remove group", entity_id)

    def _members(self, kind: str, members: Iterable[str]) -> list[str]:
        found = [self._registry.get(name) for name in dict.fromkeys(members)]
        chosen = [one.entity_id for one in found if one and one.kind == kind and not one.members]
        if kind not in groups.KINDS or len(chosen) < FEWEST_MEMBERS or len(chosen) < len(found):
            raise Refusal(_("Choose at least two of the same kind."), "members")
        return chosen

    def _entity(self, entity_id: str) -> Entity:
        found = self._registry.get(entity_id)
        if found is None:
            raise Refusal(UNKNOWN)
        return found

    def _group(self, entity_id: str) -> Entity:
        found = self._entity(entity_id)
        if found.integration != groups.INTEGRATION:
            raise Refusal(UNKNOWN)
        return found

    def _device(self, device_id: str) -> Device:
        found = self._registry.device(device_id)
        if found is None:
            raise Refusal(UNKNOWN, "device")
        return found

    async def _kept(self, actor: Actor, action: str, subject: str) -> None:
        self._changed()
        try:
            await self._registry.kept()
            await self._note(actor, action, subject)
        except StoreError as problem:
            raise Refusal(NOT_KEPT) from problem


def _tidy(text: str, field: str) -> str:
    try:
        return tidy_name(text)
    except AccountProblem as problem:
        raise Refusal(BAD_NAME, field) from problem


def _sort(entity: Entity) -> tuple[str, str | None, str | None]:
    """What must be the same for one entity to stand for another."""
    return entity.kind, entity.device_class, entity.unit


def _pairs(old: Sequence[Entity], new: Sequence[Entity]) -> list[tuple[Entity, Entity]]:
    """Which of the new stands for which of the old: the only one of its sort, or of that name."""
    pairs = []
    for sort in dict.fromkeys(_sort(entity) for entity in old):
        left = [entity for entity in old if _sort(entity) == sort]
        right = [entity for entity in new if _sort(entity) == sort]
        if len(left) == len(right) == 1:
            pairs.append((left[0], right[0]))
            continue
        named = {entity.name: entity for entity in right}
        pairs += [(one, named[one.name]) for one in left if one.name in named]
    return pairs
