"""Bidding (招标投标): tender, opening, evaluation, candidates, award, contract."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.bidding.signing import Signatures
    from activities.bidding.tender import Tenders
    from models.messages.acts import (
        Act,
        ApproveDirectAward,
        AwardContract,
        ClarifyTender,
        Done,
        PublishTender,
        RecordEvaluation,
        RuleOnSignature,
        SignContract,
        WithdrawCandidate,
    )
    from models.messages.bidding import (
        BiddingOutcome,
        BiddingPhase,
        BiddingProgress,
        TenderPeriod,
    )
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from workflows.children import publish
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse

NAMED = (BiddingPhase.PUBLICITY, BiddingPhase.AWARD, BiddingPhase.SIGNATURE)
"""Candidates are named in these; before them the rounds of the tender go on."""
LEFT_AT_ONCE = "2026-11-left-at-once"
"""The patch since which the record says who was posted, where a candidate has left meanwhile."""


@workflow.defn(name="BiddingWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class BiddingWorkflow(StageWorkflow[BiddingProgress]):
    """From the tender notice to the signed contract."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, BiddingProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> BiddingOutcome:
        """Tender until there are bids enough, then one candidate after the other."""
        await self.begin_from_record()
        while self.progress.phase not in NAMED:
            await self._tender()
        while self.progress.outcome is None:
            await self._award()
        await self.finish()
        return self.progress.outcome

    async def _tender(self) -> None:
        """One round of the tender: published, opened, and ranked where enough have bid.

        Fewer than three bids stay sealed (Tendering Law art. 28, E20); too few once more need an approval
        (B-20); where every bid is rejected, the tender is held again (art. 42, E22).
        """
        if self.progress.phase is BiddingPhase.PUBLISH_TENDER:
            await self.wait_for(
                lambda: self.progress.phase is not BiddingPhase.PUBLISH_TENDER,
                "the tenderer publishes the tender",
            )
        if self.progress.phase is BiddingPhase.BIDS:
            # In public, at the very moment at which the time for bids ends: Tendering Law art. 34. A
            # change of the documents may move it.
            await self.when_due(lambda: self._now_open().deadline_at, "bids are opened", self._open)
        asked = (BiddingPhase.EVALUATION, BiddingPhase.APPROVAL)
        if self.progress.phase in asked:
            await self.wait_for(lambda: self.progress.phase not in asked, "the committee's report")

    def _now_open(self) -> TenderPeriod:
        assert self.progress.tender is not None
        return self.progress.tender

    async def _open(self) -> None:
        await self.own(f"open-bids-{self.progress.round}", Tenders.open_bids, self._now_open())

    async def _award(self) -> None:
        """Publish the candidates; whoever leaves makes room for the next (Implementing Regs art. 55)."""
        if self.progress.to_strike:
            number = f"{self.given.attempt}-{self.progress.closings}"
            await self.own(f"strike-{number}", Tenders.strike_first)
        elif not self.progress.candidates:
            await self.own("fail", Tenders.fail)
        elif self.progress.phase is BiddingPhase.PUBLICITY:
            # At least three days, in which objections stop the clock: Implementing Regs art. 54, E23.
            self.progress = self.progress.publishing()
            number = f"{self.given.attempt}-{self.progress.closings + 1}"
            await publish(self, Subject.CANDIDATES, number, suspends=True)
            if self.progress.candidates != self.progress.published and workflow.patched(
                LEFT_AT_ONCE
            ):
                # Whoever has left before the list was posted was not on it.
                async with self.turn:
                    await self.take_from_record()
        elif self._may_be_missed():
            await self._signature()
        else:
            await self.wait_for(
                lambda: self._has_moved() or self._may_be_missed(),
                "the award, the signature, or a candidate that leaves",
            )

    async def _signature(self) -> None:
        """Signed within 30 days of the award notice, or the next candidate follows: E27."""
        until = self.progress.sign_until
        assert until is not None
        name = f"unsigned-{self.given.attempt}-{self.progress.closings}"
        await self.when_due(
            until,
            "the contract is signed",
            lambda: self.own_unless(self._has_moved, name, Signatures.miss),
            unless=self._has_moved,
        )

    def _may_be_missed(self) -> bool:
        """Whether the wait for the signature has an end: awards of earlier releases said none."""
        signing = self.progress.phase is BiddingPhase.SIGNATURE
        return signing and self.progress.sign_until is not None

    def _has_moved(self) -> bool:
        """Signed, or a candidate has left."""
        return self.progress.outcome is not None or self.progress.phase is BiddingPhase.PUBLICITY

    @workflow.update
    async def publish_tender(self, act: PublishTender) -> Done:
        """The notice is out, the bids close at the deadline."""
        async with self.turn:
            self._only(BiddingPhase.PUBLISH_TENDER, act=act)
            return await self.do(act, Tenders.publish, self.given, act)

    @publish_tender.validator
    def publish_tender_allowed(self, act: PublishTender) -> None:
        """One tender at a time."""
        self.may_come(act)
        self._only(BiddingPhase.PUBLISH_TENDER, act=act)

    @workflow.update
    async def clarify_tender(self, act: ClarifyTender) -> Done:
        """The documents change for all; what comes late moves the deadline: Tendering Law art. 23."""
        async with self.turn:
            self._only(BiddingPhase.BIDS, act=act)
            return await self.do(act, Tenders.clarify, act)

    @clarify_tender.validator
    def clarify_tender_allowed(self, act: ClarifyTender) -> None:
        """While bids may come in."""
        self.may_come(act)
        self._only(BiddingPhase.BIDS, act=act)

    @workflow.update
    async def record_evaluation(self, act: RecordEvaluation) -> Done:
        """The committee's ranking; the first three are candidates."""
        async with self.turn:
            self._only(BiddingPhase.EVALUATION, act=act)
            return await self.do(act, Tenders.evaluate, act)

    @record_evaluation.validator
    def record_evaluation_allowed(self, act: RecordEvaluation) -> None:
        """After the opening; the report names at most three (Implementing Regs art. 53)."""
        self.may_come(act)
        self._only(BiddingPhase.EVALUATION, act=act)

    @workflow.update
    async def approve_direct_award(self, act: ApproveDirectAward) -> Done:
        """The approval route after two tenders with too few bids."""
        async with self.turn:
            self._only(BiddingPhase.APPROVAL, act=act)
            return await self.do(act, Tenders.approve_direct, act)

    @approve_direct_award.validator
    def approve_direct_award_allowed(self, act: ApproveDirectAward) -> None:
        """Only when tendering has failed twice."""
        self.may_come(act)
        self._only(BiddingPhase.APPROVAL, act=act)

    @workflow.update
    async def withdraw_candidate(self, act: WithdrawCandidate) -> Done:
        """The first candidate steps back; the next one moves up."""
        async with self.turn:
            self._only(BiddingPhase.PUBLICITY, BiddingPhase.AWARD, BiddingPhase.SIGNATURE, act=act)
            self._only_first(act.bidder_id)
            return await self.do(act, Tenders.withdraw, act)

    @withdraw_candidate.validator
    def withdraw_candidate_allowed(self, act: WithdrawCandidate) -> None:
        """From the candidates' publicity to the signature; only the first candidate."""
        self.may_come(act)
        self._only(BiddingPhase.PUBLICITY, BiddingPhase.AWARD, BiddingPhase.SIGNATURE, act=act)
        self._only_first(act.bidder_id)

    @workflow.update
    async def award_contract(self, act: AwardContract) -> Done:
        """The award notice (中标通知书): Tendering Law art. 45."""
        async with self.turn:
            self._only(BiddingPhase.AWARD, act=act)
            self._only_first(act.bidder_id)
            return await self.do(act, Tenders.award, act)

    @award_contract.validator
    def award_contract_allowed(self, act: AwardContract) -> None:
        """After the candidates' publicity; only to the first candidate."""
        self.may_come(act)
        self._only(BiddingPhase.AWARD, act=act)
        self._only_first(act.bidder_id)

    @workflow.update
    async def sign_contract(self, act: SignContract) -> Done:
        """Sign on the terms of tender and bid, within 30 days of the notice: Tendering Law art. 46."""
        async with self.turn:
            self._only(BiddingPhase.SIGNATURE, act=act)
            return await self.do(act, Tenders.sign, act)

    @sign_contract.validator
    def sign_contract_allowed(self, act: SignContract) -> None:
        """After the award."""
        self.may_come(act)
        self._only(BiddingPhase.SIGNATURE, act=act)

    @workflow.update
    async def rule_on_signature(self, act: RuleOnSignature) -> Done:
        """Who is responsible that nobody signed: Implementing Regs art. 73, 74."""
        async with self.turn:
            self._only(*NAMED, act=act)
            return await self.do(act, Signatures.rule_on, act)

    @rule_on_signature.validator
    def rule_on_signature_allowed(self, act: RuleOnSignature) -> None:
        """From the award on, and after the next candidate has followed."""
        self.may_come(act)
        self._only(*NAMED, act=act)

    def _only(self, *phases: BiddingPhase, act: Act) -> None:
        now = self.progress.phase
        if now not in phases or self.progress.outcome is not None:
            raise refuse("act.not_now", act=act.name, now=now, then=" / ".join(phases))

    def _only_first(self, bidder_id: str) -> None:
        standing = self.progress.candidates or ()
        if not standing or standing[0] != bidder_id:
            first = standing[0] if standing else ""
            raise refuse("bidding.not_first_candidate", bidder=bidder_id, first=first)
