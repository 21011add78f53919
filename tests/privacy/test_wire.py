"""Bodies and frames: round trips, and nothing but WireError from any bytes."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import wire
from privacy.wire import Body, Flags, FrameParser, FrameType, HazardClass, Severity, Status

bodies = st.builds(
    Body,
    flags=st.sampled_from([Flags.NONE, Flags.DRILL, Flags.TEST, Flags.DRILL | Flags.TEST]),
    status=st.sampled_from(Status),
    zone=st.integers(0, 65535),
    hazard=st.sampled_from(HazardClass),
    severity=st.sampled_from(Severity),
    seq=st.integers(0, 2),
    slot=st.integers(0, 2**32 - 1),
)


def test_numbers_are_fixed() -> None:
    assert {h.name: int(h) for h in HazardClass} == {
        "GAS": 1,
        "SMOKE": 2,
        "CARBON_MONOXIDE": 3,
        "FLOOD": 4,
        "SOS": 5,
        "SUPERVISION": 256,
        "ELECTRICAL": 257,
    }
    assert [int(s) for s in Status] == [1, 2, 3, 4]
    assert [int(s) for s in Severity] == [1, 2, 3, 4]
    assert [int(f) for f in Flags] == [1, 2]
    assert [int(t) for t in FrameType] == list(range(1, 14))


def test_body_layout() -> None:
    body = Body(
        flags=Flags.DRILL,
        status=Status.CLEARED,
        zone=0x0203,
        hazard=HazardClass.SUPERVISION,
        severity=Severity.LOW,
        seq=2,
        slot=0x04050607,
    )
    assert body.pack().hex() == "0103" + "0203" + "0100" + "04" + "02" + "04050607" + "00" * 52


@given(bodies)
def test_body_round_trip(body: Body) -> None:
    assert Body.unpack(body.pack()) == body
    assert len(body.pack()) == 64


@given(st.binary(max_size=80) | st.binary(min_size=64, max_size=64))
def test_any_bytes_as_body(data: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        assert Body.unpack(data).pack() == data


@given(bodies, st.integers(12, 63), st.integers(1, 255))
def test_reserved_bytes_are_checked(body: Body, place: int, value: int) -> None:
    data = bytearray(body.pack())
    data[place] = value
    with pytest.raises(wire.WireError, match="reserved"):
        Body.unpack(bytes(data))


@pytest.mark.parametrize("field", [{"zone": 65536}, {"slot": -1}, {"seq": 3}, {"slot": 2**32}])
def test_numbers_out_of_range(field: dict[str, int]) -> None:
    values = {"zone": 1, "slot": 1, "seq": 0} | field
    body = Body(
        flags=Flags.NONE,
        status=Status.RAISED,
        hazard=HazardClass.GAS,
        severity=Severity.CRITICAL,
        **values,
    )
    with pytest.raises(wire.WireError):
        body.pack()


def test_slots() -> None:
    assert wire.slot_at(wire.SLOT_ORIGIN + 3.99, 2) == 1
    assert wire.slot_start(5, 2) == wire.SLOT_ORIGIN + 10
    assert wire.slot_at(0, 2) == 0


def payload_for(kind: FrameType) -> bytes:
    return bytes(wire.PAYLOAD_BOUNDS[kind][0])


@given(st.lists(st.sampled_from(FrameType), max_size=6), st.integers(1, 700))
def test_frames_survive_any_cut(kinds: list[FrameType], step: int) -> None:
    stream = b"".join(wire.frame(kind, payload_for(kind)) for kind in kinds)
    parser = FrameParser()
    seen: list[tuple[FrameType, bytes]] = []
    for start in range(0, len(stream), step):
        seen += parser.feed(stream[start : start + step])
    assert seen == [(kind, payload_for(kind)) for kind in kinds]


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes_as_stream(chunks: list[bytes]) -> None:
    parser = FrameParser()
    with contextlib.suppress(wire.WireError):
        for chunk in chunks:
            for kind, payload in parser.feed(chunk):
                assert wire.frame(kind, payload)


@pytest.mark.parametrize("kind", FrameType)
def test_lengths_out_of_bounds_are_refused_at_once(kind: FrameType) -> None:
    low, high = wire.PAYLOAD_BOUNDS[kind]
    for length in (low - 1, high + 1):
        if length < 0:
            continue
        with pytest.raises(wire.WireError, match=kind.name):
            list(FrameParser().feed(struct.pack(">IB", length + 1, kind)))
        with pytest.raises(wire.WireError, match=kind.name):
            wire.frame(kind, bytes(length))


def test_unexpected_frames_are_refused() -> None:
    parser = FrameParser(FrameType.PING)
    assert list(parser.feed(wire.frame(FrameType.PING))) == [(FrameType.PING, b"")]
    with pytest.raises(wire.WireError, match="not expected"):
        list(parser.feed(wire.frame(FrameType.RECEIPT, bytes(4))))
    with pytest.raises(wire.WireError, match="unknown"):
        list(FrameParser().feed(b"\0\0\0\1\xff"))


def test_batches() -> None:
    cells = [bytes([n]) * wire.CELL_LENGTH for n in range(3)]
    assert wire.unpack_batch(wire.pack_batch(7, cells)) == (7, cells)
    with pytest.raises(wire.WireError):
        wire.unpack_batch(wire.pack_batch(7, cells)[:-1])
    with pytest.raises(wire.WireError):
        wire.unpack_batch(b"1234567")
