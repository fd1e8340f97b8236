"""Whoever answers activity tasks in our workers' place: with invented results, errors, or beats without end.

While it does, our own activities of that name are away; workflows are carried by ours. Nothing is
written that the record would not take; what the engine believes meanwhile is found and healed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
import pytest
from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.registry import CLASSES
from models.messages import acts as a
from models.messages.cost_sharing import CostSharingOutcome, CostSharingResult
from models.messages.feedback import TicketTimer
from models.messages.journey import StageEntered
from models.messages.publication import PublicationClosing
from models.messages.reconciling import Fault, Mended, Reconciliation, Suspects
from models.messages.voting import VotePeriod, VoteResult
from models.values.refusal import Refused
from models.values.states import Stage
from runtime.database import Database
from runtime.engine.reconciliation import reconcile
from service.parts import Parts
from tests.support.journey import BUREAU, COMMITTEE, codes, complain
from tests.support.processes.serving import serving
from tests.support.rogue.activities import (
    AT_ONCE,
    Answer,
    Taken,
    Task,
    answering,
    beats,
    fails,
    says,
    says_cancelled,
    says_rubbish,
)
from tests.support.signed.driver import SignedDriver
from tests.workflows.attacks.test_comparisons import told_by
from tests.workflows.attacks.test_means import FAR, at, ends_well, repaired

MARKS = {"act.broken", "case.needs_attention", "case.attention_ended", "case.repaired"}
"""What is written of a step that broke: that it did, and in none of the rogue's words."""
INVENTED = "the mayor has decided"
BULK = {
    vars(method)["__temporal_activity_definition"].name
    for kind in CLASSES
    for method in vars(kind).values()
    if getattr(method, "__dict__", {}).get("bulk")
}
"""As steps of the engine these come by a queue of their own; as acts of people they do not."""
LAST = 10**6
"""A place in the record that nothing has come to."""


