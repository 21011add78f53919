"""``linli witness`` as people start it: what it signs survives its death, a fork gets nothing."""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.errors import PrivacyError
from privacy.transparency.book import Book, Subject
from privacy.transparency.notes import Checkpoint, NoteKey, open_note, sign_note
from privacy.transparency.process import SIGN_AGAIN_S, Looking, check
from privacy.transparency.tree import LogError, Tree
from tests.privacy.transparency.test_tree import entries

WAIT_S = 20


class LogServer:
    """A community's log over real HTTP; it may lie, and keeps every signature it was given."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = NoteKey("linli/test", self.private.public_key().public_bytes_raw(), timed=False)
        self.tree = Tree(entries(3))
        self.given: list[dict[str, str]] = []
        self.status = 200
        self.asked = 0
        self.changed = threading.Condition()
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def show(self, seen: int) -> tuple[int, dict[str, Any]]:
        with self.changed:
            if seen > self.tree.size:
                return 400, {}
            text = Checkpoint(self.key.name, self.tree.size, self.tree.root()).text
            proof = self.tree.consistency(seen) if seen else []
        return 200, {
            "checkpoint": text + "\n" + sign_note(text, self.key, self.private),
            "proof": [base64.b64encode(node).decode() for node in proof],
        }

    def grow(self, entry: str) -> None:
        with self.changed:
            self.tree.append(entry.encode())

    def take(self, given: dict[str, str]) -> int:
        with self.changed:
            if self.status == 200:
                self.given.append(given)
            self.changed.notify_all()
        return self.status

    def wait(self, count: int) -> None:
        """Until so many signatures came."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.given) >= count, WAIT_S)

    def wait_asked(self, more: int) -> None:
        """Until somebody asked so many times more."""
        with self.changed:
            wanted = self.asked + more
            assert self.changed.wait_for(lambda: self.asked >= wanted, WAIT_S)


@pytest.fixture
def log() -> Iterator[LogServer]:
    place = LogServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, data: dict[str, Any]) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            status, data = place.show(int(self.path.rpartition("=")[2]))
            with place.changed:
                place.asked += 1
                place.changed.notify_all()
            self.answer(status, data)

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(place.take(given), {})

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    place.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield place
    server.shutdown()
    thread.join()
    server.server_close()


class Process:
    """One witness in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "hub", "witness", "--data", str(folder), *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def key(self) -> NoteKey:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert self.process.stdout.readline() == "ready\n"
        return NoteKey.parse(line.removeprefix("key ").strip())

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, said


def setup(log: LogServer, *more: str) -> list[str]:
    return ["--community", log.address, "--log", log.key.text, "--every", "0.05", *more]


def signed(log: LogServer, key: NoteKey) -> list[int]:
    """The sizes that were signed, each checked against the witness's key."""
    sizes = []
    for given in list(log.given):
        assert open_note(given["checkpoint"] + "\n" + given["line"], [key]).signers
        sizes.append(Checkpoint.parse(given["checkpoint"]).size)
    return sizes


