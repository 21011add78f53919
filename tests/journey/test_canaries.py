"""Property 1: what residents and devices say of themselves is in no byte that leaves the home.

200 strings are planted in people and in all that a device says: names, rooms, serials, makers,
states, attributes. Then an event leaves. Looked at: every byte that the home's programs hand to a
socket outside (before TLS), the names they look up, the plaintext of each sealed cell, logs,
health, diagnostics, and what relay and community keep.
"""

from __future__ import annotations

import json

from hub.bench.rawmqtt import RawClient
from hub.core.settings import LOOPBACK
from hub.plugins import broker_users
from tests.journey import evidence
from tests.journey.network import Spy
from tests.journey.planted import canaries, traces, traces_in
from tests.journey.system import System
from tests.journey.visitor import Visitor

COUNT = 200
HOME = {"home", "home-app", "safety", "broker"}
CANARIES = canaries(COUNT, seed=20261201)


def test_the_search_finds_each_disguise() -> None:
    for said in (b"138-0013-8000", b"138 0013 8000", "13800138000".encode("utf-16-le").hex()):
        data = said if isinstance(said, bytes) else bytes.fromhex(said)
        assert traces_in(b"x" + data + b"y", ["13800138000"])
    assert traces_in("Ange\u0301lique".encode(), ["Ang\u00e9lique"])
    assert len(set(CANARIES)) == COUNT
    assert traces_in(b"nothing of them", CANARIES) == []


def test_in_no_byte_that_leaves(system: System) -> None:
    spy = Spy(system.folder.parent)
    system.env = spy.env
    system.start_parts("community", "relay", "home", "devices")
    owner = system.owner()
    rest = iter(CANARIES)
    people(owner, [next(rest) for _ in range(20)])
    told = devices(system, list(rest))
    last = told[-1]
    system.until(lambda: last in owner.get("/devices"), "the last device's page")
    system.gas(True)
    system.until(lambda: len(system.incidents()) == 1, "the incident")
    system.gas(False)
    outside = {name: system.plan.ports[name] for name in ("relay", "community")}
    system.until(lambda: len(spy.said(outside["relay"])) > 5, "cells")
    asked = system.once(
        *("doctor", "--json", "--data", str(system.folder / "home")),
        *("--community", str(system.folder / "community")),
        *("--community-address", system.plan.address("community")),
    )
    health = [
        json.dumps(Visitor(system.plan.address(role)).health()) for role in ("home", "community")
    ]
    system.stop_parts()
    for name, port in outside.items():
        for role, data in spy.said(port):
            assert traces_in(data, CANARIES) == [], f"{role} to the {name}"
    assert spy.said("tls") == [], "nothing speaks TLS on this machine"
    spoken = {one for one in spy.seen("connect", "sendto", "sendmsg") if one[0] in HOME}
    doors = {str(system.plan.ports[name]) for name in ("home", "broker", "relay", "community")}
    assert {(host, port) for _, host, port in spoken} <= {(LOOPBACK, port) for port in doors}
    assert {host for _, host, _ in spy.seen("getaddrinfo", "gethostbyname")} <= {LOOPBACK}
    assert traces_in(" ".join([asked, *health]).encode(), CANARIES) == []
    cells = evidence.cells_in_clear(system.folder / "home")
    assert any(cells), "the event left"
    assert traces_in(b"".join(cells), CANARIES) == []
    places = [system.folder / part for part in ("home", "community", "relay")] + [system.log]
    assert traces(places, CANARIES) == []


def people(owner: Visitor, words: list[str]) -> None:
    """Residents whose names are the words."""
    for word in words:
        owner.get("/people")
        more = {"name": word, "role": "resident", "password": "a long password of theirs"}
        assert word in owner.post("/people", **more)


def devices(system: System, words: list[str]) -> list[str]:
    """Things that say the words in every field they have; returns those that are names."""
    password = broker_users.load_or_create(system.folder / "home")["devices"]
    client = RawClient(LOOPBACK, system.plan.ports["broker"], "canaries", ("devices", password))
    named = []
    for number in range(0, len(words) - 5, 6):
        name, area, serial, maker, state, more = words[number : number + 6]
        named.append(name)
        topic = f"canary/{number}"
        config = {
            "unique_id": f"{serial}-{number}",
            "name": None,
            "state_topic": topic,
            "value_template": "{{ value_json.said }}",
            "json_attributes_topic": topic,
            "device": {
                "identifiers": [serial],
                "name": name,
                "manufacturer": maker,
                "model": more,
                "serial_number": serial,
                "suggested_area": area,
            },
        }
        where = f"homeassistant/sensor/canary{number}/said/config"
        client.publish(where, json.dumps(config).encode(), qos=1, retain=True)
        said = {"said": state, "flat": more, "owner": name, "ssid": area}
        client.publish(topic, json.dumps(said).encode(), qos=1, retain=True)
    client.subscribe("canary/taken", qos=1)  # answered when all before it was taken
    client.close()
    return named
