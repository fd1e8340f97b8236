"""Inspection (检查验收): report, inspect, rectify, inspect again, accept, release money."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.inspection.works import Works
    from models.messages.acts import (
        AcceptWorks,
        Act,
        ApprovePayment,
        Done,
        RecordInspection,
        ReportItem,
        ReportRectified,
    )
    from models.messages.inspection import InspectionOutcome, InspectionProgress, WorksState
    from models.messages.journey import StageInput
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="InspectionWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class InspectionWorkflow(StageWorkflow[InspectionProgress]):
    """The works, item by item, until the chief supervising engineer accepts them.

    Whether an item may be reported or inspected now is with the activities: the workflow knows how
    many items are in which state, not which.
    """

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, InspectionProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> InspectionOutcome:
        """Wait for acceptance and payment; rectifications that miss their deadline are defaults."""
        if self.progress.works is None:
            await self.own("begin", Works.begin)
        while self.progress.outcome is None:
            await self._wait_or_default(self._works())
        await self.finish()
        return self.progress.outcome

    async def _wait_or_default(self, works: WorksState) -> None:
        """What fails is put right in time, or the contractor is in default (Quality Regs art. 32)."""
        due = works.overdue_at

        def moved() -> bool:
            return self.progress.outcome is not None or self._works().overdue_at != due

        if due is None:
            await self.wait_for(moved, "the works go on")
            return
        name = f"overdue-{self.progress.seq}"
        await self.when_due(
            due,
            "rectification is due",
            # The report that was on its way when the time was over may have moved it.
            lambda: self.own_unless(moved, name, Works.mark_overdue),
            unless=moved,
        )

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

    def _works(self) -> WorksState:
        assert self.progress.works is not None
        return self.progress.works
