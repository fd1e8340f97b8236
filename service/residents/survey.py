"""The survey of the finished works: one row for each answer and no event, since it is read in bulk."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Renovation, SurveyAnswer
from models.values.refusal import refusal
from models.values.states import Stage
from proof.commands import command_key
from runtime.record.journal import load_tick
from service.access.tickets import Voter
from service.access.units import refuse_replaced
from service.bodies import Accepted, AnswerSurvey
from service.parts import Parts
from service.quotas import use_quota
from service.recording import refuse_unknown_units
from service.situation import Situation


async def answer_survey(
    parts: Parts, situation: Situation, voter: Voter, command: AnswerSurvey
) -> Accepted:
    """Store a household's score; the same command again changes nothing.

    Raises:
        Refused: `credential.other_unit`, `feedback.unit_unknown`, `feedback.survey_not_open`,
            `quota.used_up`, `journal.command_reused`.
    """
    voter.must_hold(command.unit_number)

    key = command_key(situation.owner(command.unit_number).id, situation.id, command.command_id)

    async def work(session: AsyncSession) -> None:
        await refuse_replaced(session, voter)
        await _store(session, situation, command, key)

    await parts.database.transaction(work)
    return Accepted(
        command_id=command.command_id,
        id=command.command_id,
        kind="feedback.survey_answered",
        happened_at=situation.now.isoformat(),
    )


async def _store(
    session: AsyncSession, situation: Situation, command: AnswerSurvey, key: str
) -> None:
    await refuse_unknown_units(session, situation, {command.unit_number}, "feedback.unit_unknown")
    # FOR SHARE waits for the evaluation that is being written: no answer comes after it.
    waits = await session.scalar(
        select(Renovation.waiting_for)
        .where(Renovation.id == situation.id, Renovation.stage == Stage.FEEDBACK)
        .with_for_update(read=True)
    )
    score = await session.scalar(
        select(SurveyAnswer.score).where(
            # Releases before wrote the bare id.
            SurveyAnswer.command_id.in_((key, command.command_id)),
            SurveyAnswer.renovation_id == situation.id,
            SurveyAnswer.unit_number == command.unit_number,
        )
    )
    if score is not None:
        if score != command.score:
            raise refusal("journal.command_reused", where="command_id", kind="survey")
        return
    if waits != "survey":
        raise refusal("feedback.survey_not_open", where=situation.id)
    now = await load_tick(session, situation.id)
    owner = situation.owner(command.unit_number).id
    await use_quota(session, situation, "survey_answers", owner, key, now)
    await session.execute(
        insert(SurveyAnswer)
        .values(
            command_id=key,
            renovation_id=situation.id,
            unit_number=command.unit_number,
            score=command.score,
            recorded_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
    )
