"""The people of the demo, all made up (虚构): owners from a seeded generator, and the officials."""

import random
from collections.abc import Iterator

from cli.demo.town.figures import BIDS, bidder_id
from models.values.actor import Role
from models.values.base import Value

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰建国志红春梅海燕"
SYNTHETIC = "虚构"
"""Stands in every generated name, so that nobody takes it for a person."""


class DemoOfficial(Value):
    """Somebody who acts in the demo, and the place for which the role is granted."""

    id: str
    label: str
    role: Role
    place: str
    """district, street_office, community or grid."""


def _invented(id_: str, label: str, role: Role, place: str) -> DemoOfficial:
    return DemoOfficial(id=id_, label=f"{label}（{SYNTHETIC}）", role=role, place=place)


COMMITTEE = _invented("owners-committee", "业主委员会", Role.OWNERS_COMMITTEE, "grid")
"""It convenes the vote and moves the clock of the training case."""
GRID_WORKER = _invented("grid-worker", "网格员", Role.GRID_WORKER, "grid")
COMMUNITY = _invented("residents-committee", "社区居委会", Role.RESIDENTS_COMMITTEE, "community")
STREET_OFFICE = _invented("street-office", "街道办事处", Role.STREET_OFFICE, "street_office")
BUREAU = _invented("district-bureau", "区住建局", Role.DISTRICT_BUREAU, "district")
SUPERVISOR = _invented("supervisor-1", "监理工程师一", Role.SUPERVISOR, "grid")
SECOND_SUPERVISOR = _invented("supervisor-2", "监理工程师二", Role.SUPERVISOR, "grid")
CHIEF_SUPERVISOR = _invented("chief-supervisor", "总监理工程师", Role.CHIEF_SUPERVISOR, "grid")
EVALUATOR = _invented("evaluation-committee", "评标委员会", Role.EVALUATOR, "district")
BANK = _invented("bank", "专用账户银行", Role.PAYMENT_PROVIDER, "district")


PORTAL = _invented("city-portal", "市民门户", Role.CITY_PORTAL, "district")
"""Nobody: the city's portal, which signs in for itself with its own keys."""


def officials() -> tuple[DemoOfficial, ...]:
    """Everybody who holds a role, with the bidders."""
    bidders = tuple(
        _invented(bidder_id(number), f"施工企业{number:02d}", Role.CONTRACTOR, "district")
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


def identity_of(name: str) -> str:
    """The number of identity of a generated name: of no country's kind, and its own."""
    return f"XG{int(name.rpartition(SYNTHETIC)[2].rstrip('）')):08d}"


def agent(number: int) -> tuple[str, str]:
    """The name of the agent of this number, who owns nothing here, and the number of identity."""
    return f"代理人{number}（{SYNTHETIC}）", f"XGA{number:07d}"


def owners(seed: int) -> Iterator[str]:
    """Names without end; a number keeps two people of one name apart."""
    rng = random.Random(f"people-{seed}")  # noqa: S311 - a repeatable demo, no secret
    number = 0
    while True:
        number += 1
        given = "".join(rng.sample(GIVEN, rng.choice((1, 2, 2))))
        yield f"{rng.choice(FAMILY)}{given}（{SYNTHETIC}{number}）"


def official(actor_id: str) -> DemoOfficial:
    """The one with this actor id."""
    return next(each for each in officials() if each.id == actor_id)
