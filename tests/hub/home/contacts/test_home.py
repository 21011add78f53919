"""A whole home and its contacts: what is shown, while it is locked, and after `kill -9`."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from hub.core.mqtt import MqttSettings
from hub.home.contacts.contacts import Contacts
from hub.home.runtime import Home
from tests.hub.home.conftest import OWNER, PASSPHRASE, PASSWORD
from tests.hub.home.contacts.conftest import draft
from tests.privacy.contacts import Webhook, webhook
from tests.privacy.helpers import until

NOWHERE = MqttSettings("127.0.0.1", 9)

PROGRAM = """
import asyncio, sys
from pathlib import Path
from hub.core.mqtt import MqttSettings
from hub.home.runtime import Home
from privacy.grants import Grants

async def main():
    step, data, record = sys.argv[1], Path(sys.argv[2]), eval(sys.argv[3])
    home = Home(data, MqttSettings("127.0.0.1", 9))
    if step == "log":
        # Cut off between the log and the line: it is written down, and then nothing.
        def hold(grants, grant, klass, message):
            print("logged", flush=True)
            __import__("threading").Event().wait()
        Grants._post = hold
    await home.start()
    await home._hazard_changed(record)
    print("followed", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def record(**more: Any) -> dict[str, Any]:
    """A whole record of the kernel."""
    made: dict[str, Any] = {
        "id": "h1",
        "rev": 1,
        "hazard": "gas",
        "entity_id": "binary_sensor.gas",
        "raised_at": time.time(),
        "active": True,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "cleared_at": None,
        "actions": [],
        "overrides": [],
        "called_by": "",
    }
    return made | more


async def a_home(folder: Path, phone: Webhook, mode: str = "machine") -> Home:
    home = Home(folder, NOWHERE)
    await home.start()
    unlock = {"mode": mode, "passphrase": PASSPHRASE}
    await home.setup(name="张明", password=PASSWORD, unlock=unlock)
    await home.contacts.add(draft(phone.address), OWNER)
    return home


def grants(home: Home) -> list[Any]:
    return [one for one in home.sent() if one.door == "grants"]


async def test_what_left_stands_there_word_for_word(tmp_path: Path) -> None:
    with webhook() as phone:
        home = await a_home(tmp_path, phone)
        await until(lambda: [one.purpose for one in home.ledger()] == ["tell_contact"] * 3)
        await home._hazard_changed(record())
        await until(lambda: grants(home) and grants(home)[0].state == "taken", 20)
        (one,) = grants(home)
        assert one.recipient == f"http://127.0.0.1:{phone.port}"
        assert dict(one.fields) == {
            "What": "Gas alarm",
            "Status": "raised",
            "Title": phone.said()[0]["title"],
            "Message": phone.said()[0]["message"],
        }
        assert one.raw.endswith(phone.requests[0][2])
        assert home.sent_today() == 1
        assert await home.cancel("h1", OWNER)
        await until(lambda: len(grants(home)) == 2, 20)
        assert dict(grants(home)[0].fields)["Status"] == "false alarm"
        (contact,) = home.contacts.all()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            moved = draft(f"http://127.0.0.1:{free.getsockname()[1]}/")
            await home.contacts.change(contact.id, moved, OWNER)
            await home._hazard_changed(record(id="h2"))
            await until(lambda: grants(home)[0].state == "unsent", 20)
        assert home.sent_today() == 2
        await home.stop()


async def test_a_locked_home_tells_and_shows_it_once_unlocked(tmp_path: Path) -> None:
    with webhook() as phone:
        home = await a_home(tmp_path, phone, "passphrase")
        await home.stop()
        home = Home(tmp_path, NOWHERE)
        await home.start()
        assert home.locked
        await home._hazard_changed(record())
        await until(lambda: phone.statuses() == ["raised"], 20)
        assert (list(home.sent()), home.contacts.all()[0].name) == ([], "")
        await home.unlock(PASSPHRASE)
        await until(lambda: grants(home), 20)
        assert home.contacts.all()[0].name == "女儿"
        await home.stop()


async def killed(data: Path, step: str, told: dict[str, Any], awaited: bytes) -> None:
    """Let a home's process take a hazard, and kill it once it says a word."""
    words = (sys.executable, "-c", PROGRAM, step, str(data), repr(told))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while await process.stdout.readline() != awaited:
            pass
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_killed_between_log_and_line_it_tells_once(tmp_path: Path) -> None:
    with webhook() as phone:
        home = await a_home(tmp_path, phone)
        told = record()
        await home.stop()
        await killed(tmp_path, "log", told, b"logged\n")
        assert phone.requests == []
        home = Home(tmp_path, NOWHERE)
        await home.start()
        await until(lambda: _state(home.contacts) == ["told"], 20)
        # The kernel's report, never confirmed, comes again: that is no second message.
        await home._hazard_changed(told)
        await until(lambda: len(grants(home)) == 2, 20)
        assert [one.state for one in grants(home)] == ["taken", "sent"]
        assert phone.statuses() == ["raised"]
        await home.stop()


async def test_killed_before_the_answer_it_tells_under_the_same_key(tmp_path: Path) -> None:
    with webhook() as phone:
        home = await a_home(tmp_path, phone)
        told = record()
        await home.stop()
        phone.hold.clear()
        await killed(tmp_path, "line", told, b"followed\n")
        phone.hold.set()
        home = Home(tmp_path, NOWHERE)
        await home.start()
        await until(lambda: _state(home.contacts) == ["told"], 20)
        await home._hazard_changed(told | {"rev": 2, "active": False})
        await until(lambda: _state(home.contacts) == ["ended"], 20)
        assert phone.statuses()[-1] == "over"
        assert len(set(phone.keys())) == 2
        await home.stop()


def _state(contacts: Contacts) -> list[str]:
    return [one.state for one in contacts.told("h1")]
