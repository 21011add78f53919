"""The home's stream over TLS with a pinned certificate, and the refusal to go without."""

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from privacy.addresses import AddressError, client_tls, is_loopback, server_tls, split_address
from privacy.relay import Relay
from privacy.relay_store import RelayStore
from tests.privacy.helpers import public, until
from tests.privacy.test_relay import Gateway, HomeEnd, gateway, relay_pairing

__all__ = ["gateway"]


def certificate(folder: Path, name: str) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1: paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").write_bytes(private)
    return str(folder / f"{name}.pem"), str(folder / f"{name}.key")


def read(path: str) -> str:
    return Path(path).read_text()


async def test_pinned_certificate(gateway: Gateway, tmp_path: Path) -> None:
    pinned, other = certificate(tmp_path, "relay"), certificate(tmp_path, "other")
    texts = [read(pinned[0]), read(other[0])]
    port = await gateway.server.start("127.0.0.1", 0)
    store = RelayStore(tmp_path / "relay")
    gateway.relays.add(public(store.key))
    relay = Relay(store, relay_pairing(gateway, port))
    port = await relay.start("127.0.0.1", 0, pinned)
    await until(lambda: relay.health()["roster"])
    good = HomeEnd(gateway, port, gateway.homes[0], texts[0])
    bad = HomeEnd(gateway, port, gateway.homes[1], texts[1])
    await good.connected()
    good.send(1)
    await until(lambda: good.receipts == [1])
    await until(lambda: "CERTIFICATE_VERIFY_FAILED" in bad.uplink.problem)
    assert not bad.uplink.connected
    await good.close()
    await bad.close()
    await relay.stop()


def test_beyond_this_machine_needs_tls() -> None:
    with pytest.raises(AddressError, match="tls-cert"):
        server_tls("192.168.1.5", None, None)
    assert server_tls("127.0.0.1", None, None) is None
    assert client_tls("127.0.0.1") is None
    context = client_tls("relay.example.cn")
    assert context is not None
    assert context.check_hostname


def test_addresses() -> None:
    assert split_address("[::1]:80") == ("::1", 80)
    assert [is_loopback(h) for h in ("localhost", "127.0.0.9", "::1", "10.0.0.1", "x.cn")] == [
        *(True, True, True),
        *(False, False),
    ]
    for bad in ("", "host", "host:", ":80", "host:99999", "host:8x"):
        with pytest.raises(AddressError):
            split_address(bad)
