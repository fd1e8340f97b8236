"""The warranty (保修期): what is kept back stays so for its years, then it is released; the money ends."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.warranty.retention import Warranties
    from models.messages.acts import Done, ReleaseRetention
    from models.messages.journey import StageInput
    from models.messages.warranty import WarrantyOutcome, WarrantyPhase, WarrantyProgress
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="WarrantyWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class WarrantyWorkflow(StageWorkflow[WarrantyProgress]):
    """The time after acceptance and evaluation, for as long as something is kept back: years."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, WarrantyProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> WarrantyOutcome:
        """Wait for the end of the defect liability, and for what becomes of each retention."""
        await self.begin_from_record()
        if self.progress.period is None:
            await self.own("begin", Warranties.begin)
        if self.progress.phase is WarrantyPhase.LIABILITY:
            assert self.progress.period is not None
            await self.when_due(
                self.progress.period.liability_until,
                "the defect liability ends",
                self._end_liability,
            )
        await self.wait_for(lambda: not self.progress.kept, "the retention is released")
        await self.finish()
        if self.progress.outcome is None:
            await self.own("end", Warranties.end)
        assert self.progress.outcome is not None
        return self.progress.outcome

    async def _end_liability(self) -> None:
        await self.own("liability-over", Warranties.end_liability)

    @workflow.update
    async def release_retention(self, act: ReleaseRetention) -> Done:
        """What was kept back of a contract is released, or a part withheld with a reason."""
        async with self.turn:
            self._due(act)
            return await self.do(act, Warranties.release, act)

    @release_retention.validator
    def release_retention_allowed(self, act: ReleaseRetention) -> None:
        """When the defect liability is over: Jianzhi 2017 no. 138 art. 11."""
        self.may_come(act)
        self._due(act)

    def _due(self, act: ReleaseRetention) -> None:
        now, then = self.progress.phase, WarrantyPhase.RELEASE
        if now is not then:
            raise refuse("act.not_now", act=act.name, now=now, then=then)
