"""What a thief of the disk reads: planted names are in no file and no output."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import threading
from pathlib import Path

import pytest

from hub.bench.rawmqtt import RawClient
from hub.core.settings import LOOPBACK
from hub.home.runtime import Home
from hub.plugins import broker_users
from privacy.errors import PrivacyError
from privacy.thief import PERSONAL, THIEF_READS
from privacy.vault import MODES
from tests.journey import evidence, planted
from tests.journey.planted import traces
from tests.journey.system import System
from tests.journey.visitor import Visitor
from tests.peers import wait_until

FLAT = "3-1-602"


class Devices:
    """A gas sensor, a valve and a note that carry planted names; the valve answers."""

    def __init__(self, system: System) -> None:
        password = broker_users.load_or_create(system.folder / "home")["devices"]
        where = (LOOPBACK, system.plan.ports["broker"])
        self._sensor = RawClient(*where, "planted-sensor", ("devices", password))
        self._valve = RawClient(*where, "planted-valve", ("devices", password))
        self._valve.subscribe("planted/valve/set", qos=1)
        self.closed = False
        threading.Thread(target=self._answer, daemon=True).start()

    def announce(self) -> None:
        """Tell the home about them."""
        self._entity("binary_sensor", "gas", {"device_class": "gas", "value_template": "gas"})
        self._entity("sensor", "note", {"value_template": "note"})
        self._entity(
            "valve", "valve", {"device_class": "gas", "command_topic": "planted/valve/set"}
        )
        self.say(gas=False)
        self._sensor.publish("planted/valve", b"open", qos=1, retain=True)

    def say(self, *, gas: bool) -> None:
        """The sensor's message; a careless device tells its network with it."""
        told = {"gas": "ON" if gas else "OFF", "note": planted.NOTE}
        told |= {"ssid": planted.NETWORK, "psk": planted.NETWORK_KEY}
        self._sensor.publish("planted/state", json.dumps(told).encode(), qos=1, retain=True)

    def _entity(self, kind: str, key: str, more: dict[str, str]) -> None:
        config: dict[str, object] = {
            "unique_id": f"{planted.SERIAL}-{key}",
            "default_entity_id": f"{kind}.planted_{key}",
            "name": key,
            "state_topic": "planted/valve" if kind == "valve" else "planted/state",
            "device": {
                "identifiers": [planted.SERIAL],
                "name": planted.DEVICE,
                "suggested_area": planted.AREA,
            },
            **more,
        }
        if "value_template" in more:
            config["value_template"] = f"{{{{ value_json.{more['value_template']} }}}}"
        topic = f"homeassistant/{kind}/planted/{key}/config"
        self._sensor.publish(topic, json.dumps(config).encode(), qos=1, retain=True)

    def _answer(self) -> None:
        with contextlib.suppress(OSError):  # until the broker ends
            while (message := self._valve.message(600)) is not None:
                if message[1] == b"CLOSE":
                    self.closed = True
                    self._valve.publish("planted/valve", b"closed", qos=1, retain=True)


def move_in(system: System) -> Visitor:
    """A household with planted names moves in: set up, paired, unlocked, signed in."""
    shutil.rmtree(system.folder / "home")
    data = str(system.folder / "home")
    system.start_parts("community", "relay")
    community = str(system.folder / "community")
    code = json.loads(system.once("community", "code", FLAT, "--json", "--data", community))["code"]
    words = ["home", "init", "--owner", planted.OWNER, "--unlock", "passphrase", "--pair"]
    words += ["--bind", "gas_valve=valve.planted_valve", "--choose", "gas=zone", "--data", data]
    system.once(*words, given=f"{planted.PASSWORD}\n{planted.PASSPHRASE}\n{code}\n")
    system.start_parts("home")
    visitor = Visitor(system.plan.address("home"))
    visitor.get("/unlock")
    visitor.post("/unlock", passphrase=planted.PASSPHRASE)
    visitor.get("/sign-in")
    visitor.post("/sign-in", name=planted.OWNER, password=planted.PASSWORD, next="/")
    visitor.get("/people")
    more = {"name": planted.RESIDENT, "role": "resident", "password": planted.OTHER_PASSWORD}
    assert planted.RESIDENT in visitor.post("/people", **more)
    return visitor


def test_the_search_finds_every_spelling(tmp_path: Path) -> None:
    for how, text in planted.spellings(planted.OWNER):
        at = tmp_path / how
        at.write_bytes(b"\x00xy" + text + b"z")
        assert traces([at], [planted.OWNER]), how
    (tmp_path / "row").write_bytes(base64.b64encode(f"name={planted.OWNER};".encode()))
    assert traces([tmp_path / "row"], [planted.OWNER])


def test_planted_names_are_nowhere(system: System) -> None:
    visitor = move_in(system)
    devices = Devices(system)
    devices.announce()
    system.until(lambda: planted.DEVICE in visitor.get("/devices"), "the device's page")
    devices.say(gas=True)
    wait_until(lambda: devices.closed, "the valve to close", 20)
    system.until(lambda: len(system.incidents()) == 1, "the incident")
    assert planted.AREA in visitor.get("/devices")
    assert planted.RESIDENT in visitor.get("/people")
    places = [system.folder / part for part in ("home", "community", "relay")] + [system.log]
    words = planted.NAMES + planted.SECRETS
    assert traces(places, words) == [], "while it runs, unlocked"
    system.stop_parts()
    assert traces(places, words) == [], "at rest"
    home = system.folder / "home"
    opened = evidence.opened_by_machine(home)
    assert opened, "safety bindings are there for a locked start"
    assert b'"602"' not in b"".join(opened), "building and riser, never the flat"
    for word in planted.PERSONAL + planted.SECRETS:
        assert word.encode() not in b"".join(opened), word


@pytest.mark.parametrize("mode", MODES)
async def test_a_thief_reads_what_the_page_says(system: System, tmp_path: Path, mode: str) -> None:
    home, stick = system.folder / "home", tmp_path / "stick"
    stick.mkdir()
    own = evidence.household(home)
    if mode == "passphrase":
        own.change_mode(mode, passphrase=planted.PASSPHRASE)
    elif mode == "media":
        own.change_mode(mode, media=stick)
    stolen = tmp_path / "stolen"
    shutil.copytree(home, stolen)
    assert evidence.opened_by_machine(stolen), "safety needs no unlocking"
    thief = Home(stolen, None)
    try:
        assert thief.keys.try_alone() == (PERSONAL in THIEF_READS[mode]["disk"])
        if thief.locked:
            with pytest.raises(PrivacyError):
                await thief.accounts.all()
            with pytest.raises(PrivacyError):
                await thief.registry.load()
        else:
            assert [account.role for account in await thief.accounts.all()] == ["owner"]
    finally:
        await thief.stop()
