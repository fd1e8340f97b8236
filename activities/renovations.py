"""The renovation itself: entering a stage, a revised scheme after a failed vote, the end."""

from collections.abc import Mapping

from sqlalchemy import func, select
from temporalio import activity

from activities.recording import Case, Recorder
from models.messages.acts import Done, ReviseScheme
from models.messages.journey import JourneyOutcome, Stage
from models.messages.step import Step
from models.tables import Event, Scheme
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.waits import Wait
from rules import revision
from runtime.record.agenda import end_waits_but_of_tickets
from runtime.record.journal import Recorded

FIRST_WAIT: Mapping[Stage, str] = {
    "voting": "open_vote",
    "cost_sharing": "engine",
    "bidding": "publish_tender",
    "inspection": "engine",
    "feedback": "engine",
}
"""What a stage waits for as soon as it is entered."""


class StageEntry(Carried):
    """A stage that begins, and the workflow that carries it."""

    stage: Stage
    workflow_id: str


class Revision(Carried):
    """How many votes were held, and whether a revised scheme may be put to another one."""

    attempts: int
    wanted: bool = False


class Renovations:
    """Writes the course of a renovation."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    @activity.defn(name="Renovations.enter_stage")
    async def enter_stage(self, step: Step, stage: Stage, child_id: str) -> Done:
        """A stage begins: from now on only its workflow writes (and the renovation's own)."""
        entry = StageEntry(stage=stage, workflow_id=child_id)

        async def change(case: Case) -> Recorded[Done]:
            _refuse_when_over(case)
            case.agenda[case.renovation.stage_workflow_id] = ()
            case.renovation.stage = stage
            case.renovation.stage_workflow_id = child_id
            case.wait_for(FIRST_WAIT[stage])
            # What the stage waits for until it has written something itself.
            case.agenda[child_id] = case.agenda[step.workflow_id]
            case.await_only(Wait(what="stage", subject=stage))
            case.notify("all_owners", "stage_entered", stage=stage)
            return Recorded(
                Done(command_id=step.command_id, kind="renovation.stage_entered"),
                entry.model_dump(mode="json"),
            )

        return await self.recorder.write(step, "renovation.stage_entered", entry, change, Done)

    @activity.defn(name="Renovations.ask_revision")
    async def ask_revision(self, step: Step, attempts: int) -> bool:
        """After a vote that failed: ask for a revised scheme, if there may be another vote (E1)."""

        async def change(case: Case) -> Recorded[Revision]:
            first_at = await case.session.scalar(
                select(func.min(Event.happened_at)).where(
                    Event.renovation_id == case.renovation.id,
                    Event.kind == "voting.box_announced",
                )
            )
            ends_at = case.ends(first_at, case.timetable.re_vote_span) if first_at else None
            decision = revision.another_vote(attempts, first_at, case.now, ends_at, case.timetable)
            if decision.passed:
                case.wait_for("revise_scheme", ends_at)
                case.notify("committee", "revision_asked", attempts=attempts)
            else:
                case.wait_for("engine")
            return Recorded(
                Revision(attempts=attempts, wanted=decision.passed),
                {
                    "attempts": attempts,
                    "wanted": decision.passed,
                    "checks": decision.model_dump(mode="json")["checks"],
                },
            )

        asked = Revision(attempts=attempts)
        answer = await self.recorder.write(
            step, "renovation.revision_asked", asked, change, Revision
        )
        return answer.wanted

    @activity.defn(name="Renovations.revise_scheme")
    async def revise_scheme(self, step: Step, act: ReviseScheme) -> Done:
        """A new version of the scheme; the old one stays as it was voted on."""

        async def change(case: Case) -> Recorded[Done]:
            _refuse_when_over(case)
            number, content = await case.scheme()
            before = await case.session.get_one(Scheme, (case.renovation.id, number))
            after = revision.revised(content, act)
            budget_fen = revision.revised_budget_fen(before.budget_fen, content, after)
            case.session.add(
                Scheme(
                    renovation_id=case.renovation.id,
                    version=number + 1,
                    title=act.title or before.title,
                    content=after.model_dump(mode="json"),
                    budget_fen=budget_fen,
                    created_at=case.now,
                )
            )
            case.wait_for("engine")
            case.notify("all_owners", "scheme_revised", version=number + 1)
            return Recorded(
                Done(command_id=act.command_id, kind="voting.scheme_revised"),
                {
                    "version": number + 1,
                    "dropped": list(act.drop_items),
                    "budget_fen": budget_fen,
                    "reason": act.reason,
                },
            )

        return await self.recorder.write(step, "voting.scheme_revised", act, change, Done)

    @activity.defn(name="Renovations.close")
    async def close(self, step: Step, outcome: JourneyOutcome) -> Done:
        """The end of the journey, whichever it is; only complaints go on."""

        async def change(case: Case) -> Recorded[Done]:
            _refuse_when_over(case)
            case.renovation.state = outcome.state
            case.renovation.closed_at = case.now
            await end_waits_but_of_tickets(case.session, case.renovation.id)
            case.wait_for("nothing")
            case.await_only()
            case.notify("all_owners", "renovation_closed", state=outcome.state)
            return Recorded(
                Done(command_id=step.command_id, kind="renovation.closed"),
                outcome.model_dump(mode="json"),
            )

        return await self.recorder.write(step, "renovation.closed", outcome, change, Done)


def _refuse_when_over(case: Case) -> None:
    """What has ended is not begun, revised or ended again."""
    if case.renovation.state != "running":
        raise refusal("renovation.over", where=case.renovation.id, state=case.renovation.state)
