"""The kernel as a process over real brokers: the valve closes whatever else is broken."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.bench.rig import SENSOR, VALVE, VALVE_STATE, Rig, bindings
from hub.core.settings import REFUSED
from tests.hub.safety.conftest import GAS, QUIET, Site, closes, commanded


async def test_nobody_connected_after_a_restart(site: Site) -> None:
    await site.bound()
    site.rig.kill("kernel")
    site.rig.start_kernel()
    valve = site.valve()
    site.sense(retain=True)  # retained: it counts even if the kernel subscribes later
    closes(valve)
    await site.connect()
    record = await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    assert (record["hazard"], record["entity_id"], record["active"]) == ("gas", SENSOR, True)
    assert record["actions"][0]["ms"] < 1000
    status = await site.status(lambda one: one["leases"] != {})
    assert status["leases"] == {VALVE: record["id"]}


async def test_a_home_that_is_stopped_holds_nothing_up(site: Site) -> None:
    site.rig.set_up_home()
    site.rig.start_held_home()
    home = site.rig.process("home")
    await site.connect()
    await site.status(
        lambda one: (
            one["broker_connected"] and VALVE in one["actuators"] and SENSOR in one["sensors"]
        )
    )
    home.send_signal(signal.SIGSTOP)
    valve = site.valve()
    try:
        site.sense()
        closes(valve)
        await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    finally:
        home.send_signal(signal.SIGCONT)


async def test_acknowledged_cleared_and_idempotent(site: Site) -> None:
    await site.bound(clear_s=0.2)
    valve = site.valve()
    client = await site.connect()
    site.sense()
    closes(valve)
    record = await site.record(lambda one: one["active"])
    assert (await client.acknowledge(record["id"], "Li"))["durable"] is True
    site.sense(QUIET)
    ended = await site.record(lambda one: not one["active"])
    assert (ended["id"], ended["acknowledged_by"]) == (record["id"], "Li")
    revs = [one["rev"] for one in site.seen]
    assert revs == sorted(set(revs))
    assert commanded(valve, 0.5) is None  # cleared: nothing is opened again


async def test_the_siren_falls_silent_at_the_end(site: Site) -> None:
    sensors, _ = bindings(clear_s=0.1)
    sensors[0]["hazard"] = "smoke"
    wire = {
        **sensors[0]["wire"],
        "state_topic": "bench/siren",
        "state_template": None,
        "states": {"ON": "on", "OFF": "off"},
        "command_topic": "bench/siren/set",
        "commands": {"turn_on": "ON", "turn_off": "OFF"},
    }
    siren = {"entity_id": "siren.hall", "role": "siren", "command": "turn_on", "wire": wire}
    client = await site.connect()
    assert (await client.bind(sensors, [siren], 1))["problems"] == {}
    await site.status(lambda status: bool(status["broker_connected"]))
    device = site.rig.device("siren")
    device.subscribe("bench/siren/set", 1)
    site.sense()
    assert commanded(device) == b"ON"
    device.publish("bench/siren", b"ON")
    await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    site.sense(QUIET)
    assert commanded(device) == b"OFF"
    device.publish("bench/siren", b"OFF")
    ended = await site.record(lambda one: one["actions"][-1]["result"] == "confirmed")
    assert [one["command"] for one in ended["actions"]] == ["turn_on", "turn_off"]
    assert not ended["active"]


async def test_unconfirmed_reports_come_again(site: Site) -> None:
    await site.bound()
    valve = site.valve()
    await site.connect(confirm=False)
    site.sense()
    closes(valve)
    record = await site.record(lambda one: one["actions"][0]["result"] == "confirmed")
    await site.disconnect()
    site.rig.kill("kernel")
    site.rig.start_kernel()
    await site.connect()
    again = await site.record(lambda one: one["active"])
    assert again["id"] == record["id"]
    await site.status(lambda one: one["unconfirmed"] == 0)


async def test_the_store_is_stalled_by_a_lock(site: Site) -> None:
    await site.bound()
    await site.connect()
    lock = sqlite3.connect(site.rig.folder / "safety.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    valve = site.valve()
    site.sense()
    closes(valve)
    record = await site.record(lambda one: one["active"])  # reported live all the same
    await site.status(lambda one: not one["store_ok"])
    lock.execute("ROLLBACK")
    lock.close()
    await site.status(lambda one: one["store_ok"] and one["store_pending"] == 0, within=15)
    await site.disconnect()
    site.rig.kill("kernel")
    site.rig.start_kernel()
    await site.connect()
    status = await site.status(lambda one: one["open"] != [])
    assert status["open"] == [{"id": record["id"], "hazard": "gas"}]


async def test_only_one_watches_a_folder(site: Site) -> None:
    words = [sys.executable, "-m", "hub", "safety", "--data", str(site.rig.folder)]
    words += ["--broker", f"127.0.0.1:{site.rig.port}"]
    second = await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, timeout=30, check=False
    )
    assert second.returncode == REFUSED
    assert second.stderr == f"linli safety: another one already watches {site.rig.folder}\n"
    await site.bound()  # the first one is as it was
    site.rig.kill("kernel")
    assert site.rig.socket_path.exists()  # a killed kernel leaves it behind
    site.rig.start_kernel()
    await site.connect()


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """A disk of 256 KiB at the data folder, where we may mount one."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(folder)], check=False
    )
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def _fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)


