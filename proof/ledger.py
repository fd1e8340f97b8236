"""The hash by which the record answers for the money that an event moved."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from models.values.ledger import Transfer
from proof.canonical import canonical_text

HASH = "ledger_sha256"
"""The detail of an event that has moved money."""


def transfers_hash(transfers: Sequence[Transfer]) -> str:
    """SHA-256 of the transfers of one event in their order; the event has it, so that none is added later."""
    # Whole numbers and texts that the database takes: nothing that `digest` would look for.
    written = canonical_text({"transfers": [each.model_dump(mode="json") for each in transfers]})
    return hashlib.sha256(written.encode()).hexdigest()


def wrong_events(
    said: Sequence[tuple[int, str, str | None]], hashes: Mapping[str, str]
) -> Iterator[int]:
    """The numbers of events that answer for other transfers than the ledger has under their commands.

    `said` are the events that moved money, in their order: number, command and hash. The first of a case
    of before the ledger was carried in by the migration: that event knew of no hash.
    """
    for place, (seq, command_id, named) in enumerate(said):
        carried_in = place == 0 and named is None
        if not carried_in and named != hashes.get(command_id):
            yield seq
