"""What an integration told, by device: plain data for programs, lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.core.kinds import ha_state
from hub.testing import Told

UNTOLD = Told(None, None, False)


def devices(
    announced: Mapping[str, dict[str, Any]], states: Mapping[str, Told]
) -> list[dict[str, Any]]:
    """The devices in the order in which they came; entities without a device stand last.

    Args:
        announced: entities as ``Entity.to_json`` gives them, by key.
        states: what they told last, by key.

    Returns:
        ``{"identifiers", "name", "manufacturer", "model", "entities"}``, an entity being
        ``{"unique_id", "kind", "device_class", "unit", "state", "attributes", "available"}`` with
        Home Assistant's names of kinds and states.
    """
    found: list[dict[str, Any]] = []
    alone = _device({})
    for key, entity in announced.items():
        told = states.get(key, UNTOLD)
        device = _place(found, entity["device"]) if entity["device"] else alone
        device["entities"].append(
            {
                "unique_id": entity["unique_id"],
                "kind": entity["kind"],
                "device_class": entity["device_class"],
                "unit": entity["unit"],
                "state": ha_state(told.value),
                "attributes": told.attributes,
                "available": told.available,
            }
        )
    return [*found, alone] if alone["entities"] else found


def _place(found: list[dict[str, Any]], device: dict[str, Any]) -> dict[str, Any]:
    """The device among those found; one identifier in common makes two descriptions one."""
    wanted = set(device["identifiers"])
    for known in found:
        if wanted & set(known["identifiers"]):
            known["identifiers"] += sorted(wanted - set(known["identifiers"]))
            return known
    found.append(_device(device))
    return found[-1]


def _device(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "identifiers": list(facts.get("identifiers", ())),
        "name": facts.get("name", ""),
        "manufacturer": facts.get("manufacturer", ""),
        "model": facts.get("model", ""),
        "entities": [],
    }


def words(found: list[dict[str, Any]]) -> str:
    """A heading for each device and a line for each entity."""
    lines = []
    for device in found:
        made = " ".join(text for text in (device["manufacturer"], device["model"]) if text)
        lines.append(f"{device['name'] or '(no device)'}{f' ({made})' if made else ''}")
        for entity in device["entities"]:
            state = f"{entity['state']} {entity['unit'] or ''}".rstrip()
            away = "" if entity["available"] else ", unavailable"
            lines.append(f"  {entity['kind']} {entity['unique_id']}: {state}{away}")
    return "\n".join(lines) or "nothing was announced"
