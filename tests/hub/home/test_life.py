"""A whole home at a real broker, with the hazard kernel and simulated devices as processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.core.commands import Actor, CommandRefused
from hub.core.mqtt import MqttConnection
from hub.core.store import StoreError
from hub.home.broker import mqtt_settings
from hub.home.refusal import Refusal
from hub.home.runtime import Home
from tests.hub.core.brokers import ROOT, EmbeddedBroker, until
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD
from tests.hub.home.contacts.conftest import draft
from tests.privacy.contacts import webhook

SENSOR, VALVE = "binary_sensor.demo_gas_sensor_gas", "valve.demo_gas_valve_valve"
PATIENCE_S = 30.0


@contextmanager
def process(*words: str) -> Iterator[None]:
    """A ``linli`` command, ready when this is entered."""
    run = subprocess.Popen(
        [sys.executable, "-m", "hub", *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert run.stdout is not None
        assert run.stdout.readline().startswith("ready")
        yield
    finally:
        run.terminate()
        run.wait(10)
        if run.stdout is not None:
            run.stdout.close()


class Place:
    """A folder, a broker, a kernel and two devices; homes are started and stopped on it."""

    def __init__(self, folder: Path, broker: EmbeddedBroker) -> None:
        self.folder = folder
        self.broker = broker
        self.address = f"127.0.0.1:{broker.port}"
        self.homes: list[Home] = []
        self.devices = MqttConnection(broker.settings("devices"))

    async def home(self, ask_s: float = 60.0) -> Home:
        made = Home(
            self.folder,
            mqtt_settings(self.folder, "127.0.0.1", self.broker.port),
            ask_s=ask_s,
            clear_s=0.2,
        )
        self.homes.append(made)
        await made.start()
        return made

    async def stop(self) -> None:
        for home in self.homes:
            await home.stop()
        await self.devices.stop()

    async def alarm(self, *, on: bool) -> None:
        await self.devices.publish("sim/gas_sensor/set", f'{{"alarm": {str(on).lower()}}}', 1)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    folder = tmp_path / "home"
    broker = EmbeddedBroker(folder)
    broker.start()
    made = Place(folder, broker)
    password = tmp_path / "password"
    password.write_text(broker.users["devices"] + "\n", encoding="utf-8")
    at = ["--broker", made.address]
    with ExitStack() as stack:
        stack.callback(broker.stop)
        stack.enter_context(process("safety", *at, "--data", str(folder)))
        words = ["--username", "devices", "--password-file", str(password)]
        words += ["--devices", "gas_sensor,gas_valve", "--language", "en"]
        stack.enter_context(process("simulator", *at, *words))
        await made.devices.start()
        try:
            yield made
        finally:
            await made.stop()


async def bound(home: Home) -> None:
    """The gas valve is bound and the kernel watches the sensor."""

    def watching() -> bool:
        status = home.watch.client.status or {}
        return SENSOR in status.get("sensors", {}) and VALVE in status.get("actuators", {})

    await until(lambda: home.registry.get(VALVE) is not None, PATIENCE_S)
    await home.bind("gas_valve", VALVE, OWNER)
    await until(watching, PATIENCE_S)


def newest(home: Home) -> Any:
    found = home.hazards()
    return found[0] if found else None


async def set_up(place: Place, unlock: dict[str, str]) -> Home:
    home = await place.home()
    await home.setup(name="张明", password=PASSWORD, unlock=unlock)
    await bound(home)
    return home


async def test_a_hazard_while_locked_is_there_after_unlocking(place: Place) -> None:
    home = await set_up(place, {"mode": "passphrase", "passphrase": PASSPHRASE})
    await home.stop()
    home = await place.home()
    assert home.locked
    await place.alarm(on=True)
    await until(lambda: newest(home) is not None and newest(home).question, PATIENCE_S)
    await until(lambda: [one.result for one in newest(home).did(str)] == ["confirmed"], PATIENCE_S)
    assert newest(home).active
    await home.unlock(PASSPHRASE)
    await until(lambda: home.registry.get(SENSOR) is not None, PATIENCE_S)
    assert "Kitchen gas sensor (demo)" in newest(home).sensor
    await home.acknowledge(newest(home).id, OWNER)
    await until(lambda: newest(home).acknowledged_by is not None, PATIENCE_S)
    await place.alarm(on=False)
    await until(lambda: not newest(home).active, PATIENCE_S)
    await home.stop()
    again = await place.home()
    await again.unlock(PASSPHRASE)
    assert not newest(again).active
    await again.stop()


async def test_an_actuator_is_leased_and_a_person_may_override(place: Place) -> None:
    home = await set_up(place, {"mode": "machine"})
    await place.alarm(on=True)
    await until(lambda: VALVE in home.commands.leases, PATIENCE_S)
    with pytest.raises(CommandRefused) as refused:
        await home.commands.call(OWNER, VALVE, "open")
    assert refused.value.code == "leased"
    robot = Actor("rule-1", "owner", "automation")
    with pytest.raises(CommandRefused):
        await home.commands.call(robot, VALVE, "open", override=True)
    await home.commands.call(OWNER, VALVE, "open", override=True)
    await until(lambda: (s := home.states.get(VALVE)) is not None and s.value == "open", PATIENCE_S)
    await home.stop()


async def test_a_question_goes_on_after_a_restart(place: Place) -> None:
    home = await set_up(place, {"mode": "machine"})
    await place.alarm(on=True)
    await until(lambda: newest(home) is not None and newest(home).question, PATIENCE_S)
    deadline = newest(home).question.deadline
    await home.stop()
    home = await place.home()
    assert newest(home).question.deadline == deadline
    assert await home.answer(newest(home).id, "tell", OWNER)
    assert not await home.answer(newest(home).id, "dont", OWNER)
    assert (newest(home).question.answer, newest(home).question.told) == ("tell", False)
    await home.stop()


async def test_a_full_disk_first_and_confirmed_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await set_up(place, {"mode": "machine"})
    monkeypatch.setattr("hub.home.watch.STORE_AGAIN_S", 0.05)
    works = home.store.run

    async def full(_fn: Any) -> Any:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(home.store, "run", full)
    await place.alarm(on=True)
    await until(lambda: newest(home) is not None, PATIENCE_S)
    await until(lambda: (home.watch.client.status or {})["unconfirmed"] > 0, PATIENCE_S)
    monkeypatch.setattr(home.store, "run", works)
    await until(lambda: (home.watch.client.status or {})["unconfirmed"] == 0, PATIENCE_S)
    await home.stop()
    again = await place.home()
    assert newest(again).active
    await again.stop()


async def test_a_test_press_is_confirmed_by_the_device(place: Place) -> None:
    home = await set_up(place, {"mode": "machine"})
    assert await home.test_press(VALVE, OWNER)
    with pytest.raises(Refusal, match="bound"):
        await home.test_press("valve.nowhere", OWNER)
    await home.stop()


async def test_without_a_kernel_it_says_so(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    try:
        home = await Place(tmp_path, broker).home()
        await home.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
        with pytest.raises(Refusal, match="safety process"):
            await home.acknowledge("h1", OWNER)
        await home.stop()
        await home.stop()
    finally:
        broker.stop()


async def test_a_contact_hears_of_an_alarm_of_its_end_and_of_a_call(place: Place) -> None:
    with webhook() as phone:
        home = await place.home(ask_s=0.2)
        await home.setup(name="张明", password=PASSWORD, unlock={"mode": "machine"})
        await bound(home)
        await home.contacts.add(draft(phone.address), OWNER)
        await place.alarm(on=True)
        await until(lambda: newest(home) and newest(home).contacts, PATIENCE_S)
        await until(lambda: newest(home).contacts[0].state == "told", PATIENCE_S)
        await place.alarm(on=False)
        await until(lambda: newest(home).contacts[0].state == "ended", PATIENCE_S)
        await home.call_for_help(OWNER)
        await until(lambda: len(phone.requests) == 3, PATIENCE_S)
        told = [(one["hazard"], one["status"]) for one in phone.said()]
        assert told == [("gas", "raised"), ("gas", "over"), ("sos", "raised")]
        everything = repr([(path, head, body.decode()) for path, head, body in phone.requests])
        hidden = ["张明", "女儿", *(one.id for one in home.hazards())]
        hidden += [one.name for one in home.registry.devices()]
        hidden += [one.entity_id for one in home.registry.entities()]
        assert [word for word in hidden if word and word in everything] == []
