"""The renovation itself: entering a stage, a revised scheme after a failed vote, the end."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from activities import settlement
from activities.cancellation import load_end
from activities.correcting import correct
from activities.cost_sharing import instalments
from activities.recording import Case, Writer, writes
from activities.revising import revise
from activities.suggestions import let_go
from activities.voting.second_vote import opens_by_itself
from activities.voting.series import FailedVotes, failed_votes, gap_was_left
from activities.warranty import accounts
from activities.warranty.retention import refuse_kept
from models.messages.acts import CorrectRenovation, Done, ReviseScheme
from models.messages.journey import JourneyOutcome, Revision, StageEntered, WarrantyEntered
from models.messages.journey_progress import ACCOUNTS_AWAITED, COLLECTED_BESIDE
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.states import OPEN_STATES, RenovationState, Stage
from models.values.waits import ENGINE, Consequence, Wait, at_work, next_reminder
from rules import revision
from runtime.record.agenda import end_waits_but_of_tickets
from runtime.record.journal import Recorded

FIRST_WAIT: Mapping[Stage, str] = {
    Stage.VOTING: "open_vote",
    Stage.COST_SHARING: "engine",
    Stage.BIDDING: "publish_tender",
    Stage.INSPECTION: "engine",
    Stage.FEEDBACK: "engine",
}
"""What a stage waits for as soon as it is entered."""


class StageEntry(Carried):
    """A stage that begins, and the workflow that carries it."""

    stage: Stage
    workflow_id: str


class WarrantyEntry(Carried):
    """The workflow that carries the warranty."""

    workflow_id: str


class AskedRevision(Carried):
    """How many votes were held when it was asked."""

    attempts: int
    wanted: bool = False


class Renovations(Writer):
    """Writes the course of a renovation."""

    @writes(
        "Renovations.enter_stage",
        event="renovation.stage_entered",
        into=StageEntered,
        request=lambda stage, child_id: StageEntry(stage=stage, workflow_id=child_id),
    )
    async def enter_stage(self, case: Case, stage: Stage, child_id: str) -> Recorded[StageEntered]:
        """A stage begins: from now on only its workflow writes, the renovation's own, and the collection beside it."""
        await _refuse_when_ending(case)
        case.agenda[case.renovation.stage_workflow_id] = ()
        case.renovation.stage = stage
        case.renovation.stage_workflow_id = child_id
        if stage is Stage.VOTING and await opens_by_itself(case):
            case.goes_on()
        else:
            case.wait_for(FIRST_WAIT[stage], await _first_due(case, stage))
        collection_id = await _collect_beside(case, stage)
        # What the stage waits for until it has written something itself.
        first = case.agenda[case.command.workflow_id]
        case.agenda[child_id] = first
        case.await_only(Wait(what="stage", subject=stage))
        case.notify("all_owners", "stage_entered", stage=stage)
        return Recorded(
            StageEntered(
                stage=stage,
                workflow_id=child_id,
                stage_reminds_at=next_reminder(first),
                collection_id=collection_id,
            ),
            {"stage": stage, "workflow_id": child_id},
        )

    @writes(
        "Renovations.ask_revision",
        event="renovation.revision_asked",
        into=Revision,
        request=lambda attempts: AskedRevision(attempts=attempts),
    )
    async def ask_revision(self, case: Case, attempts: int) -> Recorded[Revision]:
        """After a vote that failed: ask for a revised scheme, if there may be another vote (E1)."""
        await _refuse_when_ending(case)
        return await _revision(case, attempts)

    @writes(
        "Renovations.end_votes",
        event="renovation.votes_ended",
        into=Revision,
        request=lambda attempts: AskedRevision(attempts=attempts),
    )
    async def end_votes(self, case: Case, attempts: int) -> Recorded[Revision]:
        """Nobody has revised the scheme while there could be another vote on it: there is none (E1)."""
        await _refuse_when_ending(case)
        case.not_before(_votes_until(case, await failed_votes(case)) or case.now)
        return await _revision(case, attempts)

    @writes("Renovations.revise_scheme", event="voting.scheme_revised", into=Done, bulk=True)
    async def revise_scheme(self, case: Case, act: ReviseScheme) -> Recorded[Done]:
        """A new version of the scheme; the old one stays as it was voted on."""
        await _refuse_when_ending(case)
        revised = await revise(case, act)
        case.goes_on()
        case.notify("all_owners", "scheme_revised", version=revised.version)
        return Recorded(
            Done(command_id=act.command_id, kind="voting.scheme_revised"),
            revised.details(act),
        )

    @writes("Renovations.correct", event="renovation.corrected", into=Done)
    async def correct(self, case: Case, act: CorrectRenovation) -> Recorded[Done]:
        """A small thing is put right: nobody's right changes and no money, and nothing waits for it."""
        await _refuse_when_ending(case)
        changes = await correct(case, act)
        return Recorded(
            Done(command_id=act.command_id, kind="renovation.corrected"),
            {
                "changes": [change.model_dump(mode="json") for change in changes],
                "reason": act.reason,
            },
        )

    @writes(
        "Renovations.begin_warranty",
        event="renovation.warranty_begun",
        into=WarrantyEntered,
        request=lambda child_id: WarrantyEntry(workflow_id=child_id),
    )
    async def begin_warranty(self, case: Case, child_id: str) -> Recorded[WarrantyEntered]:
        """The works are accepted and evaluated: only complaints and the end of the money go on."""
        await _refuse_when_ending(case)
        case.renovation.state = RenovationState.IN_WARRANTY
        ended = await _end_stages(case, orders_too=False)
        collection_id = await instalments.begin(case)
        return _entered(case, child_id, "warranty", ended, collection_id)

    @writes(
        "Renovations.begin_settling",
        event="renovation.settling_begun",
        into=WarrantyEntered,
        request=lambda child_id: WarrantyEntry(workflow_id=child_id),
    )
    async def begin_settling(self, case: Case, child_id: str) -> Recorded[WarrantyEntered]:
        """It has stopped and its refunds are ordered; what is still owed or kept back comes to its end (E42)."""
        _refuse_when_over(case)
        case.renovation.state = RenovationState.SETTLING
        return _entered(case, child_id, "settling", await _end_stages(case))

    @writes("Renovations.close", event="renovation.closed", into=Done)
    async def close(self, case: Case, outcome: JourneyOutcome) -> Recorded[Done]:
        """The end of the journey, whichever it is; only complaints go on.

        Money may have come in since the accounts were looked at last: what is too much goes back now, and
        the case stays open while anybody owes anything.
        """
        _refuse_when_over(case)
        before = case.renovation.state
        if before is RenovationState.SETTLING or outcome.state is RenovationState.COMPLETED:
            await refuse_kept(case)
        elif await settlement.has_unsigned(case):
            return await _closed(case, outcome, {})
        last = await accounts.settle(case)
        if not last.is_open:
            return await _closed(case, outcome, last.said)
        ended: dict[str, JsonValue] = {}
        if before is RenovationState.RUNNING:
            case.renovation.state = RenovationState.SETTLING
            ended = await _end_stages(case)
        # Whoever pays says so to the workflow that waits.
        case.renovation.stage_workflow_id = case.command.workflow_id
        return Recorded(
            Done(command_id=case.command.command_id, kind=ACCOUNTS_AWAITED),
            {"state": case.renovation.state, **last.said, **ended},
            kind=ACCOUNTS_AWAITED,
        )


