"""The environment of a `gongjian` process that a benchmark starts: a database and a key for each purpose it asks for."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

KEY = "b0" * 32
HEADS = Path(tempfile.gettempdir()) / "gongjian-bench-heads"
"""Where benchmarks keep signed heads: not where those of an installation on this machine are."""
PURPOSES = ("CREDENTIAL", "RECEIPT", "BOX", "GATEWAY", "HEADS", "BIDS", "PERSON")


def environment(database_url: str, **more: str) -> dict[str, str]:
    """This process's own environment with the database (application role), the keys in hexadecimal and `more`."""
    keys: Mapping[str, str] = {f"GONGJIAN_{purpose}_KEY": KEY for purpose in PURPOSES}
    places = {"DATABASE_URL": database_url, "GONGJIAN_HEADS_DIR": str(HEADS)}
    return {**os.environ, **keys, **places, **more}
