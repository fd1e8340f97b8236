"""An authority orders that something unlawful is put right in time; whoever it addresses says that it is.

The procedure goes on meanwhile, and the time to put it right runs on while a renovation stands still:
it is for what the halt may be about.
"""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import delete, select

from activities.oversight.suspending import refuse_at_its_end
from activities.recording import Case, Writer, writes
from models.messages.acts import LiftCorrection, OrderCorrection, ReportCorrected
from models.messages.ids import renovation_workflow_id
from models.messages.journey import Ordered
from models.tables import CaseWait, Event
from models.values.refusal import refusal
from models.values.timetable import calendar_days
from models.values.waits import CORRECTING, Wait
from rules import oversight as law
from runtime.record.agenda import add_waits
from runtime.record.journal import Recorded, id_from


class Orders(Writer):
    """Writes orders of correction, and how each ends."""

    @writes("Orders.order", event=law.ORDERED, into=Ordered)
    async def order(self, case: Case, act: OrderCorrection) -> Recorded[Ordered]:
        """Whoever is addressed is awaited until the day; then reminded, and the levels above hear of it.

        Refused: the renovation has ended, or no such event is on its record.
        """
        await refuse_at_its_end(case, in_warranty=True)
        kind = await _kind_of(case, act.event)
        name = f"o{id_from(case.command.command_id)}"
        until = case.ends(case.now, calendar_days(act.days))
        wait = case.wait(CORRECTING, until, subject=name, who=act.addressee)
        own = renovation_workflow_id(case.renovation.id)
        await add_waits(case.session, case.renovation.id, own, [wait], case.now)
        for audience in (act.addressee, "all_owners"):
            case.notify(audience, "correction_ordered", until=until)
        return Recorded(
            await _answer(case),
            {
                "order": name,
                "addressee": act.addressee,
                "event": act.event,
                "event_kind": kind,
                "until": until.isoformat(),
                "days": act.days,
                "document": act.document,
                "article": law.ARTICLE_OF_ORDERS,
                "reason": act.reason,
            },
        )

    @writes("Orders.report", event=law.CORRECTED, into=Ordered)
    async def report(self, case: Case, act: ReportCorrected) -> Recorded[Ordered]:
        """What was ordered is done. Refused: it is not open, or somebody else is addressed."""
        wait = await _open_order(case, act.order_id)
        if wait.who != act.actor.role:
            raise refusal("oversight.other_addressee", where="order_id", role=wait.who)
        said = await _end(case, wait)
        return Recorded(await _answer(case), {**said, "report": act.report})

    @writes("Orders.lift", event=law.LIFTED, into=Ordered)
    async def lift(self, case: Case, act: LiftCorrection) -> Recorded[Ordered]:
        """An order that was not right is taken back. Refused: it is not open."""
        said = await _end(case, await _open_order(case, act.order_id))
        under = {"article": law.ARTICLE_OF_ORDERS, "reason": act.reason}
        return Recorded(await _answer(case), {**said, **under})


async def _kind_of(case: Case, seq: int) -> str:
    kind = await case.session.scalar(
        select(Event.kind).where(Event.renovation_id == case.renovation.id, Event.seq == seq)
    )
    if kind is None:
        raise refusal("oversight.no_event", where="event", event=seq)
    return kind


async def _load_orders(case: Case) -> Sequence[CaseWait]:
    rows = await case.session.scalars(
        select(CaseWait).where(
            CaseWait.renovation_id == case.renovation.id, CaseWait.what == CORRECTING
        )
    )
    return rows.all()


async def _open_order(case: Case, name: str) -> CaseWait:
    found = next((each for each in await _load_orders(case) if each.subject == name), None)
    if found is None:
        raise refusal("oversight.no_order", where="order_id", order=name)
    return found


async def _end(case: Case, row: CaseWait) -> dict[str, JsonValue]:
    """Nobody is awaited for it any more; what is said of it: until when it was, and whether it was late."""
    wait = Wait.model_validate(row, from_attributes=True)
    name = wait.subject
    await case.session.execute(
        delete(CaseWait).where(
            CaseWait.renovation_id == case.renovation.id,
            CaseWait.what == CORRECTING,
            CaseWait.subject == name,
        )
    )
    case.notify("supervision", "correction_ended", order=name)
    late = wait.late_since
    return {
        "order": name,
        "addressee": wait.who,
        "late_since": None if late is None else late.isoformat(),
    }


async def _answer(case: Case) -> Ordered:
    """How many orders are open now."""
    return Ordered(open=len(await _load_orders(case)))
