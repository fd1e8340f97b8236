"""More time for what is awaited, posted or tendered now; the vote has an extension of its own (V-CN-9)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from activities.oversight.suspending import AtRest, line_of, load_agenda, refuse_at_its_end
from activities.recording import Case, Writer, writes
from models.messages.acts import ExtendPeriod
from models.messages.journey import Extended
from models.tables import Publication, Tender
from models.values.refusal import refusal
from models.values.states import PublicationState, TenderState
from models.values.waits import Consequence
from rules import oversight as law
from runtime.record.journal import Recorded


class Extensions(Writer):
    """Writes what ends later than it was said."""

    @writes("Extensions.extend", event=law.EXTENDED, into=Extended)
    async def extend(self, case: Case, act: ExtendPeriod) -> Recorded[Extended]:
        """The line of the agenda ends later, and the row whose end it is.

        Refused: nobody waits for that, the engine would act at its end by a rule of its own, or it is over.
        """
        await refuse_at_its_end(case)
        agenda = await load_agenda(case)
        wait = _named(case, act, agenda)
        before, after = law.extension(wait, act.days, case.now, case.timetable, case.calendar)
        case.agenda[wait.workflow_id] = tuple(
            line_of(each.model_copy(update={"due_at": after}) if each == wait else each)
            for each in agenda
            if each.workflow_id == wait.workflow_id
        )
        if (case.renovation.waiting_for, case.renovation.due_at) == (wait.what, before):
            case.renovation.due_at = after
        if wait.consequence in MOVES:
            await MOVES[wait.consequence](case, before, after)
        for audience in law.told_of_extension(wait):
            case.notify(audience, "period_extended", what=wait.what, before=before, until=after)
        return Recorded(
            Extended(before=before, after=after, waiting=(wait.workflow_id,)),
            {
                "what": wait.what,
                "subject": wait.subject,
                "before": before.isoformat(),
                "until": after.isoformat(),
                "days": act.days,
                "article": law.EXTENDABLE[wait.consequence],
                "reason": act.reason,
            },
        )


def _named(case: Case, act: ExtendPeriod, agenda: Sequence[AtRest]) -> AtRest:
    """The line of the agenda that the act names."""
    for wait in agenda:
        if wait.what == act.what and act.subject in ("", wait.subject):
            return wait
    raise refusal("oversight.not_awaited", where=case.renovation.id, what=act.what)


async def _move_publication(case: Case, before: datetime, after: datetime) -> None:
    """What is posted stays open to objections."""
    rows = await case.session.scalars(
        select(Publication)
        .where(
            Publication.renovation_id == case.renovation.id,
            Publication.state == PublicationState.OPEN,
            Publication.closes_at == before,
        )
        .with_for_update()
    )
    for row in rows:
        row.closes_at = after


async def _move_tender(case: Case, before: datetime, after: datetime) -> None:
    """Bids are taken for longer; those that came in stay as they are."""
    rows = await case.session.scalars(
        select(Tender)
        .where(
            Tender.renovation_id == case.renovation.id,
            Tender.state == TenderState.OPEN,
            Tender.deadline_at == before,
        )
        .with_for_update()
    )
    for row in rows:
        row.deadline_at = after


MOVES: Mapping[Consequence, Callable[[Case, datetime, datetime], Awaitable[None]]] = {
    Consequence.PUBLICATION_CLOSED: _move_publication,
    Consequence.BIDS_OPENED: _move_tender,
}
"""By what the engine does at the end of a period the row that has that end."""
