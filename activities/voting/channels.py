"""What votes and results need of the channels: proxies by agent without names, buyers' credentials."""

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

PROXIES = text("""
SELECT count(*) AS mandates,
       count(r.mandate_id) AS revoked,
       count(*) FILTER (WHERE EXISTS (
         SELECT 1 FROM ballot b
         WHERE b.box_id = m.box_id AND b.entry_id = m.entry_id AND b.channel = 'proxy'
           AND b.recorded_at >= m.registered_at
           AND b.recorded_at <= coalesce(r.revoked_at, 'infinity'))) AS voted
FROM mandate m LEFT JOIN mandate_revocation r ON r.mandate_id = m.id
WHERE m.box_id = :box GROUP BY m.agent_id ORDER BY 1 DESC, 3 DESC, m.agent_id
""")

CARRY = text("""
UPDATE roll_unit u SET credential_version = r.generation
FROM (SELECT unit_number, max(generation) AS generation FROM owner_replacement
      WHERE renovation_id = :renovation GROUP BY unit_number) r
WHERE u.box_id = :box AND u.unit_number = r.unit_number
""")


async def carry_credentials(session: AsyncSession, renovation_id: str, box_id: str) -> None:
    """In a new vote the credentials of buyers are good still, and those of sellers are not."""
    await session.execute(CARRY, {"renovation": renovation_id, "box": box_id})


async def load_proxies(session: AsyncSession, box_id: str) -> list[JsonValue]:
    """For each agent of a vote, by number and not by name: mandates held, taken back, voted on."""
    rows = await session.execute(PROXIES, {"box": box_id})
    return [
        {
            "agent": number,
            "mandates": row.mandates,
            "revoked": row.revoked,
            "voted": row.voted,
        }
        for number, row in enumerate(rows, start=1)
    ]
