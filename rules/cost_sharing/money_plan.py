"""Who pays before the owners (waterfall), and the ladder when the rest is too much (E12)."""

from collections.abc import Mapping, Sequence
from itertools import chain

from models.values.cost_sharing import (
    PUBLIC_MONEY,
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
from rules.cost_sharing.sources import spread


def waterfall(items: Sequence[CostItem], funding: Sequence[Funding]) -> tuple[FundedItem, ...]:
    """Let every funding pay and find the owners' gap of each item, the least that the sources allow.

    A funding pays at most its permille and its cap per item, and its sum in total; who pays first is
    in `sources.spread`. The order of the items and of the fundings makes no difference. Refused: an
    id twice, a funding for an unknown item.
    """
    _check_ids(items, funding)
    paid = spread(items, funding)
    kinds = {source.id: source.source for source in funding}
    return tuple(_funded(item, paid, kinds) for item in items)


def _funded(
    item: CostItem, paid: Mapping[str, Mapping[str, int]], kinds: Mapping[str, FundingSource]
) -> FundedItem:
    parts = tuple(
        Contribution(funding_id=source, source=kinds[source], amount_fen=fen)
        for source, given in paid.items()
        if (fen := given.get(item.id, 0))
    )
    gap = item.cost_fen - sum(part.amount_fen for part in parts)
    return FundedItem(item_id=item.id, cost_fen=item.cost_fen, contributions=parts, gap_fen=gap)


def gap_fen(funded: Sequence[FundedItem]) -> int:
    """What the owners carry over all items."""
    return sum(item.gap_fen for item in funded)


def gap_plan(
    items: Sequence[CostItem], funding: Sequence[Funding], limit_fen: int | None
) -> GapPlan:
    """The next step when the owners' gap is above what they agreed to carry (E12).

    Optional items are given up one by one, the highest priority number first (ties by id), until
    the gap fits; one that would not lower the gap stays. Then whatever still fits is given back, the
    lowest priority number first. What is then still missing asks for an extra subsidy. Without a
    limit there is nothing to close: the vote has decided.
    """
    gap = _gap_of(items, funding, ())
    if limit_fen is None or gap <= limit_fen:
        return GapPlan(step=GapStep.NONE)
    dropped: list[str] = []
    for item in sorted(items, key=lambda entry: (-entry.priority, entry.id)):
        if not item.optional or gap <= limit_fen or len(dropped) + 1 == len(items):
            continue
        smaller = _gap_of(items, funding, (*dropped, item.id))
        if smaller < gap:
            gap = smaller
            dropped.append(item.id)
    for item_id in reversed(tuple(dropped)):
        others = tuple(each for each in dropped if each != item_id)
        larger = _gap_of(items, funding, others)
        if larger <= max(gap, limit_fen):
            gap, dropped = larger, list(others)
    missing = max(gap - limit_fen, 0)
    return GapPlan(
        step=GapStep.EXTRA_SUBSIDY if missing else GapStep.DROP_OPTIONAL,
        dropped=tuple(dropped),
        missing_fen=missing,
    )


def _gap_of(items: Sequence[CostItem], funding: Sequence[Funding], without: Sequence[str]) -> int:
    kept = tuple(item for item in items if item.id not in without)
    return gap_fen(waterfall(kept, _for_items(funding, kept)))


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
                    "benchmark": tender.benchmark and tender.benchmark.in_proportion(after, before),
                }
            ),
        }
    )


def with_subsidy(content: SchemeContent, funding_id: str, amount_fen: int) -> SchemeContent:
    """The scheme with extra public money that pays for any item, after every other source."""
    extra = Funding(id=funding_id, source=FundingSource.EXTRA_SUBSIDY, amount_fen=amount_fen)
    return content.model_copy(update={"funding": (*content.funding, extra)})


def with_cut(content: SchemeContent, funding_id: str, amount_fen: int) -> SchemeContent:
    """The scheme with so much less of a public subsidy (E15). Refused: no such one, more than it pays."""
    public = {each.id: each for each in content.funding if each.source in PUBLIC_MONEY}
    found = public.get(funding_id)
    if found is None:
        known = ", ".join(sorted(public))
        raise refusal("cost_sharing.subsidy_unknown", where="funding", known=known)
    if amount_fen > found.amount_fen:
        have, most = amount_fen, found.amount_fen
        raise refusal("cost_sharing.cut_above_subsidy", where="amount_fen", have=have, most=most)
    less = found.model_copy(update={"amount_fen": found.amount_fen - amount_fen})
    funding = tuple(less if each.id == funding_id else each for each in content.funding)
    return content.model_copy(update={"funding": funding})


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
