"""The store: group commits, failures that stay their own, durable answers, migrations."""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from community.core.schema import HEAD, KNOWN
from community.core.store import Store, StoreError, ensure_schema, open_store, schema_version
from community.core.tables import Setting


def _put(key: str, value: str = "") -> Callable[[Session], None]:
    return lambda session: session.add(Setting(key=key, value=value))


def _pragma(store: Store, pragma: str) -> Any:
    return store.run_sync(lambda session: session.execute(text(f"PRAGMA {pragma}")).scalar())


def _keys(session: Session) -> list[str]:
    return sorted(session.exec(select(Setting.key)))


async def test_many_at_once_are_all_kept(store: Store) -> None:
    await asyncio.gather(*(store.run(_put(f"k{n}")) for n in range(50)))
    assert len(await store.read(_keys)) == 50


async def test_one_failure_undoes_only_its_own_work(store: Store) -> None:
    def fails(session: Session) -> None:
        session.add(Setting(key="half", value=""))
        session.flush()
        raise LookupError("mine")

    answers = await asyncio.gather(
        store.run(_put("a")), store.run(fails), store.run(_put("b")), return_exceptions=True
    )
    assert isinstance(answers[1], LookupError)
    assert await store.read(_keys) == ["a", "b"]


async def test_a_refused_row_is_a_store_error_without_the_data(store: Store) -> None:
    await store.run(_put("a", "first"))
    with pytest.raises(StoreError) as caught:
        await store.run(_put("a", "planted-secret"))
    assert "planted-secret" not in str(caught.value)
    await store.run(_put("b"))


async def test_no_orm_object_leaves(store: Store) -> None:
    def leaks(session: Session) -> list[SQLModel]:
        return [Setting(key="a", value="")]

    with pytest.raises(TypeError):
        await store.run(leaks)


async def test_a_full_disk_reaches_the_caller_and_the_store_lives_on(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    _pragma(store, "max_page_count=70")
    with pytest.raises(StoreError, match="full"):
        await store.run(_put("large", "x" * 4_000_000))
    _pragma(store, "max_page_count=100000")
    await store.run(_put("after"))
    assert "after" in await store.read(_keys)
    store.close()


def test_an_answer_is_on_the_disk(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert _pragma(store, "synchronous") == 2
    assert _pragma(store, "journal_mode") == "wal"
    store.close()


def test_a_new_database_has_every_table_that_the_program_expects(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    importlib.import_module("community.app")  # it imports every capability's tables

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_programs_version_is_the_newest_script() -> None:
    from community.core.migrate import newest

    assert newest() == HEAD


def test_migrating_twice_changes_nothing(store: Store) -> None:
    ensure_schema(store)
    assert schema_version(store.engine) == HEAD


def test_a_database_of_a_newer_program_is_refused(store: Store) -> None:
    def newer(session: Session) -> None:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    store.run_sync(newer)
    with pytest.raises(StoreError, match="newer"):
        ensure_schema(store)


@pytest.mark.parametrize("version", KNOWN)
def test_a_saved_database_of_every_version_opens(version: str, tmp_path: Path) -> None:
    saved = Path(__file__).parent / "databases" / f"{version}.sql"
    with sqlite3.connect(tmp_path / "community.db") as connection:
        connection.executescript(saved.read_text())
    connection.close()
    store = open_store(tmp_path)
    assert schema_version(store.engine) == HEAD
    assert store.run_sync(lambda session: session.get_one(Setting, "name").value) == "演示小区"
    store.close()


def test_alembic_is_imported_only_to_migrate(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    program = (
        "import sys; from pathlib import Path; from community.core.store import open_store;"
        f"open_store(Path({str(tmp_path)!r})).close();"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_two_programs_may_start_on_an_empty_database_at_once(database_url: str) -> None:
    program = (
        "import sys; from community.core.store import Store, ensure_schema;"
        "store = Store(sys.argv[1]); ensure_schema(store); store.close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in started:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error.decode()


def test_nobody_else_on_the_machine_reads_the_database(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.close()
    assert (tmp_path / "community.db").stat().st_mode & 0o777 == 0o600
