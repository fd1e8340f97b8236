"""The warranty: what is kept back until the defect liability is over, and what becomes of it then (4.2, E46)."""

from datetime import datetime

from sqlalchemy import func, select

from activities.feedback.counts import event_details
from activities.inspection import rows as works
from activities.recording import Case, Writer, writes
from models.messages.acts import ReleaseRetention
from models.messages.warranty import (
    LiabilityOver,
    RetentionDecided,
    WarrantyPeriod,
)
from models.tables import Contract, RetentionRelease, Termination
from models.values.refusal import refusal, refuse_if_any
from models.values.states import RenovationState
from models.values.waits import Consequence
from rules import warranty as law
from rules.ledger import withheld
from rules.time.deadlines import months_after
from runtime.ledger.booking import key_of
from runtime.ledger.reading import load_kept_back, load_undecided
from runtime.ledger.refunds import load_going_out
from runtime.record.firms import contractor_as
from runtime.record.journal import Recorded

BEGUN = "warranty.begun"


class Warranties(Writer):
    """Writes the course of a warranty: its beginning, the end of the liability, each release."""

    @writes("Warranties.begin", event=BEGUN, into=WarrantyPeriod)
    async def begin(self, case: Case) -> Recorded[WarrantyPeriod]:
        """What is kept back stays with the owners until the defect liability is over (缺陷责任期).

        It counts from the acceptance: Jianzhi 2017 no. 138 art. 8; for what was built when the case stopped, from
        the settlement of its contract [D].
        """
        kept = await load_kept_back(case.session, case.renovation.id)
        months = case.timetable.defect_liability_months
        stopped = case.renovation.state is RenovationState.SETTLING
        begins = await (_settled_at(case) if stopped else works.accepted_at(case))
        until = months_after(begins, months, case.calendar, case.timetable.zone)
        if stopped:
            await await_liability(case, until)
        else:
            case.goes_on()
        if kept:
            case.notify("all_owners", "warranty_begun", until=until)
        accepted = {} if stopped else {"accepted_at": begins.isoformat()}
        return Recorded(
            WarrantyPeriod(liability_until=until, kept=len(kept), stopped=stopped),
            {
                **accepted,
                "liability_until": until.isoformat(),
                "months": months,
                "retention_fen": sum(kept.values()),
                "contracts": [*sorted(kept)],
            },
        )

    @writes("Warranties.end_liability", event="warranty.liability_over", into=LiabilityOver)
    async def end_liability(self, case: Case) -> Recorded[LiabilityOver]:
        """The contractors may ask for what is kept back; the client verifies it within the days of art. 11."""
        until = await _liability_until(case)
        case.not_before(until)
        kept = await load_undecided(case.session, case.renovation.id)
        fen = sum(kept.values())
        case.wait_for("release_retention", since=case.now)
        case.notify("committee", "retention_due", retention_fen=fen)
        for contract_id, own in sorted(kept.items()):
            case.notify("contractor", "retention_due", retention_fen=own, contract=contract_id)
        return Recorded(
            LiabilityOver(),
            {
                "liability_until": until.isoformat(),
                "retention_fen": fen,
                "contracts": [*sorted(kept)],
            },
        )

    @writes("Warranties.release", event="warranty.retention_released", into=RetentionDecided)
    async def release(self, case: Case, act: ReleaseRetention) -> Recorded[RetentionDecided]:
        """One contract's retention is released, or a part of it withheld with a reason.

        What is released goes out as far as the escrow holds it; the rest stays owed and goes out when money
        comes. What is withheld makes the works cheaper.

        Refused: an unknown contract, one's own firm, more than is kept, nothing said of why.
        """
        kept = await load_undecided(case.session, case.renovation.id)
        contract = await _contract(case, act.contract_id, kept)
        kept_fen = kept[contract.id]
        firm = await contractor_as(case.session, act.actor, contract.bidder_id)
        refuse_if_any(law.release_problems(act.actor, firm, kept_fen, act.withheld_fen, act.reason))
        until, released = await _liability_until(case), kept_fen - act.withheld_fen
        row = RetentionRelease(
            contract_id=contract.id,
            renovation_id=case.renovation.id,
            liability_until=until,
            released_fen=released,
            withheld_fen=act.withheld_fen,
            decided_by=act.actor.id,
            decided_at=case.now,
        )
        case.session.add(row)
        await case.session.flush()
        case.transfers.extend(withheld(contract.id, act.withheld_fen))
        paid = await pay_out(case)
        left = len(kept) - 1
        if not left:
            case.goes_on()
        pay_by = case.ends(case.now, case.timetable.retention_return)
        template, own = "retention_released", {"contract": contract.id}
        case.notify("contractor", template, released_fen=released, pay_by=pay_by, **own)
        case.notify("all_owners", template, released_fen=released, pay_by=pay_by)
        decision = law.release(kept_fen, act.withheld_fen, case.timetable.defect_liability_months)
        return Recorded(
            RetentionDecided(left=left, withheld_fen=act.withheld_fen),
            {
                "contract": contract.id,
                "kept_fen": kept_fen,
                "released_fen": released,
                "withheld_fen": act.withheld_fen,
                "reason": act.reason,
                "paid_out_fen": paid,
                "pay_by": pay_by.isoformat(),
                "checks": decision.record(),
            },
        )


async def await_liability(case: Case, until: datetime | None = None) -> None:
    """What is kept back stays so until the liability is over; where nothing is, the warranty goes on."""
    if await load_undecided(case.session, case.renovation.id):
        until = until or await _liability_until(case)
        case.wait_for("retention", until, then=Consequence.GOES_ON)
    else:
        case.goes_on()


async def _settled_at(case: Case) -> datetime:
    """When the last contract of a case that has stopped was settled, or its works were accepted; else now."""
    rid = case.renovation.id
    last = select(func.max(Termination.settled_at)).where(Termination.renovation_id == rid)
    settled: datetime | None = await case.session.scalar(last)
    if settled is None and await works.accepted_by(case) is not None:
        return await works.accepted_at(case)
    return settled or case.now


async def refuse_kept(case: Case) -> None:
    """A case is not completed while it is undecided what becomes of a retention.

    Raises:
        Refused: `warranty.retention_undecided`.
    """
    kept = await load_undecided(case.session, case.renovation.id)
    if kept:
        raise refusal(
            "warranty.retention_undecided", where=case.renovation.id, have=sum(kept.values())
        )


async def _contract(case: Case, wanted: str | None, kept: dict[str, int]) -> Contract:
    """The contract that is meant; unsaid it is the only one."""
    name = wanted or (next(iter(kept)) if len(kept) == 1 else "")
    if name not in kept:
        raise refusal(
            "warranty.contract_unknown", where="contract_id", known=", ".join(sorted(kept))
        )
    return await case.session.get_one(Contract, name)


async def pay_out(case: Case) -> int:
    """What may go out goes out, as far as there is money; in fen."""
    key = key_of(case.renovation.id, case.command.command_id)
    going_out = await load_going_out(case.session, case.renovation.id, key, of_others=True)
    case.transfers.extend(going_out)
    return sum(transfer.amount_fen for transfer in going_out)


async def _liability_until(case: Case) -> datetime:
    said = await event_details(case, BEGUN)
    if said is None:
        raise refusal("warranty.not_begun", where=case.renovation.id)
    return datetime.fromisoformat(str(said["liability_until"]))
