"""Proofs in Merkle trees as RFC 6962 has them: that a record is in a tree, and that one tree begins another.

Leaves are the hashes of records, 32 bytes each. Roots and proofs are hex. `domain.evidence.check.Tree` makes roots.
"""

import hashlib
from collections.abc import Iterable, Sequence

from domain.evidence.check import Tree


def root_of(leaves: Iterable[bytes]) -> str:
    """The root over these leaves (RFC 6962, 2.1)."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[str]:
    """What leaf `index` (from 0) has to be hashed with to come to the root (RFC 6962, 2.1.1). Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError("there is no such leaf")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[str], root: str) -> bool:
    """Whether the proof leads from leaf `index` of a tree of `size` leaves to its root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for step in map(bytes.fromhex, proof):
        if last == 0:
            return False
        if at & 1 or at == last:
            node = _joined(step, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _joined(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and node.hex() == root


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[str]:
    """What shows that the tree over the first `old` leaves is the beginning of this one (RFC 6962, 2.1.2).

    Raises IndexError unless 0 < old <= the number of leaves.
    """
    if not 0 < old <= len(leaves):
        raise IndexError("there is no such tree before this one")
    return _consistency(leaves, old, is_whole=True)


def _consistency(leaves: Sequence[bytes], old: int, *, is_whole: bool) -> list[str]:
    if old == len(leaves):
        return [] if is_whole else [root_of(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_consistency(leaves[:split], old, is_whole=is_whole), root_of(leaves[split:])]
    return [*_consistency(leaves[split:], old - split, is_whole=False), root_of(leaves[:split])]


def is_consistent(old: int, new: int, old_root: str, new_root: str, proof: Sequence[str]) -> bool:
    """Whether the proof shows that the tree of `old` leaves is the beginning of that of `new` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = [bytes.fromhex(step) for step in proof]
    if old & (old - 1) == 0:
        path.insert(0, bytes.fromhex(old_root))
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = _joined(step, before), _joined(step, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = _joined(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before.hex() == old_root and after.hex() == new_root


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
