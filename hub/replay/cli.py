"""``linli replay INTEGRATION FILE``: what the hub makes of a capture, without broker and home."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from hub.plugins.integration import Integration
from hub.plugins.loader import BUILT_IN, LoadProblem, load_class
from hub.plugins.manifest import find_manifests
from hub.replay.capture import CaptureProblem, Message, read_capture
from hub.replay.seen import devices, words
from hub.testing import Harness
from privacy import logs


def main(argv: Sequence[str]) -> int:
    """Play a capture; prints devices, entities and states; problems go to standard error."""
    manifests = {one.domain: one for one in find_manifests(BUILT_IN)[0]}
    parser = argparse.ArgumentParser(prog="linli replay", description=__doc__)
    parser.add_argument("integration", choices=sorted(manifests))
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="JSON instead of words")
    options = parser.parse_args(argv)
    logs.begin()
    try:
        capture = read_capture(options.file)
        integration = load_class(manifests[options.integration])
    except (CaptureProblem, LoadProblem) as problem:
        sys.stderr.write(f"linli replay: {problem}\n")
        return 2
    found = asyncio.run(_play(integration, capture))
    text = orjson.dumps({"devices": found}).decode() if options.json else words(found)
    sys.stdout.write(text + "\n")
    return 0


async def _play(
    integration: type[Integration[Any]], capture: dict[str, list[Message]]
) -> list[dict[str, Any]]:
    harness = Harness(integration)
    await harness.start()
    try:
        for message in capture["discovery"]:
            harness.mqtt.deliver(message.topic, message.payload, retain=message.retain)
            await asyncio.sleep(0)  # what an integration puts off has its turn
        await asyncio.sleep(0)
        # What is turned off when first seen is shown too: that is what a capture is played for.
        for key in harness.door.announced:
            harness.integration.handle_enabled(key, True)
        for message in capture["state"]:
            harness.mqtt.deliver(message.topic, message.payload, retain=message.retain)
        return devices(harness.door.announced, harness.door.states)
    finally:
        await harness.stop()
