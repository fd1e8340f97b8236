"""Cost sharing: close the gap, compute the shares, collect them, relieve who cannot pay."""

from datetime import datetime

from sqlalchemy import or_, select

from activities.cost_sharing import collection
from activities.cost_sharing import rows as share_rows
from activities.feedback.counts import event_details
from activities.recording import Case, Writer, who_does, writes
from models.messages.acts import (
    ApproveRelief,
    DecideCollection,
    DeclineSubsidy,
    GrantSubsidy,
)
from models.messages.cost_sharing import (
    Collection,
    CollectionDecided,
    CollectionState,
    CostSharingOutcome,
    FundingState,
    NextStep,
    Relieved,
    SharesComputed,
)
from models.tables import Relief, Unit, UnitOwner
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.states import RenovationState
from rules import cost_sharing as law
from rules.duties import Duty
from runtime.ledger.fees import load_fees
from runtime.ledger.payments import RELIEF, NewPayment, add_payments
from runtime.record.journal import Recorded, id_from


class Shares(Writer):
    """Writes the money plan, the share table, the collection and the reliefs."""

    @writes("Shares.plan", event="cost_sharing.planned", into=FundingState, bulk=True)
    async def plan(self, case: Case) -> Recorded[FundingState]:
        """Let others pay first; give up optional items when the owners' gap is too much (E12)."""
        version, content = await case.scheme()
        return await _planned(case, version, content)

    @writes(
        "Shares.grant_subsidy", event="cost_sharing.subsidy_granted", into=FundingState, bulk=True
    )
    async def grant_subsidy(self, case: Case, act: GrantSubsidy) -> Recorded[FundingState]:
        """Extra public money in a new version of the scheme. Refused: there is no gap to close."""
        version, content = await case.scheme()
        if not _missing(content):
            raise refusal("cost_sharing.no_gap", where=case.renovation.id)
        richer = law.with_subsidy(content, f"extra-subsidy-{version + 1}", act.amount_fen)
        version = await share_rows.add_scheme_version(case, richer)
        recorded = await _planned(case, version, richer)
        return Recorded(
            recorded.result,
            {**recorded.details, "granted_fen": act.amount_fen, "reason": act.reason},
        )

    @writes("Shares.decline_subsidy", event="cost_sharing.subsidy_declined", into=FundingState)
    async def decline_subsidy(self, case: Case, act: DeclineSubsidy) -> Recorded[FundingState]:
        """No extra public money: an extra levy is a new vote of the owners."""
        _, content = await case.scheme()
        missing = _missing(content)
        if not missing:
            raise refusal("cost_sharing.no_gap", where=case.renovation.id)
        case.goes_on()
        case.notify("all_owners", "subsidy_declined", missing_fen=missing)
        return Recorded(
            FundingState(gap_fen=missing, next_step=NextStep.NEW_VOTE),
            {"missing_fen": missing, "reason": act.reason},
        )

    @writes("Shares.compute", event="cost_sharing.shares_computed", into=SharesComputed, bulk=True)
    async def compute(self, case: Case) -> Recorded[SharesComputed]:
        """Every unit's share and instalments; an earlier computation is superseded, and so is what an award of before,
        whose contract has ended, had made of it.

        The first instalment is due when the publication of the table ends, the others follow at
        the interval of the timetable.
        """
        version, content = await case.scheme()
        funded = law.waterfall(content.items, content.funding)
        table = law.share_table(
            content.items,
            funded,
            await share_rows.share_units(case),
            share_rows.counted_kinds(case),
            content.rounding,
        )
        parts = law.instalments(table.totals, content.owner_instalments_permille)
        due = _due_dates(case, len(content.owner_instalments_permille))
        await share_rows.replace_shares(case, version, table)
        await share_rows.drop_totals(case, "award", "final")
        await share_rows.replace_totals(case, "estimate", table.totals)
        await share_rows.promise(case, funded)
        await share_rows.replace_instalments(case, [(part, due[part.number - 1]) for part in parts])
        case.goes_on()
        result = SharesComputed(
            scheme_version=version,
            units=len(table.totals),
            total_fen=table.total_fen,
            table_hash=share_rows.table_hash(table.totals),
        )
        return Recorded(
            result,
            {
                **result.model_dump(mode="json", exclude={"seq"}),
                "gaps_fen": {part.item_id: part.gap_fen for part in funded},
                "due_at": [moment.isoformat() for moment in due],
            },
        )

    @writes("Shares.next_reminder", event="cost_sharing.reminder_sent", into=Collection)
    async def next_reminder(
        self, case: Case, round_number: int, reminder: int
    ) -> Recorded[Collection]:
        """Call for the payments (reminder 0) or remind who has not paid, and say what comes next.

        Every round has the same periods from its own call. When nothing is owed any more the
        answer is the end, now.
        """
        if reminder == 0 and collection.is_beside(case):
            await collection.refuse_early_call(case)
        start = case.now if reminder == 0 else await collection.called_at(case) or case.now
        moments = await collection.moments(case, start)
        debtors = await collection.debtors(case, start)
        if reminder and debtors:
            case.not_before(moments[min(reminder, len(moments)) - 1])
        last = reminder >= len(moments) - 1 or not debtors
        at = moments[min(reminder, len(moments) - 1)] if debtors else case.now
        if debtors:
            collection.await_payments(case, moments[-1], None if last else at)
        else:
            collection.goes_on(case)
        owing = await collection.owing_themselves(case, start, debtors)
        await collection.tell(case, (round_number, reminder), owing, moments[-1])
        kind = collection.REMINDED if debtors else collection.NOBODY
        return Recorded(
            Collection(at=at, last=last, reminder=reminder),
            {
                "round": round_number,
                "reminder": reminder,
                "debtors": len(debtors),
                "next_at": at.isoformat(),
                "deadline": moments[-1].isoformat(),
            },
            kind=collection.CALLED if reminder == 0 else kind,
        )

    @writes(
        "Shares.count_collection",
        event="cost_sharing.collection_counted",
        into=CollectionState,
        bulk=True,
    )
    async def count_collection(self, case: Case) -> Recorded[CollectionState]:
        """Count what is collected or guaranteed of what was due when the round was called."""
        start = await collection.called_at(case) or case.now
        debtors = await collection.debtors(case, start)
        if debtors:
            case.not_before((await collection.moments(case, start))[-1])
        found = await collection.count(case, start)
        have, due = found.collected_fen, found.due_fen
        money = await share_rows.load_money(case)
        decision = law.collected(have, due, case.timetable)
        if collection.is_beside(case):
            collection.goes_on(case)
            owing = await collection.owing_themselves(case, start, debtors)
            collection.tell_of_arrears(case, owing, len(debtors), found)
        elif decision.passed:
            case.goes_on()
        else:
            case.wait_for("decide_collection")
            case.notify("committee", "collection_short", collected_fen=have, due_fen=due)
        return Recorded(
            CollectionState(enough=decision.passed, collected_fen=have, due_fen=due),
            {
                "collected_fen": have,
                "due_fen": due,
                "total_fen": sum(t.amount_fen for t in await share_rows.charges(case)),
                "received_fen": sum(everything for everything, _ in money.values()),
                "checks": decision.record(),
            },
        )

    @writes("Shares.approve_relief", event="cost_sharing.relief_approved", into=Relieved)
    async def approve_relief(self, case: Case, act: ApproveRelief) -> Recorded[Relieved]:
        """A fund pays in a household's place (E14); the neighbours' shares do not change.

        Refused: more than the unit still owes, one's own unit, the same kind of relief twice.
        """
        room = await _relief_room(case, act)
        if act.amount_fen > room:
            raise refusal(
                "cost_sharing.relief_above_debt",
                where=act.unit_number,
                have=act.amount_fen,
                most=room,
            )
        await _refuse_own_unit(case, act)
        key = (case.renovation.id, act.unit_number, act.kind)
        if await case.session.get(Relief, key) is not None:
            raise refusal("cost_sharing.relief_twice", where=act.unit_number, kind=act.kind)
        await _add_relief(case, act)
        paid_up = await collection.all_is_paid(case)
        await collection.go_on_beside(case)
        # No unit in the event: who is in hardship is personal (PIPL art. 28).
        return Recorded(
            Relieved(paid_up=paid_up),
            {"kind": act.kind, "amount_fen": act.amount_fen, "funded_by": act.funded_by},
        )

    @writes(
        "Shares.decide_collection", event="cost_sharing.collection_decided", into=CollectionDecided
    )
    async def decide_collection(
        self, case: Case, act: DecideCollection
    ) -> Recorded[CollectionDecided]:
        """The committee's word after a missed threshold: start, wait one more round, or shelve."""
        case.goes_on()
        case.notify("all_owners", "collection_decided", decision=act.decision)
        counted = await event_details(case, "cost_sharing.collection_counted") or {}
        return Recorded(
            CollectionDecided(decision=act.decision),
            {
                "decision": act.decision,
                "reason": act.reason,
                **{name: counted[name] for name in ("collected_fen", "due_fen") if name in counted},
            },
        )

    @writes("Shares.finish", event="cost_sharing.finished", into=CostSharingOutcome)
    async def finish(self, case: Case, outcome: CostSharingOutcome) -> Recorded[CostSharingOutcome]:
        """The stage is over: funded, back to the owners, or shelved."""
        case.goes_on()
        case.is_last_word()
        return Recorded(outcome, outcome.model_dump(mode="json", exclude={"seq"}))


