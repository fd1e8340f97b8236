"""Who votes for whom: what the owners of a vote see of its mandates."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Mandate, Proposal
from models.values.base import Carried
from runtime.privacy.keys import PersonKeys, names_of
from service.channels.register import list_register


class AgentView(Carried):
    """A mandate as the owners of the same vote see it: rooms, agent, motions.

    `agent_name` is "" without the agent's consent in the mandate.
    """

    unit_numbers: tuple[str, ...]
    agent_id: str
    motions: tuple[str, ...]
    agent_name: str = ""


class HeldByAgent(NamedTuple):
    """All that one agent holds in a vote: the rooms for which they vote; the name where it may be shown."""

    agent_name: str
    unit_numbers: tuple[str, ...]


def held_by_each(mandates: Iterable[AgentView]) -> tuple[HeldByAgent, ...]:
    """The mandates of a vote by agent, whoever holds the most first: what the owners look at (a cap is seen)."""
    names: dict[str, str] = {}
    units: dict[str, set[str]] = {}
    for each in mandates:
        names[each.agent_id] = names.get(each.agent_id) or each.agent_name
        units.setdefault(each.agent_id, set()).update(each.unit_numbers)
    found = (HeldByAgent(names[agent], tuple(sorted(units[agent]))) for agent in units)
    return tuple(sorted(found, key=lambda held: (-len(held.unit_numbers), held.unit_numbers)))


async def list_agents(
    session: AsyncSession, box: BallotBox, people: PersonKeys
) -> tuple[AgentView, ...]:
    """Which unit is voted for by which agent, for the owners of the vote; a name by its owner's consent."""
    names = await _names_shown(session, box, people)
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


async def _names_shown(session: AsyncSession, box: BallotBox, people: PersonKeys) -> dict[str, str]:
    """The names of agents by mandate, where what was confirmed says that they agree."""
    rows = await session.execute(
        select(Mandate.id, Mandate.agent_id)
        .join(Proposal, Proposal.id == Mandate.id)
        .where(Mandate.box_id == box.id, Proposal.content["agent_shown"].as_boolean())
    )
    agents = {row.id: row.agent_id for row in rows}
    names = await names_of(session, people, set(agents.values()))
    return {mandate: names.get(agent, "") for mandate, agent in agents.items()}
