"""The proof that a ballot is in the published tree, as a page hands it to the phone that checks it."""

import json

from proof.canonical import canonical_json
from service.ballots.lookup import FoundBallot

NOT_SIGNED = frozenset({"public_key", "signature"})


def proof_of(found: FoundBallot) -> str:
    """Leaf, path and signed head as JSON for `proof.js`; "" before the close.

    `statement` is what the head's signature is over, as it was signed.
    """
    head = found.tree_head
    if not isinstance(head, dict) or found.index is None:
        return ""
    fields = {name: value for name, value in head.items() if name not in NOT_SIGNED}
    return json.dumps(
        {
            "code": found.code,
            "leaf": found.leaf_hash,
            "index": found.index,
            "path": list(found.path),
            "size": head.get("tree_size"),
            "root": head.get("root"),
            "statement": canonical_json(fields).decode(),
            "key": head.get("public_key"),
            "signature": head.get("signature"),
        }
    )