async def _closed(
    case: Case, outcome: JourneyOutcome, paid: Mapping[str, JsonValue]
) -> Recorded[Done]:
    """Nobody owes anything; `paid` is what went back last, for the event."""
    case.renovation.state = outcome.state
    case.renovation.closed_at = case.now
    ended = await _end_stages(case, at_end=True)
    case.wait_for("nothing")
    case.await_only()
    case.notify("all_owners", "renovation_closed", state=outcome.state)
    return Recorded(
        Done(command_id=case.command.command_id, kind="renovation.closed"),
        {**outcome.model_dump(mode="json"), **paid, **ended},
    )


async def _collect_beside(case: Case, stage: Stage) -> str:
    """Where shares are made, nothing is collected beside it; afterwards what is left of them is."""
    if stage in COLLECTED_BESIDE:
        return await instalments.begin(case)
    await instalments.stop(case)
    return ""


def _entered(
    case: Case, child_id: str, what: str, ended: dict[str, JsonValue], collection_id: str = ""
) -> Recorded[WarrantyEntered]:
    """The workflow of this name carries the end of the money from now on."""
    case.renovation.stage_workflow_id = child_id
    case.agenda[child_id] = (at_work(ENGINE, case.now),)
    case.wait_for("engine")
    case.await_only(Wait(what=what))
    entered = WarrantyEntered(workflow_id=child_id, collection_id=collection_id)
    return Recorded(entered, {"workflow_id": child_id, **ended})


async def _end_stages(
    case: Case, *, orders_too: bool = True, at_end: bool = False
) -> dict[str, JsonValue]:
    """No stage goes on: what nobody signed for, waits for or answers in this case any more; for the event."""
    ended = await settlement.end_certificates(case)
    rid = case.renovation.id
    await end_waits_but_of_tickets(case.session, rid, orders_too=orders_too, at_end=at_end)
    return ended | await let_go(case)


async def _revision(case: Case, attempts: int) -> Recorded[Revision]:
    """Whether there may be another vote, and how long it is waited for."""
    failed = await failed_votes(case)
    ends_at = _votes_until(case, failed)
    decision = revision.another_vote(
        failed.count, failed.first_at, case.now, ends_at, case.timetable
    )
    until = ends_at if decision.passed else None
    if decision.passed:
        case.wait_for("revise_scheme")
        if until is not None:
            case.await_too(Wait(what="votes", due_at=until, consequence=Consequence.VOTES_ENDED))
        case.notify("committee", "revision_asked", attempts=attempts)
    else:
        case.goes_on()
    missing = revision.missing_fen((await case.scheme())[1]) if await gap_was_left(case) else 0
    return Recorded(
        Revision(attempts=attempts, wanted=decision.passed, until=until),
        {
            "attempts": attempts,
            "failed": failed.count,
            "wanted": decision.passed,
            "until": until.isoformat() if until else None,
            "missing_fen": missing,
            "checks": decision.record(),
        },
    )


def _votes_until(case: Case, failed: FailedVotes) -> datetime | None:
    """When the time for all votes on the matter is over; None before the first of them."""
    return case.ends(failed.first_at, case.timetable.re_vote_span) if failed.first_at else None


async def _first_due(case: Case, stage: Stage) -> datetime | None:
    """Until when what a stage waits for first is done; a vote has to wait for the one before it (E1)."""
    start = case.now
    if stage is Stage.VOTING and (closed_at := (await failed_votes(case)).closed_at):
        start = max(start, case.ends(closed_at, case.timetable.re_vote_wait))
    return case.due(FIRST_WAIT[stage], start)


def _refuse_when_over(case: Case) -> None:
    """What has ended is not ended again."""
    if case.renovation.state not in OPEN_STATES:
        raise refusal("renovation.over", where=case.renovation.id, state=case.renovation.state)


async def _refuse_when_ending(case: Case) -> None:
    """What has ended, or is being settled, is not begun or revised any more."""
    state = await load_end(case)
    if state is not RenovationState.RUNNING:
        raise refusal("renovation.over", where=case.renovation.id, state=state)
