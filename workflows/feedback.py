"""Feedback (反馈评价): the survey, the tickets that are still open, the evaluation against targets."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.survey import Evaluations
    from models.messages.feedback import FeedbackOutcome, FeedbackPeriod, FeedbackState
    from models.messages.journey import StageInput
    from workflows.waiting import CaseWorkflow


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class FeedbackWorkflow(CaseWorkflow):
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, _given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, then every indicator beside the target that was set before (rules 5.6)."""
        period = await self.write(Evaluations.open_survey, self.step("survey"))
        await self._wait_for_tickets(period)
        return await self.write_many(Evaluations.evaluate, self.step("evaluate"))

    async def _wait_for_tickets(self, period: FeedbackPeriod) -> None:
        """Look when the survey closes, then once a working day, until no complaint is open or their
        legal time is over.

        Looking costs a handful of events a day; a signal per ticket would grow with the residents.
        """
        looks, why = 0, "the survey closes"
        again: datetime | None = period.survey_closes_at
        while again is not None:
            looks += 1
            state = await self._look(looks, again, why)
            again, why = state.look_again_at, "open complaints are looked at"

    async def _look(self, looks: int, at: datetime, why: str) -> FeedbackState:
        async def look() -> FeedbackState:
            step = self.step(f"tickets-{looks}")
            return await self.write(Evaluations.count_open_tickets, step, looks)

        return await self.at(at, why, look)
