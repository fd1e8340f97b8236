"""What the engine says of the workflows of a case, beside what the record says."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from models.messages.ids import (
    publication_workflow_id,
    renovation_workflow_id,
    ticket_workflow_id,
)
from models.tables import CaseTrouble, CaseWait, Publication, Renovation, Ticket
from models.values.states import OPEN_STATES, PublicationState, TicketState
from models.values.waits import Consequence
from runtime.record.agenda import of_collection
from runtime.record.authority import load_signed_since
from runtime.record.journal import load_tick


@dataclass(frozen=True)
class Execution:
    """A workflow as the engine knows it: its status in capitals, "" for none of this id."""

    workflow_id: str
    status: str
    run_id: str
    kind: str = ""
    """The type of the workflow."""
    parent_id: str = ""
    task_queue: str = ""
    children: tuple[str, ...] = ()
    """The workflows that it has started and waits for."""

    @property
    def runs(self) -> bool:
        """Whether it is open."""
        return self.status == WorkflowExecutionStatus.RUNNING.name


@dataclass(frozen=True)
class CaseOnRecord:
    """What must run for a case, by the record: its own workflow, its stage, publications, tickets."""

    row: Renovation
    told: bool
    signed: bool
    publications: tuple[str, ...]
    collections: tuple[str, ...]
    """What collects later instalments beside the stage: one workflow at most."""
    tickets: tuple[str, ...]
    troubles: tuple[CaseTrouble, ...]
    late: tuple[str, ...]
    """Workflows that should have gone on by themselves."""

    @property
    def journey(self) -> str:
        """The workflow of the renovation."""
        return renovation_workflow_id(self.row.id)


async def execution_of(client: Client, workflow_id: str) -> Execution:
    """The last run of a workflow, as the server has it now (not as its list has it)."""
    try:
        found = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return Execution(workflow_id, "", "")
    status = found.status.name if found.status is not None else ""
    return Execution(
        workflow_id=workflow_id,
        status=status,
        run_id=found.run_id,
        kind=found.workflow_type,
        parent_id=found.parent_id or "",
        task_queue=found.task_queue,
        children=tuple(each.workflow_id for each in found.raw_description.pending_children),
    )


async def is_at_work(client: Client, workflow_id: str) -> bool:
    """Whether a step of the workflow is under way or waits to be taken again, or its answer waits to be heard."""
    try:
        found = (await client.get_workflow_handle(workflow_id).describe()).raw_description
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return bool(found.pending_activities) or found.HasField("pending_workflow_task")


async def load_case(session: AsyncSession, renovation_id: str, told: bool) -> CaseOnRecord | None:
    """What must run for a case; None where there is no such case."""
    row = await session.get(Renovation, renovation_id)
    if row is None:
        return None
    troubles = await session.scalars(
        select(CaseTrouble)
        .where(CaseTrouble.renovation_id == renovation_id)
        .order_by(CaseTrouble.workflow_id, CaseTrouble.step)
    )
    return CaseOnRecord(
        row=row,
        told=told,
        signed=bool(await load_signed_since(session, renovation_id)),
        publications=await _open_publications(session, row),
        collections=await _collections(session, renovation_id),
        tickets=await _open_tickets(session, renovation_id),
        troubles=tuple(troubles),
        late=await _late(session, renovation_id),
    )


async def _open_publications(session: AsyncSession, row: Renovation) -> tuple[str, ...]:
    if row.state not in OPEN_STATES:
        return ()
    names = await session.scalars(
        select(Publication.id)
        .where(Publication.renovation_id == row.id, Publication.state == PublicationState.OPEN)
        .order_by(Publication.id)
    )
    return tuple(publication_workflow_id(row.id, name) for name in names)


async def _collections(session: AsyncSession, renovation_id: str) -> tuple[str, ...]:
    """While the case stands still, what it waits for is put aside, and it is not seen."""
    names = select(CaseWait.workflow_id).where(*of_collection(renovation_id)).distinct()
    return tuple(await session.scalars(names))


async def _open_tickets(session: AsyncSession, renovation_id: str) -> tuple[str, ...]:
    """Those that are not closed."""
    ended = (TicketState.CLOSED, TicketState.REFERRED)
    names = await session.scalars(
        select(Ticket.id)
        .where(Ticket.renovation_id == renovation_id, Ticket.state.not_in(ended))
        .order_by(Ticket.id)
    )
    return tuple(ticket_workflow_id(renovation_id, name) for name in names)


async def _late(session: AsyncSession, renovation_id: str) -> tuple[str, ...]:
    """Workflows with a wait that the engine itself should have ended by now."""
    tick = await load_tick(session, renovation_id)
    names: Sequence[str] = (
        await session.scalars(
            select(CaseWait.workflow_id)
            .where(
                CaseWait.renovation_id == renovation_id,
                CaseWait.due_at <= tick,
                CaseWait.consequence != Consequence.NONE,
            )
            .distinct()
            .order_by(CaseWait.workflow_id)
        )
    ).all()
    return tuple(names)
