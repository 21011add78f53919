import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.core import audit as audit_module
from hub.core import commands as module
from hub.core import registry as registry_module
from hub.core.audit import Audit
from hub.core.commands import Actor, CommandRefused, Commands, CommandTimeout
from hub.core.language import translator
from hub.core.registry import Entity, Registry
from hub.core.store import Store, StoreError, migrate
from tests.hub.core.boxes import TestBox

MIGRATIONS = [audit_module.MIGRATION, registry_module.MIGRATION]
OWNER = Actor("lin", "owner")
GUEST = Actor("visitor", "guest")
RULE = Actor("rule 1", "owner", "automation")


class NotPossible(Exception):
    """A handler's own problem, with a text for people."""


class House:
    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "home.db")
        self.store.run_sync(lambda connection: migrate(connection, MIGRATIONS))
        self.audit = Audit(self.store, TestBox())
        self.registry = Registry(self.store, TestBox())
        self.valve = self.registry.announce("mqtt", "valve", "v1", name="Gas valve")
        self.overridden: list[str] = []
        self.commands = Commands(
            self.registry, self.audit, on_override=self._override, problems=(NotPossible,)
        )
        self.got: list[Mapping[str, Any]] = []

    async def _override(self, actor: Actor, entity_id: str, hazard_id: str) -> None:
        self.overridden.append(f"{actor.id} {entity_id} {hazard_id}")

    def answer(
        self, command: str, work: Callable[[], Awaitable[object]] | None = None
    ) -> Callable[[], None]:
        async def handler(args: Mapping[str, Any]) -> None:
            self.got.append(args)
            if work is not None:
                await work()

        return self.commands.handle(self.valve.entity_id, command, handler)

    async def results(self) -> list[str]:
        return [line.detail["result"] for line in await self.audit.lines()]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


async def refused(house: House, actor: Actor, command: str, **more: Any) -> str:
    with pytest.raises(CommandRefused) as caught:
        await house.commands.call(actor, house.valve.entity_id, command, **more)
    return caught.value.code


async def test_the_device_answers_and_the_audit_has_it(house: House) -> None:
    house.answer("set_position")
    outcome = await house.commands.call(
        OWNER, house.valve.entity_id, "set_position", {"position": 40}
    )
    assert house.got == [{"position": 40}]
    line = (await house.audit.lines())[outcome.line - 1]
    assert (line.actor, line.role, line.action, line.subject) == (
        "lin",
        "owner",
        "command set_position",
        "valve.gas_valve",
    )
    assert line.detail == {"args": {"position": 40}, "by": "person", "result": "sent"}
    assert outcome.ms >= 0


async def test_a_code_is_never_written_down(house: House) -> None:
    lock = house.registry.announce("mqtt", "lock", "l1", name="Front door")

    async def unlock(args: Mapping[str, Any]) -> None:
        house.got.append(args)

    house.commands.handle(lock.entity_id, "unlock", unlock)
    await house.commands.call(OWNER, lock.entity_id, "unlock", {"code": "4711"})
    assert house.got == [{"code": "4711"}]
    assert [line.detail["args"] for line in await house.audit.lines()] == [{"code": "***"}]


async def test_who_may_not_is_refused_and_written_down(house: House) -> None:
    house.answer("open")
    assert await refused(house, GUEST, "open") == "forbidden"
    assert await refused(house, Actor("x", ""), "open") == "forbidden"
    assert house.got == []
    assert await house.results() == ["forbidden", "forbidden"]


async def test_what_is_not_there_is_refused(house: House) -> None:
    undo = house.answer("open")
    assert await refused(house, OWNER, "close") == "unknown_command"
    assert await refused(house, OWNER, "explode") == "unknown_command"
    assert await refused(house, OWNER, "open", args={"speed": 3}) == "unknown_command"
    house.registry.set_enabled(house.valve, False)
    assert await refused(house, OWNER, "open") == "disabled"
    house.registry.set_enabled(house.valve, True)
    undo()
    assert await refused(house, OWNER, "open") == "unknown_command"
    with pytest.raises(CommandRefused, match="no such device"):
        await house.commands.call(OWNER, "valve.none", "open")


