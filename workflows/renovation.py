"""The journey of a renovation: voting, cost sharing, bidding, inspection, feedback."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from temporalio import workflow
from temporalio.common import VersioningBehavior
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cancellation import Cancellations
    from activities.renovations import Renovations
    from models.messages.acts import CancelRenovation, Done, ReviseScheme
    from models.messages.bidding import BiddingResult
    from models.messages.cost_sharing import CostSharingResult
    from models.messages.ids import stage_workflow_id
    from models.messages.journey import Journey, JourneyOutcome, Stage, StageInput
    from models.messages.publication import Subject
    from models.messages.voting import VotingResult
    from models.values.states import RenovationState
    from workflows.bidding import BiddingWorkflow
    from workflows.children import publish
    from workflows.cost_sharing import CostSharingWorkflow
    from workflows.feedback import FeedbackWorkflow
    from workflows.inspection import InspectionWorkflow
    from workflows.search_attributes import RENOVATION_STAGE
    from workflows.voting import VotingWorkflow
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


W = TypeVar("W")
Outcome = TypeVar("Outcome")


class Undo(StrEnum):
    """What has to be undone when a renovation stops."""

    VOTE = "vote"
    MONEY = "money"
    CONTRACT = "contract"


@workflow.defn(name="RenovationWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class RenovationWorkflow(CaseWorkflow):
    """One renovation. Its children carry the stages; it carries what must be undone if it stops."""

    @workflow.init
    def __init__(self, given: Journey) -> None:
        super().__init__(given)
        self.entries = 0
        self.attempts = given.attempts
        self.run_offs = 0
        self.to_undo: list[Undo] = []
        self.revision_wanted = False
        self.revised = 0
        self.cancelled = False
        self.ended = False
        self.work: asyncio.Task[JourneyOutcome] | None = None

    @workflow.run
    async def run(self, _given: Journey) -> JourneyOutcome:
        """Walk the stages; if the renovation is cancelled on the way, undo and settle."""
        self.work = asyncio.create_task(self._walk())
        try:
            outcome = await self.work
        except BaseException as error:
            if not is_cancelled_exception(error):
                # A stage whose write came after the cancellation is refused and fails; the word that
                # the cancellation is written may reach this workflow later than that failure.
                await self.finish()
            if not self.cancelled:
                raise
            await self._compensate()
            outcome = JourneyOutcome(state=RenovationState.CANCELLED, reason="cancelled")
        self.ended = True
        await self.finish()
        await self.write(Renovations.close, self.step("close"), outcome)
        return outcome

    async def _walk(self) -> JourneyOutcome:
        while True:
            if not await self._adopt():
                return _shelved("vote_limit_reached")
            sharing = await self._stage(Stage.COST_SHARING, CostSharingWorkflow.run)
            if sharing.outcome is CostSharingResult.FUNDED:
                break
            if sharing.outcome is CostSharingResult.SHELVED:
                return await self._give_up("too_little_collected")
            if not await self._revise():
                return _shelved("vote_limit_reached")
        self._remember(Undo.CONTRACT)
        bidding = await self._stage(Stage.BIDDING, BiddingWorkflow.run)
        if bidding.outcome is BiddingResult.FAILED:
            return await self._give_up("no_contractor")
        await self._stage(Stage.INSPECTION, InspectionWorkflow.run)
        await self._stage(Stage.FEEDBACK, FeedbackWorkflow.run)
        return JourneyOutcome(state=RenovationState.COMPLETED)

    async def _adopt(self) -> bool:
        """Vote; a vote that fails may be held again on a revised scheme, up to the limit (E1)."""
        run_off = False
        while True:
            self.attempts += 1
            self._remember(Undo.VOTE)
            vote = await self._stage(Stage.VOTING, VotingWorkflow.run, self.attempts, run_off)
            if vote.outcome is VotingResult.ADOPTED:
                self._remember(Undo.MONEY)
                return True
            run_off = vote.outcome is VotingResult.RUN_OFF
            self.run_offs += int(run_off)
            if not run_off and not await self._revise():
                return False

    async def _revise(self) -> bool:
        """Wait for a revised scheme, unless the limit of votes is reached (E1)."""
        goal = self.revised + 1
        step = self.step(f"revise-{self.attempts}")
        votes = self.attempts - self.run_offs
        self.revision_wanted = await self.write(Renovations.ask_revision, step, votes)
        if not self.revision_wanted:
            return False
        await self.wait_for(lambda: self.revised >= goal, "the committee revises the scheme")
        return True

    async def _stage(
        self,
        stage: Stage,
        run: Callable[[W, StageInput], Awaitable[Outcome]],
        attempt: int = 0,
        run_off: bool = False,
    ) -> Outcome:
        """Enter a stage, carry it through as a child workflow, and hand on its outcome."""
        self.entries += 1
        number = attempt or self.entries
        child_id = stage_workflow_id(self.renovation_id, stage, number)
        await self.write(
            Renovations.enter_stage, self.step(f"enter-{self.entries}"), stage, child_id
        )
        workflow.upsert_search_attributes([RENOVATION_STAGE.value_set(stage)])
        workflow.set_current_details(f"stage: {stage}, attempt {number}")
        return await workflow.execute_child_workflow(
            run,
            StageInput(
                renovation_id=self.renovation_id,
                attempt=number,
                run_off=run_off,
                clock=self.clock,
            ),
            id=child_id,
            static_summary=stage,
        )

    def _remember(self, thing: Undo) -> None:
        """Note what would have to be undone; a second vote is no second thing."""
        if thing not in self.to_undo:
            self.to_undo.append(thing)

    async def _give_up(self, reason: str) -> JourneyOutcome:
        """Stop without blame: what was paid goes back."""
        await self._compensate()
        return _shelved(reason)

    async def _compensate(self) -> None:
        """The saga: what was done is settled in reverse order, each step on the record (E42)."""
        for thing in reversed(self.to_undo):
            if thing is Undo.CONTRACT:
                await self.write(Cancellations.make_safe, self.step("undo-make-safe"))
                await self.write(Cancellations.settle_contract, self.step("undo-contract"))
            elif thing is Undo.MONEY:
                await self._refund()
            else:
                await self.write(Cancellations.void_vote, self.step("undo-vote"))

    async def _refund(self) -> None:
        """The refund sheet is published before anything is paid (rules 2.6)."""
        await self.write_many(Cancellations.draw_refund_sheet, self.step("undo-refund-sheet"))
        await publish(self, Subject.REFUNDS, 1)
        await self.write_many(Cancellations.pay_refunds, self.step("undo-refunds"))

    @workflow.update
    async def revise_scheme(self, act: ReviseScheme) -> Done:
        """A new version of the scheme for the next vote."""
        async with self.turn:
            self.revise_scheme_allowed(act)
            await self.write(Renovations.revise_scheme, self.command(act), act)
            self.revision_wanted = False
            self.revised += 1
            return done(act, Renovations.revise_scheme)

    @revise_scheme.validator
    def revise_scheme_allowed(self, act: ReviseScheme) -> None:
        """Only when a vote has failed."""
        if not self.revision_wanted:
            raise refuse("renovation.revision_not_asked", act=act.name)

    @workflow.update
    async def cancel_renovation(self, act: CancelRenovation) -> Done:
        """Stop at whatever stage it is; the settlement follows."""
        async with self.turn:
            self.cancel_renovation_allowed(act)
            await self.write(Cancellations.record, self.command(act), act)
            assert self.work is not None
            self.cancelled = True
            self.work.cancel()
            return done(act, Cancellations.record)

    @cancel_renovation.validator
    def cancel_renovation_allowed(self, act: CancelRenovation) -> None:
        """Once, and not after the end."""
        if self.cancelled or self.ended or self.work is None or self.work.done():
            raise refuse("renovation.ended", act=act.name)


def _shelved(reason: str) -> JourneyOutcome:
    return JourneyOutcome(state=RenovationState.SHELVED, reason=reason)
