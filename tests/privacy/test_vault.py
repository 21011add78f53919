"""Keys at rest: modes, recovery, letterbox, and crashes at every step of a write."""

import contextlib
import errno
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from privacy import codes, files, slot_file, unlock_keys, vault
from privacy.thief import EXPLAINED, THIEF_READS
from privacy.vault import Box, Household, MachineKey, RecoveryCode, VaultError, VaultLocked
from tests.privacy.killing import Killed, kill_at

REAL_MEMORY_KIB = unlock_keys._MEMORY_KIB
PASSPHRASE = "four plain words here"


@pytest.fixture(autouse=True)
def _light_argon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlock_keys, "_MEMORY_KIB", 64)


@pytest.fixture
def machine(tmp_path: Path) -> MachineKey:
    return MachineKey.load_or_create(tmp_path / "keys")


class TestBox:
    def test_round_trip_and_context(self) -> None:
        box = Box(bytes(32))
        sealed = box.seal(b"name", b"people/1")
        assert box.open(sealed, b"people/1") == b"name"
        assert len(sealed) == 4 + 28
        with pytest.raises(VaultError):
            box.open(sealed, b"people/2")
        with pytest.raises(VaultError):
            Box(b"\1" * 32).open(sealed, b"people/1")

    @given(st.binary(max_size=80))
    def test_any_bytes_raise_only_vault_error(self, data: bytes) -> None:
        with pytest.raises(VaultError):
            Box(bytes(32)).open(data, b"")

    def test_every_bit_flip_is_refused(self) -> None:
        box = Box(bytes(32))
        sealed = box.seal(b"ab", b"c")
        for bit in range(len(sealed) * 8):
            changed = bytearray(sealed)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(VaultError):
                box.open(bytes(changed), b"c")


class TestMachineKey:
    def test_kept_private_and_the_same(self, tmp_path: Path) -> None:
        first = MachineKey.load_or_create(tmp_path / "keys")
        second = MachineKey.load_or_create(tmp_path / "keys")
        assert second.box("a").open(first.box("a").seal(b"x", b""), b"") == b"x"
        assert (tmp_path / "keys" / "machine.key").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700

    def test_purposes_are_apart(self, machine: MachineKey) -> None:
        with pytest.raises(VaultError):
            machine.box("b").open(machine.box("a").seal(b"x", b""), b"")

    @pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
    def test_damaged_key_is_refused_not_replaced(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "machine.key").write_bytes(content)
        (tmp_path / "machine.key").chmod(0o600)
        with pytest.raises(VaultError):
            MachineKey.load_or_create(tmp_path)
        assert (tmp_path / "machine.key").read_bytes() == content

    def test_key_open_to_others_is_refused(self, tmp_path: Path) -> None:
        MachineKey.load_or_create(tmp_path)
        (tmp_path / "machine.key").chmod(0o644)
        with pytest.raises(VaultError, match="0600"):
            MachineKey.load_or_create(tmp_path)

    def test_all_who_start_at_once_get_the_same_key(self, tmp_path: Path) -> None:
        # Kernel and home make it at the first start, each in a process of its own.
        asking = threading.Barrier(8)

        def ask(_: int) -> bytes:
            asking.wait()
            return MachineKey.load_or_create(tmp_path).derive("test")

        with ThreadPoolExecutor(8) as threads:
            found = set(threads.map(ask, range(8)))
        assert found == {MachineKey.load_or_create(tmp_path).derive("test")}
        assert [path.name for path in tmp_path.iterdir()] == ["machine.key"]


