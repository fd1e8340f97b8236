"""Voting (表决): notice, open box, one extension if the quorum is short, close, count, publish."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.voting.box import Ballots
    from activities.voting.official import OfficialResults
    from models.messages.acts import Done, ImportOfficialResult, OpenVote
    from models.messages.journey import StageInput
    from models.messages.publication import Subject
    from models.messages.voting import VotePeriod, VoteResult, VotingOutcome
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


@workflow.defn(name="VotingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class VotingWorkflow(CaseWorkflow):
    """One vote of the owners on the current scheme (Civil Code art. 278)."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given)
        self.given = given
        self.period: VotePeriod | None = None
        self.result: VoteResult | None = None

    @workflow.run
    async def run(self, _given: StageInput) -> VotingOutcome:
        """Wait for the committee, hold the vote, publish its result for objections before it is final.

        Fifteen days of notice (PM Regs art. 14) and the written result are with the activities.
        """
        await self.wait_for(lambda: self.period is not None, "the committee opens the vote")
        await self._extend_once_if_short()
        result = await self._closed()
        closing = await publish(self, Subject.VOTE_RESULT, self.given.attempt)
        outcome = await self.write(Ballots.declare_result, self.step("declare"), result, closing)
        await self.finish()
        return outcome

    async def _extend_once_if_short(self) -> None:
        """Two thirds must take part (Civil Code art. 278): a vote that is short goes on once (E2)."""
        period = self._period()

        async def look() -> None:
            # An official result may be on its way: whoever has the turn first is heard.
            async with self.turn:
                if self.result is None:
                    step = self.step("turnout")
                    self.period = await self.write_many(Ballots.check_turnout, step, period)

        await self.when_due(
            period.check_at, "the turnout is looked at", look, unless=self._is_decided
        )

    async def _closed(self) -> VoteResult:
        """The count of the box, or the official result that has closed it before its time."""

        async def close() -> None:
            async with self.turn:
                if self.result is None:
                    step = self.step("close")
                    self.result = await self.write_many(Ballots.close_box, step, self._period())

        await self.when_due(
            lambda: self._period().closes_at,
            "the ballot box closes",
            close,
            unless=self._is_decided,
        )
        assert self.result is not None
        return self.result

    @workflow.update
    async def open_vote(self, act: OpenVote) -> Done:
        """Freeze the roll, announce the vote, set the box up."""
        async with self.turn:
            self.open_vote_allowed(act)
            step = self.command(act)
            self.period = await self.write_many(Ballots.open_box, step, self.given)
            return done(act, Ballots.open_box)

    @open_vote.validator
    def open_vote_allowed(self, act: OpenVote) -> None:
        """Once per vote."""
        if self.period is not None:
            raise refuse("voting.announced", act=act.name)

    @workflow.update
    async def import_official_result(self, act: ImportOfficialResult) -> Done:
        """The official system's result closes the box; publication and objections go on as usual."""
        async with self.turn:
            self.import_allowed(act)
            self.result = await self.write_many(
                OfficialResults.import_one, self.command(act), self._period(), act
            )
            return done(act, OfficialResults.import_one)

    @import_official_result.validator
    def import_allowed(self, act: ImportOfficialResult) -> None:
        """While the vote is open; an official system's result must be taken (rules V-CN-9)."""
        if self.period is None:
            raise refuse("voting.not_open", act=act.name)
        if self.result is not None:
            raise refuse("voting.closed", act=act.name)

    def _period(self) -> VotePeriod:
        assert self.period is not None
        return self.period

    def _is_decided(self) -> bool:
        return self.result is not None
