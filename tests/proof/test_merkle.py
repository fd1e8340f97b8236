"""The Merkle tree against the published vectors of Certificate Transparency and its own properties."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof import merkle

DATA = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [merkle.leaf_hash(data) for data in DATA]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = (
    # (index, size, path) of the reference implementation's test vectors
    (0, 1, ()),
    (
        0,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        5,
        8,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (2, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        1,
        5,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
CONSISTENCY = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
SIZES = st.integers(1, 70)


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def root_as_the_rfc_says(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = root_as_the_rfc_says(leaves[:k]), root_as_the_rfc_says(leaves[k:])
    return sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_paths_are_those_of_the_published_vectors(index, size, path) -> None:
    assert tuple(p.hex() for p in merkle.inclusion_path(LEAVES[:size], index)) == path


@pytest.mark.parametrize(("earlier", "later", "path"), CONSISTENCY)
def test_consistency_paths_are_those_of_the_published_vectors(earlier, later, path) -> None:
    found = merkle.consistency_path(LEAVES[:later], earlier)
    assert tuple(p.hex() for p in found) == path


@given(st.integers(0, 200))
def test_the_streamed_root_is_the_recursive_one_of_the_rfc(size: int) -> None:
    leaves = leaves_of(size)
    assert merkle.root_of(leaves) == root_as_the_rfc_says(leaves)


def test_a_tree_shows_its_root_at_every_size_and_goes_on_growing() -> None:
    tree, leaves = merkle.Tree(), leaves_of(40)
    for size, leaf in enumerate(leaves, 1):
        tree.append(leaf)
        assert tree.size == size
        assert tree.root() == root_as_the_rfc_says(leaves[:size])


def test_a_batch_without_a_leaf_has_the_empty_root_and_no_path() -> None:
    assert merkle.root_and_paths([]) == (merkle.EMPTY_ROOT, [])


@given(SIZES)
def test_every_leaf_is_proved_by_its_path(size: int) -> None:
    leaves = leaves_of(size)
    root = merkle.root_of(leaves)
    all_at_once, paths = merkle.root_and_paths(leaves)
    assert (all_at_once, len(paths)) == (root, size)
    for index, path in enumerate(paths):
        assert path == merkle.inclusion_path(leaves, index)
        assert merkle.root_from_path(leaves[index], index, size, path) == root
        assert merkle.included(leaves[index], index, size, path, root)


@given(SIZES, st.data())
def test_a_changed_leaf_index_or_path_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    root = merkle.root_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_path(leaves, index)
    other = data.draw(st.integers(-2, size + 2).filter(lambda number: number != index))
    assert not merkle.included(leaves[index], other, size, path, root)
    assert not merkle.included(merkle.leaf_hash(b"forged"), index, size, path, root)
    assert not merkle.included(leaves[index], index, size, (*path, root), root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        changed = [*path]
        changed[at] = bytes([changed[at][0] ^ 1]) + changed[at][1:]
        assert not merkle.included(leaves[index], index, size, changed, root)
        assert not merkle.included(leaves[index], index, size, path[:-1], root)
        assert not merkle.included(leaves[index], index, size, path[1:], root)


@given(SIZES, st.data())
def test_a_grown_tree_is_consistent_with_each_earlier_one(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    earlier = data.draw(st.integers(1, size))
    old, new = merkle.root_of(leaves[:earlier]), merkle.root_of(leaves)
    path = merkle.consistency_path(leaves, earlier)
    assert merkle.consistent(earlier, old, size, new, path)
    assert not merkle.consistent(earlier, merkle.leaf_hash(b"x"), size, new, path)
    assert not merkle.consistent(earlier, old, size, merkle.leaf_hash(b"x"), path)
    assert not merkle.consistent(earlier, old, size, new, (*path, new))


@given(st.integers(2, 70), st.data())
def test_a_tree_with_a_replaced_or_dropped_leaf_is_not_consistent(
    size: int, data: st.DataObject
) -> None:
    leaves = leaves_of(size)
    earlier = data.draw(st.integers(1, size - 1))
    at = data.draw(st.integers(0, earlier - 1))
    old = merkle.root_of(leaves[:earlier])
    replaced = [*leaves]
    replaced[at] = merkle.leaf_hash(b"replaced")
    dropped = leaves[:at] + leaves[at + 1 :]
    for forged in (replaced, dropped):
        path = merkle.consistency_path(forged, min(earlier, len(forged)))
        assert not merkle.consistent(earlier, old, len(forged), merkle.root_of(forged), path)


def test_a_tree_that_shrank_is_not_consistent() -> None:
    leaves = leaves_of(5)
    assert not merkle.consistent(5, merkle.root_of(leaves), 4, merkle.root_of(leaves[:4]), ())


def test_the_empty_tree_is_consistent_with_every_tree_without_a_path() -> None:
    root = merkle.root_of(leaves_of(3))
    assert merkle.consistent(0, merkle.EMPTY_ROOT, 3, root, ())
    assert not merkle.consistent(0, root, 3, root, ())
    assert not merkle.consistent(0, merkle.EMPTY_ROOT, 3, root, (root,))


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    assert merkle.leaf_hash(LEAVES[0] + LEAVES[1]) != merkle.node_hash(LEAVES[0], LEAVES[1])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_that_is_not_there_has_no_path(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_path(leaves_of(3), index)


@pytest.mark.parametrize("earlier", [0, -1, 4])
def test_a_size_that_never_was_has_no_consistency_path(earlier: int) -> None:
    with pytest.raises(IndexError):
        merkle.consistency_path(leaves_of(3), earlier)


def test_a_hash_of_another_length_is_refused() -> None:
    leaves = leaves_of(2)
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.root_from_path(leaves[0][:31], 0, 2, (leaves[1],))