class TestHousehold:
    def test_passphrase_mode(self, tmp_path: Path) -> None:
        made, _ = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
        sealed = made.box("people").seal("王小明".encode(), b"")
        home = Household.open(tmp_path)
        box = home.box("people")
        assert home.locked
        with pytest.raises(VaultLocked):
            box.open(sealed, b"")
        with pytest.raises(VaultError, match="wrong passphrase"):
            home.unlock(passphrase="four plain words there")
        assert home.locked
        home.unlock(passphrase=PASSPHRASE)
        assert box.open(sealed, b"").decode() == "王小明"
        home.lock()
        with pytest.raises(VaultLocked):
            box.seal(b"", b"")

    def test_media_mode(self, tmp_path: Path) -> None:
        stick = tmp_path / "stick"
        stick.mkdir()
        made, _ = Household.create(tmp_path / "keys", "media", media=stick)
        sealed = made.box("x").seal(b"1", b"")
        home = Household.open(tmp_path / "keys")
        with pytest.raises(VaultError, match="memory stick"):
            home.unlock(media=tmp_path / "elsewhere")
        home.unlock(media=stick)
        assert home.box("x").open(sealed, b"") == b"1"
        (stick / unlock_keys.MEDIA_FILE).write_text("00000-11111")
        with pytest.raises(VaultError, match="damaged"):
            Household.open(tmp_path / "keys").unlock(media=stick)

    def test_machine_mode(self, tmp_path: Path, machine: MachineKey) -> None:
        made, _ = Household.create(tmp_path, "machine", machine=machine)
        sealed = made.box("x").seal(b"1", b"")
        home = Household.open(tmp_path)
        home.unlock(machine=machine)
        assert home.box("x").open(sealed, b"") == b"1"
        with pytest.raises(VaultError, match="this machine"):
            Household.open(tmp_path).unlock(machine=MachineKey(bytes(32)))

    def test_recovery_sets_a_new_passphrase(self, tmp_path: Path) -> None:
        made, code = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
        sealed = made.box("x").seal(b"1", b"")
        home = Household.open(tmp_path)
        with pytest.raises(VaultError, match="8 characters"):
            home.recover(code, "short")
        assert home.locked
        home.recover(RecoveryCode.parse(code.text.lower().replace("-", " ")), "another passphrase")
        assert home.box("x").open(sealed, b"") == b"1"
        again = Household.open(tmp_path)
        again.unlock(passphrase="another passphrase")
        with pytest.raises(VaultError):
            Household.open(tmp_path).unlock(passphrase=PASSPHRASE)

    def test_new_recovery_code_replaces_the_old(self, tmp_path: Path) -> None:
        made, old = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
        new = made.rotate()
        with pytest.raises(VaultError, match="replaced"):
            Household.open(tmp_path).recover(old, PASSPHRASE)
        Household.open(tmp_path).recover(new, PASSPHRASE)

    def test_a_recovery_code_that_was_not_stored_changes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        household, sheet = Household.create(tmp_path, "passphrase", passphrase="long enough")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "no space left")

        with monkeypatch.context() as patch:
            patch.setattr(slot_file, "write_atomic", full)
            with pytest.raises(OSError, match="no space"):
                household.rotate()
        household.change_mode("passphrase", passphrase="another one")
        Household.open(tmp_path).recover(sheet, "a third one")

    def test_letterbox_writes_while_locked(self, tmp_path: Path) -> None:
        Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
        home = Household.open(tmp_path)
        letter = home.letterbox.post(b"left at 10:03", b"sent/1")
        with pytest.raises(VaultLocked):
            home.open_letter(letter, b"sent/1")
        home.unlock(passphrase=PASSPHRASE)
        assert home.open_letter(letter, b"sent/1") == b"left at 10:03"
        with pytest.raises(VaultError):
            home.open_letter(letter, b"sent/2")

    def test_replaced_letterbox_is_noticed(self, tmp_path: Path) -> None:
        Household.create(tmp_path / "a", "passphrase", passphrase=PASSPHRASE)
        Household.create(tmp_path / "b", "passphrase", passphrase=PASSPHRASE)
        mine = json.loads((tmp_path / "a" / Household.FILE).read_text())
        theirs = json.loads((tmp_path / "b" / Household.FILE).read_text())
        mine["letterbox"] = theirs["letterbox"]
        (tmp_path / "a" / Household.FILE).write_text(json.dumps(mine))
        with pytest.raises(VaultError, match="letterbox"):
            Household.open(tmp_path / "a").unlock(passphrase=PASSPHRASE)

    def test_modes_need_their_argument(self, tmp_path: Path) -> None:
        for mode in (*vault.MODES, "none"):
            with pytest.raises(VaultError):
                Household.create(tmp_path / mode, mode)
            assert not Household.exists(tmp_path / mode)

    @given(st.binary(max_size=200))
    def test_damaged_slot_file(self, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
        folder = tmp_path_factory.mktemp("slots")
        (folder / Household.FILE).write_bytes(data)
        with pytest.raises(VaultError):
            Household.open(folder)

    def test_argon_is_as_the_protocol_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unlock_keys, "_MEMORY_KIB", REAL_MEMORY_KIB)
        reference = Argon2id(
            salt=bytes(16), length=32, iterations=3, lanes=1, memory_cost=64 * 1024
        ).derive("密码 12345".encode())
        assert unlock_keys.passphrase_key("密码 12345", bytes(16)) == reference

    def test_no_plain_secret_in_any_file(self, tmp_path: Path) -> None:
        _, code = Household.create(tmp_path, "passphrase", passphrase=PASSPHRASE)
        for path in tmp_path.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert PASSPHRASE.encode() not in content
                assert code.secret not in content
                assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("step", range(1, 14))
