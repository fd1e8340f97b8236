"""The survey of the finished works: one row for each answer and no event, since it is read in bulk."""

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import SurveyAnswer
from models.tables.base import table_of
from models.values.refusal import Refused, refusal
from models.values.states import Stage
from proof.commands import command_key
from runtime.record.journal import load_tick
from service.access.tickets import Voter
from service.access.units import refuse_other_version
from service.bodies import Accepted, AnswerSurvey
from service.parts import Parts
from service.quotas import use_quota
from service.recording import unknown_unit
from service.situation import Situation

# FOR SHARE waits for the evaluation that is being written: no answer comes after it.
ASKED = text("""
SELECT r.stage, r.waiting_for, r.due_at, r.v1_letters,
  coalesce((SELECT a.version FROM unit_access a
    WHERE a.renovation_id = r.id AND a.unit_number = :unit), 0) AS version,
  EXISTS (SELECT FROM unit u WHERE u.estate_id = r.estate_id AND u.number = :unit) AS known,
  (SELECT s.score FROM survey_answer s WHERE s.command_id IN (:key, :bare)
    AND s.renovation_id = r.id AND s.unit_number = :unit LIMIT 1) AS score
FROM renovation r WHERE r.id = :renovation
FOR SHARE OF r
""")
STORED = (
    insert(table_of(SurveyAnswer))
    .values(recorded_at=func.clock_timestamp())
    .on_conflict_do_nothing()
)


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
        await _store(session, situation, voter, command, key)

    await parts.database.transaction(work)
    return Accepted(
        command_id=command.command_id,
        id=command.command_id,
        kind="feedback.survey_answered",
        happened_at=situation.now.isoformat(),
    )


async def _store(
    session: AsyncSession, situation: Situation, voter: Voter, command: AnswerSurvey, key: str
) -> None:
    given = {
        "renovation": situation.id,
        "unit": command.unit_number,
        "key": key,
        # Releases before wrote the bare id.
        "bare": command.command_id,
    }
    row = (await session.execute(ASKED, given)).one_or_none()
    if row is None:
        raise refusal("renovation.unknown")
    refuse_other_version(voter, row.version, v1_letters=row.v1_letters)
    if not row.known:
        raise Refused(unknown_unit("feedback.unit_unknown", command.unit_number))
    if row.score is not None:
        if row.score != command.score:
            raise refusal("journal.command_reused", where="command_id", kind="survey")
        return
    now = await load_tick(session, situation.id)
    is_asked = row.stage == Stage.FEEDBACK and row.waiting_for == "survey"
    # It closes at its moment, also where the engine comes to it later.
    if not is_asked or (row.due_at is not None and now >= row.due_at):
        raise refusal("feedback.survey_not_open", where=situation.id)
    owner = situation.owner(command.unit_number).id
    await use_quota(session, situation, "survey_answers", owner, key, now)
    answer = {
        "command_id": key,
        "renovation_id": situation.id,
        "unit_number": command.unit_number,
        "score": command.score,
    }
    await session.execute(STORED, answer)
