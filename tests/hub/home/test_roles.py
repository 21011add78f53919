"""What the resident bound to which role, and what the kernel is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.core import registry
from hub.core.registry import Entity, Registry
from hub.core.store import Store, migrate
from hub.core.wire import Wire
from hub.home import roles
from hub.home.refusal import Refusal
from hub.home.roles import BATTERY_LIMIT_S, MAINS_LIMIT_S, Bindings
from hub.home.runtime import Home
from tests.hub.core.boxes import TestBox
from tests.hub.home.conftest import OWNER

BOX = TestBox()


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Bindings, Registry, Store]]:
    store = Store(tmp_path / "home.db")
    store.run_sync(lambda db: migrate(db, [registry.MIGRATION, roles.MIGRATION]))
    known = Registry(store, BOX)
    yield Bindings(store, BOX, known), known, store
    store.close()


def announce(
    known: Registry, kind: str, name: str, *, device_class: str | None = None, device: str = ""
) -> Entity:
    commands = {
        "valve": {"close": "CLOSE", "open": "OPEN"},
        "switch": {"turn_on": "ON", "turn_off": "OFF"},
        "siren": {"turn_on": "ON"},
    }
    wire = Wire(f"{name}/state", command_topic=f"{name}/set", commands=commands.get(kind, {}))
    found = known.announce_device("mqtt", (device or name,), name=device or name)
    return known.announce(
        "mqtt",
        kind,
        name,
        suggested_id=name,
        device_id=found.id,
        device_class=device_class,
        wire=wire,
        name=name,
    )


Both = tuple[Bindings, Registry, Store]


async def test_nothing_is_bound_by_itself(both: Both) -> None:
    bindings, known, _ = both
    announce(known, "valve", "gas_valve", device_class="gas")
    announce(known, "binary_sensor", "gas", device_class="gas")
    told = bindings.for_kernel()
    assert told["actuators"] == []
    assert [sensor["hazard"] for sensor in told["sensors"]] == ["gas"]


@pytest.mark.parametrize(
    ("role", "kind", "command"),
    [
        ("gas_valve", "valve", "close"),
        ("gas_valve", "switch", "turn_off"),
        ("water_valve", "switch", "turn_off"),
        ("siren", "siren", "turn_on"),
        ("siren", "switch", "turn_on"),
        ("socket", "switch", "turn_off"),
    ],
)
async def test_a_role_has_its_command(both: Both, role: str, kind: str, command: str) -> None:
    bindings, known, _ = both
    entity = announce(known, kind, "thing")
    assert entity in bindings.candidates(role)
    await bindings.bind(role, entity.entity_id)
    (told,) = bindings.for_kernel()["actuators"]
    assert (told["role"], told["command"], told["gas_safe"]) == (role, command, False)


async def test_what_cant_act_in_a_role_is_refused(both: Both) -> None:
    bindings, known, _ = both
    siren = announce(known, "siren", "bell")
    for role in ("gas_valve", "socket", "no_such_role"):
        with pytest.raises(ValueError, match="can't act"):
            await bindings.bind(role, siren.entity_id)
    assert bindings.version == 0


async def test_bindings_outlive_a_restart_and_count_versions(both: Both) -> None:
    bindings, known, store = both
    valve = announce(known, "valve", "gas_valve")
    await bindings.bind("gas_valve", valve.entity_id)
    await bindings.set_limit("binary_sensor.gas", 120)
    again = Bindings(store, BOX, known)
    await again.load()
    assert (again.version, again.roles, again.limits) == (
        2,
        {valve.entity_id: "gas_valve"},
        {"binary_sensor.gas": 120},
    )
    await again.unbind(valve.entity_id)
    assert again.for_kernel()["actuators"] == []
    assert again.version == 3


async def test_a_device_not_there_yet_may_be_bound(both: Both) -> None:
    bindings, known, _ = both
    await bindings.bind("gas_valve", "valve.gas_valve")
    assert bindings.for_kernel()["actuators"] == []
    announce(known, "valve", "gas_valve")
    assert [one["entity_id"] for one in bindings.for_kernel()["actuators"]] == ["valve.gas_valve"]


async def test_limits_follow_power_and_the_resident(both: Both) -> None:
    bindings, known, _ = both
    mains = announce(known, "binary_sensor", "gas", device_class="gas")
    battery = announce(
        known, "binary_sensor", "smoke", device_class="smoke", device="smoke detector"
    )
    announce(known, "sensor", "charge", device_class="battery", device="smoke detector")
    assert bindings.limit_of(mains) == MAINS_LIMIT_S
    assert bindings.limit_of(battery) == BATTERY_LIMIT_S
    await bindings.set_limit(mains.entity_id, 60)
    assert bindings.limit_of(mains) == 60
    for wrong in (59, 30 * 86400 + 1):
        with pytest.raises(ValueError, match="limit"):
            await bindings.set_limit(mains.entity_id, wrong)


async def test_refusals_are_in_words(home: Home) -> None:
    with pytest.raises(Refusal, match="role"):
        await home.bind("gas_valve", "siren.bell", OWNER)
    with pytest.raises(Refusal, match="one minute"):
        await home.set_limit("binary_sensor.gas", 1, OWNER)
    await home.bind("gas_valve", "valve.gas_valve", OWNER)
    (bound,) = home.bindings()
    assert (bound.role, bound.present) == ("gas_valve", False)
