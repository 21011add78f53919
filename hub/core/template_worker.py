"""Templates that may loop run in a process that can be killed; see `hub.core.templates`.

One render at a time, each with a deadline. What misses it costs the process its life, and the
template is refused for a while, longer each time, so that one bad device can't keep the others'
templates waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import orjson

from hub.core.problems import TemplateProblem
from hub.core.processes import linli
from hub.core.templates import SlowTemplate, Unrendered, names_of

DEADLINE_S = 0.05
START_S = 10.0
REFUSED_S = (60.0, 600.0, 3600.0)
MAX_REFUSED = 1024
MAX_ROUNDS = 16
MAX_ANSWER = 128 * 1024

Done = TypeVar("Done")


class TemplateWorker:
    """Renders `SlowTemplate`s; the process is started by the first and ended by ``close``."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        # source -> (how often it missed the deadline, steady clock until which it is refused)
        self._refused: dict[str, tuple[int, float]] = {}

    async def render(self, template: SlowTemplate, payload: str | bytes, **extra: Any) -> str:
        """Render a payload, as `Template.render` does.

        Raises:
            TemplateProblem: the payload doesn't fit the template, or the template took longer
                than ``DEADLINE_S`` now or a short while ago.
        """
        request = orjson.dumps({"source": template.source, "names": names_of(payload, extra)})
        misses, until = self._refused.get(template.source, (0, 0.0))
        if time.monotonic() < until:
            raise TemplateProblem("the template took too long before, it rests for a while")
        async with self._turn:
            try:
                reply = await self._ask(request)
            except TimeoutError:
                await self._end()
                self._refuse(template.source, misses)
                raise TemplateProblem(
                    f"the template took longer than {DEADLINE_S * 1000:.0f} ms"
                ) from None
            except (OSError, ValueError, asyncio.IncompleteReadError):
                await self._end()
                self._refuse(template.source, misses)
                raise TemplateProblem("the template ended the process that renders it") from None
            except asyncio.CancelledError:
                await self._end()  # its answer would be taken for the next one's
                raise
        self._refused.pop(template.source, None)
        if "problem" in reply:
            raise TemplateProblem(str(reply["problem"]))
        return str(reply["text"])

    async def settle(self, work: Callable[[], Done]) -> Done:
        """Call ``work``, which renders templates, again until all of them are rendered.

        Raises:
            TemplateProblem: one can't be rendered, or there are more than ``MAX_ROUNDS``.
        """
        used: list[SlowTemplate] = []
        try:
            for _ in range(MAX_ROUNDS):
                try:
                    return work()
                except Unrendered as missing:
                    text = await self.render(missing.template, missing.payload, **missing.extra)
                    missing.template.keep(missing.payload, missing.extra, text)
                    used.append(missing.template)
            raise TemplateProblem("it takes too many templates")
        finally:
            for template in used:
                template.forget()

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _ask(self, request: bytes) -> dict[str, Any]:
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(request + b"\n")
        async with asyncio.timeout(DEADLINE_S):
            await process.stdin.drain()
            line = await process.stdout.readuntil(b"\n")
        reply: dict[str, Any] = orjson.loads(line)
        return reply

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *linli("template-worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={key: os.environ[key] for key in ("PYTHONPATH",) if key in os.environ},
            limit=MAX_ANSWER,
            start_new_session=True,
        )
        self._process = process
        if process.stdout is None:
            raise OSError("no pipes")
        async with asyncio.timeout(START_S):
            await process.stdout.readuntil(b"\n")  # it says that it is ready
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    def _refuse(self, source: str, misses: int) -> None:
        if len(self._refused) >= MAX_REFUSED:
            self._refused.pop(next(iter(self._refused)))
        for_s = REFUSED_S[min(misses, len(REFUSED_S) - 1)]
        self._refused[source] = (misses + 1, time.monotonic() + for_s)
