"""The demo's page with a real broker and the simulated devices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from hub.demo.page import DemoPage
from hub.demo.plan import Plan
from tests.hub.core.brokers import ROOT, EmbeddedBroker, until

HEADERS = {"Accept-Language": "zh-CN"}


class Demo:
    """A page, its broker, and simulators that can be started."""

    def __init__(self, folder: Path) -> None:
        self.plan = Plan(folder)
        self.plan.choose_ports(usual=False)
        self.plan.homes = 57
        self.broker = EmbeddedBroker(self.plan.data("home"))
        self.broker.port = self.plan.ports["broker"]
        self.page = DemoPage(self.plan)
        self.session = ClientSession(self.plan.address("page"), headers=HEADERS)
        self.devices: subprocess.Popen[str] | None = None

    def simulate(self) -> None:
        password = self.plan.folder / "password"
        password.write_text(self.broker.users["devices"] + "\n", encoding="utf-8")
        words = ["--broker", self.plan.place("broker"), "--username", "devices"]
        self.devices = subprocess.Popen(
            [
                *(sys.executable, "-m", "hub", "simulator", *words),
                *("--password-file", str(password)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.devices.stdout is not None
        assert self.devices.stdout.readline() == "ready\n"

    async def text(self, lang: str = "zh-CN") -> str:
        async with self.session.get("/", headers={"Accept-Language": lang}) as answer:
            assert answer.status == 200
            return await answer.text()

    async def press(self, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        given = {"Origin": self.plan.address("page"), "X-Linli-Form": "1", **headers}
        async with self.session.post(path, headers=given) as answer:
            json = answer.content_type == "application/json"
            return answer.status, await answer.json() if json else {}

    async def stop(self) -> None:
        await self.session.close()
        await self.page.stop()
        if self.devices is not None:
            self.devices.terminate()
            self.devices.wait(10)
            if self.devices.stdout is not None:
                self.devices.stdout.close()
        self.broker.stop()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    made = Demo(tmp_path)
    made.broker.start()
    await made.page.start()
    yield made
    await made.stop()


async def until_text(demo: Demo, wanted: str, *, there: bool = True) -> None:
    seen = ""
    for _ in range(400):
        seen = await demo.text()
        if (wanted in seen) == there:
            return
    raise AssertionError(seen)


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh-CN", "这台机器上的一个小小区"), ("en", "A small community on this machine")],
)
async def test_the_page_in_both_languages(demo: Demo, lang: str, said: str) -> None:
    text = await demo.text(lang)
    assert said in text
    assert "57" in text, "the neighbours are counted from the plan"
    assert "143" not in text


async def test_a_scene_begins_is_shown_and_ends(demo: Demo) -> None:
    demo.simulate()
    await until_text(demo, "模拟设备正在启动", there=False)
    status, answer = await demo.press("/scenes/gas/begin")
    assert (status, answer["toast"]) == (200, "已经开始，请看住户的家。")
    await until_text(demo, "/scenes/gas/end")
    text = await demo.text()
    assert "现在去看" in text
    assert "检测到燃气" in text
    status, _ = await demo.press("/scenes/gas/end")
    assert status == 200
    await until_text(demo, "/scenes/gas/end", there=False)


async def test_a_lost_sensor_is_seen_and_comes_back(demo: Demo) -> None:
    demo.simulate()
    await until_text(demo, "模拟设备正在启动", there=False)
    assert (await demo.press("/scenes/lost/begin"))[0] == 200
    await until_text(demo, "/scenes/lost/end")
    assert (await demo.press("/scenes/lost/end"))[0] == 200
    await until_text(demo, "/scenes/lost/end", there=False)


async def test_a_page_started_again_still_knows(demo: Demo) -> None:
    demo.simulate()
    await until_text(demo, "模拟设备正在启动", there=False)
    await demo.press("/scenes/leak/begin")
    await until_text(demo, "/scenes/leak/end")
    await demo.page.stop()
    demo.page = DemoPage(demo.plan)
    await demo.page.start()
    await until_text(demo, "/scenes/leak/end")


async def test_without_devices_it_says_so(demo: Demo) -> None:
    assert "模拟设备正在启动" in await demo.text()
    status, answer = await demo.press("/scenes/gas/begin")
    assert (status, answer["error"]) == (422, "模拟设备还没有就绪。")


@pytest.mark.parametrize("path", ["/scenes/flood/begin", "/scenes/gas/explode", "/open/nobody"])
async def test_what_isnt_there(demo: Demo, path: str) -> None:
    if path.startswith("/open"):
        async with demo.session.get(path) as answer:
            assert answer.status == 404
    else:
        assert (await demo.press(path))[0] == 404


async def test_another_sites_page_may_neither_press_nor_sign_in(demo: Demo) -> None:
    demo.simulate()
    status, _ = await demo.press("/scenes/gas/begin", Origin="http://evil.example")
    assert status == 403
    async with demo.session.get(
        "/open/resident", headers={"Sec-Fetch-Site": "cross-site"}, allow_redirects=False
    ) as answer:
        assert answer.status == 403
    await until(lambda: demo.devices is not None and demo.devices.poll() is None)
    assert "/scenes/gas/end" not in await demo.text()