def test_it_follows_signs_and_stops_cleanly(log: LogServer, tmp_path: Path) -> None:
    witness = Process(tmp_path, *setup(log, "--name", "witness/committee"))
    key = witness.key()
    assert key.name == "witness/committee"
    log.wait(1)
    log.grow("one more")
    log.wait(2)
    assert signed(log, key) == [3, 4]
    assert witness.end(signal.SIGTERM)[0] == 0
    assert (tmp_path / "witness" / "witness.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "witness" / "witness.pub").read_text().strip() == key.text
    again = Process(tmp_path, "--every", "0.05")
    assert again.key().text == key.text, "later it knows whose log without being told"
    log.wait(3)
    again.end(signal.SIGTERM)
    done = Process(tmp_path, "--check")
    said, _ = done.process.communicate(timeout=WAIT_S)
    assert (done.process.returncode, "4 entries signed" in said) == (0, True)


def test_killed_at_any_moment_it_never_signs_a_second_history(
    log: LogServer, tmp_path: Path
) -> None:
    """Whatever left was on its disk before, so the fork that follows gets nothing."""
    chance = random.Random(7)
    for turn in range(6):
        witness = Process(tmp_path, *setup(log))
        key = witness.key()
        before = len(log.given)
        log.grow(f"entry {turn}")
        log.wait(before + 1)
        log.grow(f"and another {turn}")
        if chance.randrange(2):
            log.wait_asked(1)
        witness.end(signal.SIGKILL)
        kept = Book(tmp_path / "witness").signed()
        assert kept is not None
        assert kept.size >= max(signed(log, key))
    log.tree = Tree([b"another history", *entries(40)])
    given = len(log.given)
    witness = Process(tmp_path, "--every", "0.05")
    witness.key()
    log.wait_asked(4)
    assert len(log.given) == given
    log.tree = Tree(entries(2))
    log.wait_asked(4)
    assert len(log.given) == given, "a log that shrank gets nothing either"
    code, said = witness.end(signal.SIGTERM)
    assert (code, said.count("nothing new is signed")) == (0, 2), "one line each, not every look"
    assert "not a continuation" in said
    assert "has shrunk" in said


def test_what_cannot_be_kept_is_not_signed(
    log: LogServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(tmp_path / "witness")
    looking = Looking(book, Subject(log.address, log.key, None))

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("privacy.transparency.book.write_atomic", full)
    with pytest.raises(OSError, match="No space"):
        looking.look()
    assert log.given == []
    assert check(book, time.time()) == ("nothing was signed yet", False)


def test_a_quiet_log_is_signed_again_every_hour(log: LogServer, tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    looking = Looking(
        Book(tmp_path / "witness"), Subject(log.address, log.key, None), clock=lambda: now[0]
    )
    for _ in range(3):
        looking.look()
    assert len(log.given) == 1
    now[0] += SIGN_AGAIN_S
    looking.look()
    assert len(log.given) == 2


def test_a_signature_that_was_not_taken_is_given_again(log: LogServer, tmp_path: Path) -> None:
    looking = Looking(Book(tmp_path / "witness"), Subject(log.address, log.key, None))
    for status in (403, 503, 429):
        log.status = status
        with pytest.raises(PrivacyError):
            looking.look()
    log.status = 200
    looking.look()
    assert len(log.given) == 1


def test_what_a_stranger_signed_is_not_this_log(log: LogServer, tmp_path: Path) -> None:
    looking = Looking(Book(tmp_path / "witness"), Subject(log.address, log.key, None))
    log.private = Ed25519PrivateKey.generate()
    with pytest.raises(LogError):
        looking.look()
    assert log.given == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--community", "http://127.0.0.1:1"],
        ["--community", "http://192.168.1.2:8200", "--log", "KEY"],
        ["--community", "ftp://x", "--log", "KEY"],
        ["--community", "http://127.0.0.1:1/path", "--log", "KEY"],
        ["--community", "http://127.0.0.1:1", "--log", "nonsense"],
    ],
)
def test_wrong_words_are_answered_in_one_line(
    words: list[str], log: LogServer, tmp_path: Path
) -> None:
    given = [log.key.text if word == "KEY" else word for word in words]
    done = Process(tmp_path, *given)
    _, said = done.process.communicate(timeout=WAIT_S)
    assert done.process.returncode == 1
    assert said.startswith("linli witness: ")
    assert said.count("\n") == 1


def test_another_log_needs_a_folder_of_its_own(log: LogServer, tmp_path: Path) -> None:
    first = Process(tmp_path, *setup(log))
    first.key()
    first.end(signal.SIGTERM)
    other = LogServer()
    done = Process(tmp_path, "--community", log.address, "--log", other.key.text)
    _, said = done.process.communicate(timeout=WAIT_S)
    assert (done.process.returncode, "another log" in said) == (1, True)


@pytest.mark.parametrize("name", ["witness.key", "witness.pub", "signed.json", "log.json"])
def test_a_damaged_file_is_never_replaced(name: str, log: LogServer, tmp_path: Path) -> None:
    book = Book(tmp_path / "witness")
    Looking(book, Subject(log.address, log.key, None)).look()
    book.keep_subject(Subject(log.address, log.key, None))
    path = tmp_path / "witness" / name
    path.write_bytes(b"[")

    def read() -> None:
        again = Book(tmp_path / "witness")
        again.signed()
        again.subject()

    with pytest.raises(PrivacyError):
        read()
    assert path.read_bytes() == b"["
