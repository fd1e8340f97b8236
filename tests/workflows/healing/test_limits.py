"""The server's limits, scaled down: a workflow that is full goes on in a new run, and nobody notices."""

from collections.abc import AsyncIterator

import pytest
from pydantic import JsonValue
from temporalio.testing import WorkflowEnvironment

from models.messages import acts as a
from models.messages.ids import ticket_workflow_id
from models.values.actor import Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from service.gateway import Gateway
from tests.support.journey import (
    BUREAU,
    STREET,
    JourneyDriver,
    actor,
    codes,
    complain,
)
from tests.support.limits.runs import Run, runs_of
from tests.support.limits.traffic import Traffic, many_works
from tests.support.processes.servers import dev_server
from tests.support.slow import some_are_slow
from tests.support.wanderer import Begin, assert_agrees

MOST_EVENTS, MOST_UPDATES = 400, 15
LIMITS = (
    "limit.historyCount.suggestContinueAsNew=150",
    f"limit.historyCount.error={MOST_EVENTS}",
    f"history.maxTotalUpdates={MOST_UPDATES}",
    # Until a run has ended the server counts the acts that were held back too. By default a tenth of
    # its 2,000 is left for them; here it is half.
    "history.maxTotalUpdates.suggestContinueAsNewThreshold=0.5",
)
SENDERS = 8
REOPENED = 5
"""So often a complaint may come back, level by level."""


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with dev_server(*LIMITS) as running:
        yield running


async def all_runs(j: JourneyDriver) -> dict[str, list[Run]]:
    """The runs of every workflow of the case."""
    rows = await j.db.fetch(
        "SELECT DISTINCT workflow_id FROM event WHERE renovation_id=$1 AND workflow_id <> ''", j.rid
    )
    return {row["workflow_id"]: await runs_of(j.client, row["workflow_id"]) for row in rows}


async def ended_well(j: JourneyDriver, database: Database) -> dict[str, list[Run]]:
    """The journey came to its end, the record is clean, and no run was cut off; the runs."""
    await j.until("nothing")
    assert (await j.handle.result()).state == "completed"
    report = await audit(database, j.rid)
    assert report.ok, report
    runs = await all_runs(j)
    for name, each in runs.items():
        assert {run.last for run in each[:-1]} <= {"CONTINUED_AS_NEW"}, name
        assert each[-1].last == "COMPLETED", name
        assert max(run.events for run in each) < MOST_EVENTS, name
        assert max(run.updates for run in each) <= MOST_UPDATES, name
    return runs


@pytest.mark.parametrize(("works", "continuations"), some_are_slow((20, 4), (120, 20)))
async def test_acts_sent_without_pause_are_answered_while_the_works_continue_as_new(
    journey: Begin, database: Database, works: int, continuations: int
) -> None:
    j = await journey(content=many_works(works))
    await j.until("works")
    traffic = Traffic(j, seed=works, rectified=300, wrong=150)
    await traffic.go(SENDERS)
    assert await assert_agrees(j) > 0
    await traffic.assert_recorded()
    assert any(answer.code for answer in traffic.answers), "nothing was refused"
    runs = await ended_well(j, database)
    (stage,) = (each for name, each in runs.items() if "/inspection/" in name)
    assert len(stage) > continuations


@pytest.mark.slow
async def test_a_publication_with_many_objections_continues_as_new(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("objections.vote_result")
    for number in range(2 * MOST_UPDATES):
        publication, objection = await j.object_to("vote_result", number % 12)
        fields = {"publication_id": publication, "objection_id": objection, "upheld": False}
        await j.act(a.AnswerObjection, BUREAU, answer="no", **fields)
        if number % 10 == 0:
            await assert_agrees(j)
    answered = await j.details("publication.objection_answered")
    assert len(answered) == 2 * MOST_UPDATES
    runs = await ended_well(j, database)
    (each,) = (each for name, each in runs.items() if ".vote_result." in name)
    assert len(each) > 2


@pytest.mark.slow
async def test_a_stage_that_waits_for_a_publication_is_full_until_that_is_over(
    journey: Begin, database: Database
) -> None:
    """It cannot continue as new: children do not carry over."""
    j = await journey()
    await j.until("objections.share_table")
    units = await j.units()
    reliefs = [(unit, kind) for kind in ("reduction", "deferral") for unit in units]
    for number in range(MOST_UPDATES):
        await relieve(j, j.parts.gateway, reliefs, number)
    hurried = j.parts.settings.model_copy(update={"update_timeout_s": 1})
    gateway = Gateway(j.client, database, hurried)
    with pytest.raises(Refused) as refused:
        await relieve(j, gateway, reliefs, MOST_UPDATES)
    assert codes(refused.value) == ["service.full"]
    # What it says is so: the same command is taken when the publication is over.
    await j.until("payments")
    for number in range(len(reliefs)):
        await relieve(j, j.parts.gateway, reliefs, number)
    await assert_agrees(j)
    assert (await j.events()).count("cost_sharing.relief_approved") == len(reliefs)
    runs = await ended_well(j, database)
    (stage,) = (each for name, each in runs.items() if "/cost_sharing/" in name)
    assert len(stage) > 1


async def relieve(
    j: JourneyDriver, gateway: Gateway, reliefs: list[tuple[str, str]], number: int
) -> None:
    """A relief; sent again it is the same command."""
    unit, kind = reliefs[number]
    fields: dict[str, JsonValue] = {"unit_number": unit, "kind": kind}
    fields |= {"amount_fen": 100, "funded_by": "the district"}
    await j.official(STREET)
    await gateway.send(j.rid, a.ApproveRelief.name, fields, STREET.id, f"relief-{unit}-{kind}")


@pytest.mark.slow
async def test_a_complaint_that_is_reopened_again_and_again_continues_as_new(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    ticket = await complain(j)
    resident = actor(Role.OWNER, "unit:101")
    await j.parts.clocks.settle(j.rid)
    for _ in range(REOPENED):
        await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
        await j.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=False)
    await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="two lamps were mounted")
    with pytest.raises(Refused) as refused:
        await j.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=False)
    assert codes(refused.value) == ["feedback.reopen_exhausted"]
    await assert_agrees(j)
    await j.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=True)
    runs = await runs_of(j.client, ticket_workflow_id(j.rid, ticket))
    assert len(runs) > 1
    await ended_well(j, database)
