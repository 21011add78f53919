"""How a home's processes reach its broker."""

from __future__ import annotations

import secrets
from pathlib import Path

from hub.core import outside
from hub.core.mqtt_settings import MqttSettings, named
from hub.plugins import broker_users


def mqtt_settings(data: Path, host: str, port: int, user: str = "home") -> MqttSettings:
    """Settings for one user; the embedded broker's passwords lie in the data folder.

    An outside broker's come from the environment, see `hub.core.mqtt_settings.named`; else the
    household may have chosen one.

    Raises:
        SettingsProblem: the environment names something that there isn't.
    """
    own = outside.load(data)
    if own is not None:
        return own.settings(user)
    given = named()
    if "username" not in given:
        given["username"] = user
        given["password"] = broker_users.load_or_create(data)[user]
    return MqttSettings(host, port, client_id=f"linli-{user}-{secrets.token_hex(4)}", **given)
