"""The ledger: a yes, a no, and every way to tamper with either."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy import consent
from privacy.box import Box
from privacy.consent import HEAD_DIGITS, ConsentError, Ledger
from privacy.purposes import Purposes
from tests.privacy.test_purposes import a_table

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
BOX = Box(b"\7" * 32)


SAVED = Path(__file__).parent / "ledgers"
SAVED_HEAD = "b578ebe26f6994aa26b0ec5f3de63ee37ab53aaf0787e5846f132278d80fa18d"


def a_ledger(path: Path, table: Purposes | None = None) -> Ledger:
    return Ledger(path / "consent.db", BOX, KEY, now=lambda: 1_800_000_000.25, table=table)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return a_ledger(tmp_path)


def filled(path: Path) -> Ledger:
    ledger = a_ledger(path)
    for klass in ("gas", "smoke", "flood"):
        ledger.give("tell_zone", klass, "resident-1")
    ledger.withdraw("tell_zone", "smoke", "resident-2")
    return ledger


def test_nothing_is_given_beforehand(ledger: Ledger) -> None:
    assert all(not ledger.allows(p, k) for p in consent.PURPOSES for k in consent.CLASSES)
    assert ledger.lines() == []
    assert ledger.verify() is None


def test_give_withdraw_give(ledger: Ledger) -> None:
    head = ledger.give("tell_zone", "gas", "resident-1")
    assert ledger.allows("tell_zone", "gas")
    assert not ledger.allows("tell_zone", "smoke")
    assert not ledger.allows("tell_flat", "gas")
    assert ledger.withdraw("tell_zone", "gas", "resident-1") != head
    assert not ledger.allows("tell_zone", "gas")
    state = ledger.state("tell_zone", "gas")
    assert state is not None
    assert (state.given, state.actor, state.seq) == (False, "resident-1", 2)
    ledger.give("tell_zone", "gas", "resident-1")
    assert ledger.allows("tell_zone", "gas")


def test_a_yes_in_the_moment_is_for_one_event(ledger: Ledger) -> None:
    ledger.give("tell_zone_now", "gas", "resident-1", scope="event-a")
    assert ledger.allows("tell_zone_now", "gas", "event-a")
    assert not ledger.allows("tell_zone_now", "gas", "event-b")
    assert not ledger.allows("tell_zone_now", "gas")


def test_lines_have_the_protocols_fields(ledger: Ledger) -> None:
    ledger.give("tell_zone", "gas", "resident-1")
    (line,) = ledger.lines()
    assert set(line) == {
        *("seq", "prev", "purpose", "class", "scope", "recipient", "notice"),
        *("state", "time", "actor", "basis", "sig"),
    }
    exported = json.loads(ledger.export())
    assert exported["lines"] == [line]
    assert exported["head"] == ledger.head()


def test_unknown_choices_are_refused(ledger: Ledger) -> None:
    for purpose, klass in (("sell", "gas"), ("tell_zone", "doorbell")):
        with pytest.raises(ConsentError):
            ledger.give(purpose, klass, "resident-1")


def test_kept_over_a_restart(tmp_path: Path) -> None:
    first = filled(tmp_path)
    again = a_ledger(tmp_path)
    assert again.lines() == first.lines()
    assert again.allows("tell_zone", "gas")
    assert not again.allows("tell_zone", "smoke")
    assert again.verify(first.head()) is None


def test_rows_are_sealed(tmp_path: Path) -> None:
    filled(tmp_path).close()
    for path in tmp_path.iterdir():
        assert b"resident-1" not in path.read_bytes()
        assert b"tell_zone" not in path.read_bytes()


def sealed_again(rows: list[tuple[int, bytes]], place: int, **changed: object) -> bytes:
    seq, sealed = rows[place]
    line = json.loads(BOX.open(sealed, f"consent {seq}".encode())) | changed
    return BOX.seal(consent.canonical(line), f"consent {seq}".encode())


def tampered(path: Path, how: str) -> None:
    database = sqlite3.connect(path / "consent.db")
    rows = database.execute("SELECT seq, sealed FROM consent ORDER BY seq").fetchall()
    last = rows[-1][0]
    edits: dict[str, list[tuple[str, tuple[object, ...]]]] = {
        "drop first": [("DELETE FROM consent WHERE seq = 1", ())],
        "drop middle": [("DELETE FROM consent WHERE seq = 2", ())],
        "drop last": [("DELETE FROM consent WHERE seq = ?", (last,))],
        "drop all": [("DELETE FROM consent", ())],
        "drop head": [("DELETE FROM consent_head", ())],
        "swap": [
            ("UPDATE consent SET sealed = ? WHERE seq = 1", (rows[1][1],)),
            ("UPDATE consent SET sealed = ? WHERE seq = 2", (rows[0][1],)),
        ],
        "flip a bit": [
            ("UPDATE consent SET sealed = ? WHERE seq = 2", (flipped(rows[1][1]),)),
        ],
        "rewrite with the box": [
            (
                "UPDATE consent SET sealed = ? WHERE seq = ?",
                (sealed_again(rows, -1, state="given"), last),
            ),
        ],
        "repeat": [("INSERT INTO consent VALUES (?, ?)", (last + 1, rows[-1][1]))],
        "not a line": [
            ("UPDATE consent SET sealed = ? WHERE seq = 1", (BOX.seal(b"[1]", b"consent 1"),)),
        ],
    }
    for statement, values in edits[how]:
        database.execute(statement, values)
    database.commit()
    database.close()


def flipped(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes((sealed[-1] ^ 1,))


@pytest.mark.parametrize(
    "how",
    [
        *("drop first", "drop middle", "drop last", "drop all", "drop head"),
        *("swap", "flip a bit", "rewrite with the box", "repeat", "not a line"),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_every_tampering_means_no(tmp_path: Path, how: str, running: bool) -> None:
    ledger = filled(tmp_path)
    assert ledger.allows("tell_zone", "gas")
    tampered(tmp_path, how)
    if not running:
        ledger = a_ledger(tmp_path)
    assert not ledger.allows("tell_zone", "gas")
    assert ledger.state("tell_zone", "gas") is None
    assert ledger.verify()
    with pytest.raises(ConsentError, match="cannot be added"):
        ledger.give("tell_zone", "gas", "resident-1")


def test_an_older_copy_put_back_is_told_by_the_sheet(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = a_ledger(tmp_path / "old")
    old.give("tell_zone", "gas", "resident-1")
    new = a_ledger(tmp_path / "new")
    new.give("tell_zone", "gas", "resident-1")
    head = new.withdraw("tell_zone", "gas", "resident-1")
    assert new.verify(head) is None
    assert "older" in str(old.verify(head))


WRITER = """
import sys
import tempfile
from pathlib import Path
from tests.privacy.test_consent import a_ledger
ledger = a_ledger(Path(sys.argv[1]))
while True:
    print(ledger.give("tell_zone", "gas", "resident-1"), flush=True)
