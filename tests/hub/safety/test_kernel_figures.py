"""Figures and presses over a real broker: read by the wire, acted upon, alive after a kill."""

from __future__ import annotations

import asyncio
from typing import Any

from hub.bench.rawmqtt import RawClient
from hub.bench.rig import VALVE_COMMAND, bindings
from tests.hub.safety.conftest import Site, commanded

POWER, BUTTON, PLUG = "sensor.kettle_power", "device_automation.bedside", "switch.kettle"
SET = "plug/set"


def wire(topic: str, **more: Any) -> dict[str, Any]:
    return {**bindings()[0][0]["wire"], "state_template": None, "states": {}, **more} | {
        "state_topic": topic
    }


def rows(for_s: float = 0.0, clear_s: float = 0.3) -> tuple[list[Any], list[Any]]:
    power = wire("plug/state", state_template="{{ value_json.power }}")
    measure = {"limit": 2200, "clear": 2100, "for_s": for_s, "gap_s": 0}
    sensors = [
        {
            "entity_id": POWER,
            "hazard": "overload",
            "wire": power,
            "measure": measure,
            "own": [PLUG],
            "clear_s": clear_s,
        },
        {
            "entity_id": BUTTON,
            "hazard": "sos",
            "wire": wire("button/action"),
            "presses": ["single", "hold"],
            "limit_s": None,
        },
    ]
    states = {"ON": "on", "OFF": "off"}
    plug = wire("plug/relay", states=states, command_topic=SET, commands={"turn_off": "OFF"})
    actuators = [{"entity_id": PLUG, "role": "socket", "command": "turn_off", "wire": plug}]
    return sensors, actuators


async def bind(site: Site, **options: float) -> RawClient:
    client = await site.connect()
    assert (await client.bind(*rows(**options), 1))["problems"] == {}
    await site.status(lambda one: bool(one["broker_connected"]))
    device = site.rig.device("plug")
    device.subscribe(SET, 1)
    return device


def draws(device: RawClient, watts: object, *, retain: bool = False) -> None:
    device.publish("plug/state", b'{"power":%s}' % str(watts).encode(), qos=1, retain=retain)


async def test_an_overload_switches_its_socket_off(site: Site) -> None:
    plug = await bind(site, for_s=0.5)
    for text in (b'{"power":"much"}', b'{"power":NaN}', b"\xff", b'{"power":3000}'):
        plug.publish("plug/state", text, qos=1)
    assert commanded(plug, 0.3) is None
    draws(plug, 3000)
    assert commanded(plug) == b"OFF"
    plug.publish("plug/relay", b"OFF")
    record = await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    assert (record["hazard"], record["entity_id"]) == ("overload", POWER)
    status = await site.status(lambda one: one["sensors"][POWER + "#overload"]["detects"] is True)
    assert status["sensors"][POWER + "#overload"]["figure"] == 3000
    draws(plug, 0)
    await site.record(lambda one: not one["active"])
    assert commanded(plug, 0.3) is None, "switched off it stays"


async def test_killed_during_an_overload(site: Site) -> None:
    plug = await bind(site, for_s=0.5)
    draws(plug, 3000, retain=True)
    assert commanded(plug) == b"OFF"
    record = await site.record(lambda one: one["active"])
    await site.status(lambda one: one["store_pending"] == 0)
    site.rig.kill("kernel")
    await site.disconnect()
    site.rig.start_kernel()
    await site.connect()
    assert commanded(plug) == b"OFF", "it was not confirmed"
    plug.publish("plug/relay", b"OFF", qos=1)
    draws(plug, 0, retain=True)
    over = await site.record(lambda one: not one["active"])
    assert over["id"] == record["id"]


async def test_a_press_for_help_over_the_wire(site: Site) -> None:
    await bind(site)
    client = site.client
    assert client is not None
    button = site.rig.device("button")
    for text in (b"double", b"", b"\xff"):
        button.publish("button/action", text, qos=1)
    button.publish("button/action", b"hold", qos=1)
    record = await site.record(lambda one: one["hazard"] == "sos")
    assert len({one["id"] for one in site.seen}) == 1
    assert (await client.end(record["id"], "Li"))["ok"] is True
    over = await site.record(lambda one: not one["active"])
    assert over["acknowledged_by"] == "Li"


async def test_a_press_that_was_kept_is_none(site: Site) -> None:
    button = site.rig.device("button")
    button.publish("button/action", b"single", qos=1, retain=True)
    await bind(site)
    await asyncio.sleep(0.5)
    assert site.seen == []


async def test_figures_elsewhere_do_not_hold_gas_up(site: Site) -> None:
    """A plug that talks without a pause, bound for two hazards, and a valve that closes."""
    sensors, actuators = rows()
    gas, valves = bindings()
    left_on = {**sensors[0], "hazard": "left_on"}
    client = await site.connect()
    reply = await client.bind([*sensors, left_on, *gas], [*actuators, *valves], 1)
    assert reply["problems"] == {}
    await site.status(lambda one: bool(one["broker_connected"]))
    plug, valve = site.rig.device("plug"), site.rig.device("valve")
    valve.subscribe(VALVE_COMMAND, 1)
    for watts in range(2000):
        plug.publish("plug/state", b'{"power":%d}' % watts)
    site.sense()
    assert commanded(valve) == b"CLOSE"
