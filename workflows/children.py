"""How workflows start the ones that belong to them: ids by function, one home."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy

with workflow.unsafe.imports_passed_through():
    from models.messages.ids import publication_workflow_id
    from models.messages.publication import PublicationClosing, PublicationInput, Subject
    from workflows.publication import PublicationWorkflow
    from workflows.waiting import CaseWorkflow


async def publish(
    case: CaseWorkflow, subject: Subject, number: str | int, suspends: bool = False
) -> PublicationClosing:
    """Post something and wait until its objection window is over.

    `number` tells the publications of one subject apart; `suspends` says that an objection stops
    the clock of the window.
    """
    given = PublicationInput(
        renovation_id=case.renovation_id,
        publication_id=f"{case.renovation_id}.{subject}.{number}",
        subject=subject,
        suspends=suspends,
        clock=case.clock,
    )
    return await workflow.execute_child_workflow(
        PublicationWorkflow.run,
        given,
        id=publication_workflow_id(given.renovation_id, given.publication_id),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=f"publication of {subject}",
    )
