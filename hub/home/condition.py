"""How the hub itself is: broker, integrations, history and disk, for people and programs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.home.life import HomeLife

NO_BROKER, CONNECTED, LOST = "none", "connected", "lost"


class IntegrationCondition:
    """One integration.

    Attributes:
        domain: its folder's name.
        name: what people call it, by language; empty where its manifest can't be read.
        problem: why it isn't at work, "" when it is; a sentence of the program, in English.
        ignored: how often bad input of each sort was ignored since the start, by a fixed word.
    """

    __slots__ = ("domain", "ignored", "name", "problem")

    def __init__(
        self, domain: str, name: Mapping[str, str], problem: str, ignored: Mapping[str, int]
    ) -> None:
        self.domain = domain
        self.name = name
        self.problem = problem
        self.ignored = ignored


class HubCondition:
    """The hub.

    Attributes:
        broker: ``connected``, ``lost``, or ``none`` for a home without one.
        broker_address: host and port, "" without a broker.
        broker_problem: a key of `hub.core.mqtt_settings.PROBLEMS`, "" while nothing is wrong.
        integrations: those with a config entry, and those that can't be read.
        history_damaged: parts of the history that can't be opened; None while there is none.
        history_dropped: values given up because the disk took nothing for too long.
        history_problem: why no history is written, ``room`` or ``disk``; "" while all is well.
        disk_free: bytes free where the home's data lies.
        disk_total: bytes that the disk has.
    """

    __slots__ = (
        "broker",
        "broker_address",
        "broker_problem",
        "disk_free",
        "disk_total",
        "history_damaged",
        "history_dropped",
        "history_problem",
        "integrations",
    )

    def __init__(
        self,
        *,
        broker: str,
        broker_address: str,
        broker_problem: str,
        integrations: Sequence[IntegrationCondition],
        history_damaged: int | None,
        history_dropped: int,
        history_problem: str,
        disk_free: int,
        disk_total: int,
    ) -> None:
        self.broker = broker
        self.broker_address = broker_address
        self.broker_problem = broker_problem
        self.integrations = integrations
        self.history_damaged = history_damaged
        self.history_dropped = history_dropped
        self.history_problem = history_problem
        self.disk_free = disk_free
        self.disk_total = disk_total


async def condition_of(home: HomeLife) -> HubCondition:
    """Ask all parts of a home; the disk is asked off the event loop."""
    disk = await asyncio.to_thread(_disk, home.data)
    history = home.history_store
    return HubCondition(
        broker=NO_BROKER if home.mqtt is None else CONNECTED if home.mqtt.connected else LOST,
        broker_address=home.broker.address,
        broker_problem=home.broker.problem,
        integrations=_integrations(home),
        history_damaged=history.damaged if history is not None else None,
        history_dropped=history.dropped if history is not None else 0,
        history_problem=history.problem if history is not None else "",
        disk_free=disk[0],
        disk_total=disk[1],
    )


def _disk(folder: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def _integrations(home: HomeLife) -> list[IntegrationCondition]:
    plugins = home.plugins
    found = []
    for domain in sorted({*plugins.running, *plugins.failed}):
        manifest = plugins.manifests.get(domain)
        running = plugins.running.get(domain)
        found.append(
            IntegrationCondition(
                domain,
                manifest.name if manifest is not None else {},
                plugins.failed.get(domain, ""),
                dict(running.door.problems.counts) if running is not None else {},
            )
        )
    return found
