"""Rows that an earlier release's kernel left on the disk are taken over as they are."""

from __future__ import annotations

import json
from pathlib import Path

from hub.bench.rig import SENSOR, VALVE, Rig
from tests.hub.safety.conftest import QUIET, Site
from tests.hub.safety.test_retention import Rows

SAVED = Path(__file__).parent / "saved"


async def test_from_when_there_were_three_hazards(rig: Rig) -> None:
    """Bindings, an open gas alarm and what was seen, as commit 2d275b9 wrote them."""
    earlier = Rows(rig.folder)
    for row in json.loads((SAVED / "three_hazards.json").read_text()):
        earlier.store.save(row["kind"], row["key"], json.dumps(row["body"]).encode())
    earlier.store.stop()
    rig.start_kernel()
    site = Site(rig)
    await site.connect()
    record = await site.record(lambda one: one["active"])
    assert (record["hazard"], record["entity_id"], record["rev"]) == ("gas", SENSOR, 2)
    status = await site.status(lambda one: bool(one["broker_connected"]))
    assert status["bindings_version"] == 3
    assert status["binding_problems"] == {}
    assert status["leases"] == {VALVE: record["id"]}
    site.sense(QUIET)
    await site.status(lambda one: one["sensors"][SENSOR]["detects"] is False)
    await site.disconnect()
    for sensor in site.sensors:
        sensor.close()
