"""Files that are for their owner only."""

import os
from pathlib import Path

OWNER_ONLY = 0o600


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, readable by its owner only from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
