"""Reports to the home: durable until confirmed, and never held up by the disk."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

from .records import HazardRecord
from .store import SafetyStore

KIND = "record"
# A report waits for the disk this long; then it goes out live and is stored when it can be.
PATIENCE_S = 0.5

Send = Callable[[dict[str, Any]], None]


class _Entry:
    """The latest revision of one record and how far it got."""

    __slots__ = ("confirmed", "record", "sent", "seq", "stored")

    def __init__(self, record: dict[str, Any], seq: int) -> None:
        self.record = record
        self.seq = seq
        self.confirmed = False
        self.stored = False
        self.sent = False

    def message(self) -> dict[str, Any]:
        return {"report": self.record, "seq": self.seq}


class Reports:
    """Keeps every record's latest revision, numbers it, stores it, then tells the home.

    A report goes out once it is on disk, so that no restart can tell the home of a hazard that
    the kernel itself forgot; if the disk can't take it, it goes out all the same. The numbers
    follow the wall clock in milliseconds, so they grow even when none could be stored.

    Args:
        store: where rows are kept.
        send: hands a message to every watching client.
        wall: seconds since the epoch.
    """

    def __init__(self, store: SafetyStore, send: Send, wall: Callable[[], float]) -> None:
        self._store = store
        self._send = send
        self._wall = wall
        self._entries: dict[str, _Entry] = {}
        self._seq = 0

    @property
    def unconfirmed(self) -> int:
        """How many reports the home has not confirmed yet."""
        return sum(not entry.confirmed for entry in self._entries.values())

    def confirmed_ids(self) -> set[str]:
        """Records whose latest revision the home has."""
        return {key for key, entry in self._entries.items() if entry.confirmed}

    def load(self, rows: dict[tuple[str, str], bytes]) -> list[HazardRecord]:
        """Take over the rows of an earlier run; returns the records."""
        records = []
        for (kind, key), body in rows.items():
            if kind != KIND or key in self._entries:
                continue
            data = json.loads(body)
            entry = _Entry(data["record"], data["seq"])
            entry.confirmed = data["confirmed"]
            entry.stored = True
            self._entries[key] = entry
            self._seq = max(self._seq, entry.seq)
            records.append(HazardRecord.from_json(entry.record))
        records.sort(key=lambda record: record.raised_at)
        return records

    def changed(self, record: HazardRecord) -> None:
        """A record has a new revision: number it, store it, report it."""
        self._seq = max(self._seq + 1, int(self._wall() * 1000))
        entry = self._entries[record.id] = _Entry(record.to_json(), self._seq)
        self._save(record.id, entry)
        if self._store.ok:
            asyncio.get_running_loop().call_later(PATIENCE_S, self._report, entry)
        else:
            self._report(entry)

    def withdraw(self, record: HazardRecord) -> None:
        """A record is another one's double: unsaid if it can be, else reported as over."""
        entry = self._entries.get(record.id)
        if entry is not None and not entry.sent:
            self.forget([record.id])
        else:
            self.changed(record)

    def saved(self, rows: list[tuple[str, str, int]]) -> None:
        """Rows are on disk: their reports may go out."""
        for kind, key, seq in rows:
            entry = self._entries.get(key)
            if kind == KIND and entry is not None and entry.seq == seq:
                entry.stored = True
                self._report(entry)

    def confirm(self, seq: int) -> None:
        """The home has this report; an older or unknown number changes nothing."""
        for key, entry in self._entries.items():
            if entry.seq == seq and not entry.confirmed:
                entry.confirmed = True
                self._save(key, entry)

    def since(self, after: float = math.inf) -> list[dict[str, Any]]:
        """Messages for a client that starts to watch: newer than ``after``, or unconfirmed."""
        entries = sorted(self._entries.values(), key=lambda entry: entry.seq)
        return [
            entry.message()
            for entry in entries
            if (entry.seq > after or not entry.confirmed) and (entry.stored or entry.sent)
        ]

    def forget(self, ids: list[str]) -> None:
        """Drop records that are kept no longer."""
        for key in ids:
            self._entries.pop(key, None)
            self._store.save(KIND, key, None)

    def _save(self, key: str, entry: _Entry) -> None:
        row = {"record": entry.record, "seq": entry.seq, "confirmed": entry.confirmed}
        self._store.save(KIND, key, json.dumps(row, ensure_ascii=False).encode(), entry.seq)

    def _report(self, entry: _Entry) -> None:
        newest = self._entries.get(entry.record["id"]) is entry
        if newest and not entry.sent and not entry.confirmed:
            entry.sent = True
            self._send(entry.message())
