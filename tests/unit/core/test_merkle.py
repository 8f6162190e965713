"""The Merkle tree against the vectors that Certificate Transparency publishes, and by chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# google/certificate-transparency, merkletree/merkle_tree_test.cc (RFC 6962; RFC 9162 hashes alike).
ENTRIES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
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
# (leaf, size): path
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
# (earlier, size): proof
PROOFS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
sizes = st.integers(1, 70)


def made_up(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def in_hex(hashes: list[bytes]) -> list[str]:
    return [each.hex() for each in hashes]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root().hex() == EMPTY_ROOT.hex() == empty


def test_the_published_roots_come_out() -> None:
    tree = Frontier()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root


def test_the_published_inclusion_proofs_come_out_and_hold() -> None:
    for (index, size), path in PATHS.items():
        proof = inclusion_proof(index, LEAVES[:size])
        assert in_hex(proof) == path
        root = bytes.fromhex(ROOTS[size - 1])
        assert verify_inclusion(LEAVES[index], index, size, proof, root)


def test_the_published_consistency_proofs_come_out_and_hold() -> None:
    for (earlier, size), path in PROOFS.items():
        proof = consistency_proof(earlier, LEAVES[:size])
        assert in_hex(proof) == path
        roots = bytes.fromhex(ROOTS[earlier - 1]), bytes.fromhex(ROOTS[size - 1])
        assert verify_consistency(earlier, size, proof, *roots)


def by_the_definition(leaves: list[bytes]) -> bytes:
    """MTH as the RFC words it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_the_definition(leaves[:split]), by_the_definition(leaves[split:]))


@given(size=sizes)
def test_growing_leaf_by_leaf_gives_what_the_definition_gives(size: int) -> None:
    leaves = made_up(size)
    assert root_of(leaves) == by_the_definition(leaves)


@given(size=sizes, more=sizes)
def test_a_kept_frontier_goes_on_where_it_stopped(size: int, more: int) -> None:
    leaves = made_up(size + more)
    kept = Frontier()
    for leaf in leaves[:size]:
        kept.append(leaf)
    resumed = Frontier.unpack(size, kept.packed())
    for leaf in leaves[size:]:
        resumed.append(leaf)
    assert resumed.root() == root_of(leaves)


@given(data=st.data(), size=sizes)
def test_each_leaf_is_shown_to_be_in_at_its_place_only(data: st.DataObject, size: int) -> None:
    leaves = made_up(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(index, leaves), root_of(leaves)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(-1, size))
    assert verify_inclusion(leaves[index], other, size, proof, root) is (other == index)
    assert not verify_inclusion(leaf_hash(b"forged"), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)


@given(data=st.data(), size=sizes)
def test_a_tree_is_shown_to_have_grown_out_of_each_earlier_one(
    data: st.DataObject, size: int
) -> None:
    leaves = made_up(size)
    earlier = data.draw(st.integers(1, size))
    proof = consistency_proof(earlier, leaves)
    before, now = root_of(leaves[:earlier]), root_of(leaves)
    assert verify_consistency(earlier, size, proof, before, now)
    forged = leaf_hash(b"forged")
    assert not verify_consistency(earlier, size, proof, forged, now)
    assert not verify_consistency(earlier, size, proof, before, forged)
    assert not verify_consistency(earlier, size, [*proof, now], before, now)
    if proof:
        assert not verify_consistency(earlier, size, proof[:-1], before, now)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(8, LEAVES)
    with pytest.raises(IndexError):
        consistency_proof(0, LEAVES)
    with pytest.raises(ValueError, match="one hash for each"):
        Frontier(3, [LEAVES[0]])
