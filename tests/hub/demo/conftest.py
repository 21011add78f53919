"""A demo page on a real broker, for the tests of this room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from hub.demo.page import DemoPage
from hub.demo.plan import Plan
from tests.hub.core.brokers import ROOT, EmbeddedBroker

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
    await made.page.connect()
    yield made
    await made.stop()
