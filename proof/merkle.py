"""The Merkle tree of a ballot box: RFC 6962 section 2.1 (RFC 9162 section 2.1) over SHA-256.

A leaf is `SHA-256(0x00 || data)`, a node `SHA-256(0x01 || left || right)`, the root of nothing
`SHA-256("")`. Everything that is called a leaf below is a leaf *hash* of 32 bytes. A path holds the
sister nodes from the leaf upwards. The split of the RFC (the largest power of two below the size)
is the same tree as pairing each level from the left and carrying an odd last node up unchanged.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without a leaf."""

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's data; the prefix keeps a node from being passed off as a leaf."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(_NODE + left + right).digest()


class Tree:
    """A tree that grows by appending and holds no more than one hash per level of itself."""

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Empty, or as a tree of `size` leaves that gave its `peaks`.

        Raises:
            ValueError: a tree of this size has another number of peaks.
        """
        if len(peaks) != size.bit_count() * HASH_BYTES:
            raise ValueError("other peaks than those of the size")
        self._peaks = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]
        self._size = size

    @property
    def peaks(self) -> bytes:
        """What it goes on growing from: the roots of the whole trees within it, from the left."""
        return b"".join(self._peaks)

    @property
    def size(self) -> int:
        """How many leaves were appended."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add the next leaf hash at the right end."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaf hashes, in their order."""
        pop, push = self._peaks.pop, self._peaks.append
        for leaf in leaves:
            node, number = leaf, self._size
            self._size = number + 1
            while number & 1:
                node = sha256(b"\x01" + pop() + node).digest()
                number >>= 1
            push(node)

    def root(self) -> bytes:
        """The root over what was appended so far; the tree may go on growing."""
        peaks = reversed(self._peaks)
        top = next(peaks, EMPTY_ROOT)
        for peak in peaks:
            top = node_hash(peak, top)
        return top


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes that come one by one."""
    tree = Tree()
    tree.extend(leaves)
    return tree.root()


class PackedTree:
    """A whole tree in memory, 64 bytes a leaf, that gives the path of any leaf at once."""

    def __init__(self, leaves: bytes) -> None:
        """`leaves` are the leaf hashes one after the other."""
        self._levels = [leaves]
        self.size = len(leaves) // HASH_BYTES
        level, pair = leaves, 2 * HASH_BYTES
        while len(level) > HASH_BYTES:
            whole = len(level) // pair * pair
            nodes = [sha256(b"\1" + level[at : at + pair]).digest() for at in range(0, whole, pair)]
            level = b"".join((*nodes, level[whole:]))
            self._levels.append(level)

    def root(self) -> bytes:
        """The root over all leaves."""
        return self._levels[-1] or EMPTY_ROOT

    def path(self, index: int) -> tuple[bytes, ...]:
        """The path of a leaf.

        Raises:
            IndexError: the tree has no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        path = []
        for level in self._levels:
            sister = level[(index ^ 1) * HASH_BYTES : ((index ^ 1) + 1) * HASH_BYTES]
            if sister:
                path.append(sister)
            index >>= 1
        return tuple(path)


def inclusion_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path that proves that `leaves[index]` is in the tree (RFC 6962 section 2.1.1).

    Raises:
        IndexError: the tree has no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path = []
    for level in _levels(leaves):
        sister = index ^ 1
        if sister < len(level):
            path.append(level[sister])
        index >>= 1
    return tuple(path)


def root_and_paths(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The root, and the path of every leaf in the order of the leaves: for a batch of receipts."""
    levels = list(_levels(leaves))
    if not levels:
        return (leaves[0] if leaves else EMPTY_ROOT), [() for _ in leaves]
    paths = []
    for leaf in range(len(leaves)):
        path, index = [], leaf
        for level in levels:
            sister = index ^ 1
            if sister < len(level):
                path.append(level[sister])
            index >>= 1
        paths.append(tuple(path))
    return node_hash(*levels[-1]), paths


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its path lead to; to be compared with the signed one.

    Raises:
        ValueError: `index` is not in a tree of `size` leaves, a hash has not 32 bytes, or the path
            has not the length that this place in this tree needs (RFC 9162 section 2.1.3.2).
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    if any(len(part) != HASH_BYTES for part in (leaf, *path)):
        raise ValueError("a hash has 32 bytes")
    rest, last, steps = leaf, size - 1, iter(path)
    while last:
        if index & 1:
            rest = node_hash(_next(steps), rest)
        elif index < last:
            rest = node_hash(rest, _next(steps))
        index, last = index >> 1, last >> 1
    if next(steps, None) is not None:
        raise ValueError("the path is too long")
    return rest


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf has this place in the tree of this size and root."""
    try:
        return root_from_path(leaf, index, size, path) == root
    except ValueError:
        return False


def consistency_path(leaves: Sequence[bytes], earlier: int) -> tuple[bytes, ...]:
    """What proves that the tree only grew since it had `earlier` leaves (RFC 6962 2.1.2).

    Raises:
        IndexError: there never was a tree of that size: less than one leaf or more than there are.
    """
    if not 0 < earlier <= len(leaves):
        raise IndexError(earlier)
    start, stop, whole = 0, len(leaves), True
    path: list[bytes] = []
    while earlier != stop - start:
        split = 1 << (stop - start - 1).bit_length() - 1
        if earlier <= split:
            path.append(root_of(leaves[start + split : stop]))
            stop = start + split
        else:
            path.append(root_of(leaves[start : start + split]))
            start, earlier, whole = start + split, earlier - split, False
    if not whole:
        path.append(root_of(leaves[start:stop]))
    return tuple(reversed(path))


def consistent(
    earlier: int, earlier_root: bytes, later: int, later_root: bytes, path: Sequence[bytes]
) -> bool:
    """Is the later tree the earlier one with leaves appended (RFC 9162 section 2.1.4.2)?

    A tree without a leaf is consistent with any tree, and needs no path.
    """
    if not 0 <= earlier <= later or any(len(part) != HASH_BYTES for part in path):
        return False
    if earlier == 0:
        return not path and earlier_root == EMPTY_ROOT and (later > 0 or later_root == EMPTY_ROOT)
    if earlier == later:
        return not path and earlier_root == later_root
    power_of_two = earlier & (earlier - 1) == 0
    proof = (earlier_root, *path) if power_of_two else tuple(path)
    return _both_roots(earlier - 1, later - 1, proof) == (earlier_root, later_root)


def _both_roots(first: int, last: int, proof: tuple[bytes, ...]) -> tuple[bytes, bytes] | None:
    """The roots of both trees as the proof builds them; None when it has a wrong length."""
    while first & 1:
        first, last = first >> 1, last >> 1
    if not proof:
        return None
    old = new = proof[0]
    for part in proof[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, part)
        first, last = first >> 1, last >> 1
    return (old, new) if last == 0 else None


def _levels(leaves: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The levels of the tree below its root, from the leaves up."""
    level = leaves
    while len(level) > 1:
        yield level
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(level) & 1:
            above.append(level[-1])
        level = above


def _next(steps: Iterator[bytes]) -> bytes:
    step = next(steps, None)
    if step is None:
        raise ValueError("the path is too short")
    return step
