"""What the owners of the demo vote on: items, subsidy, motions, tender and works, all invented."""

from cli.demo.town import figures as money
from cli.demo.town.figures import Figures
from models.values.base import Value
from models.values.cost_sharing import (
    CostItem,
    CostKey,
    Funding,
    FundingSource,
    ItemCategory,
    Rounding,
)
from models.values.scheme import PlannedWork, SchemeContent, Target, TenderPlan
from models.values.voting import Matter, Motion, MotionKind

MAIN_MOTION, FUND_MOTION = "scheme", "fund"
ITEMS = (
    ("facade", "外墙修缮", ItemCategory.BASIC, CostKey.AREA, 380),
    ("roof", "屋面防水", ItemCategory.BASIC, CostKey.AREA, 170),
    ("pipes", "给排水管网", ItemCategory.BASIC, CostKey.HOUSEHOLD, 260),
    ("stairs", "楼道与照明", ItemCategory.BASIC, CostKey.HOUSEHOLD, 110),
    ("shelter", "车棚与充电桩", ItemCategory.IMPROVEMENT, CostKey.AREA, 80),
)
"""Id, title, category, key, and part of the budget in permille."""


class Work(Value):
    """A piece of the works that is inspected on its own, and its part of the estimate."""

    id: str
    title: str
    permille: int
    concealed: bool = False


WORKS = (
    Work(id="pipes-drains", title="埋地排水管", permille=150, concealed=True),
    Work(id="pipes-risers", title="楼内立管", permille=110),
    Work(id="roof", title="屋面防水", permille=170),
    Work(id="facade-north", title="北侧外墙", permille=190),
    Work(id="facade-south", title="南侧外墙", permille=190),
    Work(id="stairs", title="楼道粉刷与扶手", permille=70),
    Work(id="stairs-lighting", title="楼道照明", permille=40),
    Work(id="shelter", title="车棚与充电桩", permille=80),
)
"""In the order in which they are done; as many in an estate of any size."""


def scheme_content(figures: Figures) -> SchemeContent:
    """The whole scheme (改造方案) for an estate of that area."""
    return SchemeContent(
        items=_items(figures.budget_fen),
        funding=(
            Funding(
                id="subsidy",
                source=FundingSource.SUBSIDY,
                amount_fen=figures.budget_fen * money.SUBSIDY_PERMILLE // 1_000,
                permille=money.SUBSIDY_PERMILLE,
            ),
        ),
        motions=_motions(),
        owner_instalments_permille=money.OWNER_INSTALMENTS_PERMILLE,
        rounding=Rounding.WHOLE_BILL,
        tender=TenderPlan(
            estimate_fen=figures.estimate_fen,
            ceiling_fen=figures.ceiling_fen,
            bid_bond_fen=figures.bond_fen,
            contingency_permille=money.CONTINGENCY_PERMILLE,
            retention_permille=money.RETENTION_PERMILLE,
            instalments_permille=money.TENDER_INSTALMENTS_PERMILLE,
        ),
        works=_works(figures.estimate_fen),
        targets=(
            Target(indicator="satisfaction", numerator=85, denominator=100),
            Target(indicator="first_pass", numerator=85, denominator=100),
        ),
    )


def _motions() -> tuple[Motion, ...]:
    return (
        Motion(
            id=MAIN_MOTION,
            title="改造方案 / renovation scheme",
            kind=MotionKind.MAJOR,
            matter=Matter.REBUILD,
        ),
        Motion(
            id=FUND_MOTION,
            title="费用分摊 / sharing of the cost",
            kind=MotionKind.MAJOR,
            matter=Matter.FUND_RAISE,
            depends_on=MAIN_MOTION,
        ),
    )


def _items(budget_fen: int) -> tuple[CostItem, ...]:
    """Together the budget, to the fen: the first item carries what the parts leave over."""
    costs = [budget_fen * permille // 1_000 for *_, permille in ITEMS]
    costs[0] += budget_fen - sum(costs)
    return tuple(
        CostItem(
            id=name,
            title=title,
            category=category,
            cost_fen=cost,
            key=key,
            optional=category is ItemCategory.IMPROVEMENT,
            priority=int(category is ItemCategory.IMPROVEMENT),
        )
        for (name, title, category, key, _), cost in zip(ITEMS, costs, strict=True)
    )


def _works(estimate_fen: int) -> tuple[PlannedWork, ...]:
    """Together the estimate, to the fen: the last work carries what the parts leave over."""
    values = [estimate_fen * work.permille // 1_000 for work in WORKS]
    values[-1] += estimate_fen - sum(values)
    return tuple(
        PlannedWork(id=work.id, title=work.title, concealed=work.concealed, value_fen=value)
        for work, value in zip(WORKS, values, strict=True)
    )
