import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.audit import MIGRATION, Audit, AuditProblem
from hub.core.store import Store, migrate
from tests.hub.core.boxes import TestBox


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "home.db")
    made.run_sync(lambda connection: migrate(connection, [MIGRATION]))
    yield made
    made.close()


async def fill(store: Store, lines: int = 20) -> Audit:
    audit = Audit(store, TestBox())
    await asyncio.gather(
        *(
            audit.write(actor=f"a{n}", role="owner", action="command close", subject="valve.gas")
            for n in range(lines)
        )
    )
    return audit


async def test_lines_come_back_in_order(store: Store) -> None:
    audit = await fill(store)
    assert await audit.verify() == 20
    lines = await audit.lines(after=5, limit=3)
    assert [line.seq for line in lines] == [6, 7, 8]
    assert lines[0].actor == "a5"
    assert lines[0].subject == "valve.gas"
    raw = await store.read(lambda c: c.execute("SELECT sealed FROM audit").fetchall())
    assert all(b"valve" not in row[0] for row in raw)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("UPDATE audit SET sealed = zeroblob(60) WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 7", 7),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("UPDATE audit SET link = zeroblob(32) WHERE seq = 9", 9),
        ("UPDATE audit SET seq = 21 WHERE seq = 20", 20),
        ("UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE seq = 3) WHERE seq = 2", 2),
    ],
)
async def test_damage_is_found(store: Store, damage: str, line: int) -> None:
    audit = await fill(store)
    await store.run(lambda c: c.execute(damage))
    with pytest.raises(AuditProblem) as caught:
        await audit.verify()
    assert caught.value.seq == line


async def test_a_forged_chain_needs_the_key(store: Store) -> None:
    await fill(store, 3)
    stranger = Audit(store, TestBox(bytes(31) + b"x"))
    await stranger.write(actor="x", role="owner", action="forged", subject="s")
    with pytest.raises(AuditProblem) as caught:
        await Audit(store, TestBox()).verify()
    assert caught.value.seq == 4