async def test_an_alarm_holds_its_actuators(house: House) -> None:
    house.answer("open")
    house.commands.leases[house.valve.entity_id] = "hazard-1"
    assert await refused(house, OWNER, "open") == "leased"
    assert await refused(house, RULE, "open", override=True) == "leased"
    assert await refused(house, GUEST, "open", override=True) == "forbidden"
    assert house.got == []
    await house.commands.call(OWNER, house.valve.entity_id, "open", override=True)
    assert house.overridden == ["lin valve.gas_valve hazard-1"]
    assert len(house.got) == 1
    assert await house.results() == ["leased", "leased", "forbidden", "override", "sent"]


async def test_no_answer_is_no_success(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0.05)
    house.answer("open", asyncio.Event().wait)
    began = time.monotonic()
    with pytest.raises(CommandTimeout):
        await house.commands.call(OWNER, house.valve.entity_id, "open")
    assert time.monotonic() - began < 3
    assert await house.results() == ["sent", "timeout"]


async def test_the_devices_own_problem_is_told(house: House) -> None:
    async def jammed() -> None:
        raise NotPossible("the valve is jammed")

    async def broken() -> None:
        raise KeyError("secret detail")

    house.answer("open", jammed)
    with pytest.raises(CommandRefused, match="jammed"):
        await house.commands.call(OWNER, house.valve.entity_id, "open")
    house.answer("open", broken)
    with pytest.raises(CommandRefused) as caught:
        await house.commands.call(OWNER, house.valve.entity_id, "open")
    assert "secret" not in caught.value.text
    assert await house.results() == ["sent", "failed", "sent", "failed"]


async def test_a_full_disk_keeps_nobody_from_the_valve(house: House) -> None:
    await house.store.run(lambda connection: connection.execute("PRAGMA max_page_count = 1"))

    async def fill() -> None:
        while True:
            await house.audit.begin([0, "a", "owner", "x", "y", {}])

    with pytest.raises(StoreError, match="full"):
        await fill()
    house.answer("close")
    assert await refused(house, OWNER, "close") == "unrecorded"
    assert len(house.got) == 1


async def test_a_closed_store_keeps_nobody_from_the_valve(house: House) -> None:
    house.store.close()
    house.answer("close")
    assert await refused(house, OWNER, "close") == "unrecorded"
    assert len(house.got) == 1


def test_a_rule_of_ones_own(tmp_path: Path) -> None:
    def only_close(actor: Actor, entity: Entity, command: str) -> bool:
        return command == "close" and entity.kind == "valve" and actor.role == "guest"

    async def run() -> None:
        house = House(tmp_path)
        commands = Commands(house.registry, house.audit, may=only_close)
        house.commands = commands
        house.answer("close")
        house.answer("open")
        await commands.call(GUEST, house.valve.entity_id, "close")
        assert await refused(house, GUEST, "open") == "forbidden"
        house.store.close()

    asyncio.run(run())


def test_every_refusal_is_said_in_chinese() -> None:
    chinese = translator("hub", "zh_CN")
    for name in dir(module):
        text = getattr(module, name)
        if name.isupper() and isinstance(text, str):
            assert chinese.gettext(text) != text


async def test_a_program_is_written_down_by_its_token(house: House) -> None:
    program = Actor("lin", "owner", "program", token="My script")
    house.answer("close")
    assert house.commands.offered(house.valve.entity_id) == ["close"]
    await house.commands.call(program, house.valve.entity_id, "close")
    house.commands.leases = {house.valve.entity_id: "gas1"}
    with pytest.raises(CommandRefused, match="alarm"):
        await house.commands.call(program, house.valve.entity_id, "close", override=True)
    lines = await house.audit.lines()
    assert [(line.detail["token"], line.detail["result"]) for line in lines] == [
        ("My script", "sent"),
        ("My script", "leased"),
    ]
    assert house.overridden == []
