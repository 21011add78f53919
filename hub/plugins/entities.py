"""Devices and entities as an integration's author sees them; all that crosses is plain data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from hub.core.wire import Wire

Value = bool | float | str | None
Attributes = Mapping[str, object]
CommandCoroutine = Callable[..., Awaitable[None]]

CATEGORIES = frozenset({"config", "diagnostic"})


class CommandProblem(Exception):
    """A command can't be carried out.

    The text is a whole English sentence for the person who asked; the integration's
    translations have it in the other languages.
    """


class Door(Protocol):
    """What an integration says to the hub. Every argument is plain data, nothing is shared.

    The hub's side may stand in the same process or at the other end of a pipe; an author never
    meets it, entities and ``Integration`` do.
    """

    def announce(self, key: str, entity: dict[str, Any]) -> None:
        """Make an entity known, or known again with changed properties."""

    def withdraw(self, key: str) -> None:
        """The entity has vanished at its source; its id stays reserved for its return."""

    def state(self, key: str, value: Value, attributes: Attributes | None, available: bool) -> None:
        """The entity's state as its device last told it."""

    def problem(self, kind: str, text: str, *values: object) -> None:
        """Count a problem and log a rate-limited line; never with personal content."""


class DeviceInfo:
    """The device that an entity belongs to, as the device names itself."""

    __slots__ = ("area", "identifiers", "manufacturer", "model", "name", "sw_version")

    def __init__(
        self,
        identifiers: Sequence[str],
        *,
        name: str = "",
        manufacturer: str = "",
        model: str = "",
        area: str = "",
        sw_version: str = "",
    ) -> None:
        if not identifiers:
            raise ValueError("a device needs at least one identifier")
        self.identifiers = tuple(identifiers)
        self.name = name
        self.manufacturer = manufacturer
        self.model = model
        self.area = area
        self.sw_version = sw_version

    def to_json(self) -> dict[str, Any]:
        """The device as plain data."""
        return {
            "identifiers": list(self.identifiers),
            "name": self.name,
            "manufacturer": self.manufacturer,
            "model": self.model,
            "area": self.area,
            "sw_version": self.sw_version,
        }


class Entity:
    """One thing a device measures or can do; use the class of its kind.

    Args:
        unique_id: Never changes for this device; unique among the integration's entities of
            this kind.
        name: What it is called beside its device's name; empty when the device's name says it
            or the device class does.
        device: The device it belongs to, if any.
        device_class: Home Assistant's word for what it measures, such as ``gas``.
        unit: Unit of measurement of a numeric sensor.
        category: ``config``, ``diagnostic`` or None for what people look at every day.
        enabled: Whether it is on when first seen; the household's own choice wins later.
        suggested_id: Wish for the last part of the entity id when first seen.
        wire: How anyone with a broker connection reads its state and sends its commands; the
            hazard kernel acts through it. None when plain payloads can't say it.
    """

    kind: ClassVar[str] = ""
    commands: ClassVar[frozenset[str]] = frozenset()
    __slots__ = (
        "_attributes",
        "_available",
        "_door",
        "_handlers",
        "_value",
        "_when_enabled",
        "category",
        "device",
        "device_class",
        "enabled",
        "name",
        "suggested_id",
        "unique_id",
        "unit",
        "wire",
    )

    def __init__(
        self,
        unique_id: str,
        *,
        name: str = "",
        device: DeviceInfo | None = None,
        device_class: str | None = None,
        unit: str | None = None,
        category: str | None = None,
        enabled: bool = True,
        suggested_id: str | None = None,
        wire: Wire | None = None,
    ) -> None:
        if not unique_id:
            raise ValueError("an entity needs a unique id")
        if category is not None and category not in CATEGORIES:
            raise ValueError(f"an entity's category can't be {category!r}")
        self.unique_id = unique_id
        self.name = name
        self.device = device
        self.device_class = device_class
        self.unit = unit
        self.category = category
        self.enabled = enabled
        self.suggested_id = suggested_id
        self.wire = wire
        self._door: Door | None = None
        self._handlers: dict[str, CommandCoroutine] = {}
        self._value: Value = None
        self._attributes: Attributes | None = None
        self._available = True
        self._when_enabled: Callable[[], None] | None = None

    @property
    def key(self) -> str:
        """Names the entity on the way between integration and hub."""
        return f"{self.kind}.{self.unique_id}"

    @property
    def value(self) -> Value:
        """The last value set."""
        return self._value

    @property
    def attributes(self) -> Attributes | None:
        """The last attributes set."""
        return self._attributes

    def set(self, value: Value, attributes: Attributes | None = None) -> None:
        """Tell what the device says; None means it is known to be unknown.

        Args:
            value: The canonical value of the kind, such as True for a switch that is on.
            attributes: More about this state; None keeps the attributes as they were.
        """
        self._value = value
        if attributes is not None:
            self._attributes = attributes
        self._tell()

    @property
    def available(self) -> bool:
        """Whether the device can be reached; an unreachable one never looks normal."""
        return self._available

    @available.setter
    def available(self, available: bool) -> None:
        if available != self._available:
            self._available = available
            self._tell()

    def on(self, command: str, coroutine: CommandCoroutine) -> None:
        """Answer a command: the coroutine gets its arguments by name.

        It returns when the device has answered and raises ``CommandProblem`` when it can't. The
        hub sets a deadline and cancels it then.
        """
        if command not in self.commands:
            raise ValueError(f"a {self.kind} has no command {command!r}")
        self._handlers[command] = coroutine
        if self._door is not None:
            self._door.announce(self.key, self.to_json())

    def when_enabled(self, callback: Callable[[], None]) -> None:
        """Call back when the household turns the entity on, to read what was left unread."""
        self._when_enabled = callback

    def handle_enabled(self, enabled: bool) -> None:
        """Take the household's choice whether the entity is used."""
        if enabled == self.enabled:
            return
        self.enabled = enabled
        self._tell()
        if enabled and self._when_enabled is not None:
            self._when_enabled()

    async def handle_command(self, command: str, args: Mapping[str, Any]) -> None:
        """Carry out a command that the hub sent."""
        handler = self._handlers.get(command)
        if handler is None:
            raise CommandProblem("This device takes no commands.")
        await handler(**args)

    def attach(self, door: Door | None) -> None:
        """Join the hub (the integration's ``add`` does) or, with None, leave it."""
        self._door = door
        if door is not None:
            door.announce(self.key, self.to_json())
            if self.enabled:
                self._tell()

    def carry_on(self, old: Entity) -> None:
        """Take over the state of the entity in whose place this one is put."""
        self._value = old._value
        self._attributes = old._attributes
        self._available = old._available

    def _tell(self) -> None:
        if self._door is not None and self.enabled:
            self._door.state(self.key, self._value, self._attributes, self._available)

    def to_json(self) -> dict[str, Any]:
        """The entity as plain data: what ``announce`` carries."""
        return {
            "kind": self.kind,
            "unique_id": self.unique_id,
            "name": self.name,
            "device": self.device.to_json() if self.device else None,
            "device_class": self.device_class,
            "unit": self.unit,
            "category": self.category,
            "enabled": self.enabled,
            "suggested_id": self.suggested_id,
            "commands": sorted(self._handlers),
            "wire": self.wire.to_json() if self.wire else None,
        }
