"""How the workflows that stand by themselves are started: renovations and complaints.

The service starts them when their rows are committed; reconciliation starts them again where that
did not come about, or where the engine has lost them.
"""

from typing import Protocol

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from models.messages.feedback import TicketInput
from models.messages.ids import renovation_workflow_id, ticket_workflow_id
from models.messages.journey import Journey
from models.values.search_attributes import PLACE, RENOVATION_STAGE, TITLE

RENOVATION_WORKFLOW = "RenovationWorkflow"
"""Addressed by its registered name, so that the service does not load what activities need."""
TICKET_WORKFLOW = "TicketWorkflow"
SUMMARY_LETTERS = 60


class Findable(Protocol):
    """By what administrators find the workflows of a case: a renovation, or how it was read."""

    @property
    def id(self) -> str:
        """Of the renovation."""

    @property
    def title(self) -> str:
        """Of the renovation."""

    @property
    def place_path(self) -> str:
        """From the district down."""

    @property
    def stage(self) -> str:
        """Where it stands."""


async def start_renovation(client: Client, task_queue: str, row: Findable, given: Journey) -> bool:
    """Start the workflow of a renovation; False where one runs, or has run and carries nothing on."""
    try:
        await client.start_workflow(
            RENOVATION_WORKFLOW,
            given,
            id=renovation_workflow_id(row.id),
            task_queue=task_queue,
            id_reuse_policy=_reuse(given),
            search_attributes=attributes_of(row),
            static_summary=row.title[:SUMMARY_LETTERS],
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def start_ticket(client: Client, task_queue: str, row: Findable, given: TicketInput) -> bool:
    """Start the workflow of a complaint; False where one runs, or has run and carries nothing on."""
    try:
        await client.start_workflow(
            TICKET_WORKFLOW,
            given,
            id=ticket_workflow_id(row.id, given.ticket_id),
            task_queue=task_queue,
            id_reuse_policy=_reuse(given),
            search_attributes=attributes_of(row),
            static_summary="ticket",
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


def attributes_of(row: Findable) -> TypedSearchAttributes:
    """By what administrators find the workflows of a case."""
    found = {RENOVATION_STAGE: row.stage, PLACE: row.place_path, TITLE: row.title}
    return TypedSearchAttributes(
        [
            SearchAttributePair(SearchAttributeKey.for_keyword(key.name), value)
            for key, value in found.items()
        ]
    )


def _reuse(given: Journey | TicketInput) -> WorkflowIDReusePolicy:
    """Only who goes on from the record may follow a workflow that has ended."""
    if given.carried is None:
        return WorkflowIDReusePolicy.REJECT_DUPLICATE
    return WorkflowIDReusePolicy.ALLOW_DUPLICATE
