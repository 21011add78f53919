"""Mosquitto as an operator would set it up: TLS, a password file, rules for each user."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.core.mqtt_settings import MqttSettings, Version
from tests.certificates import Authority
from tests.conftest import absent
from tests.peers import Missing, Mosquitto, program

PASSWORDS = {"linli": "hub-secret", "kitchen": "device-secret"}
RULES = """\
user linli
topic readwrite #
topic deny secret/#

pattern readwrite homeassistant/+/%u/config
pattern readwrite %u/#
"""


class Guarded(Mosquitto):
    """Mosquitto with TLS; `settings` are those of a user that it knows."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.authority = Authority(folder)
        certificate, key = self.authority.server("broker")
        passwords, rules = folder / "passwords", folder / "rules"
        rules.write_text(RULES)
        rules.chmod(0o600)
        passwords.touch(0o600)
        for name, word in PASSWORDS.items():
            subprocess.run(
                [program("mosquitto_passwd"), "-b", str(passwords), name, word],
                check=True,
                capture_output=True,
            )
        super().__init__(
            folder,
            f"cafile {self.authority.file}\ncertfile {certificate}\nkeyfile {key}\n"
            f"allow_anonymous false\npassword_file {passwords}\nacl_file {rules}\n",
        )

    def settings(self, user: str, version: Version = "3.1.1") -> MqttSettings:
        return MqttSettings(
            self.host,
            self.port,
            username=user,
            password=PASSWORDS[user],
            tls_ca=str(self.authority.file),
            version=version,
        )


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    try:
        broker = Guarded(tmp_path / "guarded")
    except Missing as missing:
        absent(str(missing))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=["3.1.1", "5"])
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found
