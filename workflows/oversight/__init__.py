"""What is done in the name of oversight, at every stage: halt, more time, another one's turn, a block of payments,
orders of correction, annulment (E6).
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.cost_sharing.blocking import Blocks
    from activities.oversight.annulling import Annulments
    from activities.oversight.extending import Extensions
    from activities.oversight.ordering import Orders
    from activities.oversight.reassigning import Reassignments
    from activities.oversight.suspending import Oversight
    from models.messages.acts import (
        Act,
        AnnulVote,
        BlockPayments,
        Done,
        ExtendPeriod,
        LiftCorrection,
        OrderCorrection,
        ReassignAct,
        ReportCorrected,
        ResumeRenovation,
        SuspendRenovation,
        UnblockPayments,
    )
    from models.messages.journey import Journey, JourneyOutcome
    from models.messages.journey_progress import JourneyProgress
    from workflows.children import tell_to_go_on
    from workflows.waiting import CaseWorkflow
    from workflows.writes import refuse

OrderedAct = ReportCorrected | LiftCorrection


class OverseenWorkflow(CaseWorkflow[Journey, JourneyProgress]):
    """The workflow of a renovation, as whoever watches over it has a say in it."""

    def __init__(self, given: Journey, progress: type[JourneyProgress]) -> None:
        super().__init__(given, progress)
        self.work: asyncio.Task[JourneyOutcome] | None = None
        """The procedure itself, while it goes on."""
        self.ended = False
        self.settled = False
        """Every account may be settled by now."""
        self.rolled_back = False
        """What was being done is undone: the procedure begins again from the record."""

    def _open(self, act: Act, *, in_warranty: bool = False) -> None:
        """Refuse an act that comes after the end."""
        raise NotImplementedError

    def _before_its_end(self, act: Act) -> None:
        """Refuse an act that comes when everything is over, the settlement too."""
        if self.work is None:
            # It is about to begin: the act is sent again.
            raise refuse("act.held_back")
        if self.ended:
            raise refuse("renovation.ended", act=act.name)

    def _is_overseen(self) -> bool:
        ordered = self.progress.orders > 0 or self.progress.blocked
        return self.progress.suspended_at is not None or ordered

    @workflow.update
    async def suspend_renovation(self, act: SuspendRenovation) -> Done:
        """The procedure stands still, its periods with it (E6)."""
        async with self.turn:
            self._goes_on(act)
            return await self.do(act, Oversight.suspend, act)

    @suspend_renovation.validator
    def suspend_renovation_allowed(self, act: SuspendRenovation) -> None:
        """Once, and not after the end."""
        self.may_come(act)
        self._goes_on(act)

    @workflow.update
    async def resume_renovation(self, act: ResumeRenovation) -> Done:
        """It goes on: each period has the time left that it had."""
        async with self.turn:
            self._stands_still(act)
            done = await self.do(act, Oversight.resume, act)
        await self._tell_moved()
        return done

    @resume_renovation.validator
    def resume_renovation_allowed(self, act: ResumeRenovation) -> None:
        """Only what stands still."""
        self.may_come(act)
        self._stands_still(act)

    @workflow.update
    async def extend_period(self, act: ExtendPeriod) -> Done:
        """Whoever is awaited, or may object or bid, has more time."""
        async with self.turn:
            self._goes_on(act)
            done = await self.do(act, Extensions.extend, act)
        await self._tell_moved()
        return done

    @extend_period.validator
    def extend_period_allowed(self, act: ExtendPeriod) -> None:
        """While the renovation goes on; what may be extended, the record knows."""
        self.may_come(act)
        self._goes_on(act)

    @workflow.update
    async def reassign_act(self, act: ReassignAct) -> Done:
        """Another one is awaited for an act, and has the full time for it."""
        async with self.turn:
            self._goes_on(act)
            done = await self.do(act, Reassignments.reassign, act)
        await self._tell_moved()
        return done

    @reassign_act.validator
    def reassign_act_allowed(self, act: ReassignAct) -> None:
        """While the renovation goes on; who is awaited, the record knows."""
        self.may_come(act)
        self._goes_on(act)

    @workflow.update
    async def annul_vote(self, act: AnnulVote) -> Done:
        """What the owners have adopted is undone before there is a contract (E6), also while it stands still."""
        async with self.turn:
            self._is_carried_out(act)
            done = await self.do(act, Annulments.annul, act)
            assert self.work is not None
            self.rolled_back = True
            self.work.cancel()
            return done

    @annul_vote.validator
    def annul_vote_allowed(self, act: AnnulVote) -> None:
        """Until the contract is signed."""
        self.may_come(act)
        self._is_carried_out(act)

    @workflow.update
    async def order_correction(self, act: OrderCorrection) -> Done:
        """What was done against the law is to be put right in time; the procedure goes on."""
        async with self.turn:
            self._open(act, in_warranty=True)
            return await self.do(act, Orders.order, act)

    @order_correction.validator
    def order_correction_allowed(self, act: OrderCorrection) -> None:
        """Not after the end."""
        self.may_come(act)
        self._open(act, in_warranty=True)

    @workflow.update
    async def report_corrected(self, act: ReportCorrected) -> Done:
        """It was put right."""
        async with self.turn:
            self._ordered(act)
            return await self.do(act, Orders.report, act)

    @report_corrected.validator
    def report_corrected_allowed(self, act: ReportCorrected) -> None:
        """Where something was ordered."""
        self.may_come(act)
        self._ordered(act)

    @workflow.update
    async def lift_correction(self, act: LiftCorrection) -> Done:
        """The order is taken back."""
        async with self.turn:
            self._ordered(act)
            return await self.do(act, Orders.lift, act)

    @lift_correction.validator
    def lift_correction_allowed(self, act: LiftCorrection) -> None:
        """Where something was ordered."""
        self.may_come(act)
        self._ordered(act)

    @workflow.update
    async def block_payments(self, act: BlockPayments) -> Done:
        """No money goes out but wages (E17)."""
        async with self.turn:
            self._before_its_end(act)
            return await self.do(act, Blocks.begin, act)

    @block_payments.validator
    def block_payments_allowed(self, act: BlockPayments) -> None:
        """Until it is closed, also while it stands still or is settled."""
        self.may_come(act)
        self._before_its_end(act)

    @workflow.update
    async def unblock_payments(self, act: UnblockPayments) -> Done:
        """What is owed goes out."""
        async with self.turn:
            self._before_its_end(act)
            done = await self.do(act, Blocks.end, act)
        # What went out now may have been the last that was owed.
        self.settled = True
        return done

    @unblock_payments.validator
    def unblock_payments_allowed(self, act: UnblockPayments) -> None:
        """Until it is closed."""
        self.may_come(act)
        self._before_its_end(act)

    def _ordered(self, act: OrderedAct) -> None:
        # An order outlives the works: it waits for its answer until the case is closed.
        self._before_its_end(act)
        if not self.progress.orders:
            raise refuse("oversight.no_order", order=act.order_id)

    async def _tell_moved(self) -> None:
        """Whoever waits through a period that was moved looks at the record, this workflow too."""
        self.told_to_go_on += 1
        for workflow_id in self.progress.to_tell:
            if workflow_id != workflow.info().workflow_id:
                await tell_to_go_on(workflow_id)

    def _is_carried_out(self, act: Act) -> None:
        self._open(act)
        if self.progress.contracted:
            raise refuse("oversight.contract_signed")
        if not self.progress.carries_out:
            raise refuse("oversight.nothing_adopted", stage=str(self.progress.stage or ""))

    def _goes_on(self, act: Act) -> None:
        self._open(act)
        self._moves_on(act)

    def _moves_on(self, act: Act) -> None:
        """Refuse an act that may come in the warranty too, after the end and while the renovation stands still."""
        self._open(act, in_warranty=True)
        if self.progress.suspended_at is not None:
            raise refuse("oversight.suspended", since=self.progress.suspended_at.isoformat())

    def _stands_still(self, act: Act) -> None:
        # Whatever has ended meanwhile: nothing goes on but by this, the settlement neither.
        self._before_its_end(act)
        if self.progress.suspended_at is None:
            raise refuse("oversight.not_suspended", where=self.renovation_id)
