"""Publications with an objection window: post, answer, close under a lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import func, select

from activities.recording import Case, Writer, who_does, writes
from models.messages.acts import AnswerObjection
from models.messages.publication import (
    PublicationClosing,
    PublicationInput,
    PublicationPeriod,
    Subject,
)
from models.tables import (
    Award,
    Event,
    Objection,
    Publication,
    Refund,
    ShareTotal,
    Tender,
)
from models.values.refusal import refusal
from models.values.states import AwardState, ObjectionState, PublicationOutcome, PublicationState
from models.values.timetable import Period, Timetable
from models.values.waits import Consequence
from rules.bidding import clocks
from rules.duties import Duty, refuse_same_person
from rules.oversight import counted_from
from rules.time import lateness
from rules.time.deadlines import extended_end
from rules.time.spans import decision_posted
from runtime.ballots.boxes import load_running_boxes
from runtime.ballots.said import of_boxes
from runtime.record.journal import Recorded


def objection_window(timetable: Timetable, subject: Subject) -> Period:
    """How long a subject is open to objections."""
    return {
        Subject.VOTE_RESULT: timetable.result_objection,
        Subject.SHARE_TABLE: timetable.scheme_publication,
        Subject.CANDIDATES: timetable.candidate_publicity,
        Subject.REFUNDS: timetable.refund_publication,
    }[subject]


DECIDED_BY: Mapping[Subject, Sequence[str]] = {
    Subject.VOTE_RESULT: ("voting.box_closed", "voting.official_result_imported"),
    Subject.CANDIDATES: (
        "bidding.candidates_ranked",
        "bidding.direct_award_approved",
        "bidding.candidate_withdrawn",
        "bidding.candidate_struck",
    ),
}
"""What is posted within a time of the law, and the events that its time runs from."""


class Publications(Writer):
    """Writes publications and the answers to objections."""

    @writes("Publications.open", event="publication.opened", into=PublicationPeriod)
    async def open(self, case: Case, given: PublicationInput) -> Recorded[PublicationPeriod]:
        """Post it; the window runs from now."""
        closes_at = case.ends(case.now, objection_window(case.timetable, given.subject))
        case.session.add(
            Publication(
                id=given.publication_id,
                renovation_id=given.renovation_id,
                subject=given.subject,
                content=await load_content(case, given.subject),
                opens_at=case.now,
                closes_at=closes_at,
                state=PublicationState.OPEN,
                outcome=None,
            )
        )
        _await_objections(case, given.subject, closes_at)
        case.parent_awaits("publication", given.publication_id)
        case.notify("all_owners", "publication_opened", subject=given.subject, closes_at=closes_at)
        return Recorded(
            PublicationPeriod(closes_at=closes_at),
            {
                "publication": given.publication_id,
                "closes_at": closes_at.isoformat(),
                **await _posted_in_time(case, given.subject),
            },
        )

    @writes("Publications.answer", event="publication.objection_answered", into=PublicationPeriod)
    async def answer(
        self, case: Case, given: PublicationInput, act: AnswerObjection
    ) -> Recorded[PublicationPeriod]:
        """Answer one objection; a suspended clock gets the time back for which it has stood still."""
        publication = await _locked(case, given)
        objection = await case.session.get(Objection, act.objection_id)
        if objection is None or objection.publication_id != publication.id:
            raise refusal("publication.objection_unknown", where=act.objection_id)
        if publication.state is not PublicationState.OPEN:
            closed_at = publication.closes_at.isoformat()
            raise refusal("publication.closed", publication=publication.id, at=closed_at)
        if objection.state is not ObjectionState.OPEN:
            raise refusal("publication.objection_answered", where=act.objection_id)
        await _not_by_its_author(case, objection, act)
        if given.suspends:
            # A halt of the whole renovation meanwhile has moved the end by its own time already.
            stopped_at = counted_from(await _stopped_at(case, given), case.renovation.rests)
            publication.closes_at = extended_end(publication.closes_at, stopped_at, case.now)
        objection.state, objection.upheld = ObjectionState.ANSWERED, act.upheld
        objection.answer, objection.answered_at = act.answer, case.now
        objection.answered_by = act.actor.id
        await case.session.flush()
        unanswered = await _count(case, given, "open")
        await _await_what_is_left(case, publication)
        return Recorded(
            PublicationPeriod(closes_at=publication.closes_at, open_objections=unanswered),
            {"objection": objection.id, "upheld": act.upheld, "answer": act.answer},
        )

    @writes("Publications.close", event="publication.close_looked_at", into=PublicationClosing)
    async def close(self, case: Case, given: PublicationInput) -> Recorded[PublicationClosing]:
        """Close it if the window is over and nothing is unanswered; otherwise say what is missing."""
        publication = await _locked(case, given)
        case.not_before(publication.closes_at)
        unanswered = await _count(case, given, "open")
        if unanswered:
            await _await_what_is_left(case, publication)
            return Recorded(
                PublicationClosing(
                    closed=False,
                    closes_at=publication.closes_at,
                    open_objections=unanswered,
                ),
                {"publication": publication.id, "unanswered": unanswered},
            )
        upheld = await case.session.scalar(
            select(func.count())
            .select_from(Objection)
            .where(Objection.publication_id == publication.id, Objection.upheld.is_(True))
        )
        total = await _count(case, given, "answered")
        publication.state = PublicationState.CLOSED
        publication.outcome = PublicationOutcome.UPHELD if upheld else PublicationOutcome.STANDS
        await _hand_on(case, publication)
        return Recorded(
            PublicationClosing(
                closed=True,
                closes_at=publication.closes_at,
                objections=total,
                upheld=upheld or 0,
            ),
            {"publication": publication.id, "objections": total, "upheld": upheld or 0},
        )


async def _hand_on(case: Case, publication: Publication) -> None:
    """Candidates who stand as they were published may get the award; else the engine goes on."""
    stands = (
        publication.outcome is PublicationOutcome.STANDS
        and publication.subject == Subject.CANDIDATES
    )
    if stands and publication.content == await load_content(case, Subject.CANDIDATES):
        case.wait_for("award_contract")
        case.is_last_word(case.wait("award_contract"))
    else:
        case.goes_on()
        case.is_last_word()


def _await_objections(case: Case, subject: str, closes_at: datetime) -> None:
    """Anybody concerned may object until the window closes."""
    case.wait_for(f"objections.{subject}", closes_at, then=Consequence.PUBLICATION_CLOSED)


async def _await_what_is_left(case: Case, publication: Publication) -> None:
    """The end of the window, if it is still to come, and the answer to each objection without one."""
    rows = await case.session.execute(
        select(Objection.id, Objection.filed_at)
        .where(Objection.publication_id == publication.id, Objection.state == ObjectionState.OPEN)
        .order_by(Objection.filed_at, Objection.id)
    )
    kind = lateness.answers_to(publication.subject)
    waits = [
        case.wait(
            "answers", case.due(kind, filed_at), subject=name, who=who_does("answer_objection")
        )
        for name, filed_at in rows
    ]
    if waits and case.now >= publication.closes_at:
        case.renovation.waiting_for, case.renovation.due_at = "answers", waits[0].due_at
        case.await_only(*waits)
    else:
        _await_objections(case, publication.subject, publication.closes_at)
        case.await_too(*waits)


async def _locked(case: Case, given: PublicationInput) -> Publication:
    row = await case.session.get(Publication, given.publication_id, with_for_update=True)
    if row is None:
        raise refusal("publication.unknown", where=given.publication_id)
    return row


async def _count(case: Case, given: PublicationInput, state: str) -> int:
    number = await case.session.scalar(
        select(func.count())
        .select_from(Objection)
        .where(Objection.publication_id == given.publication_id, Objection.state == state)
    )
    return number or 0


async def _stopped_at(case: Case, given: PublicationInput) -> datetime:
    """Since when a suspended clock stands still for which nothing was given back yet.

    It stands still once, however many objections are open at a time: an answer gives back what is since the
    first of those that are open, or since the answer before it.
    """
    found = await case.session.execute(
        select(
            func.min(Objection.filed_at).filter(Objection.state == ObjectionState.OPEN),
            func.max(Objection.answered_at),
        ).where(Objection.publication_id == given.publication_id)
    )
    filed_at, answered_at = found.one()
    return max(filed_at, answered_at or filed_at)


async def _not_by_its_author(case: Case, objection: Objection, act: AnswerObjection) -> None:
    """Nobody answers the own objection: whoever filed it is the actor of its event."""
    author = await case.session.scalar(
        select(Event.actor_id).where(Event.command_id == objection.command_id)
    )
    refuse_same_person(Duty.ANSWER_OBJECTION, author, act.actor.id)


async def load_content(case: Case, subject: Subject) -> dict[str, JsonValue]:
    """What is posted: numbers and ids that everybody may see, no person and no single household."""
    if subject is Subject.VOTE_RESULT:
        return await _vote_result(case)
    if subject is Subject.CANDIDATES:
        return await _candidates(case)
    return await _sums(case, subject)


async def _posted_in_time(case: Case, subject: Subject) -> dict[str, JsonValue]:
    """The checks of a posting that the law hurries: a decision, and the candidates of a report."""
    kinds = DECIDED_BY.get(subject, ())
    decided_at = await case.session.scalar(
        select(func.max(Event.happened_at)).where(
            Event.renovation_id == case.renovation.id, Event.kind.in_(kinds)
        )
    )
    if decided_at is None:
        return {}
    of_candidates, times = subject is Subject.CANDIDATES, case.timetable
    judge = clocks.candidates_published if of_candidates else decision_posted
    period = times.candidate_publication if of_candidates else times.decision_publication
    counted = counted_from(decided_at, case.renovation.rests)
    until = case.ends(decided_at, period)
    return {"checks": judge(counted, case.now, times, case.calendar, until=until).record()}


async def _vote_result(case: Case) -> dict[str, JsonValue]:
    """Per box and motion the roll, who took part, yes, no, abstain, and every check (V-CN-10)."""
    boxes = await load_running_boxes(case.session, case.renovation.id)
    return of_boxes([{"box": box.id, "motions": box.tally} for box in boxes]) if boxes else {}


async def _candidates(case: Case) -> dict[str, JsonValue]:
    """The candidates that still stand, best first, with their prices (Tendering Regs art. 54)."""
    last = select(func.max(Tender.round)).where(Tender.renovation_id == case.renovation.id)
    rows = await case.session.scalars(
        select(Award)
        .join(Tender, Tender.id == Award.tender_id)
        .where(
            Tender.renovation_id == case.renovation.id,
            Tender.round == last.scalar_subquery(),
            Award.state == AwardState.CANDIDATE,
        )
        .order_by(Award.rank)
    )
    return {"candidates": [{"bidder": row.bidder_id, "price_fen": row.price_fen} for row in rows]}


async def _sums(case: Case, subject: Subject) -> dict[str, JsonValue]:
    """How many units and how much in all; a unit's own row is for its owners (P-4)."""
    amount, of_case = Refund.amount_fen, [Refund.renovation_id == case.renovation.id]
    if subject is Subject.SHARE_TABLE:
        amount = ShareTotal.amount_fen
        of_case = [
            ShareTotal.renovation_id == case.renovation.id,
            ShareTotal.basis == "estimate",
        ]
    found = select(func.count(), func.coalesce(func.sum(amount), 0)).where(*of_case)
    units, total = (await case.session.execute(found)).one()
    return {"units": units, "total_fen": int(total)}
