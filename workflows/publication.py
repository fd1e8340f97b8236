"""Publication with an objection window (公示): post, wait, hear objections, close."""

from datetime import datetime

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.publications import Publications
    from models.messages.acts import AnswerObjection, Done
    from models.messages.publication import (
        PublicationClosing,
        PublicationInput,
        PublicationProgress,
    )
    from workflows.waiting import CaseWorkflow, heard_out
    from workflows.writes import refuse


@workflow.defn(name="PublicationWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class PublicationWorkflow(CaseWorkflow[PublicationInput, PublicationProgress]):
    """One publication. It closes when its period is over and every objection is answered."""

    @workflow.init
    def __init__(self, given: PublicationInput) -> None:
        super().__init__(given, PublicationProgress)

    @workflow.run
    @heard_out
    async def run(self, given: PublicationInput) -> PublicationClosing:
        """Post, hear objections, close: three days and three for an answer in tender matters (Implementing
        Regs art. 54), else the time of the rule pack (rules 5.4). The database says whether it may close.
        """
        await self.begin_from_record()
        if self.progress.closes_at is None:
            await self.own("open", Publications.open, self.given)
        while self.progress.closed is None:
            if self.progress.closings:
                # An answer may give the time back that it took: then the window is open again.
                await self.wait_for(
                    lambda: self.progress.unanswered == 0 or not self.is_over(self._closes_at()),
                    "every objection is answered",
                )
            name = f"close-{self.progress.closings + 1}"
            await self.when_due(
                self._closes_at,
                f"{given.subject}: objections until",
                lambda: self.own(name, Publications.close, self.given),  # noqa: B023
            )
        await self.finish()
        return self.progress.closed

    @workflow.update
    async def answer_objection(self, act: AnswerObjection) -> Done:
        """An objection gets its answer; a suspended clock runs on from here."""
        async with self.turn:
            self._is_posted(act)
            return await self.do(act, Publications.answer, self.given, act)

    @answer_objection.validator
    def answer_objection_allowed(self, act: AnswerObjection) -> None:
        """Only for this publication, once it is posted."""
        self.may_come(act)
        self._is_posted(act)

    def _is_posted(self, act: AnswerObjection) -> None:
        if act.publication_id != self.given.publication_id:
            raise refuse("publication.another", publication=act.publication_id)
        if self.progress.closes_at is None:
            raise refuse("publication.not_open", publication=act.publication_id)

    def _closes_at(self) -> datetime:
        assert self.progress.closes_at is not None
        return self.progress.closes_at
