"""The community's own settings, few and named."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session

from community.core.tables import Setting

NAME: Final = "name"
SIREN_TOPIC: Final = "siren_topic"
SIREN_ON: Final = "siren_on"
SIREN_OFF: Final = "siren_off"
PUBLIC_ADDRESS: Final = "public_address"
RELAY_ADDRESS: Final = "relay_address"

DEFAULTS: Final[dict[str, str]] = {
    NAME: "",
    SIREN_TOPIC: "",
    SIREN_ON: '{"state":"ON"}',
    SIREN_OFF: '{"state":"OFF"}',
    PUBLIC_ADDRESS: "",
    RELAY_ADDRESS: "",
}


def read(session: Session) -> dict[str, str]:
    """Return every setting, the default where none was stored."""
    found = dict(DEFAULTS)
    for key in DEFAULTS:
        row = session.get(Setting, key)
        if row is not None:
            found[key] = row.value
    return found


def write(session: Session, values: dict[str, str]) -> None:
    """Store some settings.

    Raises:
        KeyError: There is no such setting.
    """
    for key, value in values.items():
        if key not in DEFAULTS:
            raise KeyError(key)
        session.merge(Setting(key=key, value=value.strip()))
