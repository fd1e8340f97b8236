"""What stands beside the ballots of a box: who attended, who was absent and silent, who objected."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.voting.live.beside import Beside, Weight

# Whoever has handed in any ballot, counted or not, has spoken: neither absent nor silent.
ENTRIES = """
SELECT e.heads, e.area_dm2, coalesce(e.shares, 0) AS shares, o.entry_id IS NOT NULL AS objected,
       b.entry_id IS NOT NULL OR a.entry_id IS NOT NULL AS present
FROM roll_entry e
LEFT JOIN (SELECT DISTINCT entry_id FROM ballot WHERE box_id = :box) b USING (entry_id)
LEFT JOIN attendance a ON a.box_id = e.box_id AND a.entry_id = e.entry_id
LEFT JOIN vote_objection o ON o.box_id = e.box_id AND o.entry_id = e.entry_id
WHERE e.box_id = :box AND e.excluded_reason IS NULL
"""


def _sums(name: str, which: str) -> str:
    return ", ".join(
        f"coalesce(sum({unit}) FILTER (WHERE {which}), 0)::bigint AS {name}_{unit}"
        for unit in Weight._fields
    )


BESIDE = text(f"""
SELECT {_sums("present", "present")},
       {_sums("absent", "NOT present")},
       {_sums("silent", "NOT present AND NOT objected")},
       {_sums("objections", "objected")}
FROM ({ENTRIES}) entries
""")  # noqa: S608 - our own text


async def load_beside(session: AsyncSession, box_id: str) -> Beside:
    """Those of everybody who may vote, as they are now."""
    row = (await session.execute(BESIDE, {"box": box_id})).one()
    weights = iter(row)
    return Beside(*(Weight(*(next(weights) for _ in Weight._fields)) for _ in Beside._fields))
