"""Inspection (检查验收): report, inspect, rectify, inspect again, accept, release money."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.inspection.works import Works
    from models.messages.acts import (
        AcceptWorks,
        ApprovePayment,
        Done,
        RecordInspection,
        ReportItem,
        ReportRectified,
    )
    from models.messages.inspection import InspectionOutcome, WorksState
    from models.messages.journey import StageInput
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


@workflow.defn(name="InspectionWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class InspectionWorkflow(CaseWorkflow):
    """The works, item by item, until the chief supervising engineer accepts them."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given)
        self.given = given
        self.works = WorksState()
        self.begun = False
        self.accepted = False
        self.outcome: InspectionOutcome | None = None
        self.overdue = 0

    @workflow.run
    async def run(self, _given: StageInput) -> InspectionOutcome:
        """Wait for acceptance and payment; rectifications that miss their deadline are defaults."""
        self.works = await self.write_many(Works.begin, self.step("begin"))
        self.begun = True
        while self.outcome is None:
            await self._wait_or_default()
        await self.finish()
        return self.outcome

    async def _wait_or_default(self) -> None:
        """What fails is put right in time, or the contractor is in default (Quality Regs art. 32)."""
        due = self.works.overdue_at
        if due is None:
            await self.wait_for(
                lambda: self.outcome is not None or self.works.overdue_at is not None,
                "the works go on",
            )
            return
        self.overdue += 1

        def moved() -> bool:
            return self.outcome is not None or self.works.overdue_at != due

        async def mark() -> None:
            async with self.turn:
                # The report that was on its way when the time was over may have moved it.
                if not moved():
                    step = self.step(f"overdue-{self.overdue}")
                    self.works = await self.write(Works.mark_overdue, step)

        await self.when_due(due, "rectification is due", mark, unless=moved)

    @workflow.update
    async def report_item(self, act: ReportItem) -> Done:
        """An item is ready to be inspected."""
        async with self.turn:
            self.report_item_allowed(act)
            step = self.command(act)
            self.works = await self.write(Works.report_item, step, act)
            return done(act, Works.report_item)

    @report_item.validator
    def report_item_allowed(self, act: ReportItem) -> None:
        """A planned item, once."""
        self._running(act.name)
        self._item_in(act.item_id, self.works.planned)

    @workflow.update
    async def record_inspection(self, act: RecordInspection) -> Done:
        """The outcome of an inspection, with its defects: Quality Regs art. 29, 30."""
        async with self.turn:
            self.record_inspection_allowed(act)
            step = self.command(act)
            self.works = await self.write(Works.record_inspection, step, act)
            return done(act, Works.record_inspection)

    @record_inspection.validator
    def record_inspection_allowed(self, act: RecordInspection) -> None:
        """Only of an item that was reported; a failure names what is wrong."""
        self._running(act.name)
        self._item_in(act.item_id, self.works.reported)
        if act.outcome == "FAIL" and not act.defects:
            raise refuse("inspection.defects_missing", item=act.item_id)

    @workflow.update
    async def report_rectified(self, act: ReportRectified) -> Done:
        """The defects are put right: inspect again."""
        async with self.turn:
            self.report_rectified_allowed(act)
            step = self.command(act)
            self.works = await self.write(Works.report_rectified, step, act)
            return done(act, Works.report_rectified)

    @report_rectified.validator
    def report_rectified_allowed(self, act: ReportRectified) -> None:
        """Only of an item that failed, in time or in default."""
        self._running(act.name)
        self._item_in(act.item_id, self.works.rejected + self.works.default)

    @workflow.update
    async def accept_works(self, act: AcceptWorks) -> Done:
        """Completion acceptance; only the chief supervising engineer signs it: Quality Regs art. 37."""
        async with self.turn:
            # What running histories were asked here when they let works in default pass; the record
            # refuses those.
            self._finished(act)
            await self.write(Works.accept, self.command(act))
            self.accepted = True
            return done(act, Works.accept)

    @accept_works.validator
    def accept_works_allowed(self, act: AcceptWorks) -> None:
        """When every item has passed."""
        self._finished(act)
        if self.works.default:
            raise refuse("inspection.items_in_default", items=", ".join(self.works.default[:20]))
        if not self.works.passed:
            raise refuse("inspection.nothing_passed")

    @workflow.update
    async def approve_payment(self, act: ApprovePayment) -> Done:
        """Release what the accepted works are worth."""
        async with self.turn:
            self.approve_payment_allowed(act)
            step = self.command(act)
            self.outcome = await self.write(Works.approve_payment, step, act)
            return done(act, Works.approve_payment)

    @approve_payment.validator
    def approve_payment_allowed(self, act: ApprovePayment) -> None:
        """No payment without the chief supervising engineer: Quality Regs art. 37."""
        self._running(act.name)
        if not self.accepted:
            raise refuse("inspection.payment_before_acceptance", act=act.name)

    def _finished(self, act: AcceptWorks) -> None:
        self._running(act.name)
        if not self.works.finished or self.accepted:
            left = len(self.works.planned + self.works.reported + self.works.rejected)
            raise refuse("inspection.works_not_finished", open=left)

    def _running(self, act: str) -> None:
        if not self.begun or self.outcome is not None:
            raise refuse("act.not_now", act=act, now="preparing", then="works")

    @staticmethod
    def _item_in(item_id: str, allowed: tuple[str, ...]) -> None:
        if item_id not in allowed:
            raise refuse(
                "inspection.item_not_in_state", item=item_id, allowed=", ".join(allowed[:20])
            )
