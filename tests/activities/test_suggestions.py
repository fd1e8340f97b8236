"""What a case does to its suggestions: the vote waits, a revision drops, an end gives back, an opening takes along."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.exceptions import ApplicationError

from activities.recording import Recorder
from activities.renovations import Renovations
from activities.voting.box import Ballots
from models.messages.acts import ReviseScheme
from models.messages.command import Command
from models.messages.ids import suggestions_id
from models.messages.journey import JourneyOutcome, StageInput
from models.tables import CaseWait, Event, Notice, Renovation, Suggestion, SuggestionReply
from models.values.actor import Actor, Role
from models.values.states import RenovationState, SuggestionOutcome, SuggestionState
from rules.feedback.suggestions import words_hash
from runtime.calendars import chinese_calendar
from runtime.database import Database
from runtime.suggestions.moving import attach
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
COMMITTEE = Actor(id="committee", role=Role.OWNERS_COMMITTEE, label="Committee", place="d/s/c/g")
OPEN, ANSWERED, SUBMITTED = (
    SuggestionState.OPEN,
    SuggestionState.ANSWERED,
    SuggestionState.SUBMITTED,
)


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database, chinese_calendar(), BOX_KEYS)


async def add(
    database: Database,
    rid: str,
    name: str,
    state: SuggestionState = OPEN,
    outcome: SuggestionOutcome | None = None,
    *,
    item: str = "",
    case: str | None = "own",
    qualified_at: datetime | None = None,
    only_case: str | None = None,
) -> None:
    """A suggestion `<rid>-<name>` with its last reply; `case` None: of the estate alone."""
    estate = f"{rid}.estate"

    async def work(session: AsyncSession) -> None:
        if outcome is not None:
            session.add(
                SuggestionReply(
                    id=f"{rid}-{name}-r",
                    command_id=f"{rid}-{name}-r",
                    estate_id=estate,
                    renovation_id=rid,
                    outcome=outcome,
                    reason="why",
                    scheme_version=1 if item else None,
                    item=item,
                    motion="",
                    replied_by="committee",
                    replied_at=NOW,
                )
            )
            await session.flush()
        session.add(
            Suggestion(
                id=f"{rid}-{name}",
                command_id=f"{rid}-{name}",
                estate_id=estate,
                renovation_id=None if case is None else rid,
                only_case=only_case,
                theme="t",
                reason="r",
                proposal=name,
                words_sha256=words_hash(name),
                state=state,
                submitted_at=NOW - timedelta(days=1),
                due_at=NOW + timedelta(days=3) if state in (OPEN, SUBMITTED) else None,
                qualified_at=qualified_at,
                reply_id=None if outcome is None else f"{rid}-{name}-r",
            )
        )

    await database.transaction(work)


async def found(database: Database, rid: str, name: str) -> Suggestion:
    async with database.session() as session:
        return await session.get_one(Suggestion, f"{rid}-{name}")


async def last_details(database: Database, rid: str) -> dict[str, object]:
    query = select(Event.details).where(Event.renovation_id == rid).order_by(Event.seq.desc())
    async with database.session() as session:
        return dict(await session.scalar(query.limit(1)) or {})


async def notices(database: Database, rid: str) -> list[tuple[str, object]]:
    async with database.session() as session:
        rows = await session.scalars(
            select(Notice)
            .where(Notice.renovation_id == rid, Notice.audience == "suggestion")
            .order_by(Notice.template)
        )
        return [(row.template, row.params.get("suggestion")) for row in rows]


async def open_box(recorder: Recorder, rid: str) -> None:
    workflow = f"renovation/{rid}/voting/1"
    command = Command(command_id=f"{rid}#open", renovation_id=rid, workflow_id=workflow)

    async def stage(session: AsyncSession) -> None:
        (await session.get_one(Renovation, rid)).stage_workflow_id = workflow

    await recorder.database.transaction(stage)
    await Ballots(recorder).open_box(command, StageInput(renovation_id=rid, attempt=1))


async def test_a_vote_waits_until_what_many_support_is_answered(
    database: Database, recorder: Recorder
) -> None:
    rid = await make_renovation(database, rid="rowed", told_at=NOW)
    await add(database, rid, "few")
    await add(
        database,
        rid,
        "later",
        ANSWERED,
        SuggestionOutcome.REFERRED,
        qualified_at=NOW + timedelta(days=1),
    )
    await add(database, rid, "many", qualified_at=NOW - timedelta(days=1))
    with pytest.raises(ApplicationError) as refused:
        await open_box(recorder, rid)
    problems = refused.value.details[0]
    assert [(each["code"], each["where"]) for each in problems] == [
        ("suggestion.owed", "rowed-many")
    ]

    await add(database, rid, "roof", ANSWERED, SuggestionOutcome.ADOPTED, item="roof")

    async def place(session: AsyncSession) -> None:
        row = await session.get_one(Suggestion, "rowed-many")
        row.state, row.reply_id = ANSWERED, "rowed-roof-r"

    await database.transaction(place)
    await open_box(recorder, rid)


async def test_what_a_revised_scheme_drops_is_owed_a_reply_again(
    database: Database, recorder: Recorder
) -> None:
    rid = await make_renovation(database, rid="rdropped", told_at=NOW)
    await add(database, rid, "roof", ANSWERED, SuggestionOutcome.ADOPTED, item="roof")
    await add(database, rid, "pipes", ANSWERED, SuggestionOutcome.ADOPTED, item="pipes")
    act = ReviseScheme(
        command_id=f"{rid}-act", actor=COMMITTEE, drop_items=("pipes",), reason="dear"
    )
    command = Command(command_id=act.command_id, renovation_id=rid, actor=COMMITTEE)
    for _ in range(2):
        await Renovations(recorder).revise_scheme(command, act)
    assert (await last_details(database, rid))["suggestions_dropped"] == ["rdropped-pipes"]
    assert (await found(database, rid, "roof")).state is ANSWERED
    dropped = await found(database, rid, "pipes")
    assert dropped.state is OPEN
    assert dropped.due_at is not None
    assert dropped.due_at > NOW
    assert await notices(database, rid) == [("suggestion_dropped", "rdropped-pipes")]
    async with database.session() as session:
        wait = await session.get_one(
            CaseWait, (suggestions_id(rid), "answer_suggestion", "rdropped-pipes")
        )
    assert wait.due_at == dropped.due_at


async def test_the_end_of_a_case_gives_back_what_is_undecided_and_ends_what_was_training(
    database: Database, recorder: Recorder
) -> None:
    rid = await make_renovation(database, rid="rback", told_at=NOW)
    await add(database, rid, "open", qualified_at=NOW - timedelta(days=1))
    await add(database, rid, "unread", SUBMITTED)
    await add(database, rid, "training", only_case=rid)
    await add(database, rid, "decided", ANSWERED, SuggestionOutcome.NOT_ADOPTED)
    command = Command(command_id=f"{rid}#close", renovation_id=rid, workflow_id=f"renovation/{rid}")
    outcome = JourneyOutcome(state=RenovationState.COMPLETED, reason="")
    for _ in range(2):
        await Renovations(recorder).close(command, outcome)
    told = await last_details(database, rid)
    assert told["suggestions_back"] == ["rback-open", "rback-unread"]
    assert told["suggestions_ended"] == ["rback-training"]
    back = await found(database, rid, "open")
    assert back.renovation_id is None
    # Three days were left by the clock of the case, and are left by the real one.
    left = (back.due_at or NOW) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    assert (await found(database, rid, "training")).state is SuggestionState.ENDED
    decided = await found(database, rid, "decided")
    assert (decided.state, decided.renovation_id) == (ANSWERED, rid)


async def test_a_case_that_opens_takes_what_is_undecided_along(database: Database) -> None:
    rid = await make_renovation(database, rid="rtake", told_at=NOW)
    await add(database, rid, "open", case=None)
    await add(database, rid, "unread", SUBMITTED, case=None)
    await add(database, rid, "later", ANSWERED, SuggestionOutcome.REFERRED, case=None)
    await add(database, rid, "decided", ANSWERED, SuggestionOutcome.ADOPTED, case=None)
    told = NOW + timedelta(days=365)

    async def work(session: AsyncSession) -> dict[str, JsonValue]:
        return await attach(session, f"{rid}.estate", rid, NOW, told)

    taken = await database.transaction(work)
    assert set(taken["suggestions"]) == {"rtake-open", "rtake-unread", "rtake-later"}  # type: ignore[arg-type]
    row = await found(database, rid, "open")
    assert (row.renovation_id, row.due_at) == (rid, told + timedelta(days=3))
    async with database.session() as session:
        waits = await session.scalars(
            select(CaseWait).where(CaseWait.workflow_id == suggestions_id(rid))
        )
        assert {(wait.what, wait.subject) for wait in waits} == {
            ("answer_suggestion", "rtake-open"),
            ("review_suggestion", "rtake-unread"),
        }
