"""Publication with an objection window (公示): post, wait, hear objections, close."""

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.publications import Publications
    from models.messages.acts import AnswerObjection, Done
    from models.messages.publication import PublicationClosing, PublicationInput
    from workflows.waiting import CaseWorkflow
    from workflows.writes import act_step, own_step, refuse


@workflow.defn(name="PublicationWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class PublicationWorkflow(CaseWorkflow):
    """One publication. It closes when its period is over and every objection is answered."""

    @workflow.init
    def __init__(self, given: PublicationInput) -> None:
        super().__init__(given.clock)
        self.given = given
        self.turn = asyncio.Lock()
        self.closes_at: datetime | None = None
        self.unanswered = 0
        self.closing = 0

    @workflow.run
    async def run(self, given: PublicationInput) -> PublicationClosing:
        """Post and wait; the database says whether it may close."""
        period = await self.write(Publications.open, own_step(given.renovation_id, "open"), given)
        self.closes_at = period.closes_at
        while True:
            self.closing += 1
            found = await self.when_due(
                self._closes_at, lambda: False, f"{given.subject}: objections until", self._close
            )
            assert found is not None
            if found.closed:
                await workflow.wait_condition(workflow.all_handlers_finished)
                return found
            # An answer may give the time back that it took: then the window is open again.
            await workflow.wait_condition(
                lambda: self.unanswered == 0 or not self.is_over(self._closes_at())
            )

    async def _close(self) -> PublicationClosing:
        # An answer may be on its way: whoever wrote last knows how things stand.
        async with self.turn:
            step = own_step(self.given.renovation_id, f"close-{self.closing}")
            found = await self.write(Publications.close, step, self.given)
            self.closes_at, self.unanswered = found.closes_at, found.open_objections
            return found

    @workflow.update
    async def answer_objection(self, act: AnswerObjection) -> Done:
        """An objection gets its answer; a suspended clock runs on from here."""
        async with self.turn:
            self.answer_objection_allowed(act)
            period = await self.write(
                Publications.answer, act_step(self.given.renovation_id, act), self.given, act
            )
            self.closes_at, self.unanswered = period.closes_at, period.open_objections
            return Done(command_id=act.command_id, kind="publication.objection_answered")

    @answer_objection.validator
    def answer_objection_allowed(self, act: AnswerObjection) -> None:
        """Only for this publication, once it is posted."""
        if act.publication_id != self.given.publication_id:
            raise refuse("publication.another", publication=act.publication_id)
        if self.closes_at is None:
            raise refuse("publication.not_open", publication=act.publication_id)

    @workflow.query
    def waiting_for(self) -> str:
        """What the publication waits for now."""
        return "answers" if self.unanswered else "objection_period"

    def _closes_at(self) -> datetime:
        assert self.closes_at is not None
        return self.closes_at
