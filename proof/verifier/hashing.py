"""The Merkle tree of RFC 6962 section 2.1: a leaf is SHA-256(0x00 || data), a node 0x01."""

from __future__ import annotations

import hashlib


def leaf_of(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Leaves:
    """The leaf hashes of a tree, one after the other in 32 bytes each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes) // 32

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        self._bytes += leaf

    def at(self, index: int) -> bytes:
        """The leaf hash at a place."""
        return bytes(self._bytes[32 * index : 32 * index + 32])

    def root(self) -> bytes:
        """The root over all leaves."""
        peaks: list[bytes] = []
        for index in range(len(self)):
            node, number = self.at(index), index
            while number & 1:
                node, number = node_of(peaks.pop(), node), number >> 1
            peaks.append(node)
        if not peaks:
            return hashlib.sha256(b"").digest()
        top = peaks.pop()
        while peaks:
            top = node_of(peaks.pop(), top)
        return top

    def path(self, index: int) -> list[bytes]:
        """The sister nodes from a leaf to the root."""
        level, path = [self.at(number) for number in range(len(self))], []
        while len(level) > 1:
            if index ^ 1 < len(level):
                path.append(level[index ^ 1])
            above = [node_of(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
            level, index = above + level[len(above) * 2 :], index >> 1
        return path


def root_of_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Where a path leads; None when it does not fit this place in a tree of this size."""
    steps, last, node = list(reversed(path)), size - 1, leaf
    if not 0 <= index < size:
        return None
    while last:
        if index & 1 or index < last:
            if not steps:
                return None
            sister = steps.pop()
            node = node_of(sister, node) if index & 1 else node_of(node, sister)
        index, last = index >> 1, last >> 1
    return None if steps else node
