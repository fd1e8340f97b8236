"""Feedback (反馈评价): the survey, the tickets that are still open, the evaluation against targets."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.survey import Evaluations
    from models.messages.feedback import FeedbackOutcome, FeedbackPeriod, FeedbackState
    from models.messages.journey import StageInput
    from workflows.waiting import CaseWorkflow
    from workflows.writes import own_step


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class FeedbackWorkflow(CaseWorkflow):
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.phase = "survey"

    @workflow.run
    async def run(self, given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, evaluation."""
        rid = given.renovation_id
        period = await self.write(Evaluations.open_survey, own_step(rid, "survey"))
        await self._wait_for_tickets(period)
        self.phase = "evaluation"
        return await self.write_many(Evaluations.evaluate, own_step(rid, "evaluate"))

    async def _wait_for_tickets(self, period: FeedbackPeriod) -> None:
        """Look when the survey closes, then once a working day, until no complaint is open or their
        legal time is over.

        Looking costs a handful of events a day; a signal per ticket would grow with the residents.
        """
        looks, summary = 0, "the survey closes"
        again: datetime | None = period.survey_closes_at
        while again is not None:
            looks += 1
            state = await self._look(looks, again, summary)
            again, summary = state.look_again_at, "open complaints are looked at"

    async def _look(self, looks: int, at: datetime, summary: str) -> FeedbackState:
        async def look() -> FeedbackState:
            self.phase = "tickets"
            step = own_step(self.given.renovation_id, f"tickets-{looks}")
            return await self.write(Evaluations.count_open_tickets, step, looks)

        state = await self.when_due(lambda: at, lambda: False, summary, look)
        assert state is not None
        return state

    @workflow.query
    def waiting_for(self) -> str:
        """What the stage waits for now."""
        return self.phase