def _missing(content: SchemeContent) -> int:
    return law.gap_plan(content.items, content.funding, content.owners_limit_fen).missing_fen


async def _planned(case: Case, version: int, content: SchemeContent) -> Recorded[FundingState]:
    """Climb the ladder of E12 on one version of the scheme, and say where it ends."""
    plan = law.gap_plan(content.items, content.funding, content.owners_limit_fen)
    if plan.dropped:
        content = law.without_items(content, plan.dropped)
        version = await share_rows.add_scheme_version(case, content)
        case.notify("all_owners", "items_dropped", items=", ".join(plan.dropped))
    funded = law.waterfall(content.items, content.funding)
    gap = law.gap_fen(funded)
    if plan.missing_fen:
        # Whoever has granted a part of it has time for the rest.
        who = who_does("grant_subsidy", "decline_subsidy")
        case.wait_for("subsidy", since=case.now, who=who)
    else:
        case.goes_on()
    decision = law.within_limit(gap, content.owners_limit_fen)
    return Recorded(
        FundingState(
            gap_fen=plan.missing_fen,
            next_step=NextStep.ASK_SUBSIDY if plan.missing_fen else NextStep.NONE,
        ),
        {
            "scheme_version": version,
            "cost_fen": sum(item.cost_fen for item in funded),
            "owners_gap_fen": gap,
            "missing_fen": plan.missing_fen,
            "dropped": list(plan.dropped),
            "step": plan.step.value,
            "checks": decision.record(),
        },
    )


