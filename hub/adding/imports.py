"""Taking devices over from another broker: look, choose, copy.

What is copied are the devices' retained announcements, byte for byte. The devices themselves
still talk to the other broker: each has to be pointed to ours, and until then shows no state.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Collection, Mapping
from typing import NamedTuple

from hub.adding.brokers import outside_of
from hub.adding.preview import Candidate, Preview, preview
from hub.adding.problems import AddProblem
from hub.adding.survey import read_retained
from hub.core.mqtt import MqttConnection, MqttSettings, MqttUnavailable
from hub.core.outside import OutsideBroker
from hub.core.registry import Registry
from hub.plugins.config import Reason
from hub.plugins.loader import LoadProblem, Plugins

KEPT, KEPT_S = 2, 1800.0
TOGETHER = 100  # publishes whose answers are awaited at once
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


OURS = _("That is this home's own broker: its devices are here already.")
GONE = _("What was read is forgotten by now. Read it again.")
NONE_CHOSEN = _("Choose at least one device.")
LOST = _("The home's broker went away in between. Press again: nothing is taken over twice.")


class Looked(NamedTuple):
    """What another broker holds, as it was read.

    Attributes:
        id: under which it is kept for half an hour.
        address: the broker, for people.
        preview: its devices.
        payloads: by topic.
        too_large: messages left out because of their size.
        cut: whether there was more than is read.
    """

    id: str
    at: float
    address: str
    preview: Preview
    payloads: Mapping[str, bytes]
    too_large: int
    cut: bool


class Imports:
    """Looks at other brokers and copies from them.

    Args:
        registry: what the home has.
        plugins: the integrations, who read the announcements.
        mqtt: the home's own broker; None for a home without.
    """

    def __init__(self, registry: Registry, plugins: Plugins, mqtt: MqttConnection | None) -> None:
        self._registry = registry
        self._plugins = plugins
        self._mqtt = mqtt
        self._kept: dict[str, Looked] = {}
        self._one_at_a_time = asyncio.Lock()

    async def look(self, data: Mapping[str, object]) -> Looked:
        """Read another broker, within about fifteen seconds.

        Args:
            data: of `hub.adding.brokers.BrokerForm`.

        Raises:
            ConfigProblem: the data doesn't fit, or the broker can't be reached.
            AddProblem: it is our own, or no integration can read announcements.
        """
        broker = await asyncio.to_thread(outside_of, data)
        if self._mqtt is not None and _same(self._mqtt.settings, broker):
            raise AddProblem(OURS, "host")
        readers = [one for one in self._plugins.manifests.values() if one.retained]
        filters = [topic for manifest in readers for topic in manifest.retained]
        async with self._one_at_a_time:
            survey = await read_retained(broker, filters)
            devices: list[Candidate] = []
            left_out: list[tuple[Reason, int]] = []
            for manifest in readers:
                try:
                    made = await self._plugins.class_of(manifest.domain)
                except LoadProblem:
                    continue
                config = made.config_class().from_data({})
                seen = await preview(made, manifest, config, survey.messages, self._registry)
                devices += seen.devices
                left_out += seen.left_out
        looked = Looked(
            secrets.token_urlsafe(12),
            time.monotonic(),
            f"{broker.host}:{broker.port}",
            Preview(tuple(devices), tuple(left_out)),
            {message.topic: message.payload for message in survey.messages},
            survey.too_large,
            survey.cut,
        )
        self._keep(looked)
        return looked

    def get(self, looked_id: str) -> Looked:
        """What was read; raises AddProblem when it is forgotten."""
        looked = self._kept.get(looked_id)
        if looked is None or time.monotonic() - looked.at > KEPT_S:
            self._kept.pop(looked_id, None)
            raise AddProblem(GONE)
        return looked

    async def copy(self, looked_id: str, chosen: Collection[int]) -> int:
        """Copy the announcements of chosen devices to our broker.

        Args:
            looked_id: what was read.
            chosen: places in its preview's devices.

        Returns:
            How many devices were copied.

        Raises:
            AddProblem: nothing is chosen or kept, or our broker isn't there.
        """
        looked = self.get(looked_id)
        devices = [one for at, one in enumerate(looked.preview.devices) if at in chosen]
        if not devices:
            raise AddProblem(NONE_CHOSEN)
        if self._mqtt is None:
            raise AddProblem(LOST)
        topics = list(dict.fromkeys(topic for one in devices for topic in one.topics))
        try:
            for start in range(0, len(topics), TOGETHER):
                async with asyncio.timeout(10):
                    await asyncio.gather(
                        *(
                            self._mqtt.publish(topic, looked.payloads[topic], 1, True)
                            for topic in topics[start : start + TOGETHER]
                        )
                    )
        except (MqttUnavailable, TimeoutError):
            raise AddProblem(LOST) from None
        self._kept.pop(looked_id, None)
        return len(devices)

    def _keep(self, looked: Looked) -> None:
        self._kept[looked.id] = looked
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]


def _same(settings: MqttSettings, broker: OutsideBroker) -> bool:
    """Whether two addresses are one broker, as far as their names say."""

    def place(host: str, port: int) -> tuple[str, int]:
        return "localhost" if host in _LOOPBACK else host.lower(), port

    return place(settings.host, settings.port) == place(broker.host, broker.port)
