"""Where a broker is, who we are there, and what can be wrong with it, in one word and one line."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Literal, TypedDict

from hub.core.settings import SettingsProblem

Version = Literal["3.1.1", "5"]
VERSIONS: tuple[Version, Version] = ("3.1.1", "5")
PROBLEMS = {
    "unreachable": "nobody answers there",
    "silent": "it doesn't answer as an MQTT broker; does that port want TLS (LINLI_BROKER_CA),"
    " or another version of MQTT (LINLI_BROKER_MQTT)?",
    "ca": "the file of its certificate authority can't be used (LINLI_BROKER_CA)",
    "certificate": "its certificate isn't one to trust (LINLI_BROKER_CA), or names another host",
    "tls": "it doesn't speak TLS there; without LINLI_BROKER_CA the connection is plain",
    "password": "it refuses this user or password (LINLI_BROKER_USER, LINLI_BROKER_PASSWORD)",
    "version": "it doesn't speak this version of MQTT (LINLI_BROKER_MQTT)",
    "refused": "it refuses the connection",
    "denied": "its rules (ACL) don't let this user read or write there",
}
"""Code -> the rest of a line about the broker."""
# Reason codes of MQTT 5 section 3.2.2.2; paho gives those of 3.1.1 in the same numbers.
_REFUSALS = {132: "version", 134: "password", 135: "password"}


class MqttUnavailable(ConnectionError):
    """There is no broker to publish to, or it went away before it answered."""


class MqttDenied(MqttUnavailable):
    """The broker's rules don't let this user publish there; only MQTT 5 says so."""


class BrokerProblem(ConnectionError):
    """Why there is no connection; ``code`` is a key of `PROBLEMS`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(PROBLEMS[code])


class Named(TypedDict, total=False):
    """What the operator names in the environment of a broker that isn't ours."""

    username: str
    password: str | None
    tls_ca: str
    version: Version


class MqttSettings:
    """Where the broker is and who we are there.

    Attributes:
        tls_ca: whom to trust for TLS: a file, a certificate as PEM text, or "" for the
            authorities that this machine trusts; None means plain TCP.
    """

    __slots__ = (
        "client_id",
        "host",
        "keepalive",
        "password",
        "port",
        "tls_ca",
        "username",
        "version",
    )

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 1883,
        *,
        username: str | None = None,
        password: str | None = None,
        tls_ca: str | None = None,
        version: Version = "3.1.1",
        client_id: str = "",
        keepalive: int = 10,
    ) -> None:
        self.host = host
        self.port = port
        self.username = username
        self.password = password
        self.tls_ca = tls_ca
        self.version: Version = version
        self.client_id = client_id
        self.keepalive = keepalive

    @property
    def address(self) -> str:
        """Host and port, for a line of the log."""
        return f"{self.host}:{self.port}"

    def line(self, problem: str) -> str:
        """One line about what is wrong with this broker, a key of `PROBLEMS`."""
        return f"the MQTT broker at {self.address}: {PROBLEMS[problem]}"

    def __repr__(self) -> str:
        return f"MqttSettings({self.host!r}, {self.port}, username={self.username!r})"


def named(environ: Mapping[str, str] = os.environ) -> Named:
    """What the operator says of a broker: ``LINLI_BROKER_USER``, ``_PASSWORD``, ``_CA``, ``_MQTT``.

    Raises:
        SettingsProblem: a version of MQTT that there isn't.
    """
    found: Named = {}
    if environ.get("LINLI_BROKER_USER"):
        found["username"] = environ["LINLI_BROKER_USER"]
        found["password"] = environ.get("LINLI_BROKER_PASSWORD", "")
    if environ.get("LINLI_BROKER_CA"):
        found["tls_ca"] = environ["LINLI_BROKER_CA"]
    wanted = environ.get("LINLI_BROKER_MQTT")
    if wanted:
        version = next((one for one in VERSIONS if one == wanted), None)
        if version is None:
            raise SettingsProblem("LINLI_BROKER_MQTT is 3.1.1 or 5")
        found["version"] = version
    return found


def refusal(code: int) -> BrokerProblem:
    """What the broker's answer to CONNECT means; -1 when it hung up instead."""
    return BrokerProblem("silent" if code < 0 else _REFUSALS.get(code, "refused"))


def problem_of(error: BaseException) -> str:
    """The word for what went wrong while connecting."""
    if isinstance(error, BrokerProblem):
        return error.code
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    return "tls" if isinstance(error, ssl.SSLError) else "unreachable"
