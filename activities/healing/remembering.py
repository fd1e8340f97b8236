"""The progress of a workflow, computed from the record: events and receipts, folded in their order."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.bidding import BiddingProgress
from models.messages.cost_sharing import CollectionProgress, CostSharingProgress
from models.messages.feedback import FeedbackProgress, TicketProgress
from models.messages.ids import COLLECTION, publication_workflow_id, renovation_workflow_id
from models.messages.inspection import InspectionProgress
from models.messages.journey import Answer, Extended, Resumed
from models.messages.journey_progress import JourneyProgress
from models.messages.progress import Progress
from models.messages.publication import PublicationClosing, PublicationProgress, Subject
from models.messages.voting import VotingProgress
from models.messages.warranty import WarrantyProgress
from models.tables import CaseClock, CaseTrouble, CommandReceipt, Event
from models.values.states import Stage
from runtime.database import Database
from runtime.record.agenda import load_next_reminder

OF_STAGE: Mapping[Stage, type[Progress]] = {
    Stage.VOTING: VotingProgress,
    Stage.COST_SHARING: CostSharingProgress,
    Stage.BIDDING: BiddingProgress,
    Stage.INSPECTION: InspectionProgress,
    Stage.FEEDBACK: FeedbackProgress,
}
OF_OTHERS: Mapping[str, type[Progress]] = {
    "publication": PublicationProgress,
    "ticket": TicketProgress,
    "warranty": WarrantyProgress,
    COLLECTION: CollectionProgress,
}
"""By the word after the case in their ids."""
PUBLISHED_BY: Mapping[str, Subject] = {
    "warranty": Subject.REFUNDS,
    Stage.VOTING: Subject.VOTE_RESULT,
    Stage.COST_SHARING: Subject.SHARE_TABLE,
    Stage.BIDDING: Subject.CANDIDATES,
}
RESUMED, EXTENDED = "renovation.resumed", "renovation.period_extended"
"""Acts on the renovation that move the periods of other workflows; those of complaints have run on."""
HANDED_ON: Mapping[str, type[Answer]] = {
    kind: answer
    for progress in (*OF_STAGE.values(), OF_OTHERS["warranty"], OF_OTHERS[COLLECTION])
    for kind, answer in progress.ANSWERS.items()
    if answer.__name__.endswith("Outcome")
}
"""What a stage, the warranty, a collection hands on at its end, by the kind of its last event."""


class Recalled(NamedTuple):
    """An event of a workflow, and what its writer was answered."""

    seq: int
    kind: str
    workflow_id: str
    details: dict[str, JsonValue]
    result: JsonValue


async def load_progress(database: Database, renovation_id: str, workflow_id: str) -> Progress:
    """How far a workflow has come, with the moment of a told clock, troubles and the next reminder."""
    async with database.session() as session:
        rows = await load_answers(session, renovation_id, workflow_id)
        clock = await session.get(CaseClock, renovation_id)
        troubled = await session.scalars(
            select(CaseTrouble.step).where(CaseTrouble.workflow_id == workflow_id)
        )
        rest = {
            "tick": None if clock is None else clock.now,
            "troubled": tuple(sorted(troubled)),
            "remind_at": await load_next_reminder(session, workflow_id),
        }
    return fold(workflow_id, rows).model_copy(update=rest)


def fold(workflow_id: str, rows: Sequence[Recalled]) -> Progress:
    """The answers of the record, applied as the workflow itself has applied them."""
    progress = progress_for(workflow_id)()
    for row in rows:
        if row.workflow_id == workflow_id:
            progress = _after_own(progress, row)
        elif row.kind == RESUMED:
            answer = Resumed.model_validate(row.result)
            progress = progress.rested(answer.suspended_at, answer.resumed_at)
        elif row.kind == EXTENDED:
            given = Extended.model_validate(row.result)
            if workflow_id in given.waiting:
                progress = progress.extended(given.before, given.after)
        elif row.kind != "publication.opened":
            progress = _after_child(progress, row)
        elif isinstance(progress, BiddingProgress):
            progress = progress.publishing()
    return progress.model_copy(update={"folded_to": rows[-1].seq if rows else 0})


def progress_for(workflow_id: str) -> type[Progress]:
    """The kind of progress that a workflow carries, by its id."""
    _, _, *path = workflow_id.split("/")
    if not path:
        return JourneyProgress
    return OF_OTHERS.get(path[0]) or OF_STAGE[Stage(path[0])]


def _after_own(progress: Progress, row: Recalled) -> Progress:
    kind = progress.ANSWERS.get(row.kind)
    if kind is not None:
        return progress.after(row.kind, answer_of(kind, row))
    # A mark of what broke, or what a later release writes: known to have happened.
    return progress.model_copy(update={"seq": row.seq})


def _after_child(progress: Progress, row: Recalled) -> Progress:
    kind = HANDED_ON.get(row.kind, PublicationClosing)
    answer = answer_of(kind, row)
    if isinstance(answer, PublicationClosing) and not answer.closed:
        return progress
    return progress.after_child(answer)


def answer_of(kind: type[Answer], row: Recalled) -> Answer:
    """The stored answer; what earlier releases did not store stands in the event."""
    stored = row.result if isinstance(row.result, dict) else {}
    return kind.model_validate({**row.details, **stored, "seq": row.seq})


async def load_answers(
    session: AsyncSession, renovation_id: str, workflow_id: str
) -> Sequence[Recalled]:
    """What the workflow wrote, and how the workflows ended that it had started, in order."""
    query = (
        select(Event.seq, Event.kind, Event.workflow_id, Event.details, CommandReceipt.result)
        .join(CommandReceipt, CommandReceipt.command_id == Event.command_id)
        .where(
            Event.renovation_id == renovation_id,
            or_(Event.workflow_id == workflow_id, *_of_children(renovation_id, workflow_id)),
        )
        .order_by(Event.seq)
    )
    return [Recalled(*row) for row in await session.execute(query)]


def _of_children(renovation_id: str, workflow_id: str) -> Sequence[ColumnElement[bool]]:
    """The events of other workflows that this one learns from."""
    _, _, *path = workflow_id.split("/")
    if not path:
        stages = renovation_workflow_id(renovation_id) + "/"
        ended = Event.kind.in_(HANDED_ON)
        return [and_(Event.workflow_id.startswith(stages, autoescape=True), ended)]
    if path[0] == "ticket":
        return []
    moved = Event.kind.in_((RESUMED, EXTENDED))
    subject = PUBLISHED_BY.get(path[0])
    if subject is None:
        return [moved]
    number = path[1]
    name = f"{renovation_id}.{subject}.{number}"
    exact = publication_workflow_id(renovation_id, name)
    of_this = or_(
        Event.workflow_id == exact, Event.workflow_id.startswith(f"{exact}-", autoescape=True)
    )
    seen = ("publication.opened", "publication.close_looked_at")
    return [moved, and_(of_this, Event.kind.in_(seen))]
