"""The warranty (保修期): what is kept back stays so for its years, then it is released; the money ends."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.cost_sharing.shares import Shares
    from activities.warranty.accounts import Accounts
    from activities.warranty.retention import Warranties
    from models.messages.acts import ApproveRelief, Done, ReleaseRetention
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from models.messages.warranty import WarrantyOutcome, WarrantyPhase, WarrantyProgress
    from workflows.children import publish
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
        """Account for the works, wait for the end of the defect liability and for what becomes of each
        retention, until nothing is owed any more.
        """
        await self.begin_from_record()
        if self.progress.period is None:
            await self.own("begin", Warranties.begin)
        await self._account()
        if self.progress.phase is WarrantyPhase.LIABILITY:
            assert self.progress.period is not None
            await self.when_due(
                self.progress.period.liability_until,
                "the defect liability ends",
                self._end_liability,
            )
        await self.wait_for(lambda: not self.progress.kept, "the retention is released")
        await self._account()
        while self.progress.outcome is None:
            await self._end()
        await self.finish()
        return self.progress.outcome

    async def _account(self) -> None:
        """What the works have cost is shared out, posted, and what was paid above it goes back (E47).

        Once after the acceptance, and again where a part of a retention was withheld.
        """
        if self.progress.account_due:
            number = self.progress.drawn + 1
            await self.own(f"account-{number}", Accounts.draw, number)
        number = self.progress.drawn
        if self.progress.ordered < number:
            if not self.progress.published:
                await publish(self, Subject.REFUNDS, f"{self.given.attempt}-{number}")
            await self.own(f"refunds-{number}", Accounts.order_refunds, number)

    async def _end(self) -> None:
        """Every account is settled, or whoever owes is waited for."""
        look = self.progress.looks + 1
        heard = self.told_to_go_on
        await self.own(f"end-{look}", Accounts.end, look)
        if self.progress.outcome is None:
            await self.wait_for(
                lambda: self.progress.settled or self.told_to_go_on != heard,
                "all accounts are settled",
            )
            self._settled(False)

    def _settled(self, so: bool) -> None:
        self.progress = self.progress.model_copy(update={"settled": so})

    def _keeping(self, restored: WarrantyProgress) -> WarrantyProgress:
        return restored.model_copy(update={"settled": self.progress.settled})

    @workflow.signal
    def accounts_settled(self) -> None:
        """The service saw the last account settled."""
        self._settled(True)

    @workflow.update
    async def approve_relief(self, act: ApproveRelief) -> Done:
        """Somebody else pays in a household's place (rules 2.5, E13, E14)."""
        async with self.turn:
            self._only_with_account(act)
            return await self.do(act, Shares.approve_relief, act)

    @approve_relief.validator
    def approve_relief_allowed(self, act: ApproveRelief) -> None:
        """Once the account is drawn."""
        self.may_come(act)
        self._only_with_account(act)

    def _only_with_account(self, act: ApproveRelief) -> None:
        if not self.progress.drawn or self.progress.outcome is not None:
            raise refuse("act.not_now", act=act.name, now=self.progress.phase, then="accounts")

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
