"""Cost sharing (费用分摊): close the gap, compute and publish the shares, collect them."""

from enum import StrEnum
from typing import cast

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.cost_sharing.shares import Shares
    from models.messages.acts import (
        ApproveRelief,
        DecideCollection,
        DeclineSubsidy,
        Done,
        GrantSubsidy,
    )
    from models.messages.cost_sharing import (
        Collection,
        CollectionDecision,
        CollectionState,
        CostSharingOutcome,
        CostSharingResult,
        FundingState,
        NextStep,
    )
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from models.values.waits import NotYetError
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


MOST_ROUNDS = 1000
"""The committee may wait as often as this."""


class CostSharingPhase(StrEnum):
    """What cost sharing waits for."""

    PLANNING = "planning"
    SUBSIDY = "subsidy"
    PUBLICATION = "publication"
    COLLECTION = "collection"
    DECISION = "decision"
    FINISHED = "finished"


@workflow.defn(name="CostSharingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class CostSharingWorkflow(CaseWorkflow):
    """Who pays what, and whether enough has come in to start."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given)
        self.given = given
        self.phase = CostSharingPhase.PLANNING
        self.funding: FundingState | None = None
        self.declined = False
        self.decision: CollectionDecision | None = None
        self.paid_up = False

    @workflow.run
    async def run(self, _given: StageInput) -> CostSharingOutcome:
        """Fund, publish, collect."""
        result = await self._fund()
        if result is CostSharingResult.FUNDED:
            await self._publish_shares()
            result = await self._collect()
        self.phase = CostSharingPhase.FINISHED
        await self.finish()
        outcome = CostSharingOutcome(outcome=result)
        return await self.write(Shares.finish, self.step("finish"), outcome)

    async def _fund(self) -> CostSharingResult:
        """The ladder of the shortfall: drop optional items, ask for money, ask the owners (E12)."""
        self.funding = await self.write_many(Shares.plan, self.step("plan"))
        while self.funding.gap_fen > 0:
            if self.funding.next_step is NextStep.NEW_VOTE:
                return CostSharingResult.NEW_VOTE
            self.phase = CostSharingPhase.SUBSIDY
            gap = self.funding
            await self.wait_for(
                lambda: self.declined or self.funding != gap,  # noqa: B023
                "extra public money is granted or declined",
            )
            if self.declined:
                return CostSharingResult.NEW_VOTE
        return CostSharingResult.FUNDED

    async def _publish_shares(self) -> None:
        """Publish until nothing has to be corrected; an upheld objection means a new table."""
        version = 1
        while True:
            self.phase = CostSharingPhase.PUBLICATION
            await self.write_many(Shares.compute, self.step(f"shares-{version}"))
            number = f"{self.given.attempt}-{version}"
            closing = await publish(self, Subject.SHARE_TABLE, number)
            if closing.upheld == 0:
                return
            version += 1

    async def _collect(self) -> CostSharingResult:
        """Remind, count at the deadline, and let the committee decide when it is not enough (E13).

        A lawful decision binds all owners (Civil Code art. 280): who does not pay still owes.
        """
        for round_number in range(1, MOST_ROUNDS):
            state = await self._one_collection(round_number)
            if state.enough:
                return CostSharingResult.FUNDED
            decision = await self._decided()
            if decision is CollectionDecision.START:
                return CostSharingResult.FUNDED
            if decision is CollectionDecision.SHELVE:
                return CostSharingResult.SHELVED
        return CostSharingResult.SHELVED

    async def _decided(self) -> CollectionDecision:
        """Below the threshold the committee decides whether to start, to wait or to stop."""
        self.phase, self.decision = CostSharingPhase.DECISION, None
        await self.wait_for(lambda: self.decision is not None, "start, wait or stop")
        return cast("CollectionDecision", self.decision)

    async def _one_collection(self, round_number: int) -> CollectionState:
        """Remind until the deadline, then count; when everybody has paid, count at once."""
        self.phase, goal = CostSharingPhase.COLLECTION, await self._remind(round_number, 0)
        while True:
            await self.wait_until(goal.at, self._is_paid_up, "shares are due")
            try:
                if goal.last or self.paid_up:
                    step = self.step(f"count-{round_number}")
                    return await self.write_many(Shares.count_collection, step)
                goal = await self._remind(round_number, goal.reminder + 1)
            except NotYetError as early:
                if not self.paid_up:
                    await self.wait_again(early.left, self._is_paid_up)
                # Somebody owes again: the deadline holds.
                self.paid_up = False

    async def _remind(self, round_number: int, reminder: int) -> Collection:
        step = self.step(f"collect-{round_number}-{reminder}")
        return await self.write(Shares.next_reminder, step, round_number, reminder)

    def _is_paid_up(self) -> bool:
        return self.paid_up

    @workflow.signal
    def everyone_paid(self) -> None:
        """The service saw the last open share paid."""
        self.paid_up = True

    @workflow.update
    async def grant_subsidy(self, act: GrantSubsidy) -> Done:
        """Extra public money closes the gap, or part of it."""
        async with self.turn:
            self.grant_subsidy_allowed(act)
            step = self.command(act)
            self.funding = await self.write_many(Shares.grant_subsidy, step, act)
            return done(act, Shares.grant_subsidy)

    @grant_subsidy.validator
    def grant_subsidy_allowed(self, act: GrantSubsidy) -> None:
        """Only while there is a gap."""
        self._only_while_short(act.name)

    @workflow.update
    async def decline_subsidy(self, act: DeclineSubsidy) -> Done:
        """No money: the owners are asked again."""
        async with self.turn:
            self.decline_subsidy_allowed(act)
            await self.write(Shares.decline_subsidy, self.command(act), act)
            self.declined = True
            return done(act, Shares.decline_subsidy)

    @decline_subsidy.validator
    def decline_subsidy_allowed(self, act: DeclineSubsidy) -> None:
        """Only while there is a gap."""
        self._only_while_short(act.name)

    @workflow.update
    async def approve_relief(self, act: ApproveRelief) -> Done:
        """A fund pays in a household's place, in hardship (rules 2.5)."""
        async with self.turn:
            self.approve_relief_allowed(act)
            relieved = await self.write(Shares.approve_relief, self.command(act), act)
            self.paid_up = self.paid_up or relieved.paid_up
            return done(act, Shares.approve_relief)

    @approve_relief.validator
    def approve_relief_allowed(self, act: ApproveRelief) -> None:
        """Once the shares are known."""
        if self.phase not in (
            CostSharingPhase.PUBLICATION,
            CostSharingPhase.COLLECTION,
            CostSharingPhase.DECISION,
        ):
            raise refuse("cost_sharing.not_computed", act=act.name)

    @workflow.update
    async def decide_collection(self, act: DecideCollection) -> Done:
        """Start, wait or stop, below the threshold."""
        async with self.turn:
            self.decide_collection_allowed(act)
            await self.write(Shares.decide_collection, self.command(act), act)
            self.decision = act.decision
            return done(act, Shares.decide_collection)

    @decide_collection.validator
    def decide_collection_allowed(self, act: DecideCollection) -> None:
        """Only after a deadline that was missed."""
        if self.phase is not CostSharingPhase.DECISION or self.decision is not None:
            raise refuse("cost_sharing.collection_running", act=act.name)

    def _only_while_short(self, act: str) -> None:
        short = self.funding is not None and self.funding.gap_fen > 0
        if self.phase is not CostSharingPhase.SUBSIDY or not short or self.declined:
            raise refuse("cost_sharing.no_gap", act=act)
