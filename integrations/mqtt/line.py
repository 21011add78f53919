"""An entity's messages in their order, also where a template takes another process's time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hub.api import TemplateProblem, TemplateWorker, Unrendered
from integrations.mqtt.router import Problem

MOST_WAITING = 64


class Line:
    """Does work at once; work whose template needs the worker waits, and so does what follows.

    Args:
        worker: renders the templates that need it.
        problem: told what can't be rendered, and what is dropped because too much waits.
        name: the entity, for those lines.
    """

    __slots__ = ("_name", "_problem", "_task", "_waiting", "worker")

    def __init__(self, worker: TemplateWorker, problem: Problem, name: str) -> None:
        self.worker = worker
        self._problem = problem
        self._name = name
        self._waiting: list[Callable[[], None]] = []  # nearly always empty, and one an entity
        self._task: asyncio.Task[None] | None = None

    def hear(self, work: Callable[[], None]) -> None:
        """Do it, now or in its turn."""
        if self._task is None:
            try:
                work()
            except Unrendered:
                self._waiting.append(work)
                self._task = asyncio.get_running_loop().create_task(self._drain())
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.pop(0)
            self._problem("template_busy", "%s: messages come faster than it renders", self._name)
        self._waiting.append(work)

    def stop(self) -> None:
        """Drop what waits."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                try:
                    await self.worker.settle(self._waiting.pop(0))
                except TemplateProblem as problem:
                    self._problem("template_failed", "%s: %s", self._name, problem)
        finally:
            self._task = None
