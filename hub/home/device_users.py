"""How devices reach this home's broker: its address, and a user for each of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from hub.core.mqtt import MqttSettings
from hub.core.settings import join_address
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
UNREADABLE = _("The list of devices can't be read or written. Is the disk full?")


class BrokerAccess:
    """The embedded broker's door for devices.

    Args:
        data: the home's folder.
        broker: where the broker is; None for a home that has none.
    """

    def __init__(self, data: Path, broker: MqttSettings | None) -> None:
        self._users = DeviceUsers(data)
        self._broker = broker

    @property
    def address(self) -> str:
        """Host and port that devices connect to."""
        if self._broker is None:
            return ""
        return join_address(self._broker.host, self._broker.port)

    @property
    def ours(self) -> bool:
        """Whether it is the embedded broker, whose users are made here."""
        return not os.environ.get("LINLI_BROKER_USER")

    async def users(self) -> Sequence[DeviceUser]:
        """Everybody who may come in; raises Refusal."""
        try:
            return await asyncio.to_thread(self._users.all)
        except (OSError, ValueError):
            raise Refusal(UNREADABLE) from None

    async def give_password(self, name: str, *, new: bool) -> str:
        """A password for a device, shown once and kept nowhere; raises Refusal."""
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
