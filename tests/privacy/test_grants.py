"""The grants door: nothing without a yes, nothing that isn't logged, nothing after a no."""

import asyncio
import contextlib
import json
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy import grants as door
from privacy.addresses import AddressError, Url, is_local
from privacy.box import Box
from privacy.consent import CONTACT_CLASSES, TELL_CONTACT, Ledger
from privacy.grants import Grant, GrantError, Grants, Message, NotGranted, NotLogged
from privacy.http_post import Unanswered, Unreached
from privacy.vault import Household
from tests.certificates import Authority
from tests.privacy.contacts import Webhook, webhook
from tests.privacy.helpers import files_contain, until
from tests.privacy.test_purposes import a_table

ID = "0" * 32
BODY = json.dumps({"title": "燃气报警", "message": "奶奶家"}).encode()
MESSAGE = Message(BODY, 5, "key-1")


class Door:
    """A grants door with its own household and ledger."""

    def __init__(self, folder: Path, timeout_s: float = 2) -> None:
        self.path = folder / "egress.db"
        self.household, _code = Household.create(folder, "passphrase", passphrase="four lamps")
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.ledger = Ledger(self.path, Box(b"\7" * 32), key)
        self.grants = Grants(self.path, self.household.letterbox, self.ledger, timeout_s=timeout_s)

    def log(self) -> list[dict[str, object]]:
        return self.grants.log.lines(self.household.open_letter)

    def outcomes(self) -> list[object]:
        return [line["outcome"] for line in self.log()]

    def close(self) -> None:
        self.grants.close()
        self.ledger.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()


@pytest.fixture
def contact() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


async def test_what_is_granted_is_logged_and_sent(home: Door, contact: Webhook) -> None:
    grant = Grant(ID, contact.address, ("Authorization", "Bearer s3cret-of-the-topic"))
    home.grants.give(grant, ["gas"], "r1")
    assert await home.grants.send(grant, "gas", MESSAGE) == 200
    ((path, headers, body),) = contact.requests
    assert (path, body) == ("/alarm?for=linli", BODY)
    assert headers["Authorization"] == "Bearer s3cret-of-the-topic"
    assert headers["Host"] == f"127.0.0.1:{contact.port}"
    assert (headers["Title"], headers["Message"]) == ("{{.title}}", "{{.message}}")
    (line,) = home.log()
    assert (line["purpose"], line["data"], line["outcome"]) == (
        TELL_CONTACT,
        MESSAGE.literal(),
        "200",
    )
    # Everything that was said is in the log, and what is secret isn't.
    said = {f"{name}: {value}" for name, value in headers.items()}
    logged = set(MESSAGE.literal().partition(b"\r\n\r\n")[0].decode().split("\r\n"))
    assert {one.partition(":")[0] for one in said - logged} == {
        *("Host", "Accept-Encoding", "Authorization")
    }
    assert str(line["recipient"]).startswith(f"http://127.0.0.1:{contact.port} ")
    for secret in (b"s3cret-of-the-topic", b"for=linli", "燃气报警".encode()):
        assert files_contain(home.path.parent, secret) == []


async def test_a_yes_is_for_one_class_one_grant_and_one_address(
    home: Door, contact: Webhook
) -> None:
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    others = (
        (grant, "smoke"),
        (Grant("1" * 32, contact.address), "gas"),
        (Grant(ID, contact.address + "&x=1"), "gas"),
    )
    for other, klass in others:
        with pytest.raises(NotGranted):
            await home.grants.send(other, klass, MESSAGE)
    assert (contact.requests, home.log()) == ([], [])


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(("give", "withdraw", "send", "test", "move", "break")),
        st.sets(st.sampled_from(CONTACT_CLASSES[:4]), max_size=3),
    ),
    max_size=12,
)


@given(steps=_STEPS)
@settings(max_examples=40, deadline=None)
def test_without_a_line_that_holds_no_byte_leaves(steps: list[tuple[str, set[str]]]) -> None:
    """Against a model: what was said yes to last, for this address, is what may leave."""
    with tempfile.TemporaryDirectory() as folder, webhook() as contact:
        home = Door(Path(folder))
        with contextlib.closing(home):
            asyncio.run(_walk(home, contact, steps))


