"""Residents' own keys: an upgrade keeps all, a shred destroys one, kill -9 at every step."""

import contextlib
import json
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy import slot_file, unlock_keys
from privacy.letterbox import Letterbox
from privacy.own_box import OwnBox
from privacy.slot_file import text_of
from privacy.vault import (
    Box,
    Household,
    KeyGone,
    MachineKey,
    RecoveryCode,
    VaultError,
    VaultLocked,
    derive,
)
from tests.privacy.killing import Killed, kill_at

ANNA, BO = "00000000000000aa", "00000000000000bb"
PASSPHRASE = "four plain words here"
SLOT = b"linli slot 1 " + b"1" * 32 + b" "


@pytest.fixture(autouse=True)
def _light_argon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlock_keys, "_MEMORY_KIB", 64)


class Before:
    """A household as a release with version 1 left it, and what it had sealed."""

    def __init__(self, folder: Path) -> None:
        self.machine = MachineKey.load_or_create(folder)
        root = secrets.token_bytes(32)
        letters = X25519PrivateKey.generate()
        self.code = RecoveryCode(secrets.token_bytes(16))
        salt = secrets.token_bytes(16)
        slots = {
            "passphrase": (unlock_keys.passphrase_key(PASSPHRASE, salt), {"salt": text_of(salt)}),
            "recovery": (derive(self.code.secret, "recovery"), {}),
        }
        content = {
            "version": 1,
            "id": "1" * 32,
            "mode": "passphrase",
            "letterbox": text_of(letters.public_key().public_bytes_raw()),
            "letterbox_key": text_of(
                Box(derive(root, "letterbox")).seal(letters.private_bytes_raw(), b"letterbox")
            ),
            "slots": {
                kind: {
                    "wrapped": text_of(
                        Box(key).seal(root, f"linli slot 1 {'1' * 32} {kind}".encode())
                    ),
                    **extra,
                }
                for kind, (key, extra) in slots.items()
            },
        }
        self.file = folder / Household.FILE
        self.file.write_text(json.dumps(content))
        self.letter = Letterbox(letters.public_key().public_bytes_raw()).post(b"left", b"sent")
        self.rows = {
            purpose: Box(derive(root, "household box " + purpose)).seal(b"kept", b"row")
            for purpose in ("accounts", "history", "audit", "trials of nothing")
        }

    def holds(self, home: Household) -> bool:
        """Whether all of it can be read."""
        rows = [name for name in self.rows if "nothing" not in name]
        return home.open_letter(self.letter, b"sent") == b"left" and all(
            home.box(name).open(self.rows[name], b"row") == b"kept" for name in rows
        )


def test_a_file_of_version_1_becomes_version_2_and_all_stays_readable(tmp_path: Path) -> None:
    before = Before(tmp_path)
    home = Household.open(tmp_path)
    home.unlock(passphrase=PASSPHRASE)
    assert before.holds(home)
    assert json.loads(before.file.read_text())["version"] == 2
    home.add_residents([ANNA])
    for again in (Household.open(tmp_path), Household.open(tmp_path)):
        again.unlock(passphrase=PASSPHRASE)
        assert before.holds(again)
        assert again.residents == {ANNA}
    sheet = Household.open(tmp_path)
    sheet.recover(before.code, "another passphrase")
    assert before.holds(sheet)
    assert sheet.residents == {ANNA}


def test_every_box_of_a_home_is_on_the_list_of_version_1() -> None:
    """A purpose that is missing there would make what was sealed under it unreadable."""
    home = Path(__file__).parents[2] / "hub" / "home"
    texts = "".join(path.read_text() for path in home.rglob("*.py"))
    for purpose in slot_file._VERSION_1_BOXES:
        assert f'keys.box("{purpose}")' in texts or f'own_box("{purpose}")' in texts, purpose


@pytest.mark.parametrize("step", range(1, 8))
def test_an_upgrade_killed_at_any_step(tmp_path: Path, step: int) -> None:
    before = Before(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, step)
        with contextlib.suppress(Killed):
            Household.open(tmp_path).unlock(passphrase=PASSPHRASE)
    home = Household.open(tmp_path)
    home.unlock(passphrase=PASSPHRASE)
    assert before.holds(home)


