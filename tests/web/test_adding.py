"""The pages on which devices come in: new ones, finds, forms, another broker."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.core.brokers import until
from tests.peers import Mosquitto
from tests.web.homes import Served, served
from tests.web.newcomers import BROKER, GATE
from tests.web.visitors import visiting


@pytest.fixture(autouse=True)
def no_leftover_modules() -> Iterator[None]:
    yield
    for name in [one for one in sys.modules if one.startswith("integrations.demo_gate")]:
        del sys.modules[name]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


def announce(home: Served, name: str) -> str:
    """A plug announces itself; returns its device's id."""
    config = {
        "unique_id": name,
        "command_topic": f"{name}/set",
        "state_topic": name,
        "device": {"identifiers": [name], "name": name, "manufacturer": "Demo"},
    }
    connection: Any = home.home.adding._mqtt
    connection.deliver(f"homeassistant/switch/{name}/config", json.dumps(config))
    found = home.home.registry.of_source("mqtt", "switch", name)
    assert found is not None
    assert found.device_id is not None
    return found.device_id


async def test_a_home_with_nothing_new_says_what_to_do(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/add"))[1]
        assert "Nothing new." in text
        assert "Look around" in text
        assert "/add/import" in text
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/add"))[1]
        assert "Nothing new." in text
        assert "/add/import" not in text
        assert "Look around" not in text


async def test_a_new_device_is_kept_named_or_ignored(home: Served) -> None:
    first, second, third = (announce(home, name) for name in ("plug1", "plug2", "plug3"))
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/add"))[1]
        assert text.count('/keep"') == 3
        await visitor.press(f"/add/devices/{first}/keep")
        status, answer = await visitor.press(f"/add/devices/{second}", name="", area="客厅")
        assert (status, set(answer["errors"])) == (422, {"name"})
        status, answer = await visitor.press(f"/add/devices/{second}", name="台灯", area="客厅")
        assert (status, answer["go"]) == (200, "/add")
        await visitor.press(f"/add/devices/{third}/ignore")
        text = (await visitor.get("/add"))[1]
        assert "Nothing new." in text
        assert "plug3" in text
        await visitor.press(f"/add/devices/{third}/offer")
        assert f"/add/devices/{third}/keep" in (await visitor.get("/add"))[1]
        assert (await visitor.get("/add/devices/nothing"))[0] == 404
    named = home.home.registry.device(second)
    assert named is not None
    assert (named.name, named.area) == ("台灯", "客厅")


async def test_what_warns_is_not_ignored_by_one_press(home: Served) -> None:
    device = announce(home, "smoke")
    home.home.adding.safety.watches = lambda one: one == device
    async with visiting(home, "resident") as visitor:
        assert f"/add/devices/{device}/ignore" not in (await visitor.get("/add"))[1]
        assert (await visitor.press(f"/add/devices/{device}/ignore"))[0] == 422
        assert "warns of danger" in (await visitor.get(f"/add/devices/{device}"))[1]
        assert (await visitor.press(f"/add/devices/{device}/ignore", sure="1"))[0] == 200


async def test_a_find_is_added_by_one_press(home: Served) -> None:
    home.home.adding._found(GATE)
    (find,) = home.home.adding.finds.open()
    async with visiting(home, "owner") as visitor:
        assert "前门闸" in (await visitor.get("/add"))[1]
        status, answer = await visitor.press(f"/add/finds/{find.id}")
        assert (status, answer["go"]) == (200, "/add")
        assert "前门闸" not in (await visitor.get("/add"))[1]
    entry = home.home.adding.entries.get("demo_gate")
    assert entry is not None
    assert entry.data == {"host": "192.0.2.7", "port": 8080, "code": "1234"}


async def test_a_find_with_something_missing_opens_its_form_filled_as_far_as_known(
    home: Served,
) -> None:
    home.home.adding._found(GATE._replace(txt={"code": "wrong"}))
    (find,) = home.home.adding.finds.open()
    async with visiting(home, "owner") as visitor:
        _status, answer = await visitor.press(f"/add/finds/{find.id}")
        assert answer["go"] == f"/add/new/demo_gate?find={find.id}"
        text = (await visitor.get(answer["go"]))[1]
        assert 'value="192.0.2.7"' in text
        assert 'value="8080"' in text
        assert "wrong" not in text.replace("went wrong", "")


async def test_ignoring_a_find_and_taking_that_back(home: Served) -> None:
    home.home.adding._found(BROKER)
    (find,) = home.home.adding.finds.open()
    async with visiting(home, "owner") as visitor:
        text = (await visitor.get("/add"))[1]
        assert f"/add/import?find={find.id}" in text
        assert 'value="192.0.2.9"' in (await visitor.get(f"/add/import?find={find.id}"))[1]
        await visitor.press(f"/add/finds/{find.id}/ignore")
        assert f"/add/import?find={find.id}" not in (await visitor.get("/add"))[1]
        await visitor.press(f"/add/finds/{find.id}/offer")
        assert f"/add/import?find={find.id}" in (await visitor.get("/add"))[1]
        assert (await visitor.press("/add/finds/nothing/ignore"))[0] == 404
        assert (await visitor.press("/add/finds/nothing"))[0] == 404


async def test_a_form_in_both_languages_with_errors_beside_the_field(home: Served) -> None:
    async with visiting(home, "owner", "zh-CN") as visitor:
        text = (await visitor.get("/add/new/demo_gate"))[1]
        assert ">地址</label>" in text
        status, answer = await visitor.press("/add/new/demo_gate", host="", port="many")
        assert status == 422
        assert answer["errors"] == {"host": "必须填写", "port": "必须是整数"}
        status, answer = await visitor.press("/add/new/demo_gate", host="g", code="wrong")
        assert answer["errors"] == {"code": "闸门拒绝了这个密码。"}
    async with visiting(home, "owner") as visitor:
        status, text, _path = await visitor.post(
            "/add/new/demo_gate", host="gate.local", port="99999", code="my secret"
        )
        assert status == 422
        assert 'value="gate.local"' in text
        assert 'value="99999"' in text
        assert "must be at most 65535" in text
        assert "my secret" not in text


async def test_an_entry_is_changed_its_secret_kept_and_taken_out(home: Served) -> None:
    async with visiting(home, "owner") as visitor:
        await visitor.press("/add/new/demo_gate", host="gate.local", port="80", code="my secret")
        text = (await visitor.get("/add/entries/demo_gate"))[1]
        assert "my secret" not in text
        assert "It is saved" in text
        await visitor.press("/add/entries/demo_gate", host="other.local", port="80", code="")
        entry = home.home.adding.entries.get("demo_gate")
        assert entry is not None
        assert entry.data == {"host": "other.local", "port": 80, "code": "my secret"}
        assert (await visitor.press("/add/entries/mqtt/remove"))[0] == 422
        assert (await visitor.press("/add/entries/demo_gate/remove"))[0] == 200
        assert (await visitor.get("/add/entries/demo_gate"))[0] == 404
        assert (await visitor.get("/add/new/mqtt"))[0] == 404
        assert (await visitor.get("/add/new/nothing"))[0] == 404
    assert "my secret" not in str(home.home.did)


async def test_a_broker_that_is_not_there_is_said_beside_its_field(home: Served) -> None:
    typed = {"host": "127.0.0.1", "port": "1", "tls": "none", "password": "my secret"}
    async with visiting(home, "owner", "zh-CN") as visitor:
        for path in ("/add/broker", "/add/import"):
            status, answer = await visitor.press(path, **typed)
            assert status == 422
            assert set(answer["errors"]) == {"port"}
            assert answer["errors"]["port"].startswith("这个端口没有应答")
            assert "my secret" not in str(answer)
    assert home.home.adding.outside is None


@pytest.mark.peers
async def test_another_brokers_devices_are_seen_chosen_and_copied(
    home: Served, mosquitto: Mosquitto
) -> None:
    from hub.core.mqtt import MqttConnection, MqttSettings

    writer = MqttConnection(MqttSettings("127.0.0.1", mosquitto.port))
    await writer.start()
    await writer.wait_connected()
    for name in ("<b>one", "two"):
        config = {"command_topic": "x", "unique_id": name, "device": {"ids": [name], "name": name}}
        topic = f"homeassistant/switch/{name.strip('<b>')}/config"
        await writer.publish(topic, json.dumps(config), 1, True)
    await writer.stop()
    connection: Any = home.home.adding._mqtt
    async with visiting(home, "owner") as visitor:
        form = {"host": "127.0.0.1", "port": str(mosquitto.port), "tls": "none"}
        status, answer = await visitor.press("/add/import", **form)
        assert status == 200
        text = (await visitor.get(answer["go"]))[1]
        assert "&lt;b&gt;one" in text
        assert "<b>one" not in text
        assert "still has to be pointed here" in text
        assert (await visitor.press(answer["go"]))[0] == 422
        status, said = await visitor.press(answer["go"], device="1")
        assert (status, said["go"]) == (200, "/add")
        assert "1 device was taken over" in said["toast"]
        assert (await visitor.get(answer["go"]))[0] == 404
    copied = [(topic, kept) for topic, _content, _qos, kept in connection.published if kept]
    assert copied == [("homeassistant/switch/two/config", True)]


async def test_a_search_of_the_network_is_shown_and_ends(home: Served) -> None:
    look = home.home.adding.look_around
    async with visiting(home, "owner") as visitor:
        await visitor.press("/add/look")
        await until(lambda: look.running or look.looked)
        if look.running:
            assert "Looking around …" in (await visitor.get("/add"))[1]
        await look.stop()
        assert "Look again" in (await visitor.get("/add"))[1]
