"""What every entity is right now, and one synchronous pass to whoever wants to know."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from hub.core.kinds import Value

_LOG = logging.getLogger(__name__)
_NOTHING: dict[str, object] = {}


class State:
    """One entity's state. A changed state is a new object; nobody changes one in place.

    Attributes:
        entity_id: whose it is.
        value: the kind's canonical value; None when it is known to be unknown.
        attributes: what the device says beside it.
        available: whether the device can be reached.
        changed: wall clock of the last change of value or availability, seconds.
        updated: wall clock of the last message, seconds.
    """

    __slots__ = ("attributes", "available", "changed", "entity_id", "updated", "value")

    def __init__(  # noqa: PLR0917 - called for every message
        self,
        entity_id: str,
        value: Value,
        attributes: Mapping[str, object],
        available: bool,
        changed: float,
        updated: float,
    ) -> None:
        self.entity_id = entity_id
        self.value = value
        self.attributes = attributes
        self.available = available
        self.changed = changed
        self.updated = updated


Listener = Callable[[State, State | None], None]


class States:
    """All states by entity id.

    Attributes:
        failures: how often a listener raised; the others went on.
    """

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._listeners: tuple[Listener, ...] = ()
        self.failures = 0

    def set(
        self,
        entity_id: str,
        value: Value,
        attributes: Mapping[str, object] | None = None,
        *,
        available: bool = True,
        at: float | None = None,
    ) -> State:
        """Store what a device said and tell all listeners, in one pass.

        Args:
            entity_id: whose state it is.
            value: canonical value of the kind.
            attributes: None keeps those it has.
            available: whether the device can be reached.
            at: wall clock in seconds; now without it.
        """
        now = time.time() if at is None else at
        old = self._states.get(entity_id)
        if old is None:
            new = State(entity_id, value, attributes or _NOTHING, available, now, now)
        else:
            same = old.value == value and old.available == available
            new = State(
                entity_id,
                value,
                old.attributes if attributes is None else attributes,
                available,
                old.changed if same else now,
                now,
            )
        self._states[entity_id] = new
        for listener in self._listeners:
            try:
                listener(new, old)
            except Exception:  # noqa: BLE001 - one listener's fault must not stop the others
                self.failures += 1
                _LOG.exception("a listener of states failed")
        return new

    def get(self, entity_id: str) -> State | None:
        """One entity's state."""
        return self._states.get(entity_id)

    def all(self) -> list[State]:
        """Every state."""
        return list(self._states.values())

    def remove(self, entity_id: str) -> None:
        """Forget an entity that is gone."""
        self._states.pop(entity_id, None)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(new, old)`` at every state; returns what ends it."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe
