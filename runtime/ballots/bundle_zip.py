"""The zip of a bundle, written in one stream: the same files always give the same bytes."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LEVEL = 1
"""Of compression: hashes hardly shrink, a higher level costs time and gains little."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the same vote makes the same files."""


class BundleWriter:
    """The zip that is being written, and the hashes of its files so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.hashes: dict[str, str] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Open a file of the zip; what is called with bytes adds them to it."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        setattr(info, "_compresslevel", LEVEL)  # noqa: B010 - there is no public name before 3.13
        digest = hashlib.sha256()
        with self._archive.open(info, "w", force_zip64=name.endswith(".jsonl")) as raw:

            def write(data: bytes) -> None:
                digest.update(data)
                raw.write(data)

            yield write
        self.hashes[name] = digest.hexdigest()

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        with self.file(name) as write:
            write(data)
