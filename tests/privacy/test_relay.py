"""The relay as a real process and in ours: admission, padding, spool, kill -9."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy import cell
from privacy.box import VaultError
from privacy.errors import PrivacyError
from privacy.gateway import GatewayKey, UpstreamServer, open_batch
from privacy.handshake import ClientSide, HandshakeError, ServerSide
from privacy.pairing import RELAY, Pairing, PairingError
from privacy.relay import Relay, health, main, pair
from privacy.relay_store import RelayPairing, RelayStore, Spool
from privacy.uplink import Uplink
from privacy.wire import CELL_LENGTH, Body, FrameType, frame
from tests.privacy.helpers import home_answer, parameters, portal, public, until

SLOT = 0.15


class Gateway:
    """The platform's end, which can be told to refuse batches."""

    def __init__(self, folder: Path) -> None:
        self.key = GatewayKey.load_or_create(folder)
        self.relays: set[bytes] = set()
        self.homes = [Ed25519PrivateKey.generate() for _ in range(3)]
        self.batches: list[list[bytes]] = []
        self.refusing = False
        self.server = UpstreamServer(
            self.key,
            allows=lambda key: key in self.relays,
            on_batch=self.on_batch,
            roster=lambda: [public(key) for key in self.homes],
            parameters=lambda: parameters(self.key.public, SLOT, len(self.homes)),
        )

    async def on_batch(self, _relay: bytes, _number: int, cells: list[bytes]) -> None:
        if self.refusing:
            raise OSError("disk full")
        self.batches.append(cells)

    def seqs(self) -> list[int]:
        """The slot numbers of the events that arrived, which the tests use as names."""
        cells = [one for batch in self.batches for one in batch]
        return [event.body.slot for event in open_batch([self.key.private], cells)]

    async def has(self, seq: int) -> None:
        """Wait for an event."""
        await until(lambda: seq in self.seqs())

    async def more(self) -> None:
        """Wait for another batch."""
        before = len(self.batches)
        await until(lambda: len(self.batches) > before)


class HomeEnd:
    """A bare home stream that sends what the test says."""

    def __init__(
        self,
        gateway: Gateway,
        port: int,
        key: Ed25519PrivateKey,
        certificate: str | None = None,
    ) -> None:
        self.gateway = gateway
        self.receipts: list[int] = []
        self.parameters: list[bytes] = []
        answer = home_answer(gateway.key.public, f"127.0.0.1:{port}", slot_s=SLOT)
        answer["relay_certificate"] = certificate
        pairing = Pairing(answer, gateway.key.hash)
        self.uplink = Uplink(
            key, pairing, on_receipt=self.on_receipt, on_parameters=self.on_parameters
        )
        self.task = asyncio.create_task(self.uplink.run())

    async def on_receipt(self, counter: int) -> None:
        self.receipts.append(counter)

    async def receipt(self, counter: int) -> None:
        """Wait for a cell's receipt."""
        await until(lambda: counter in self.receipts)

    async def on_parameters(self, payload: bytes) -> None:
        self.parameters.append(payload)

    async def connected(self) -> None:
        await until(lambda: self.uplink.connected, 15)

    def send(self, number: int) -> None:
        raw = bytes.fromhex("0001000200010100") + number.to_bytes(4, "big") + bytes(52)
        plaintext = cell.build(os.urandom(32), Body.unpack(raw))
        assert self.uplink.send(number, cell.seal(self.gateway.key.public, plaintext))

    async def close(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path / "gateway")
    yield made
    await made.server.stop()


def relay_pairing(gateway: Gateway, port: int) -> RelayPairing:
    answer = {"gateway_key": home_answer(gateway.key.public, "")["gateway_key"]}
    return RelayPairing(answer | {"upstream": f"127.0.0.1:{port}", "community": "demo"}, "")


class InProcess:
    """A relay in this process."""

    def __init__(self, gateway: Gateway, store: RelayStore, port: int, limit: int) -> None:
        self.store = store
        gateway.relays.add(public(store.key))
        self.relay = Relay(store, relay_pairing(gateway, port), limit)
        self.port = 0

    async def start(self) -> None:
        self.port = await self.relay.start("127.0.0.1", 0)


