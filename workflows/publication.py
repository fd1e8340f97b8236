"""Publication with an objection window (公示): post, wait, hear objections, close."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.publications import Publications
    from models.messages.acts import AnswerObjection, Done
    from models.messages.publication import PublicationClosing, PublicationInput
    from workflows.waiting import CaseWorkflow
    from workflows.writes import done, refuse


@workflow.defn(name="PublicationWorkflow", versioning_behavior=VersioningBehavior.UNSPECIFIED)
class PublicationWorkflow(CaseWorkflow):
    """One publication. It closes when its period is over and every objection is answered."""

    @workflow.init
    def __init__(self, given: PublicationInput) -> None:
        super().__init__(given)
        self.given = given
        self.closes_at: datetime | None = None
        self.unanswered = 0
        self.closing = 0

    @workflow.run
    async def run(self, given: PublicationInput) -> PublicationClosing:
        """Post, hear objections, close: three days and three for an answer in tender matters (Implementing
        Regs art. 54), else the time of the rule pack (rules 5.4). The database says whether it may close.
        """
        period = await self.write(Publications.open, self.step("open"), given)
        self.closes_at = period.closes_at
        while True:
            self.closing += 1
            why = f"{given.subject}: objections until"
            found = await self.at(self._closes_at, why, self._close)
            if found.closed:
                await self.finish()
                return found
            # An answer may give the time back that it took: then the window is open again.
            await self.wait_for(
                lambda: self.unanswered == 0 or not self.is_over(self._closes_at()),
                "every objection is answered",
            )

    async def _close(self) -> PublicationClosing:
        # An answer may be on its way: whoever wrote last knows how things stand.
        async with self.turn:
            step = self.step(f"close-{self.closing}")
            found = await self.write(Publications.close, step, self.given)
            self.closes_at, self.unanswered = found.closes_at, found.open_objections
            return found

    @workflow.update
    async def answer_objection(self, act: AnswerObjection) -> Done:
        """An objection gets its answer; a suspended clock runs on from here."""
        async with self.turn:
            self.answer_objection_allowed(act)
            period = await self.write(Publications.answer, self.command(act), self.given, act)
            self.closes_at, self.unanswered = period.closes_at, period.open_objections
            return done(act, Publications.answer)

    @answer_objection.validator
    def answer_objection_allowed(self, act: AnswerObjection) -> None:
        """Only for this publication, once it is posted."""
        if act.publication_id != self.given.publication_id:
            raise refuse("publication.another", publication=act.publication_id)
        if self.closes_at is None:
            raise refuse("publication.not_open", publication=act.publication_id)

    def _closes_at(self) -> datetime:
        assert self.closes_at is not None
        return self.closes_at
