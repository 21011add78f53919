"""The captured messages of real devices, as the tests of this folder use them.

``vectors/*.json`` hold what Zigbee2MQTT's own code published, and documentation examples of Home
Assistant; each file names its source.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
BRIDGE = "zigbee2mqtt/bridge/state"


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def text(payload: object) -> str:
    """A payload of a vector as it goes over the wire."""
    return payload if isinstance(payload, str) else json.dumps(payload)
