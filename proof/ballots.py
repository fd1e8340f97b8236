"""What is hashed, signed and published of a ballot: commitment, leaf, receipt, line of the roll.

Nothing here knows a key or a choice. Hashes are SHA-256 in 32 bytes; moments are texts as
`proof.canonical.utc_text` writes them.
"""

import hmac
import json
from binascii import hexlify
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from proof.canonical import canonical_json

NONCE_BYTES = 16
_LEAF_BEGINS = b'\0{"ballot":"'
_STRING = json.encoder.encode_basestring


def commitment_of(nonce: bytes, choices: bytes) -> bytes:
    """SHA-256 of the secret nonce and the canonical JSON of the choices: it binds the voter and hides the choice."""
    return sha256(nonce + choices).digest()


@dataclass(frozen=True)
class Times:
    """When a ballot was cast: by the clock of the case (the tick) and by that of the database.

    Both in UTC with microseconds and offset +00:00. The ballots of one commit share them.
    """

    cast_at: str
    recorded_at: str

    @cached_property
    def end(self) -> bytes:
        """The end of a leaf's data, the same for every ballot of a commit."""
        return f'","cast_at":"{self.cast_at}","recorded_at":"{self.recorded_at}"}}'.encode()


class Leaves:
    """Makes the leaves of one box's Merkle tree (RFC 6962, each SHA-256 of 0x00 and its data).

    In a box of format 1 a leaf is the content hash of its ballot; from format 2 on it covers the
    times as well.
    """

    def __init__(self, box_id: str, box_format: int) -> None:
        self._box, self._has_times = _STRING(box_id), box_format > 1

    def content_hash(
        self,
        pseudonym: str,
        channel: str,
        commitment: bytes,
        heads: int,
        area_dm2: int,
        shares: int | None,
    ) -> bytes:
        """The hash of a ballot without its times, over canonical JSON: 32 bytes."""
        # Written out in one piece with its 0x00, because it is made often.
        data = (
            f'\0{{"area_dm2":{area_dm2},"box_id":{self._box},'
            f'"channel":"{channel}","commitment":"{commitment.hex()}","entry":"{pseudonym}",'
            f'"heads":{heads},"shares":{"null" if shares is None else shares}}}'
        )
        return sha256(data.encode()).digest()

    def leaf(self, content_hash: bytes, times: Times) -> bytes:
        """The leaf hash of a ballot: 32 bytes; the receipt shows it.

        The function `cast_ballots` makes the same one: only the database knows the times.
        """
        if not self._has_times:
            return content_hash
        return sha256(_LEAF_BEGINS + hexlify(content_hash) + times.end).digest()


def ballot_id_of(leaf: bytes) -> str:
    """The id of a ballot: the first half of its leaf hash, in hex."""
    return leaf.hex()[:32]


def receipt_data(
    *,
    ballot_id: str,
    box_id: str,
    leaf: bytes,
    cast_at: str | None,
    recorded_at: str,
    unit_number: str,
) -> bytes:
    """What a receipt states, in canonical JSON written out because it is made often.

    `cast_at` is None in a box of format 1, whose receipts do not state it.
    """
    cast = "" if cast_at is None else f'"cast_at":"{cast_at}",'
    return (
        f'{{"ballot_id":"{ballot_id}","box_id":{_STRING(box_id)},{cast}'
        f'"leaf_hash":"{leaf.hex()}","recorded_at":"{recorded_at}",'
        f'"unit_number":{_STRING(unit_number)}}}'
    ).encode()


def batch_statement(batch: str, root: bytes, box_id: str, size: int) -> bytes:
    """What is signed about ballots that were committed together; `root` is over their receipts."""
    return canonical_json(
        {"batch": batch, "batch_root": root.hex(), "box_id": box_id, "size": size}
    )


def pseudonym_of(salt: bytes, entry_id: str) -> str:
    """What stands for a roll entry in all that is published: 32 hex digits, new in every box."""
    return hmac.digest(salt, entry_id.encode(), sha256).hex()[:32]


def roll_line(
    *,
    pseudonym: str,
    heads: int,
    area_dm2: int,
    shares: int | None,
    developer: bool,
    excluded_reason: str | None,
) -> bytes:
    """One entry of the published roll; the roll's hash is over these lines, by pseudonym."""
    return (
        canonical_json(
            {
                "area_dm2": area_dm2,
                "developer": developer,
                "entry": pseudonym,
                "excluded_reason": excluded_reason,
                "heads": heads,
                "shares": shares,
            }
        )
        + b"\n"
    )
