"""The gateway's key among the app's things."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from privacy.gateway import GatewayKey

GATEWAY_PUBLIC: web.AppKey[bytes] = web.AppKey("gateway_public")


def gateway_key(data: Path) -> GatewayKey:
    """Read the gateway's key in the data folder, made on first use. Blocking."""
    return GatewayKey.load_or_create(data / "keys")
