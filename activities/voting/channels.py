"""What votes and results need of the channels: proxies by agent without names, units' versions."""

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.ballots.mandates import AGENTS, VOTED

PROXIES = text(f"""
SELECT count(*) AS mandates,
       count(r.mandate_id) AS revoked,
       count(*) FILTER (WHERE {VOTED}) AS voted
FROM mandate m LEFT JOIN mandate_revocation r ON r.mandate_id = m.id
WHERE m.box_id = :box GROUP BY m.agent_id ORDER BY 1 DESC, 3 DESC, m.agent_id
""")  # noqa: S608 - our own text

CARRY = text("""
UPDATE roll_unit u SET credential_version = a.version FROM unit_access a
WHERE u.box_id = :box AND a.renovation_id = :renovation AND u.unit_number = a.unit_number
""")


async def carry_credentials(session: AsyncSession, renovation_id: str, box_id: str) -> None:
    """In a new vote the same tickets are good as before it: the roll gets the units' versions."""
    await session.execute(CARRY, {"renovation": renovation_id, "box": box_id})


async def load_proxies(session: AsyncSession, box_id: str) -> list[JsonValue]:
    """For each agent of a vote, by number and not by name: mandates held, taken back, voted on."""
    rows = await session.execute(PROXIES, {"box": box_id, "agents": AGENTS})
    return [
        {
            "agent": number,
            "mandates": row.mandates,
            "revoked": row.revoked,
            "voted": row.voted,
        }
        for number, row in enumerate(rows, start=1)
    ]