class Away(ClientInterceptor, Interceptor):
    """Stands between Temporal and our worker: what it gets of these activities it gives back."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Given(next, self)


class _Given(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, away: Away) -> None:
        super().__init__(following)
        self.away = away

    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002
        if activity.info().activity_type in self.away.names:
            raise ApplicationError("away", type="Away", next_retry_delay=AT_ONCE)
        return await super().execute_activity(input)


@pytest.fixture(scope="module")
def away() -> Away:
    return Away()


@pytest.fixture(scope="module")
async def served(
    env: WorkflowEnvironment, database: Database, away: Away
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    async with serving(env, database, [away]) as opened:
        yield opened


@asynccontextmanager
async def in_the_place_of_ours(
    j: SignedDriver, away: Away, name: str, answer: Answer, *, bulk: bool = False
) -> AsyncIterator[Taken]:
    """The rogue answers this activity of the case, and nobody else does."""

    def of(task: Task) -> bool:
        ours = task.workflow_execution.workflow_id.startswith((j.handle.id, "repair/"))
        return task.activity_type.name == name and ours

    away.names.add(name)
    try:
        build = j.parts.settings.build_id
        async with answering(j.client, j.queue, build, answer, of, bulk=bulk) as taken:
            yield taken
    finally:
        away.names.discard(name)


async def answer_to(asked: Awaitable[a.Done]) -> list[str]:
    """With which codes an act was refused; none for one that was done."""
    try:
        await asked
    except Refused as refused:
        return codes(refused)
    return []


PERIOD = VotePeriod(box_id="b", closes_at=FAR, check_at=FAR, seq=LAST)
REFUSAL = [{"code": "voting.not_open", "where": INVENTED, "params": {"act": "open_vote"}}]
TO_AN_OFFICIAL: Mapping[str, tuple[Answer, list[str], set[Fault]]] = {
    "an invented result": (says(PERIOD), ["service.not_confirmed"], {Fault.DIFFERS}),
    "a result that nobody can read": (says_rubbish, ["service.not_confirmed"], {Fault.DIFFERS}),
    "an error of no kind of ours": (fails(INVENTED, INVENTED), ["act.broken"], {Fault.SEEN_TO}),
    "an error like ours": (fails("Broken", INVENTED, INVENTED), ["act.broken"], {Fault.SEEN_TO}),
    # Only mTLS keeps it out: the person reads a refusal that nobody has given, and may ask again.
    "an invented refusal": (fails("Refused", INVENTED, REFUSAL), ["voting.not_open"], set()),
    "beats without end": (beats, ["service.not_confirmed"], set()),
}
"""The lie, what the official hears who waits for it, and what the next comparison finds."""


@pytest.mark.slow
@pytest.mark.parametrize("lie", TO_AN_OFFICIAL)
async def test_no_official_is_told_done_of_what_is_not_on_the_record(
    journey: Any, database: Database, away: Away, lie: str
) -> None:
    answer, told, found = TO_AN_OFFICIAL[lie]
    j = await at(journey, "open_vote")
    before = await j.seq()
    async with in_the_place_of_ours(j, away, "Ballots.open_box", answer):
        assert await answer_to(j.act(a.OpenVote, COMMITTEE)) == told
        assert set((await j.events())[before:]) <= MARKS
    faults = {fault for _, fault in await repaired(j)}
    assert found <= faults, faults
    await nothing_invented(j)
    if answer is beats:
        await opened(j)
    await ends_well(j, database)


async def opened(j: SignedDriver) -> None:
    """Nobody beats for it any more: after ten seconds our worker gets it, and the vote is open."""
    async with asyncio.timeout(60):
        while "voting.box_announced" not in await j.events():
            await asyncio.sleep(0.2)


@pytest.mark.slow
async def test_a_cancellation_that_nobody_asked_for_is_refused_by_the_engine(
    journey: Any, database: Database, away: Away
) -> None:
    j = await at(journey, "open_vote")
    heard: list[RPCError] = []

    async def answer(client: Any, task: Task) -> None:
        try:
            await says_cancelled(client, task)
        except RPCError as error:
            heard.append(error)

    async with in_the_place_of_ours(j, away, "Ballots.open_box", answer) as taken:
        opening = asyncio.create_task(answer_to(j.act(a.OpenVote, COMMITTEE)))
        await taken.one()
        assert heard
    await opening
    await opened(j)
    await ends_well(j, database)


async def nothing_invented(j: SignedDriver) -> None:
    """No word of the rogue is in any event or mark of the case."""
    written = await j.db.fetch(
        "SELECT details::text AS said FROM event WHERE renovation_id=$1"
        " UNION ALL SELECT error FROM case_trouble WHERE renovation_id=$1",
        j.rid,
    )
    assert not [row["said"] for row in written if INVENTED in row["said"]]


class Lie(NamedTuple):
    """What is told of a step of the engine, when, and which events must not come of it."""

    moment: str
    activity: str
    answer: Answer
    never: str
    """An event that would only follow if it were so."""


CLOSING = PublicationClosing(closed=True, closes_at=FAR, seq=LAST)
LIES: Mapping[str, Lie] = {
    "a vote that nobody has cast is adopted": Lie(
        "ballots",
        "Ballots.close_box",
        says(VoteResult(box_id="b", adopted=True, seq=LAST)),
        "publication.opened",
    ),
    "a publication is over at once": Lie(
        "ballots", "Publications.open", says(CLOSING), "voting.result_declared"
    ),
    "nobody has objected": Lie(
        "objections.vote_result", "Publications.close", says(CLOSING), "voting.result_declared"
    ),
    "the works have begun": Lie(
        "objections.vote_result",
        "Renovations.enter_stage",
        says(StageEntered(stage=Stage.INSPECTION, workflow_id="w", seq=LAST)),
        "inspection.works_begun",
    ),
    "too little was collected": Lie(
        "payments",
        "Shares.finish",
        says(CostSharingOutcome(outcome=CostSharingResult.SHELVED, seq=LAST)),
        "settlement.vote_voided",
    ),
    "a step broke": Lie(
        "objections.vote_result", "Publications.close", fails(INVENTED, INVENTED), "act.broken"
    ),
}


COMPARISONS = 10


@pytest.mark.slow
@pytest.mark.parametrize("name", LIES)
async def test_an_invented_end_of_a_step_leads_to_nothing_and_is_healed(
    journey: Any, database: Database, away: Away, name: str
) -> None:
    lie = LIES[name]
    j = await at(journey, lie.moment)
    bulk = lie.activity in BULK
    async with in_the_place_of_ours(j, away, lie.activity, lie.answer, bulk=bulk) as taken:
        going_on = asyncio.create_task(goes_on(j, taken))
        await taken.one()
        await asyncio.sleep(2)  # what would follow from it, follows within moments
        assert lie.never not in await j.events()
        going_on.cancel()
        with suppress(asyncio.CancelledError):
            await going_on
    assert {Fault.DIFFERS, Fault.LOST, Fault.BROKEN} & {fault for _, fault in await repaired(j)}
    await is_left_alone(j)
    await nothing_invented(j)
    await ends_well(j, database)


async def is_left_alone(j: SignedDriver) -> None:
    """What was mended is healthy: of the comparisons that follow one stops nothing, and none after it."""
    stopped = {Fault.DIFFERS, Fault.LOST}
    for _ in range(COMPARISONS):
        if not stopped & {fault for _, fault in await repaired(j)}:
            break
        await asyncio.sleep(1)
    run_id = (await j.handle.describe()).run_id
    assert not stopped & {fault for _, fault in await repaired(j)}
    assert (await j.handle.describe()).run_id == run_id


async def goes_on(j: SignedDriver, taken: Taken) -> None:
    """Do what an ordinary committee does, until the rogue has got its task."""
    while not taken.names:
        with suppress(Refused, AssertionError):
            await j.until("nothing")


@pytest.mark.slow
async def test_an_invented_answer_to_a_complaint_is_no_answer(
    journey: Any, database: Database, away: Away
) -> None:
    j = await at(journey, "open_vote")
    ticket = await complain(j)
    timer = TicketTimer(level="city", due_at=FAR, top=True, seq=LAST)
    async with in_the_place_of_ours(j, away, "Tickets.resolve", says(timer)):
        asked = j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
        assert await answer_to(asked) == ["service.not_confirmed"]
    assert (f"/ticket/{ticket}", Fault.DIFFERS) in await repaired(j)
    await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
    await ends_well(j, database)


SAID_OF_A_COMPARISON: Mapping[str, tuple[Answer, bool]] = {
    "Reconciling.mend": (says(Mended()), False),
    "Suspecting.page": (says(Suspects(renovation_ids=())), True),
}
"""The activity, the lie, and whether it is asked when all cases are compared."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID_OF_A_COMPARISON)
async def test_who_says_that_nothing_is_wrong_delays_a_comparison_and_changes_nothing(
    journey: Any, database: Database, away: Away, name: str
) -> None:
    """Kept out by mTLS only: it is believed once. The next comparison that ours make heals."""
    answer, everything = SAID_OF_A_COMPARISON[name]
    j = await at(journey, "open_vote")
    await j.handle.terminate("mine now")
    before = await j.seq()
    async with in_the_place_of_ours(j, away, name, answer):
        if everything:
            given = Reconciliation(everything=True)
            assert (await reconcile(j.client, j.queue, given)).findings == ()
        else:
            assert (await told_by(j)).findings == ()
    assert await j.seq() == before
    assert Fault.LOST in dict(await repaired(j)).values()
    await ends_well(j, database)


@pytest.mark.slow
async def test_what_polls_as_no_build_or_as_another_one_gets_no_task(
    journey: Any, database: Database, away: Away
) -> None:
    j = await at(journey, "open_vote")

    def anything(task: Task) -> bool:
        return bool(task.task_token)

    async with answering(j.client, j.queue, "another", says(PERIOD), anything) as taken:
        await j.until("payments")
        assert taken.names == []
    await ends_well(j, database)
