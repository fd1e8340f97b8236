"""Feedback (反馈评价): the survey, the tickets that are still open, the evaluation against targets."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback import Evaluations
    from models.messages.journey import FeedbackOutcome, StageInput
    from workflows.desk import own_step, until, write, write_many


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class FeedbackWorkflow:
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        self.given = given
        self.phase = "survey"

    @workflow.run
    async def run(self, given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, evaluation."""
        rid = given.renovation_id
        period = await write(Evaluations.open_survey, own_step(rid, "survey"))
        await until(lambda: period.survey_closes_at, lambda: False, "the survey closes")
        self.phase = "tickets"
        await self._wait_for_tickets()
        self.phase = "evaluation"
        return await write_many(Evaluations.evaluate, own_step(rid, "evaluate"))

    async def _wait_for_tickets(self) -> None:
        """Look once a working day until no complaint is open or their legal time is over.

        Looking costs a handful of events a day; a signal per ticket would grow with the residents.
        """
        looks = 0
        while True:
            looks += 1
            step = own_step(self.given.renovation_id, f"tickets-{looks}")
            state = await write(Evaluations.count_open_tickets, step, looks)
            again = state.look_again_at
            if again is None:
                return
            await until(lambda: again, lambda: False, "open complaints are looked at")  # noqa: B023

    @workflow.query
    def waiting_for(self) -> str:
        """What the stage waits for now."""
        return self.phase
