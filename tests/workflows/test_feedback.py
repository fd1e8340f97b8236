from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import WorkflowHandle

from models.messages import acts as a
from models.messages.feedback import TicketOutcome
from models.messages.ids import ticket_workflow_id
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from tests.support.journey import STREET, JourneyDriver, actor, complain
from workflows.feedback import TicketWorkflow

Begin = Callable[..., Awaitable[JourneyDriver]]
Ticket = WorkflowHandle[TicketWorkflow, TicketOutcome]
RESIDENT = actor(Role.OWNER, "unit:101")
COMMUNITY = actor(Role.RESIDENTS_COMMITTEE)
GRID = actor(Role.GRID_WORKER)


async def complaint(j: JourneyDriver) -> tuple[str, Ticket]:
    tid = await complain(j)
    await level_becomes(j, tid, "grid")
    return tid, j.client.get_workflow_handle_for(TicketWorkflow.run, ticket_workflow_id(j.rid, tid))


async def level_becomes(j: JourneyDriver, tid: str, level: str) -> None:
    for _ in range(10):
        await j.parts.clocks.settle(j.rid)
        if await j.db.fetchval("SELECT level FROM ticket WHERE id=$1", tid) == level:
            return
        await j.go_on()
    raise AssertionError(f"the ticket never came to the {level}")


async def answer(j: JourneyDriver, tid: str, who: Actor) -> None:
    await j.act(a.ResolveTicket, who, ticket_id=tid, answer="a lamp was mounted")


async def test_a_complaint_nobody_answers_climbs_to_the_district(journey: Begin) -> None:
    j = await journey()
    tid, handle = await complaint(j)
    for level in ("community", "street", "district"):
        await level_becomes(j, tid, level)
    with pytest.raises(Refused):
        await answer(j, tid, GRID)
    await answer(j, tid, actor(Role.DISTRICT_BUREAU))
    await j.act(a.ConfirmTicket, RESIDENT, ticket_id=tid, satisfied=True)
    outcome = await handle.result()
    assert (outcome.state, outcome.level) == ("closed", "district")
    assert (await j.events()).count("feedback.ticket_escalated") == 3


async def test_a_resident_who_is_not_satisfied_reopens(journey: Begin) -> None:
    j = await journey()
    tid, handle = await complaint(j)
    await answer(j, tid, GRID)
    await j.act(a.ConfirmTicket, RESIDENT, ticket_id=tid, satisfied=False)
    with pytest.raises(Refused):
        await j.act(a.ConfirmTicket, RESIDENT, ticket_id=tid, satisfied=True)
    await answer(j, tid, STREET)
    await j.act(a.ConfirmTicket, RESIDENT, ticket_id=tid, satisfied=True)
    assert (await handle.result()).reopened == 1


async def test_silence_after_the_call_back_closes_the_ticket(journey: Begin) -> None:
    j = await journey()
    tid, handle = await complaint(j)
    await answer(j, tid, GRID)
    for _ in range(30):
        if await j.value("SELECT state FROM ticket WHERE renovation_id=$1") == "closed":
            break
        await j.go_on()
    assert (await handle.result()).state == "closed"


async def test_the_evaluation_waits_for_open_complaints_but_not_for_ever(journey: Begin) -> None:
    j = await journey()
    await j.until("survey")
    await complain(j)
    row = await j.until("nothing")
    assert row["state"] == "completed"
    looks = (await j.events()).count("feedback.tickets_looked_at")
    assert 2 <= looks <= 12
