"""The demo's page with a real broker and the simulated devices."""

from __future__ import annotations

import pytest

from hub.demo.page import DemoPage
from tests.hub.core.brokers import until
from tests.hub.demo.conftest import Demo


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
    await demo.page.connect()
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
