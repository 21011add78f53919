"""Problems are counted always and logged rarely."""

import pytest

from hub.plugins.problems import MAX_KINDS, Problems


def test_one_line_a_minute_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    problems = Problems("test", clock=lambda: now[0])
    for _ in range(1000):
        problems.note("bad", "topic %s\nis bad", "a")
        problems.note("worse", "topic %s", "b")
    assert problems.counts == {"bad": 1000, "worse": 1000}
    assert [record.getMessage() for record in caplog.records] == [
        "bad: topic a is bad",
        "worse: topic b",
    ]
    now[0] = 61.0
    problems.note("bad", "topic %s", "c")
    assert caplog.records[-1].getMessage() == "bad: topic c (999 more like it were not logged)"


def test_kinds_are_bounded() -> None:
    problems = Problems("test")
    for number in range(MAX_KINDS + 50):
        problems.note(f"kind {number}", "text")
    assert len(problems.counts) == MAX_KINDS + 1
    assert problems.counts["other"] == 50
