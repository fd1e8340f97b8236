"""Bidding (招标投标): tender, opening, evaluation, candidates, award, contract."""

import asyncio
from typing import cast

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.bidding.tender import Tenders
    from models.messages.acts import (
        ApproveDirectAward,
        AwardContract,
        Done,
        PublishTender,
        RecordEvaluation,
        SignContract,
        WithdrawCandidate,
    )
    from models.messages.bidding import BiddingOutcome, BidOpening, Candidates, TenderPeriod
    from models.messages.journey import StageInput
    from models.messages.publication import PublicationInput
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="BiddingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class BiddingWorkflow(CaseWorkflow):
    """From the tender notice to the signed contract."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.phase = "publish_tender"
        self.tender: TenderPeriod | None = None
        self.candidates: Candidates | None = None
        self.outcome: BiddingOutcome | None = None
        self.published = 0

    @workflow.run
    async def run(self, _given: StageInput) -> BiddingOutcome:
        """Tender until there are bids enough, then one candidate after the other."""
        await self._tender()
        await self._award()
        await workflow.wait_condition(workflow.all_handlers_finished)
        assert self.outcome is not None
        return self.outcome

    async def _tender(self) -> None:
        """Too few bids, or all rejected: the tender is held again; in the end, the approval route."""
        round_number = 0
        while self.candidates is None:
            round_number += 1
            tender = await self._published_tender()
            opening = await self._opened(tender, round_number)
            if opening.next_step == "retender":
                continue
            self.phase = "evaluation" if opening.next_step == "evaluate" else "approval"
            await workflow.wait_condition(lambda: self.candidates is not None)
            self._forget_empty_ranking()

    async def _opened(self, tender: TenderPeriod, round_number: int) -> BidOpening:
        async def open_bids() -> BidOpening:
            step = own_step(self.given.renovation_id, f"open-bids-{round_number}")
            return await self.write(Tenders.open_bids, step, tender)

        opening = await self.when_due(
            lambda: tender.deadline_at, lambda: False, "bids are opened", open_bids
        )
        assert opening is not None
        return opening

    def _forget_empty_ranking(self) -> None:
        """The committee rejected every bid: there is nobody to publish (B-19)."""
        if self.candidates is not None and not self.candidates.bidder_ids:
            self.candidates = None

    async def _published_tender(self) -> TenderPeriod:
        """Wait until the tenderer publishes the (next) tender."""
        self.phase, self.tender = "publish_tender", None
        await workflow.wait_condition(lambda: self.tender is not None)
        return cast("TenderPeriod", self.tender)

    async def _award(self) -> None:
        """Publish the candidates; whoever withdraws makes room for the next, published anew."""
        while self.outcome is None:
            self.published += 1
            candidates = self.candidates
            if not candidates or not candidates.bidder_ids:
                self.outcome = await self.write(
                    Tenders.fail, own_step(self.given.renovation_id, "fail")
                )
                return
            self.phase = "publicity"
            await self._publish()
            if self.candidates == candidates:
                self.phase = "award"
            await workflow.wait_condition(
                lambda: self.outcome is not None or self.candidates != candidates  # noqa: B023
            )

    async def _publish(self) -> None:
        number = f"{self.given.attempt}-{self.published}"
        closing = await publish(
            PublicationInput(
                renovation_id=self.given.renovation_id,
                publication_id=f"{self.given.renovation_id}.candidates.{number}",
                subject="candidates",
                suspends=True,
                clock=self.clock,
            )
        )
        if closing.upheld:
            step = own_step(self.given.renovation_id, f"strike-{number}")
            self.candidates = await self.write(Tenders.strike_first, step)

    @workflow.update
    async def publish_tender(self, act: PublishTender) -> Done:
        """The notice is out, the bids close at the deadline."""
        async with self.turn:
            self.publish_tender_allowed(act)
            step = act_step(self.given.renovation_id, act)
            self.tender = await self.write(Tenders.publish, step, self.given, act)
            self.phase = "bids"
            return Done(command_id=act.command_id, kind="bidding.tender_published")

    @publish_tender.validator
    def publish_tender_allowed(self, act: PublishTender) -> None:
        """One tender at a time."""
        self._only("publish_tender", act.name)

    @workflow.update
    async def record_evaluation(self, act: RecordEvaluation) -> Done:
        """The committee's ranking; the first three are candidates."""
        async with self.turn:
            self.record_evaluation_allowed(act)
            self.candidates = await self.write(
                Tenders.evaluate, act_step(self.given.renovation_id, act), act
            )
            self.phase = "publicity"
            return Done(command_id=act.command_id, kind="bidding.candidates_ranked")

    @record_evaluation.validator
    def record_evaluation_allowed(self, act: RecordEvaluation) -> None:
        """After the opening."""
        self._only("evaluation", act.name)

    @workflow.update
    async def approve_direct_award(self, act: ApproveDirectAward) -> Done:
        """The approval route after two tenders with too few bids."""
        async with self.turn:
            self.approve_direct_award_allowed(act)
            self.candidates = await self.write(
                Tenders.approve_direct, act_step(self.given.renovation_id, act), act
            )
            self.phase = "publicity"
            return Done(command_id=act.command_id, kind="bidding.direct_award_approved")

    @approve_direct_award.validator
    def approve_direct_award_allowed(self, act: ApproveDirectAward) -> None:
        """Only when tendering has failed twice."""
        self._only("approval", act.name)

    @workflow.update
    async def withdraw_candidate(self, act: WithdrawCandidate) -> Done:
        """The first candidate steps back; the next one moves up."""
        async with self.turn:
            self.withdraw_candidate_allowed(act)
            step = act_step(self.given.renovation_id, act)
            self.candidates = await self.write(Tenders.withdraw, step, act)
            return Done(command_id=act.command_id, kind="bidding.candidate_withdrawn")

    @withdraw_candidate.validator
    def withdraw_candidate_allowed(self, act: WithdrawCandidate) -> None:
        """From the candidates' publicity to the signature; only the first candidate."""
        self._only(("publicity", "award", "signature"), act.name)
        self._only_first(act.bidder_id)

    @workflow.update
    async def award_contract(self, act: AwardContract) -> Done:
        """The award notice (中标通知书)."""
        async with self.turn:
            self.award_contract_allowed(act)
            await self.write(Tenders.award, act_step(self.given.renovation_id, act), act)
            self.phase = "signature"
            return Done(command_id=act.command_id, kind="bidding.contract_awarded")

    @award_contract.validator
    def award_contract_allowed(self, act: AwardContract) -> None:
        """After the candidates' publicity; only to the first candidate."""
        self._only("award", act.name)
        self._only_first(act.bidder_id)

    @workflow.update
    async def sign_contract(self, act: SignContract) -> Done:
        """Sign on the terms of tender and bid, within the legal time."""
        async with self.turn:
            self.sign_contract_allowed(act)
            self.outcome = await self.write_many(
                Tenders.sign, act_step(self.given.renovation_id, act), act
            )
            return Done(command_id=act.command_id, kind="bidding.contract_signed")

    @sign_contract.validator
    def sign_contract_allowed(self, act: SignContract) -> None:
        """After the award."""
        self._only("signature", act.name)

    @workflow.query
    def waiting_for(self) -> str:
        """What the stage waits for now."""
        return self.phase

    def _only(self, phase: str | tuple[str, ...], act: str) -> None:
        phases = (phase,) if isinstance(phase, str) else phase
        if self.phase not in phases or self.outcome is not None:
            raise refuse("act.not_now", act=act, now=self.phase, then=" / ".join(phases))

    def _only_first(self, bidder_id: str) -> None:
        standing = self.candidates.bidder_ids if self.candidates else ()
        if not standing or standing[0] != bidder_id:
            first = standing[0] if standing else ""
            raise refuse("bidding.not_first_candidate", bidder=bidder_id, first=first)
