"""The collection (收缴): rounds of calling, reminding and counting; of later instalments beside bidding and works."""

import asyncio
from typing import TypeVar

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.cost_sharing.instalments import LaterInstalments
    from activities.cost_sharing.joining import Joinings
    from activities.cost_sharing.shares import Shares
    from models.messages.acts import ApproveRelief, Done, JoinLate
    from models.messages.cost_sharing import (
        Collection,
        CollectionOutcome,
        CollectionProgress,
        RoundsProgress,
    )
    from models.messages.journey import Journey, StageInput
    from models.messages.journey_progress import COLLECTED_BESIDE, JourneyProgress
    from models.values.waits import NotYetError
    from workflows.children import carry, tell_to_go_on
    from workflows.oversight import OverseenWorkflow
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse

BESIDE = "2026-11-collected-beside"
"""The patch since which later instalments are collected beside bidding and works."""
G = TypeVar("G", bound=RoundsProgress)


class RoundsWorkflow(StageWorkflow[G]):
    """A workflow that collects in rounds: it calls, reminds, and counts at the deadline."""

    async def _until_counted(self) -> None:
        """Remind until the deadline, then count; when everybody has paid, count at once."""
        while self.progress.counted is None:
            goal = self._goal()
            await self.wait_until(goal.at, self._is_paid_up, "shares are due")
            heard = self.heard_so_far()
            try:
                if goal.last or self.progress.paid_up:
                    await self.own(f"count-{self.progress.round}", Shares.count_collection)
                else:
                    await self._remind(self.progress.round, goal.reminder + 1)
            except NotYetError as early:
                if not self.progress.paid_up:
                    await self.too_early(early.left, self._is_paid_up, heard)
                # Somebody owes again: the deadline holds.
                self._paid_up(False)

    async def _remind(self, round_number: int, reminder: int) -> None:
        name = f"collect-{round_number}-{reminder}"
        await self.own(name, Shares.next_reminder, round_number, reminder)

    def _goal(self) -> Collection:
        assert self.progress.collection is not None
        return self.progress.collection

    def _is_paid_up(self) -> bool:
        return self.progress.paid_up

    def _paid_up(self, so: bool) -> None:
        self.progress = self.progress.model_copy(update={"paid_up": so})

    def _keeping(self, restored: G) -> G:
        return restored.model_copy(update={"paid_up": self.progress.paid_up})

    @workflow.signal
    def everyone_paid(self) -> None:
        """The service saw the last open share paid."""
        self._paid_up(True)


@workflow.defn(name="CollectionWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class CollectionWorkflow(RoundsWorkflow[CollectionProgress]):
    """Later instalments, one after the other, until nobody owes anything; it stops nothing else (E13)."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, CollectionProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> CollectionOutcome:
        """Await the next instalment, call it when it falls due, remind, count; again as long as somebody owes."""
        await self.begin_from_record()
        while self.progress.outcome is None:
            if self.progress.in_round:
                await self._until_counted()
            else:
                await self._await_next()
            self._paid_up(False)
        await self.finish()
        return self.progress.outcome

    async def _await_next(self) -> None:
        """Until the next instalment is called; where none is left, until whoever owes has paid, or owes otherwise."""
        heard, look = self.told_to_go_on, self.progress.looks + 1
        await self.own(f"look-{look}", LaterInstalments.look, look)
        if self.progress.outcome is not None:
            return
        first = self.progress.next_at
        if first is None:
            await self.wait_for(
                lambda: self.progress.paid_up or self.told_to_go_on != heard,
                "who is in arrears pays",
            )
        else:
            await self.when_due(
                lambda: self.progress.next_at or first,
                "the next instalment falls due",
                self._call,
                unless=self._is_paid_up,
            )

    async def _call(self) -> None:
        await self._remind(self.progress.round + 1, 0)


class CollectingWorkflow(OverseenWorkflow):
    """The workflow of a renovation, as it has later instalments collected beside its stages."""

    def __init__(self, given: Journey, progress: type[JourneyProgress]) -> None:
        super().__init__(given, progress)
        self.collecting: asyncio.Task[None] | None = None
        self.collected_by = ""
        """The workflow that does it."""

    def _is_collecting(self) -> bool:
        return self.collecting is not None and not self.collecting.done()

    async def _have_collected(self) -> None:
        """The collection that the record has begun is started, unless it runs: then it looks at what has changed."""
        name = self.progress.collection_id
        if not name or self.progress.settling or not workflow.patched(BESIDE):
            return
        if self._is_collecting() and name == self.collected_by:
            await tell_to_go_on(name)
        else:
            self.collected_by = name
            self.collecting = asyncio.create_task(self._collect(name))

    async def _collect(self, name: str) -> None:
        given = StageInput(
            renovation_id=self.renovation_id,
            clock=self.clock,
            gateway_public=self.given.gateway_public,
        )
        await carry(self, CollectionWorkflow.run, given, name, "collection of later instalments")
        if self.collected_by != name:
            # The next one began before this one's end was heard of.
            self.progress = self.progress.model_copy(update={"collection_id": self.collected_by})

    @workflow.update
    async def approve_relief(self, act: ApproveRelief) -> Done:
        """A fund takes over what a household owes of its instalments (rules 2.5, E13, E14)."""
        async with self.turn:
            self._only_beside(act)
            done = await self.do(act, Shares.approve_relief, act)
        if self._is_collecting():
            await self._have_collected()
        return done

    @approve_relief.validator
    def approve_relief_allowed(self, act: ApproveRelief) -> None:
        """Where instalments are collected beside the stage; else whoever collects or settles takes it."""
        self.may_come(act)
        self._only_beside(act)

    @workflow.update
    async def join_late(self, act: JoinLate) -> Done:
        """A home joins an item later: it pays the share of the original scheme, and its neighbours so much less (E19)."""
        async with self.turn:
            self._moves_on(act)
            done = await self.do(act, Joinings.join, act)
        await self._have_collected()
        return done

    @join_late.validator
    def join_late_allowed(self, act: JoinLate) -> None:
        """As long as the case lives; the record knows since when there are shares."""
        self.may_come(act)
        self._moves_on(act)

    def _only_beside(self, act: ApproveRelief) -> None:
        self._open(act)
        if self.progress.stage not in COLLECTED_BESIDE:
            raise refuse("cost_sharing.not_computed", act=act.name)

    async def _stop_collecting(self) -> None:
        """What is owed is made anew, paid back or settled: nobody collects it as it was."""
        if not self._is_collecting():
            return
        assert self.collecting is not None
        self.collecting.cancel()
        await workflow.wait([self.collecting])
        if not self.collecting.cancelled():
            self.collecting.exception()  # taken note of: else the worker logs it as one that nobody has seen

    def _is_full(self) -> bool:
        # Children do not carry over.
        return super()._is_full() and not self._is_collecting()
