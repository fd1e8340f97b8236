"""Feedback (反馈评价): the survey, the tickets that are still open, the evaluation against targets."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.survey import Evaluations
    from models.messages.feedback import FeedbackOutcome, FeedbackProgress
    from models.messages.journey import StageInput
    from workflows.waiting import StageWorkflow


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class FeedbackWorkflow(StageWorkflow[FeedbackProgress]):
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, FeedbackProgress)

    @workflow.run
    async def run(self, _given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, then every indicator beside the target that was set before (rules 5.6)."""
        if not self.progress.surveyed:
            await self.own("survey", Evaluations.open_survey)
        await self._wait_for_tickets()
        if self.progress.outcome is None:
            await self.own("evaluate", Evaluations.evaluate)
        assert self.progress.outcome is not None
        return self.progress.outcome

    async def _wait_for_tickets(self) -> None:
        """Look when the survey closes, then once a working day, until no complaint is open or their
        legal time is over.

        Looking costs a handful of events a day; a signal per ticket would grow with the residents.
        """
        while (look_at := self.progress.look_at) is not None:
            looks = self.progress.looks + 1
            why = "open complaints are looked at" if self.progress.looks else "the survey closes"
            await self.when_due(look_at, why, lambda: self._look(looks))  # noqa: B023

    async def _look(self, looks: int) -> None:
        await self.own(f"tickets-{looks}", Evaluations.count_open_tickets, looks)
