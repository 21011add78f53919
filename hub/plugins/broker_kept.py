"""Retained messages that outlive a pause of the broker: in a folder of memory, never on the disk.

A bridge such as Zigbee2MQTT says once that its devices are within reach, and not again when only
the broker was restarted. Without these messages all of them would count as lost after an update
of the hub. They are personal (names, states), so the folder must be memory (tmpfs), which a
restart of the machine empties; the bridges start anew then, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

_LOG = logging.getLogger(__name__)
PAUSE_S = 600.0
"""After a longer pause what was kept is old: a device that went meanwhile would look alive."""
MOST = 20_000
MOST_BYTES = 32 * 1024 * 1024
_MEMORY = frozenset({"tmpfs", "ramfs"})
_ALIVE = "alive"


class Message(NamedTuple):
    """A retained message."""

    topic: str
    data: bytes
    qos: int


def memory_folder(data: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder of memory that belongs to a data folder; None where there is none.

    systemd names one in RUNTIME_DIRECTORY, a signed-in person has one in XDG_RUNTIME_DIR. It has
    to be ours alone.
    """
    given = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    given = given or environ.get("XDG_RUNTIME_DIR", "")
    if not given:
        return None
    try:
        owner = Path(given).stat()
        if owner.st_uid != os.geteuid() or owner.st_mode & 0o077 or not _is_memory(Path(given)):
            return None
        mark = hashlib.blake2b(os.fsencode(data.resolve()), digest_size=8).hexdigest()
        folder = Path(given) / f"linli-broker-{mark}"
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return folder


def _is_memory(path: Path) -> bool:
    """Whether a path lies on tmpfs, by the mount point nearest to it (proc(5), mountinfo)."""
    kinds: dict[str, str] = {}
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        place, _, source = line.partition(" - ")
        kinds[place.split()[4]] = source.split()[0]
    where = path.resolve()
    nearest = next((str(one) for one in (where, *where.parents) if str(one) in kinds), "/")
    return kinds.get(nearest, "") in _MEMORY


class Kept:
    """The retained messages of one broker, a file each; written by a thread of its own.

    Args:
        folder: of memory, see `memory_folder`; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._sizes: dict[str, int] = {}
        self._bytes = 0
        self._full = False
        self._thread: threading.Thread | None = None

    def load(self) -> list[Message]:
        """What was kept, where the pause was short; begins to keep. Blocking."""
        if self._folder is None:
            return []
        found = list(self._read(self._folder))
        self._sizes = {_name(one.topic): len(one.data) for one in found}
        self._bytes = sum(self._sizes.values())
        self._thread = threading.Thread(target=self._work, name="broker-kept", daemon=True)
        self._thread.start()
        self.alive()
        return found

    def note(self, topic: str, data: bytes, qos: int) -> None:
        """Keep a message, or forget it where the data is empty; returns at once."""
        if self._thread is not None:
            self._queue.put(Message(topic, data, qos))

    def alive(self) -> None:
        """Say that the broker is at work; the pause counts from here."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / _ALIVE).touch(mode=0o600)

    def close(self) -> None:
        """Write what was noted. Blocking."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(2.0)
            self.alive()

    def _read(self, folder: Path) -> Iterator[Message]:
        try:
            fresh = time.time() - (folder / _ALIVE).stat().st_mtime <= PAUSE_S
        except OSError:
            fresh = False
        for path in folder.iterdir():
            if path.name == _ALIVE:
                continue
            message = _unpack(path) if fresh else None
            if message is not None:
                yield message
            else:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _work(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                self._keep(message)
            except OSError as error:
                self._say("a retained message can't be kept: %s", error.strerror)

    def _keep(self, message: Message) -> None:
        if self._folder is None:
            return
        name = _name(message.topic)
        path = self._folder / name
        self._bytes -= self._sizes.pop(name, 0)
        fits = len(self._sizes) < MOST and self._bytes + len(message.data) <= MOST_BYTES
        if message.data and fits:
            draft = path.with_suffix(".new")
            topic = message.topic.encode()
            head = bytes((message.qos,)) + len(topic).to_bytes(2, "big")
            draft.write_bytes(head + topic + message.data)
            draft.replace(path)
            self._sizes[name] = len(message.data)
            self._bytes += len(message.data)
            return
        path.unlink(missing_ok=True)
        if message.data:
            self._say("there are too many retained messages to keep over a restart: %d", MOST)

    def _say(self, text: str, what: object) -> None:
        if not self._full:
            self._full = True
            _LOG.warning(text, what)


def _name(topic: str) -> str:
    return hashlib.blake2b(topic.encode(), digest_size=20).hexdigest()


def _unpack(path: Path) -> Message | None:
    """The message in a file, None where it isn't one."""
    try:
        raw = path.read_bytes()
        end = 3 + int.from_bytes(raw[1:3], "big")
        topic, data = raw[3:end].decode(), raw[end:]
        return Message(topic, data, raw[0]) if raw[0] <= 2 and path.name == _name(topic) else None
    except (OSError, UnicodeDecodeError, IndexError):
        return None
