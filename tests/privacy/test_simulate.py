"""Property 7, in short: the attack finds a home when a defence is off, and not when all are on."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import cli
from privacy.batch import QUEUE, CellQueue, mixed
from privacy.simulate import world
from privacy.simulate.attack import Outcome
from privacy.simulate.figures import play, simulate, upper_bound
from privacy.simulate.scenario import Scenario
from privacy.slots import FLUSH, lead, sending_moment
from privacy.wire import slot_start

SMALL = Scenario(homes=100, events=200, offline=0.0)
FIRST_VERSION = replace(
    SMALL, events=600, cover=False, first_only=True, slot_s=30.0, background_s=1400.0
)
"""One message an event, slots of 30 s, each home something else every 23 minutes or so."""


def rate(outcomes: list[Outcome]) -> float:
    """How often the manager was right."""
    return sum(outcome.hit for outcome in outcomes) / len(outcomes)


def test_with_everything_on_one_home_in_k() -> None:
    outcomes = play(SMALL)
    assert len(outcomes) == SMALL.events
    assert all(outcome.prior == 1 / SMALL.k for outcome in outcomes)
    # By chance 0.05; one in ten thousand such runs would be above 0.11.
    assert rate(outcomes) < 0.11


@pytest.mark.parametrize(
    ("change", "least", "most"),
    [
        ({"cover": False}, 0.99, 1.0),
        ({"flushes": 2, "events": 800}, 0.065, 0.14),
        ({"top_up": True}, 0.12, 0.6),
        ({"cuts": True}, 0.95, 1.0),
        ({"colluding": True}, 1.0, 1.0),
        ({"dark": 0.5}, 0.3, 0.7),
        ({"late": 0.5}, 0.3, 0.7),
    ],
)
def test_the_attack_finds_what_a_missing_defence_shows(
    change: dict[str, Any], least: float, most: float
) -> None:
    assert least <= rate(play(replace(SMALL, **change))) <= most


def test_a_relay_that_does_not_shuffle_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_order(
        cells: list[bytes], size: int, dummies: Callable[[int], list[bytes]]
    ) -> list[bytes]:
        return cells + dummies(size - len(cells))

    monkeypatch.setattr(world, "mixed", in_order)
    assert rate(play(SMALL)) > 0.25


def test_late_events_are_told_and_not_counted_as_calm() -> None:
    outcomes = play(replace(SMALL, late=0.5))
    late = [outcome for outcome in outcomes if not outcome.calm]
    assert len(late) > len(outcomes) / 4
    assert rate(late) > 0.5


@pytest.mark.long
@pytest.mark.parametrize(("flushes", "least", "most"), [(2000, 0.99, 1.0), (1, 0.75, 0.89)])
def test_the_first_versions_figures(flushes: int, least: float, most: float) -> None:
    """Sent directly 0.999; through a relay's batches, without cover, 0.82."""
    assert least <= rate(play(replace(FIRST_VERSION, flushes=flushes))) <= most


@pytest.mark.long
def test_with_the_defaults_the_advantage_is_at_most_one_in_a_hundred() -> None:
    found = simulate(Scenario())
    assert found["events"] >= 10_300
    assert found["advantage_upper"] <= 0.01
    assert found["informed"]["advantage_upper"] <= 0.01


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=30), st.integers(0, 40))
def test_a_batch_has_every_cell_and_the_rosters_size(cells: list[bytes], size: int) -> None:
    batch = mixed(cells, size, lambda count: [b""] * count)
    assert sorted(cell for cell in batch if cell) == sorted(cells)
    assert len(batch) == max(size, len(cells))


def test_a_queue_takes_two() -> None:
    queue = CellQueue()
    assert [queue.add(b"", bytes([n])) for n in range(QUEUE + 1)] == [True] * QUEUE + [False]
    assert queue.take() == (b"", b"\0")
    assert queue.add(b"", b"\3")
    queue.clear()
    assert not queue


@given(st.integers(0, 10**8), st.floats(0.05, 60), st.floats(0, 1))
def test_a_home_sends_in_the_first_half_of_its_slot(slot: int, slot_s: float, phase: float) -> None:
    offset = sending_moment(slot, slot_s, phase) - slot_start(slot, slot_s)
    assert lead(slot_s) - 1e-6 <= offset <= slot_s / 2 + 1e-6 < FLUSH * slot_s


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([-0.05, 0.95])), min_size=1))
def test_the_bound_is_above_the_mean(gains: list[tuple[int, float]]) -> None:
    assert upper_bound(gains) >= sum(gain for _, gain in gains) / len(gains) - 1e-5


def test_the_command_prints_what_it_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["simulate", "--homes", "100", "--events", "60", "--offline", "0.2"]
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"hit_rate", "prior", "advantage", "advantage_upper", "events"} <= set(found)
    assert set(found["bounds"]) == {"outage", "late", "cuts", "collusion"}
    assert (found["homes"], found["offline"], found["cover"]) == (100, 0.2, True)
    assert cli.main(words) == 0
    assert "advantage_upper" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--homes", "20"], ["--slot", "0"], ["--offline", "1"], ["--events", "1"]]
)
def test_what_cannot_be_simulated_is_said(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["simulate", *words]) == 2
    assert "linli privacy simulate:" in capsys.readouterr().err
