"""Bidding (招标投标): tender, opening, evaluation, candidates, award, contract."""

from enum import StrEnum
from typing import cast

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.bidding.tender import Tenders
    from models.messages.acts import (
        Act,
        ApproveDirectAward,
        AwardContract,
        Done,
        PublishTender,
        RecordEvaluation,
        SignContract,
        WithdrawCandidate,
    )
    from models.messages.bidding import (
        AfterOpening,
        BiddingOutcome,
        BidOpening,
        Candidates,
        TenderPeriod,
    )
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


class Phase(StrEnum):
    """What bidding waits for."""

    PUBLISH_TENDER = "publish_tender"
    BIDS = "bids"
    EVALUATION = "evaluation"
    APPROVAL = "approval"
    PUBLICITY = "publicity"
    AWARD = "award"
    SIGNATURE = "signature"


@workflow.defn(name="BiddingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class BiddingWorkflow(CaseWorkflow):
    """From the tender notice to the signed contract."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given)
        self.given = given
        self.phase = Phase.PUBLISH_TENDER
        self.tender: TenderPeriod | None = None
        self.candidates: Candidates | None = None
        self.outcome: BiddingOutcome | None = None
        self.published = 0

    @workflow.run
    async def run(self, _given: StageInput) -> BiddingOutcome:
        """Tender until there are bids enough, then one candidate after the other."""
        await self._tender()
        outcome = await self._award()
        await self.finish()
        return outcome

    async def _tender(self) -> None:
        """Rounds of the tender, until candidates are named."""
        round_number = 0
        while self.candidates is None:
            round_number += 1
            tender = await self._published_tender()
            opening = await self._opened(tender, round_number)
            if opening.next_step is AfterOpening.RETENDER:
                continue  # fewer than three bids stay sealed: Tendering Law art. 28
            if opening.next_step is AfterOpening.EVALUATE:
                self.phase = Phase.EVALUATION
            else:
                self.phase = Phase.APPROVAL  # too few bids once more (B-20)
            await self.wait_for(lambda: self.candidates is not None, "the committee's report")
            self._forget_empty_ranking()

    async def _published_tender(self) -> TenderPeriod:
        """Wait until the tenderer publishes the (next) tender."""
        self.phase, self.tender = Phase.PUBLISH_TENDER, None
        await self.wait_for(lambda: self.tender is not None, "the tenderer publishes the tender")
        return cast("TenderPeriod", self.tender)

    async def _opened(self, tender: TenderPeriod, round_number: int) -> BidOpening:
        async def open_bids() -> BidOpening:
            step = self.step(f"open-bids-{round_number}")
            return await self.write(Tenders.open_bids, step, tender)

        # In public, at the very moment at which the time for bids ends: Tendering Law art. 34.
        return await self.at(tender.deadline_at, "bids are opened", open_bids)

    def _forget_empty_ranking(self) -> None:
        """Every bid was rejected: the tender is held again (Tendering Law art. 42)."""
        if self.candidates is not None and not self.candidates.bidder_ids:
            self.candidates = None

    async def _award(self) -> BiddingOutcome:
        """Publish the candidates; whoever leaves makes room for the next (Implementing Regs art. 55)."""
        while self.outcome is None:
            self.published += 1
            candidates = self.candidates
            if not candidates or not candidates.bidder_ids:
                return await self.write(Tenders.fail, self.step("fail"))
            self.phase = Phase.PUBLICITY
            await self._publish()
            if self.candidates == candidates:
                self.phase = Phase.AWARD
            await self.wait_for(
                lambda: self.outcome is not None or self.candidates != candidates,  # noqa: B023
                "the award, the signature, or a candidate that leaves",
            )
        return self.outcome

    async def _publish(self) -> None:
        """At least three days, in which objections stop the clock: Implementing Regs art. 54."""
        number = f"{self.given.attempt}-{self.published}"
        closing = await publish(self, Subject.CANDIDATES, number, suspends=True)
        if closing.upheld:
            step = self.step(f"strike-{number}")
            self.candidates = await self.write(Tenders.strike_first, step)

    @workflow.update
    async def publish_tender(self, act: PublishTender) -> Done:
        """The notice is out, the bids close at the deadline."""
        async with self.turn:
            self.publish_tender_allowed(act)
            self.tender = await self.write(Tenders.publish, self.command(act), self.given, act)
            self.phase = Phase.BIDS
            return done(act, Tenders.publish)

    @publish_tender.validator
    def publish_tender_allowed(self, act: PublishTender) -> None:
        """One tender at a time."""
        self._only(Phase.PUBLISH_TENDER, act=act)

    @workflow.update
    async def record_evaluation(self, act: RecordEvaluation) -> Done:
        """The committee's ranking; the first three are candidates."""
        async with self.turn:
            self.record_evaluation_allowed(act)
            self.candidates = await self.write(Tenders.evaluate, self.command(act), act)
            self.phase = Phase.PUBLICITY
            return done(act, Tenders.evaluate)

    @record_evaluation.validator
    def record_evaluation_allowed(self, act: RecordEvaluation) -> None:
        """After the opening; the report names at most three (Implementing Regs art. 53)."""
        self._only(Phase.EVALUATION, act=act)

    @workflow.update
    async def approve_direct_award(self, act: ApproveDirectAward) -> Done:
        """The approval route after two tenders with too few bids."""
        async with self.turn:
            self.approve_direct_award_allowed(act)
            self.candidates = await self.write(Tenders.approve_direct, self.command(act), act)
            self.phase = Phase.PUBLICITY
            return done(act, Tenders.approve_direct)

    @approve_direct_award.validator
    def approve_direct_award_allowed(self, act: ApproveDirectAward) -> None:
        """Only when tendering has failed twice."""
        self._only(Phase.APPROVAL, act=act)

    @workflow.update
    async def withdraw_candidate(self, act: WithdrawCandidate) -> Done:
        """The first candidate steps back; the next one moves up."""
        async with self.turn:
            self.withdraw_candidate_allowed(act)
            step = self.command(act)
            self.candidates = await self.write(Tenders.withdraw, step, act)
            return done(act, Tenders.withdraw)

    @withdraw_candidate.validator
    def withdraw_candidate_allowed(self, act: WithdrawCandidate) -> None:
        """From the candidates' publicity to the signature; only the first candidate."""
        self._only(Phase.PUBLICITY, Phase.AWARD, Phase.SIGNATURE, act=act)
        self._only_first(act.bidder_id)

    @workflow.update
    async def award_contract(self, act: AwardContract) -> Done:
        """The award notice (中标通知书): Tendering Law art. 45."""
        async with self.turn:
            self.award_contract_allowed(act)
            await self.write(Tenders.award, self.command(act), act)
            self.phase = Phase.SIGNATURE
            return done(act, Tenders.award)

    @award_contract.validator
    def award_contract_allowed(self, act: AwardContract) -> None:
        """After the candidates' publicity; only to the first candidate."""
        self._only(Phase.AWARD, act=act)
        self._only_first(act.bidder_id)

    @workflow.update
    async def sign_contract(self, act: SignContract) -> Done:
        """Sign on the terms of tender and bid, within 30 days of the notice: Tendering Law art. 46."""
        async with self.turn:
            self.sign_contract_allowed(act)
            self.outcome = await self.write_many(Tenders.sign, self.command(act), act)
            return done(act, Tenders.sign)

    @sign_contract.validator
    def sign_contract_allowed(self, act: SignContract) -> None:
        """After the award."""
        self._only(Phase.SIGNATURE, act=act)

    def _only(self, *phases: Phase, act: Act) -> None:
        if self.phase not in phases or self.outcome is not None:
            raise refuse("act.not_now", act=act.name, now=self.phase, then=" / ".join(phases))

    def _only_first(self, bidder_id: str) -> None:
        standing = self.candidates.bidder_ids if self.candidates else ()
        if not standing or standing[0] != bidder_id:
            first = standing[0] if standing else ""
            raise refuse("bidding.not_first_candidate", bidder=bidder_id, first=first)
