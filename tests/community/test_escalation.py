"""Escalation: 60 s from the stored raise time, across restarts; the siren over a real broker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from community.core import settings
from community.core.store import Store, ensure_schema
from community.core.zones import Spot
from community.incidents import arrivals, desk, views
from community.incidents.desk import Person
from community.incidents.escalation import Escalation
from community.incidents.rules import ESCALATE_AFTER, Move
from community.incidents.siren import Siren
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.http.live import LiveContext
from hub.http.server import LIVE
from tests.community.conftest import Clock, Running, until
from tests.community.test_intake import event
from tests.peers import free_port

GUARD = Person("Demo guard", "guard")


async def alarm(store: Store, at: float) -> int:
    ids = await store.run(lambda s: arrivals.receive(s, [event(b"n" * 32)], at))
    return ids[0]


async def drill(store: Store, at: float) -> int:
    spot = Spot(None, None, "演示", "Demo", None, 0)
    return await store.run(lambda s: desk.start_drill(s, "gas", spot, GUARD, at=at))


async def press(store: Store, incident: int, at: float) -> None:
    await store.run(lambda s: desk.move(s, incident, Move.ACKNOWLEDGE, GUARD, 1, at=at))


class Seen:
    """An escalation whose outcome a test can read."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.escalated: list[int] = []
        self.siren: list[bool] = []
        self.watch = Escalation(
            store, clock=clock, escalated=self.escalated.extend, siren=self.siren.append
        )


async def test_it_escalates_at_sixty_seconds_and_once(store: Store, clock: Clock) -> None:
    incident, seen = await alarm(store, clock()), Seen(store, clock)
    clock.forward(ESCALATE_AFTER - 0.5)
    assert await seen.watch.look() == clock() + 0.5
    assert (seen.escalated, seen.siren[-1]) == ([], False)
    clock.forward(0.5)
    assert await seen.watch.look() is None
    await seen.watch.look()
    assert (seen.escalated, seen.siren[-1]) == ([incident], True)
    lines = await store.read(lambda s: views.timeline(s, incident))
    assert [line.text for line in lines].count(views.LINE_WORDS["escalated"]) == 1


async def test_a_restart_at_the_minute_escalates_from_the_stored_time(
    database_url: str, clock: Clock
) -> None:
    first = Store(database_url)
    ensure_schema(first)
    incident = await alarm(first, clock())
    first.close()
    clock.forward(ESCALATE_AFTER + 30)
    again = Store(database_url)
    seen = Seen(again, clock)
    seen.watch.start()

    async def told() -> bool:
        return seen.escalated == [incident]

    await until(told, "the escalation after the restart")
    await seen.watch.stop()
    third = Seen(again, clock)
    await third.watch.look()
    assert (third.escalated, third.siren) == ([], [True]), "told once, but the siren sounds on"
    again.close()


async def test_acknowledging_in_time_prevents_it_and_late_stops_the_siren(
    store: Store, clock: Clock
) -> None:
    incident, seen = await alarm(store, clock()), Seen(store, clock)
    clock.forward(ESCALATE_AFTER)
    await seen.watch.look()
    assert seen.siren[-1] is True
    await press(store, incident, clock())
    await seen.watch.look()
    assert seen.siren[-1] is False


async def test_a_drill_escalates_without_the_siren(store: Store, clock: Clock) -> None:
    incident, seen = await drill(store, clock()), Seen(store, clock)
    clock.forward(ESCALATE_AFTER)
    await seen.watch.look()
    assert (seen.escalated, seen.siren) == ([incident], [False])


async def test_the_managers_screen_and_the_second_tone(running: Running) -> None:
    incident = await alarm(running.store, running.clock())
    parts = running.community.app[LIVE].parts
    manager = LiveContext("escalations", "", "manager", "en", "")
    assert "take over" not in await parts["escalations"].render(manager)
    running.clock.forward(ESCALATE_AFTER)
    running.community.portal.incidents_changed(incident)

    async def shown() -> bool:
        return "take over" in await parts["escalations"].render(manager)

    await until(shown, "the manager's screen")
    assert "data-escalated" in await parts["ringing"].render(manager)


@asynccontextmanager
async def broker(port: int) -> AsyncIterator[None]:
    from hub.plugins.broker import create

    made = create("127.0.0.1", port, {"community": "secret", "devices": "other"})
    await made.start()
    try:
        yield
    finally:
        await made.shutdown()


async def listening(client: MqttConnection, topic: str) -> None:
    """Wait until the broker certainly has the client's subscriptions."""
    ready = asyncio.Event()
    client.subscribe(topic, lambda *_: ready.set())
    async with asyncio.timeout(10):
        while not ready.is_set():
            client.publish_now(topic, "x", retain=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ready.wait(), 0.1)


async def test_the_siren_is_commanded_over_mqtt_and_again_after_an_outage() -> None:
    port, heard = free_port(), asyncio.Queue[bytes]()
    ours = MqttConnection(MqttSettings(port=port, username="community", password="secret"))
    theirs = MqttConnection(MqttSettings(port=port, username="devices", password="other"))
    theirs.subscribe("demo/siren/set", lambda _topic, payload, _retained: heard.put_nowait(payload))
    siren = Siren(
        ours,
        topic="demo/siren/set",
        on=settings.DEFAULTS[settings.SIREN_ON],
        off=settings.DEFAULTS[settings.SIREN_OFF],
    )
    async with broker(port):
        await theirs.start()
        await theirs.wait_connected()
        await listening(theirs, "test/first")
        await ours.start()
        siren.start()
        assert await asyncio.wait_for(heard.get(), 10) == b'{"state":"OFF"}'
        siren.sound(True)
        assert await asyncio.wait_for(heard.get(), 10) == b'{"state":"ON"}'
    siren.sound(False)
    async with broker(port):
        await theirs.wait_connected()
        await listening(theirs, "test/again")
        siren.configure(topic="demo/siren/set", on="on", off="off")
        assert await asyncio.wait_for(heard.get(), 20) in {b"off", b'{"state":"OFF"}'}
        await siren.stop()
        await ours.stop()
        await theirs.stop()
