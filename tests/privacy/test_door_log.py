"""The log of a door: the newest lines are kept."""

from pathlib import Path

import pytest

from privacy.door_log import KEEP_LINES, DoorLog
from privacy.vault import Household


def test_the_log_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEEP_LINES == 20_000
    monkeypatch.setattr("privacy.door_log.KEEP_LINES", 4)
    household, _code = Household.create(tmp_path, "passphrase", passphrase="four lamps")
    log = DoorLog(tmp_path / "egress.db", household.letterbox, "grants")
    for number in range(6):
        line = log.record("tell_contact", "x", b"%d" % number)
    log.outcome(line, "200")
    lines = log.lines(household.open_letter)
    assert [(one["data"], one["outcome"]) for one in lines] == [
        *((b"3", None), (b"4", None), (b"5", "200"))
    ]
    (last,) = log.lines(household.open_letter, newest=2)
    assert (last["data"], last["outcome"]) == (b"5", "200")
    log.close()
