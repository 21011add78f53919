"""Notes as the field writes them; what a witness signs; what two of three make a home believe."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.transparency.notes import Checkpoint, NoteKey, open_note, sign_note
from privacy.transparency.tree import LogError, Tree
from privacy.transparency.witness import Trust, Witness
from tests.privacy.transparency.test_tree import entries

NOW = 1_790_000_000

# The published example of signed notes (golang.org/x/mod/sumdb/note): a fact of the format.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


class Signer:
    """A key pair that signs notes."""

    def __init__(self, name: str, *, timed: bool) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.key = NoteKey(name, self.private.public_key().public_bytes_raw(), timed=timed)

    def sign(self, text: str, at: int = NOW) -> str:
        return sign_note(text, self.key, self.private, at)


LOG = Signer("linli/demo", timed=False)
SEEING = [Signer(f"witness/{name}", timed=True) for name in ("committee", "relay", "third")]
TRUST = Trust(LOG.key, [one.key for one in SEEING])
TREE = Tree(entries(12))


def checkpoint(size: int, tree: Tree = TREE) -> Checkpoint:
    return Checkpoint(LOG.key.name, size, tree.root(size))


def note(size: int, *by: Signer, tree: Tree = TREE, at: int = NOW) -> str:
    text = checkpoint(size, tree).text
    return text + "\n" + LOG.sign(text) + "".join(one.sign(text, at) for one in by)


def test_the_published_note_byte_for_byte() -> None:
    key = NoteKey.parse(PETER)
    assert (key.name, key.text) == ("PeterNeumann", PETER)
    private = Ed25519PrivateKey.from_private_bytes(PETER_SEED)
    assert sign_note(PETER_TEXT, key, private) == PETER_LINE
    assert open_note(f"{PETER_TEXT}\n{PETER_LINE}", [key]).signers == {"PeterNeumann": 0}


def test_a_cosignature_is_laid_out_as_c2sp_says() -> None:
    """`cosignature/v1`, the time, the note; the time stands before the signature."""
    witness = SEEING[0]
    text = checkpoint(5).text
    name, blob = witness.sign(text)[2:].split()
    data = base64.b64decode(blob)
    assert (name, len(data)) == (witness.key.name, 4 + 8 + 64)
    assert data[:4] == witness.key.id
    assert int.from_bytes(data[4:12], "big") == NOW
    signed = f"cosignature/v1\ntime {NOW}\n{text}".encode()
    witness.private.public_key().verify(data[12:], signed)


def test_two_of_three_are_believed_whichever_they_are() -> None:
    for left_out in range(3):
        by = SEEING[:left_out] + SEEING[left_out + 1 :]
        assert TRUST.checked(None, note(7, *by), [], NOW).size == 7
    assert TRUST.checked(None, note(7, *SEEING), [], NOW).root == TREE.root(7)


def test_fewer_or_the_same_one_twice_are_not() -> None:
    """Property 12: absent from the log or singly signed means no."""
    first = SEEING[0]
    for by in ([], [first], [first, first], [first, Signer("witness/relay", timed=True)]):
        with pytest.raises(LogError):
            TRUST.checked(None, note(7, *by), [], NOW)


def test_the_log_itself_must_have_signed() -> None:
    text = checkpoint(7).text
    with pytest.raises(LogError):
        TRUST.checked(None, text + "\n" + "".join(one.sign(text) for one in SEEING), [], NOW)


def test_a_continuation_is_believed_and_a_fork_is_not() -> None:
    seen = TRUST.checked(None, note(5, *SEEING), [], NOW)
    proof = TREE.consistency(5, 9)
    assert TRUST.checked(seen, note(9, *SEEING), proof, NOW).size == 9
    assert TRUST.checked(seen, note(5, *SEEING), [], NOW).size == 5
    lying = Tree([b"another history", *entries(12)[1:]])
    with pytest.raises(LogError):
        TRUST.checked(seen, note(9, *SEEING, tree=lying), lying.consistency(5, 9), NOW)
    with pytest.raises(LogError):
        TRUST.checked(seen, note(5, *SEEING, tree=lying), [], NOW)
    with pytest.raises(LogError):
        TRUST.checked(checkpoint(9), note(5, *SEEING), TREE.consistency(5, 9), NOW)


def test_a_time_to_come_is_refused() -> None:
    assert TRUST.checked(None, note(5, *SEEING, at=NOW + 500), [], NOW)
    with pytest.raises(LogError):
        TRUST.checked(None, note(5, *SEEING, at=NOW + 700), [], NOW)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    """A changed byte under the note costs that signature or the note; never another meaning."""
    whole = note(7, *SEEING[:2]).encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(LogError):
        TRUST.checked(None, changed.decode("utf-8", "replace"), [], NOW)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.text("\u2014 \nab+/=019", max_size=300)))
def test_any_text_ends_in_one_error(text: str) -> None:
    with pytest.raises(LogError):
        TRUST.checked(None, text, [], NOW)
    with pytest.raises(LogError):
        NoteKey.parse(text)
    with pytest.raises(LogError):
        Checkpoint.parse(text)


class TestWitness:
    """What a witness puts its name to."""

    witness = Witness(LOG.key, SEEING[0].key, SEEING[0].private)

    def test_it_follows_a_log(self) -> None:
        seen: Checkpoint | None = None
        for size in (1, 2, 7, 7, 12):
            proof = [] if seen is None else TREE.consistency(seen.size, size)
            signed = self.witness.cosign(seen, note(size), proof, NOW)
            seen = signed.checkpoint
            whole = note(size) + signed.line
            assert open_note(whole, [SEEING[0].key]).signers == {SEEING[0].key.name: NOW}

    def test_it_signs_no_second_history(self) -> None:
        lying = Tree([*entries(3), b"another history", *entries(12)[4:]])
        seen = self.witness.cosign(None, note(5), [], NOW).checkpoint
        for size in (4, 5, 6, 12):
            proof = lying.consistency(min(5, size), size)
            with pytest.raises(LogError):
                self.witness.cosign(seen, note(size, tree=lying), proof, NOW)

    def test_it_signs_for_its_log_only(self) -> None:
        stranger = Signer("linli/demo", timed=False)
        text = checkpoint(5).text
        with pytest.raises(LogError):
            self.witness.cosign(None, f"{text}\n{stranger.sign(text)}", [], NOW)
        other = Checkpoint("linli/other", 5, TREE.root(5)).text
        with pytest.raises(LogError):
            self.witness.cosign(None, f"{other}\n{LOG.sign(other)}", [], NOW)


def test_three_witnesses_are_three() -> None:
    keys = [one.key for one in SEEING]
    same_key = NoteKey("witness/other", keys[0].public, timed=True)
    untimed = NoteKey("witness/plain", keys[2].public, timed=False)
    for wrong in ([], keys[:2], [*keys, same_key], [*keys[:2], same_key], [*keys[:2], untimed]):
        with pytest.raises(LogError):
            Trust(LOG.key, wrong)
    with pytest.raises(LogError):
        Trust(LOG.key, [*keys[:2], NoteKey("witness/log", LOG.key.public, timed=True)])


def test_names_that_a_note_cannot_carry() -> None:
    for name in ("", "two words", "a+b", "line\nbreak", "x" * 65, "号"):
        with pytest.raises(LogError):
            NoteKey(name, bytes(32), timed=False)
