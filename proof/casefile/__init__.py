"""The evidence of a whole case: its events, redacted for a reader and still verifiable, and its documents.

An event whose fields are all shown proves itself: its hash is computed anew. Of another one each hidden
field is a salted commitment; who signs the bundle stands for it, and the bundle for a reader of
everything, whose salts are the same, shows whether the commitments were true.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import resources
from typing import NamedTuple

from pydantic import JsonValue

from proof.canonical import canonical_json
from proof.casefile.checking import FORMAT, commitment, leaf, tree_root

SALT_BYTES = 16
HEAD = """\
#!/usr/bin/env python3
# Checks the evidence of a case. 核验案件证据包。
#
#     python3 verify.py BUNDLE.zip [KEY]
#
# Needs Python 3.8 or later and nothing else: no network, no other file. It writes nothing.
"""
README = """\
The evidence of one case. 一个案件的证据包。

events.jsonl    the record, one event a line; what its reader may not read is a commitment (hidden)
documents/      schemes and publications as they stand in the record, and the public bundles of counted votes
head.txt        the signed head of the record (C2SP checkpoint), where heads are signed
anchor.json     where the head of an event stands in the tree of all cases, and who has cosigned the tree
manifest.json   the SHA-256 of every file, and the root of the tree of commitments; signature.json signs it
verify.py       checks it with Python 3.8 or later alone: python3 verify.py THIS.zip
                (who signed the tree in anchor.json it cannot know: compare those keys with the posted ones)

An event that is shown whole proves itself by its hash. Of one that is redacted, the links of the chain and
the signature of whoever made this bundle are what is checked.
"""


class ProvedEvent(NamedTuple):
    """An event as its hash covers it, and the names of the fields that the reader may not read.

    Fields are named as in the record; of the details each has a name of its own, "details.<name>".
    """

    seq: int
    prev_hash: str
    hash: str
    fields: Mapping[str, JsonValue]
    hidden: frozenset[str]


def named_fields(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The hashed fields of an event, its details one by one."""
    details = fields.get("details")
    inner = details if isinstance(details, Mapping) else {}
    rest = {name: value for name, value in fields.items() if name != "details"}
    return {**rest, **{f"details.{name}": value for name, value in inner.items()}}


def salted(secret: bytes, event: ProvedEvent) -> dict[str, str]:
    """A salt for each field: the same whoever asks, known to who has the secret or is shown the field."""
    return {
        name: hmac.new(secret, f"{event.hash}/{name}".encode(), sha256).hexdigest()[
            : 2 * SALT_BYTES
        ]
        for name in event.fields
    }


def event_line(secret: bytes, event: ProvedEvent) -> tuple[bytes, bytes]:
    """The line of an event, and its leaf."""
    salts = salted(secret, event)
    made = {name: commitment(salts[name], name, value) for name, value in event.fields.items()}
    line: dict[str, JsonValue] = {
        "seq": event.seq,
        "hash": event.hash,
        "prev_hash": event.prev_hash,
        "shown": {
            name: [salts[name], value]
            for name, value in event.fields.items()
            if name not in event.hidden
        },
        "hidden": {name: made[name] for name in sorted(event.hidden)},
    }
    return canonical_json(line), leaf(event.seq, event.hash, event.prev_hash, made)


def root_hex(leaves: Sequence[bytes]) -> str:
    """The root of the tree of commitments."""
    return tree_root(list(leaves)).hex()


def standalone_case() -> bytes:
    """The `verify.py` of a bundle: one file, the same bytes every time."""
    beside = resources.files("proof.verifier")
    files = (
        beside.joinpath("signing.py"),
        beside.joinpath("printing.py"),
        resources.files(__name__).joinpath("checking.py"),
    )
    left_out = re.compile(r"^from (?:__future__|proof\.verifier)[.a-z]* import .+\n", re.MULTILINE)
    parts = (left_out.sub("", each.read_text(encoding="utf-8")).strip() for each in files)
    future = "from __future__ import annotations\n"
    start = '\n\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    return (HEAD + future + "\n" + "\n\n".join(parts) + start).encode()


__all__ = [
    "FORMAT",
    "README",
    "ProvedEvent",
    "event_line",
    "named_fields",
    "root_hex",
    "standalone_case",
]
