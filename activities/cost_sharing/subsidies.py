"""A subsidy that is cut or called back (E15): what it does not pay the owners carry, as far as they have agreed."""

from sqlalchemy import func, select

from activities import settlement
from activities.cost_sharing import award, collection, instalments, refunding
from activities.cost_sharing import rows as share_rows
from activities.cost_sharing.billed import scheme_called_for
from activities.recording import Case, Writer, writes
from models.messages.acts import CutSubsidy, SharesChanged
from models.messages.journey_progress import COLLECTED_BESIDE
from models.tables import Event
from models.values import cost_sharing as values
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from rules import cost_sharing as law
from rules.checks import decide
from runtime.ledger import fees as late_fees
from runtime.record.journal import Recorded

CUT = "cost_sharing.subsidy_cut"


class Subsidies(Writer):
    """Writes what becomes of a subsidy that was promised."""

    @writes("Subsidies.cut", event=CUT, into=SharesChanged, bulk=True)
    async def cut(self, case: Case, act: CutSubsidy) -> Recorded[SharesChanged]:
        """A public subsidy pays less than it has promised: every share by a new version of the scheme.

        All cuts of a case together may raise what the owners carry by the part of their gap that the timetable
        says; more than that is a new vote. Money that the subsidy has paid beyond the rest goes back to it.

        Refused: before the shares are called for, while the owners vote anew, no such subsidy, more than it pays, more than the owners
        have agreed to carry.
        """
        content = await scheme_called_for(case, "cost_sharing.not_called")
        less = law.with_cut(content, act.funding, act.amount_fen)
        gap, lost = await _lost_before(case, content)
        after = law.gap_fen(law.waterfall(less.items, less.funding))
        lost += after - law.gap_fen(law.waterfall(content.items, content.funding))
        decision = law.subsidy_loss(lost, gap, case.timetable)
        if not decision.passed:
            most = gap * case.timetable.subsidy_re_vote_permille // values.PERMILLE
            raise refusal("cost_sharing.cut_needs_vote", where="amount_fen", have=lost, most=most)
        carried = law.within_limit(after, less.owners_limit_fen)
        if not carried.passed:
            above = after - (less.owners_limit_fen or 0)
            raise refusal("cost_sharing.cut_needs_vote", where="amount_fen", have=above, most=0)
        version = await share_rows.add_scheme_version(case, less)
        # Who has a refund ordered was told when it is due, and nothing is posted that would order it anew.
        ordered = await refunding.load_ordered(case)
        fixed = await _shares_anew(case, version, less)
        await refunding.keep_ordered(case, ordered)
        case.notify("all_owners", "subsidy_cut", amount_fen=act.amount_fen)
        beside = case.renovation.stage in COLLECTED_BESIDE and await collection.unpaid(case)
        collection_id = await instalments.begin(case, owed=True) if beside else ""
        return Recorded(
            SharesChanged(command_id=act.command_id, kind=CUT, collection_id=collection_id),
            {
                "funding": act.funding,
                "amount_fen": act.amount_fen,
                "document": act.document,
                "reason": act.reason,
                "scheme_version": version,
                "owners_gap_fen": gap,
                "lost_fen": lost,
                **fixed.model_dump(mode="json"),
                "checks": decide(*decision.checks, *carried.checks).record(),
            },
        )


async def _lost_before(case: Case, content: SchemeContent) -> tuple[int, int]:
    """What the owners were to carry before the first cut, and what cuts have added to it so far, in fen.

    What was cut before the owners have voted anew is in the scheme that they adopted.
    """
    of_case = Event.renovation_id == case.renovation.id
    billed = select(func.max(Event.seq)).where(of_case, Event.kind == late_fees.COMPUTED)
    details = await case.session.scalar(
        select(Event.details)
        .where(of_case, Event.kind == CUT, Event.seq > billed.scalar_subquery())
        .order_by(Event.seq.desc())
        .limit(1)
    )
    if details is None:
        return law.gap_fen(law.waterfall(content.items, content.funding)), 0
    return int(str(details["owners_gap_fen"])), int(str(details["lost_fen"]))


async def _shares_anew(case: Case, version: int, content: SchemeContent) -> values.AwardShares:
    """The estimate of the new version, and the shares on the basis on which the units owe now."""
    table = law.totals_at(
        content,
        content.items,
        await share_rows.share_units(case),
        share_rows.counted_kinds(case),
    )
    await share_rows.replace_shares(case, version, table)
    if await share_rows.load_totals(case, "final"):
        costs = await settlement.costs(case, *await settlement.contracts(case))
        fixed = await award.fix_shares_at_the_end(case, max(costs.net_fen, 0))
    elif await share_rows.load_totals(case, "award"):
        *earlier, last = await settlement.contracts(case)
        spent = await settlement.costs(case, *earlier)
        fixed = await award.fix_shares_by_award(case, last.value_fen, spent.net_fen)
    else:
        return await award.fix_shares_by_estimate(case, content, table)
    await share_rows.replace_totals(case, "estimate", table.totals)
    return fixed
