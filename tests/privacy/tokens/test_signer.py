"""The signer as a process: keys through epochs, its socket, what the kernel refuses it."""

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.tokens import process
from privacy.tokens.epochs import AHEAD_S, EPOCH_S, KEPT_S, Allotment
from privacy.tokens.keystore import Keystore
from privacy.tokens.ring import KeyRing, name_is_over, names_in_force
from privacy.tokens.signer import SignerError, SigningKey
from privacy.tokens.signer_socket import SignerAway, SignerRefused, SignerSocket, socket_path
from privacy.tokens.token import PendingToken, TokenClass, TokenError, ask, verify_token
from privacy.wire import SLOT_ORIGIN
from tests.privacy.helpers import until

START = SLOT_ORIGIN + 40 * EPOCH_S
KEYS = [SigningKey.generate() for _ in range(6)]


class Signer:
    """A ``linli signer`` of one folder, started and ended at will."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.socket = SignerSocket(data)
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        words = [sys.executable, "-m", "hub", "signer", "--data", str(self.data)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def start(self) -> None:
        self.launch()
        assert self.process is not None
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate()
        return self.process.returncode

    @property
    def files(self) -> list[Path]:
        return sorted((self.data / "signer").glob("*.key"))

    def has_more_than(self, count: int) -> bool:
        return len(self.files) > count


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    running = Signer(tmp_path_factory.mktemp("signer"))
    running.start()
    yield running
    assert running.end(signal.SIGTERM) == 0


def requests(ring: KeyRing, allotment: Allotment, number: int) -> list[PendingToken]:
    return [
        ask(ring.keys[kind, number], os.urandom(32), kind.digest, os.urandom(32))
        for kind in allotment.classes
    ]


async def test_whole_allotments_are_signed_over_the_socket(signer: Signer) -> None:
    ring = await signer.socket.keys()
    for allotment in Allotment:
        number = min(n for kind, n in ring.keys if kind in allotment.classes)
        pending = requests(ring, allotment, number)
        asked = b"".join(one.request for one in pending)
        signed = await signer.socket.sign(allotment, number, asked)
        assert len(pending) == {Allotment.EPOCH: 96, Allotment.RESERVE: 8}[allotment]
        for place, (one, kind) in enumerate(zip(pending, allotment.classes, strict=True)):
            token = one.finish(signed[place * 256 : (place + 1) * 256])
            verify_token(ring.keys[kind, number], kind.digest, token)
        again = await signer.socket.sign(allotment, number, asked)
        assert again == signed, "a lost answer can be asked for again and mints nothing"


async def test_killed_at_any_moment_it_keeps_its_keys_whole(tmp_path: Path) -> None:
    """Killed while it makes each of its keys, then while it serves: one key a class and epoch."""
    running = Signer(tmp_path)
    kept: dict[Path, bytes] = {}
    while len(kept) < 6:
        running.launch()
        await until(partial(running.has_more_than, len(kept)))
        running.end(signal.SIGKILL)
        assert kept.items() <= {path: path.read_bytes() for path in running.files}.items()
        kept = {path: path.read_bytes() for path in running.files}
    running.start()
    before_kill = (await running.socket.keys()).to_json()
    running.end(signal.SIGKILL)
    running.start()
    try:
        assert (await running.socket.keys()).to_json() == before_kill
        assert {path: path.read_bytes() for path in running.files} == kept
    finally:
        running.end(signal.SIGTERM)
    running.files[0].write_bytes(b"damaged")
    running.launch()
    assert running.process is not None
    running.process.communicate()
    assert running.process.returncode == 1
    assert running.files[0].read_bytes() == b"damaged", "a damaged key is never replaced"


async def test_what_is_refused(signer: Signer) -> None:
    ring = await signer.socket.keys()
    number = min(n for kind, n in ring.keys if kind is TokenClass.LIFE)
    asked = b"".join(one.request for one in requests(ring, Allotment.EPOCH, number))
    for allotment, when, data in (
        (Allotment.EPOCH, number, asked[:-259]),
        (Allotment.EPOCH, number, b""),
        (Allotment.EPOCH, number + 2, asked),
        (Allotment.EPOCH, number + 1, asked),
        (Allotment.RESERVE, number, asked),
        (Allotment.EPOCH, number, asked[259:] + asked[:259]),
    ):
        with pytest.raises(SignerRefused):
            await signer.socket.sign(allotment, when, data)


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"[1]\n", b"x" * 70_000, b'{"do":1}\n'])
async def test_any_line_is_answered_or_dropped(signer: Signer, line: bytes) -> None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(str(socket_path(signer.data)))
        raw.sendall(line)
        raw.shutdown(socket.SHUT_WR)
        assert b"error" in raw.recv(1000)
    assert await signer.socket.keys()


def test_files_and_socket_are_the_owners(signer: Signer) -> None:
    assert socket_path(signer.data).stat().st_mode & 0o777 == 0o600
    folder = signer.data / "signer"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(SignerAway):
        await SignerSocket(tmp_path).keys()


CONFINED = """
import ctypes, errno, os, socket, subprocess
from privacy.tokens.confine import confine
left, right = socket.socketpair()
libc = ctypes.CDLL(None, use_errno=True)
assert confine(), "no filter here"
def refused(work):
    try:
        work()
    except OSError as error:
        return error.errno == errno.EPERM
    return False
