"""Feedback (反馈评价): survey and evaluation; complaints on their way up, with working-day timers."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.survey import Evaluations
    from activities.feedback.tickets import Tickets
    from models.messages.acts import ConfirmTicket, Done, ResolveTicket
    from models.messages.feedback import (
        FeedbackOutcome,
        FeedbackProgress,
        TicketInput,
        TicketOutcome,
        TicketProgress,
        TicketTimer,
    )
    from models.messages.journey import StageInput
    from workflows.waiting import CaseWorkflow, Condition, StageWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="FeedbackWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class FeedbackWorkflow(StageWorkflow[FeedbackProgress]):
    """Ask the residents, wait for the complaints to be closed, measure the results."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, FeedbackProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> FeedbackOutcome:
        """Survey, tickets, then every indicator beside the target that was set before (rules 5.6)."""
        await self.begin_from_record()
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


@workflow.defn(name="TicketWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class TicketWorkflow(CaseWorkflow[TicketInput, TicketProgress]):
    """One complaint until the resident is satisfied or every level has answered."""

    @workflow.init
    def __init__(self, given: TicketInput) -> None:
        super().__init__(given, TicketProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: TicketInput) -> TicketOutcome:
        """Within five working days, the call-back included: Weifang hotline law art. 20, 25.

        A level that misses its time loses the ticket to the next one (rules 5.2).
        """
        await self.begin_from_record()
        if self.progress.timer is None:
            await self.own("take-in-0", Tickets.take_in, self.given)
        while self.progress.outcome is None:
            assert self.progress.timer is not None
            await self._one_wait(self.progress.timer)
        await self.finish()
        return self.progress.outcome

    async def _one_wait(self, timer: TicketTimer) -> None:
        """Until somebody moves the ticket, or the time of whoever holds it is over."""
        answered = self.progress.answered

        def moved() -> bool:
            return self.progress.outcome is not None or self.progress.timer != timer

        why = "call-back" if answered else f"{timer.level} answers"
        if timer.top and not answered:
            # Nobody is above: whoever holds it is late, and the ticket stays with them.
            if not await self.wait_until(timer.due_at, moved, why):
                await self.wait_for(moved, f"{why}, late")
            return
        # An answer or the resident's word may have been on its way when the time was over.
        await self.when_due(timer.due_at, why, lambda: self._go_on(moved), unless=moved)

    async def _go_on(self, moved: Condition) -> None:
        """The time is over: an answered ticket closes, an open one goes to the next level."""
        at = self.progress.seq
        if self.progress.answered:
            await self.own_unless(moved, f"close-{at}", Tickets.close_silent, self.given)
        else:
            await self.own_unless(moved, f"escalate-{at}", Tickets.escalate, self.given)

    @workflow.update
    async def resolve_ticket(self, act: ResolveTicket) -> Done:
        """The answer; the resident is called back."""
        async with self.turn:
            self._is_open(act)
            return await self.do(act, Tickets.resolve, self.given, act)

    @resolve_ticket.validator
    def resolve_ticket_allowed(self, act: ResolveTicket) -> None:
        """Only an open ticket."""
        self.may_come(act)
        self._is_open(act)

    @workflow.update
    async def confirm_ticket(self, act: ConfirmTicket) -> Done:
        """Satisfied closes; not satisfied reopens, the second time one level higher (rules 5.2)."""
        async with self.turn:
            self._is_answered(act)
            if act.satisfied:
                return await self.do(act, Tickets.close_satisfied, self.given)
            return await self.do(act, Tickets.reopen, self.given)

    @confirm_ticket.validator
    def confirm_ticket_allowed(self, act: ConfirmTicket) -> None:
        """Only after an answer."""
        self.may_come(act)
        self._is_answered(act)

    def _is_open(self, act: ResolveTicket) -> None:
        now = self.progress
        if now.answered or now.timer is None or now.outcome is not None:
            raise refuse("feedback.ticket_not_open", ticket=act.ticket_id)

    def _is_answered(self, act: ConfirmTicket) -> None:
        if not self.progress.answered or self.progress.outcome is not None:
            raise refuse("feedback.ticket_not_answered", ticket=act.ticket_id)
