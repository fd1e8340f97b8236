from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.feedback.survey import Evaluations
from activities.feedback.tickets import Tickets
from activities.recording import Recorder
from models.messages.acts import ResolveTicket
from models.messages.command import Command
from models.messages.feedback import FeedbackOutcome, FeedbackState, TicketInput, TicketTimer
from models.tables import (
    BallotBox,
    Certificate,
    Evaluation,
    Event,
    Inspection,
    Instalment,
    Notice,
    Payment,
    Renovation,
    SurveyAnswer,
    Ticket,
    WorkItem,
)
from models.values.actor import ENGINE, Actor, Role
from models.values.timetable import WorkCalendar
from runtime.database import Database
from tests.support.agenda import too_early
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation, unit
from tests.support.told import move_clock

START = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, noon in Shanghai."""
INSTANT = timedelta(microseconds=1)
TEXT = "the stairs are dark, says the widow of flat 3"
GRID = Actor(id="grid", role=Role.GRID_WORKER, label="grid worker")
COMMUNITY = Actor(id="community", role=Role.RESIDENTS_COMMITTEE, label="community")
STREET = Actor(id="street", role=Role.STREET_OFFICE, label="street office")
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="bureau")


class Parts:
    """One renovation and its complaints; every write is done twice, as a retry would."""

    def __init__(self, database: Database, rid: str) -> None:
        calendar = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
        recorder = Recorder(database, calendar, BOX_KEYS)
        self.database, self.rid, self.count = database, rid, 0
        self.tickets, self.evaluations = Tickets(recorder), Evaluations(recorder)
        self.given = TicketInput(renovation_id=rid, ticket_id=f"{rid}.t1")

    def command(self, who: Actor = ENGINE) -> Command:
        self.count += 1
        return Command(command_id=f"{self.rid}#{self.count}", renovation_id=self.rid, actor=who)

    async def at(self, moment: datetime) -> None:
        await move_clock(self.database, self.rid, moment)

    async def complain(self, *, confidential: bool = False, name: str = "t1") -> TicketTimer:
        async with self.database.session() as session, session.begin():
            session.add(
                Ticket(
                    id=f"{self.rid}.{name}",
                    renovation_id=self.rid,
                    command_id=f"{self.rid}.{name}",
                    kind="complaint",
                    text=TEXT,
                    unit_number="1-101",
                    confidential=confidential,
                    level="grid",
                    state="open",
                    opened_at=START,
                    due_at=START,
                )
            )
        self.given = TicketInput(renovation_id=self.rid, ticket_id=f"{self.rid}.{name}")
        return await self.twice(self.tickets.take_in)

    async def twice(self, write: Any, who: Actor = ENGINE) -> Any:
        command = self.command(who)
        first = await write(command, self.given)
        assert await write(command, self.given) == first
        return first

    async def resolve(self, who: Actor) -> TicketTimer:
        command = self.command(who)
        act = ResolveTicket(
            command_id=command.command_id,
            actor=who,
            ticket_id=self.given.ticket_id,
            answer="a lamp was mounted at the widow's door",
        )
        first = await self.tickets.resolve(command, self.given, act)
        assert await self.tickets.resolve(command, self.given, act) == first
        return first

    async def row(self) -> Ticket:
        async with self.database.session() as session:
            return await session.get_one(Ticket, self.given.ticket_id)

    async def open_survey(self) -> datetime:
        command = self.command()
        period = await self.evaluations.open_survey(command)
        assert await self.evaluations.open_survey(command) == period
        return period.survey_closes_at

    async def look(self, number: int) -> FeedbackState:
        command = self.command()
        first = await self.evaluations.count_open_tickets(command, number)
        assert await self.evaluations.count_open_tickets(command, number) == first
        return first

    async def evaluate(self) -> FeedbackOutcome:
        command = self.command()
        first = await self.evaluations.evaluate(command)
        assert await self.evaluations.evaluate(command) == first
        return first

    async def indicators(self) -> dict[str, tuple[int, int, int]]:
        async with self.database.session() as session:
            rows = await session.scalars(
                select(Evaluation).where(Evaluation.renovation_id == self.rid)
            )
            return {r.indicator: (r.numerator, r.denominator, r.missing) for r in rows}

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with self.database.session() as session:
            found = await session.scalars(
                select(Event.details)
                .where(Event.renovation_id == self.rid, Event.kind.like(kind))
                .order_by(Event.seq)
            )
            return [dict(details) for details in found]

    async def notices(self) -> list[str]:
        async with self.database.session() as session:
            return list(
                await session.scalars(
                    select(Notice.template).where(Notice.renovation_id == self.rid)
                )
            )

    async def answer_survey(self, *scores: tuple[int, int]) -> None:
        """(unit index, score) in the order in which the answers came in."""
        async with self.database.session() as session, session.begin():
            for number, (index, score) in enumerate(scores):
                session.add(
                    SurveyAnswer(
                        command_id=f"{self.rid}.s{number}",
                        renovation_id=self.rid,
                        unit_number=unit(self.rid, index, "").number,
                        score=score,
                        recorded_at=START + timedelta(minutes=number),
                    )
                )


async def parts(database: Database, rid: str, **more: Any) -> Parts:
    await make_renovation(database, rid=rid, told_at=START, **more)
    return Parts(database, rid)


def refused(error: pytest.ExceptionInfo[ApplicationError]) -> list[str]:
    return [problem["code"] for problem in error.value.details[0]]


async def test_the_grid_worker_gets_a_complaint_with_its_limit(database: Database) -> None:
    here = await parts(database, "f1")
    timer = await here.complain()
    assert (timer.level, timer.top) == ("grid", False)
    assert timer.due_at == START + timedelta(hours=24)


async def test_nothing_that_a_resident_wrote_stands_in_an_event(database: Database) -> None:
    here = await parts(database, "f2")
    await here.complain()
    await here.resolve(GRID)
    await here.twice(here.tickets.close_satisfied)
    assert "widow of flat" not in str(await here.events("%"))
    assert "1-101" not in str(await here.events("%"))


async def test_the_answer_to_a_confidential_complaint_stays_out_of_the_event(
    database: Database,
) -> None:
    here = await parts(database, "f3")
    await here.complain(confidential=True)
    await here.resolve(GRID)
    assert "widow" not in str(await here.events("%"))
    assert "answer_sha256" in (await here.events("feedback.ticket_resolved"))[0]
    assert "ticket_answered" in await here.notices()


async def test_a_missed_level_loses_the_ticket_to_the_next_up_to_the_city(
    database: Database,
) -> None:
    here = await parts(database, "f4")
    timer = await here.complain()
    levels = []
    while not timer.top:
        missed = timer.due_at
        await here.at(missed)
        timer = await here.twice(here.tickets.escalate)
        assert timer.due_at > missed
        levels.append(timer.level)
    assert levels == ["community", "street", "district", "city"]
    with pytest.raises(ApplicationError) as error:
        await here.twice(here.tickets.escalate)
    assert refused(error) == ["feedback.no_level_above"]


async def test_an_answer_that_came_first_is_not_escalated(database: Database) -> None:
    here = await parts(database, "f5")
    await here.complain()
    answered = await here.resolve(GRID)
    left = await here.twice(here.tickets.escalate)
    assert left.model_copy(update={"seq": answered.seq}) == answered
    assert (await here.row()).level == "grid"


async def test_a_level_below_cannot_answer_and_one_above_can(database: Database) -> None:
    here = await parts(database, "f6")
    timer = await here.complain()
    await here.at(timer.due_at)
    await here.twice(here.tickets.escalate)
    with pytest.raises(ApplicationError) as error:
        await here.resolve(GRID)
    assert refused(error) == ["feedback.not_this_level"]
    await here.resolve(STREET)
    assert (await here.row()).state == "resolved"


async def test_the_answer_carries_the_check_of_the_total_and_starts_the_call_back(
    database: Database,
) -> None:
    here = await parts(database, "f7")
    await here.complain()
    timer = await here.resolve(COMMUNITY)
    assert timer.due_at == datetime(2026, 3, 5, 16, tzinfo=UTC)
    check = (await here.events("feedback.ticket_resolved"))[0]["checks"][0]
    assert (check["code"], check["passed"], check["have"]) == (
        "feedback.resolved_within",
        True,
        0,
    )


async def test_a_ticket_is_not_answered_twice(database: Database) -> None:
    here = await parts(database, "f8")
    await here.complain()
    await here.resolve(GRID)
    with pytest.raises(ApplicationError) as error:
        await here.resolve(STREET)
    assert refused(error) == ["feedback.not_waiting_for_answer"]


async def test_silence_closes_a_ticket_without_a_word_on_satisfaction(database: Database) -> None:
    here = await parts(database, "f9")
    await here.complain()
    with pytest.raises(ApplicationError) as error:
        await here.twice(here.tickets.close_silent)
    await here.at((await here.resolve(GRID)).due_at)
    outcome = await here.twice(here.tickets.close_silent)
    assert refused(error) == ["feedback.ticket_not_resolved"]
    assert (outcome.state, (await here.row()).satisfied) == ("closed", None)


async def test_the_second_reopening_goes_one_level_up(database: Database) -> None:
    here = await parts(database, "f10")
    await here.complain()
    await here.resolve(GRID)
    first = await here.twice(here.tickets.reopen)
    await here.resolve(GRID)
    second = await here.twice(here.tickets.reopen)
    assert (first.level, second.level) == ("grid", "community")
    assert (await here.row()).reopened == 2


async def test_a_reopening_after_its_period_is_refused(database: Database) -> None:
    here = await parts(database, "f11")
    await here.complain()
    await here.resolve(GRID)
    await here.at(START + timedelta(days=30))
    with pytest.raises(ApplicationError) as error:
        await here.twice(here.tickets.reopen)
    assert refused(error) == ["feedback.reopen_too_late"]


async def test_the_evaluation_waits_for_open_tickets_one_working_day_at_a_time(
    database: Database,
) -> None:
    here = await parts(database, "f12")
    await here.complain()
    closes_at = await here.open_survey()
    looks = 1
    await here.at(closes_at)
    while (state := await here.look(looks)).look_again_at is not None:
        assert state.open_tickets == 1
        looks += 1
        await here.at(state.look_again_at)
    assert (state.open_tickets, looks) == (1, 7)


async def test_without_open_tickets_the_evaluation_follows_at_once(database: Database) -> None:
    here = await parts(database, "f13")
    await here.complain()
    await here.resolve(GRID)
    await here.at(await here.open_survey())
    first = await here.look(1)
    assert first.open_tickets == 1
    assert first.look_again_at is not None
    await here.twice(here.tickets.close_silent)
    await here.at(first.look_again_at)
    state = await here.look(2)
    assert (state.open_tickets, state.look_again_at) == (0, None)


async def test_open_tickets_are_not_looked_at_before_the_survey_closes_nor_before_the_next_look(
    database: Database,
) -> None:
    here = await parts(database, "f19")
    await here.complain()
    closes_at = await here.open_survey()
    look = partial(here.evaluations.count_open_tickets, here.command(), 1)
    assert await too_early(database, "f19", look) == closes_at - START
    await here.at(closes_at)
    again = (await look()).look_again_at
    assert again is not None
    look = partial(here.evaluations.count_open_tickets, here.command(), 2)
    assert await too_early(database, "f19", look) == again - closes_at
    await here.at(again)
    assert (await look()).open_tickets == 1


async def test_a_level_does_not_lose_its_ticket_before_its_time(database: Database) -> None:
    here = await parts(database, "f20")
    timer = await here.complain()
    await here.at(timer.due_at - INSTANT)
    escalate = partial(here.tickets.escalate, here.command(), here.given)
    assert await too_early(database, "f20", escalate) == INSTANT
    assert (await here.row()).state == "open"
    await here.at(timer.due_at)
    assert (await escalate()).level == "community"


async def test_an_answered_ticket_is_not_closed_before_the_call_back_is_over(
    database: Database,
) -> None:
    here = await parts(database, "f21")
    await here.complain()
    answered = await here.resolve(GRID)
    close = partial(here.tickets.close_silent, here.command(), here.given)
    assert await too_early(database, "f21", close) == answered.due_at - START
    await here.at(answered.due_at)
    assert (await close()).state == "closed"


async def test_the_last_answer_of_a_household_counts(database: Database) -> None:
    here = await parts(database, "f14")
    await here.answer_survey((0, 1), (1, 5), (0, 5), (2, 3))
    await here.evaluate()
    found = await here.indicators()
    assert found["satisfaction"] == (2, 3, 9)
    assert found["response"] == (3, 12, 0)


# carries E48
async def test_below_the_floor_an_improvement_plan_is_due(database: Database) -> None:
    here = await parts(database, "f15")
    await here.answer_survey((0, 5), (1, 2))
    outcome = await here.evaluate()
    assert (outcome.targets_met, outcome.targets) == (0, 1)
    assert "improvement_plan_due" in await here.notices()


async def test_at_the_floor_no_plan_is_due_and_the_target_is_met(database: Database) -> None:
    here = await parts(database, "f16", units=20)
    await here.answer_survey(*((index, 5 if index < 17 else 1) for index in range(20)))
    outcome = await here.evaluate()
    details = (await here.events("feedback.evaluated"))[0]
    assert (outcome.targets_met, outcome.targets) == (1, 1)
    assert "improvement_plan_due" not in await here.notices()
    assert details["satisfaction"]["wilson_95_permille"] == {
        "lower_permille": 639,
        "upper_permille": 948,
    }


async def test_without_an_answer_nothing_is_met_and_a_new_survey_is_asked_for(
    database: Database,
) -> None:
    here = await parts(database, "f17")
    assert (await here.evaluate()).targets_met == 0
    assert "survey_without_answers" in await here.notices()


async def test_every_indicator_is_counted_from_the_rows(database: Database) -> None:
    here = await parts(database, "f18")
    await here.complain()
    await here.resolve(GRID)
    await here.complain(name="t2")
    await _journey_rows(database, "f18")
    await here.evaluate()
    found = await here.indicators()
    assert found["participation_heads"] == (9, 12, 0)
    assert found["participation_area"] == (800, 1_000, 0)
    assert found["collection_units"] == (1, 3, 0)
    assert found["collection_amount"] == (140, 300, 0)
    assert found["completion"] == (1, 2, 0)
    assert found["first_pass"] == (0, 1, 1)
    assert found["budget_execution"] == (700, 12_600_000, 0)
    assert found["tickets_in_time"] == (1, 1, 1)
    assert found["reopen_rate"] == (0, 1, 1)
    async with database.session() as session:
        assert (await session.get_one(Renovation, "f18")).waiting_for == "engine"


async def test_a_complaint_that_nobody_answered_in_its_time_is_not_in_time(
    database: Database,
) -> None:
    here = await parts(database, "f29")
    await here.complain()
    await here.resolve(GRID)
    await here.complain(name="t2")
    await here.at(START + timedelta(days=30))
    await here.evaluate()
    found = await here.indicators()
    assert found["tickets_in_time"] == (1, 2, 0)
    assert found["reopen_rate"] == (0, 1, 1)


async def _journey_rows(database: Database, rid: str) -> None:
    """A counted vote, three units that owe 100 each (200, 40, nothing paid), one item passed late."""
    async with database.session() as session, session.begin():
        session.add(_counted_box(rid))
        for index, paid_fen in enumerate((200, 40, 0)):
            session.add_all(_dues(rid, unit(rid, index, "").number, paid_fen))
        session.add_all(
            WorkItem(
                id=f"{rid}.{name}",
                renovation_id=rid,
                building="1",
                title=name,
                value_fen=700,
                state=state,
            )
            for name, state in (("roof", "passed"), ("paint", "default"))
        )
        await session.flush()
        session.add_all(_inspected(rid))


def _counted_box(rid: str) -> BallotBox:
    tally = {
        "participating_heads": 9,
        "roll_heads": 12,
        "participating_area_dm2": 800,
        "roll_area_dm2": 1_000,
    }
    return BallotBox(
        id=f"{rid}.1",
        renovation_id=rid,
        attempt=1,
        motions=[{"id": "works"}],
        state="closed",
        opens_at=START,
        closes_at=START,
        roll_hash="0" * 64,
        tally={"works": {"tally": tally}},
        public_key=bytes(32),
        wrapped_key=b"",
        roll_salt=bytes(32),
    )


def _dues(rid: str, number: str, paid_fen: int) -> list[Instalment | Payment]:
    """Two instalments of 100, the second one later, and one payment if any."""
    dues: list[Instalment | Payment] = [
        Instalment(
            renovation_id=rid, unit_number=number, number=part, due_at=due_at, amount_fen=100
        )
        for part, due_at in ((1, START), (2, START + timedelta(days=90)))
    ]
    payment = Payment(
        id=f"{rid}.{number}",
        renovation_id=rid,
        command_id=f"{rid}.{number}",
        unit_number=number,
        amount_fen=paid_fen,
        source="owner",
        received_at=START,
    )
    return [*dues, payment] if paid_fen else dues


def _inspected(rid: str) -> list[Inspection | Certificate]:
    """The roof failed once, passed then, and was certified."""
    rounds: list[Inspection | Certificate] = [
        Inspection(
            id=f"{rid}.i{number}",
            renovation_id=rid,
            item_id=f"{rid}.roof",
            round=number,
            kind="stage",
            outcome=outcome,
            inspector_id=f"s{number}",
            defects=[],
            recorded_at=START,
        )
        for number, outcome in enumerate(("FAIL", "PASS"), start=1)
    ]
    certificate = Certificate(
        id=f"{rid}.c1",
        renovation_id=rid,
        item_id=f"{rid}.roof",
        certified_fen=700,
        retention_fen=0,
        deductions_fen=0,
        payable_fen=700,
        state="released",
        approved_by="bureau",
    )
    return [*rounds, certificate]
