"""Who votes for whom: what the owners of a vote see of its mandates."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Mandate, Person, Proposal
from models.values.base import Carried
from service.channels.register import list_register


class AgentView(Carried):
    """A mandate as the owners of the same vote see it: rooms, agent, motions.

    `agent_name` is "" without the agent's consent in the mandate.
    """

    unit_numbers: tuple[str, ...]
    agent_id: str
    motions: tuple[str, ...]
    agent_name: str = ""


async def list_agents(session: AsyncSession, box: BallotBox) -> tuple[AgentView, ...]:
    """Which unit is voted for by which agent, for the owners of the vote; a name by its owner's consent."""
    names = await _names_shown(session, box)
    return tuple(
        AgentView(
            unit_numbers=each.unit_numbers,
            agent_id=each.agent_id,
            motions=each.motions,
            agent_name=names.get(each.id, ""),
        )
        for each in await list_register(session, box)
        if each.revoked_at is None or each.voted
    )


async def _names_shown(session: AsyncSession, box: BallotBox) -> dict[str, str]:
    """The names of agents by mandate, where what was confirmed says that they agree."""
    rows = await session.execute(
        select(Mandate.id, Person.name)
        .join(Proposal, Proposal.id == Mandate.id)
        .join(Person, Person.id == Mandate.agent_id)
        .where(Mandate.box_id == box.id, Proposal.content["agent_shown"].as_boolean())
    )
    return {row.id: row.name for row in rows}
