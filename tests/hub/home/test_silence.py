"""Nobody answers in an alarm: what was chosen beforehand counts, in every class."""

from __future__ import annotations

import pytest

from hub.core.store import Store
from tests.hub.core.brokers import until
from tests.hub.home.test_offers import Door, hazard, offers

ASKED = ("gas", "smoke", "carbon_monoxide", "leak", "sos")


@pytest.mark.parametrize(
    ("kind", "choice", "told"),
    [
        *((one, "zone", True) for one in ASKED),
        *((one, "nobody", False) for one in ASKED),
        *((one, None, False) for one in ASKED),
        ("sos", "flat", True),
    ],
)
async def test_silence_follows_the_choice_in_every_class(
    store: Store, kind: str, choice: str | None, told: bool
) -> None:
    """Nobody answers: what was chosen beforehand counts, for each class that may be told."""
    door = Door(choice)
    asked = offers(store, door, ask_s=0.01)
    await asked.hazard_changed(hazard(kind=kind))
    question = asked.question("h1")
    assert question is not None
    await until(lambda: question.answer is not None and not question.unfinished)
    assert (question.by, question.answer) == ("choice", "tell" if told else "dont")
    klass = "flood" if kind == "leak" else kind
    assert door.acts[:1] == (["sos h1"] if choice == "flat" else [])
    zone = [("h1", klass, "standing", "choice")] if choice == "zone" else []
    assert door.offered == zone
    await asked.stop()