"""


def test_a_line_that_was_returned_survives_kill_9(tmp_path: Path) -> None:
    root = Path(consent.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        assert process.stdout is not None
        heads = [process.stdout.readline().strip() for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        heads += process.stdout.read().split("\n")[:-1]
    ledger = a_ledger(tmp_path)
    assert ledger.verify(heads[-1]) is None
    assert len(ledger.lines()) >= len(heads)


def a_saved_ledger(path: Path) -> Ledger:
    """The ledger as it was written before there were several versions of a notice."""
    with sqlite3.connect(path / "consent.db") as database:
        database.executescript((SAVED / "1.sql").read_text())
    database.close()
    return a_ledger(path)


def test_a_ledger_saved_before_holds_and_goes_on(tmp_path: Path) -> None:
    ledger = a_saved_ledger(tmp_path)
    assert ledger.verify(SAVED_HEAD) is None
    assert len(ledger.lines()) == 7
    assert ledger.allows("tell_zone", "gas")
    assert ledger.allows("sos_flat", "sos")
    assert ledger.allows("tell_zone_now", "gas", "event-a")
    assert not ledger.allows("tell_zone", "smoke")
    gas = ledger.state("tell_zone", "gas")
    assert gas is not None
    assert (gas.notice, gas.outdated, gas.lapsed) == (1, True, False)
    ledger.give("tell_zone", "gas", "resident-1")
    gas = ledger.state("tell_zone", "gas")
    assert gas is not None
    assert (gas.notice, gas.outdated) == (2, False)
    assert ledger.verify(SAVED_HEAD) is None


def test_a_widened_notice_ends_earlier_yeses(tmp_path: Path) -> None:
    before = a_ledger(tmp_path, a_table(False))
    before.give("tell_zone", "gas", "resident-1")
    before.withdraw("tell_zone", "smoke", "resident-1")
    before.close()
    ledger = a_ledger(tmp_path, a_table(False, True))
    assert ledger.verify() is None
    assert not ledger.allows("tell_zone", "gas")
    assert ledger.given("tell_zone") == []
    (gas,) = ledger.given("tell_zone", lapsed=True)
    assert (gas.klass, gas.given, gas.lapsed, gas.outdated) == ("gas", False, True, False)
    smoke = ledger.state("tell_zone", "smoke")
    assert smoke is not None
    assert (smoke.given, smoke.lapsed) == (False, False), "a no needs no notice"
    ledger.give("tell_zone", "gas", "resident-1")
    assert ledger.allows("tell_zone", "gas")
    assert [line["notice"] for line in ledger.lines()] == [1, 1, 2]


def test_a_notice_that_widens_nothing_lets_yeses_go_on(tmp_path: Path) -> None:
    before = a_ledger(tmp_path, a_table(False))
    before.give("tell_zone", "gas", "resident-1")
    before.close()
    ledger = a_ledger(tmp_path, a_table(False, False))
    gas = ledger.state("tell_zone", "gas")
    assert gas is not None
    assert (gas.given, gas.outdated) == (True, True)


def test_a_yes_to_a_notice_of_a_later_release_is_none(tmp_path: Path) -> None:
    later = a_ledger(tmp_path, a_table(False, False))
    later.give("tell_zone", "gas", "resident-1")
    later.close()
    assert not a_ledger(tmp_path, a_table(False)).allows("tell_zone", "gas")


def test_what_has_no_notice_takes_no_yes(ledger: Ledger) -> None:
    """The flat in every alarm waits for the envelope that only witnesses open."""
    with pytest.raises(ConsentError):
        ledger.give("tell_flat", "gas", "resident-1")


def test_a_head_is_found_by_its_first_digits(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    heads = [ledger.give("tell_zone", "gas", "resident-1") for _ in range(3)]
    assert [ledger.place_of(one[:HEAD_DIGITS]) for one in heads] == [1, 2, 3]
    assert ledger.place_of("0" * HEAD_DIGITS) is None
    assert ledger.place_of(heads[0][: HEAD_DIGITS - 1]) is None
    assert ledger.verify(heads[1]) is None


@given(st.data())
def test_property_8_any_edit_drop_or_reorder_is_detected(data: st.DataObject) -> None:
    """Whoever has the machine's box, but not the key that signs, changes the rows at will."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        filled(path).close()
        with sqlite3.connect(path / "consent.db") as database:
            rows = database.execute("SELECT seq, sealed FROM consent ORDER BY seq").fetchall()
            lines = [json.loads(BOX.open(row, f"consent {seq}".encode())) for seq, row in rows]
            changed = data.draw(histories(lines))
            database.execute("DELETE FROM consent")
            for place, line in enumerate(changed, start=1):
                sealed = BOX.seal(consent.canonical(line), f"consent {place}".encode())
                database.execute("INSERT INTO consent VALUES (?, ?)", (place, sealed))
        database.close()
        ledger = a_ledger(path)
        assert (ledger.problem is None) is (changed == lines)
        assert ledger.allows("tell_zone", "gas") is (changed == lines)
        ledger.close()


def histories(lines: list[dict[str, object]]) -> st.SearchStrategy[list[dict[str, object]]]:
    """Any selection, order and repetition of the lines, each perhaps with one field changed."""

    def edited(line: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
        texts = [name for name, value in line.items() if isinstance(value, str)]
        edit = st.tuples(st.sampled_from(texts), st.text(max_size=8))
        return st.one_of(st.just(line), edit.map(lambda pair: {**line, pair[0]: pair[1]}))

    taken = st.one_of(st.just(lines), st.lists(st.sampled_from(lines), max_size=6))
    return taken.flatmap(lambda chosen: st.tuples(*map(edited, chosen)).map(list))
