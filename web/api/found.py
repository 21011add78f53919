"""The things that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.problems import Problem

if TYPE_CHECKING:
    from hub.core.registry import Device, Entity
    from hub.http.operations import Call
    from web.facade import HomeRuntime


def entity_of(runtime: HomeRuntime, call: Call) -> Entity:
    """Return the entity that the path names; raises Problem."""
    entity = runtime.registry.get(call.path["entity_id"])
    if entity is None:
        raise Problem(404, "unknown_entity")
    return entity


def device_of(runtime: HomeRuntime, call: Call) -> Device:
    """Return the device that the path names; raises Problem."""
    device = runtime.registry.device(call.path["device_id"])
    if device is None:
        raise Problem(404, "unknown_device")
    return device
