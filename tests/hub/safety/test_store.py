from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.safety.store import Row, SafetyStore
from privacy.vault import MachineKey
from tests.peers import wait_until


class Kept:
    """A store and what it told."""

    def __init__(self, folder: Path) -> None:
        self.rows: dict[Row, bytes] | None = None
        self.saved: list[tuple[str, str, int]] = []
        self.store = SafetyStore(
            folder / "safety.db",
            lambda: MachineKey.load_or_create(folder / "keys").box("safety"),
            loaded=self._loaded,
            saved=self.saved.extend,
            retry_s=0.05,
        )
        self.store.start()
        wait_until(lambda: self.rows is not None or not self.store.ok, "the store")

    def _loaded(self, rows: dict[Row, bytes]) -> None:
        self.rows = rows


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.store.stop()


def test_rows_come_back_sealed_in_between(kept: Kept, tmp_path: Path) -> None:
    kept.store.save("record", "a", b"planted name", 7)
    wait_until(lambda: ("record", "a", 7) in kept.saved, "the row")
    kept.store.save("record", "b", b"gone")
    kept.store.save("record", "b", None)
    kept.store.stop()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("safety.db*"))
    assert b"planted" not in raw
    again = Kept(tmp_path)
    assert again.rows == {("record", "a"): b"planted name"}
    again.store.stop()


def test_a_locked_file_delays_only_the_row(kept: Kept, tmp_path: Path) -> None:
    lock = sqlite3.connect(tmp_path / "safety.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    kept.store.save("record", "a", b"one", 1)
    wait_until(lambda: not kept.store.ok, "the failure")
    kept.store.save("record", "a", b"two", 2)
    assert kept.store.pending == 1
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(lambda: ("record", "a", 2) in kept.saved, "the row")
    assert kept.store.ok
    assert ("record", "a", 1) not in kept.saved


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "safety.db").write_bytes(b"no database at all" * 100)
    kept = Kept(tmp_path)
    kept.store.save("record", "a", b"one", 1)
    wait_until(lambda: bool(kept.saved), "the row")
    assert (tmp_path / "safety.db.damaged").exists()
    kept.store.stop()


def test_a_disk_that_takes_nothing_is_read(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.store.save("record", "a", b"one", 1)
    wait_until(lambda: bool(kept.saved), "the row")
    for end in ("", "-wal"):  # as a power cut leaves it: the row is in the log beside the file
        part = tmp_path / f"safety.db{end}"
        (tmp_path / f"cut.db{end}").write_bytes(part.read_bytes())
    kept.store.stop()
    for end in ("", "-wal"):
        (tmp_path / f"cut.db{end}").replace(tmp_path / f"safety.db{end}")

    def full(_store: SafetyStore) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(SafetyStore, "_open", full)
        again = Kept(tmp_path)
        wait_until(lambda: again.rows is not None, "the rows")
        assert again.rows == {("record", "a"): b"one"}
        again.store.save("record", "b", b"two", 2)
        assert not again.store.ok
    wait_until(lambda: ("record", "b", 2) in again.saved, "the disk to take it")
    again.store.stop()


def test_a_row_under_another_name_is_not_read(kept: Kept, tmp_path: Path) -> None:
    kept.store.save("record", "a", b"one", 1)
    wait_until(lambda: bool(kept.saved), "the row")
    kept.store.stop()
    with sqlite3.connect(tmp_path / "safety.db") as connection:
        connection.execute("UPDATE sealed SET key = 'b'")
    connection.close()
    again = Kept(tmp_path)
    assert again.rows == {}
    assert again.store.unreadable == 1
    again.store.stop()
