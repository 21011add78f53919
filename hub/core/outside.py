"""The broker of the household's own, where it chose one on a page instead of the embedded one.

One small file, ``broker/outside``, sealed under the machine key: the hazard kernel connects
after a power cut with nobody at home, so a passphrase may not stand before it. What an operator
names on the command line or in the environment counts before the file.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hub.core.settings import private_folder

if TYPE_CHECKING:
    from hub.core.mqtt_settings import MqttSettings, Version

_LOG = logging.getLogger(__name__)
NAMED = "LINLI_BROKER_NAMED"
"""Set by the supervisor for its children when the operator named a broker."""
MOST_BYTES = 256 * 1024


class OutsideBroker(NamedTuple):
    """Where it is and who we are there; ``tls_ca`` as `MqttSettings` has it."""

    host: str
    port: int
    tls_ca: str | None
    username: str
    password: str
    version: Version

    def __repr__(self) -> str:
        return f"OutsideBroker({self.host!r}, {self.port}, username={self.username!r})"

    def settings(self, name: str) -> MqttSettings:
        """How one of our processes, called by this name, connects."""
        from hub.core.mqtt_settings import (
            MqttSettings,  # the supervisor reads this module and no more
        )

        return MqttSettings(
            self.host,
            self.port,
            username=self.username or None,
            password=self.password or None,
            tls_ca=self.tls_ca,
            client_id=f"linli-{name}-{os.urandom(4).hex()}",
            version=self.version,
        )


def operators() -> bool:
    """Whether the operator named a broker, which counts before what a page says."""
    return bool(os.environ.get("LINLI_BROKER_USER") or os.environ.get(NAMED))


def _path(data: Path) -> Path:
    return data / "broker" / "outside"


def stamp(data: Path) -> tuple[int, int]:
    """Something that differs whenever another broker was chosen; blocking, one stat."""
    try:
        found = _path(data).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def chosen(data: Path) -> bool:
    """Whether there is one that counts; blocking, opens no key."""
    return not operators() and _path(data).exists()


def load(data: Path) -> OutsideBroker | None:
    """The chosen broker; None without one, where the operator named one, or if it can't be read.

    Blocking.
    """
    if not chosen(data):
        return None
    from privacy.errors import PrivacyError
    from privacy.files import read_bounded
    from privacy.vault import MachineKey

    try:
        sealed = read_bounded(_path(data), MOST_BYTES)
        plain = MachineKey.load_or_create(data / "keys").box("broker").open(sealed, b"outside")
        return OutsideBroker(**json.loads(plain))
    except (OSError, PrivacyError, ValueError, TypeError):
        _LOG.error("the chosen broker can't be read; the embedded one is used. Choose it again.")
        return None


def save(data: Path, broker: OutsideBroker) -> None:
    """Choose a broker; every process goes over to it within seconds. Blocking.

    Raises:
        OSError: the disk did not take it.
    """
    from privacy.files import write_atomic
    from privacy.vault import MachineKey

    box = MachineKey.load_or_create(data / "keys").box("broker")
    private_folder(data / "broker")
    write_atomic(_path(data), box.seal(json.dumps(broker._asdict()).encode(), b"outside"))


def forget(data: Path) -> None:
    """Go back to the embedded broker. Blocking; raises OSError."""
    _path(data).unlink(missing_ok=True)
