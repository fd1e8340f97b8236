"""Opinions, where only the city's own system takes ballots on the internet: kept apart, counted for nothing."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, VoteOpinion
from models.values.base import Carried
from models.values.refusal import Refused, refusal
from models.values.states import BoxState
from rules.ballots.ballot import choice_problems
from service.access.tickets import Voter
from service.bodies import Accepted, GiveOpinion
from service.channels.open_box import load_entry, lock_open_box, motions_by_id
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

SUMS = text("""
SELECT said.key AS motion, said.value #>> '{}' AS answer, count(*) AS units
FROM (SELECT DISTINCT ON (unit_number) choices FROM vote_opinion
      WHERE box_id = :box ORDER BY unit_number, seq DESC) last, jsonb_each(last.choices) said
GROUP BY 1, 2 ORDER BY 1, 2
""")
UNITS = text("SELECT count(DISTINCT unit_number) FROM vote_opinion WHERE box_id = :box")


class Opinions(Carried):
    """What was said here and counts for nothing. How it was said is told when the box is closed."""

    box_id: str
    effect: str = "opinion"
    article: str
    """Why it is no vote."""
    units: int
    motions: dict[str, dict[str, int]] | None = None
    """Motion id to each answer and how many units gave it."""


async def give_opinion(
    parts: Parts, situation: Situation, voter: Voter, command: GiveOpinion
) -> Accepted:
    """Keep what a unit thinks; a later opinion replaces it. The event has a count and no choice.

    Raises:
        Refused: `credential.other_unit`; `voting.ballots_count_here` where a ballot can be cast instead; as `lock_open_box`;
            what the motions refuse.
    """
    voter.must_hold(command.unit_number)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        box = await lock_open_box(session, situation, command.box_id, command.choices)
        if not box.official_by:
            raise refusal("voting.ballots_count_here", box=box.id)
        await load_entry(session, box, command.unit_number)
        problems = choice_problems(motions_by_id(box), command.choices)
        if problems:
            raise Refused(*problems)
        choices: dict[str, JsonValue] = command.model_dump(mode="json")["choices"]
        session.add(
            VoteOpinion(
                box_id=box.id,
                unit_number=command.unit_number,
                choices=choices,
                command_id=key,
                said_at=now,
                recorded_at=func.clock_timestamp(),
            )
        )
        return command.command_id, {"box": box.id, "effect": "opinion", "article": box.official_by}

    actor = situation.owner(command.unit_number)
    kept = command.model_copy(update={"choices": {}})
    return await accept(
        parts.journal,
        situation,
        actor,
        command,
        "voting.opinion_given",
        change,
        kept,
        quota="opinions",
        voter=voter,
    )


async def load_opinions(session: AsyncSession, box: BallotBox) -> Opinions:
    """How many have said what, after the close; before it only how many."""
    motions: dict[str, dict[str, int]] = {}
    if box.state is BoxState.CLOSED:
        for row in await session.execute(SUMS, {"box": box.id}):
            motions.setdefault(row.motion, {})[row.answer] = row.units
    return Opinions(
        box_id=box.id,
        article=box.official_by,
        units=await session.scalar(UNITS, {"box": box.id}) or 0,
        motions=motions if box.state is BoxState.CLOSED else None,
    )