print(refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
print(refused(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)))
print(refused(lambda: socket.socket(socket.AF_UNIX)))
print(refused(lambda: os.execv("/bin/true", ["true"])))
print(refused(lambda: left.connect("/nowhere")))
print(libc.syscall(425, 1, None) == -1 and ctypes.get_errno() == errno.EPERM)
left.sendall(b"still open"); print(right.recv(100) == b"still open")
"""


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="no filter for it")
def test_the_kernel_refuses_it_every_further_socket() -> None:
    words = [sys.executable, "-c", CONFINED]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True"] * 7, done.stderr


def test_the_running_signer_is_confined(signer: Signer) -> None:
    assert signer.process is not None
    told = Path(f"/proc/{signer.process.pid}/status").read_text().splitlines()
    fields = dict(line.split(":\t") for line in told if ":\t" in line)
    assert (fields["Seccomp"], fields["NoNewPrivs"]) == ("2", "1")


def test_answers_leave_on_a_grid() -> None:
    for moment in (0.0, 5.0, 5.01, 5.0999, 123456.789):
        tick = process.next_tick(moment)
        assert 0 <= tick - moment < process.GRID_S + 1e-9
        assert abs(tick / process.GRID_S - round(tick / process.GRID_S)) < 1e-6


class TestKeystore:
    """Keys through the weeks, with a clock of the test's own."""

    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keys from a stock: making one takes a quarter of a second."""
        stock = iter([key.to_der() for key in KEYS] * 3)
        monkeypatch.setattr(SigningKey, "generate", lambda: SigningKey.from_der(next(stock)))

    def test_the_next_epochs_keys_are_there_long_before(self, tmp_path: Path) -> None:
        keys = Keystore(tmp_path)
        keys.maintain(START)
        assert set(keys.ring().keys) == set(names_in_force(START))
        assert names_in_force(START) == [
            *((TokenClass.LIFE, 40), (TokenClass.LIFE, 41)),
            *((TokenClass.ROUTINE, 40), (TokenClass.ROUTINE, 41)),
            *((TokenClass.RESERVE, 10), (TokenClass.RESERVE, 11)),
        ]
        assert AHEAD_S < EPOCH_S

    def test_destroyed_49_hours_after_and_not_before(self, tmp_path: Path) -> None:
        keys = Keystore(tmp_path)
        keys.maintain(START)
        path = tmp_path / "life-40.key"
        keys.maintain(START + EPOCH_S + KEPT_S)
        assert path.exists()
        assert keys.key((TokenClass.LIFE, 40))
        keys.maintain(START + EPOCH_S + KEPT_S + 1)
        assert not path.exists()
        assert (tmp_path / "reserve-10.key").exists(), "the reserve is good for four epochs"
        with pytest.raises(SignerError):
            keys.key((TokenClass.LIFE, 40))

    def test_another_process_reads_the_same(self, tmp_path: Path) -> None:
        first, second = Keystore(tmp_path), Keystore(tmp_path)
        first.maintain(START)
        second.maintain(START)
        assert first.ring().to_json() == second.ring().to_json()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**10))
def test_every_moment_has_its_keys(moment: int) -> None:
    names = names_in_force(moment)
    assert len(set(names)) == 6
    assert not any(name_is_over(name, moment) for name in names)


ANY = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("life")
ENTRIES = st.fixed_dictionaries({"class": ANY, "number": ANY, "key": ANY})


@settings(max_examples=150, deadline=None)
@given(ANY | st.dictionaries(st.text(max_size=4), ANY) | st.lists(ANY | ENTRIES, min_size=1))
def test_a_ring_is_read_or_refused(data: object) -> None:
    with pytest.raises(TokenError):
        KeyRing.from_json(data)


def test_one_key_serves_one_class_and_epoch() -> None:
    key = KEYS[0].public
    with pytest.raises(TokenError):
        KeyRing({(TokenClass.LIFE, 1): key, (TokenClass.LIFE, 2): key})
    ring = KeyRing({(TokenClass.LIFE, 1): key, (TokenClass.ROUTINE, 1): KEYS[1].public})
    assert KeyRing.from_json(json.loads(json.dumps(ring.to_json()))).keys.keys() == ring.keys.keys()
    doubled = [*ring.to_json(), ring.to_json()[0]]
    with pytest.raises(TokenError):
        KeyRing.from_json(doubled)
    assert base64.b64decode(str(ring.to_json()[0]["key"])) == key.spki
