"""A call for help from a page: heard without any binding, acted upon, alive after a kill."""

from __future__ import annotations

from typing import Any

import pytest

from hub.bench.rig import bindings
from hub.safety.calling import CALL_ID
from hub.safety.client import SafetyRefused
from tests.hub.safety.conftest import Site, commanded


def siren_row() -> dict[str, Any]:
    wire = {
        **bindings()[0][0]["wire"],
        "state_topic": "bench/siren",
        "state_template": None,
        "states": {"ON": "on", "OFF": "off"},
        "command_topic": "bench/siren/set",
        "commands": {"turn_on": "ON", "turn_off": "OFF"},
    }
    return {"entity_id": "siren.hall", "role": "siren", "command": "turn_on", "wire": wire}


async def test_a_call_from_a_page_needs_no_binding(site: Site) -> None:
    client = await site.connect()
    answer = await client.call("ann")
    assert answer["durable"]
    record = await site.record(lambda one: one["hazard"] == "sos")
    assert (record["id"], record["entity_id"]) == (answer["hazard_id"], CALL_ID)
    assert (record["called_by"], record["active"]) == ("ann", True)
    assert (await client.call("ben"))["hazard_id"] == record["id"], "one call at a time"
    await client.end(record["id"], "ann")
    ended = await site.record(lambda one: not one["active"])
    assert ended["called_by"] == "ann"
    assert (await client.call("ben"))["hazard_id"] != record["id"]
    for by in ("", 7, None):
        with pytest.raises(SafetyRefused):
            await client._ask({"do": "call", "by": by})


async def test_a_call_sounds_the_siren_and_outlives_a_kill(site: Site) -> None:
    client = await site.connect()
    assert (await client.bind([], [siren_row()], 1))["problems"] == {}
    await site.status(lambda status: bool(status["broker_connected"]))
    siren = site.rig.device("test-siren")
    siren.subscribe("bench/siren/set", 1)
    called = (await client.call("ann"))["hazard_id"]
    assert commanded(siren) == b"ON"
    await site.disconnect()
    site.rig.kill("kernel")
    site.rig.start_kernel()
    client = await site.connect()
    await site.status(lambda status: [one["id"] for one in status["open"]] == [called])
    await client.end(called, "ann")
    ended = await site.record(lambda one: not one["active"])
    assert (ended["id"], ended["called_by"]) == (called, "ann")
