"""What a vote chose becomes the scheme: what it did not choose falls away, with works, funding and money.

A cost item may belong to a motion, and to one option or one work of the motion's menu (`CostItem.motion`,
`CostItem.choice`). Cost sharing, tender and works then know one list: what is built.
"""

from collections.abc import Mapping, Sequence

from models.values.base import Carried
from models.values.cost_sharing import CostItem, ShareUnit
from models.values.decisions.menu import MenuOutcome, TallyUnit, TieRule
from models.values.explanation import OwnPrice
from models.values.scheme import SchemeContent, TenderPlan
from models.values.voting import Motion, UnitKind
from rules.cost_sharing import share_bill, waterfall, without_items


class MotionOutcome(Carried):
    """What became of a motion, as the tally of its box says it, whoever counted."""

    outcome: str
    winner: str | None = None
    menu: MenuOutcome | None = None

    @property
    def passed(self) -> bool:
        """It was adopted."""
        return self.outcome == "passed"

    @property
    def chosen(self) -> tuple[str, ...]:
        """The option or the works that won, in the order in which they did."""
        if not self.passed:
            return ()
        won = (self.winner,) if self.winner is not None else ()
        return won if self.menu is None else self.menu.winners


def left_out(content: SchemeContent, results: Mapping[str, MotionOutcome]) -> tuple[str, ...]:
    """Ids of the items that are not built: their motion did not pass, or chose something else."""
    return tuple(item.id for item in content.items if not _is_chosen(item, results))


def adopted_content(
    content: SchemeContent, results: Mapping[str, MotionOutcome]
) -> SchemeContent | None:
    """The scheme as it was adopted; None where nothing is left to build.

    `results` are those of the last vote on each motion. The items that the vote did not choose fall
    away with their works and their funding; estimate and ceiling are lowered by their cost, the bid
    bond in proportion. Motions that did not pass fall away too, and one that chose among several is
    from now on a question of yes or no about what was chosen: a later vote on this scheme cannot
    choose what is no longer in it.
    """
    dropped = left_out(content, results)
    if len(dropped) == len(content.items):
        return None
    kept = without_items(content, dropped) if dropped else content
    cost_fen = sum(item.cost_fen for item in content.items if item.id in dropped)
    return kept.model_copy(
        update={
            "items": tuple(item.model_copy(update={"choice": ""}) for item in kept.items),
            "motions": tuple(
                _settled(motion, results[motion.id])
                for motion in content.motions
                if motion.id in results and results[motion.id].passed
            ),
            "tender": _lowered(content.tender, kept.tender, cost_fen),
        }
    )


def own_prices(
    content: SchemeContent,
    motions: Sequence[Motion],
    units: Sequence[ShareUnit],
    counted: Sequence[UnitKind],
) -> Mapping[str, tuple[OwnPrice, ...]]:
    """What each answer of a ballot costs each unit, before the vote: the cost sharing of that outcome.

    Every other question of the scheme is taken as adopted; of one with options or a menu nothing is then
    chosen. A work of a menu is priced as if it alone were chosen.
    """
    found: dict[str, list[OwnPrice]] = {unit.number: [] for unit in units}
    for motion in motions:
        for choice in _choices_of(motion):
            results = {each.id: MotionOutcome(outcome="passed") for each in content.motions}
            results[motion.id] = _won(motion, choice)
            adopted = adopted_content(content, results)
            if adopted is None:
                continue
            funded = waterfall(adopted.items, adopted.funding)
            bill = share_bill(adopted.items, funded, units, counted, adopted.rounding)
            own = {item.id for item in content.items if item.motion == motion.id}
            own &= {item.id for item in content.items if item.choice in ("", choice)}
            columns = [cells for item, cells in bill.cells.items() if item in own]
            for unit, prices in found.items():
                total = bill.totals.get(unit, 0)
                part = sum(cells.get(unit, 0) for cells in columns)
                prices.append(
                    OwnPrice(motion=motion.id, choice=choice, total_fen=total, own_fen=part)
                )
    return {unit: tuple(prices) for unit, prices in found.items()}


def _choices_of(motion: Motion) -> tuple[str, ...]:
    if motion.menu is not None:
        return tuple(item.id for item in motion.menu.items)
    return tuple(option.id for option in motion.options) or ("yes",)


def _won(motion: Motion, choice: str) -> MotionOutcome:
    if motion.menu is not None:
        cost = next(item.cost for item in motion.menu.items if item.id == choice)
        menu = MenuOutcome(
            rule=motion.menu_rule,
            unit=TallyUnit.VOTES,
            tie_rule=TieRule.LISTED,
            tally={},
            winners=(choice,),
            cost=cost,
            budget=motion.menu.budget,
        )
        return MotionOutcome(outcome="passed", menu=menu)
    return MotionOutcome(outcome="passed", winner=choice if motion.options else None)


def _is_chosen(item: CostItem, results: Mapping[str, MotionOutcome]) -> bool:
    if not item.motion:
        return True
    found = results.get(item.motion)
    if found is None or not found.passed:
        return False
    return not item.choice or item.choice in found.chosen


def _settled(motion: Motion, result: MotionOutcome) -> Motion:
    """The motion with what it chose for its only question."""
    if not motion.options and motion.menu is None:
        return motion
    titles = {option.id: option.title for option in motion.options}
    titles |= {item.id: item.title for item in (motion.menu.items if motion.menu else ())}
    chosen = ", ".join(titles.get(each) or each for each in result.chosen)
    title = f"{motion.title}: {chosen}"
    return motion.model_copy(update={"title": title, "options": (), "menu": None})


def _lowered(before: TenderPlan, shrunk: TenderPlan, cost_fen: int) -> TenderPlan:
    """Estimate and ceiling without that cost; in proportion where the cost is more than they are."""
    sums = {
        name: getattr(before, name) - cost_fen
        for name in ("estimate_fen", "ceiling_fen")
        if getattr(before, name) > cost_fen
    }
    return shrunk.model_copy(update=sums)
