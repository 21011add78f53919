"""One whole home, from the message of its gas sensor on: kernel, question, consent, events door."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.bench.conditions import BenchProblem
from hub.bench.household import household
from hub.bench.rawmqtt import RawClient
from hub.bench.rig import SENSOR_TOPIC, VALVE_STATE, announcements

ASK_S, CLEAR_S = 0.01, 0.01
"""The question to the resident is over at once: what is measured is our way, not their time."""
MOST = 24
"""Hazards of one run: a flat has 24 tokens for them, and eight in reserve."""
_WITHIN_S = 60.0
_POLL_S = 0.01


class Sensing:
    """Raises gas at the sensor, one hazard after another, in a thread of its own.

    Args:
        device: a connection to the home's broker.
        arrived: how many of its events are incidents by now.
        pause_s: at most so long between two hazards, seconds.
    """

    def __init__(self, device: RawClient, arrived: Callable[[], int], pause_s: float) -> None:
        self._device = device
        self._arrived = arrived
        self._pause_s = pause_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.raised: list[float] = []
        self.problem = ""

    def start(self) -> None:
        """Begin; the first hazard waits until the home is paired and has tokens."""
        self._thread.start()

    def end(self) -> None:
        """Raise no more."""
        self._ending.set()

    def stop(self) -> None:
        """Raise no more, and wait for what is under way.

        Raises:
            BenchProblem: a hazard never became an incident.
        """
        self.end()
        self._thread.join()
        if self.problem:
            raise BenchProblem(self.problem)

    def _run(self) -> None:
        self._device.publish(VALVE_STATE, b"open")
        while not self._ending.wait(random.uniform(0, self._pause_s)):  # noqa: S311 - no secret
            if len(self.raised) == MOST:
                return
            self.raised.append(time.time())
            self._say("true")
            end = time.monotonic() + _WITHIN_S
            while self._arrived() < len(self.raised):
                if time.monotonic() > end:
                    self.problem = f"hazard {len(self.raised)} of the sensor was never an incident"
                    return
                time.sleep(_POLL_S)
            self._device.publish(VALVE_STATE, b"closed")
            self._say("false")

    def _say(self, gas: str) -> None:
        text = f'{{"battery_low":false,"gas":{gas},"linkquality":120}}'
        self._device.publish(SENSOR_TOPIC, text.encode())


@contextmanager
def sensing(
    folder: Path, code: str, arrived: Callable[[], int], pause_s: float
) -> Iterator[Sensing]:
    """A home paired by a printed code, its sensor and valve known, for a measurement."""
    options = ("--ask-seconds", str(ASK_S), "--clear-seconds", str(CLEAR_S))
    with household(folder, "embedded", code, options) as home:
        home.announce(announcements())
        device = home.rig.device("bench-sensor")
        try:
            yield Sensing(device, arrived, pause_s)
        finally:
            device.close()
