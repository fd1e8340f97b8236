"""The environment of a `gongjian` process that a benchmark starts: a database and a key for each purpose it asks for."""

import os
from collections.abc import Mapping

KEY = "b0" * 32
PURPOSES = ("CREDENTIAL", "RECEIPT", "BOX", "GATEWAY", "HEADS", "BIDS", "PERSON")


def environment(database_url: str, **more: str) -> dict[str, str]:
    """This process's own environment with the database (application role), the keys in hexadecimal and `more`."""
    keys: Mapping[str, str] = {f"GONGJIAN_{purpose}_KEY": KEY for purpose in PURPOSES}
    return {**os.environ, **keys, "DATABASE_URL": database_url, **more}