async def _walk(home: Door, contact: Webhook, steps: list[tuple[str, set[str]]]) -> None:
    allowed: set[str] = set()
    grant, broken = Grant(ID, contact.address), False
    for step, classes in steps:
        sent = len(contact.requests)
        if step == "give" and not broken:
            home.grants.give(grant, classes, "r1")
            allowed = set(classes)
        elif step == "withdraw" and not broken:
            home.grants.withdraw(ID, "r1")
            allowed = set()
        elif step == "move":
            grant = Grant(ID, grant.url.text + "&moved")
            allowed = set()
        elif step == "break" and home.ledger.lines():
            with sqlite3.connect(home.path) as db:
                db.execute("UPDATE consent SET sealed = x'00' WHERE seq = 1")
            db.close()
            broken, allowed = True, set()
        elif step in {"send", "test"}:
            wanted: list[str | None] = list(classes) if step == "send" else [None]
            for klass in wanted:
                passes = bool(allowed) if klass is None else klass in allowed
                with contextlib.nullcontext() if passes else pytest.raises(NotGranted):
                    await home.grants.send(grant, klass, MESSAGE)
                sent += passes
        assert len(contact.requests) == sent == len(home.log())


async def test_what_the_log_cannot_take_is_held_back(home: Door, contact: Webhook) -> None:
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    pages = home.grants.log._db.execute("PRAGMA page_count").fetchone()[0]
    home.grants.log._db.execute(f"PRAGMA max_page_count = {pages}")
    big = Message(json.dumps({"title": "x" * 9000, "message": ""}).encode(), 5, "k")
    with pytest.raises(NotLogged):
        await home.grants.send(grant, "gas", big)
    assert contact.requests == []
    home.grants.log._db.execute("PRAGMA max_page_count = 100000")
    assert await home.grants.send(grant, "gas", big) == 200
    assert len(contact.requests) == len(home.log()) == 1


async def test_after_a_withdrawal_no_message_leaves(home: Door, contact: Webhook) -> None:
    """More messages wait than may be sent at once: none of those that wait leaves."""
    contact.hold.clear()
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    sends = [
        asyncio.create_task(home.grants.send(grant, "gas", Message(BODY, 5, f"key-{number}")))
        for number in range(door.MOST_AT_ONCE + 12)
    ]
    await until(lambda: len(contact.requests) == door.MOST_AT_ONCE)
    home.grants.withdraw(ID, "r1")
    contact.hold.set()
    ends = await asyncio.gather(*sends, return_exceptions=True)
    assert ends[: door.MOST_AT_ONCE] == [200] * door.MOST_AT_ONCE
    assert all(isinstance(end, NotGranted) for end in ends[door.MOST_AT_ONCE :])
    assert len(contact.requests) == door.MOST_AT_ONCE


async def test_a_widened_notice_stops_messages_until_the_contact_is_saved_again(
    tmp_path: Path, contact: Webhook
) -> None:
    grant = Grant(ID, contact.address)
    (tmp_path / "keys").mkdir()
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    household, _code = Household.create(tmp_path / "keys", "passphrase", passphrase="four lamps")
    path, box = tmp_path / "egress.db", Box(b"\7" * 32)

    def opened(*widens: bool) -> Grants:
        ledger = Ledger(path, box, key, table=a_table(*widens, name=TELL_CONTACT))
        return Grants(path, household.letterbox, ledger)

    first = opened(False)
    first.give(grant, ["gas"], "r1")
    first.close()
    same = opened(False, False)
    assert same.granted(grant) == {"gas"}
    same.give(grant, ["gas"], "r1")
    same.close()
    widened = opened(False, False, True)
    assert widened.granted(grant) == frozenset()
    with pytest.raises(NotGranted):
        await widened.send(grant, "gas", MESSAGE)
    assert contact.requests == []
    widened.give(grant, ["gas"], "r1")
    assert await widened.send(grant, "gas", MESSAGE) == 200
    widened.close()
    later = opened(False, False, True, True)
    later.withdraw(ID, "r1")
    later.close()
    downgraded = Ledger(path, box, key, table=a_table(False, False, True, name=TELL_CONTACT))
    assert downgraded.given(TELL_CONTACT, lapsed=True) == [], "a no takes back what lapsed too"
    assert [line["notice"] for line in downgraded.lines()] == [1, 2, 3, 4]
    downgraded.close()


