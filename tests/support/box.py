"""An open ballot box and sealed ballots by plain SQL, for the tests of every room."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
from pydantic import SecretStr

from models.values.voting import Motion
from proof.ballots import Leaves, ballot_id_of, pseudonym_of
from rules.ballots.ballot import padded_length, plain_ballot
from runtime.ballots.counting import read_ballots
from runtime.ballots.sealing import BoxKeys, Sealer
from runtime.ballots.times import leaf_times

MOTIONS = [{"id": "works", "title": "Works", "kind": "major"}]
BOX_KEY = SecretStr("b0" * 32)
BOX_KEYS = BoxKeys(BOX_KEY)
CLOSE = "UPDATE ballot_box SET state = 'closed', closed_at = clock_timestamp() WHERE id = $1"
# A ballot that is put in by hand was cast now, or as near to now as the period of the vote allows.
BOX = """
SELECT public_key, motions, format, clock_timestamp() AS recorded_at, greatest(opens_at, least(
  tick_of(renovation_id), closes_at - interval '1 microsecond')) AS cast_at
FROM ballot_box WHERE id = $1
"""
Said = Mapping[str, str]


async def open_box(
    owner: asyncpg.Connection,
    rid: str,
    *,
    attempt: int = 1,
    motions: Sequence[Mapping[str, object]] = MOTIONS,
    opens_in: timedelta = timedelta(hours=-1),
    closes_in: timedelta = timedelta(hours=1),
    change_allowed: bool = True,
) -> str:
    """A box whose roll has every unit of the renovation's estate as a head; returns its id."""
    box = f"{rid}.{attempt}"
    key = BOX_KEYS.new(box)
    salt = secrets.token_bytes(32)
    await owner.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at,"
        " roll_hash, public_key, wrapped_key, roll_salt, change_allowed)"
        " VALUES ($1, $2::varchar, $9, $3, tick_of($2::varchar) + $4, tick_of($2::varchar) + $5,"
        " repeat('0', 64), $6, $7, $8, $10)",
        box,
        rid,
        json.dumps(motions),
        opens_in,
        closes_in,
        key.public,
        key.wrapped,
        salt,
        attempt,
        change_allowed,
    )
    units = await owner.fetch(
        "SELECT number, area_dm2 FROM unit WHERE estate_id = $1", f"{rid}.estate"
    )
    await owner.executemany(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units, pseudonym)"
        " VALUES ($1, $2, $3, ARRAY[$2::varchar], $4)",
        [(box, row["number"], row["area_dm2"], pseudonym_of(salt, row["number"])) for row in units],
    )
    await owner.executemany(
        "INSERT INTO roll_unit (box_id, unit_number, entry_id) VALUES ($1, $2::varchar, $2::varchar)",
        [(box, row["number"]) for row in units],
    )
    return box


async def close_box(url: str, box: str) -> None:
    """Close it as the closing activity does: lock the row, then set the state."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM ballot_box WHERE id = $1 FOR UPDATE", box)
            await connection.execute(CLOSE, box)
    finally:
        await connection.close()


async def said_in(owner: asyncpg.Connection, box: str) -> list[dict[str, str]]:
    """What the ballots of a box say, in their order: opened with the worker's key."""
    wrapped = await owner.fetchval("SELECT wrapped_key FROM ballot_box WHERE id = $1", box)
    said: list[dict[str, str]] = []
    async with owner.transaction():
        async for ballots in read_ballots(owner, box, BOX_KEYS.unwrap(box, wrapped)):
            said += [json.loads(ballot.choices or b"{}") for ballot in ballots]
    return said


async def put_ballots(
    owner: asyncpg.Connection,
    box: str,
    said: Sequence[tuple[str, Said]],
    *,
    channel: str = "web",
    cast_at: datetime | None = None,
    recorded_at: datetime | None = None,
) -> list[str]:
    """Sealed ballots of roll entries straight into the table, open or not; returns their ids.

    They are well made for the times that are given, or for now.
    """
    row = await owner.fetchrow(BOX, box)
    cast_at = cast_at or row["cast_at"]
    recorded_at = recorded_at or (row["recorded_at"] if row["format"] > 1 else cast_at)
    times, leaves = leaf_times(cast_at, recorded_at), Leaves(box, row["format"])
    length = padded_length([Motion.model_validate(motion) for motion in json.loads(row["motions"])])
    seal = Sealer(row["public_key"])
    await owner.execute(
        "INSERT INTO ballot_seal (id, box_id, public_key, made_at) VALUES ($1, $2, $3, now())",
        seal.id,
        box,
        seal.public,
    )
    entries = {
        entry["entry_id"]: entry
        for entry in await owner.fetch("SELECT * FROM roll_entry WHERE box_id = $1", box)
    }
    rows = []
    for entry_id, choices in said:
        entry = entries[entry_id]
        words = seal.seal(plain_ballot(choices), length)
        content_hash = leaves.content_hash(
            pseudonym=entry["pseudonym"],
            channel=channel,
            commitment=words.commitment,
            heads=entry["heads"],
            area_dm2=entry["area_dm2"],
            shares=entry["shares"],
        )
        leaf = leaves.leaf(content_hash, times)
        rows.append(
            (
                ballot_id_of(leaf),
                box,
                entry_id,
                entry["units"][0],
                secrets.token_hex(8),
                channel,
                entry["pseudonym"],
                entry["heads"],
                entry["area_dm2"],
                entry["shares"],
                seal.id,
                words.sealed,
                words.commitment,
                leaf,
                cast_at,
                recorded_at,
            )
        )
    await owner.executemany(
        "INSERT INTO ballot (id, box_id, entry_id, unit_number, command_id, request_hash, channel,"
        " pseudonym, heads, area_dm2, shares, seal_id, sealed, commitment, leaf, intake, batch,"
        " cast_at, recorded_at) VALUES ($1, $2, $3, $4, $5, sha256('x'), $6, $7, $8, $9, $10, $11,"
        " $12, $13, $14, 'test', 1, $15, $16)",
        rows,
    )
    return [row[0] for row in rows]
