"""How workflows start the ones that belong to them: ids by function, one home."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy

with workflow.unsafe.imports_passed_through():
    from models.messages.ids import publication_workflow_id
    from models.messages.publication import PublicationClosing, PublicationInput
    from workflows.publication import PublicationWorkflow


async def publish(given: PublicationInput) -> PublicationClosing:
    """Post something and wait until its objection window is over."""
    return await workflow.execute_child_workflow(
        PublicationWorkflow.run,
        given,
        id=publication_workflow_id(given.renovation_id, given.publication_id),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=f"publication of {given.subject}",
    )
