"""Publications: posted, objected to, answered and closed; every write is made twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.recording import Case
from models.messages.acts import AnswerObjection, Done
from models.messages.publication import PublicationClosing, PublicationInput, PublicationPeriod
from models.tables import Event, Objection, Publication, Renovation
from models.values.actor import Actor, Role
from models.values.states import Stage
from runtime.database import Database
from runtime.record.journal import Recorded
from tests.support.money import START, STREET, details
from tests.support.play import Play, begin

COMMITTEE = Actor(id="committee", role=Role.OWNERS_COMMITTEE, label="committee")


async def posted(database: Database, rid: str) -> tuple[Play, PublicationInput, PublicationPeriod]:
    play = await begin(database, rid, Stage.COST_SHARING)
    given = play.publication("share_table")
    command = play.command(play.of(given))
    period = await play.publications.open(command, given)
    assert await play.publications.open(command, given) == period
    return play, given, period


async def answered(
    play: Play,
    given: PublicationInput,
    objection: str,
    who: Actor = STREET,
    *,
    upheld: bool = False,
) -> PublicationPeriod:
    command = play.command(play.of(given), who)
    act = AnswerObjection(
        command_id=command.command_id,
        actor=who,
        publication_id=given.publication_id,
        objection_id=objection,
        upheld=upheld,
        answer="it was computed as the scheme says",
    )
    first = await play.publications.answer(command, given, act)
    assert await play.publications.answer(command, given, act) == first
    return first


async def closed(play: Play, given: PublicationInput) -> PublicationClosing:
    command = play.command(play.of(given))
    first = await play.publications.close(command, given)
    assert await play.publications.close(command, given) == first
    return first


async def row_of(play: Play, table: type[Any], name: str) -> Any:
    async with play.database.session() as session:
        return await session.get_one(table, name)


def refused(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def test_a_publication_stands_when_nobody_objects(database: Database) -> None:
    play, given, period = await posted(database, "p1")
    row = await row_of(play, Publication, given.publication_id)
    assert (row.opens_at, row.closes_at, row.state) == (START, period.closes_at, "open")
    await play.at(period.closes_at)
    found = await closed(play, given)
    assert (found.closed, found.objections, found.upheld) == (True, 0, 0)
    row = await row_of(play, Publication, given.publication_id)
    assert (row.state, row.outcome) == ("closed", "stands")


async def test_what_is_posted_late_is_so_by_the_end_that_a_suspension_has_moved(
    database: Database,
) -> None:
    play = await begin(database, "p10", Stage.BIDDING)

    async def rank(_: Case) -> Recorded[Done]:
        return Recorded(Done(command_id="ranked", kind="report"), {})

    ranked = play.command(play.stage, STREET)
    await play.recorder.write(ranked, "bidding.candidates_ranked", None, rank, Done)
    rest = [(START + timedelta(hours=hours)).isoformat() for hours in (1, 6)]
    async with database.session() as session, session.begin():
        (await session.get_one(Renovation, "p10")).rests = [list(rest)]
    # Three days from 2 March end at 24:00 of the 5th, and five hours later.
    await play.at(datetime(2026, 3, 5, 20, tzinfo=UTC))
    await play.post("candidates")
    (check,) = (await details(database, "p10", "publication.opened"))["checks"]
    assert (check["code"], check["passed"]) == ("bidding.candidates_published", True)


async def test_an_objection_that_is_upheld_is_the_outcome(database: Database) -> None:
    play, given, period = await posted(database, "p2")
    yes, no = await play.object_to(given), await play.object_to(given)
    assert (await answered(play, given, no)).open_objections == 1
    assert (await answered(play, given, yes, upheld=True)).open_objections == 0
    row = await row_of(play, Objection, yes)
    assert (row.state, row.upheld, row.answered_at, row.answered_by) == (
        "answered",
        True,
        START,
        STREET.id,
    )
    await play.at(period.closes_at)
    found = await closed(play, given)
    assert (found.objections, found.upheld) == (2, 1)
    assert (await row_of(play, Publication, given.publication_id)).outcome == "upheld"


async def test_the_window_of_what_is_not_suspended_stays_as_it_was_posted(
    database: Database,
) -> None:
    play, given, period = await posted(database, "p3")
    objection = await play.object_to(given)
    await play.at(period.closes_at)
    assert not (await closed(play, given)).closed
    assert (await answered(play, given, objection)).closes_at == period.closes_at
    assert (await closed(play, given)).closed


@pytest.mark.parametrize(
    ("steps", "stood"),
    [
        ("file 1, file 1, file 1, answer 3, answer 3, answer 3", 2),
        ("file 1, file 2, answer-last 3, answer 5", 4),
        ("file 1, file 2, answer 3, answer 5", 4),
        ("file 1, answer 2, file 4, answer 5", 2),
    ],
    ids=["together", "one within the other", "one after the other", "apart"],
)
async def test_the_clock_stands_still_once_however_many_objections_are_open(
    database: Database, request: pytest.FixtureRequest, steps: str, stood: int
) -> None:
    play = await begin(database, f"p{crc32(request.node.name.encode())}", Stage.BIDDING)
    given = await play.post("candidates", suspends=True)
    closes_at = (await row_of(play, Publication, given.publication_id)).closes_at
    open_ones: list[str] = []
    for step in steps.split(", "):
        word, hours = step.split()
        await play.at(START + timedelta(hours=int(hours)))
        if word == "file":
            open_ones.append(await play.object_to(given))
        else:
            await answered(play, given, open_ones.pop(-1 if word == "answer-last" else 0))
    row = await row_of(play, Publication, given.publication_id)
    assert row.closes_at == closes_at + timedelta(hours=stood)


async def test_an_objection_is_answered_once_and_only_where_it_was_filed(
    database: Database,
) -> None:
    play, given, _ = await posted(database, "p4")
    objection = await play.object_to(given)
    await answered(play, given, objection)
    with pytest.raises(ApplicationError) as twice:
        await answered(play, given, objection)
    other = play.publication("share_table", publication_id="p4.share_table.2")
    await play.own(play.publications.open, other, of=play.of(other))
    elsewhere = await play.object_to(other)
    with pytest.raises(ApplicationError) as unknown:
        await answered(play, given, elsewhere)
    assert (refused(twice), refused(unknown)) == (
        ["publication.objection_answered"],
        ["publication.objection_unknown"],
    )


async def test_nobody_answers_the_own_objection(database: Database) -> None:
    play, given, _ = await posted(database, "p5")
    objection = await play.object_to(given)
    async with database.session() as session, session.begin():
        head = await session.scalar(
            select(Event).where(Event.renovation_id == "p5").order_by(Event.seq.desc()).limit(1)
        )
        assert head is not None
        # The committee filed it: the command of its event is the objection's.
        (await session.get_one(Objection, objection)).command_id = head.command_id
        own = COMMITTEE.model_copy(update={"id": head.actor_id})
    with pytest.raises(ApplicationError) as error:
        await answered(play, given, objection, own)
    assert refused(error) == ["publication.own_objection"]
