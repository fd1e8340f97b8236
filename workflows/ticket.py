"""A complaint: grid worker, community, street office, district; working-day timers, call-back."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.feedback.tickets import Tickets
    from models.messages.acts import ConfirmTicket, Done, ResolveTicket
    from models.messages.command import Command
    from models.messages.feedback import TicketInput, TicketOutcome, TicketTimer
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


@workflow.defn(name="TicketWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class TicketWorkflow(CaseWorkflow):
    """One complaint until the resident is satisfied or every level has answered."""

    @workflow.init
    def __init__(self, given: TicketInput) -> None:
        super().__init__(given)
        self.given = given
        self.timer: TicketTimer | None = None
        self.answered = False
        self.outcome: TicketOutcome | None = None
        self.steps = 0

    @workflow.run
    async def run(self, given: TicketInput) -> TicketOutcome:
        """Within five working days, the call-back included: Weifang hotline law art. 20, 25.

        A level that misses its time loses the ticket to the next one (rules 5.2).
        """
        self.timer = await self.write(Tickets.take_in, self._numbered("take-in"), given)
        while self.outcome is None:
            await self._one_wait()
        await self.finish()
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

        why = "call-back" if self.answered else f"{timer.level} answers"
        if timer.top and not self.answered:
            # Nobody is above: whoever holds it is late, and the ticket stays with them.
            if not await self.wait_until(timer.due_at, moved, why):
                await self.wait_for(moved, f"{why}, late")
            return
        await self.when_due(timer.due_at, why, go_on, unless=moved)

    async def _go_on(self) -> None:
        """The time is over: an answered ticket closes, an open one goes to the next level."""
        if self.answered:
            self.outcome = await self.write(
                Tickets.close_silent, self._numbered("close"), self.given
            )
        else:
            self.timer = await self.write(Tickets.escalate, self._numbered("escalate"), self.given)

    @workflow.update
    async def resolve_ticket(self, act: ResolveTicket) -> Done:
        """The answer; the resident is called back."""
        async with self.turn:
            self.resolve_ticket_allowed(act)
            command = self.command(act)
            timer = await self.write(Tickets.resolve, command, self.given, act)
            self.answered, self.timer = True, timer
            return done(act, Tickets.resolve)

    @resolve_ticket.validator
    def resolve_ticket_allowed(self, act: ResolveTicket) -> None:
        """Only an open ticket."""
        if self.answered or self.timer is None or self.outcome is not None:
            raise refuse("feedback.ticket_not_open", ticket=act.ticket_id)

    @workflow.update
    async def confirm_ticket(self, act: ConfirmTicket) -> Done:
        """Satisfied closes; not satisfied reopens, the second time one level higher (rules 5.2)."""
        async with self.turn:
            self.confirm_ticket_allowed(act)
            if act.satisfied:
                self.outcome = await self.write(
                    Tickets.close_satisfied, self.command(act), self.given
                )
                return done(act, Tickets.close_satisfied)
            timer = await self.write(Tickets.reopen, self.command(act), self.given)
            self.answered, self.timer = False, timer
            return done(act, Tickets.reopen)

    @confirm_ticket.validator
    def confirm_ticket_allowed(self, act: ConfirmTicket) -> None:
        """Only after an answer."""
        if not self.answered or self.outcome is not None:
            raise refuse("feedback.ticket_not_answered", ticket=act.ticket_id)

    def _numbered(self, name: str) -> Command:
        return self.step(f"{name}-{self.steps}")
