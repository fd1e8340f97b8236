"""Late fees: what payments that are booked now owe for it, and what homes owe of fees so far (rules 2.5).

A fee is owed once of each payment and instalment, by the instalments of the day of the payment: no later computation of
the shares changes it. Only the owners pay one; whoever pays in a household's place does not.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, Instalment, LateFee, LedgerAccount, Renovation, Scheme, Share
from models.values import cost_sharing as values
from models.values.ledger import AccountKind, Transfer
from models.values.states import RenovationState
from rules import cost_sharing as law
from rules.ledger import late_fee
from rules.oversight import rested
from runtime.database import insert_many
from runtime.ledger.payments import NewPayment
from runtime.ledger.stopping import load_end

CALLED = "cost_sharing.payments_called"
"""The event that calls a round of collection; its details tell the end."""
COMPUTED = "cost_sharing.shares_computed"
"""The event of a bill; a later one, after another vote, is called anew."""
OWNER = "owner"
GOES_ON = (RenovationState.RUNNING, RenovationState.IN_WARRANTY)
"""Of a case whose instalments are still owed as they were called."""


async def charge_late(
    session: AsyncSession,
    renovation_id: str,
    zone: str,
    now: datetime,
    rows: Sequence[NewPayment],
) -> tuple[Transfer, ...]:
    """Write what payments owe for being late, and return its transfers; call it before the payments are booked.

    Nothing where the scheme has no late fee, or the case has stopped: what is owed then is no instalment. The day counts on which the bank had the money (`paid_on`), of a
    payment without one the day of `now`; a day to come is taken for today.
    """
    terms = await load_terms(session, renovation_id)
    own = [each for each in rows if each.source == OWNER]
    if terms is None or not own or await _has_stopped(session, renovation_id):
        return ()
    units = sorted({each.unit_number for each in own})
    plans = await _plans(session, renovation_id, units)
    owed = await _owed(session, renovation_id, units)
    rounds = await _rounds(session, renovation_id, now)
    first = await _first_due(session, renovation_id)
    today = now.astimezone(ZoneInfo(zone)).date()
    found: list[tuple[str, values.LateFee]] = []
    for each in own:
        plan = plans.get(each.unit_number, [])
        parts = law.open_parts(plan, owed.get(each.unit_number, 0))
        day = min(each.paid_on or today, today)
        ends = law.ends_of(plan, rounds, first)
        fees = law.late_fees(terms, parts, ends, (each.amount_fen, day), zone)
        # What was told of in time needs no word.
        found += [(each.id, fee) for fee in fees if fee.counts_from <= now]
        owed[each.unit_number] = owed.get(each.unit_number, 0) - each.amount_fen
    await insert_many(session, LateFee, [_row(renovation_id, name, fee) for name, fee in found])
    return tuple(
        late_fee(name, fee.unit_number, fee.number, fee.amount_fen)
        for name, fee in found
        if fee.amount_fen
    )


async def fee_today(
    session: AsyncSession, renovation_id: str, zone: str, now: datetime, unit: str
) -> int:
    """What late fee would be added, in fen, if the unit paid all that it owes now."""
    terms = await load_terms(session, renovation_id)
    if terms is None or await _has_stopped(session, renovation_id):
        return 0
    plan = (await _plans(session, renovation_id, [unit])).get(unit, [])
    owed = (await _owed(session, renovation_id, [unit])).get(unit, 0)
    rounds = await _rounds(session, renovation_id, now)
    first = await _first_due(session, renovation_id)
    ends = law.ends_of(plan, rounds, first)
    today = now.astimezone(ZoneInfo(zone)).date()
    all_ = law.late_fees(terms, law.open_parts(plan, owed), ends, (max(owed, 0), today), zone)
    return sum(each.amount_fen for each in all_)


async def load_terms(session: AsyncSession, renovation_id: str) -> values.LateFeeTerms | None:
    """The late fee of the scheme by which the shares were computed last; None where it has none.

    A later version is only put to the vote, or has not become a bill yet.
    """
    billed = select(func.max(Share.scheme_version)).where(Share.renovation_id == renovation_id)
    said = await session.scalar(
        select(Scheme.content["late_fee"]).where(
            Scheme.renovation_id == renovation_id, Scheme.version == billed.scalar_subquery()
        )
    )
    return None if said is None else values.LateFeeTerms.model_validate(said)


async def load_fees(session: AsyncSession, renovation_id: str) -> dict[str, int]:
    """By unit the late fees that it has to pay in all, paid or not, in fen."""
    rows = await session.execute(
        select(LateFee.unit_number, func.sum(LateFee.amount_fen))
        .where(LateFee.renovation_id == renovation_id)
        .group_by(LateFee.unit_number)
    )
    return {unit: int(fen) for unit, fen in rows if fen}


async def _has_stopped(session: AsyncSession, renovation_id: str) -> bool:
    state = await load_end(session, await session.get_one(Renovation, renovation_id))
    return state not in GOES_ON


async def _plans(
    session: AsyncSession, renovation_id: str, units: Sequence[str]
) -> dict[str, list[law.Open]]:
    rows = await session.scalars(
        select(Instalment)
        .where(Instalment.renovation_id == renovation_id, Instalment.unit_number.in_(units))
        .order_by(Instalment.unit_number, Instalment.number)
    )
    plans: dict[str, list[law.Open]] = {}
    for row in rows:
        part = values.Instalment(
            unit_number=row.unit_number, number=row.number, amount_fen=row.amount_fen
        )
        plans.setdefault(row.unit_number, []).append((part, row.due_at))
    return plans


async def _owed(session: AsyncSession, renovation_id: str, units: Sequence[str]) -> dict[str, int]:
    """By unit what it owes of its share: what comes in pays that first, and its late fees last."""
    rows = await session.execute(
        select(LedgerAccount.name, LedgerAccount.balance_fen).where(
            LedgerAccount.renovation_id == renovation_id,
            LedgerAccount.kind == AccountKind.HOUSEHOLD,
            LedgerAccount.name.in_(units),
        )
    )
    fees = await load_fees(session, renovation_id)
    return {unit: int(fen) - fees.get(unit, 0) for unit, fen in rows}


async def _rounds(session: AsyncSession, renovation_id: str, now: datetime) -> list[law.Round]:
    """The rounds that have called the bill that holds; what an earlier one has called is called anew with it.

    The end that the call has told comes later by as long as the case has stood still since, until now where it still does (E6).
    """
    of_case = Event.renovation_id == renovation_id
    billed = select(func.max(Event.seq)).where(of_case, Event.kind == COMPUTED)
    rows = await session.execute(
        select(Event.happened_at, Event.details["deadline"].astext).where(
            of_case, Event.kind == CALLED, Event.seq > billed.scalar_subquery()
        )
    )
    called = [(called_at, datetime.fromisoformat(end)) for called_at, end in rows if end]
    case = await session.get_one(Renovation, renovation_id)
    rests = [*case.rests]
    if case.suspended_at is not None:
        rests.append([case.suspended_at.isoformat(), now.isoformat()])
    return [(called_at, rested(end, called_at, rests)) for called_at, end in called]


async def _first_due(session: AsyncSession, renovation_id: str) -> datetime | None:
    """When the first instalment of the bill is due: the first round calls it, and no unit's later one."""
    of_case = Instalment.renovation_id == renovation_id
    due_at: datetime | None = await session.scalar(
        select(func.min(Instalment.due_at)).where(of_case)
    )
    return due_at


def _row(renovation_id: str, payment_id: str, fee: values.LateFee) -> dict[str, object]:
    return {"renovation_id": renovation_id, "payment_id": payment_id, **fee.model_dump()}
