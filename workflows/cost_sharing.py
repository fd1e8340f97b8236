"""Cost sharing (费用分摊): close the gap, compute and publish the shares, collect them."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.cost_sharing.shares import Shares
    from models.messages.acts import (
        Act,
        ApproveRelief,
        DecideCollection,
        DeclineSubsidy,
        Done,
        GrantSubsidy,
    )
    from models.messages.cost_sharing import (
        MOST_ROUNDS,
        CollectionDecision,
        CostSharingOutcome,
        CostSharingPhase,
        CostSharingProgress,
        CostSharingResult,
        NextStep,
    )
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from workflows.children import publish
    from workflows.collection import RoundsWorkflow
    from workflows.waiting import heard_out
    from workflows.writes import refuse


BELOW = "2026-11-below-the-threshold"
"""The patch since which a start with too little is not called funded."""
SHARES_KNOWN = (
    CostSharingPhase.PUBLICATION,
    CostSharingPhase.COLLECTION,
    CostSharingPhase.DECISION,
)


@workflow.defn(name="CostSharingWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class CostSharingWorkflow(RoundsWorkflow[CostSharingProgress]):
    """Who pays what, and whether enough has come in to start."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, CostSharingProgress)
        self.over = False

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> CostSharingOutcome:
        """Fund, publish, collect."""
        await self.begin_from_record()
        if self.progress.outcome is not None:
            return self.progress.outcome
        result = await self._fund()
        if result is CostSharingResult.FUNDED:
            await self._publish_shares()
            result = await self._collect()
        self.over = True
        await self.finish()
        return await self.own("finish", Shares.finish, CostSharingOutcome(outcome=result))

    async def _fund(self) -> CostSharingResult:
        """The ladder of the shortfall: drop optional items, ask for money, ask the owners (E12)."""
        if self.progress.funding is None:
            await self.own("plan", Shares.plan)
        while (gap := self.progress.funding) is not None and gap.gap_fen > 0:
            if self.progress.declined or gap.next_step is NextStep.NEW_VOTE:
                return CostSharingResult.NEW_VOTE
            await self.wait_for(
                lambda: self.progress.declined or self.progress.funding != gap,
                "extra public money is granted or declined",
            )
        return CostSharingResult.FUNDED

    async def _publish_shares(self) -> None:
        """Publish until nothing has to be corrected; an upheld objection means a new table."""
        upheld = self.progress.tables == 0
        while not self.progress.published:
            if upheld:
                name = f"shares-{self.progress.tables + 1}"
                await self.own(name, Shares.compute)
            number = f"{self.given.attempt}-{self.progress.tables}"
            closing = await publish(self, Subject.SHARE_TABLE, number)
            upheld = closing.upheld > 0

    async def _collect(self) -> CostSharingResult:
        """Remind, count at the deadline, and let the committee decide when it is not enough (E13).

        A lawful decision binds all owners (Civil Code art. 280): who does not pay still owes.
        """
        while self.progress.round < MOST_ROUNDS:
            if self.progress.counted is None:
                await self._one_collection()
            counted = self.progress.counted
            if counted is not None and counted.enough:
                return CostSharingResult.FUNDED
            # Below the threshold the committee decides whether to start, to wait or to stop.
            await self.wait_for(lambda: self.progress.decision is not None, "start, wait or stop")
            if self.progress.decision is CollectionDecision.START:
                below = workflow.patched(BELOW)
                return CostSharingResult.STARTED_BELOW if below else CostSharingResult.FUNDED
            if self.progress.decision is CollectionDecision.SHELVE:
                return CostSharingResult.SHELVED
            await self._remind(self.progress.round + 1, 0)
        return CostSharingResult.SHELVED

    async def _one_collection(self) -> None:
        """Remind until the deadline, then count; when everybody has paid, count at once."""
        if self.progress.collection is None:
            await self._remind(1, 0)
        await self._until_counted()

    @workflow.update
    async def grant_subsidy(self, act: GrantSubsidy) -> Done:
        """Extra public money closes the gap, or part of it."""
        async with self.turn:
            self._only_while_short(act)
            return await self.do(act, Shares.grant_subsidy, act)

    @grant_subsidy.validator
    def grant_subsidy_allowed(self, act: GrantSubsidy) -> None:
        """Only while there is a gap."""
        self.may_come(act)
        self._only_while_short(act)

    @workflow.update
    async def decline_subsidy(self, act: DeclineSubsidy) -> Done:
        """No money: the owners are asked again."""
        async with self.turn:
            self._only_while_short(act)
            return await self.do(act, Shares.decline_subsidy, act)

    @decline_subsidy.validator
    def decline_subsidy_allowed(self, act: DeclineSubsidy) -> None:
        """Only while there is a gap."""
        self.may_come(act)
        self._only_while_short(act)

    @workflow.update
    async def approve_relief(self, act: ApproveRelief) -> Done:
        """A fund pays in a household's place, in hardship (rules 2.5)."""
        async with self.turn:
            self._only_with_shares(act)
            return await self.do(act, Shares.approve_relief, act)

    @approve_relief.validator
    def approve_relief_allowed(self, act: ApproveRelief) -> None:
        """Once the shares are known."""
        self.may_come(act)
        self._only_with_shares(act)

    @workflow.update
    async def decide_collection(self, act: DecideCollection) -> Done:
        """Start, wait or stop, below the threshold."""
        async with self.turn:
            self._only_after_a_short_count(act)
            done = await self.do(act, Shares.decide_collection, act)
            self.progress = self.progress.decided(act.decision)
            return done

    @decide_collection.validator
    def decide_collection_allowed(self, act: DecideCollection) -> None:
        """Only after a deadline that was missed."""
        self.may_come(act)
        self._only_after_a_short_count(act)

    def _only_after_a_short_count(self, act: Act) -> None:
        if self._phase() is not CostSharingPhase.DECISION:
            raise refuse("cost_sharing.collection_running", act=act.name)

    def _only_with_shares(self, act: Act) -> None:
        if self._phase() not in SHARES_KNOWN:
            raise refuse("cost_sharing.not_computed", act=act.name)

    def _only_while_short(self, act: Act) -> None:
        if self._phase() is not CostSharingPhase.SUBSIDY:
            raise refuse("cost_sharing.no_gap", act=act.name)

    def _phase(self) -> CostSharingPhase:
        return CostSharingPhase.FINISHED if self.over else self.progress.phase
