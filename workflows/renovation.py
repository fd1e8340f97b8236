"""The journey of a renovation: voting, cost sharing, bidding, inspection, feedback."""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.common import VersioningBehavior
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cancellation import Cancellations
    from activities.renovations import Renovations
    from models.messages.acts import CancelRenovation, Done, ReviseScheme
    from models.messages.ids import stage_workflow_id
    from models.messages.journey import Journey, JourneyOutcome, Stage, StageInput
    from models.messages.publication import PublicationInput
    from workflows.bidding import BiddingWorkflow
    from workflows.children import publish
    from workflows.cost_sharing import CostSharingWorkflow
    from workflows.feedback import FeedbackWorkflow
    from workflows.inspection import InspectionWorkflow
    from workflows.search_attributes import RENOVATION_STAGE
    from workflows.voting import VotingWorkflow
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="RenovationWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class RenovationWorkflow(CaseWorkflow):
    """One renovation. Its children carry the stages; it carries what must be undone if it stops."""

    @workflow.init
    def __init__(self, given: Journey) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.stage: Stage = "voting"
        self.entries = 0
        self.attempts = given.attempts
        self.run_offs = 0
        self.to_undo: list[str] = []
        self.revision_wanted = False
        self.revised = 0
        self.cancelled = False
        self.ended = False
        self.work: asyncio.Task[JourneyOutcome] | None = None

    @workflow.run
    async def run(self, given: Journey) -> JourneyOutcome:
        """Walk the stages; if the renovation is cancelled on the way, undo and settle."""
        self.work = asyncio.create_task(self._walk())
        try:
            outcome = await self.work
        except BaseException as error:
            if not is_cancelled_exception(error):
                # A stage whose write came after the cancellation is refused and fails; the word that
                # the cancellation is written may reach this workflow later than that failure.
                await workflow.wait_condition(workflow.all_handlers_finished)
            if not self.cancelled:
                raise
            outcome = await self._undo()
        self.ended = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self.write(Renovations.close, own_step(given.renovation_id, "close"), outcome)
        return outcome

    async def _walk(self) -> JourneyOutcome:
        while True:
            if not await self._adopt():
                return JourneyOutcome(state="shelved", reason="vote_limit_reached")
            sharing = await self._stage("cost_sharing", CostSharingWorkflow.run)
            if sharing.outcome == "shelved":
                return await self._shelve("too_little_collected")
            if sharing.outcome == "new_vote":
                if not await self._revise():
                    return JourneyOutcome(state="shelved", reason="vote_limit_reached")
                continue
            break
        self._remember("contract")
        bidding = await self._stage("bidding", BiddingWorkflow.run)
        if bidding.outcome == "failed":
            return await self._shelve("no_contractor")
        await self._stage("inspection", InspectionWorkflow.run)
        await self._stage("feedback", FeedbackWorkflow.run)
        return JourneyOutcome(state="completed")

    async def _adopt(self) -> bool:
        """Vote; a vote that fails may be held again on a revised scheme, up to the limit."""
        run_off = False
        while True:
            self.attempts += 1
            self._remember("vote")
            vote = await self._stage("voting", VotingWorkflow.run, self.attempts, run_off)
            if vote.outcome == "adopted":
                self._remember("money")
                return True
            run_off = vote.outcome == "run_off"
            self.run_offs += int(run_off)
            if not run_off and not await self._revise():
                return False

    async def _revise(self) -> bool:
        """Wait for a revised scheme, unless the limit of votes is reached."""
        goal = self.revised + 1
        step = own_step(self.given.renovation_id, f"revise-{self.attempts}")
        votes = self.attempts - self.run_offs
        self.revision_wanted = await self.write(Renovations.ask_revision, step, votes)
        if not self.revision_wanted:
            return False
        await workflow.wait_condition(lambda: self.revised >= goal)
        return True

    async def _stage(self, stage: Stage, run: Any, attempt: int = 0, run_off: bool = False) -> Any:
        """Enter a stage and carry it through as a child workflow."""
        self.stage = stage
        self.entries += 1
        number = attempt or self.entries
        rid = self.given.renovation_id
        child_id = stage_workflow_id(rid, stage, number)
        await self.write(
            Renovations.enter_stage, own_step(rid, f"enter-{self.entries}"), stage, child_id
        )
        workflow.upsert_search_attributes([RENOVATION_STAGE.value_set(stage)])
        workflow.set_current_details(f"stage: {stage}, attempt {number}")
        return await workflow.execute_child_workflow(
            run,
            StageInput(renovation_id=rid, attempt=number, run_off=run_off, clock=self.clock),
            id=child_id,
            static_summary=stage,
        )

    def _remember(self, thing: str) -> None:
        """Note what would have to be undone; a second vote is no second thing."""
        if thing not in self.to_undo:
            self.to_undo.append(thing)

    async def _shelve(self, reason: str) -> JourneyOutcome:
        """Stop without blame: what was paid goes back."""
        await self._compensate()
        return JourneyOutcome(state="shelved", reason=reason)

    async def _undo(self) -> JourneyOutcome:
        await self._compensate()
        return JourneyOutcome(state="cancelled", reason="cancelled")

    async def _compensate(self) -> None:
        """The saga: what was done is settled in reverse order, each step on the record."""
        rid = self.given.renovation_id
        for thing in reversed(self.to_undo):
            if thing == "contract":
                await self.write(Cancellations.make_safe, own_step(rid, "undo-make-safe"))
                await self.write(Cancellations.settle_contract, own_step(rid, "undo-contract"))
            elif thing == "money":
                await self._refund()
            else:
                await self.write(Cancellations.void_vote, own_step(rid, "undo-vote"))

    async def _refund(self) -> None:
        rid = self.given.renovation_id
        await self.write_many(Cancellations.draw_refund_sheet, own_step(rid, "undo-refund-sheet"))
        await publish(
            PublicationInput(
                renovation_id=rid,
                publication_id=f"{rid}.refunds.1",
                subject="refunds",
                clock=self.clock,
            )
        )
        await self.write_many(Cancellations.pay_refunds, own_step(rid, "undo-refunds"))

    @workflow.update
    async def revise_scheme(self, act: ReviseScheme) -> Done:
        """A new version of the scheme for the next vote."""
        async with self.turn:
            self.revise_scheme_allowed(act)
            await self.write(
                Renovations.revise_scheme, act_step(self.given.renovation_id, act), act
            )
            self.revision_wanted = False
            self.revised += 1
            return Done(command_id=act.command_id, kind="voting.scheme_revised")

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
            await self.write(Cancellations.record, act_step(self.given.renovation_id, act), act)
            assert self.work is not None
            self.cancelled = True
            self.work.cancel()
            return Done(command_id=act.command_id, kind="renovation.cancelled")

    @cancel_renovation.validator
    def cancel_renovation_allowed(self, act: CancelRenovation) -> None:
        """Once, and not after the end."""
        if self.cancelled or self.ended or self.work is None or self.work.done():
            raise refuse("renovation.ended", act=act.name)

    @workflow.query
    def waiting_for(self) -> str:
        """What the renovation waits for now."""
        return "revise_scheme" if self.revision_wanted else self.stage
