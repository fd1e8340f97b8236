"""Voting (表决): notice, open box, one extension if the quorum is short, close, count, publish."""

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.voting.box import Ballots
    from activities.voting.official import OfficialResults
    from models.messages.acts import Done, ImportOfficialResult, OpenVote
    from models.messages.journey import StageInput
    from models.messages.publication import PublicationInput
    from models.messages.voting import VotePeriod, VoteResult, VotingOutcome
    from workflows.children import publish
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="VotingWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class VotingWorkflow(CaseWorkflow):
    """One vote of the owners on the current scheme (Civil Code art. 278)."""

    @workflow.init
    def __init__(self, given: StageInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.period: VotePeriod | None = None
        self.result: VoteResult | None = None

    @workflow.run
    async def run(self, _given: StageInput) -> VotingOutcome:
        """Wait for the committee, hold the vote, publish its result."""
        await workflow.wait_condition(lambda: self.period is not None)
        await self._extend_once_if_short()
        await self.when_due(self._closes_at, self._is_decided, "the ballot box closes", self._close)
        assert self.result is not None
        outcome = await self._publish(self.result)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return outcome

    async def _extend_once_if_short(self) -> None:
        period = self._period()

        async def look() -> None:
            # An official result may be on its way: whoever has the turn first is heard.
            async with self.turn:
                if self.result is None:
                    step = own_step(self.given.renovation_id, "turnout")
                    self.period = await self.write_many(Ballots.check_turnout, step, period)

        await self.when_due(
            lambda: period.check_at, self._is_decided, "the turnout is looked at", look
        )

    async def _close(self) -> None:
        """The box's own count, unless an official result has closed it."""
        async with self.turn:
            if self.result is None:
                step = own_step(self.given.renovation_id, "close")
                self.result = await self.write_many(Ballots.close_box, step, self._period())

    async def _publish(self, result: VoteResult) -> VotingOutcome:
        given = self.given
        closing = await publish(
            PublicationInput(
                renovation_id=given.renovation_id,
                publication_id=f"{given.renovation_id}.vote_result.{given.attempt}",
                subject="vote_result",
                clock=self.clock,
            )
        )
        return await self.write(
            Ballots.declare_result,
            own_step(given.renovation_id, "declare"),
            result,
            closing,
        )

    @workflow.update
    async def open_vote(self, act: OpenVote) -> Done:
        """Freeze the roll, announce the vote, set the box up."""
        async with self.turn:
            self.open_vote_allowed(act)
            step = act_step(self.given.renovation_id, act)
            self.period = await self.write_many(Ballots.open_box, step, self.given)
            return Done(command_id=act.command_id, kind="voting.box_announced")

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
            step = act_step(self.given.renovation_id, act)
            self.result = await self.write_many(
                OfficialResults.import_one, step, self._period(), act
            )
            return Done(command_id=act.command_id, kind="voting.box_closed")

    @import_official_result.validator
    def import_allowed(self, act: ImportOfficialResult) -> None:
        """While the vote is open."""
        if self.period is None:
            raise refuse("voting.not_open", act=act.name)
        if self.result is not None:
            raise refuse("voting.closed", act=act.name)

    @workflow.query
    def waiting_for(self) -> str:
        """What the vote waits for now."""
        return "open_vote" if self.period is None else "ballots"

    def _period(self) -> VotePeriod:
        assert self.period is not None
        return self.period

    def _is_decided(self) -> bool:
        return self.result is not None

    def _closes_at(self) -> datetime:
        return self._period().closes_at
