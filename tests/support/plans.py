"""How the database would find what is asked for, were its tables large: a plan with every index at hand."""

import re
from collections.abc import Iterable

import asyncpg

READS = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)", re.IGNORECASE)
SCANNED = re.compile(r"Seq Scan on (\w+)")
PARAMETER = re.compile(r"\$(\d+)")


SMALL = frozenset({"erasure"})
"""What does not grow with cases and homes: few people ever ask to be forgotten."""


async def scanned(connection: asyncpg.Connection, statements: Iterable[str]) -> list[str]:
    """What reads a table from end to end that is none of the `SMALL` ones, though it may use indexes.

    Plans are made for values that nobody knows: those that every execution shares.
    """
    await connection.execute("SET enable_seqscan = off")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    found: list[str] = []
    for statement in sorted(filter(READS.match, statements)):
        count = max(map(int, PARAMETER.findall(statement)), default=0)
        values = f"({', '.join(['NULL'] * count)})" if count else ""
        await connection.execute(f"PREPARE looked_at AS {statement}")
        plan = await connection.fetch(f"EXPLAIN EXECUTE looked_at{values}")
        await connection.execute("DEALLOCATE looked_at")
        read = {name for row in plan for name in SCANNED.findall(row[0])} - SMALL
        if read:
            found.append(f"{', '.join(sorted(read))}: {' '.join(statement.split())}")
    await connection.execute("RESET ALL")
    return found
