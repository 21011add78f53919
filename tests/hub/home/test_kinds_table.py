"""The table of kinds says of hazards what the hazard kernel's own table says."""

from __future__ import annotations

import pytest

from hub.core.kinds import COLOR, FLAG, KINDS, NUMBER, SECRET, TEXT, WORD, argument
from hub.home.roles import ROLE_COMMANDS
from hub.safety.table import HAZARDS


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_watched_for_what_the_kernel_knows(name: str) -> None:
    by_class: dict[str, set[str]] = {}
    for hazard in HAZARDS.values():
        if name == "binary_sensor":
            for word in hazard.classes:
                by_class.setdefault(word, set()).add(hazard.name)
        if name == "sensor":
            for measure in hazard.measures:
                by_class.setdefault(measure.device_class, set()).add(hazard.name)
        if name in hazard.markable:
            by_class.setdefault("", set()).add(hazard.name)
    assert {key: set(words) for key, words in KINDS[name].hazards.items()} == by_class


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_acts_in_the_roles_that_it_can_be_bound_to(name: str) -> None:
    assert KINDS[name].roles == {role for role, kinds in ROLE_COMMANDS.items() if name in kinds}


@pytest.mark.parametrize("name", KINDS)
def test_a_row_of_the_table_is_whole(name: str) -> None:
    row = KINDS[name]
    assert row.twice <= row.commands.keys()
    assert bool(row.values) >= (row.state == WORD)
    assert set(row.hazards) <= row.device_classes | {""}
    told = {argument(row.name, name) for names in row.commands.values() for name in names}
    assert told <= {COLOR, FLAG, NUMBER, SECRET, TEXT}


def test_a_gas_sensor_is_watched_for_gas_before_what_a_resident_may_say() -> None:
    assert KINDS["binary_sensor"].watched_for("gas")[0] == "gas"
    assert KINDS["sensor"].watched_for("humidity") == ()
