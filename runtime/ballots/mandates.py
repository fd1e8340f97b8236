"""SQL: whether an agent has voted on a mandate; for the register and the published list of agents."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.ballots.states import ROUTE_OF, YIELDS

AGENTS = [channel for channel, route in ROUTE_OF.items() if route == YIELDS]
"""The channels in which agents vote: the parameter `:agents` of `VOTED`."""
VOTED = """EXISTS (
  SELECT 1 FROM ballot b
  WHERE b.box_id = m.box_id AND b.entry_id = m.entry_id AND b.channel = ANY (:agents)
    AND b.recorded_at >= m.registered_at AND b.recorded_at <= coalesce(r.revoked_at, 'infinity'))"""
"""Of a mandate `m` with its revocation `r`, which may be missing."""
_HOLDINGS = text("""
SELECT count(DISTINCT m.entry_id) FROM mandate m LEFT JOIN mandate_revocation r ON r.mandate_id = m.id
WHERE m.box_id = :box AND r.mandate_id IS NULL GROUP BY m.agent_id
""")


async def holdings(session: AsyncSession, box_id: str) -> list[int]:
    """For how many owners each agent of a box stands now; nobody is named.

    It is read with the turnout, so it reads no ballot: one that was revoked after it was voted on still
    counts for the cap, and stands in the published list of agents, not here.
    """
    rows = await session.scalars(_HOLDINGS, {"box": box_id})
    return [int(each) for each in rows]
