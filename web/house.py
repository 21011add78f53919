"""A running home as its pages see it: entities with their words, and presses under way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from hub.core.commands import Actor, CommandRefused, CommandTimeout
from hub.http.gate import current
from hub.http.problems import Problem
from web.kinds.commands import next_command
from web.kinds.facts import tile_figure
from web.kinds.names import CLASSES, icon_of
from web.kinds.states import state_word, unit_word
from web.words import HAZARD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiohttp import web

    from hub.accounts.model import Session
    from hub.core.registry import Entity
    from hub.core.states import State
    from hub.http.live import Live
    from web.design import Design
    from web.design.page import Words
    from web.facade import HomeRuntime

RESIDENTS = frozenset({"owner", "resident"})
HOUSEHOLD = frozenset({"owner", "resident", "guest"})
OWNER = frozenset({"owner"})
WALLS = frozenset({"wall"})
"""The home's screens; whoever walks past can press on them."""
AT_HOME = RESIDENTS | WALLS
"""Who answers an alarm: residents, and whoever stands before a screen at home."""
PRESENT = HOUSEHOLD | WALLS
"""Whoever is at home, screens included: who sees alarms, and calls for help."""
FAILURE_SHOWN_S = 60.0


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


_LIT = frozenset({"fan", "humidifier", "light", "siren", "switch"})
_TROUBLE = ("error", "jammed", "triggered")
NO_ANSWER = _("No answer from the device. Press to try again.")


class EntityView:
    """One entity ready to be shown. `mode` is a tile's; `press` the command of a press or None."""

    __slots__ = (
        "area",
        "attributes",
        "available",
        "changed",
        "commands",
        "device_class",
        "entity_id",
        "failure",
        "icon",
        "kind",
        "leased",
        "mode",
        "name",
        "numeric",
        "pending",
        "press",
        "state",
        "unit",
        "value",
    )

    def __init__(self, house: House, entity: Entity, words: Words) -> None:
        state = house.runtime.states.get(entity.entity_id)
        self.entity_id = entity.entity_id
        self.kind = entity.kind
        self.device_class = entity.device_class
        self.name = house.name_of(entity, words)
        self.area = house.area_of(entity)
        self.unit = unit_word(words, entity.unit)
        self.icon = icon_of(entity.kind, entity.device_class)
        self.value: object = state.value if state else None
        self.available = bool(state and state.available)
        self.changed = state.changed if state else None
        self.commands = entity.commands
        self.attributes: Mapping[str, object] = state.attributes if state else {}
        self.state = state_word(
            words, entity.kind, entity.device_class, self.value, self.attributes
        )
        self.numeric = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        self.leased = entity.entity_id in house.runtime.commands.leases
        self.pending = house.pending.get(entity.entity_id, "")
        self.failure = house.failure_of(entity.entity_id, state)
        self.press = next_command(entity.kind, self.value, self.commands)
        self.mode = self._mode()

    @property
    def figure(self) -> str:
        """The figure beside a tile's word, "" where it has none."""
        return tile_figure(self.kind, self.attributes) if self.available else ""

    @property
    def hazard(self) -> bool:
        """Whether this is one of the sensors that the hazard kernel watches."""
        return self.kind == "binary_sensor" and self.device_class in HAZARD_CLASSES

    def _mode(self) -> str:
        if self.pending:
            return "pending"
        if not self.available:
            return "gone"
        if self.hazard and self.value is True:
            return "alarm"
        if self.failure:
            return "failed"
        if self.value in _TROUBLE:
            return "failed"
        return "on" if self.kind in _LIT and self.value is True else ""


