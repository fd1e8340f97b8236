"""An open ballot box by plain SQL, for the tests of the counter."""

import json
from datetime import timedelta

import asyncpg

MOTIONS = [{"id": "works", "title": "Works", "kind": "major"}]
CLOSE = "UPDATE ballot_box SET state = 'closed', closed_at = clock_timestamp() WHERE id = $1"


async def open_box(
    owner: asyncpg.Connection,
    rid: str,
    *,
    opens_in: timedelta = timedelta(hours=-1),
    closes_in: timedelta = timedelta(hours=1),
) -> str:
    """A box whose roll has every unit of the renovation's estate as a head; returns its id."""
    box = f"{rid}.1"
    await owner.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at,"
        " case_closes_at, roll_hash) VALUES ($1, $2, 1, $3, clock_timestamp() + $4,"
        " clock_timestamp() + $5, clock_timestamp() + $5, repeat('0', 64))",
        box,
        rid,
        json.dumps(MOTIONS),
        opens_in,
        closes_in,
    )
    await owner.execute(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units)"
        " SELECT $1, number, area_dm2, ARRAY[number] FROM unit WHERE estate_id = $2",
        box,
        f"{rid}.estate",
    )
    await owner.execute(
        "INSERT INTO roll_unit (box_id, unit_number, entry_id)"
        " SELECT $1, number, number FROM unit WHERE estate_id = $2",
        box,
        f"{rid}.estate",
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
