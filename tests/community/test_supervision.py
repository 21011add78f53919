"""What the desk stands on: a calm screen says all well only while alarms could come in."""

from __future__ import annotations

import pytest

from community.incidents.screen import deaf
from hub.http.live import LiveContext
from tests.community.conftest import Running, until


class Link:
    """A relay's link as a test wants it."""

    def __init__(self, at: float) -> None:
        self.listening = self.paired = self.connected = True
        self.batch_at: float | None = at
        self.slot_s = 2.0


async def alarms(running: Running) -> str:
    part = running.community.portal.live.parts["duty-alarms"]
    return await part.render(LiveContext("duty-alarms", "", "guard", "en", ""))


async def test_all_well_is_said_only_while_alarms_could_come_in(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    changed = running.community.portal.live.changed
    monkeypatch.setattr(
        running.community.portal.live,
        "changed",
        lambda topic: (told.append(topic), changed(topic)),
    )
    watcher = running.community.watcher
    text = await alarms(running)
    assert "No alarm is known here" in text
    assert "All well" not in text
    link = Link(running.clock())
    monkeypatch.setattr(watcher, "_link", link)
    assert not deaf(watcher.entries())
    assert "All well" in await alarms(running)
    for name, value in (
        ("connected", False),
        ("listening", False),
        ("batch_at", running.clock() - 60),
    ):
        before = getattr(link, name)
        setattr(link, name, value)
        assert deaf(watcher.entries()), name
        assert "All well" not in await alarms(running)
        setattr(link, name, before)

    async def said() -> bool:
        return "hearing" in told

    await until(said, "the alarms part to be drawn anew")
