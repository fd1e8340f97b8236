"""A renovation stands still, its periods with it, and goes on with the time left that each had (E6).

What its workflows wait for is put aside into the event; resuming puts it back later. Complaints have
workflows of their own and go on, and so does what waits for a second person.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from activities.bidding.tender import move_deadline
from activities.cancellation import load_end
from activities.cost_sharing.collection import paid_up_at_rest
from activities.recording import Case, Writer, writes
from models.messages.acts import ResumeRenovation, SuspendRenovation
from models.messages.journey import Resumed, Suspended
from models.tables import (
    BallotBox,
    CaseWait,
    Contract,
    Event,
    Instalment,
    Publication,
    Tender,
    WorkItem,
)
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.states import (
    OPEN_STATES,
    BoxState,
    PublicationState,
    RenovationState,
    Stage,
    TenderState,
)
from models.values.waits import Wait
from proof.canonical import utc_text
from rules import oversight as law
from rules.time.deadlines import extended_end
from runtime.record.agenda import of_procedure
from runtime.record.journal import Recorded

AWAITED = "resume_renovation"
"""What a renovation waits for that stands still."""
AHEAD: Sequence[tuple[Any, InstrumentedAttribute[Any]]] = (
    (Contract, Contract.decide_by),
    (Contract, Contract.start_by),
    (Contract, Contract.cure_until),
    (WorkItem, WorkItem.cure_until),
    (Instalment, Instalment.due_at),
)
"""Ends of periods that rows have, beside those of votes, of what is posted and of tenders."""


class AtRest(Wait):
    """A line of the agenda that was put aside, with the workflow whose it is."""

    workflow_id: str


class Rest(Carried):
    """What the event of a suspension keeps for the day on which the renovation goes on."""

    rests: tuple[AtRest, ...]
    waiting_for: str
    due: datetime | None
    article: str = ""
    """Under which it stood still, and goes on."""


class Oversight(Writer):
    """Writes what those do who watch over a renovation."""

    @writes("Oversight.suspend", event=law.SUSPENDED, into=Suspended)
    async def suspend(self, case: Case, act: SuspendRenovation) -> Recorded[Suspended]:
        """Everything rests from now on. Refused: the renovation has ended, or stands still already."""
        await refuse_at_its_end(case)
        if case.renovation.stage == Stage.FEEDBACK:
            stage = case.renovation.stage
            raise refusal("oversight.other_stage", where=case.renovation.id, stage=stage)
        if case.renovation.suspended_at is not None:
            raise refusal("oversight.suspended", where=case.renovation.id, **_since(case))
        aside = Rest(
            rests=tuple(await load_agenda(case)),
            waiting_for=case.renovation.waiting_for,
            due=case.renovation.due_at,
            article=law.GROUNDS[act.ground],
        )
        for each in aside.rests:
            case.agenda[each.workflow_id] = ()
        case.renovation.suspended_at = case.now
        for box in await _boxes(case, BoxState.OPEN):
            box.state = BoxState.SUSPENDED
        case.wait_for(AWAITED)
        case.notify("all_owners", "renovation_suspended")
        return Recorded(
            Suspended(at=case.now),
            {
                "ground": act.ground,
                "document": act.document,
                "reason": act.reason,
                "stage": case.renovation.stage,
                **aside.model_dump(mode="json"),
            },
        )

    @writes("Oversight.resume", event=law.RESUMED, into=Resumed)
    async def resume(self, case: Case, act: ResumeRenovation) -> Recorded[Resumed]:
        """Each period goes on with the time that it had left. Refused: the renovation does not stand still."""
        since = case.renovation.suspended_at
        if since is None:
            raise refusal("oversight.not_suspended", where=case.renovation.id)
        aside = await _put_aside(case)
        late = [wait for wait in await load_agenda(case) if wait.what != AWAITED]
        said = list[JsonValue]()
        for before in (*aside.rests, *late):
            after = law.resumed(before, since, case.now, meanwhile=before in late)
            there = case.agenda.get(before.workflow_id, ())
            case.agenda[before.workflow_id] = (*there, line_of(after))
            moved = law.moved(before, after)
            said += [] if moved is None else [moved.model_dump(mode="json")]
        for workflow_id, there in case.agenda.items():
            counted = await paid_up_at_rest(case, there, workflow_id)
            case.agenda[workflow_id] = (*there, *counted)
        waiting = tuple(sorted(case.agenda.keys() - {case.command.workflow_id}))
        case.agenda.setdefault(case.command.workflow_id, ())
        case.renovation.suspended_at = None
        rest: JsonValue = [utc_text(since), utc_text(case.now)]
        case.renovation.rests = [*case.renovation.rests, rest]
        case.renovation.waiting_for = aside.waiting_for
        case.renovation.due_at = _later(aside.due, since, case.now)
        await _move_rows(case, since)
        case.notify("all_owners", "renovation_resumed", since=since)
        return Recorded(
            Resumed(suspended_at=since, resumed_at=case.now, waiting=waiting),
            {
                "article": aside.article,
                "reason": act.reason,
                "since": utc_text(since),
                "moves": said,
            },
        )


async def refuse_at_its_end(case: Case, *, in_warranty: bool = False) -> None:
    """Nothing is halted, ordered or given time that has ended; an order may come in the warranty too.

    Raises:
        Refused: `settlement.already_ended`.
    """
    state = await load_end(case)
    open_states = OPEN_STATES if in_warranty else (RenovationState.RUNNING,)
    if state not in open_states:
        raise refusal("settlement.already_ended", where=case.renovation.id, state=state)


def _since(case: Case) -> dict[str, str]:
    at = case.renovation.suspended_at
    return {"since": "" if at is None else utc_text(at)}


async def load_agenda(case: Case) -> Sequence[AtRest]:
    """What the workflows of the procedure wait for now; not those of complaints, nor who is to confirm."""
    rows = await case.session.scalars(
        select(CaseWait)
        .where(*of_procedure(case.renovation.id))
        .order_by(CaseWait.workflow_id, CaseWait.what, CaseWait.subject, CaseWait.who)
    )
    return [AtRest.model_validate(row, from_attributes=True) for row in rows]


def line_of(wait: Wait) -> Wait:
    """The line as its workflow has it."""
    return Wait.model_validate(wait.model_dump(exclude={"workflow_id"}))


async def _put_aside(case: Case) -> Rest:
    """What the last suspension has put aside."""
    details = await case.session.scalar(
        select(Event.details)
        .where(Event.renovation_id == case.renovation.id, Event.kind == law.SUSPENDED)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return Rest.model_validate(details)


async def _boxes(case: Case, state: BoxState) -> Sequence[BallotBox]:
    """The boxes in this state, locked: ballots that are being committed come before."""
    rows = await case.session.scalars(
        select(BallotBox)
        .where(BallotBox.renovation_id == case.renovation.id, BallotBox.state == state)
        .order_by(BallotBox.id)
        .with_for_update(key_share=True)
    )
    return rows.all()


def _later(moment: datetime | None, since: datetime, now: datetime) -> datetime | None:
    return moment if moment is None else extended_end(moment, since, now)


async def _move_rows(case: Case, since: datetime) -> None:
    """Where periods of the law stand in rows of their own: votes, and what is posted."""
    for box in await _boxes(case, BoxState.SUSPENDED):
        box.state = BoxState.OPEN
        box.opens_at = extended_end(box.opens_at, since, case.now)
        box.closes_at = extended_end(box.closes_at, since, case.now)
    counted = await case.session.scalars(
        select(BallotBox).where(
            BallotBox.renovation_id == case.renovation.id, BallotBox.objections_until > since
        )
    )
    for box in counted:
        box.objections_until = _later(box.objections_until, since, case.now)
    posted = await case.session.scalars(
        select(Publication)
        .where(
            Publication.renovation_id == case.renovation.id,
            Publication.state == PublicationState.OPEN,
        )
        .with_for_update()
    )
    for publication in posted:
        publication.closes_at = extended_end(publication.closes_at, since, case.now)
    tenders = await case.session.scalars(
        select(Tender)
        .where(
            Tender.renovation_id == case.renovation.id,
            Tender.state == TenderState.OPEN,
            Tender.deadline_at > since,
        )
        .with_for_update()
    )
    for tender in tenders:
        move_deadline(case, tender, extended_end(tender.deadline_at, since, case.now))
    for table, column in AHEAD:
        await case.session.execute(
            update(table)
            .where(table.renovation_id == case.renovation.id, column > since)
            .values({column: column + (case.now - since)})
        )
