"""How a home's processes reach its broker."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hub.core import outside
from hub.core.mqtt import MqttSettings
from hub.plugins import broker_users


def mqtt_settings(data: Path, host: str, port: int, user: str = "home") -> MqttSettings:
    """Settings for one user; the embedded broker's passwords lie in the data folder.

    An outside broker's user, password and CA come from the environment: ``LINLI_BROKER_USER``,
    ``LINLI_BROKER_PASSWORD``, ``LINLI_BROKER_CA``; else the household may have chosen one.
    """
    own = outside.load(data)
    if own is not None:
        return own.settings(user)
    name = os.environ.get("LINLI_BROKER_USER", "")
    if name:
        password = os.environ.get("LINLI_BROKER_PASSWORD", "")
    else:
        name, password = user, broker_users.load_or_create(data)[user]
    return MqttSettings(
        host,
        port,
        username=name,
        password=password,
        tls_ca=os.environ.get("LINLI_BROKER_CA") or None,
        client_id=f"linli-{user}-{secrets.token_hex(4)}",
    )
