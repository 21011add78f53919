"""Start programs as child processes, keep them running, and leave none behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from hub.core.memory import FRUGAL
from hub.core.settings import REFUSED

BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_S = 10.0
"""A child that ran this long starts again without waiting."""
READY_S = 30.0
STOP_S = 4.0
REFUSING_S = 5.0
"""A child without a probe that ends this soon with `REFUSED` never got going."""
KILLED_S = 2.0
"""What a killed child's last lines may take."""
POLL_S = 0.03
_PR_SET_PDEATHSIG = 1


class ChildRefused(Exception):
    """A child says that starting it again is of no use; its own lines say why."""


Probe = Callable[[], Awaitable[bool]]


def linli(*words: str) -> list[str]:
    """The command line of a ``linli`` sub-command in this same Python."""
    return [sys.executable, "-m", "hub", *words]


async def port_open(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def healthy(host: str, port: int) -> bool:
    """Whether ``GET /health`` answers 200; plain HTTP on loopback."""
    return b" 200 " in await _health_line(host, port)


async def _health_line(host: str, port: int) -> bytes:
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                head = f"GET /health HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode())
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


async def answering(host: str, port: int) -> bool:
    """Whether ``GET /health`` answers at all, well or not; plain HTTP on loopback."""
    return await _health_line(host, port) != b""


class Child:
    """One program to keep running.

    Args:
        name: stands before each line it prints.
        argv: the command line, without a shell.
        env: additions to our environment; secrets go in files.
        ready: asked until it says yes; without it a started program counts as ready.
        stop_s: how long it may take to end after SIGTERM.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        ready: Probe | None = None,
        stop_s: float = STOP_S,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.env = dict(env or {})
        self.ready = ready
        self.stop_s = stop_s
        self.process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.ran = False  # once it did, no refusal ends it for good

    @property
    def pid(self) -> int | None:
        """The running process's id."""
        if self.process is None or self.process.returncode is not None:
            return None
        return self.process.pid


class Supervisor:
    """Keeps children running in order and ends them all together.

    A child that ends is started again after a growing wait, unless it never ran and says with
    the status `REFUSED` that it won't. If this process itself is killed,
    the kernel sends its children SIGTERM (prctl PR_SET_PDEATHSIG), and theirs in turn.

    Args:
        say: takes each line that a child prints, with the child's name.
    """

    def __init__(self, say: Callable[[str, str], None] | None = None) -> None:
        self.children: list[Child] = []
        self._say = say or _to_stderr
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self.refused = asyncio.Event()

    async def start(self, child: Child) -> None:
        """Start a child and wait until it is ready.

        Raises:
            TimeoutError: not ready within ``READY_S``; it keeps being tried.
            ChildRefused: it won't run.
        """
        self.children.append(child)
        self._keepers[child.name] = asyncio.create_task(self._keep(child), name=child.name)
        if child.ready is not None:
            await self.wait_ready(child)

    async def wait_ready(self, child: Child, within_s: float = READY_S) -> None:
        """Wait for a child's probe.

        Raises:
            TimeoutError: it did not say yes in time.
            ChildRefused: it won't run.
        """
        probe = child.ready
        if probe is None:
            return
        async with asyncio.timeout(within_s):
            # Another program has no event of ours to wait for
            while child.pid is None or not await probe():
                if self._keepers[child.name].done():
                    raise ChildRefused(child.name)
                await asyncio.sleep(POLL_S)
        child.ran = True

    async def stop(self) -> None:
        """End all children, the last started first; what doesn't end is killed."""
        self._stopping.set()
        for child in reversed(self.children):
            _signal(child, signal.SIGTERM)
        await asyncio.gather(*(self._await_end(child) for child in self.children))

    async def run_until_signal(self) -> None:
        """Wait for SIGINT or SIGTERM, then stop everything."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        await ended.wait()
        await self.stop()

    async def _await_end(self, child: Child) -> None:
        """Wait for the keeper, which may be in the middle of starting the child once more."""
        keeper = self._keepers[child.name]
        for within_s in (child.stop_s, KILLED_S):
            await asyncio.wait({keeper}, timeout=within_s)
            if keeper.done():
                break
            _signal(child, signal.SIGKILL)
        keeper.cancel()  # another process holds what the child wrote to
        await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self, child: Child) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._run_once(child)
            if self._stopping.is_set():
                return
            code = child.process.returncode if child.process else None
            child.ran = child.ran or time.monotonic() - began > REFUSING_S
            if code == REFUSED and not child.ran:
                self.refused.set()
                return
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            self._say(child.name, f"ended with {code}; starting it again")
            with contextlib.suppress(TimeoutError):
                wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                await asyncio.wait_for(self._stopping.wait(), wait_s)

    async def _run_once(self, child: Child) -> None:
        child.starts += 1
        # A session of its own: Ctrl-C reaches this process only, which ends them in order.
        child.process = await asyncio.create_subprocess_exec(
            *child.argv,
            env={**FRUGAL, **os.environ, **child.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )
        if self._stopping.is_set():
            _signal(child, signal.SIGTERM)
        await self._relay_lines(child)
        await child.process.wait()

    async def _relay_lines(self, child: Child) -> None:
        stream = child.process.stdout if child.process else None
        if stream is None:
            return
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue  # a line longer than the stream's limit is dropped, not the child
            if not line:
                return
            self._say(child.name, line.decode("utf-8", "replace").rstrip())


async def keep(name: str, children: Sequence[Child], ready: str) -> int:
    """Run children, started one after another, until SIGINT or SIGTERM.

    Args:
        name: the command, for what is said on standard error.
        children: in the order of starting.
        ready: said once all are ready, such as an address.

    Returns:
        The exit status: 0, or `REFUSED` when one of them won't start at all.
    """
    supervisor = Supervisor()
    ending = asyncio.create_task(supervisor.run_until_signal())
    refused = asyncio.create_task(supervisor.refused.wait())
    for child in children:
        starting = asyncio.create_task(supervisor.start(child))
        await asyncio.wait({starting, ending, refused}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done() or refused.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            break
        if starting.exception() is not None:
            sys.stderr.write(f"{name}: {child.name} is slow to start; it keeps being tried\n")
    if not ending.done() and not refused.done():
        sys.stderr.write(f"{name}: {ready}\n")
    await asyncio.wait({ending, refused}, return_when=asyncio.FIRST_COMPLETED)
    if not refused.done():
        refused.cancel()
        await ending
        return 0
    ending.cancel()
    sys.stderr.write(f"{name}: could not start; the lines above say why\n")
    await supervisor.stop()
    return REFUSED


def _signal(child: Child, number: signal.Signals) -> None:
    if child.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: between fork and exec only plain calls are safe.
    libc = ctypes.CDLL(None, use_errno=True)

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _to_stderr(name: str, line: str) -> None:
    sys.stderr.write(f"[{name}] {line}\n")
