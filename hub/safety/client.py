"""The home's side of the kernel's socket: connects, comes back, hands on what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .bindings import MAX_BINDINGS, limited
from .link import MAX_LINE, decode, encode

_LOG = logging.getLogger(__name__)
ANSWER_S = 5.0
# A status comes every two seconds; three missed ones mean that the process hangs.
SILENT_S = 6.5
SENT_BINDINGS = MAX_BINDINGS + 1000
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)


class SafetyUnavailable(Exception):
    """The kernel can't be reached, or gave no answer in time."""


class SafetyRefused(Exception):
    """The kernel refused; the text says why."""


class SafetyClient:
    """One connection to the hazard kernel, kept up until stopped.

    Args:
        path: the kernel's socket, ``run/safety.sock`` in the data folder.
        after: the highest report number that the home has stored.

    Attributes:
        on_report: called with each record and its number; the same record and revision may
            come again until confirmed. Store it, then :meth:`confirm`.
        on_status: called with each status, at least every 2 s.
        on_connection: called with True and False.
        on_silence: called when no status came for ``SILENT_S`` though the connection holds.
        status: the last status, None before the first; as old as that may be, see ``answers``.
    """

    def __init__(self, path: Path, after: int = 0) -> None:
        self._path = path
        self._after = after
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._up = asyncio.Event()
        self.on_report: Callable[[dict[str, Any], int], None] = lambda _record, _seq: None
        self.on_status: Callable[[dict[str, Any]], None] = lambda _status: None
        self.on_connection: Callable[[bool], None] = lambda _connected: None
        self.on_silence: Callable[[], None] = lambda: None
        self._silence: asyncio.TimerHandle | None = None
        self._heard_at = float("-inf")
        self.status: dict[str, Any] | None = None

    @property
    def connected(self) -> bool:
        """True while the kernel's socket is open."""
        return self._writer is not None

    @property
    def answers(self) -> bool:
        """True while the kernel says how it is: what ``status`` says is true now."""
        return self.connected and time.monotonic() - self._heard_at < SILENT_S

    async def start(self) -> None:
        """Begin connecting; returns at once."""
        self._task = asyncio.create_task(self._run(), name="safety-client")

    async def stop(self) -> None:
        """Close the connection for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait_connected(self, within: float) -> None:
        """Wait for the connection.

        Raises:
            SafetyUnavailable: not connected in so many seconds.
        """
        try:
            await asyncio.wait_for(self._up.wait(), within)
        except TimeoutError:
            raise SafetyUnavailable("the safety process can't be reached") from None

    async def bind(
        self,
        sensors: Sequence[dict[str, Any]],
        actuators: Sequence[dict[str, Any]],
        version: int,
    ) -> dict[str, Any]:
        """Replace every binding.

        Returns:
            ``durable`` (False when the kernel's disk can't take it; it is in force all the
            same) and ``problems`` by entity id: bindings that can't be used, and why.

        Raises:
            SafetyUnavailable: no connection or no answer.
            SafetyRefused: the bindings can't be read at all.
        """
        # The key of a figure's sensor names its hazard after the entity.
        known = {key.partition("#")[0] for key in (self.status or {}).get("sensors", {})}
        # A line has a limit too: what the kernel would leave out anyway is not all sent.
        chosen = limited(sensors, actuators, known, most=SENT_BINDINGS)
        return await self._ask(
            {"do": "bind", "sensors": chosen[0], "actuators": chosen[1], "version": version}
        )

    async def acknowledge(self, hazard_id: str, by: str) -> dict[str, Any]:
        """Someone has seen the hazard; raises SafetyUnavailable, SafetyRefused."""
        return await self._ask({"do": "acknowledge", "hazard_id": hazard_id, "by": by})

    async def end(self, hazard_id: str, by: str) -> dict[str, Any]:
        """End what a press began; raises SafetyUnavailable, SafetyRefused."""
        return await self._ask({"do": "end", "hazard_id": hazard_id, "by": by})

    async def override(self, entity_id: str, by: str) -> dict[str, Any]:
        """A person takes an actuator back; raises SafetyUnavailable, SafetyRefused."""
        return await self._ask({"do": "override", "entity_id": entity_id, "by": by})

    async def press(self, entity_id: str) -> dict[str, Any]:
        """Send an actuator's bound command as a test; raises SafetyUnavailable, SafetyRefused."""
        return await self._ask({"do": "press", "entity_id": entity_id})

    def seen(
        self, sensors: Sequence[tuple[str, bool, float]], records: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Tell the kernel what it may have missed while it was down; it decides what counts.

        Args:
            sensors: sensor, whether it detects, wall clock of when it began to say so.
            records: the hazards that are open for the home.
        """
        if self._writer is not None:
            rows = [{"entity_id": one, "detects": value, "at": at} for one, value, at in sensors]
            self._writer.write(encode({"do": "seen", "sensors": rows, "open": list(records)}))

    def confirm(self, seq: int) -> None:
        """The home has stored the report; without a connection it will come again."""
        self._after = max(self._after, seq)
        if self._writer is not None:
            self._writer.write(encode({"do": "confirm", "seq": seq}))

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        writer = self._writer
        if writer is None:
            raise SafetyUnavailable("the safety process can't be reached")
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            writer.write(encode({**message, "n": number}))
            # Not wait_for: before Python 3.12 it swallows a cancel that meets the answer.
            async with asyncio.timeout(ANSWER_S):
                reply = await answer
        except TimeoutError:
            raise SafetyUnavailable("the safety process gave no answer") from None
        finally:
            self._answers.pop(number, None)
        if not reply.get("ok"):
            raise SafetyRefused(str(reply.get("reason", "refused")))
        return reply

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE)
            except OSError:
                await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                failures += 1
                continue
            failures = 0
            try:
                await self._serve(reader, writer)
            except (ConnectionError, ValueError) as error:
                _LOG.warning("connection to the safety process lost: %s", error)
            finally:
                self._lost(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode({"do": "watch", "after": self._after}))
        self._writer = writer
        self._up.set()
        self.on_connection(True)
        while line := await reader.readline():
            message = decode(line)
            if message is not None:
                self._hear(message)

    def _lost(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        self._up.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(SafetyUnavailable("the safety process went away"))
        self._heard_at = float("-inf")
        if self._silence is not None:
            self._silence.cancel()
        if self._writer is not None:
            self._writer = None
            self.on_connection(False)

    def _hear(self, message: dict[str, Any]) -> None:
        """Hand on one message; a listener that fails must not end the connection."""
        try:
            if "report" in message:
                self.on_report(message["report"], message["seq"])
            elif "status" in message:
                self._status_came()
                self.status = message["status"]
                self.on_status(message["status"])
            elif "reply" in message:
                answer = self._answers.get(message["reply"].get("n", 0))
                if answer is not None and not answer.done():
                    answer.set_result(message["reply"])
        except Exception:  # noqa: BLE001 - whatever a listener raises is its own problem
            _LOG.exception("a listener of the safety client failed")

    def _status_came(self) -> None:
        self._heard_at = time.monotonic()
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENT_S, self.on_silence)
