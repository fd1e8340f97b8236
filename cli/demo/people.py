"""The people of the demo, all made up: owners from a seeded generator, and the officials."""

import random
from collections.abc import Iterator

from cli.demo.figures import BIDS, bidder_id
from models.values.actor import Role
from models.values.base import Value

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰建国志红春梅海燕"
SYNTHETIC = "虚构"
"""Stands in every generated name, so that nobody takes it for a person."""


class Official(Value):
    """Somebody who acts in the demo, and the place for which the role is granted."""

    id: str
    label: str
    role: Role
    place: str
    """district, street_office, community or grid."""


COMMITTEE = Official(
    id="owners-committee", label="业主委员会", role=Role.OWNERS_COMMITTEE, place="grid"
)
GRID_WORKER = Official(id="grid-worker", label="网格员", role=Role.GRID_WORKER, place="grid")
COMMUNITY = Official(
    id="residents-committee", label="社区居委会", role=Role.RESIDENTS_COMMITTEE, place="community"
)
STREET_OFFICE = Official(
    id="street-office", label="街道办事处", role=Role.STREET_OFFICE, place="street_office"
)
BUREAU = Official(
    id="district-bureau", label="区住建局", role=Role.DISTRICT_BUREAU, place="district"
)
SUPERVISOR = Official(id="supervisor-1", label="监理工程师一", role=Role.SUPERVISOR, place="grid")
SECOND_SUPERVISOR = Official(
    id="supervisor-2", label="监理工程师二", role=Role.SUPERVISOR, place="grid"
)
CHIEF_SUPERVISOR = Official(
    id="chief-supervisor", label="总监理工程师", role=Role.CHIEF_SUPERVISOR, place="grid"
)
EVALUATOR = Official(
    id="evaluation-committee", label="评标委员会", role=Role.EVALUATOR, place="district"
)
BANK = Official(id="bank", label="专用账户银行", role=Role.PAYMENT_PROVIDER, place="district")


def officials() -> tuple[Official, ...]:
    """Everybody who holds a role, with the 57 bidders."""
    bidders = tuple(
        Official(
            id=bidder_id(number),
            label=f"{SYNTHETIC}施工企业{number:02d}",
            role=Role.CONTRACTOR,
            place="district",
        )
        for number in range(1, BIDS + 1)
    )
    return (
        COMMITTEE,
        GRID_WORKER,
        COMMUNITY,
        STREET_OFFICE,
        BUREAU,
        SUPERVISOR,
        SECOND_SUPERVISOR,
        CHIEF_SUPERVISOR,
        EVALUATOR,
        BANK,
        *bidders,
    )


def owners(seed: int) -> Iterator[str]:
    """Names without end; a number keeps two people of one name apart."""
    rng = random.Random(f"people-{seed}")  # noqa: S311 - a repeatable demo, no secret
    number = 0
    while True:
        number += 1
        given = "".join(rng.sample(GIVEN, rng.choice((1, 2, 2))))
        yield f"{rng.choice(FAMILY)}{given}（{SYNTHETIC}{number}）"


def official(actor_id: str) -> Official:
    """The one with this actor id."""
    return next(each for each in officials() if each.id == actor_id)
