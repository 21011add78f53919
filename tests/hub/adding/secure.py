"""Mosquitto with a user and, where wanted, TLS: what people call their other broker."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.peers import Mosquitto, program

USER, PASSWORD = "other", "a demo password"


def certificate(folder: Path, *, days: int = 1, address: str = "127.0.0.1") -> Path:
    """Make a demo certificate that is its own authority; returns it, its key lies beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo broker")])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=3))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert = folder / "cert.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert


def other_broker(folder: Path, cert: Path | None = None) -> Mosquitto:
    """A Mosquitto, not yet started, that asks for USER and PASSWORD; with TLS if cert is given.

    Raises:
        Missing: Mosquitto isn't installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / "users"
    words = [program("mosquitto_passwd"), "-b", "-c", str(users), USER, PASSWORD]
    subprocess.run(words, check=True, capture_output=True)
    extra = f"allow_anonymous false\npassword_file {users}\n"
    if cert is not None:
        extra += f"certfile {cert}\nkeyfile {cert.with_name('key.pem')}\n"
    return Mosquitto(folder / "mosquitto", extra)
