"""``linli relay``: forwards sealed cells without knowing what is in them.

Run by anyone but the property. It sees the homes' addresses, times and opaque cells; it has no
content key and keeps no hash of a cell. Per slot it takes one cell of each home, fills the batch
up to the roster's size with dummies of its own, shuffles, writes the batch to its disk, gives
the homes their receipts, and sends it up one ordered stream until the gateway has it too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from privacy import cell, logs
from privacy.addresses import server_tls, split_address
from privacy.batch import mixed
from privacy.cell_keys import CellKeys
from privacy.errors import PrivacyError
from privacy.handshake import key_hash
from privacy.lines import Listener, many_files
from privacy.pairing import RELAY, PairingCode, PairingError, PairingUnreachable, call_enrol
from privacy.parameters import Parameters
from privacy.relay_homes import HANDSHAKE_S, HomeConnection, Homes
from privacy.relay_store import RelayPairing, RelayStore, read_roster
from privacy.relay_upstream import Upstream
from privacy.slots import FLUSH
from privacy.streams import FrameStream
from privacy.wire import FrameType, frame, slot_at, slot_start

_LOG = logging.getLogger(__name__)
_MOST_BULLETINS = 4
"""There is one a slot; more have gathered only where gateway or line stood still."""


class Relay:
    """One relay.

    ``spool_limit`` is in bytes; a full spool means no receipts, so that homes send again, and
    nothing that was acknowledged is ever thrown away.
    """

    def __init__(
        self, store: RelayStore, pairing: RelayPairing, spool_limit: int = 1024**3
    ) -> None:
        self._store = store
        self._pairing = pairing
        self._spool = store.spool(spool_limit)
        self._homes = Homes(store.key, self.health)
        self._upstream = Upstream(store, pairing, self._spool, self._heard)
        self._parameters: Parameters | None = None
        self._dummies: list[bytes] = []
        self._dummy_key = b""
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: Listener | None = None
        self._full = False
        self._bulletins: deque[bytes] = deque(maxlen=_MOST_BULLETINS)

    def health(self) -> dict[str, object]:
        """Counts only; what a PING frame is answered with."""
        return {
            "gateway": self._upstream.connected,
            "homes": self._homes.online,
            "roster": len(self._homes.roster),
            "batches_waiting": len(self._spool),
            "spool_full": self._full,
            "refused": self._homes.refused,
        }

    async def start(self, host: str, port: int, tls: tuple[str, str] | None = None) -> int:
        """Listen for homes and connect to the gateway; returns the port."""
        roster, parameters = await asyncio.to_thread(self._cached)
        self._homes.set_roster(roster)
        if parameters is not None:
            self._take_parameters(parameters)
        context = server_tls(host, *(tls or (None, None)))
        self._listener = Listener(lambda: HomeConnection(self._homes), context, HANDSHAKE_S)
        port = await self._listener.start(host, port)
        self._tasks = [asyncio.create_task(self._upstream.run()), asyncio.create_task(self._run())]
        return port

    def _cached(self) -> tuple[frozenset[bytes], bytes | None]:
        return self._store.roster(), self._store.parameters()

    async def stop(self) -> None:
        """Close everything; the spool stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
            self._homes.close()

    async def failed(self) -> None:
        """Return only if one of the relay's tasks ended, which is a fault; raises its error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _heard(self, kind: FrameType, payload: bytes) -> None:
        """Something from the gateway: keep it, and use it."""
        if kind is FrameType.ROSTER:
            roster = read_roster(payload)
            if roster != self._homes.roster:
                await asyncio.to_thread(self._store.save_roster, payload)
                self._homes.set_roster(roster)
        elif kind is FrameType.BULLETIN:
            self._bulletins.append(payload)
        elif payload != self._homes.parameters:
            self._take_parameters(payload)
            await asyncio.to_thread(self._store.save_parameters, payload)

    def _take_parameters(self, payload: bytes) -> None:
        """Check before passing on: the pinned gateway key, and a readable slot length."""
        read = Parameters.read(payload, key_hash(self._pairing.gateway_key), floor=0)
        self._parameters = read
        self._homes.silence_s = max(10.0, 10 * read.slot_s)
        self._homes.set_parameters(payload)

    async def _run(self) -> None:
        last = 0
        while True:
            if self._parameters is None:
                await asyncio.sleep(0.05)
                continue
            slot_s = self._parameters.slot_s
            current = slot_at(time.time(), slot_s)
            slot = max(current, last + 1) if last - current <= 2 else current
            if time.time() > slot_start(slot, slot_s) + FLUSH * slot_s:
                slot += 1
            pause = slot_start(slot, slot_s) + FLUSH * slot_s - time.time()
            await asyncio.sleep(min(pause, 2 * slot_s))
            last = slot
            try:
                await self._flush(slot_start(slot, slot_s))
            except OSError as error:
                # Without a receipt the homes send again; a full disk must not end the relay.
                _LOG.error("the batch was not stored: %s", error)

    async def _flush(self, moment: float) -> None:
        """Close the batch of the slot that began at ``moment``."""
        self._use_key(moment)
        bulletins = list(self._bulletins)
        self._bulletins.clear()
        taken = self._homes.take()
        missing = max(0, len(self._homes.roster) - len(taken))
        if not taken and not missing:
            return
        cells = [waiting[2] for waiting in taken]
        number: int | None = None
        try:
            number = await asyncio.to_thread(self._store_batch, cells)
        finally:
            # A full disk keeps the receipts back; the bulletin comes in every slot.
            self._homes.answer(taken if number is not None else [], bulletins)
        if self._full != (number is None):
            self._full = number is None
            _LOG.warning("the spool is %s", "full: no receipts" if self._full else "in use again")
        if number is not None:
            self._upstream.wake()
            await asyncio.to_thread(self._refill, missing)

    def _use_key(self, moment: float) -> None:
        """Seal dummies to what homes seal to in this slot; older ones would be told apart."""
        cells = self._parameters.cells if self._parameters is not None else CellKeys()
        key = cells.at(moment) or self._pairing.gateway_key
        if key != self._dummy_key:
            self._dummy_key, self._dummies = key, []

    def _store_batch(self, cells: list[bytes]) -> int | None:
        return self._spool.add(mixed(cells, len(self._homes.roster), self._take_dummies))

    def _take_dummies(self, count: int) -> list[bytes]:
        self._refill(count)
        taken = self._dummies[:count]
        del self._dummies[:count]
        return taken

    def _refill(self, count: int) -> None:
        """Have as many dummies ready as the last slot needed; made between the slots."""
        while len(self._dummies) < count:
            dummy = cell.build(os.urandom(32), None)
            self._dummies.append(cell.seal(self._dummy_key, dummy))


async def pair(store: RelayStore, code: PairingCode, patience_s: float = 60) -> RelayPairing:
    """Enrol with a relay's code, or find that this code was used by us already.

    Raises:
        PairingError: refused, or not reachable for ``patience_s`` seconds.
    """
    known = store.pairing()
    if known is not None and known.secret_hash == code.secret_hash:
        return known
    if code.kind != RELAY:
        raise PairingError("this code is for a home; ask the community for the relay's code")
    end = time.monotonic() + patience_s
    while True:
        try:
            answer = await call_enrol(code, store.key, None)
            break
        except PairingUnreachable:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.2)
    if not isinstance(answer, dict):
        raise PairingError("the community's answer is malformed")
    pairing = RelayPairing(answer, code.secret_hash)
    if key_hash(pairing.gateway_key) != code.key_hash:
        raise PairingError("the community answered with another key than the printed one")
    store.save_pairing(pairing)
    return pairing


async def health(host: str, port: int, timeout_s: float = 3) -> dict[str, object]:
    """Ask a relay on this machine how it is (a PING frame, no authentication).

    Raises:
        PrivacyError: it doesn't answer like a relay.
        OSError: it cannot be reached.
    """
    reader, writer = await asyncio.open_connection(host, port)
    stream = FrameStream(reader, writer, (FrameType.HELLO, FrameType.PONG, FrameType.REFUSED))
    try:
        stream.send(frame(FrameType.PING))
        await stream.expect(FrameType.HELLO, timeout_s)
        answer = json.loads(await stream.expect(FrameType.PONG, timeout_s))
    except ValueError:
        raise PrivacyError("the answer is not a relay's") from None
    finally:
        await stream.close()
    if not isinstance(answer, dict):
        raise PrivacyError("the answer is not a relay's")
    return answer


async def _serve(options: argparse.Namespace) -> None:
    many_files()
    store = RelayStore(Path(options.data) / "relay")
    if options.pair:
        # From the input a code stays out of the process list and the shell's history.
        code = await asyncio.to_thread(sys.stdin.readline) if options.pair == "-" else options.pair
        pairing = await pair(store, PairingCode.parse(code))
    else:
        known = store.pairing()
        if known is None:
            raise PairingError("not paired yet: start once with --pair CODE from the community")
        pairing = known
    host, port = split_address(options.listen)
    tls = (options.tls_cert, options.tls_key) if options.tls_cert and options.tls_key else None
    relay = Relay(store, pairing, options.spool_mib * 1024 * 1024)
    port = await relay.start(host, port, tls)
    sys.stdout.write(f"ready {host}:{port}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    waiting = [asyncio.create_task(stopped.wait()), asyncio.create_task(relay.failed())]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waiting:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await relay.stop()


def main(argv: Sequence[str]) -> int:
    """The command line of ``linli relay``; returns the exit status."""
    parser = argparse.ArgumentParser(prog="linli relay", description=__doc__)
    default = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "linli"
    parser.add_argument("--data", default=os.environ.get("LINLI_DATA", str(default)))
    parser.add_argument("--listen", default="127.0.0.1:8300", help="host:port for homes")
    parser.add_argument("--pair", help="the pairing code, needed once; - reads it from the input")
    parser.add_argument("--tls-cert", help="PEM file, needed beyond this machine")
    parser.add_argument("--tls-key", help="PEM file, needed beyond this machine")
    parser.add_argument("--spool-mib", type=int, default=1024, help="disk for unsent batches")
    options = parser.parse_args(argv)
    logs.begin(logging.INFO, timed=True)
    try:
        asyncio.run(_serve(options))
    except (PrivacyError, OSError) as error:
        taken = getattr(error, "errno", None) == errno.EADDRINUSE
        other = f"{options.listen} is in use: end what uses it, or choose another with --listen"
        sys.stderr.write(f"linli relay: {other if taken else error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
