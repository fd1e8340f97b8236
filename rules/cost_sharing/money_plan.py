"""Who pays before the owners (waterfall), and the ladder when the rest is too much (E12)."""

from collections.abc import Sequence
from itertools import chain

from models.values.cost_sharing import (
    PERMILLE,
    Contribution,
    CostItem,
    FundedItem,
    Funding,
    FundingSource,
    GapPlan,
    GapStep,
)
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.scheme import PlannedWork, SchemeContent
from rules.cost_sharing.rounding import largest_remainder


def waterfall(items: Sequence[CostItem], funding: Sequence[Funding]) -> tuple[FundedItem, ...]:
    """Let every funding pay, in the order of its source, and find the owners' gap of each item.

    A funding pays at most what is left of an item, its permille and its cap per item, and its sum
    in total; a sum too small for all it may pay for is spread over them by largest remainder.
    The maintenance fund pays nothing without a vote (Civil Code art. 281) and nothing for an
    operator's line (Shandong art. 71). Refused: an id twice, a funding for an unknown item.
    """
    _check_ids(items, funding)
    ladder = list(FundingSource)
    left = {item.id: item.cost_fen for item in items}
    paid: dict[str, list[Contribution]] = {item.id: [] for item in items}
    for source in sorted(funding, key=lambda entry: ladder.index(entry.source)):
        wanted = {item.id: _may_pay(source, item, left[item.id]) for item in items}
        given = largest_remainder(min(source.amount_fen, sum(wanted.values())), wanted)
        for item_id, amount in given.items():
            if amount:
                left[item_id] -= amount
                paid[item_id].append(
                    Contribution(funding_id=source.id, source=source.source, amount_fen=amount)
                )
    return tuple(
        FundedItem(
            item_id=item.id,
            cost_fen=item.cost_fen,
            contributions=tuple(paid[item.id]),
            gap_fen=left[item.id],
        )
        for item in items
    )


def gap_fen(funded: Sequence[FundedItem]) -> int:
    """What the owners carry over all items."""
    return sum(item.gap_fen for item in funded)


def gap_plan(
    items: Sequence[CostItem], funding: Sequence[Funding], limit_fen: int | None
) -> GapPlan:
    """The next step when the owners' gap is above what they agreed to carry (E12).

    Optional items are given up one by one, the highest priority number first (ties by id), until
    the gap fits; one that would not lower the gap stays. What is then still missing asks for an
    extra subsidy. Without a limit there is nothing to close: the vote has decided.
    """
    gap = gap_fen(waterfall(items, funding))
    if limit_fen is None or gap <= limit_fen:
        return GapPlan(step=GapStep.NONE)
    kept = tuple(items)
    dropped: list[str] = []
    for item in sorted(items, key=lambda entry: (-entry.priority, entry.id)):
        if not item.optional or gap <= limit_fen:
            continue
        without = tuple(entry for entry in kept if entry.id != item.id)
        smaller = gap_fen(waterfall(without, _for_items(funding, without)))
        if smaller < gap and without:
            kept, gap = without, smaller
            dropped.append(item.id)
    missing = max(gap - limit_fen, 0)
    return GapPlan(
        step=GapStep.EXTRA_SUBSIDY if missing else GapStep.DROP_OPTIONAL,
        dropped=tuple(dropped),
        missing_fen=missing,
    )


def without_items(content: SchemeContent, dropped: Sequence[str]) -> SchemeContent:
    """The scheme without some items: their funding, their works, and the tender shrink with them.

    A work belongs to the item that it names, else to the one whose id it has or begins with ("lift",
    "lift-3", "lift.3"); the longest id wins. The tender's sums shrink in proportion to the cost. Refused: an unknown item,
    or giving up all of them.
    """
    known = {item.id for item in content.items}
    unknown = sorted(set(dropped) - known)
    refuse_if_any(problem("cost_sharing.item_unknown", where=item) for item in unknown)
    kept = tuple(item for item in content.items if item.id not in dropped)
    if not kept:
        raise refusal("cost_sharing.no_items_left")
    before = sum(item.cost_fen for item in content.items)
    after = sum(item.cost_fen for item in kept)
    tender = content.tender
    return content.model_copy(
        update={
            "items": kept,
            "funding": _for_items(content.funding, kept),
            "works": tuple(
                work for work in content.works if _item_of(work, known) not in set(dropped)
            ),
            "tender": tender.model_copy(
                update={
                    "estimate_fen": _shrunk(tender.estimate_fen, after, before),
                    "ceiling_fen": _shrunk(tender.ceiling_fen, after, before),
                    "bid_bond_fen": tender.bid_bond_fen * after // before if before else 0,
                }
            ),
        }
    )


def with_subsidy(content: SchemeContent, funding_id: str, amount_fen: int) -> SchemeContent:
    """The scheme with extra public money that pays for any item, after every other source."""
    extra = Funding(id=funding_id, source=FundingSource.EXTRA_SUBSIDY, amount_fen=amount_fen)
    return content.model_copy(update={"funding": (*content.funding, extra)})


def _may_pay(source: Funding, item: CostItem, left_fen: int) -> int:
    if source.source is FundingSource.MAINTENANCE_FUND and (not source.voted or item.operator_line):
        return 0
    general = not source.items and not source.categories
    if not (general or item.id in source.items or item.category in source.categories):
        return 0
    caps = [left_fen, item.cost_fen * source.permille // PERMILLE]
    if source.item_cap_fen is not None:
        caps.append(source.item_cap_fen)
    return min(caps)


def _for_items(funding: Sequence[Funding], kept: Sequence[CostItem]) -> tuple[Funding, ...]:
    """Fundings without the items that are gone; one that was for them alone is gone too."""
    ids = {item.id for item in kept}
    result = []
    for source in funding:
        items = tuple(item for item in source.items if item in ids)
        if source.items and not items and not source.categories:
            continue  # an empty list would mean "everything"
        result.append(source.model_copy(update={"items": items}))
    return tuple(result)


def _item_of(work: PlannedWork, items: set[str]) -> str:
    if work.item:
        return work.item
    owners = [
        item for item in items if work.id == item or work.id.startswith((f"{item}-", f"{item}."))
    ]
    return max(owners, key=len, default="")


def _shrunk(amount_fen: int, after: int, before: int) -> int:
    return max(amount_fen * after // before, 1) if before else amount_fen


def _check_ids(items: Sequence[CostItem], funding: Sequence[Funding]) -> None:
    known = [item.id for item in items]
    problems = [
        problem(code, where=name)
        for code, names in (
            ("cost_sharing.item_twice", known),
            ("cost_sharing.funding_twice", [source.id for source in funding]),
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    named = set(chain.from_iterable(source.items for source in funding))
    problems += [
        problem("cost_sharing.item_unknown", where=item) for item in sorted(named - set(known))
    ]
    refuse_if_any(problems)