def _due_dates(case: Case, count: int) -> list[datetime]:
    due = [case.ends(case.now, case.timetable.scheme_publication)]
    while len(due) < count:
        due.append(case.ends(due[-1], case.timetable.instalment_interval))
    return due


async def _relief_room(case: Case, act: ApproveRelief) -> int:
    stopped = case.renovation.state is RenovationState.SETTLING
    totals = await (
        share_rows.load_totals(case, "settlement") if stopped else share_rows.charges(case)
    )
    owed = {total.unit_number: total.amount_fen for total in totals}
    if act.unit_number not in owed:
        raise refusal("cost_sharing.unit_without_share", where=act.unit_number)
    # What went back to the home is not paid any more.
    paid, _ = (await share_rows.load_money(case)).get(act.unit_number, (0, 0))
    fees = await load_fees(case.session, case.renovation.id)
    return law.relief_room_fen(owed[act.unit_number] + fees.get(act.unit_number, 0), paid)


async def _refuse_own_unit(case: Case, act: ApproveRelief) -> None:
    """Nobody relieves the own household, in whatever capacity (design principle 9)."""
    own = await case.session.scalar(
        select(Unit.id)
        .outerjoin(UnitOwner, UnitOwner.unit_id == Unit.id)
        .where(
            Unit.estate_id == case.renovation.estate_id,
            Unit.number == act.unit_number,
            or_(
                UnitOwner.person_id.in_((act.actor.id, act.actor.on_behalf_of)),
                Unit.owner_key == act.actor.id,
                Unit.number == act.actor.id,
            ),
        )
        .limit(1)
    )
    if own is not None:
        raise refusal(Duty.RELIEVE_ONESELF.value, where=act.unit_number)


async def _add_relief(case: Case, act: ApproveRelief) -> None:
    case.session.add(
        Relief(
            renovation_id=case.renovation.id,
            unit_number=act.unit_number,
            kind=act.kind,
            amount_fen=act.amount_fen,
            approved_by=act.actor.id,
            funded_by=act.funded_by,
        )
    )
    payment = NewPayment(
        id=f"{case.renovation.id}.relief.{id_from(case.command.command_id)}",
        command_id=case.command.command_id,
        unit_number=act.unit_number,
        amount_fen=act.amount_fen,
        source=RELIEF,
        funded_by=act.funded_by,
    )
    case.transfers.extend(await add_payments(case.session, case.renovation.id, case.now, [payment]))