class House:
    """What all pages of a home share.

    Args:
        runtime: The running home.
        live: The live parts; `watch` tells it what changed.
        design: The look, for words and fragments.
    """

    def __init__(self, runtime: HomeRuntime, live: Live, design: Design) -> None:
        self.runtime = runtime
        self.live = live
        self.design = design
        self.pending: dict[str, str] = {}
        self._failures: dict[str, float] = {}

    def watch(self) -> None:
        """Redraw live parts when states or the home's own matters change."""
        self.runtime.states.subscribe(self._state_changed)
        self.runtime.listen(self.live.changed)

    def _state_changed(self, new: State, _old: State | None) -> None:
        self._show(new.entity_id)
        # The sentence about the home hangs on few of a thousand entities.
        if new.changed == new.updated and new.entity_id.startswith("binary_sensor."):
            self.live.changed("alarming")

    # -- entities -----------------------------------------------------------------------

    def entity(self, entity_id: str) -> Entity:
        """Return an entity.

        Raises:
            Problem: 404, there is none of that id.
        """
        found = self.runtime.registry.get(entity_id)
        if found is None:
            raise Problem(404, "not_found")
        return found

    def view(self, entity_id: str, words: Words) -> EntityView:
        """Return one entity ready to be shown.

        Raises:
            Problem: 404, there is none of that id.
        """
        return EntityView(self, self.entity(entity_id), words)

    def views(self, words: Words) -> list[EntityView]:
        """Return what people look at every day, by area and name; the rest is one press further."""
        found = [
            EntityView(self, entity, words)
            for entity in self.runtime.registry.entities()
            if shown(entity)
        ]
        return sorted(found, key=lambda view: (not view.area, view.area, view.name))

    def room(self, area: str, words: Words) -> list[EntityView]:
        """Return what people look at every day in one room, by name."""
        registry = self.runtime.registry
        found = [one for one in registry.entities() if shown(one) and self.area_of(one) == area]
        return self.ready(found, words)

    def ready(self, entities: Iterable[Entity], words: Words) -> list[EntityView]:
        """Return entities ready to be shown, by name."""
        found = [EntityView(self, entity, words) for entity in entities]
        return sorted(found, key=lambda view: view.name)

    def alarming(self, entity: Entity) -> bool:
        """Whether a sensor that the hazard kernel knows how to watch detects something now."""
        state = self.runtime.states.get(entity.entity_id)
        known = entity.kind == "binary_sensor" and entity.device_class in HAZARD_CLASSES
        return known and state is not None and state.available and state.value is True

    def area_named(self, key: str) -> str:
        """Return the room that a key stands for.

        Raises:
            Problem: 404, there is none.
        """
        for area in self.runtime.areas:
            if room_key(area.name) == key:
                return area.name
        raise Problem(404, "not_found")

    def name_of(self, entity: Entity, words: Words) -> str:
        """Return the household's own name, or the source's with its device's where it needs it."""
        if entity.own_name:
            return entity.own_name
        device = self.runtime.registry.device(entity.device_id)
        own = entity.name
        if not own and device is not None and entity.device_class in CLASSES:
            own = words(CLASSES[entity.device_class]) if entity.kind == "sensor" else ""
        if device is None or not device.name or own.startswith(device.name):
            return own or entity.entity_id
        return f"{device.name} · {own}" if own else device.name

    def area_of(self, entity: Entity) -> str:
        """Return the name of the room that the entity is in, "" without one."""
        return self.runtime.registry.area_of(entity)

    # -- presses ------------------------------------------------------------------------

    def failure_of(self, entity_id: str, state: State | None) -> str:
        """Return what a press that failed a moment ago says; a new state makes it forgotten."""
        failed_at = self._failures.get(entity_id)
        if failed_at is None:
            return ""
        if time.time() - failed_at > FAILURE_SHOWN_S or (state and state.changed > failed_at):
            del self._failures[entity_id]
            return ""
        return NO_ANSWER

    async def press(
        self,
        actor: Actor,
        entity_id: str,
        command: str,
        args: Mapping[str, object] | None = None,
        *,
        override: bool = False,
    ) -> None:
        """Send a command and wait for the device's own answer.

        Raises:
            CommandRefused: it may not be sent, with the reason.
            CommandTimeout: the device didn't answer.
        """
        self._failures.pop(entity_id, None)
        self.pending[entity_id] = command
        self._show(entity_id)
        try:
            await self.runtime.commands.call(actor, entity_id, command, args, override=override)
        except CommandTimeout:
            self._failures[entity_id] = time.time()
            raise
        finally:
            self.pending.pop(entity_id, None)
            self._show(entity_id)

    def _show(self, entity_id: str) -> None:
        self.live.changed(f"entity:{entity_id}")


def shown(entity: Entity) -> bool:
    """Whether an entity is among what people look at every day."""
    return entity.enabled and entity.category is None and not entity.hidden


def room_key(area: str) -> str:
    """Return a room as addresses and live parts write it: without comma, colon, plus and slash."""
    return quote(area, safe="").replace("%", "~")


def actor_of(request: web.Request) -> Actor:
    """Return who is signed in, as commands and the ledger take it down.

    Raises:
        SignInNeeded: nobody is.
    """
    session = current(request)
    return Actor(session.account_id, session.role, "person")


async def field(request: web.Request, name: str, longest: int = 1024) -> str:
    """Return a form's field, "" where it is missing.

    Raises:
        Problem: 400, it is a file or too long.
    """
    value = (await request.post()).get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise Problem(400, "bad_request")
    return value


async def check_own_password(
    runtime: HomeRuntime, session: Session, password: str, address: str
) -> None:
    """Make sure that whoever is signed in is there in person.

    Raises:
        SignInRefused, TooManyAttempts: the password isn't theirs; counted as signing in is.
    """
    account = await runtime.accounts.get(session.account_id)
    await runtime.accounts.verify(account.name if account else session.name, password, address)


def one_of(value: str, known: Iterable[str]) -> str:
    """Return the value if it is known.

    Raises:
        Problem: 400, no form of ours sends it.
    """
    if value not in known:
        raise Problem(400, "bad_request")
    return value


__all__ = ["CommandRefused", "CommandTimeout", "EntityView", "House", "actor_of", "field", "one_of"]