async def test_a_no_while_it_connects_stops_it(
    home: Door, contact: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    record = home.grants.log.record

    def withdrawn_meanwhile(purpose: str, recipient: str, data: bytes) -> int:
        home.grants.withdraw(ID, "r2")
        return record(purpose, recipient, data)

    monkeypatch.setattr(home.grants.log, "record", withdrawn_meanwhile)
    with pytest.raises(NotGranted):
        await home.grants.send(grant, "gas", MESSAGE)
    assert (contact.requests, home.outcomes()) == ([], [door.STOPPED])


async def test_a_redirect_is_an_answer(home: Door, contact: Webhook) -> None:
    contact.status = 307
    contact.location = contact.address + "&elsewhere"
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    assert await home.grants.send(grant, "gas", MESSAGE) == 307
    assert len(contact.requests) == 1


async def test_nobody_there_and_no_answer_are_told_apart(home: Door, contact: Webhook) -> None:
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    contact.drop = True
    with pytest.raises(Unanswered):
        await home.grants.send(grant, "gas", MESSAGE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = Grant(ID, f"http://127.0.0.1:{free.getsockname()[1]}/")
        home.grants.give(nobody, ["gas"], "r1")
        with pytest.raises(Unreached):
            await home.grants.send(nobody, "gas", MESSAGE)
    assert home.outcomes() == [door.UNANSWERED, door.UNREACHED]


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    """A byte now and then never runs into the wait for one byte, only into the whole's."""
    home = Door(tmp_path, timeout_s=0.3)

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    grant = Grant(ID, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    home.grants.give(grant, ["gas"], "r1")
    with pytest.raises(Unanswered):
        await asyncio.wait_for(home.grants.send(grant, "gas", MESSAGE), 20)
    server.close()
    home.close()


async def test_closing_cuts_what_is_under_way(tmp_path: Path, contact: Webhook) -> None:
    home = Door(tmp_path, timeout_s=60)
    contact.hold.clear()
    grant = Grant(ID, contact.address)
    home.grants.give(grant, ["gas"], "r1")
    sending = asyncio.create_task(home.grants.send(grant, "gas", MESSAGE))
    await until(lambda: contact.requests)
    home.close()
    with pytest.raises(Unanswered):
        await asyncio.wait_for(sending, 20)
    with pytest.raises(Unreached):
        await home.grants.send(grant, "gas", MESSAGE)


async def test_tls_is_verified(home: Door, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    with webhook(authority.server("phone")) as contact:
        trusted = Grant(ID, contact.address, certificate=authority.file.read_text())
        home.grants.give(trusted, ["gas"], "r1")
        assert await home.grants.send(trusted, "gas", MESSAGE) == 200
        for certificate in (None, other.file.read_text()):
            with pytest.raises(Unreached):
                await home.grants.send(
                    Grant(ID, contact.address, certificate=certificate), "gas", MESSAGE
                )
        assert len(contact.requests) == 1


async def test_a_name_that_leads_out_of_the_home_gets_nothing(
    home: Door, contact: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = Grant(ID, contact.address.replace("127.0.0.1", "localhost"))
    home.grants.give(grant, ["gas"], "r1")
    monkeypatch.setattr(door, "is_local", lambda _host: False)
    with pytest.raises(Unreached):
        await home.grants.send(grant, "gas", MESSAGE)
    assert contact.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *("", "ntfy.sh/x", "ftp://nas.local/", "https://", "https:///x", "https://a b/"),
        *("https://user:pass@ntfy.sh/x", "https://ntfy.sh/x#y", "https://ntfy.sh:0/"),
        *("https://ntfy.sh:65536/", "https://ntfy.sh/\r\nX: y", "https://ntfy.sh/例"),
        *("https://ntfy.sh\\@evil/", "https://" + "a" * 520),
    ],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(AddressError):
        Url(address)


@given(text=st.text(max_size=60) | st.from_regex(r"https?://[^\s]{0,40}", fullmatch=True))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        url = Url(text)
    except AddressError:
        return
    assert url.text == text
    assert url.text.startswith(url.origin)
    assert text.isascii()
    assert not set(text) & set(" \t\r\n#")
    assert "@" not in url.place


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *(("192.168.1.5", True), ("10.0.0.1", True), ("172.31.0.1", True), ("fd00::5", True)),
        *(("nas.local", True), ("nas", True), ("NAS.LAN", True), ("::1", True)),
        *(("fe80::1%eth0", True), ("::ffff:192.168.1.5", True), ("::ffff:8.8.8.8", False)),
        *(("172.32.0.1", False), ("8.8.8.8", False), ("ntfy.sh", False), ("local", True)),
        *(("notlocal.com", False), ("2001:db8::1", False), ("100.64.0.1", False)),
    ],
)
def test_what_is_in_the_home_network(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_plain_http_stays_at_home() -> None:
    Grant(ID, "http://192.168.1.5:8090/alarm")
    with pytest.raises(GrantError):
        Grant(ID, "http://ntfy.sh/topic")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("Host", "x"), ("content-length", "3"), ("Idempotency-Key", "x"), ("", "x")),
        *(("X:Y", "x"), ("X", ""), ("X", "a\r\nb"), ("X", " a"), ("X", "口令")),
    ],
)
def test_a_header_that_cannot_be_sent(name: str, value: str) -> None:
    with pytest.raises(GrantError):
        Grant(ID, "https://ntfy.sh/x", (name, value))
