"""Cost sharing (费用分摊): close the gap, compute and publish the shares, collect them."""

import asyncio

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
        CollectionState,
        CostSharingOutcome,
        FundingState,
    )
    from models.messages.journey import StageInput
    from models.messages.publication import PublicationInput
    from models.values.waits import NotYetError
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="CostSharingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class CostSharingWorkflow(CaseWorkflow):
    """Who pays what, and whether enough has come in to start."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.phase = "planning"
        self.funding: FundingState | None = None
        self.declined = False
        self.decision = ""
        self.paid_up = False

    @workflow.run
    async def run(self, given: StageInput) -> CostSharingOutcome:
        """Fund, publish, collect."""
        outcome = await self._fund()
        if outcome == "funded":
            await self._publish_shares()
            outcome = await self._collect()
        self.phase = "finished"
        await workflow.wait_condition(workflow.all_handlers_finished)
        return await self.write(
            Shares.finish,
            own_step(given.renovation_id, "finish"),
            CostSharingOutcome(outcome=outcome),
        )

    async def _fund(self) -> str:
        """The ladder of the shortfall: drop optional items, ask for money, ask the owners."""
        self.funding = await self.write_many(
            Shares.plan, own_step(self.given.renovation_id, "plan")
        )
        while self.funding.gap_fen > 0:
            if self.funding.next_step == "new_vote":
                return "new_vote"
            self.phase = "subsidy"
            gap = self.funding
            await workflow.wait_condition(lambda: self.declined or self.funding != gap)  # noqa: B023
            if self.declined:
                return "new_vote"
        return "funded"

    async def _publish_shares(self) -> None:
        """Publish until nothing has to be corrected; an upheld objection means a new table."""
        version = 1
        while True:
            self.phase = "publication"
            step = own_step(self.given.renovation_id, f"shares-{version}")
            await self.write_many(Shares.compute, step)
            closing = await publish(
                PublicationInput(
                    renovation_id=self.given.renovation_id,
                    publication_id=(
                        f"{self.given.renovation_id}.share_table.{self.given.attempt}-{version}"
                    ),
                    subject="share_table",
                    clock=self.clock,
                )
            )
            if closing.upheld == 0:
                return
            version += 1

    async def _collect(self) -> str:
        """Remind, count at the deadline, and let the committee decide when it is not enough."""
        for round_number in range(1, 1000):
            state = await self._one_collection(round_number)
            if state.enough:
                return "funded"
            self.phase, self.decision = "decision", ""
            await workflow.wait_condition(lambda: self.decision != "")
            if self.decision != "wait":
                return "funded" if self.decision == "start" else "shelved"
        return "shelved"

    async def _one_collection(self, round_number: int) -> CollectionState:
        """Remind until the deadline, then count; when everybody has paid, count at once."""
        self.phase, goal = "collection", await self._remind(round_number, 0)
        while True:
            await self.until(lambda: goal.at, lambda: self.paid_up, "shares are due")  # noqa: B023
            try:
                if goal.last or self.paid_up:
                    step = own_step(self.given.renovation_id, f"count-{round_number}")
                    return await self.write_many(Shares.count_collection, step)
                goal = await self._remind(round_number, goal.reminder + 1)
            except NotYetError as early:
                if not self.paid_up:
                    await self.wait_again(early.left, lambda: self.paid_up)
                # Somebody owes again: the deadline holds.
                self.paid_up = False

    async def _remind(self, round_number: int, reminder: int) -> Collection:
        step = own_step(self.given.renovation_id, f"collect-{round_number}-{reminder}")
        return await self.write(Shares.next_reminder, step, round_number, reminder)

    @workflow.signal
    def everyone_paid(self) -> None:
        """The payment door saw the last open share paid."""
        self.paid_up = True

    @workflow.update
    async def grant_subsidy(self, act: GrantSubsidy) -> Done:
        """Extra public money closes the gap, or part of it."""
        async with self.turn:
            self.grant_subsidy_allowed(act)
            step = act_step(self.given.renovation_id, act)
            self.funding = await self.write_many(Shares.grant_subsidy, step, act)
            return Done(command_id=act.command_id, kind="cost_sharing.subsidy_granted")

    @grant_subsidy.validator
    def grant_subsidy_allowed(self, act: GrantSubsidy) -> None:
        """Only while there is a gap."""
        self._only_while_short(act.name)

    @workflow.update
    async def decline_subsidy(self, act: DeclineSubsidy) -> Done:
        """No money: the owners are asked again."""
        async with self.turn:
            self.decline_subsidy_allowed(act)
            await self.write(Shares.decline_subsidy, act_step(self.given.renovation_id, act), act)
            self.declined = True
            return Done(command_id=act.command_id, kind="cost_sharing.subsidy_declined")

    @decline_subsidy.validator
    def decline_subsidy_allowed(self, act: DeclineSubsidy) -> None:
        """Only while there is a gap."""
        self._only_while_short(act.name)

    @workflow.update
    async def approve_relief(self, act: ApproveRelief) -> Done:
        """A fund pays in a household's place."""
        async with self.turn:
            self.approve_relief_allowed(act)
            await self.write(Shares.approve_relief, act_step(self.given.renovation_id, act), act)
            return Done(command_id=act.command_id, kind="cost_sharing.relief_approved")

    @approve_relief.validator
    def approve_relief_allowed(self, act: ApproveRelief) -> None:
        """Once the shares are known."""
        if self.phase not in ("publication", "collection", "decision"):
            raise refuse("cost_sharing.not_computed", act=act.name)

    @workflow.update
    async def decide_collection(self, act: DecideCollection) -> Done:
        """Start, wait or stop, below the threshold."""
        async with self.turn:
            self.decide_collection_allowed(act)
            await self.write(Shares.decide_collection, act_step(self.given.renovation_id, act), act)
            self.decision = act.decision
            return Done(command_id=act.command_id, kind="cost_sharing.collection_decided")

    @decide_collection.validator
    def decide_collection_allowed(self, act: DecideCollection) -> None:
        """Only after a deadline that was missed."""
        if self.phase != "decision" or self.decision:
            raise refuse("cost_sharing.collection_running", act=act.name)

    def _only_while_short(self, act: str) -> None:
        short = self.funding is not None and self.funding.gap_fen > 0
        if self.phase != "subsidy" or not short or self.declined:
            raise refuse("cost_sharing.no_gap", act=act)

    @workflow.query
    def waiting_for(self) -> str:
        """What the stage waits for now."""
        return self.phase