@pytest.fixture
async def inside(gateway: Gateway, tmp_path: Path) -> AsyncIterator[InProcess]:
    port = await gateway.server.start("127.0.0.1", 0)
    made = InProcess(gateway, RelayStore(tmp_path / "relay"), port, 10**6)
    await made.start()
    await until(lambda: made.relay.health()["roster"])
    yield made
    await made.relay.stop()


async def test_batches_are_padded_and_shuffled(gateway: Gateway, inside: InProcess) -> None:
    home = HomeEnd(gateway, inside.port, gateway.homes[0])
    await home.connected()
    places = set()
    for number in range(1, 40):
        home.send(number)
        await gateway.has(number)
        batch = open_batch([gateway.key.private], gateway.batches[-1])
        assert (len(batch), batch.dummies) == (1, 2)
        places.add(
            next(
                n
                for n, one in enumerate(gateway.batches[-1])
                if open_batch([gateway.key.private], [one])
            )
        )
        if len(places) == 3:
            break
    assert places == {0, 1, 2}
    assert {len(batch) for batch in gateway.batches} == {3}
    assert all(len(one) == CELL_LENGTH for batch in gateway.batches for one in batch)
    await home.close()


async def test_one_cell_per_slot_and_a_queue_of_two(gateway: Gateway, inside: InProcess) -> None:
    home = HomeEnd(gateway, inside.port, gateway.homes[0])
    await home.connected()
    for number in range(1, 6):
        home.send(number)
    await until(lambda: len(home.receipts) == 2)
    count = len(gateway.batches)
    await until(lambda: len(gateway.batches) > count + 2)
    assert home.receipts == [1, 2]
    assert gateway.seqs() == [1, 2]
    events = [len(open_batch([gateway.key.private], batch)) for batch in gateway.batches]
    assert max(events) == 1
    assert inside.relay.health()["refused"] == 3
    await home.close()


async def test_only_enrolled_homes_come_in(gateway: Gateway, inside: InProcess) -> None:
    stranger = HomeEnd(gateway, inside.port, Ed25519PrivateKey.generate())
    await until(lambda: "not enrolled" in stranger.uplink.problem)
    assert not stranger.uplink.connected
    assert not stranger.parameters
    await stranger.close()


async def test_every_home_gets_the_same_parameters(gateway: Gateway, inside: InProcess) -> None:
    homes = [HomeEnd(gateway, inside.port, key) for key in gateway.homes]
    for home in homes:
        await home.connected()
    assert len({home.parameters[0] for home in homes}) == 1
    assert (await health("127.0.0.1", inside.port))["homes"] == 3
    for home in homes:
        await home.close()


