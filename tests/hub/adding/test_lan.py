"""The home network is searched by the real library, on loopback, with a service that answers."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hub.adding.lan import Look, Service, tidy
from hub.testing import until

KIND = "_linli-demo._tcp.local."


async def announce() -> Any:
    """A service on loopback; closed by its `async_close`."""
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    own = AsyncZeroconf(interfaces=["127.0.0.1"])
    info = AsyncServiceInfo(
        KIND,
        f"Demo gate.{KIND}",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=8123,
        properties={"sn": "42", "text": "a\nb"},
        server="demo-gate.local.",
    )
    await (await own.async_register_service(info))
    return own


async def test_a_service_is_found_with_its_facts_and_the_search_ends() -> None:
    found: list[Service] = []
    changes: list[bool] = []
    look = Look(
        found.append, lambda: changes.append(look.running), interfaces=["127.0.0.1"], within_s=60
    )
    try:
        own = await announce()
    except OSError as problem:
        pytest.skip(f"no multicast on loopback: {problem}")
    try:
        look.start([KIND])
        look.start([KIND])
        await until(lambda: found, within=20)
    finally:
        await look.stop()
        await own.async_close()
    assert found == [Service(KIND, "Demo gate", "127.0.0.1", 8123, {"sn": "42", "text": "a b"})]
    assert not look.running
    assert changes[0] is True
    assert changes[-1] is False


async def test_a_search_ends_by_itself() -> None:
    look = Look(lambda _service: None, lambda: None, interfaces=["127.0.0.1"], within_s=0.05)
    look.start([KIND])
    await until(lambda: not look.running)


async def test_nothing_to_look_for_begins_no_search() -> None:
    look = Look(lambda _service: None, lambda: None)
    look.start([])
    assert not look.running


async def test_a_machine_without_network_says_so() -> None:
    look = Look(lambda _service: None, lambda: None, interfaces=["203.0.113.77"])
    look.start([KIND])
    await until(lambda: not look.running)
    assert look.failed


def test_a_strangers_text_is_short_and_printable() -> None:
    assert tidy("a\x00\x1b[31m" + "b" * 500) == ("a  [31m" + "b" * 500)[:128]
