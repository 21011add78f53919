"""Serving other machines: TLS, cookies for TLS only, and the names that were allowed."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, TCPConnector
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.core.settings import Listen
from hub.http.gate import GATE
from tests.hub.http.faces import PASSWORD, face


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a demo certificate for hub.lan."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.lan")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hub.lan")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


async def test_tls_and_names(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    listen = Listen(tls_cert=str(cert), tls_key=str(key), allowed_hosts=("hub.lan",))
    async with face(tmp_path, listen=listen) as home:
        await home.browser("owner")
        trust = ssl.create_default_context(cafile=str(cert))
        assert home.server.address.startswith("https://")
        cookie = home.app[GATE].cookie
        assert cookie.startswith("__Host-")
        own = {"Host": "hub.lan", "Origin": "https://hub.lan"}
        async with ClientSession(
            home.server.address,
            cookie_jar=CookieJar(unsafe=True),
            connector=TCPConnector(ssl=trust),
        ) as client:
            more: dict[str, Any] = {"server_hostname": "hub.lan", "allow_redirects": False}
            fields = {"name": "Demo owner", "password": PASSWORD}
            async with client.post("/sign-in", data=fields, headers=own, **more) as answer:
                assert answer.status == 303
                assert "Secure" in answer.headers["Set-Cookie"]
            for origin in ("http://hub.lan", "https://other.lan"):
                wrong = {**own, "Origin": origin}
                async with client.post("/sign-in", data=fields, headers=wrong, **more) as answer:
                    assert answer.status == 403
            async with client.get("/", headers={"Host": "other.lan"}, **more) as answer:
                assert answer.status == 421