async def test_the_disk_is_full(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    with _small_disk(folder) as mounted:
        rig = Rig(folder)
        try:
            rig.start_broker()
            site = Site(rig)
            limits = {} if mounted else {"preexec_fn": _no_growth}
            rig.start_kernel(**limits)
            await site.bound()
            if mounted:
                _fill(folder)
            client = await site.connect()
            valve = site.valve()
            site.sense()
            closes(valve)
            record = await site.record(lambda one: one["active"])
            status = await site.status(lambda one: not one["store_ok"])
            assert status["store_pending"] > 0
            assert (await client.acknowledge(record["id"], "Li"))["durable"] is False
            await site.record(lambda one: one["acknowledged_by"] == "Li")
            await site.disconnect()
            while valve.message(0.2) is not None:
                pass
            rig.stop_kernel()
            if mounted:
                _fill(folder)
            rig.start_kernel(**limits)  # nothing can be written, the bindings are read
            site.sense(retain=True)
            closes(valve)
        finally:
            rig.stop()


def _no_growth() -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))


async def test_only_the_machine_key_is_needed(site: Site) -> None:
    await site.bound()
    keys = {path.name for path in (site.rig.folder / "keys").iterdir()}
    assert keys == {"machine.key"}
    raw = b"".join(path.read_bytes() for path in site.rig.folder.glob("safety.db*"))
    assert SENSOR.encode() not in raw
    assert b"bench/" not in raw


async def test_a_flood_from_other_clients(site: Site) -> None:
    await site.bound()
    flood = site.rig.start_module(
        "flood", ["hub.bench.flood", "--port", str(site.rig.port), "--rate", "5000"]
    )
    assert flood.stdout is not None
    flood.stdout.readline()
    valve = site.valve()
    began = time.monotonic()
    site.sense()
    closes(valve)
    assert time.monotonic() - began < 2


async def test_the_broker_restarts_during_a_hazard(site: Site) -> None:
    await site.bound()
    await site.connect()
    valve = site.valve()
    site.sense()
    assert commanded(valve) == b"CLOSE"
    record = await site.record(lambda one: one["active"])
    site.rig.kill("broker")
    await site.status(lambda one: not one["broker_connected"])
    site.rig.start_broker()
    valve = site.valve()
    closes(valve)  # not confirmed before, so sent again
    again = await site.record(lambda one: one["actions"][0]["result"] == "confirmed", 15)
    assert again["id"] == record["id"]
    assert len({one["id"] for one in site.seen}) == 1


@pytest.mark.long
async def test_cannot_act_is_said_and_tried_again(site: Site) -> None:
    await site.bound()
    await site.connect()
    valve = site.valve()
    site.sense()
    times = []
    for _ in range(4):
        message = valve.message(8)
        assert message is not None
        times.append(message[2])
    gaps = [round(at - times[0]) for at in times]
    assert gaps == [0, 3, 6, 12]
    await site.record(lambda one: one["actions"][0]["result"] == "failed")
    valve.publish(VALVE_STATE, b"closed")
    await site.record(lambda one: one["actions"][0]["result"] == "confirmed")


async def test_supervision_over_the_wire(rig: Rig) -> None:
    rig.start_kernel("--grace", "0.3")
    site = Site(rig)
    client = await site.connect()
    sensors, actuators = bindings()
    sensors[0]["wire"]["availability"] = [
        {"topic": "bridge", "template": "{{ value_json.state }}", "online": "up", "offline": "down"}
    ]
    await client.bind(sensors, actuators, 1)
    lost = await site.record(lambda one: one["hazard"] == "supervision")
    device = rig.device("bridge")
    device.publish("bridge", b'{"state":"up"}', retain=True)
    found = await site.record(lambda one: not one["active"])
    assert found["id"] == lost["id"]
    status = await site.status(lambda one: one["sensors"][SENSOR]["available"] is True)
    assert status["sensors"][SENSOR]["lost"] is False
    await site.disconnect()


async def test_strangers_and_nonsense_are_refused(site: Site) -> None:
    await site.bound()
    assert site.rig.socket_path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(site.rig.socket_path))
        raw.settimeout(5)
        raw.sendall(b'nonsense\n[1]\n{"do":"dance","n":1}\n{"do":"bind","sensors":3}\n')
        text = b""
        while text.count(b"\n") < 4:
            text += raw.recv(65536)
    assert text.count(b'"ok":false') == 4


async def test_press_and_override(site: Site) -> None:
    await site.bound()
    client = await site.connect()
    valve = site.valve()
    assert (await client.press(VALVE))["result"] == "sent"
    assert commanded(valve) == b"CLOSE"
    site.sense(GAS)
    closes(valve)
    await site.status(lambda one: VALVE in one["leases"])
    await client.override(VALVE, "Li")
    await site.status(lambda one: one["leases"] == {})


async def test_the_brokers_password_may_come_later(rig: Rig) -> None:
    users = rig.folder / "broker" / "users.json"
    hidden = users.rename(users.with_name("not yet"))
    rig.start_kernel()
    site = Site(rig)
    await site.connect()
    hidden.rename(users)
    await site.status(lambda one: bool(one["broker_connected"]))
    await site.disconnect()
