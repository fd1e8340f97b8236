"""A complaint: grid worker, community, street office, district; working-day timers, call-back."""

import asyncio

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.tickets import Tickets
    from models.messages.acts import ConfirmTicket, Done, ResolveTicket
    from models.messages.command import Command
    from models.messages.feedback import TicketInput, TicketOutcome, TicketTimer
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="TicketWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class TicketWorkflow(CaseWorkflow):
    """One complaint until the resident is satisfied or every level has answered."""

    @workflow.init
    def __init__(self, given: TicketInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.timer: TicketTimer | None = None
        self.state = "open"
        self.outcome: TicketOutcome | None = None
        self.steps = 0

    @workflow.run
    async def run(self, given: TicketInput) -> TicketOutcome:
        """A level that misses its time loses the ticket to the next one."""
        self.timer = await self.write(Tickets.take_in, self._step("take-in"), given)
        while self.outcome is None:
            await self._one_wait()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.outcome

    async def _one_wait(self) -> None:
        timer = self.timer
        assert timer is not None
        self.steps += 1

        def moved() -> bool:
            return self.outcome is not None or self.timer != timer

        async def go_on() -> None:
            async with self.turn:
                # An answer or the resident's word may have been on its way when the time was over.
                if not moved():
                    await self._go_on()

        at_top = self.state == "open" and timer.top
        summary = f"{timer.level} answers" if self.state == "open" else "call-back"
        if at_top:
            # Nobody is above: whoever holds it is late, and the ticket stays with them.
            if not await self.until(lambda: timer.due_at, moved, summary):
                await workflow.wait_condition(moved)
            return
        await self.when_due(lambda: timer.due_at, moved, summary, go_on)

    async def _go_on(self) -> None:
        """The time is over: an answered ticket closes, an open one goes to the next level."""
        if self.state == "resolved":
            self.outcome = await self.write(Tickets.close_silent, self._step("close"), self.given)
        else:
            self.timer = await self.write(Tickets.escalate, self._step("escalate"), self.given)

    @workflow.update
    async def resolve_ticket(self, act: ResolveTicket) -> Done:
        """The answer; the resident is called back."""
        async with self.turn:
            self.resolve_ticket_allowed(act)
            command = act_step(self.given.renovation_id, act)
            timer = await self.write(Tickets.resolve, command, self.given, act)
            self.state, self.timer = "resolved", timer
            return Done(command_id=act.command_id, kind="feedback.ticket_resolved")

    @resolve_ticket.validator
    def resolve_ticket_allowed(self, act: ResolveTicket) -> None:
        """Only an open ticket."""
        if self.state != "open" or self.timer is None or self.outcome is not None:
            raise refuse("feedback.ticket_not_open", ticket=act.ticket_id)

    @workflow.update
    async def confirm_ticket(self, act: ConfirmTicket) -> Done:
        """Satisfied closes; not satisfied reopens, one level higher."""
        async with self.turn:
            self.confirm_ticket_allowed(act)
            command = act_step(self.given.renovation_id, act)
            if act.satisfied:
                self.outcome = await self.write(Tickets.close_satisfied, command, self.given)
                return Done(command_id=act.command_id, kind="feedback.ticket_closed")
            timer = await self.write(Tickets.reopen, command, self.given)
            self.state, self.timer = "open", timer
            return Done(command_id=act.command_id, kind="feedback.ticket_reopened")

    @confirm_ticket.validator
    def confirm_ticket_allowed(self, act: ConfirmTicket) -> None:
        """Only after an answer."""
        if self.state != "resolved" or self.outcome is not None:
            raise refuse("feedback.ticket_not_answered", ticket=act.ticket_id)

    @workflow.query
    def waiting_for(self) -> str:
        """What the ticket waits for now."""
        return "answer" if self.state == "open" else "call_back"

    def _step(self, name: str) -> Command:
        return own_step(self.given.renovation_id, f"{name}-{self.steps}")
