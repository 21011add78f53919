"""The home's link to the kernel: what the kernel missed or lost is handed over to it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from hub.bench.rig import SENSOR, SENSOR_TOPIC, VALVE_COMMAND, VALVE_STATE, Rig, bindings
from hub.core.states import States
from hub.home.watch import Watch
from hub.safety import client
from tests.hub.core.brokers import until

DETECTS, QUIET = b'{"gas":true}', b'{"gas":false}'


class Bound:
    """The resident's bindings: one gas sensor and one gas valve."""

    def for_kernel(self) -> dict[str, Any]:
        sensors, actuators = bindings(clear_s=0.2)
        return {"sensors": sensors, "actuators": actuators, "version": 1}


class Book:
    """The newest revision of every record."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}

    async def take(self, record: dict[str, Any]) -> bool:
        self.records[record["id"]] = record
        return True

    def newest_first(self) -> list[dict[str, Any]]:
        return list(self.records.values())

    def closings(self) -> list[str]:
        return [one["result"] for record in self.records.values() for one in record["actions"]]


class Registry:
    def listen(self, _callback: object) -> None:
        """Nothing is discovered here."""


async def _follow(_record: dict[str, Any]) -> None:
    """Nobody is asked here."""


class Linked:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.states = States()
        self.book = Book()
        self.unknown = asyncio.Event()
        self.watch = Watch(
            rig.socket_path,
            cast(Any, Registry()),
            cast(Any, Bound()),
            self.states,
            lambda _: None,
            on_unknown=self.unknown.set,
        )
        self.sensor, self.valve = rig.device("sensor"), rig.device("valve")
        self.valve.subscribe(VALVE_COMMAND, 1)

    async def ready(self) -> None:
        await until(lambda: self.status.get("broker_connected") and self.status.get("sensors"))

    @property
    def status(self) -> dict[str, Any]:
        return self.watch.client.status or {}

    async def closes(self) -> None:
        message = await asyncio.to_thread(self.valve.message, 10)
        assert message is not None
        assert message[1] == b"CLOSE"
        self.valve.publish(VALVE_STATE, b"closed", qos=1)
        await until(lambda: self.book.closings() == ["confirmed"])

    async def clears(self) -> None:
        self.sensor.publish(SENSOR_TOPIC, QUIET, qos=1)
        self.states.set(SENSOR, False)
        await until(lambda: [one["active"] for one in self.book.records.values()] == [False])


@pytest.fixture
async def linked(tmp_path: Path) -> AsyncIterator[Linked]:
    rig = Rig(tmp_path / "home")
    try:
        rig.start_broker()
        rig.start_kernel()
        made = Linked(rig)
        await made.watch.start(cast(Any, made.book), _follow)
        made.watch.begin_binding()
        await made.ready()
        yield made
        await made.watch.stop()
    finally:
        rig.stop()


async def test_a_detection_while_the_kernel_was_dead(linked: Linked) -> None:
    linked.rig.kill("kernel")
    linked.sensor.publish(SENSOR_TOPIC, DETECTS, qos=1)
    linked.states.set(SENSOR, True)  # the home heard it on its own connection
    linked.rig.start_kernel()
    await linked.closes()
    await linked.clears()


async def test_a_detection_while_the_kernel_was_not_yet_at_the_broker(linked: Linked) -> None:
    linked.states.set(SENSOR, True)
    await linked.closes()
    await linked.clears()


async def test_killed_between_the_act_and_the_disk(linked: Linked) -> None:
    """What the kernel did is on the wire, and nothing of it is anywhere else."""
    linked.rig.kill("kernel")
    linked.states.set(SENSOR, True)
    linked.valve.publish(VALVE_STATE, b"closed", retain=True, qos=1)
    linked.rig.start_kernel()
    await until(lambda: linked.book.closings() == ["confirmed"])
    await linked.clears()


async def test_what_the_disk_lost_goes_on_as_the_same_hazard(linked: Linked) -> None:
    linked.sensor.publish(SENSOR_TOPIC, DETECTS, qos=1)
    linked.states.set(SENSOR, True)
    await linked.closes()
    linked.rig.kill("kernel")
    for part in linked.rig.folder.glob("safety.db*"):
        part.unlink()
    linked.rig.start_kernel()
    await linked.clears()
    assert len(linked.book.records) == 1


async def test_it_says_so_when_nobody_watches(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, kernel = linked.watch, linked.rig.process("kernel")
    monkeypatch.setattr(client, "SILENT_S", 2.5)
    await until(lambda: watch.guard == "watching")
    assert watch.sensor(SENSOR)["watch"] == "unheard"
    linked.sensor.publish(SENSOR_TOPIC, QUIET, qos=1)
    await until(lambda: watch.sensor(SENSOR)["watch"] == "watching")
    linked.unknown.clear()
    kernel.send_signal(signal.SIGSTOP)  # its socket stays open, nobody answers
    await asyncio.wait_for(linked.unknown.wait(), 30)
    assert (watch.guard, watch.sensor(SENSOR)["watch"]) == ("unreachable", "unwatched")
    kernel.send_signal(signal.SIGCONT)
    await until(lambda: watch.guard == "watching")
    linked.rig.kill("broker")
    await until(lambda: watch.guard == "deaf")
    linked.unknown.clear()
    linked.rig.kill("kernel")
    await asyncio.wait_for(linked.unknown.wait(), 30)
    assert watch.guard == "unreachable"