def test_an_upgrade_that_the_disk_does_not_take_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Before(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(slot_file, "write_atomic", full)
        home = Household.open(tmp_path)
        home.unlock(passphrase=PASSPHRASE)
        sealed = home.box("made since").seal(b"new", b"")
        assert before.holds(home)
        with pytest.raises(OSError, match="space"):
            home.add_residents([ANNA])
        assert home.residents == frozenset()
    again = Household.open(tmp_path)
    again.unlock(passphrase=PASSPHRASE)
    assert again.box("made since").open(sealed, b"") == b"new"


@pytest.fixture
def home(tmp_path: Path) -> Household:
    """Two residents in a household that a passphrase opens."""
    made, _ = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
    made.add_residents([ANNA, BO])
    return made


def test_a_row_is_bound_to_resident_place_and_version(home: Household) -> None:
    box = OwnBox(home, "favourites")
    sealed = box.seal_own(ANNA, b"lamp", b"favourites/1")
    assert box.open_own(sealed, b"favourites/1") == (ANNA, b"lamp")
    assert ANNA.encode() not in sealed
    with pytest.raises(VaultError):
        box.open_own(sealed, b"favourites/2")
    with pytest.raises(VaultError):
        OwnBox(home, "tokens").open_own(sealed, b"favourites/1")
    # The household's key alone puts nobody's words into a resident's mouth.
    outer = home.box("favourites")
    inner = outer.open(sealed, b"favourites/1").replace(ANNA.encode(), BO.encode())
    with pytest.raises(VaultError):
        box.open_own(outer.seal(inner, b"favourites/1"), b"favourites/1")
    old = outer.seal(b'{"entities": []}', b"favourites/1")
    assert box.open_own(old, b"favourites/1") == ("", b'{"entities": []}')


@given(st.binary(max_size=80))
def test_any_bytes_under_the_outer_seal_raise_only_vault_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    made, _ = Household.create(
        tmp_path_factory.mktemp("own"), "machine", machine=MachineKey(bytes(32))
    )
    made.add_residents([ANNA])
    sealed = made.box("x").seal(b"\x02" + data, b"")
    with pytest.raises(VaultError):
        OwnBox(made, "x").open_own(sealed, b"")


def test_a_locked_household_opens_nobody(home: Household) -> None:
    box = OwnBox(home, "x")
    sealed = box.seal_own(ANNA, b"1", b"")
    home.lock()
    for use in (lambda: box.open_own(sealed, b""), lambda: box.seal_own(ANNA, b"1", b"")):
        with pytest.raises(VaultLocked):
            use()
    with pytest.raises(VaultLocked):
        home.add_residents(["c"])
    home.unlock(passphrase=PASSPHRASE)
    assert box.open_own(sealed, b"") == (ANNA, b"1")


def test_a_shredded_resident_is_gone_and_the_others_read_on(
    home: Household, tmp_path: Path
) -> None:
    box = OwnBox(home, "x")
    of_anna, of_bo = (box.seal_own(one, b"1", b"") for one in (ANNA, BO))
    everyones = home.box("x").seal(b"2", b"")
    backup = home.for_backup()
    home.shred([ANNA])
    with pytest.raises(KeyGone):
        box.open_own(of_anna, b"")
    with pytest.raises(KeyGone):
        box.seal_own(ANNA, b"1", b"")
    again = Household.open(tmp_path)
    again.unlock(passphrase=PASSPHRASE)
    assert again.residents == {BO}
    assert OwnBox(again, "x").open_own(of_bo, b"") == (BO, b"1")
    assert again.box("x").open(everyones, b"") == b"2"
    with pytest.raises(VaultError, match="sheet"):
        again.for_backup()
    code = again.rotate()
    old = tmp_path / "old"
    old.mkdir()
    (old / Household.FILE).write_bytes(backup)
    with pytest.raises(VaultError):
        Household.open(old).unlock(passphrase=PASSPHRASE)
    with pytest.raises(VaultError):
        Household.open(old).recover(code, PASSPHRASE)


def test_a_sheet_is_due_from_the_shred_to_the_next_one(home: Household) -> None:
    due = [home.sheet_due]
    home.shred([ANNA])
    due.append(home.sheet_due)
    home.rotate()
    assert [*due, home.sheet_due] == [False, True, False]


def test_a_new_root_leaves_nothing_to_the_old_slots(home: Household, tmp_path: Path) -> None:
    box = OwnBox(home, "x")
    sealed = box.seal_own(ANNA, b"1", b"")
    old = json.loads((tmp_path / Household.FILE).read_text())
    first = home.rotate()
    second = home.rotate()
    new = json.loads((tmp_path / Household.FILE).read_text())
    mixed = {**new, "slots": old["slots"]}
    (tmp_path / Household.FILE).write_text(json.dumps(mixed))
    with pytest.raises(VaultError):
        Household.open(tmp_path).unlock(passphrase=PASSPHRASE)
    (tmp_path / Household.FILE).write_text(json.dumps(new))
    with pytest.raises(VaultError, match="replaced"):
        Household.open(tmp_path).recover(first, PASSPHRASE)
    again = Household.open(tmp_path)
    again.recover(second, "another passphrase")
    assert OwnBox(again, "x").open_own(sealed, b"") == (ANNA, b"1")


@pytest.mark.parametrize("step", range(1, 8))
@pytest.mark.parametrize("what", ["shred", "rotate", "add", "drop"])
def test_killed_at_any_step_the_file_is_the_old_or_the_new(
    tmp_path: Path, what: str, step: int
) -> None:
    made, code = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
    made.add_residents([ANNA, BO])
    sealed = OwnBox(made, "x").seal_own(BO, b"1", b"")
    acts: dict[str, Callable[[], object]] = {
        "shred": lambda: made.shred([ANNA]),
        "rotate": made.rotate,
        "add": lambda: made.add_residents(["c"]),
        "drop": lambda: made.drop([ANNA]),
    }
    done = False
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, step)
        with contextlib.suppress(Killed):
            acts[what]()
            done = True
    again = Household.open(tmp_path)
    again.unlock(passphrase=PASSPHRASE)
    assert OwnBox(again, "x").open_own(sealed, b"") == (BO, b"1")
    after = {"shred": {BO}, "rotate": {ANNA, BO}, "add": {ANNA, BO, "c"}, "drop": {BO}}[what]
    assert again.residents == after or (not done and again.residents == {ANNA, BO})
    if what in ("add", "drop"):
        Household.open(tmp_path).recover(code, PASSPHRASE)