def test_change_of_mode_killed_at_any_step(tmp_path: Path, step: int) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    made, code = Household.create(tmp_path / "keys", "passphrase", passphrase=PASSPHRASE)
    sealed = made.box("x").seal(b"1", b"")
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, step)
        with contextlib.suppress(Killed):
            made.change_mode("media", media=stick)
    home = Household.open(tmp_path / "keys")
    if home.mode == "media":
        home.unlock(media=stick)
    else:
        home.unlock(passphrase=PASSPHRASE)
    assert home.box("x").open(sealed, b"") == b"1"
    home.recover(code, PASSPHRASE)


def test_kill_steps_reach_the_end(tmp_path: Path) -> None:
    steps = 0
    with pytest.MonkeyPatch.context() as patch:
        for step in range(1, 40):
            patch.undo()
            kill_at(patch, step)
            try:
                files.write_atomic(tmp_path / "f", b"new content")
            except Killed:
                steps += 1
                assert not (tmp_path / "f").exists() or (
                    (tmp_path / "f").read_bytes() == b"new content"
                )
                (tmp_path / "f").unlink(missing_ok=True)
            else:
                break
    assert steps == 5


class TestCodes:
    @given(st.binary(min_size=1, max_size=90))
    def test_round_trip(self, payload: bytes) -> None:
        assert codes.decode("t", codes.encode("t", payload)) == payload

    @given(st.text(max_size=120))
    def test_any_text_raises_only_code_error(self, text: str) -> None:
        with contextlib.suppress(codes.CodeError):
            codes.decode("t", text)

    def test_every_wrong_letter_and_swap_names_its_group(self) -> None:
        text = RecoveryCode(bytes(range(16))).text
        assert len(text.split("-")) == 8
        for place, letter in enumerate(text):
            if letter == "-":
                continue
            for other in codes.ALPHABET.replace(letter, ""):
                with pytest.raises(codes.CodeError) as caught:
                    RecoveryCode.parse(text[:place] + other + text[place + 1 :])
                assert caught.value.group == place // 6 + 1
            following = text[place + 1 : place + 2]
            if following not in ("", "-", letter):
                with pytest.raises(codes.CodeError):
                    RecoveryCode.parse(text[:place] + following + letter + text[place + 2 :])

    def test_swapped_groups_are_found(self) -> None:
        groups = RecoveryCode(bytes(range(16))).text.split("-")
        groups[2], groups[3] = groups[3], groups[2]
        with pytest.raises(codes.CodeError):
            RecoveryCode.parse("-".join(groups))

    def test_look_alikes_are_understood(self) -> None:
        code = RecoveryCode(b"\0" * 8 + b"\x08\x42" * 4)
        typed = code.text.replace("0", "O").replace("1", "l").lower()
        assert RecoveryCode.parse(typed).secret == code.secret


def test_every_mode_says_what_a_thief_reads() -> None:
    assert set(THIEF_READS) == set(EXPLAINED) == set(vault.MODES)
