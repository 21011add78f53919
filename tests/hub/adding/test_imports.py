"""Another broker's devices: read within limits, shown before anything is done, copied by choice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.adding import imports, preview, survey
from hub.adding.brokers import outside_of
from hub.adding.imports import Imports
from hub.adding.problems import AddProblem
from hub.adding.survey import read_retained
from hub.core.mqtt import MqttConnection
from hub.plugins.config import ConfigProblem
from tests.hub.adding.homes import Place
from tests.hub.core.brokers import EmbeddedBroker, until
from tests.peers import Mosquitto

PLUG = {"device": {"identifiers": ["p"], "name": "Plug"}, "command_topic": "p/set"}
MAC = "00000049A3BC"
MESSAGES: dict[str, Any] = {
    "homeassistant/switch/p/config": {**PLUG, "unique_id": "p1", "name": None},
    "homeassistant/sensor/p/power/config": {
        "device": PLUG["device"],
        "unique_id": "p2",
        "name": "Power",
        "state_topic": "p",
    },
    "homeassistant/camera/c/config": {"unique_id": "c", "topic": "c"},
    "homeassistant/warp/w/config": {"unique_id": "w"},
    "homeassistant/switch/broken/config": "{",
    f"tasmota/discovery/{MAC}/config": {
        "dn": "Kettle",
        "fn": ["Kettle"],
        "mac": MAC,
        "ofln": "Offline",
        "onln": "Online",
        "state": ["OFF", "ON", "TOGGLE", "HOLD"],
        "t": "kettle",
        "ft": "%topic%/%prefix%/",
        "tp": ["cmnd", "stat", "tele"],
        "rl": [0] * 8,
        "swc": [-1] * 8,
        "btn": [0] * 4,
        "so": {},
        "if": 0,
        "lk": 1,
        "lt_st": 0,
        "ty": 0,
        "ver": 1,
    },
    f"tasmota/discovery/{MAC}/sensors": {"sn": {"Time": "2026-01-01", "ENERGY": {"Power": 0.5}}},
    "private/diary": "nobody's business",
}


@pytest.fixture
async def other(mosquitto: Mosquitto) -> AsyncIterator[dict[str, object]]:
    """The data of a broker that holds MESSAGES."""
    from hub.core.mqtt import MqttSettings

    writer = MqttConnection(MqttSettings("127.0.0.1", mosquitto.port))
    await writer.start()
    await writer.wait_connected()
    for topic, content in MESSAGES.items():
        payload = content if isinstance(content, str) else json.dumps(content)
        await writer.publish(topic, payload, 1, True)
    await writer.publish("homeassistant/switch/live/config", "{}", 1, False)
    yield {"host": "127.0.0.1", "port": mosquitto.port}
    await writer.stop()


@pytest.mark.peers
async def test_what_a_broker_holds_is_read_and_nothing_else(other: dict[str, object]) -> None:
    found = await read_retained(outside_of(other), ["homeassistant/+/+/config"])
    assert {one.topic for one in found.messages} == {
        topic for topic in MESSAGES if topic.startswith("homeassistant") and "power" not in topic
    }
    assert not found.cut


@pytest.mark.peers
async def test_limits_end_the_reading(other: dict[str, object]) -> None:
    few = await read_retained(outside_of(other), ["#"], most_messages=2)
    assert (len(few.messages), few.cut) == (2, True)
    short = await read_retained(outside_of(other), ["#"], most_bytes=500)
    assert short.cut


@pytest.mark.peers
async def test_a_preview_says_what_would_come_and_what_not_and_why(
    place: Place, other: dict[str, object]
) -> None:
    looked = await place.adding.imports.look(other)
    devices = {one.name: one for one in looked.preview.devices}
    assert set(devices) == {"Plug", "Kettle"}
    plug, kettle = devices["Plug"], devices["Kettle"]
    assert sorted(plug.entities) == [("sensor", "Power"), ("switch", "")]
    assert sorted(plug.topics) == sorted(list(MESSAGES)[:2])
    assert [kind for kind, _name in kettle.entities] == ["sensor"]
    assert sorted(kettle.topics) == sorted(
        topic for topic in MESSAGES if topic.startswith("tasmota")
    )
    assert {(reason.text, count) for reason, count in looked.preview.left_out} == {
        (preview.IGNORED, 1),
        (preview.UNSUPPORTED, 1),
        (preview.UNREADABLE, 1),
    }
    assert not plug.known
    assert place.registry.entities() == []


@pytest.mark.peers
async def test_chosen_devices_are_copied_and_appear_and_others_not(
    place: Place, other: dict[str, object], tmp_path: Path
) -> None:
    broker = EmbeddedBroker(tmp_path / "ours")
    broker.start()
    ours = MqttConnection(broker.settings())
    await ours.start()
    await ours.wait_connected()
    got: dict[str, tuple[bytes, bool]] = {}
    try:
        made = Imports(place.registry, place.plugins, ours)
        looked = await made.look(other)
        at = [one.name for one in looked.preview.devices].index("Plug")
        with pytest.raises(AddProblem) as refused:
            await made.copy(looked.id, [])
        assert refused.value.reason.text == imports.NONE_CHOSEN
        assert await made.copy(looked.id, [at]) == 1
        ours.subscribe("#", lambda topic, content, kept: got.update({topic: (content, kept)}))
        await until(lambda: len(got) == 2)
        for topic, (content, kept) in got.items():
            assert kept
            assert json.loads(content) == MESSAGES[topic]
        with pytest.raises(AddProblem) as refused:
            await made.copy(looked.id, [at])
        assert refused.value.reason.text == imports.GONE
        own = {"host": "localhost", "port": broker.port}
        with pytest.raises(AddProblem) as refused:
            await made.look(own)
        assert refused.value.reason.text == imports.OURS
    finally:
        await ours.stop()
        broker.stop()


@pytest.mark.peers
async def test_a_lost_broker_of_ours_loses_nothing(place: Place, other: dict[str, object]) -> None:
    looked = await place.adding.imports.look(other)
    place.connection.change(connected=False)
    with pytest.raises(AddProblem) as refused:
        await place.adding.imports.copy(looked.id, [0])
    assert refused.value.reason.text == imports.LOST
    place.connection.change(connected=True)
    assert await place.adding.imports.copy(looked.id, [0]) == 1


async def test_a_broker_that_is_not_there(place: Place) -> None:
    with pytest.raises(ConfigProblem):
        await place.adding.imports.look({"host": "127.0.0.1", "port": 1})


async def test_a_hostile_broker_gets_nothing_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers every question with topics nobody asked for, huge ones and no end of them."""

    def publish(topic: bytes, payload: bytes, flags: int = 0x31) -> bytes:
        body = len(topic).to_bytes(2, "big") + topic + payload
        size, length = b"", len(body)
        while True:
            length, low = divmod(length, 128)
            size += bytes([low | (0x80 if length else 0)])
            if not length:
                return bytes([flags]) + size + body

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"\x20\x02\x00\x00")
        await reader.read(1024)
        writer.write(publish(b"zigbee2mqtt/bridge/request/permit_join", b"{}"))
        writer.write(publish(b"homeassistant/switch/a/config", b"x" * (survey.MOST_PAYLOAD + 1)))
        writer.write(publish(b"homeassistant/switch/b/config", b"{}", 0x30))
        writer.write(publish(b"homeassistant/switch/\xff/config", b"{}"))
        try:
            for number in range(10_000):
                writer.write(publish(b"homeassistant/switch/%d/config" % number, b"{}"))
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await read_retained(
            outside_of({"host": "127.0.0.1", "port": port}), ["homeassistant/+/+/config"]
        )
    assert len(found.messages) == survey.MOST_MESSAGES
    assert found.cut
    assert found.too_large == 1
    assert all(one.topic.startswith("homeassistant/switch/") for one in found.messages)
    assert "homeassistant/switch/b/config" not in {one.topic for one in found.messages}


async def test_a_device_that_is_here_already_is_said_so(place: Place) -> None:
    place.announce("a")
    messages = [
        survey.Retained(
            "homeassistant/switch/other/config",
            json.dumps(
                {"unique_id": "o", "command_topic": "o", "device": {"identifiers": ["a"]}}
            ).encode(),
        )
    ]
    made = await place.plugins.class_of("mqtt")
    seen = await preview.preview(
        made,
        place.plugins.manifests["mqtt"],
        made.config_class().from_data({}),
        messages,
        place.registry,
    )
    assert [one.known for one in seen.devices] == [True]
