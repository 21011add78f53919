"""Printed codes, enrolment over real HTTP, and the log of acts."""

import base64
import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy import codes
from privacy.box import VaultLocked
from privacy.door_log import DoorLog
from privacy.errors import PrivacyError
from privacy.pairing import (
    RELAY,
    Pairing,
    PairingCode,
    PairingError,
    PairingUnreachable,
    enrol,
    enrol_request,
    read_enrol_request,
)
from privacy.vault import Household, MachineKey
from tests.privacy.helpers import Portal, home_answer, portal

GATEWAY = X25519PrivateKey.generate().public_key().public_bytes_raw()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def community() -> Iterator[Portal]:
    with portal(GATEWAY) as place:
        place.answer = home_answer(GATEWAY, "127.0.0.1:8300")
        yield place


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8200", "https://linli.example.cn:443", "http://[::1]:8200"]
)
def test_code_round_trip(address: str) -> None:
    code = PairingCode.new(address, GATEWAY, RELAY)
    for text in (code.text, code.qr_text, code.text.lower().replace("-", " "), f" {code.text}\n"):
        read = PairingCode.parse(text)
        assert (read.address, read.secret, read.key_hash, read.kind) == (
            code.address,
            code.secret,
            code.key_hash,
            RELAY,
        )
    assert len(code.key_hash) * 8 >= 128


def test_a_typo_names_its_group() -> None:
    text = PairingCode.new("http://127.0.0.1:8200", GATEWAY).text
    wrong = text[:12] + ("7" if text[12] != "7" else "8") + text[13:]
    with pytest.raises(codes.CodeError, match="group 3 is mistyped"):
        PairingCode.parse(wrong)


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda b: codes.encode("x", b + b"1")))
def test_any_text_raises_only_our_errors(text: str) -> None:
    with pytest.raises(PrivacyError):
        PairingCode.parse(text)


@given(st.binary(min_size=1, max_size=80))
def test_any_payload_raises_only_our_errors(payload: bytes) -> None:
    with contextlib.suppress(PrivacyError):
        PairingCode.parse(codes.encode("linli pairing 1", payload))


@pytest.mark.parametrize(
    "address",
    ["http://example.cn:8200", "ftp://127.0.0.1:1", "https://a b:1", "https://a", "https://a:1/x"],
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(PairingError):
        PairingCode.new(address, GATEWAY)


async def test_enrol(community: Portal) -> None:
    code = community.code()
    pairing = await enrol(code, KEY, None)
    (request,) = community.requests
    assert request.secret_hash == code.secret_hash
    assert request.key == KEY.public_key().public_bytes_raw()
    assert (pairing.flat, pairing.community) == (("3", "2", "1000"), "演示小区 (demo)")
    again = Pairing(json.loads(json.dumps(pairing.to_json())), code.key_hash)
    assert again.to_json() == pairing.to_json()


async def test_another_gateway_key_is_refused(community: Portal) -> None:
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    community.answer = home_answer(other, "127.0.0.1:8300")
    with pytest.raises(PairingError, match="another key"):
        await enrol(community.code(), KEY, None)


@pytest.mark.parametrize(("status", "words"), [(403, "used or replaced"), (429, "too many")])
async def test_refusals_say_why(community: Portal, status: int, words: str) -> None:
    community.status = status
    with pytest.raises(PairingError, match=words):
        await enrol(community.code(), KEY, None)


async def test_trouble_is_worth_another_try(community: Portal) -> None:
    community.status = 503
    with pytest.raises(PairingUnreachable):
        await enrol(community.code(), KEY, None)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(PairingUnreachable):
        await enrol(PairingCode.new(f"http://127.0.0.1:{port}", GATEWAY), KEY, None)


@pytest.mark.parametrize(
    "change",
    [
        {"gateway_key": "x"},
        {"flat": "3-2"},
        {"relay": "nowhere"},
        {"slot_s": "soon"},
        {"slot_s": 0.001},
        {"zone_table": {}},
        {"roster_size": None},
        {"relay_key": "AAAA"},
    ],
)
async def test_malformed_answers(community: Portal, change: dict[str, object]) -> None:
    community.answer |= change
    with pytest.raises(PairingError):
        await enrol(community.code(), KEY, None)


def test_the_proof_binds_key_kind_and_gateway() -> None:
    code = PairingCode.new("http://127.0.0.1:8200", GATEWAY)
    good = json.loads(enrol_request(code, KEY))
    assert read_enrol_request(good, GATEWAY).secret_hash == code.secret_hash
    mallory = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for change in (
        {"kind": "relay"},
        {"enrolment_key": base64.b64encode(mallory).decode()},
        {"secret": base64.b64encode(bytes(10)).decode()},
        {"proof": None},
    ):
        with pytest.raises(PairingError):
            read_enrol_request(good | change, GATEWAY)
    with pytest.raises(PairingError):
        read_enrol_request(good, bytes(32))
    shapes: tuple[object, ...] = (None, [], "x", {})
    for shape in shapes:
        with pytest.raises(PairingError):
            read_enrol_request(shape, GATEWAY)


async def test_what_left_is_logged_before_and_readable_unlocked_only(
    community: Portal, tmp_path: Path
) -> None:
    machine = MachineKey.load_or_create(tmp_path)
    household, _ = Household.create(tmp_path, "machine", machine=machine)
    household.lock()
    acts = DoorLog(tmp_path / "egress.db", household.letterbox, "acts")
    code = community.code()
    await enrol(code, KEY, acts)
    with pytest.raises(VaultLocked):
        acts.lines(household.open_letter)
    household.unlock(machine=machine)
    (line,) = acts.lines(household.open_letter)
    assert line["data"] == community.bodies[0]
    assert (line["purpose"], line["recipient"]) == ("pairing", code.address)
    acts.close()
