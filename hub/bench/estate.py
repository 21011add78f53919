"""A whole community to measure: its real processes, a paired relay, thousands of enrolled homes."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from hub.bench.conditions import BenchProblem
from hub.bench.rig import free_port
from hub.core.processes import linli
from privacy.pairing import Pairing, PairingCode, enrol
from privacy.relay import pair
from privacy.relay_store import RelayStore

RISER = 25
"""Flats of a riser: enough for each to be a zone of its own."""
READY_S = 60.0
_AT_ONCE, _CODES_AT_ONCE = 32, 1000
_HOST = "127.0.0.1"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A server's certificate for loopback, and its key: files in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    paths = folder / "relay.pem", folder / "relay.key.pem"
    for path, data in zip(paths, (made.public_bytes(pem), secret), strict=True):
        path.write_bytes(data)
    return paths


class Estate:
    """Signer, community and relay as processes.

    Args:
        folder: where everything lies.
        slot_s: the community's slot, seconds.
        database: an empty PostgreSQL database's address; "" is SQLite.
    """

    def __init__(self, folder: Path, slot_s: float, database: str) -> None:
        self._folder = folder
        self._slot_s = slot_s
        # Whatever this machine's own community uses stays untouched.
        self._env = {k: v for k, v in os.environ.items() if k != "LINLI_DATABASE_URL"}
        if database:
            self._env["LINLI_DATABASE_URL"] = database
        ports = [free_port() for _ in range(3)]
        self._portal, self._upstream, self.relay = (f"{_HOST}:{port}" for port in ports)
        self.certificate, self._key = certificate(folder)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def data(self) -> Path:
        """The community's data folder."""
        return self._folder / "community"

    def found(self, flats: Sequence[str]) -> None:
        """Name the community, add its flats, start it, pair its relay."""
        self._once("init", "--name", "Bench", "--manager", "Bench", "--password-file", "-")
        listed = "".join(f"{flat.replace('-', ',')}\n" for flat in flats)
        (self._folder / "flats.csv").write_text("building,riser,flat\n" + listed)
        self._once("flats", "import", str(self._folder / "flats.csv"))
        self._start("signer", linli("signer", "--data", str(self.data)))
        words = ["--listen", self._portal, "--upstream", self._upstream, "--relay", self.relay]
        words += ["--data", str(self.data), "--slot", str(self._slot_s)]
        self._start("community", linli("community-app", *words))
        (row,) = self._rows("relay-code")
        asyncio.run(pair(RelayStore(self._folder / "relay" / "relay"), PairingCode.parse(row)))

    def codes(self, flats: Sequence[str]) -> list[str]:
        """Printed codes of some flats."""
        found: list[str] = []
        for start in range(0, len(flats), _CODES_AT_ONCE):
            found += self._rows("code", *flats[start : start + _CODES_AT_ONCE])
        return found

    def freeze(self) -> None:
        """Freeze the zones from the homes enrolled now."""
        self._once("freeze")

    def reach_relay_at(self, place: str) -> None:
        """Tell homes that enrol from now on another address of the relay."""
        self._once("set", "relay_address", place)

    def start_relay(self) -> None:
        """Start it as its operator would, with TLS."""
        words = ["--data", str(self._folder / "relay"), "--listen", self.relay]
        words += ["--tls-cert", str(self.certificate), "--tls-key", str(self._key)]
        self._start("relay", linli("relay", *words))

    def start_module(self, module: str, told: dict[str, object]) -> subprocess.Popen[bytes]:
        """Start one of the bench's own programs beside, with its file of instructions."""
        name = module.rpartition(".")[2]
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(told))
        self._launch(name, [sys.executable, "-m", module, str(file)])
        return self.processes[name]

    def line(self, name: str, within: float) -> bytes:
        """The next line that a process prints.

        Raises:
            BenchProblem: it ended, or was silent for ``within`` seconds.
        """
        process = self.processes[name]
        stream = process.stdout
        if stream is None or not select.select([stream], [], [], within)[0]:
            raise BenchProblem(f"the {name} was silent for {within} s")
        said = stream.readline()
        if not said:
            raise BenchProblem(f"the {name} ended: {self.said(name)}")
        return said

    def said(self, name: str) -> str:
        """The end of what a process wrote to its log."""
        return self._log(name).read_text(errors="replace")[-600:]

    def stop(self) -> None:
        """End everything."""
        for process in reversed(list(self.processes.values())):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def _start(self, name: str, words: list[str]) -> None:
        self._launch(name, words)
        if not self.line(name, READY_S).startswith(b"ready"):
            raise BenchProblem(f"the {name} didn't start: {self.said(name)}")

    def _launch(self, name: str, words: list[str]) -> None:
        with self._log(name).open("wb") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own command
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._env
            )

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _rows(self, *words: str) -> list[str]:
        lines = self._once(*words, "--json").splitlines()
        return [str(json.loads(line)["code"]) for line in lines]

    def _once(self, *words: str) -> str:
        line = [*linli("community", *words), "--data", str(self.data)]
        done = subprocess.run(  # noqa: S603 - our own command
            line, input=b"bench-" + os.urandom(9).hex().encode(), env=self._env,
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BenchProblem(f"linli community {words[0]}: {done.stderr.decode()[-400:]}")
        return done.stdout.decode()


@contextmanager
def estate(folder: Path, slot_s: float, database: str) -> Iterator[Estate]:
    """An estate that is stopped at the end whatever happens."""
    made = Estate(folder, slot_s, database)
    try:
        yield made
    finally:
        made.stop()


def risers(first: int, flats: int) -> list[str]:
    """Names of flats, `RISER` to a riser and ten risers to a building, from building ``first``."""
    return [
        f"{first + number // (10 * RISER)}-{number // RISER % 10 + 1}-{number % RISER + 1:03d}"
        for number in range(flats)
    ]


def enrol_all(codes: Sequence[str]) -> tuple[list[str], Pairing]:
    """Enrol a home a code; their keys' seeds (base64), and what one of them was answered."""

    async def work() -> tuple[list[str], Pairing]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(text: str) -> tuple[str, Pairing]:
            key = Ed25519PrivateKey.generate()
            async with gate:
                pairing = await enrol(PairingCode.parse(text), key, None)
            return base64.b64encode(key.private_bytes_raw()).decode(), pairing

        found = await asyncio.gather(*(one(text) for text in codes))
        return [seed for seed, _ in found], found[-1][1]

    return asyncio.run(work())


def logs(stream: IO[bytes] | None) -> list[bytes]:
    """What is left of a process's lines, once it has ended."""
    return [] if stream is None else stream.read().splitlines()
