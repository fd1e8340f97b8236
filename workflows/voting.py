"""Voting (表决): notice, open box, one extension if the quorum is short, close, count, publish."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.voting.after import AfterVote
    from activities.voting.box import Ballots
    from activities.voting.official import OfficialResults
    from models.messages.acts import Done, ImportOfficialResult, OpenVote
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from models.messages.voting import VotePeriod, VoteResult, VotingOutcome, VotingProgress
    from workflows.children import publish
    from workflows.waiting import StageWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="VotingWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class VotingWorkflow(StageWorkflow[VotingProgress]):
    """One vote of the owners on the current scheme (Civil Code art. 278)."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given, VotingProgress)

    @workflow.run
    @heard_out
    async def run(self, _given: StageInput) -> VotingOutcome:
        """Wait for the committee, hold the vote, publish its result for objections before it is final (E5).

        Fifteen days of notice (PM Regs art. 14) and the written result are with the activities.
        """
        await self.begin_from_record()
        await self._opened()
        if self.progress.result is None and not self.progress.checked:
            await self._extend_once_if_short()
        result = await self._closed()
        outcome = self.progress.outcome
        if outcome is None:
            if result.follow_up is None:
                closing = await publish(self, Subject.VOTE_RESULT, self.given.attempt)
                outcome = await self.own("declare", Ballots.declare_result, result, closing)
            else:
                # Nothing is decided yet: what is published is the result of the second vote.
                outcome = await self.own("put-again", AfterVote.put_again, result)
        await self.finish()
        return outcome

    async def _opened(self) -> None:
        """The committee opens the vote; a second vote that the law holds in its own time opens by itself."""
        again = self.given.follow_up
        if again is not None and again.by_law and not self._is_announced():
            await self.own_unless(self._is_announced, "open", Ballots.open_box, self.given)
        await self.wait_for(self._is_announced, "the committee opens the vote")

    async def _extend_once_if_short(self) -> None:
        """Two thirds must take part (Civil Code art. 278): a vote that is short goes on once (E2)."""
        period = self._period()
        await self.when_due(
            period.check_at,
            "the turnout is looked at",
            # An official result may be on its way: whoever has the turn first is heard.
            lambda: self.own_unless(self._is_decided, "turnout", Ballots.check_turnout, period),
            unless=self._is_decided,
        )

    async def _closed(self) -> VoteResult:
        """The count of the box, or the official result that has closed it before its time."""
        await self.when_due(
            lambda: self._period().closes_at,
            "the ballot box closes",
            lambda: self.own_unless(self._is_decided, "close", Ballots.close_box, self._period()),
            unless=self._is_decided,
        )
        result = self._result()
        if result.objections_until is not None:
            await self.when_due(
                result.objections_until,
                "owners may object",
                lambda: self.own("objections", AfterVote.count_objections, self._period()),
            )
        return self._result()

    @workflow.update
    async def open_vote(self, act: OpenVote) -> Done:
        """Freeze the roll, announce the vote, set the box up."""
        async with self.turn:
            self._not_announced(act)
            return await self.do(act, Ballots.open_box, self.given)

    @open_vote.validator
    def open_vote_allowed(self, act: OpenVote) -> None:
        """Once per vote."""
        self.may_come(act)
        self._not_announced(act)

    @workflow.update
    async def import_official_result(self, act: ImportOfficialResult) -> Done:
        """The official system's result closes the box; publication and objections go on as usual."""
        async with self.turn:
            self._vote_open(act)
            return await self.do(act, OfficialResults.import_one, self._period(), act)

    @import_official_result.validator
    def import_allowed(self, act: ImportOfficialResult) -> None:
        """While the vote is open; an official system's result must be taken (rules V-CN-9)."""
        self.may_come(act)
        self._vote_open(act)

    def _not_announced(self, act: OpenVote) -> None:
        if self._is_announced():
            raise refuse("voting.announced", act=act.name)

    def _vote_open(self, act: ImportOfficialResult) -> None:
        if self.progress.period is None:
            raise refuse("voting.not_open", act=act.name)
        if self.progress.result is not None:
            raise refuse("voting.closed", act=act.name)

    def _period(self) -> VotePeriod:
        assert self.progress.period is not None
        return self.progress.period

    def _result(self) -> VoteResult:
        assert self.progress.result is not None
        return self.progress.result

    def _is_announced(self) -> bool:
        return self.progress.period is not None

    def _is_decided(self) -> bool:
        return self.progress.result is not None
