"""How devices reach this home's broker: its address, and a user for each of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from hub.core import outside
from hub.core.mqtt import MqttConnection, MqttSettings
from hub.core.settings import is_loopback, join_address
from hub.home.refusal import Refusal
from hub.plugins.broker_devices import DeviceUser, DeviceUsers, UserProblem


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


PROBLEMS = {
    "name": _("Use small letters a to z, digits, - and _, at most 32; some names are the hub's."),
    "taken": _("There is a device of this name already."),
    "many": _("There are as many devices as the broker takes."),
}
ELSEWHERE = _("The broker is one of your own; its users are made there.")
UNREADABLE = _("The list of devices can't be read or written. Is the disk full?")


class BrokerAccess:
    """The embedded broker's door for devices, and how the hub itself stands with its broker.

    Args:
        data: the home's folder.
        broker: where the broker is; None for a home that has none.
        connection: the hub's own to it.
    """

    def __init__(
        self, data: Path, broker: MqttSettings | None, connection: MqttConnection | None = None
    ) -> None:
        self._users = DeviceUsers(data)
        self._broker = broker
        self._elsewhere = outside.chosen(data)
        self._connection = connection

    def moved(self, broker: MqttSettings, ours: bool) -> None:
        """The household chose another broker, or ours again."""
        self._broker, self._elsewhere = broker, not ours

    @property
    def problem(self) -> str:
        """What is wrong with it, a key of `hub.core.mqtt_settings.PROBLEMS`; "" while nothing."""
        return self._connection.problem if self._connection is not None else ""

    @property
    def secure(self) -> bool:
        """Whether the connection is TLS."""
        return self._broker is not None and self._broker.tls_ca is not None

    @property
    def version(self) -> str:
        """The version of MQTT that the hub speaks to it."""
        return "" if self._broker is None else self._broker.version

    @property
    def address(self) -> str:
        """Host and port that devices connect to."""
        if self._broker is None:
            return ""
        return join_address(self._broker.host, self._broker.port)

    @property
    def ours(self) -> bool:
        """Whether it is the embedded broker, whose users are made here."""
        near = self._broker is None or is_loopback(self._broker.host)
        return near and not os.environ.get("LINLI_BROKER_USER") and not self._elsewhere

    async def users(self) -> Sequence[DeviceUser]:
        """Everybody who may come in; raises Refusal."""
        try:
            return await asyncio.to_thread(self._users.all)
        except (OSError, ValueError):
            raise Refusal(UNREADABLE) from None

    async def give_password(self, name: str, *, new: bool) -> str:
        """A password for a device, shown once and kept nowhere; raises Refusal."""
        if not self.ours:
            raise Refusal(ELSEWHERE)
        try:
            return await asyncio.to_thread(self._users.give_password, name, new=new)
        except UserProblem as problem:
            raise Refusal(PROBLEMS[problem.code], "name") from None
        except (OSError, ValueError):
            raise Refusal(UNREADABLE) from None

    async def remove(self, name: str) -> None:
        """Take a device's user away; its connection ends within two seconds. Raises Refusal."""
        try:
            await asyncio.to_thread(self._users.remove, name)
        except (OSError, ValueError):
            raise Refusal(UNREADABLE) from None
