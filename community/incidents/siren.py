"""The community's siren over MQTT, as Home Assistant's `siren` component is commanded.

Topic and payloads are settings, because sirens differ; without a topic there is no siren and
the desk says so.
"""

from __future__ import annotations

import asyncio
import logging

from hub.core.mqtt import MqttConnection, MqttUnavailable

_LOG = logging.getLogger(__name__)
_AGAIN = 2.0


class Siren:
    """Keeps one siren in the wanted state, also when the broker comes back.

    Args:
        connection: The connection to the facilities' broker.
        topic: The siren's command topic, "" where there is none.
        on: The payload that sounds it.
        off: The payload that silences it.
    """

    def __init__(self, connection: MqttConnection, *, topic: str, on: str, off: str) -> None:
        self._connection = connection
        self._payloads = {True: on, False: off}
        self.topic = topic
        self.wanted = False
        self.told: bool | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget = connection.on_connection(self._connected)

    def configure(self, *, topic: str, on: str, off: str) -> None:
        """Use other settings from now on."""
        if (topic, on, off) != (self.topic, self._payloads[True], self._payloads[False]):
            self.topic, self._payloads, self.told = topic, {True: on, False: off}, None
            self._wake.set()

    def start(self) -> None:
        """Begin to command the siren."""
        self._task = asyncio.create_task(self._run(), name="siren")

    async def stop(self) -> None:
        """Stop commanding; the siren stays as it is."""
        self._forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def sound(self, on: bool) -> None:
        """Want the siren on or off."""
        if on is not self.wanted:
            self.wanted = on
            self._wake.set()

    def _connected(self, connected: bool) -> None:
        # Whoever comes back after an outage may have missed the last command.
        self.told = None
        if connected:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wanted = self.wanted
            if self.topic and self.told is not wanted and self._connection.connected:
                try:
                    await self._connection.publish(self.topic, self._payloads[wanted], qos=1)
                except MqttUnavailable as error:
                    _LOG.warning("the siren could not be commanded: %s", error)
                    await self._wait(_AGAIN)
                    continue
                self.told = wanted
                continue
            await self._wait(None)

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
