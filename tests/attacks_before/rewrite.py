"""The superuser of the stack's database rewrites the first event of a case, with every hash made anew.

Run by `plays.py` with the stack's directory, the case and the superuser's address of the database.
"""

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

event_hash = import_module("rules.chain").event_hash
hashed_fields = import_module("runtime.journal").hashed_fields
Event = import_module("models.tables").Event

DATA, RID, SUPERUSER = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


async def main() -> None:
    stack = json.loads((DATA / "stack.json").read_text())
    sql = await asyncpg.connect(SUPERUSER)
    await sql.execute("ALTER TABLE event DISABLE TRIGGER ALL")
    await sql.execute(
        "UPDATE event SET actor_label='somebody else' WHERE renovation_id=$1 AND seq=1", RID
    )
    engine = create_async_engine(
        stack["database_url"].replace("postgresql:", "postgresql+asyncpg:")
    )
    async with AsyncSession(engine) as session:
        query = select(Event).where(Event.renovation_id == RID).order_by(Event.seq)
        head = "0" * 64
        for event in (await session.scalars(query)).all():
            made = event_hash(head, hashed_fields(event))
            await sql.execute(
                "UPDATE event SET prev_hash=$3, hash=$4 WHERE renovation_id=$1 AND seq=$2",
                *(RID, event.seq, head, made),
            )
            head = made
    await sql.execute("UPDATE renovation SET head_hash=$2 WHERE id=$1", RID, head)
    await sql.execute("ALTER TABLE event ENABLE TRIGGER ALL")
    await engine.dispose()
    await sql.close()


asyncio.run(main())
