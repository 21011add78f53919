"""The community's own settings, few and named."""

from __future__ import annotations

import re
from typing import Final

from sqlmodel import Session

from community.core.tables import Setting
from community.core.words import N_

NAME: Final = "name"
SIREN_TOPIC: Final = "siren_topic"
SIREN_ON: Final = "siren_on"
SIREN_OFF: Final = "siren_off"
PUBLIC_ADDRESS: Final = "public_address"
RELAY_ADDRESS: Final = "relay_address"
UPSTREAM_ADDRESS: Final = "upstream_address"

_LONGEST: Final = {NAME: 100}
_PLACE: Final = re.compile(r"(?:[A-Za-z0-9.\-]{1,100}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")
_ADDRESS: Final = re.compile(rf"https?://{_PLACE.pattern}")

DEFAULTS: Final[dict[str, str]] = {
    NAME: "",
    SIREN_TOPIC: "",
    SIREN_ON: '{"state":"ON"}',
    SIREN_OFF: '{"state":"OFF"}',
    PUBLIC_ADDRESS: "",
    RELAY_ADDRESS: "",
    UPSTREAM_ADDRESS: "",
}


def read(session: Session) -> dict[str, str]:
    """Return every setting, the default where none was stored."""
    found = dict(DEFAULTS)
    for key in DEFAULTS:
        row = session.get(Setting, key)
        if row is not None:
            found[key] = row.value
    return found


def problem(values: dict[str, str]) -> tuple[str, str] | None:
    """Return (setting, what is wrong as a message id) for the first unusable value."""
    for key, value in values.items():
        if len(value) > _LONGEST.get(key, 200) or any(ord(letter) < 32 for letter in value):
            return key, N_("This is too long or has characters that can't be used.")
        if key == SIREN_TOPIC and any(letter in value for letter in "#+"):
            return key, N_("A topic to publish to has no # and no +.")
        if key == PUBLIC_ADDRESS and value and not _ADDRESS.fullmatch(value):
            return key, N_("Write it as http://127.0.0.1:8200 or https://name:port.")
        if key in {RELAY_ADDRESS, UPSTREAM_ADDRESS} and value and not _PLACE.fullmatch(value):
            return key, N_("Write it as host:port.")
    return None


def write(session: Session, values: dict[str, str]) -> None:
    """Store some settings.

    Raises:
        KeyError: There is no such setting.
    """
    for key, value in values.items():
        if key not in DEFAULTS:
            raise KeyError(key)
        session.merge(Setting(key=key, value=value.strip()))
