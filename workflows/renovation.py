"""The journey of a renovation: voting, cost sharing, bidding, inspection, feedback."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from temporalio import workflow
from temporalio.common import VersioningBehavior
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.cancellation import Cancellations
    from activities.cost_sharing.subsidies import Subsidies
    from activities.inspection.termination import Terminations
    from activities.renovations import Renovations
    from models.messages.acts import (
        Act,
        CancelRenovation,
        CorrectRenovation,
        CutSubsidy,
        Done,
        MeasureWorks,
        ReviseScheme,
    )
    from models.messages.ids import stage_workflow_id, warranty_workflow_id
    from models.messages.journey import Journey, JourneyOutcome, StageInput
    from models.messages.journey_progress import ACCOUNTS_AWAITED, JourneyProgress, Undo
    from models.messages.publication import Subject
    from models.values.states import RenovationState, Stage
    from workflows.bidding import BiddingWorkflow
    from workflows.children import carry, publish
    from workflows.collection import CollectingWorkflow
    from workflows.cost_sharing import CostSharingWorkflow
    from workflows.feedback import FeedbackWorkflow
    from workflows.inspection import InspectionWorkflow
    from workflows.search_attributes import RENOVATION_STAGE
    from workflows.voting import VotingWorkflow
    from workflows.waiting import heard_out
    from workflows.warranty import WarrantyWorkflow
    from workflows.writes import refuse

WARRANTY = "2026-11-warranty"
"""The patch since which a case is in warranty, until what is kept back is decided on, before it is completed."""
UNDOES_AFTER_VOTES = "2026-11-undoes-after-votes"
"""The patch since which what was paid goes back too where a case is shelved after later votes."""

CARRIED_BY: Mapping[Stage, Callable[[Any, StageInput], Awaitable[Any]]] = {
    Stage.VOTING: VotingWorkflow.run,
    Stage.COST_SHARING: CostSharingWorkflow.run,
    Stage.BIDDING: BiddingWorkflow.run,
    Stage.INSPECTION: InspectionWorkflow.run,
    Stage.FEEDBACK: FeedbackWorkflow.run,
}


@workflow.defn(name="RenovationWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class RenovationWorkflow(CollectingWorkflow):
    """One renovation. Its children carry the stages; it carries what must be undone if it stops."""

    @workflow.init
    def __init__(self, given: Journey) -> None:
        super().__init__(given, JourneyProgress)
        self.settling = False
        self.watch: asyncio.Task[None] | None = None

    @workflow.run
    @heard_out
    async def run(self, _given: Journey) -> JourneyOutcome:
        """Walk the stages; if the renovation is cancelled on the way, undo and settle."""
        await self.begin_from_record()
        self.watch = asyncio.create_task(self._have_it_resumed())
        outcome = await self._carried()
        if outcome is None:
            await self._compensate()
            outcome = JourneyOutcome(state=RenovationState.CANCELLED, reason="cancelled")
        await self._close(outcome)
        return outcome

    async def _close(self, outcome: JourneyOutcome) -> None:
        """The end, once every account is settled: whoever owes again since they were is waited for."""
        while True:
            self.ended, self.settled = True, False
            await self.finish()
            await self._stop_collecting()
            heard, look = self.told_to_go_on, self.progress.looks + 1
            name = "close" if look == 1 else f"close-{look}"
            done = await self.own(name, Renovations.close, outcome)
            if done.kind != ACCOUNTS_AWAITED:
                return
            # What is blocked can be freed meanwhile.
            self.ended = False
            await self.wait_for(
                lambda: self.settled or self.told_to_go_on != heard,  # noqa: B023
                "all accounts are settled",
            )

    @workflow.signal
    def accounts_settled(self) -> None:
        """The service saw the last account settled."""
        self.settled = True

    async def _carried(self) -> JourneyOutcome | None:
        """How the stages end; None when the renovation was cancelled on the way."""
        while True:
            await self._stop_collecting()
            self.work = asyncio.create_task(self._walk())
            try:
                outcome = await self.work
            except (Exception, asyncio.CancelledError) as error:
                if not is_cancelled_exception(error):
                    # A stage whose write came after the cancellation is refused and fails; the word that
                    # the cancellation is written may reach this workflow later than that failure.
                    await self.finish()
                if self.progress.cancelled:
                    return None
                if not self.rolled_back:
                    raise
            else:
                break
        # A cancellation that was on its way when the last stage ended is heard of by now.
        await self.finish()
        return None if self.progress.cancelled else outcome

    async def _have_it_resumed(self) -> None:
        """While it stands still, or something is to be put right, whoever may do it is reminded, and
        the levels above hear of it.
        """
        while True:
            await workflow.wait_condition(self._is_overseen)
            await self.wait_for(lambda: not self._is_overseen(), "what was ordered is done")

    def _is_full(self) -> bool:
        # A stage is under way beside whoever is reminded: nothing carries over.
        return super()._is_full() and not self._is_overseen()

    async def _walk(self) -> JourneyOutcome:
        """Stage by stage, each next one following from how the last one ended."""
        if self.progress.cancelled:
            # Rebuilt after the cancellation was written: what is left is to undo.
            raise asyncio.CancelledError
        if self.rolled_back:
            await self._begin_again()
        await self._have_collected()
        while (outcome := self.progress.ending) is None:
            if self.progress.left:
                await self.make_room()
                await self._follow()
            else:
                with self._stage_group():
                    await self._carry_stage()
        if outcome.state is RenovationState.COMPLETED and workflow.patched(WARRANTY):
            await self._warrant()
        at_once = self.progress.gives_up_at_once
        if self.progress.gives_up and (at_once or workflow.patched(UNDOES_AFTER_VOTES)):
            # Stopped without blame: what was paid goes back.
            await self._compensate()
        return outcome

    async def _begin_again(self) -> None:
        """What the owners had adopted was annulled: the procedure goes on as after a vote that failed (E6)."""
        self.rolled_back = self.settling = False
        async with self.turn:
            # The stage that was on its way may have ended as it was stopped: the record has the last word.
            await self.take_from_record()

    async def _warrant(self) -> None:
        """The works are accepted: what is kept back of their price is released after its years (4.2)."""
        if not self.progress.warranty_id:
            name = warranty_workflow_id(self.renovation_id)
            await self.own("warranty", Renovations.begin_warranty, name)
            await self._have_collected()
        await self._end_money()

    async def _wind_up(self) -> None:
        """It has stopped: whoever owes pays, and what is kept back is released, before it is closed (E42)."""
        if not self.progress.warranty_id:
            name = warranty_workflow_id(self.renovation_id)
            await self.own("settling", Renovations.begin_settling, name)
        await self._end_money()

    async def _end_money(self) -> None:
        """Until every account is settled."""
        name = self.progress.warranty_id
        if self.progress.warranty_over:
            return
        given = StageInput(
            renovation_id=self.renovation_id,
            clock=self.clock,
            gateway_public=self.given.gateway_public,
        )
        workflow.set_current_details("the money comes to its end")
        await carry(self, WarrantyWorkflow.run, given, name, "warranty")

    async def _follow(self) -> None:
        """Enter what follows, or have the scheme revised, unless the limit of votes is reached (E1)."""
        stage = self.progress.next_stage
        if stage is not None:
            await self._enter(stage)
            return
        if self.progress.wanted is None:
            votes = self.progress.attempts - self.progress.run_offs
            name = f"revise-{self._votes_so_far()}"
            await self.own(name, Renovations.ask_revision, votes)
        if not self.progress.wanted:
            return
        why, until = "the committee revises the scheme", self.progress.revise_until
        if until is None:
            await self.wait_for(self._is_renewed, why)
        else:
            await self.when_due(until, why, self._end_votes, unless=self._is_renewed)

    async def _end_votes(self) -> None:
        """The time for votes on the matter is over, unless a revised scheme was on its way."""
        votes = self.progress.attempts - self.progress.run_offs
        name = f"votes-ended-{self._votes_so_far()}"
        await self.own_unless(self._is_renewed, name, Renovations.end_votes, votes)

    def _votes_so_far(self) -> str:
        """Tells apart when a revised scheme is asked for: after a vote, and after one was annulled."""
        annulled, votes = self.progress.annulments, self.progress.attempts
        return f"{votes}-annulled-{annulled}" if annulled else str(votes)

    def _is_renewed(self) -> bool:
        return self.progress.renewed

    async def _enter(self, stage: Stage) -> None:
        """A stage begins: from now on only its workflow writes (and this one)."""
        before = self.progress
        number = before.attempts + 1 if stage is Stage.VOTING else before.entries + 1
        child_id = stage_workflow_id(self.renovation_id, stage, number)
        name = f"enter-{before.entries + 1}"
        if stage in (Stage.VOTING, Stage.COST_SHARING):
            await self._stop_collecting()
        await self.own(name, Renovations.enter_stage, stage, child_id)
        self.progress = self.progress.entered(stage, child_id)
        workflow.upsert_search_attributes([RENOVATION_STAGE.value_set(stage)])
        workflow.set_current_details(f"stage: {self._stage_label()}")
        await self._have_collected()

    async def _carry_stage(self) -> None:
        """Carry the stage that was entered through as a child workflow."""
        stage = self.progress.stage
        assert stage is not None
        given = StageInput(
            renovation_id=self.renovation_id,
            attempt=self.progress.number,
            run_off=self.progress.goes_on_voting,
            follow_up=self.progress.follow_up if self.progress.goes_on_voting else None,
            clock=self.clock,
            gateway_public=self.given.gateway_public,
            remind_at=self.progress.stage_reminds_at,
        )
        await carry(
            self, CARRIED_BY[stage], given, self.progress.stage_workflow_id, self._stage_label()
        )

    def _stage_group(self) -> AbstractContextManager[object]:
        """The Temporal UI shows what belongs to one stage as one group (an experimental call)."""
        name = f"{self.progress.stage}/{self.progress.number}"
        return workflow.create_event_group(name, label=self._stage_label()).scope()

    def _stage_label(self) -> str:
        """What the Temporal UI calls the stage that is on: "voting, attempt 2", "cost sharing"."""
        stage, number = self.progress.stage, self.progress.number
        said = str(stage).replace("_", " ")
        return f"{said}, attempt {number}" if stage is Stage.VOTING else said

    async def _compensate(self) -> None:
        """The saga: what was done is settled in reverse order, each step on the record (E42)."""
        self.settling = True
        await self._stop_collecting()
        for thing in reversed(self.progress.to_undo):
            if thing is Undo.CONTRACT:
                await self.own("undo-make-safe", Cancellations.make_safe)
                # Answers of earlier releases ask for no measuring.
                if self.progress.to_measure:
                    await self.wait_for(self._is_measured, "the works are measured")
                await self.own("undo-contract", Cancellations.settle_contract)
            elif thing is Undo.MONEY:
                await self._refund()
            else:
                await self.own("undo-vote", Cancellations.void_vote)
        # Nor do they say that anything is owed after the refunds.
        if self.progress.owing:
            await self._wind_up()

    def _is_measured(self) -> bool:
        return not self.progress.to_measure

    async def _refund(self) -> None:
        """The refund sheet is published before anything is paid (rules 2.6)."""
        await self.own("undo-refund-sheet", Cancellations.draw_refund_sheet)
        await publish(self, Subject.REFUNDS, 1)
        await self.own("undo-refunds", Cancellations.pay_refunds)

    @workflow.update
    async def revise_scheme(self, act: ReviseScheme) -> Done:
        """A new version of the scheme for the next vote."""
        async with self.turn:
            self._revision_awaited(act)
            return await self.do(act, Renovations.revise_scheme, act)

    @revise_scheme.validator
    def revise_scheme_allowed(self, act: ReviseScheme) -> None:
        """Only when a vote has failed, or no money was found for a gap."""
        self.may_come(act)
        self._revision_awaited(act)

    @workflow.update
    async def correct_renovation(self, act: CorrectRenovation) -> Done:
        """A small thing is put right; the procedure goes on as it was."""
        async with self.turn:
            self._open(act)
            return await self.do(act, Renovations.correct, act)

    @correct_renovation.validator
    def correct_renovation_allowed(self, act: CorrectRenovation) -> None:
        """At every stage, and not after the end."""
        self.may_come(act)
        self._open(act)

    @workflow.update
    async def cancel_renovation(self, act: CancelRenovation) -> Done:
        """Stop at whatever stage it is; the settlement follows."""
        async with self.turn:
            self._open(act)
            done = await self.do(act, Cancellations.record, act)
            assert self.work is not None
            self.work.cancel()
            if self.progress.troubled:
                # What broke before is taken no more.
                await self.take_from_record()
            return done

    @cancel_renovation.validator
    def cancel_renovation_allowed(self, act: CancelRenovation) -> None:
        """Once, and not after the end, nor while what was done is being undone already."""
        self.may_come(act)
        self._open(act)

    @workflow.update
    async def cut_subsidy(self, act: CutSubsidy) -> Done:
        """A subsidy pays less than it has promised: what it does not pay the owners carry (E15)."""
        async with self.turn:
            self._moves_on(act)
            done = await self.do(act, Subsidies.cut, act)
        await self._have_collected()
        return done

    @cut_subsidy.validator
    def cut_subsidy_allowed(self, act: CutSubsidy) -> None:
        """As long as shares are changed at all; the record knows since when."""
        self.may_come(act)
        self._moves_on(act)

    @workflow.update
    async def measure_works(self, act: MeasureWorks) -> Done:
        """What stands of the works when the renovation stops: Civil Code art. 806."""
        async with self.turn:
            self._measured(act)
            return await self.do(act, Terminations.measure, act)

    @measure_works.validator
    def measure_works_allowed(self, act: MeasureWorks) -> None:
        """While it is settled, once the site is made safe."""
        self.may_come(act)
        self._measured(act)

    def _measured(self, act: Act) -> None:
        if self._is_measured():
            raise refuse("act.not_now", act=act.name, now="settlement", then="measurement")

    def _revision_awaited(self, act: Act) -> None:
        if not self.progress.revision_awaited or self.settling:
            raise refuse("renovation.revision_not_asked", act=act.name)

    def _open(self, act: Act, *, in_warranty: bool = False) -> None:
        if self.work is None:
            # It is about to begin: the act is sent again.
            raise refuse("act.held_back")
        settled = self.settling or self.progress.settling or self.progress.cancelled
        over = self.ended or self.work.done() or (self.progress.in_warranty and not in_warranty)
        if settled or over:
            raise refuse("renovation.ended", act=act.name)
