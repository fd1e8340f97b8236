"""The collection of later instalments beside the works: it begins, awaits each one, and ends when nobody owes (2.5)."""

from pydantic import JsonValue
from sqlalchemy import delete, func, select

from activities.cost_sharing import collection
from activities.recording import Case, Writer, who_does, writes
from models.messages.cost_sharing import CollectionOutcome
from models.messages.ids import collection_workflow_id, collections_of
from models.tables import CaseWait, Event, LedgerAccount
from models.values.actor import Role
from models.values.base import Carried
from models.values.ledger import AccountKind
from models.values.waits import ARREARS, ENGINE, INSTALMENT, Consequence, at_work
from rules import cost_sharing as law
from runtime.record.agenda import of_collection
from runtime.record.journal import Recorded

AWAITED = "cost_sharing.instalment_awaited"
MEDIATES = Role.RESIDENTS_COMMITTEE.value
"""Who talks first with a home that does not pay (E13)."""


class LookAt(Carried):
    """Which look at what is left."""

    number: int


class LaterInstalments(Writer):
    """Writes what of the shares is still to be called, and who owes of what was."""

    @writes(
        "Instalments.look",
        event="cost_sharing.collection_ended",
        into=CollectionOutcome,
        request=lambda look: LookAt(number=look),
        bulk=True,
    )
    async def look(self, case: Case, look: int) -> Recorded[CollectionOutcome]:
        """When the next instalment falls due, and who owes of those that were called.

        Where none is left, but homes owe what this collection has not called, by a dearer account for example, they
        are called at once. Whoever is in arrears is nobody's reason to stop the works: the community mediates, the
        government may have the debt taken over, and level by level they hear of it (E13).
        """
        open_ = await collection.unpaid(case)
        called = await collection.last_called_at(case)
        next_at, owing = law.next_due(open_, called), law.overdue(open_, called)
        case.await_only()
        if next_at is None and not owing:
            return Recorded(CollectionOutcome(), {"look": look})
        at_once = next_at is None and await collection.called_at(case) is None
        next_at = case.now if at_once else next_at
        if next_at is not None:
            case.await_too(case.wait(INSTALMENT, next_at, then=Consequence.GOES_ON))
        if owing:
            case.await_too(case.wait(ARREARS, who=f"{MEDIATES}, {who_does('approve_relief')}"))
        said: dict[str, JsonValue] = {"look": look}
        if next_at is not None and not at_once:
            due = law.falling_due(open_, next_at)
            said |= {"next_at": next_at.isoformat(), "due_fen": sum(due.values())}
        if owing:
            said |= {"debtors": len(owing), "owed_fen": sum(owing.values())}
        return Recorded(CollectionOutcome(over=False, next_at=next_at), said, kind=AWAITED)


async def begin(case: Case, *, owed: bool = False) -> str:
    """Have what is left of the shares collected from now on; the id of the workflow that does it.

    "" where nothing is left, or a collection is under way already. `owed`: with this write households owe more.
    """
    running = select(CaseWait.workflow_id).where(*of_collection(case.renovation.id)).limit(1)
    rid = case.renovation.id
    owing = select(LedgerAccount.id).where(
        LedgerAccount.renovation_id == rid,
        LedgerAccount.kind == AccountKind.HOUSEHOLD,
        LedgerAccount.balance_fen > 0,
    )
    if await case.session.scalar(running) is not None:
        return ""
    if not owed and await case.session.scalar(owing.limit(1)) is None:
        return ""
    earlier = select(func.count(Event.workflow_id.distinct())).where(
        Event.renovation_id == rid,
        Event.workflow_id.startswith(collections_of(rid), autoescape=True),
    )
    workflow_id = collection_workflow_id(rid, 1 + (await case.session.scalar(earlier) or 0))
    case.agenda[workflow_id] = (at_work(ENGINE, case.now),)
    return workflow_id


async def stop(case: Case) -> None:
    """Nothing is collected beside the stages any more: the shares are made anew, or refunded."""
    await case.session.execute(delete(CaseWait).where(*of_collection(case.renovation.id)))