@pytest.mark.parametrize("mode", ["passphrase", "media", "machine"])
def test_every_mode_opens_after_a_shred(tmp_path: Path, mode: str) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    known = {"passphrase": PASSPHRASE, "media": stick, "machine": MachineKey(bytes(32))}[mode]
    made, _ = Household.create(tmp_path / "keys", mode, **{mode: known})  # type: ignore[arg-type]  # as the mode says
    made.add_residents([ANNA, BO])
    made.shred([ANNA])
    again = Household.open(tmp_path / "keys")
    again.unlock(**{mode: known})  # type: ignore[arg-type]  # as the mode says
    assert again.residents == {BO}


def test_accounts_made_at_once_all_keep_their_keys(home: Household, tmp_path: Path) -> None:
    names = [f"{number:016x}" for number in range(16)]
    waiting = threading.Barrier(8)

    def add(name: str) -> None:
        if name in names[:8]:
            waiting.wait()
        home.add_residents([name])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, names))
    again = Household.open(tmp_path)
    again.unlock(passphrase=PASSPHRASE)
    assert again.residents == {ANNA, BO, *names}


def test_as_many_accounts_as_the_file_has_room_for(home: Household, tmp_path: Path) -> None:
    many = [f"c{number:015x}" for number in range(slot_file.MOST_RESIDENTS - 2)]
    home.add_residents(many)
    with pytest.raises(VaultError, match="at most"):
        home.add_residents(["one more"])
    again = Household.open(tmp_path)
    again.unlock(passphrase=PASSPHRASE)
    assert len(again.residents) == slot_file.MOST_RESIDENTS
    home.drop(many)
    assert home.residents == {ANNA, BO}
