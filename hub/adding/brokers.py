"""A broker that isn't ours: the form that names it, and the trial before anything is saved."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from hub.core.mqtt import MqttConnection
from hub.core.mqtt_settings import BrokerProblem
from hub.core.mqtt_socket import PEM
from hub.core.outside import OutsideBroker
from hub.plugins.config import Config, ConfigProblem, Reason, setting
from hub.plugins.forms import kept_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hub.core.mqtt_settings import MqttSettings


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


# OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH
_EXPIRED, _OTHER_NAME = 10, frozenset({62, 64})
UNKNOWN_NAME = _("No machine of this name was found. Check the spelling, or give its number.")
NOBODY = _("Nothing answers at this port. Is the broker running, and is the port right?")
UNREACHABLE = _("This machine can't be reached from the hub.")
SILENT = _("No answer within seconds. Is the machine on, or does a firewall stand between?")
NO_BROKER = _("Something answers there, but not as an MQTT broker. Does this port want encryption?")
WRONG_NAME = _("Its certificate is for another name. Give the name that stands in the certificate.")
EXPIRED = _("Its certificate is out of date. Renew it, or look at the hub's clock.")
UNTRUSTED = _("Its certificate isn't trusted. Paste the certificate of the authority that made it.")
NO_TLS = _("There is no encryption at this port. Choose none, or give the port that has it.")
REFUSED = _("The broker refuses this user name or password.")
OTHER_VERSION = _("The broker doesn't speak this version of MQTT. Choose the other one.")
NOT_NOW = _("The broker answered, and refuses the connection.")
NO_CERTIFICATE = _("This is no certificate that can be read. Paste it whole, with its first line.")
_PROBLEMS = {
    # what `hub.core.mqtt_settings.PROBLEMS` calls it -> the field that it is about, the sentence
    "silent": ("port", NO_BROKER),
    "ca": ("ca", NO_CERTIFICATE),
    "password": ("password", REFUSED),
    "version": ("version", OTHER_VERSION),
    "refused": ("host", NOT_NOW),
}


class BrokerForm(Config):
    """Where a broker is and who we are there."""

    host: str = setting(
        _("Address"),
        help_text=_("The name or number of the machine it runs on, such as 192.168.1.20."),
        pattern=r"[A-Za-z0-9._:%-]{1,253}",
    )
    port: int = setting(
        _("Port"),
        default=1883,
        help_text=_("Mostly 1883, and 8883 with encryption."),
        minimum=1,
        maximum=65535,
    )
    tls: Literal["none", "system", "own"] = setting(
        _("Encryption"),
        default="none",
        help_text=_("Without it, whoever is in the same network can read the password."),
        choices={
            "none": _("none"),
            "system": _("TLS, certificate of a known authority"),
            "own": _("TLS, certificate of an authority of my own"),
        },
    )
    ca: str = setting(
        _("Certificate of the authority"),
        default="",
        help_text=_("Only for an authority of your own; the text of its file, ca.crt or ca.pem."),
        longest=16 * 1024,
        lines=4,
        when="tls=own",
    )
    username: str = setting(_("User name"), default="", longest=256)
    password: str = setting(_("Password"), default="", longest=256, secret=True)
    version: Literal["3.1.1", "5"] = setting(_("Version of MQTT"), default="3.1.1")


def outside_of(data: Mapping[str, object]) -> OutsideBroker:
    """The broker that a form's data names.

    Raises:
        ConfigProblem: the data doesn't fit.
    """
    form = BrokerForm.from_data(data)
    tls_ca = {"none": None, "system": "", "own": form.ca}[form.tls]
    if form.tls == "own" and not _is_certificate(form.ca):
        raise ConfigProblem({"ca": Reason(NO_CERTIFICATE)})
    return OutsideBroker(form.host, form.port, tls_ca, form.username, form.password, form.version)


def _is_certificate(text: str) -> bool:
    if not text.lstrip().startswith(PEM) or not text.isascii():
        return False
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def data_of(broker: OutsideBroker) -> dict[str, object]:
    """The form's data of a broker, password included: for `read_form`, never for a page."""
    tls = "none" if broker.tls_ca is None else "own" if broker.tls_ca else "system"
    return {
        "host": broker.host,
        "port": broker.port,
        "tls": tls,
        "ca": broker.tls_ca or "",
        "username": broker.username,
        "password": broker.password,
        "version": broker.version,
    }


def saved_secrets(broker: OutsideBroker | None) -> frozenset[str]:
    """Which secrets stay when their field is left empty."""
    return kept_secrets(BrokerForm, data_of(broker)) if broker else frozenset()


class OneConnection(MqttConnection):
    """A connection that is tried once, and never reads more than so many bytes."""

    def __init__(self, settings: MqttSettings, most_bytes: int) -> None:
        super().__init__(settings)
        self.most_bytes = most_bytes

    async def open(self) -> None:
        """Connect; raises OSError."""
        await self._open()


@asynccontextmanager
async def reached(broker: OutsideBroker, most_bytes: int = 65_536) -> AsyncIterator[OneConnection]:
    """A connection to the broker for a moment.

    Raises:
        ConfigProblem: there is none, in words beside the field that it is about.
    """
    settings = broker.settings(f"look-{secrets.token_hex(4)}")
    settings.keepalive = 60
    connection = OneConnection(settings, most_bytes)
    try:
        try:
            await connection.open()
        except (OSError, ValueError) as error:
            field, text = _fault(error, secure=broker.tls_ca is not None)
            raise ConfigProblem({field: Reason(text)}) from None
        yield connection
    finally:
        await connection.stop()


async def try_broker(broker: OutsideBroker) -> None:
    """Connect once and go away again; raises ConfigProblem."""
    async with reached(broker):
        await asyncio.sleep(0)


def _fault(error: Exception, *, secure: bool) -> tuple[str, str]:
    """The field and the sentence for what went wrong while connecting."""
    if isinstance(error, BrokerProblem):
        return _PROBLEMS[error.code]
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OTHER_NAME:
            return "host", WRONG_NAME
        if error.verify_code == _EXPIRED:
            return "tls", EXPIRED
        return "tls", UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return "tls", NO_TLS
    if isinstance(error, socket.gaierror | UnicodeError):
        return "host", UNKNOWN_NAME
    if isinstance(error, ConnectionRefusedError):
        return "port", NOBODY
    if isinstance(error, TimeoutError):
        return "host", SILENT
    if isinstance(error, ConnectionError):  # what has no TLS hangs up on it
        return ("tls", NO_TLS) if secure else ("port", NO_BROKER)
    return "host", UNREACHABLE
