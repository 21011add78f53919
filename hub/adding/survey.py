"""Reads what devices left on another broker: their retained announcements, and nothing else.

The broker is a stranger's: time, number and bytes have limits, and a topic that wasn't asked for
is left alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from hub.adding.brokers import reached
from hub.core.mqtt import matches
from hub.core.outside import OutsideBroker

MOST_MESSAGES = 5_000
MOST_BYTES = 16 * 1024 * 1024
MOST_PAYLOAD = 256 * 1024
MOST_TOPIC = 1_000
WITHIN_S = 12.0
QUIET_S = 1.5
"""Retained messages come at once; a broker that is silent for this long has sent them all."""


class Retained(NamedTuple):
    """One retained message."""

    topic: str
    payload: bytes


class Survey(NamedTuple):
    """What was read.

    Attributes:
        messages: in the order in which they came, each topic once.
        too_large: how many were left out because of their size.
        cut: whether a limit ended the reading before the broker had sent all.
    """

    messages: tuple[Retained, ...]
    too_large: int
    cut: bool


async def read_retained(
    broker: OutsideBroker,
    filters: Sequence[str],
    *,
    within_s: float = WITHIN_S,
    quiet_s: float = QUIET_S,
    most_messages: int = MOST_MESSAGES,
    most_bytes: int = MOST_BYTES,
) -> Survey:
    """Read the retained messages under these topic filters.

    Args:
        broker: where to look.
        filters: MQTT topic filters.
        within_s: seconds after which the reading ends in any case.
        quiet_s: seconds without a message after which it has ended by itself.
        most_messages: so many are kept.
        most_bytes: the connection ends after so many, control packets included.

    Raises:
        ConfigProblem: the broker can't be reached, beside the field that it is about.
    """
    found: dict[str, bytes] = {}
    too_large = 0
    heard_at = time.monotonic()
    full = asyncio.Event()

    def take(topic: str, payload: bytes, retained: bool) -> None:
        nonlocal heard_at, too_large
        heard_at = time.monotonic()
        if not retained or not payload or not any(matches(one, topic) for one in filters):
            return
        if len(payload) > MOST_PAYLOAD or len(topic) > MOST_TOPIC:
            too_large += 1
        elif topic in found or len(found) < most_messages:
            found[topic] = payload
        else:
            full.set()

    async with reached(broker, most_bytes) as connection:
        connection.on_connection(lambda connected: None if connected else full.set())
        for one in filters:
            connection.subscribe(one, take)
        end = time.monotonic() + within_s
        while not full.is_set():
            left = min(end, heard_at + quiet_s) - time.monotonic()
            if left <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    await full.wait()
            except TimeoutError:
                continue
        cut = full.is_set() or time.monotonic() >= end
    messages = tuple(Retained(topic, payload) for topic, payload in found.items())
    return Survey(messages, too_large, cut)
