"""Whether a write follows from the record: what a workflow goes by, nobody has signed.

Whoever reaches the engine and answers tasks in our workers' place, those of workflows or of activities,
can have a step of the engine asked for out of its turn, or with a result that never was. So the
transaction that writes holds what it is given against the record, and each step of the engine against
how far its workflow has come by the record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.healing import of_rounds
from activities.healing.remembering import Recalled, answer_of, fold, load_answers
from models.messages.bidding import BiddingPhase, BiddingProgress, TenderPeriod
from models.messages.command import Command
from models.messages.cost_sharing import CollectionProgress, CostSharingProgress, RoundsProgress
from models.messages.feedback import FeedbackProgress, TicketInput, TicketProgress
from models.messages.ids import (
    publication_workflow_id,
    renovation_workflow_id,
    stage_workflow_id,
    ticket_workflow_id,
    warranty_workflow_id,
)
from models.messages.inspection import InspectionProgress, WorksPhase
from models.messages.journey import Answer, JourneyOutcome, StageInput
from models.messages.journey_progress import JourneyProgress, Undo
from models.messages.progress import Progress
from models.messages.publication import (
    PublicationClosing,
    PublicationInput,
    PublicationProgress,
    Subject,
)
from models.messages.voting import VotePeriod, VoteResult, VotingProgress
from models.messages.warranty import WarrantyPhase, WarrantyProgress
from models.tables import Publication
from models.values.actor import ENGINE
from models.values.refusal import refusal
from models.values.states import PublicationState, RenovationState, Stage

UNFOUNDED = "act.not_on_record"
"""The code of the refusal: the workflow goes by what is not so, and is to be rebuilt."""
REMEMBERED = (
    VotePeriod,
    VoteResult,
    TenderPeriod,
    PublicationClosing,
    StageInput,
    PublicationInput,
    TicketInput,
)
"""What a workflow gives a write out of its memory, and so what is held against the record."""
OF_POSITION = {"seq", "tick", "remind_at"}
"""What an answer says of its place in the record, beside what it answers."""


@dataclass(frozen=True)
class Memory:
    """What the record says of one workflow: its answers in their order, and what they come to."""

    workflow_id: str
    rows: Sequence[Recalled]

    @cached_property
    def progress(self) -> Any:
        """How far it has come; the step that asks knows of which kind that is."""
        return fold(self.workflow_id, self.rows)

    @property
    def kinds(self) -> list[str]:
        """The events that it has written itself."""
        return [row.kind for row in self.rows if row.workflow_id == self.workflow_id]

    @property
    def closings(self) -> list[PublicationClosing]:
        """How the publications ended that it had started."""
        looks = [
            answer_of(PublicationClosing, row)
            for row in self.rows
            if row.workflow_id != self.workflow_id and row.kind == "publication.close_looked_at"
        ]
        return [look for look in cast("list[PublicationClosing]", looks) if look.closed]


async def recall(session: AsyncSession, renovation_id: str, workflow_id: str) -> Memory:
    """What the record says of a workflow of the case."""
    return Memory(workflow_id, await load_answers(session, renovation_id, workflow_id))


async def refuse_unfounded(
    session: AsyncSession, command: Command, kind: str, args: Sequence[object], *, signed: bool
) -> None:
    """A write is given what the record says, and a step of the engine comes in its turn.

    A case of before (not `signed`) may have answers that its releases did not store.

    Raises:
        Refused: `act.not_on_record`.
    """
    if not (signed and activity.in_activity()):
        return
    by_engine = command.actor == ENGINE
    if not by_engine and not any(isinstance(each, REMEMBERED) for each in args):
        return  # a person's act carries nothing that the workflow remembers
    rid = command.renovation_id
    own = await recall(session, rid, command.workflow_id)
    above = own
    if kind == "publication.opened" or any(isinstance(each, StageInput) for each in args):
        above = await recall(session, rid, command.parent_id or renovation_workflow_id(rid))
    known = all(_is_known(each, own, above, rid) for each in args)
    in_turn = not by_engine or (kind in TURNS and TURNS[kind](own, args))
    if by_engine and kind == "publication.opened":
        in_turn &= _is_to_be_published(cast("PublicationInput", args[0]), above)
    if by_engine and kind in ("settlement.refunds_paid", "warranty.refunds_ordered"):
        in_turn = in_turn and await _is_published(session, rid, Subject.REFUNDS)
    if not (known and in_turn):
        raise refusal(UNFOUNDED, where=command.workflow_id, step=kind)


async def _is_published(session: AsyncSession, renovation_id: str, subject: Subject) -> bool:
    """Whether a publication of this kind is over."""
    found = select(Publication.id).where(
        Publication.renovation_id == renovation_id,
        Publication.subject == subject,
        Publication.state == PublicationState.CLOSED,
    )
    return await session.scalar(found.limit(1)) is not None


def _is_known(given: object, own: Memory, above: Memory, renovation_id: str) -> bool:
    """Whether what a write is given is what the record says, where the record has it."""
    progress, name = own.progress, own.workflow_id
    match given:
        case VotePeriod():
            known = progress.period is not None and progress.period.box_id == given.box_id
        case VoteResult():
            known = _same(given, progress.result)
        case TenderPeriod():
            tender = progress.tender
            known = tender is not None and tender.tender_id == given.tender_id
        case PublicationClosing():
            known = bool(own.closings) and _same(given, own.closings[-1])
        case StageInput():
            known = _is_entered(given, above.progress)
        case PublicationInput():
            carried = publication_workflow_id(renovation_id, given.publication_id)
            of_subject = given.publication_id.startswith(f"{renovation_id}.{given.subject}.")
            suspends = given.subject is Subject.CANDIDATES
            known = name == carried and of_subject and given.suspends == suspends
        case TicketInput():
            known = name == ticket_workflow_id(renovation_id, given.ticket_id)
        case _:
            known = True
    return known


def _same(given: Answer, known: Answer | None) -> bool:
    """Whether two answers say the same."""
    return known is not None and given.model_dump(exclude=OF_POSITION) == known.model_dump(
        exclude=OF_POSITION
    )


def _is_entered(given: StageInput, journey: JourneyProgress) -> bool:
    """Whether the stage under way is carried as the journey enters it."""
    again = journey.goes_on_voting
    asked = (given.attempt, given.run_off, given.follow_up)
    return asked == (journey.number, again, journey.follow_up if again else None)


def _is_to_be_published(given: PublicationInput, above: Memory) -> bool:
    """Whether the workflow above has come to what is posted."""
    progress = above.progress
    match given.subject:
        case Subject.VOTE_RESULT:
            return isinstance(progress, VotingProgress) and (
                progress.result is not None and progress.outcome is None
            )
        case Subject.SHARE_TABLE:
            return isinstance(progress, CostSharingProgress) and progress.tables > 0
        case Subject.CANDIDATES:
            return isinstance(progress, BiddingProgress) and (
                progress.phase is BiddingPhase.PUBLICITY
            )
        case Subject.REFUNDS:
            return not {"settlement.refund_sheet_drawn", "warranty.account_drawn"}.isdisjoint(
                above.kinds
            )


def _enters(own: Memory, args: Sequence[Any]) -> bool:
    before: JourneyProgress = own.progress
    stage, child_id = args
    number = before.attempts + 1 if stage is Stage.VOTING else before.entries + 1
    rid = own.workflow_id.removeprefix(renovation_workflow_id(""))
    named = child_id == stage_workflow_id(rid, stage, number)
    return named and not before.cancelled and before.next_stage is stage


def _asks_revision(own: Memory, args: Sequence[Any]) -> bool:
    before: JourneyProgress = own.progress
    votes = before.attempts - before.run_offs
    follows = before.left and before.next_stage is None and before.ending is None
    return follows and not before.cancelled and before.wanted is None and args[0] == votes


def _ends_votes(own: Memory, args: Sequence[Any]) -> bool:
    before: JourneyProgress = own.progress
    return before.revision_awaited and args[0] == before.attempts - before.run_offs


def _warrants(own: Memory, args: Sequence[Any]) -> bool:
    ending: JourneyOutcome | None = own.progress.ending
    completed = ending is not None and ending.state is RenovationState.COMPLETED
    return completed and not own.progress.cancelled and _is_its_end(own, args)


def _winds_up(own: Memory, args: Sequence[Any]) -> bool:
    return own.progress.owing and not _to_settle(own) and _is_its_end(own, args)


def _is_its_end(own: Memory, args: Sequence[Any]) -> bool:
    """Whether the end of the money begins now, under its own name."""
    rid = own.workflow_id.removeprefix(renovation_workflow_id(""))
    return not own.progress.in_warranty and args[0] == warranty_workflow_id(rid)


SETTLED_BY: Mapping[Undo, tuple[str, ...]] = {
    Undo.CONTRACT: ("settlement.made_safe", "settlement.contract_settled"),
    Undo.MONEY: ("settlement.refund_sheet_drawn", "settlement.refunds_paid"),
    Undo.VOTE: ("settlement.vote_voided",),
}
"""The steps in which what was done is undone."""


def _to_settle(own: Memory) -> list[str]:
    """The steps of the settlement that are left, in their order; none while nothing has stopped."""
    progress: JourneyProgress = own.progress
    if not (progress.cancelled or (progress.ending is not None and progress.gives_up)):
        return []
    steps = [step for thing in reversed(progress.to_undo) for step in SETTLED_BY[thing]]
    return steps[len([kind for kind in own.kinds if kind.startswith("settlement.")]) :]


def _settles(step: str) -> "Turn":
    def turn(own: Memory, _args: Sequence[Any]) -> bool:
        return _to_settle(own)[:1] == [step] and not own.progress.to_measure

    return turn


def _closes(own: Memory, args: Sequence[Any]) -> bool:
    progress: JourneyProgress = own.progress
    outcome: JourneyOutcome = args[0]
    money = progress.owing or outcome.state is RenovationState.COMPLETED
    if _to_settle(own) or (money and not progress.warranty_over):
        return False
    stopped = outcome.state is RenovationState.CANCELLED
    return stopped if progress.cancelled else outcome == progress.ending


def _declares(own: Memory, args: Sequence[Any]) -> bool:
    progress: VotingProgress = own.progress
    again = progress.result is not None and progress.result.follow_up is not None
    return progress.outcome is None and again == (len(args) == 1)


def _shares_follow(own: Memory, _args: Sequence[Any]) -> bool:
    progress: CostSharingProgress = own.progress
    funded = progress.funding is not None and not progress.funding.gap_fen
    upheld = len([each for each in own.closings if each.upheld])
    return funded and not progress.published and progress.tables == upheld


def _calls_or_reminds(own: Memory, args: Sequence[Any]) -> bool:
    return of_rounds.calls_or_reminds(own.progress, *args)


def _finishes(own: Memory, args: Sequence[Any]) -> bool:
    return of_rounds.finishes(own.progress, args[0])


Turn = Callable[[Memory, Sequence[Any]], bool]


def _when(kind: type[Progress], condition: Callable[[Any], object]) -> Turn:
    """The turn of a step that follows from the progress of its own kind of workflow alone."""

    def turn(own: Memory, _args: Sequence[Any]) -> bool:
        progress = own.progress
        return isinstance(progress, kind) and bool(condition(progress))

    return turn


def _at_work(progress: InspectionProgress) -> bool:
    works = progress.works is not None and progress.phase is WorksPhase.WORKS
    return works and progress.outcome is None


TURNS: Mapping[str, Turn] = {
    "renovation.stage_entered": _enters,
    "renovation.revision_asked": _asks_revision,
    "renovation.votes_ended": _ends_votes,
    "renovation.warranty_begun": _warrants,
    "renovation.settling_begun": _winds_up,
    "renovation.closed": _closes,
    **{step: _settles(step) for steps in SETTLED_BY.values() for step in steps},
    "voting.box_announced": _when(VotingProgress, lambda p: p.period is None),
    "voting.turnout_checked": _when(
        VotingProgress, lambda p: p.period and not p.checked and p.result is None
    ),
    "voting.box_closed": _when(VotingProgress, lambda p: p.period and p.result is None),
    "voting.objections_counted": _when(
        VotingProgress, lambda p: p.result and p.result.objections_until
    ),
    "voting.result_declared": _declares,
    "cost_sharing.planned": _when(CostSharingProgress, lambda p: p.funding is None),
    "cost_sharing.shares_computed": _shares_follow,
    "cost_sharing.reminder_sent": _calls_or_reminds,
    "cost_sharing.collection_counted": _when(RoundsProgress, lambda p: p.in_round),
    "cost_sharing.collection_ended": _when(
        CollectionProgress, lambda p: p.outcome is None and not p.in_round
    ),
    "cost_sharing.finished": _finishes,
    "bidding.bids_opened": _when(BiddingProgress, lambda p: p.phase is BiddingPhase.BIDS),
    "bidding.candidate_struck": _when(BiddingProgress, lambda p: p.to_strike),
    "bidding.failed": _when(BiddingProgress, lambda p: p.candidates == ()),
    "bidding.signature_missed": _when(BiddingProgress, lambda p: p.phase is BiddingPhase.SIGNATURE),
    "inspection.works_begun": _when(InspectionProgress, lambda p: p.works is None),
    "inspection.rectification_overdue": _when(InspectionProgress, _at_work),
    "inspection.standstill_noticed": _when(InspectionProgress, _at_work),
    "inspection.termination_asked": _when(InspectionProgress, _at_work),
    "inspection.cure_noticed": _when(InspectionProgress, _at_work),
    "inspection.site_made_safe": _when(InspectionProgress, lambda p: p.phase is WorksPhase.SAFETY),
    "inspection.contract_settled": _when(
        InspectionProgress, lambda p: p.phase is WorksPhase.SETTLEMENT
    ),
    "feedback.survey_opened": _when(FeedbackProgress, lambda p: not p.surveyed),
    "feedback.tickets_looked_at": _when(FeedbackProgress, lambda p: p.look_at),
    "feedback.evaluated": _when(FeedbackProgress, lambda p: p.surveyed and p.look_at is None),
    "feedback.ticket_taken_in": _when(TicketProgress, lambda p: p.timer is None),
    "feedback.ticket_escalated": _when(TicketProgress, lambda p: p.timer and not p.answered),
    "feedback.ticket_closed": _when(TicketProgress, lambda p: p.answered),
    "warranty.begun": _when(WarrantyProgress, lambda p: p.period is None),
    "warranty.liability_over": _when(
        WarrantyProgress, lambda p: p.phase is WarrantyPhase.LIABILITY
    ),
    "warranty.account_drawn": _when(WarrantyProgress, lambda p: p.period and p.account_due),
    "warranty.refunds_ordered": _when(
        WarrantyProgress, lambda p: p.published and p.ordered < p.drawn
    ),
    "warranty.ended": _when(
        WarrantyProgress,
        lambda p: p.period and not (p.kept or p.account_due) and p.outcome is None,
    ),
    "publication.opened": _when(PublicationProgress, lambda p: p.closes_at is None),
    "publication.close_looked_at": _when(
        PublicationProgress, lambda p: p.closes_at and p.closed is None
    ),
    "agenda.reminded": _when(Progress, lambda _: True),
}
"""The steps of the engine by their events: whether one comes now. When it is due, its write asks itself."""
