"""Merkle trees as RFC 6962 has them."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.evidence.merkle import consistency_proof, inclusion_proof, is_consistent, is_included, root_of

LEAVES = [sha256(bytes([number])).digest() for number in range(40)]
# The roots over the first leaves of Certificate Transparency's own test data: "", 00, 10, 2021, 3031, 40414243, ...
# Source: certificate-transparency, reference tests of the Merkle tree.
KNOWN_LEAVES = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43"]
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
}


@pytest.mark.parametrize(("size", "root"), KNOWN_ROOTS.items())
def test_roots_are_those_of_certificate_transparency(size: int, root: str):
    assert root_of(KNOWN_LEAVES[:size]) == root


@given(st.integers(1, 40), st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject):
    leaves = LEAVES[:size]
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))

    proof, root = inclusion_proof(leaves, index), root_of(leaves)

    assert is_included(leaves[index], index, size, proof, root)
    assert is_included(leaves[other], index, size, proof, root) == (other == index)
    assert not is_included(leaves[index], index, size, [*proof, "00" * 32], root)
    assert not is_included(leaves[index], size, size, proof, root)


@given(st.integers(1, 40), st.data())
def test_a_tree_is_proven_to_begin_a_later_one(new: int, data: st.DataObject):
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(LEAVES[:new], old)
    old_root, new_root = root_of(LEAVES[:old]), root_of(LEAVES[:new])
    forged = root_of([*LEAVES[: old - 1], bytes(32)])

    assert is_consistent(old, new, old_root, new_root, proof)
    assert not is_consistent(old, new, forged, new_root, proof)
    assert not is_consistent(old, new, old_root, new_root, [*proof, "00" * 32])


@pytest.mark.parametrize(("old", "new", "proof"), [(0, 3, ["00" * 32]), (3, 2, ["00" * 32]), (1, 2, [])])
def test_what_is_no_earlier_tree_is_not_proven(old: int, new: int, proof: list[str]):
    assert not is_consistent(old, new, "00", "00", proof)


def test_there_are_no_proofs_of_what_is_not_there():
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES[:3], 4)
    assert not is_included(LEAVES[0], 0, 1, ["00" * 32], root_of(LEAVES[:1]))
