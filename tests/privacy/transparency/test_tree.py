"""The Merkle tree against a naive reading of RFC 9162 section 2.1, and against known roots."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.transparency.tree import (
    Frontier,
    LogError,
    Tree,
    check_consistency,
    check_inclusion,
)

# The eight entries and roots that implementations of Certificate Transparency share.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        *("", "00", "10", "2021", "3031", "40414243"),
        *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(1, 70)


def entries(count: int) -> list[bytes]:
    return [f"entry {n}".encode() for n in range(count)]


def mth(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1, word for word."""
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def test_known_roots() -> None:
    tree = Tree(ENTRIES)
    assert tree.root(0).hex() == hashlib.sha256().hexdigest()
    assert [tree.root(size).hex() for size in range(1, 9)] == ROOTS


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_roots_and_proofs_are_the_rfcs(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    tree = Tree([*leaves, b"later", b"and later"])
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    assert tree.root(size) == mth(leaves)
    assert tree.inclusion(index, size) == path(index, leaves)
    assert tree.consistency(old, size) == subproof(old, leaves, True)
    check_inclusion(leaves[index], index, size, tree.root(size), tree.inclusion(index, size))
    proof = tree.consistency(old, size)
    check_consistency(old, tree.root(old), size, tree.root(size), proof)


def test_every_proof_up_to_twenty_leaves_holds_and_no_other() -> None:
    leaves = entries(20)
    tree = Tree(leaves)
    for size in range(1, 21):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion(index, size)
            for claimed in range(size):
                if claimed == index:
                    check_inclusion(leaves[claimed], index, size, root, proof)
                    continue
                with pytest.raises(LogError):
                    check_inclusion(leaves[claimed], index, size, root, proof)
                with pytest.raises(LogError):
                    check_inclusion(leaves[index], claimed, size, root, proof)


@settings(max_examples=150, deadline=None)
@given(sizes, st.data())
def test_a_changed_proof_does_not_hold(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    tree = Tree(leaves)
    root = tree.root()
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path, kept = tree.inclusion(index), tree.consistency(old)
    check_inclusion(leaves[index], index, size, root, path)
    check_consistency(old, tree.root(old), size, root, kept)
    for wrong in changes(path, data):
        with pytest.raises(LogError):
            check_inclusion(leaves[index], index, size, root, wrong)
    for wrong in changes(kept, data):
        with pytest.raises(LogError):
            check_consistency(old, tree.root(old), size, root, wrong)


def changes(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """A node more, a node less, a bit flipped, two nodes exchanged."""
    out = [[*proof, bytes(32)], [bytes(32), *proof], proof + proof[-1:] + [bytes(32)] * 64]
    if proof:
        out += [proof[:-1], proof[1:]]
        place = data.draw(st.integers(0, len(proof) * 256 - 1))
        node = bytearray(proof[place // 256])
        node[place // 8 % 32] ^= 1 << place % 8
        out.append([*proof[: place // 256], bytes(node), *proof[place // 256 + 1 :]])
    if len(proof) > 1:
        out.append([proof[1], proof[0], *proof[2:]])
    return out


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 70), st.data())
def test_a_rewritten_history_is_no_continuation(size: int, data: st.DataObject) -> None:
    """Property 10: a forked log is detected."""
    old = data.draw(st.integers(1, size - 1))
    place = data.draw(st.integers(0, old - 1))
    honest, forged = Tree(entries(old)), entries(size)
    forged[place] = b"another history"
    lying = Tree(forged)
    with pytest.raises(LogError):
        check_consistency(old, honest.root(), size, lying.root(), lying.consistency(old))


@settings(max_examples=200, deadline=None)
@given(
    *(st.integers(-1, 80), st.integers(-1, 80)),
    st.lists(st.binary(min_size=32, max_size=32), max_size=8),
)
def test_any_proof_ends_in_one_error(first: int, size: int, proof: list[bytes]) -> None:
    root = Tree(entries(5)).root()
    with pytest.raises(LogError):
        check_inclusion(b"no entry", first, size, root, proof)
    if (first, proof) != (size, []):
        with pytest.raises(LogError):
            check_consistency(first, root, size, root[::-1], proof)


def test_what_was_never_there_is_not_proven() -> None:
    tree = Tree(ENTRIES)
    for wrong in (
        lambda: tree.root(9),
        lambda: tree.inclusion(8),
        lambda: tree.inclusion(-1),
        lambda: tree.inclusion(3, 3),
        lambda: tree.consistency(0),
        lambda: tree.consistency(9),
        lambda: tree.consistency(5, 4),
    ):
        with pytest.raises(LogError):
            wrong()


def test_the_edge_goes_on_like_the_tree() -> None:
    """From any size on, the edge's root is the tree's."""
    for start in range(40):
        edge = Tree(entries(40)).edge(start)
        for size in range(start, 40):
            assert (edge.size, edge.root()) == (size, Tree(entries(40)).root(size))
            edge.append(entries(40)[size])


def test_an_edge_of_another_size_is_refused() -> None:
    for size, peaks in ((1, []), (2, [bytes(32)] * 2), (3, [bytes(32), b"short"]), (-1, [])):
        with pytest.raises(LogError):
            Frontier(size, peaks)
