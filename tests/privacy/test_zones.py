"""The k floor: every home's preimage, over random communities and 26 epochs of churn."""

import contextlib
import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.zones import K, Partition, Path, Zone, ZoneError


def community(seed: int, depth: int = 3) -> list[Path]:
    """Homes in unequal buildings and risers."""
    dice = random.Random(seed)
    homes = []
    for building in range(dice.randint(1, 6)):
        for riser in range(dice.randint(1, 4)):
            for flat in range(dice.choice((1, 3, 12, 19, 20, 21, 33, 60))):
                homes.append(("A", str(building), str(riser + 1), str(flat))[-depth:])
    return homes[: dice.randint(1, len(homes))]


def preimages(table: Partition, homes: list[Path]) -> Counter[int]:
    named = Counter[int]()
    for home in homes:
        zone = table.zone_of(home)
        assert zone is not None
        named[zone.id] += 1
    return named


def holds(table: Partition, homes: list[Path]) -> bool:
    """Every zone that is named is named by at least k homes, or it is the community."""
    return all(count >= table.k or not zone for zone, count in preimages(table, homes).items())


@given(st.integers(0, 10**9), st.sampled_from([3, 4]))
def test_every_preimage_has_k_homes(seed: int, depth: int) -> None:
    homes = community(seed, depth)
    table = Partition.freeze(homes)
    assert holds(table, homes)
    for zone in table.zones:
        assert preimages(table, homes)[zone.id] == zone.homes
    if len(table.zones) > 1:
        assert all(zone.id and zone.homes >= K for zone in table.zones)
    if len(homes) < K:
        assert [zone.level for zone in table.zones] == ["community"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_26_epochs_of_churn_keep_the_floor(seed: int) -> None:
    dice = random.Random(seed)
    everyone = community(seed)
    homes = set(everyone)
    table = Partition.freeze(everyone)
    for _ in range(26):
        leaving = {home for home in homes if dice.random() < 0.03}
        arriving = {home for home in everyone if home not in homes and dice.random() < 0.3}
        homes = (homes - leaving) | arriving or homes
        before = table
        table = table.coarsened(sorted(homes))
        assert holds(table, sorted(homes))
        assert table.version - before.version in (0, 1)
        for zone in table.zones:
            if before.zone(zone.id) is not None:
                old = before.zone(zone.id)
                assert old is not None
                assert old.path == zone.path
            within = {
                other.path for other in before.zones if other.path[: len(zone.path)] == zone.path
            }
            assert within or not zone.path, "a frozen zone was split"


def test_the_rest_of_a_split_node_is_not_exposed() -> None:
    """One riser of 19 beside one of 40 keeps the building whole."""
    homes = [("1", "1", str(n)) for n in range(40)] + [("1", "2", str(n)) for n in range(19)]
    table = Partition.freeze(homes)
    assert [(zone.path, zone.homes) for zone in table.zones] == [(("1",), 59)]


def test_names() -> None:
    homes = [(b, r, str(n)) for b in "37" for r in "12" for n in range(20)]
    table = Partition.freeze(homes)
    zone = table.zone_of(("3", "2", "1201"))
    assert zone is not None
    assert (zone.level, zone.name("zh_CN"), zone.name("en")) == (
        "riser",
        "3 栋 2 单元",
        "Building 3, riser 2",
    )
    whole = Partition.freeze(homes[:9])
    assert whole.zones[0].name("zh_CN") == "整个小区"
    assert not whole.anonymity_claimed
    deep = Partition.freeze([("B", *home) for home in homes])
    zone = deep.zone_of(("B", "7", "1", "3"))
    assert zone is not None
    assert zone.name("zh_CN") == "B 区 7 栋 1 单元"
    flat = Partition.freeze([("5", str(n)) for n in range(30)])
    assert flat.zones[0].name("en") == "riser 5"


def test_a_new_part_joins_its_parent() -> None:
    homes = [(b, "1", str(n)) for b in "37" for n in range(20)]
    table = Partition.freeze(homes)
    assert table.zone_of(("9", "1", "1")) is None, "no zone: nothing is told"
    wider = table.coarsened([*homes, ("9", "1", "1")])
    assert [zone.path for zone in wider.zones] == [()]
    riser = table.coarsened([*homes, ("3", "2", "1")])
    assert [zone.path for zone in riser.zones] == [("3",), ("7", "1")]
    assert riser.version == 2
    assert len({zone.id for zone in riser.zones}) == 2


@given(st.integers(0, 10**9))
def test_table_round_trip(seed: int) -> None:
    homes = community(seed)
    table = Partition.freeze(homes)
    again = Partition.from_json(json.loads(json.dumps(table.to_json())))
    assert again.to_json() == table.to_json()
    assert preimages(again, homes) == preimages(table, homes)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["zones", "k", "version", "id", "level", "path", "homes"]), inner
        )
    ),
    max_leaves=25,
)


@given(json_values)
def test_any_data_raises_only_zone_error(data: object) -> None:
    with contextlib.suppress(ZoneError):
        Partition.from_json(data)


def zone_row(number: int, homes: int, *path: str) -> dict[str, object]:
    level = ("community", "building", "riser")[len(path)]
    return Zone(number, level, path, homes).to_json()


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [zone_row(1, 19, "3")],
        [zone_row(1, 30, "3"), zone_row(2, 3, "4")],
        [zone_row(1, 30, "3"), zone_row(1, 30, "4")],
        [zone_row(1, 30, "3"), zone_row(2, 30, "3")],
        [zone_row(1, 50, "3"), zone_row(2, 30, "3", "1")],
        [zone_row(0, 50), zone_row(2, 30, "3")],
        [zone_row(70000, 50, "3")],
    ],
)
def test_tables_a_home_must_not_use(rows: list[dict[str, object]]) -> None:
    with pytest.raises(ZoneError):
        Partition.from_json({"version": 1, "k": 20, "zones": rows})


def test_a_table_that_promises_less_is_refused() -> None:
    table = {"version": 1, "k": 2, "zones": [zone_row(1, 3, "3"), zone_row(2, 3, "4")]}
    with pytest.raises(ZoneError):
        Partition.from_json(table)
    assert len(Partition.from_json(table, floor=2).zones) == 2


@pytest.mark.parametrize(
    "homes",
    [
        [("1",)],
        [("1", "2", "3", "4", "5")],
        [("1", "2"), ("1", "2", "3")],
        [("1", "2"), ("1", "2")],
        [("1", "")],
    ],
)
def test_impossible_paths(homes: list[Path]) -> None:
    with pytest.raises(ZoneError):
        Partition.freeze(homes)


def test_nobody_enrolled() -> None:
    table = Partition.freeze([])
    assert [zone.id for zone in table.zones] == [0]
    assert table.homes == 0
