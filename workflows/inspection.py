"""Inspection (检查验收): report, inspect, rectify, inspect again, accept, release money.

Or, after a default that was not cured: terminate the contract, make the site safe, measure, settle.
"""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.inspection.termination import Terminations
    from activities.inspection.wages import Wages
    from activities.inspection.works import Works
    from models.messages.acts import (
        AcceptWorks,
        Act,
        ApprovePayment,
        Done,
        MeasureWorks,
        PayWages,
        RecordInspection,
        ReportItem,
        ReportProgress,
        ReportRectified,
        TerminateContract,
    )
    from models.messages.inspection import (
        InspectionOutcome,
        InspectionProgress,
        WorksPhase,
        WorksState,
    )
    from models.messages.journey import StageInput
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="InspectionWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class InspectionWorkflow(StageWorkflow[InspectionProgress]):
    """The works of one contract, item by item, until the chief supervising engineer accepts them.

    Whether an item may be reported or inspected now is with the activities: the workflow knows how
    many items are in which state, not which. A contract that is terminated ends the stage too.
    """

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, InspectionProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> InspectionOutcome:
        """Wait for acceptance and payment; a default is to be cured, or ends the contract (E36)."""
        await self.begin_from_record()
        if self.progress.works is None:
            await self.own("begin", Works.begin)
        while self.progress.outcome is None:
            if self.progress.phase is WorksPhase.WORKS:
                await self._wait_or_default(self._works())
            else:
                await self._end_contract()
        await self.finish()
        return self.progress.outcome

    async def _wait_or_default(self, works: WorksState) -> None:
        """What fails is put right in time, or the contractor is in default (Quality Regs art. 32).

        Answers of earlier releases have no `unnoticed_items`, no `cure_until` and no `idle_at`: what
        they led to replays as it was.
        """
        if works.unnoticed_items:
            await self._notice()
            return
        overdue, cure, idle = works.overdue_at, works.cure_until, works.idle_at
        due = min(filter(None, (overdue, cure, idle)), default=None)

        def moved() -> bool:
            now = self._works()
            ended = self.progress.outcome is not None or not self._at_work()
            same = (now.overdue_at, now.cure_until, now.idle_at) == (overdue, cure, idle)
            return ended or not same or now.unnoticed_items > 0

        if due is None:
            await self.wait_for(moved, "the works go on")
        elif due == overdue:
            name = f"overdue-{self.progress.seq}"
            await self.when_due(
                due,
                "rectification is due",
                # The report that was on its way when the time was over may have moved it.
                lambda: self.own_unless(moved, name, Works.mark_overdue),
                unless=moved,
            )
        elif due == idle:
            name = f"standstill-{self.progress.seq}"
            await self.when_due(
                due,
                "the works begin, or go on",
                lambda: self.own_unless(moved, name, Terminations.notice_standstill),
                unless=moved,
            )
        else:
            name = f"ask-{self.progress.seq}"
            await self.when_due(
                due,
                "the time to cure is over",
                lambda: self.own_unless(moved, name, Terminations.ask),
                unless=moved,
            )

    async def _notice(self) -> None:
        """A last reasonable time for what is in default: Civil Code art. 563."""
        name = f"cure-{self.progress.seq}"

        def overtaken() -> bool:
            return not self._works().unnoticed_items or not self._at_work()

        await self.own_unless(overtaken, name, Terminations.notice)

    async def _end_contract(self) -> None:
        """Make safe at once, measure, settle: bond, acceptable work, and what is left (E36, E37)."""
        match self.progress.phase:
            case WorksPhase.SAFETY:
                await self.own("make-safe", Terminations.make_safe)
            case WorksPhase.MEASUREMENT:
                await self.wait_for(
                    lambda: self.progress.phase is not WorksPhase.MEASUREMENT,
                    "the works are measured",
                )
            case _:
                await self.own("settle", Terminations.settle)

    @workflow.update
    async def report_progress(self, act: ReportProgress) -> Done:
        """The works have begun, or go on."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Works.report_progress, act)

    @report_progress.validator
    def report_progress_allowed(self, act: ReportProgress) -> None:
        """While the works go on."""
        self.may_come(act)
        self._running(act)

    @workflow.update
    async def report_item(self, act: ReportItem) -> Done:
        """An item is ready to be inspected."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Works.report_item, act)

    @report_item.validator
    def report_item_allowed(self, act: ReportItem) -> None:
        """While the works go on."""
        self.may_come(act)
        self._running(act)

    @workflow.update
    async def record_inspection(self, act: RecordInspection) -> Done:
        """The outcome of an inspection, with its defects: Quality Regs art. 29, 30."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Works.record_inspection, act)

    @record_inspection.validator
    def record_inspection_allowed(self, act: RecordInspection) -> None:
        """While the works go on; a failure names what is wrong."""
        self.may_come(act)
        self._running(act)
        if act.outcome == "FAIL" and not act.defects:
            raise refuse("inspection.defects_missing", item=act.item_id)

    @workflow.update
    async def report_rectified(self, act: ReportRectified) -> Done:
        """The defects are put right: inspect again."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Works.report_rectified, act)

    @report_rectified.validator
    def report_rectified_allowed(self, act: ReportRectified) -> None:
        """While the works go on."""
        self.may_come(act)
        self._running(act)

    @workflow.update
    async def accept_works(self, act: AcceptWorks) -> Done:
        """Completion acceptance; only the chief supervising engineer signs it: Quality Regs art. 37."""
        async with self.turn:
            # What running histories were asked here when they let works in default pass; the record
            # refuses those.
            self._finished(act)
            return await self.do(act, Works.accept)

    @accept_works.validator
    def accept_works_allowed(self, act: AcceptWorks) -> None:
        """When every item has passed."""
        self.may_come(act)
        self._finished(act)
        if not self._works().default_items and not self._works().passed_items:
            raise refuse("inspection.nothing_passed")

    @workflow.update
    async def approve_payment(self, act: ApprovePayment) -> Done:
        """Release what the accepted works are worth."""
        async with self.turn:
            self._payable(act)
            return await self.do(act, Works.approve_payment, act)

    @approve_payment.validator
    def approve_payment_allowed(self, act: ApprovePayment) -> None:
        """No payment without the chief supervising engineer: Quality Regs art. 37."""
        self.may_come(act)
        self._payable(act)

    @workflow.update
    async def pay_wages(self, act: PayWages) -> Done:
        """Those who build are paid first, in a dispute too (rules 4.2)."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Wages.pay, act)

    @pay_wages.validator
    def pay_wages_allowed(self, act: PayWages) -> None:
        """While the works go on."""
        self.may_come(act)
        self._running(act)

    @workflow.update
    async def terminate_contract(self, act: TerminateContract) -> Done:
        """The client ends the contract: Civil Code art. 563, 565, 787, 806."""
        async with self.turn:
            self._running(act)
            return await self.do(act, Terminations.terminate, act)

    @terminate_contract.validator
    def terminate_contract_allowed(self, act: TerminateContract) -> None:
        """While the works go on and are not accepted; the record knows which time to cure is over."""
        self.may_come(act)
        self._running(act)
        if self.progress.accepted:
            raise refuse("inspection.already_accepted")

    @workflow.update
    async def measure_works(self, act: MeasureWorks) -> Done:
        """What stands of the open items when the contract ends: Civil Code art. 806."""
        async with self.turn:
            self._only_measured(act)
            return await self.do(act, Terminations.measure, act)

    @measure_works.validator
    def measure_works_allowed(self, act: MeasureWorks) -> None:
        """After the termination, once the site is made safe."""
        self.may_come(act)
        self._only_measured(act)

    def _only_measured(self, act: MeasureWorks) -> None:
        now, then = self.progress.phase, WorksPhase.MEASUREMENT
        if now is not then or self.progress.outcome is not None:
            raise refuse("act.not_now", act=act.name, now=now, then=then)

    def _payable(self, act: ApprovePayment) -> None:
        self._running(act)
        if not self.progress.accepted:
            raise refuse("inspection.payment_before_acceptance", act=act.name)

    def _finished(self, act: AcceptWorks) -> None:
        self._running(act)
        if not self._works().finished or self.progress.accepted:
            raise refuse("inspection.works_not_finished", open=self._works().open_items)

    def _running(self, act: Act) -> None:
        if self.progress.works is None or self.progress.outcome is not None:
            raise refuse("act.not_now", act=act.name, now="preparing", then="works")
        if not self._at_work():
            raise refuse("act.not_now", act=act.name, now=self.progress.phase, then="works")

    def _at_work(self) -> bool:
        return self.progress.phase is WorksPhase.WORKS

    def _works(self) -> WorksState:
        assert self.progress.works is not None
        return self.progress.works
