"""The Merkle tree of RFC 9162, section 2.1: SHA-256, leaves and nodes hashed apart.

Pure and without state of its own: a log keeps a ``Frontier`` with each head, so that appending to
a log of n leaves costs O(log n) hashes and its head needs no look at what came before.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry of the log (2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side (2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The right edge of a tree: the roots of its complete subtrees, the largest first.

    There is one for each binary digit 1 of ``size``.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each binary digit 1 of its size")

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        node, rest = leaf, self.size
        while rest & 1:  # a complete subtree of the same size stands to the left: join them
            node = node_hash(self.hashes.pop(), node)
            rest >>= 1
        self.hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The head of the tree (2.1.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        *others, node = self.hashes
        for left in reversed(others):
            node = node_hash(left, node)
        return node

    def packed(self) -> bytes:
        """The hashes behind each other, as ``unpack`` reads them."""
        return b"".join(self.hashes)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "Frontier":
        """Raises ValueError where the hashes do not belong to a tree of this size."""
        starts = range(0, len(packed), HASH_BYTES)
        return cls(size, [packed[start : start + HASH_BYTES] for start in starts])


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The head over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH (2.1.3.1): what shows that the leaf ``index`` is in the tree of ``leaves``.

    Raises IndexError for a leaf that is not.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_proof(index, left), root_of(right)]
    return [*inclusion_proof(index - split, right), root_of(left)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` shows that ``leaf`` stands at ``index`` of the tree of ``size`` leaves with
    this root (2.1.3.2).
    """
    if not 0 <= index < size:
        return False
    node, last, at = leaf, size - 1, index
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:  # the right edge: levels at which it has no sibling
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(earlier: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF (2.1.4.1): what shows that the tree of the first ``earlier`` leaves is a beginning of
    the tree of ``leaves``.

    Raises IndexError unless 0 < earlier <= len(leaves).
    """
    if not 0 < earlier <= len(leaves):
        raise IndexError(earlier)
    return _subproof(earlier, leaves, whole=True)


def verify_consistency(
    earlier: int, size: int, proof: Sequence[bytes], earlier_root: bytes, root: bytes
) -> bool:
    """Whether ``proof`` shows that the tree of ``size`` leaves grew out of the one of ``earlier``
    leaves, with these roots (2.1.4.2).
    """
    if not 0 < earlier <= size:
        return False
    if earlier == size:
        return not proof and earlier_root == root
    path = [earlier_root, *proof] if earlier.bit_count() == 1 else list(proof)
    if not path:
        return False
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root


def _subproof(earlier: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if earlier == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if earlier <= split:
        return [*_subproof(earlier, left, whole=whole), root_of(right)]
    return [*_subproof(earlier - split, right, whole=False), root_of(left)]


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1
