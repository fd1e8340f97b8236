"""What is done in the name of oversight, at every stage: halt, more time, orders of correction (E6)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.oversight.extending import Extensions
    from activities.oversight.ordering import Orders
    from activities.oversight.suspending import Oversight
    from models.messages.acts import (
        Act,
        Done,
        ExtendPeriod,
        LiftCorrection,
        OrderCorrection,
        ReportCorrected,
        ResumeRenovation,
        SuspendRenovation,
    )
    from models.messages.journey import Journey
    from models.messages.journey_progress import JourneyProgress
    from workflows.children import tell_to_go_on
    from workflows.waiting import CaseWorkflow
    from workflows.writes import refuse

OrderedAct = ReportCorrected | LiftCorrection


class OverseenWorkflow(CaseWorkflow[Journey, JourneyProgress]):
    """The workflow of a renovation, as whoever watches over it has a say in it."""

    def _open(self, act: Act, *, in_warranty: bool = False) -> None:
        """Refuse an act that comes after the end."""
        raise NotImplementedError

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

    def _ordered(self, act: OrderedAct) -> None:
        # An order outlives the works: it waits for its answer until the case is closed.
        self._open(act, in_warranty=True)
        if not self.progress.orders:
            raise refuse("oversight.no_order", order=act.order_id)

    async def _tell_moved(self) -> None:
        """Whoever waits through a period that was moved looks at the record, this workflow too."""
        self.told_to_go_on += 1
        for workflow_id in self.progress.to_tell:
            if workflow_id != workflow.info().workflow_id:
                await tell_to_go_on(workflow_id)

    def _goes_on(self, act: Act) -> None:
        self._open(act)
        self._moves_on(act)

    def _moves_on(self, act: Act) -> None:
        """Refuse an act that may come in the warranty too, after the end and while the renovation stands still."""
        self._open(act, in_warranty=True)
        if self.progress.suspended_at is not None:
            raise refuse("oversight.suspended", since=self.progress.suspended_at.isoformat())

    def _stands_still(self, act: Act) -> None:
        self._open(act)
        if self.progress.suspended_at is None:
            raise refuse("oversight.not_suspended", where=self.renovation_id)
