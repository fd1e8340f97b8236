"""Every write leaves in the agenda what its workflow waits for then, and what its parent waits for."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.oversight.reassigning import Reassignments
from models.messages import acts as a
from models.messages.cost_sharing import CostSharingOutcome
from models.messages.journey import JourneyOutcome, StageInput
from models.messages.publication import PublicationClosing, PublicationInput
from models.messages.voting import VotePeriod, VoteResult
from models.tables import CaseWait
from models.values.actor import Actor, Role
from models.values.scheme import PlannedWork
from models.values.states import Stage
from models.values.timetable import Timetable, calendar_days
from rules.time import lateness
from rules.time.deadlines import deadline
from runtime.database import Database
from tests.support import money
from tests.support.agenda import Line, agenda, everything_of, too_early
from tests.support.money import START, STREET, scheme
from tests.support.play import Play, begin, collecting

DAY = timedelta(days=1)
CONVENERS = "owners_committee, residents_committee, street_office"
TENDERER = "district_bureau, owners_committee, street_office"
WORKERS = "chief_supervisor, contractor, supervisor"
COMMITTEE = Actor(id="committee", role=Role.OWNERS_COMMITTEE, label="committee")
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="bureau")
EVALUATOR = Actor(id="e1", role=Role.EVALUATOR, label="evaluator")
CONTRACTOR = Actor(id="b1", role=Role.CONTRACTOR, label="contractor")
SUPERVISOR = Actor(id="s1", role=Role.SUPERVISOR, label="supervisor")
CHIEF = Actor(id="chief", role=Role.CHIEF_SUPERVISOR, label="chief")
GRID = Actor(id="grid", role=Role.GRID_WORKER, label="grid worker")
VOTE = [Line("stage", "voting", since=START)]


def act(what: str, since: datetime, who: str, *, subject: str = "", filed: Any = None) -> Line:
    """An official act that is awaited: until its period is over, then whoever has to do it is reminded."""
    due_at = lateness.due(what, filed or since, Timetable(), money.PLAIN_WEEKENDS)
    assert due_at is not None, what
    return Line(what, subject, due_at, since, who, "reminded")


@pytest.mark.parametrize(
    ("stage", "wait"),
    [
        (Stage.VOTING, act("open_vote", START, CONVENERS)),
        (Stage.COST_SHARING, Line("engine", due_at=START, since=START, consequence="goes_on")),
        (Stage.BIDDING, act("publish_tender", START, TENDERER)),
        (Stage.INSPECTION, Line("engine", due_at=START, since=START, consequence="goes_on")),
        (Stage.FEEDBACK, Line("engine", due_at=START, since=START, consequence="goes_on")),
    ],
)
async def test_a_stage_that_is_entered_has_its_first_wait(
    database: Database, stage: Stage, wait: Line
) -> None:
    play = await begin(database, f"enter-{stage}", stage)
    assert await play.agenda() == {"case": [Line("stage", stage, since=START)], "stage": [wait]}


async def test_a_stage_that_is_left_waits_for_nothing(database: Database) -> None:
    play = await begin(database, "left", Stage.VOTING)
    left = play.stage
    await play.enter(Stage.BIDDING)
    assert left not in await agenda(database, "left")


# Voting.


async def opened(play: Play) -> VotePeriod:
    given = StageInput(renovation_id=play.rid, attempt=1)
    command = play.command(play.stage, COMMITTEE)
    return await play.ballots.open_box(command, given)


async def test_an_announced_vote_awaits_ballots_from_its_opening_and_a_look_at_the_turnout(
    database: Database,
) -> None:
    play = await begin(database, "v1", Stage.VOTING)
    period = await opened(play)
    table = Timetable()
    calendar = play.recorder.calendar
    opens_at = deadline(START, table.vote_notice, calendar, table.zone)
    closes_at = deadline(opens_at, table.vote_open, calendar, table.zone)
    assert period.closes_at == closes_at
    assert await play.agenda() == {
        "case": VOTE,
        "stage": [
            Line("turnout", "", closes_at - DAY, START, "", "turnout_checked"),
            Line("ballots", "", closes_at, opens_at, "owners", "box_closed"),
        ],
    }
    assert await play.waiting_for() == ("ballots", closes_at)


async def test_after_the_look_only_ballots_are_awaited_until_the_new_close(
    database: Database,
) -> None:
    play = await begin(database, "v2", Stage.VOTING)
    period = await opened(play)
    opens_at = (await play.agenda())["stage"][1].since
    await play.at(period.check_at)
    after = await play.own(play.ballots.check_turnout, period)
    assert after.closes_at > period.closes_at
    ballots = Line("ballots", "", after.closes_at, opens_at, "owners", "box_closed")
    assert await play.agenda() == {"case": VOTE, "stage": [ballots]}
    assert await play.waiting_for() == ("ballots", after.closes_at)


async def closed(play: Play) -> VoteResult:
    period = await opened(play)
    await play.at(period.closes_at)
    return await play.own(play.ballots.close_box, period)


async def test_a_counted_vote_goes_on_by_itself_and_hands_over_with_its_declaration(
    database: Database,
) -> None:
    play = await begin(database, "v3", Stage.VOTING)
    result = await closed(play)
    assert await play.agenda() == {"case": VOTE, "stage": [await play.goes_on()]}
    closing = PublicationClosing(closed=True, closes_at=START)
    await play.own(play.ballots.declare_result, result, closing)
    assert await play.agenda() == {"case": [await play.goes_on()]}


async def test_after_a_failed_vote_a_revised_scheme_is_awaited_while_there_is_time(
    database: Database,
) -> None:
    play = await begin(database, "v4", Stage.VOTING)
    await opened(play)
    await play.own(play.renovations.ask_revision, 1, of=play.case)
    wait, end = (await play.agenda())["case"]
    assert wait == act("revise_scheme", START, CONVENERS)
    assert await play.waiting_for() == ("revise_scheme", wait.due_at)
    assert (end.what, end.consequence) == ("votes", "votes_ended")
    assert end.due_at is not None
    assert end.due_at > START + 365 * DAY
    votes_end = partial(play.renovations.end_votes, play.command(play.case), 1)
    assert await too_early(database, "v4", votes_end) == end.due_at - START
    revise = partial(play.act, play.renovations.revise_scheme, a.ReviseScheme, COMMITTEE)
    await revise(of=play.case, title="clearer", reason="it was not understood")
    assert (await play.agenda())["case"] == [await play.goes_on()]


# Publications.


async def posted(play: Play) -> tuple[PublicationInput, datetime]:
    await closed(play)
    given = await play.post("vote_result")
    closes_at = (await play.waiting_for())[1]
    assert closes_at is not None
    return given, closes_at


async def test_a_publication_awaits_its_end_and_its_stage_awaits_the_publication(
    database: Database,
) -> None:
    play = await begin(database, "p1", Stage.VOTING)
    given, closes_at = await posted(play)
    now = await play.now()
    assert await play.agenda() == {
        "case": VOTE,
        "stage": [Line("publication", given.publication_id, since=now)],
        given.publication_id: [
            Line("objections.vote_result", "", closes_at, now, "", "publication_closed")
        ],
    }
    await play.at(closes_at)
    closing = await play.own(play.publications.close, given, of=play.of(given))
    assert closing.closed
    assert await play.agenda() == {"case": VOTE, "stage": [await play.goes_on()]}


async def test_after_the_time_for_votes_no_revised_scheme_is_awaited(database: Database) -> None:
    play = await begin(database, "v5", Stage.VOTING)
    await opened(play)
    asked = await play.own(play.renovations.ask_revision, 1, of=play.case)
    await play.at(asked.until)
    over = await play.own(play.renovations.end_votes, 1, of=play.case)
    assert not over.wanted
    assert (await play.agenda())["case"] == [await play.goes_on()]


async def test_a_second_vote_is_awaited_from_when_it_may_be_opened(database: Database) -> None:
    play = await begin(database, "v6", Stage.VOTING)
    result = await closed(play)
    closing = PublicationClosing(closed=True, closes_at=START)
    await play.own(play.ballots.declare_result, result, closing)
    now = await play.now()
    await play.own(play.renovations.enter_stage, Stage.VOTING, f"{play.stage}-2", of=play.case)
    _, due_at = await play.waiting_for()
    table, calendar = Timetable(), play.recorder.calendar
    may_open = deadline(now, table.re_vote_wait, calendar, table.zone)
    assert due_at == deadline(may_open, table.vote_opening, calendar, table.zone)


async def test_an_objection_that_nobody_has_answered_is_waited_for_without_end(
    database: Database,
) -> None:
    play = await begin(database, "p2", Stage.VOTING)
    given, closes_at = await posted(play)
    filed = await play.now()
    objections = [await play.object_to(given) for _ in "12"]
    await play.at(closes_at)
    stage = (await play.agenda())["stage"]
    assert not (await play.own(play.publications.close, given, of=play.of(given))).closed
    answers = [
        act("answers", closes_at, TENDERER_OR_CONVENER, subject=each, filed=filed)
        for each in objections
    ]
    assert (await play.agenda())[given.publication_id] == answers
    answer = partial(
        play.act,
        play.publications.answer,
        a.AnswerObjection,
        BUREAU,
        given,
        of=play.of(given),
        publication_id=given.publication_id,
        upheld=False,
        answer="no",
    )
    await answer(objection_id=objections[0])
    assert (await play.agenda())[given.publication_id] == answers[1:]
    await answer(objection_id=objections[1])
    # Now it may close, at once.
    assert await play.agenda() == {
        "case": VOTE,
        "stage": stage,
        given.publication_id: [
            Line("objections.vote_result", "", closes_at, closes_at, "", "publication_closed")
        ],
    }


TENDERER_OR_CONVENER = "district_bureau, owners_committee, residents_committee, street_office"


async def test_an_answer_gives_a_suspended_publication_its_time_back(database: Database) -> None:
    play = await begin(database, "p3", Stage.BIDDING)
    given = await play.post("candidates", suspends=True)
    closes_at = (await play.waiting_for())[1]
    assert closes_at is not None
    objection = await play.object_to(given)
    await play.at(START + DAY)
    await play.act(
        play.publications.answer,
        a.AnswerObjection,
        BUREAU,
        given,
        of=play.of(given),
        publication_id=given.publication_id,
        objection_id=objection,
        upheld=False,
        answer="no",
    )
    (wait,) = (await play.agenda())[given.publication_id]
    assert (wait.what, wait.due_at) == ("objections.candidates", closes_at + DAY)
    await play.at(closes_at)
    close = partial(play.publications.close, play.command(play.of(given)), given)
    assert await too_early(database, "p3", close) == DAY
    await play.at(closes_at + DAY)
    assert (await close()).closed


async def test_a_publication_whose_stage_was_left_writes_nothing_any_more(
    database: Database,
) -> None:
    play = await begin(database, "p4", Stage.VOTING)
    given, closes_at = await posted(play)
    objection = await play.object_to(given)
    late = play.command(play.of(given), BUREAU)
    answer = a.AnswerObjection(
        command_id=late.command_id,
        actor=BUREAU,
        publication_id=given.publication_id,
        objection_id=objection,
        upheld=True,
        answer="yes",
    )
    close = play.command(play.of(given))
    await cancelled(play)
    await play.at(closes_at)
    before = await everything_of(database, "p4")
    for write in (
        partial(play.publications.answer, late, given, answer),
        partial(play.publications.close, close, given),
    ):
        with pytest.raises(ApplicationError) as error:
            await write()
        assert [problem["code"] for problem in error.value.details[0]] == ["renovation.stage_over"]
    assert await everything_of(database, "p4") == before


# Cost sharing.


async def test_a_gap_awaits_public_money_and_the_end_of_the_stage_hands_over(
    database: Database,
) -> None:
    play = await begin(database, "c1", Stage.COST_SHARING, content=scheme(owners_limit_fen=9_000))
    await play.own(play.shares.plan)
    assert (await play.agenda())["stage"] == [
        act("subsidy", START, "district_bureau, street_office")
    ]
    await play.act(play.shares.decline_subsidy, a.DeclineSubsidy, BUREAU, reason="no money")
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    await play.own(play.shares.finish, CostSharingOutcome(outcome="new_vote"))
    assert await play.agenda() == {"case": [await play.goes_on()]}


async def test_a_collection_awaits_payments_its_next_reminder_and_then_a_decision(
    database: Database,
) -> None:
    play = await collecting(database, "c2")
    first = await play.own(play.shares.next_reminder, 1, 0)
    until = (await play.waiting_for())[1]
    assert until is not None
    # Whoever is reminded has been awaited since the call.
    payments = Line("payments", "", until, START, "owners", "collection_counted")
    reminder = partial(Line, "reminder", consequence="reminder_sent")
    assert (await play.agenda())["stage"] == [
        reminder(due_at=first.at, since=START),
        payments,
    ]
    await play.at(first.at)
    second = await play.own(play.shares.next_reminder, 1, 1)
    assert (await play.agenda())["stage"] == [
        reminder(due_at=second.at, since=START),
        payments,
    ]
    await play.at(second.at)
    last = await play.own(play.shares.next_reminder, 1, 2)
    assert last.at == until
    assert (await play.agenda())["stage"] == [payments]
    await play.at(until)
    assert not (await play.own(play.shares.count_collection)).enough
    assert (await play.agenda())["stage"] == [act("decide_collection", until, CONVENERS)]
    decide = {"decision": "wait", "reason": "they will pay"}
    await play.act(play.shares.decide_collection, a.DecideCollection, COMMITTEE, **decide)
    assert (await play.agenda())["stage"] == [await play.goes_on()]


async def test_when_everybody_has_paid_the_engine_counts_now(database: Database) -> None:
    play = await collecting(database, "c3")
    await money.pay(database, "c3", *await money.units_of(database, "c3"), fen=800)
    await play.own(play.shares.next_reminder, 1, 0)
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    assert (await play.own(play.shares.count_collection)).enough
    assert (await play.agenda())["stage"] == [await play.goes_on()]


# Bidding.


async def bids_opened(play: Play, *prices: int) -> None:
    given = StageInput(renovation_id=play.rid)
    causes = "too few bidders; the notice goes to more"
    period = await play.act(play.tenders.publish, a.PublishTender, STREET, given, causes=causes)
    await play.bid(period.tender_id, *prices)
    await play.at(period.deadline_at)
    await play.own(play.tenders.open_bids, period)


async def tendering(database: Database, rid: str, **more: object) -> Play:
    play = await collecting(database, rid, **more)
    await play.enter(Stage.BIDDING)
    return play


async def test_a_tender_awaits_bids_until_its_deadline(database: Database) -> None:
    play = await tendering(database, "b1")
    given = StageInput(renovation_id="b1")
    period = await play.act(play.tenders.publish, a.PublishTender, STREET, given)
    assert (await play.agenda())["stage"] == [
        Line("bids", "", period.deadline_at, START, "contractor", "bids_opened")
    ]


@pytest.mark.parametrize(
    ("rid", "prices", "what", "who"),
    [
        ("b2", (11_000, 11_500, 11_900), "record_evaluation", "evaluator"),
        ("b3", (11_000, 11_500), "publish_tender", TENDERER),
    ],
)
async def test_what_is_awaited_after_the_opening_depends_on_the_bids(
    database: Database, rid: str, prices: tuple[int, ...], what: str, who: str
) -> None:
    play = await tendering(database, rid)
    await bids_opened(play, *prices)
    assert (await play.agenda())["stage"] == [act(what, await play.now(), who)]


async def test_after_two_failed_tenders_the_approval_is_awaited(database: Database) -> None:
    play = await tendering(database, "b4")
    await bids_opened(play)
    await bids_opened(play)
    who = "district_bureau, street_office"
    wait = act("approve_direct_award", await play.now(), who)
    assert (await play.agenda())["stage"] == [wait]


async def candidates_named(database: Database, rid: str, **more: object) -> Play:
    play = await tendering(database, rid, **more)
    await bids_opened(play, 11_000, 11_500, 11_900)
    await play.act(play.tenders.evaluate, a.RecordEvaluation, EVALUATOR)
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    return play


async def candidates_published(play: Play) -> None:
    given = await play.post("candidates", suspends=True)
    closes_at = (await play.waiting_for())[1]
    assert closes_at is not None
    await play.at(closes_at)
    await play.own(play.publications.close, given, of=play.of(given))


async def test_candidates_who_stand_as_published_await_the_award_then_the_contract(
    database: Database,
) -> None:
    play = await candidates_named(database, "b5")
    await candidates_published(play)
    now = await play.now()
    assert (await play.agenda())["stage"] == [act("award_contract", now, TENDERER)]
    await play.act(play.tenders.award, a.AwardContract, STREET, bidder_id="b1")
    (wait,) = (await play.agenda())["stage"]
    assert (wait.what, wait.who) == ("sign_contract", TENDERER)
    assert wait.consequence == "next_candidate"
    assert wait.due_at == (await play.waiting_for())[1]
    await play.act(play.tenders.sign, a.SignContract, STREET, value_fen=11_000)
    assert await play.agenda() == {"case": [await play.goes_on()]}


async def test_a_contract_that_nobody_signs_lets_the_engine_publish_the_next(
    database: Database,
) -> None:
    play = await candidates_named(database, "b12")
    await candidates_published(play)
    await play.act(play.tenders.award, a.AwardContract, STREET, bidder_id="b1")
    until = (await play.waiting_for())[1]
    assert until is not None
    await play.at(until)
    await play.own(play.signatures.miss)
    assert (await play.agenda())["stage"] == [await play.goes_on()]


async def test_a_late_change_of_the_documents_moves_what_is_awaited(database: Database) -> None:
    play = await tendering(database, "b13")
    given = StageInput(renovation_id="b13")
    period = await play.act(play.tenders.publish, a.PublishTender, STREET, given)
    await play.at(period.deadline_at - timedelta(days=1))
    moved = await play.act(play.tenders.clarify, a.ClarifyTender, STREET, change="pipes")
    assert moved.deadline_at > period.deadline_at
    assert (await play.agenda())["stage"] == [
        Line("bids", "", moved.deadline_at, START, "contractor", "bids_opened")
    ]


@pytest.mark.parametrize(("rid", "awarded"), [("b6", False), ("b7", True)])
async def test_a_candidate_who_leaves_lets_the_engine_publish_the_next(
    database: Database, rid: str, awarded: bool
) -> None:
    play = await candidates_named(database, rid)
    await candidates_published(play)
    if awarded:
        await play.act(play.tenders.award, a.AwardContract, STREET, bidder_id="b1")
    leave = {"bidder_id": "b1", "reason": "no capacity"}
    await play.act(play.tenders.withdraw, a.WithdrawCandidate, STREET, **leave)
    assert (await play.agenda())["stage"] == [await play.goes_on()]


async def test_candidates_who_changed_while_they_were_published_are_published_anew(
    database: Database,
) -> None:
    play = await candidates_named(database, "b8")
    given = await play.post("candidates", suspends=True)
    until = (await play.waiting_for())[1]
    leave = {"bidder_id": "b1", "reason": "no capacity"}
    await play.act(play.tenders.withdraw, a.WithdrawCandidate, STREET, **leave)
    assert [line.what for line in (await play.agenda())["stage"]] == ["publication"]
    assert until is not None
    await play.at(until)
    await play.own(play.publications.close, given, of=play.of(given))
    assert (await play.agenda())["stage"] == [await play.goes_on()]


async def test_a_tender_without_candidates_hands_over(database: Database) -> None:
    play = await candidates_named(database, "b9")
    await candidates_published(play)
    for bidder in ("b1", "b2", "b3"):
        leave = {"bidder_id": bidder, "reason": "no capacity"}
        await play.act(play.tenders.withdraw, a.WithdrawCandidate, STREET, **leave)
    await play.own(play.tenders.fail)
    assert await play.agenda() == {"case": [await play.goes_on()]}


# Inspection.


async def building(database: Database, rid: str) -> Play:
    """The works have begun: three items, a contract with b1."""
    works = tuple(PlannedWork(id=name, title=name, value_fen=4_000) for name in ("a", "b", "c"))
    play = await candidates_named(database, rid, content=scheme(works=works))
    await candidates_published(play)
    await play.act(play.tenders.award, a.AwardContract, STREET, bidder_id="b1")
    await play.act(play.tenders.sign, a.SignContract, STREET, value_fen=11_000)
    await play.enter(Stage.INSPECTION)
    await play.own(play.works.begin)
    return play


async def inspected(play: Play, item: str, outcome: str) -> datetime | None:
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id=item)
    defects = ("a crack",) if outcome == "FAIL" else ()
    found: dict[str, Any] = {"item_id": item, "outcome": outcome, "defects": defects}
    state = await play.act(play.works.record_inspection, a.RecordInspection, SUPERVISOR, **found)
    due_at: datetime | None = state.overdue_at
    return due_at


async def test_each_rectification_is_a_wait_of_its_own_with_its_own_deadline(
    database: Database,
) -> None:
    play = await building(database, "w1")
    begun = await play.now()
    works = partial(act, "works", who=WORKERS)
    order = partial(Line, "rectification", who="contractor", consequence="contractor_default")
    table, calendar = Timetable(), play.recorder.calendar
    start = deadline(begun, table.works_start, calendar, table.zone)
    idle = deadline(start, table.works_grace, calendar, table.zone)
    still = Line("standstill", "", idle, begun, "contractor", "cure_noticed")
    assert (await play.agenda())["stage"] == [works(begun), still]
    first = await inspected(play, "a", "FAIL")
    assert first is not None
    later = begun + 3 * DAY
    await play.at(later)
    assert await inspected(play, "b", "FAIL") == first
    second = deadline(later, table.rectification_period, calendar, table.zone)
    assert second > first
    rectified = order("b", second, later)
    assert (await play.agenda())["stage"] == [order("a", first, begun), rectified, works(later)]
    assert await play.waiting_for() == ("works", first)
    await play.at(first)
    await play.own(play.works.mark_overdue)
    # The engine gives the notice to cure at once; what it does is no work on the site.
    assert (await play.agenda())["stage"] == [await play.goes_on(), rectified, works(later)]
    await play.act(play.works.report_rectified, a.ReportRectified, CONTRACTOR, item_id="b")
    inspection = act("record_inspection", first, "chief_supervisor, supervisor", subject="b")
    assert (await play.agenda())["stage"] == [await play.goes_on(), inspection, works(first)]
    await play.at(first + DAY)
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id="c")
    assert inspection in (await play.agenda())["stage"], "a report gives nobody more time"


async def reassigned(play: Play, what: str, role: str) -> None:
    fields = {"act": what, "role": role, "reason": "the other one is ill"}
    reassign = Reassignments(play.recorder).reassign
    await play.act(reassign, a.ReassignAct, STREET, of=play.case, **fields)


async def test_what_was_put_to_another_one_stays_so_and_late_whatever_is_reported_meanwhile(
    database: Database,
) -> None:
    play = await building(database, "w5")
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id="a")
    begun = await play.now()
    await reassigned(play, "record_inspection", "chief_supervisor")
    line = act("record_inspection", begun, "chief_supervisor", subject="a")
    assert line in (await play.agenda())["stage"]
    await play.at(begun + DAY)
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id="b")
    assert line in (await play.agenda())["stage"]
    assert line.due_at is not None
    await play.at(line.due_at)
    await play.own(play.agendas.remind)
    late = [(wait.what, wait.subject, wait.who) for wait in await late_of(play)]
    assert ("record_inspection", "a", "chief_supervisor") in late
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id="c")
    assert [(wait.what, wait.subject, wait.who) for wait in await late_of(play)] == late


async def late_of(play: Play) -> list[CaseWait]:
    async with play.database.session() as session:
        query = select(CaseWait).where(
            CaseWait.renovation_id == play.rid, CaseWait.late_since.is_not(None)
        )
        return list(await session.scalars(query.order_by(CaseWait.what, CaseWait.subject)))


async def test_a_default_awaits_its_cure_then_the_clients_word_and_then_the_measure(
    database: Database,
) -> None:
    play = await building(database, "w3")
    begun = await play.now()
    first = await inspected(play, "a", "FAIL")
    assert first is not None
    await play.at(first)
    await play.own(play.works.mark_overdue)
    table, calendar = Timetable(), play.recorder.calendar
    state = await play.own(play.terminations.notice)
    until = deadline(first, table.cure_notice, calendar, table.zone)
    assert (state.cure_until, state.unnoticed_items) == (until, 0)
    cure = Line("cure", "a", until, first, "contractor", "termination_asked")
    # Nothing is reported: the silence goes on from the last inspection.
    silent = act("works", begun, WORKERS)
    assert (await play.agenda())["stage"] == [cure, silent]
    asking = partial(play.terminations.ask, play.command(play.stage))
    assert await too_early(database, "w3", asking) == until - first
    await play.at(until)
    await play.own(play.terminations.ask)
    by = deadline(until, table.termination_decision, calendar, table.zone)
    decision = Line("terminate_contract", "", by, until, TENDERER, "reminded")
    assert (await play.agenda())["stage"] == [silent, decision]
    assert await play.waiting_for() == ("terminate_contract", by)
    await reassigned(play, "terminate_contract", "district_bureau")
    until += DAY
    await play.at(until)
    await play.act(play.works.report_item, a.ReportItem, CONTRACTOR, item_id="b")
    (line,) = [each for each in (await play.agenda())["stage"] if each.what == decision.what]
    assert (line.who, line.due_at) == ("district_bureau", by)
    end = {"reason": "it leaks"}
    await play.act(play.terminations.terminate, a.TerminateContract, BUREAU, **end)
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    await play.own(play.terminations.make_safe)
    late = deadline(until, table.termination_measurement, calendar, table.zone)
    measure = Line("measure_works", "", late, until, "chief_supervisor", "reminded")
    assert (await play.agenda())["stage"] == [measure]
    await play.act(play.terminations.measure, a.MeasureWorks, CHIEF, measured_fen={"a": 100})
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    outcome = await play.own(play.terminations.settle)
    assert (outcome.outcome, outcome.then, outcome.ground) == (
        "terminated",
        "retender",
        "not_cured",
    )
    assert await play.agenda() == {"case": [await play.goes_on()]}


async def test_finished_works_await_acceptance_then_payment_and_hand_over(
    database: Database,
) -> None:
    play = await building(database, "w2")
    for item in ("a", "b", "c"):
        await inspected(play, item, "PASS")
    now = await play.now()
    wait = act("accept_works", now, "chief_supervisor")
    assert (await play.agenda())["stage"] == [wait]
    await play.works.accept(play.command(play.stage, CHIEF))
    assert (await play.agenda())["stage"] == [act("approve_payment", now, TENDERER)]
    await play.act(play.works.approve_payment, a.ApprovePayment, BUREAU)
    assert await play.agenda() == {"case": [await play.goes_on()]}


# Feedback.


async def test_a_survey_awaits_answers_and_then_a_look_at_open_tickets(database: Database) -> None:
    play = await begin(database, "f1", Stage.FEEDBACK)
    ticket = await play.complain()
    await play.own(play.tickets.take_in, ticket, of=play.ticket(ticket))
    period = await play.own(play.evaluations.open_survey)
    assert (await play.agenda())["stage"] == [
        Line("survey", "", period.survey_closes_at, START, "owners", "tickets_looked_at")
    ]
    await play.at(period.survey_closes_at)
    state = await play.own(play.evaluations.count_open_tickets, 1)
    again = state.look_again_at
    assert (await play.agenda())["stage"] == [
        Line("tickets", "", again, period.survey_closes_at, "", "tickets_looked_at")
    ]
    looks = 1
    while again is not None:
        looks += 1
        await play.at(again)
        again = (await play.own(play.evaluations.count_open_tickets, looks)).look_again_at
    assert (await play.agenda())["stage"] == [await play.goes_on()]
    await play.own(play.evaluations.evaluate)
    found = await play.agenda()
    assert found["case"] == [await play.goes_on()]
    assert "stage" not in found
    assert [line.what for line in found[ticket.ticket_id]] == ["answer"]


async def test_each_level_of_a_complaint_has_its_time_and_the_last_no_end(
    database: Database,
) -> None:
    play = await begin(database, "f2")
    ticket = await play.complain()
    timer = await play.own(play.tickets.take_in, ticket, of=play.ticket(ticket))
    seen = []
    while True:
        (wait,) = (await play.agenda())[ticket.ticket_id]
        seen.append((wait.who, wait.consequence))
        now = await play.now()
        assert wait == Line(
            "answer", ticket.ticket_id, timer.due_at, now, wait.who, wait.consequence
        )
        if timer.top:
            break
        await play.at(timer.due_at)
        timer = await play.own(play.tickets.escalate, ticket, of=play.ticket(ticket))
    levels = ("grid", "community", "street", "district")
    assert seen == [
        *((f"level_{level}", "ticket_escalated") for level in levels),
        ("level_city", "reminded"),
    ]
    await play.at(timer.due_at)
    reminded = await play.own(play.agendas.remind, of=play.ticket(ticket))
    assert reminded.remind_at is None, "above the city stands nobody"
    (wait,) = (await play.agenda())[ticket.ticket_id]
    assert (wait.who, wait.due_at, wait.consequence) == ("level_city", None, "")


async def test_an_answered_complaint_awaits_the_complainant_and_a_closed_one_nobody(
    database: Database,
) -> None:
    play = await begin(database, "f3")
    ticket = await play.complain()
    workflow = play.ticket(ticket)
    await play.own(play.tickets.take_in, ticket, of=workflow)
    answer = {"of": workflow, "ticket_id": ticket.ticket_id, "answer": "a lamp was mounted"}
    timer = await play.act(play.tickets.resolve, a.ResolveTicket, GRID, ticket, **answer)
    assert (await play.agenda())[ticket.ticket_id] == [
        Line("call_back", ticket.ticket_id, timer.due_at, START, "complainant", "ticket_closed")
    ]
    await play.own(play.tickets.reopen, ticket, of=workflow)
    assert [line.what for line in (await play.agenda())[ticket.ticket_id]] == ["answer"]
    timer = await play.act(play.tickets.resolve, a.ResolveTicket, GRID, ticket, **answer)
    await play.at(timer.due_at)
    await play.own(play.tickets.close_silent, ticket, of=workflow)
    assert await play.agenda() == {}


# The end.


async def cancelled(play: Play) -> None:
    reason = {"of": play.case, "reason": "the house comes down"}
    await play.act(play.cancellations.record, a.CancelRenovation, BUREAU, **reason)
    play.stage = ""


async def test_a_cancellation_ends_every_wait_but_those_of_complaints(database: Database) -> None:
    play = await begin(database, "x1", Stage.VOTING)
    ticket = await play.complain()
    await play.own(play.tickets.take_in, ticket, of=play.ticket(ticket))
    complaint = (await play.agenda())[ticket.ticket_id]
    await posted(play)
    await cancelled(play)
    assert await play.agenda() == {
        "case": [await play.goes_on()],
        ticket.ticket_id: complaint,
    }


async def test_the_settlement_goes_on_by_itself_around_the_publication_of_the_refunds(
    database: Database,
) -> None:
    play = await collecting(database, "x2")
    await money.pay(database, "x2", *await money.units_of(database, "x2"), fen=800)
    await cancelled(play)
    write: Any
    for write in (
        play.cancellations.make_safe,
        play.cancellations.settle_contract,
        play.cancellations.draw_refund_sheet,
    ):
        await play.own(write, of=play.case)
        assert await play.agenda() == {"case": [await play.goes_on()]}
    given = await play.post("refunds")
    until = (await play.waiting_for())[1]
    found = await play.agenda()
    assert [line.what for line in found["case"]] == ["publication"]
    assert [line.what for line in found[given.publication_id]] == ["objections.refunds"]
    assert until is not None
    await play.at(until)
    await play.own(play.publications.close, given, of=play.of(given))
    for write in (play.cancellations.pay_refunds, play.cancellations.void_vote):
        assert await play.agenda() == {"case": [await play.goes_on()]}
        await play.own(write, of=play.case)


@pytest.mark.parametrize("state", ["completed", "shelved", "cancelled"])
async def test_a_renovation_that_is_closed_waits_for_nothing_but_its_complaints(
    database: Database, state: str
) -> None:
    play = await begin(database, f"end-{state}", Stage.VOTING)
    ticket = await play.complain()
    await play.own(play.tickets.take_in, ticket, of=play.ticket(ticket))
    await opened(play)
    outcome = JourneyOutcome.model_validate({"state": state})
    await play.own(play.renovations.close, outcome, of=play.case)
    assert list(await play.agenda()) == [ticket.ticket_id]
    assert await play.waiting_for() == ("nothing", None)


async def test_a_window_of_no_days_is_over_as_soon_as_it_is_open(database: Database) -> None:
    none = Timetable(candidate_publicity=calendar_days(0))
    play = await begin(database, "z1", Stage.BIDDING, timetable=none)
    given = play.publication("candidates")
    command = play.command(play.of(given))
    period = await play.publications.open(command, given)
    assert period.closes_at == period.tick == START
    assert (await play.own(play.publications.close, given, of=play.of(given))).closed
