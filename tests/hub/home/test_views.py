from __future__ import annotations

from typing import Any

import pytest

from hub.home.views import HazardView

RECORD: dict[str, Any] = {
    "id": "1",
    "hazard": "gas",
    "entity_id": "binary_sensor.gas",
    "raised_at": 1.0,
    "active": False,
    "acknowledged_by": None,
    "cleared_at": 2.0,
    "actions": [
        {"entity_id": "valve.gas", "role": "gas_valve", "command": "close", "result": "confirmed"},
        {"entity_id": "siren.hall", "role": "siren", "command": "turn_on", "result": "sent"},
    ],
    "overrides": [{"entity_id": "valve.gas", "by": "7f3a", "at": 1.5}],
}

NAMES = {"valve.gas": "Valve", "siren.hall": "Siren", "binary_sensor.gas": "Gas"}


@pytest.mark.parametrize(("name", "told"), [("Li", "Li"), ("", "a person")])
def test_what_was_done_names_people_never_numbers(name: str, told: str) -> None:
    view = HazardView(
        RECORD,
        name_of={
            "valve.gas": "Valve",
            "siren.hall": "Siren",
            "binary_sensor.gas": "Gas",
        }.__getitem__,
        place="",
        who=lambda account_id: name if account_id == "7f3a" else "",
        question=None,
    )
    assert [deed.text for deed in view.did(str)] == [
        f"Valve was taken back by {told}.",
        "Siren did not confirm that it sounded.",
    ]
