"""Votes of thousands: units and sealed ballots that come by COPY, as the intake would have written them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from models.values.voting import Motion
from proof.ballots import Leaves, ballot_id_of
from rules.ballots.ballot import padded_length, plain_ballot
from runtime.ballots.sealing import SealedBallot, Sealer
from runtime.ballots.times import leaf_times

PIECE = 4_096
UNIT_COLUMNS = (
    "id", "estate_id", "number", "building", "entrance", "floor", "kind", "area_dm2", "owner_key",
)  # fmt: skip
COLUMNS: Sequence[str] = (
    "id", "box_id", "entry_id", "unit_number", "command_id", "request_hash", "channel", "pseudonym",
    "heads", "area_dm2", "seal_id", "sealed", "commitment", "leaf", "intake", "batch", "cast_at",
    "recorded_at",
)  # fmt: skip


async def insert_units(owner: asyncpg.Connection, rid: str, size: int) -> None:
    """So many flats of the estate of `rid`, each with an owner of its own."""
    estate, one = f"{rid}.estate", "1"
    await owner.copy_records_to_table(
        "unit",
        records=(
            (f"{rid}.{n}", estate, f"u{n:07d}", one, one, 1, "flat", 5000 + n % 7000, f"o{n}")
            for n in range(size)
        ),
        columns=UNIT_COLUMNS,
    )


async def everybody_votes(owner: asyncpg.Connection, box: str) -> None:
    """Every entry of the roll of a box says yes, once."""
    if await owner.fetchval("SELECT EXISTS (SELECT 1 FROM ballot WHERE box_id = $1)", box):
        return
    row = await owner.fetchrow(
        "SELECT public_key, motions, format, opens_at FROM ballot_box WHERE id = $1", box
    )
    at = row["opens_at"], datetime.now(UTC)
    leaves, times = Leaves(box, row["format"]), leaf_times(*at)
    length = padded_length([Motion.model_validate(each) for each in json.loads(row["motions"])])
    said = plain_ballot({"works": "yes", "costs": "yes"})
    last = ""
    while True:
        entries = await owner.fetch(
            "SELECT entry_id, pseudonym, area_dm2 FROM roll_entry"
            " WHERE box_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3",
            box,
            last,
            PIECE,
        )
        if not entries:
            return
        last = entries[-1]["entry_id"]
        seal = Sealer(row["public_key"])
        await owner.execute(
            "INSERT INTO ballot_seal VALUES ($1, $2, $3, now())", seal.id, box, seal.public
        )
        rows = []
        for each in entries:
            words = seal.seal(said, length)
            content_hash = leaves.content_hash(
                pseudonym=each["pseudonym"],
                channel="web",
                commitment=words.commitment,
                heads=1,
                area_dm2=each["area_dm2"],
                shares=None,
            )
            leaf = leaves.leaf(content_hash, times)
            rows.append((*_row(box, seal, words, leaf, each), *at))
        await owner.copy_records_to_table("ballot", records=rows, columns=COLUMNS)


def _row(
    box: str, seal: Sealer, words: SealedBallot, leaf: bytes, entry: asyncpg.Record
) -> tuple[object, ...]:
    unit = entry["entry_id"]
    return (
        ballot_id_of(leaf), box, unit, unit, f"h-{unit}", bytes(32), "web", entry["pseudonym"], 1,
        entry["area_dm2"], seal.id, words.sealed, words.commitment, leaf, "filled", 1,
    )  # fmt: skip