async def test_only_this_machine_learns_how_many_homes_are_connected(
    gateway: Gateway, inside: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = HomeEnd(gateway, inside.port, gateway.homes[0])
    await home.connected()
    monkeypatch.setattr("privacy.relay_homes.is_loopback", lambda _host: False)
    with pytest.raises(PrivacyError, match="only this machine"):
        await health("127.0.0.1", inside.port)
    assert home.uplink.connected
    await home.close()


async def test_a_second_connection_of_a_home_replaces_the_first(
    gateway: Gateway, inside: InProcess
) -> None:
    first = HomeEnd(gateway, inside.port, gateway.homes[0])
    await first.connected()
    second = HomeEnd(gateway, inside.port, gateway.homes[0])
    await second.connected()
    await until(lambda: not first.uplink.connected)
    await first.close()
    await second.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 100,
        frame(FrameType.AUTH, bytes(128)),
        frame(FrameType.CELL, bytes(1083)),
        frame(FrameType.PING) * 3,
    ],
)
async def test_garbage_ends_a_connection_only(
    gateway: Gateway, inside: InProcess, garbage: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", inside.port)
    writer.write(garbage)
    if garbage[4] != FrameType.PING:
        async with asyncio.timeout(5):
            assert await reader.read()
    writer.close()
    home = HomeEnd(gateway, inside.port, gateway.homes[0])
    await home.connected()
    await home.close()


async def test_a_full_spool_gives_no_receipts(gateway: Gateway, tmp_path: Path) -> None:
    gateway.refusing = True
    port = await gateway.server.start("127.0.0.1", 0)
    small = InProcess(gateway, RelayStore(tmp_path / "relay"), port, 2 * (8 + 3 * CELL_LENGTH))
    await small.start()
    await until(lambda: small.relay.health()["roster"])
    await until(lambda: small.relay.health()["spool_full"])
    home = HomeEnd(gateway, small.port, gateway.homes[0])
    await home.connected()
    home.send(1)
    await until(lambda: not small.relay._homes._present[public(gateway.homes[0])].queue)
    assert home.receipts == []
    gateway.refusing = False
    await until(lambda: not small.relay.health()["batches_waiting"], 15)
    for number in range(2, 20):
        home.send(number)
        await gateway.more()
        if home.receipts:
            break
    assert home.receipts
    await home.close()
    await small.relay.stop()


async def test_an_unpaired_relay_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    port = await gateway.server.start("127.0.0.1", 0)
    made = InProcess(gateway, RelayStore(tmp_path / "relay"), port, 10**6)
    gateway.relays.clear()
    await made.start()
    home = HomeEnd(gateway, made.port, gateway.homes[0])
    await until(lambda: "not met its gateway" in home.uplink.problem)
    assert not made.relay.health()["gateway"]
    await home.close()
    await made.relay.stop()


def test_handshake_proves_both_ends(tmp_path: Path) -> None:
    key, gateway = Ed25519PrivateKey.generate(), GatewayKey.load_or_create(tmp_path)
    other = GatewayKey.load_or_create(tmp_path / "other")
    server, client = ServerSide(gateway.private), ClientSide(key)
    auth = client.answer(server.hello()[5:], relay=None, gateway=gateway.public)
    who, welcome = server.accept(auth[5:])
    assert who == public(key)
    client.check(welcome[5:])
    with pytest.raises(HandshakeError):
        client.check(bytes(32))
    with pytest.raises(HandshakeError, match="pinned"):
        ClientSide(key).answer(server.hello()[5:], relay=None, gateway=other.public)
    with pytest.raises(HandshakeError):
        ServerSide(gateway.private).accept(auth[5:])
    fake = ServerSide(other.private)
    fake.public = gateway.public
    auth = ClientSide(key).answer(fake.hello()[5:], relay=None, gateway=gateway.public)
    with pytest.raises(HandshakeError):
        fake.accept(auth[5:])


def test_spool_survives_and_stays_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    numbers = [spool.add([bytes([n]) * CELL_LENGTH]) for n in range(5)]
    (tmp_path / "00000000000000000009.batch.new").write_bytes(b"half")
    again = Spool(tmp_path, 10**6)
    assert len(again) == 5
    seen: list[int] = []
    last = 0
    while (number := again.after(last)) is not None:
        seen.append(number)
        last = number
    assert seen == numbers
    again.done(seen[0])
    again.done(seen[0])
    assert again.bytes == 4 * (8 + CELL_LENGTH)
    assert (again.add([]) or 0) > seen[-1]


async def test_pairing_a_relay(gateway: Gateway, tmp_path: Path) -> None:
    store = RelayStore(tmp_path / "relay")
    with portal(gateway.key.public) as place:
        place.answer = relay_pairing(gateway, 1).to_json()
        code = place.code(RELAY)
        assert (await pair(store, code)).community == "demo"
        assert (await pair(store, code)).community == "demo"
        assert len(place.requests) == 1, "a code shown again at the next start is known"
        with pytest.raises(PairingError, match="for a home"):
            await pair(store, place.code())
        place.answer = {"upstream": "127.0.0.1:1"}
        with pytest.raises(PrivacyError, match="malformed"):
            await pair(store, place.code(RELAY))


def test_command_line_refuses_clearly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--listen", "127.0.0.1:0"]) == 1
    assert "--pair" in capsys.readouterr().err
    (tmp_path / "relay" / "relay.key").write_bytes(b"x")
    assert main(["--data", str(tmp_path)]) == 1
    assert "damaged" in capsys.readouterr().err
    assert issubclass(VaultError, PrivacyError)
