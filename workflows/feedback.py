"""Feedback (反馈评价): the survey, the tickets that are still open, the evaluation against targets."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback import Evaluations

    from models.messages.journey import FeedbackOutcome, StageInput
    from workflows.desk import own_step, until, write


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.PINNED)
class FeedbackWorkflow:
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        self.given = given
        self.phase = "survey"
        self.open_tickets = 0

    @workflow.run
    async def run(self, given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, evaluation."""
        rid = given.renovation_id
        period = await write(Evaluations.open_survey, own_step(rid, "survey"))
        await until(lambda: period.survey_closes_at, lambda: False, "the survey closes")
        self.phase, looks = "tickets", 0
        while True:
            looks += 1
            state = await write(Evaluations.count_open_tickets, own_step(rid, f"tickets-{looks}"))
            self.open_tickets = max(0, state.open_tickets + self.open_tickets)
            if self.open_tickets == 0:
                break
            await workflow.wait_condition(lambda: self.open_tickets <= 0)
            self.open_tickets = 0
        self.phase = "evaluation"
        return await write(Evaluations.evaluate, own_step(rid, "evaluate"))

    @workflow.signal
    def ticket_closed(self) -> None:
        """One ticket of this renovation came to its end."""
        self.open_tickets -= 1

    @workflow.query
    def waiting_for(self) -> str:
        """What the stage waits for now."""
        return self.phase
