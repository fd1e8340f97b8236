"""Who votes for whom: what the owners of a vote see of its mandates."""

from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox
from models.values.base import Carried
from service.channels.register import list_register


class AgentView(Carried):
    """A mandate as the owners of the same vote see it: rooms, agent, motions."""

    unit_numbers: tuple[str, ...]
    agent_id: str
    motions: tuple[str, ...]


async def list_agents(session: AsyncSession, box: BallotBox) -> tuple[AgentView, ...]:
    """Which unit is voted for by which agent, for the owners of the vote; no name."""
    return tuple(
        AgentView(unit_numbers=each.unit_numbers, agent_id=each.agent_id, motions=each.motions)
        for each in await list_register(session, box)
        if each.revoked_at is None or each.voted
    )
