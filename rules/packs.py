"""The dated law of owners' votes (业主共同决定), as data; a later change of law is a new entry.

A pack is never edited once a renovation has begun under it. 以上 includes the number itself, 过半数
is strictly more than half (Civil Code art. 1259).
"""

from datetime import date
from fractions import Fraction
from typing import Literal

from models.values.decision import Operator
from models.values.voting import Condition, VotingPack

Dimension = Literal["head", "area"]
_DIMENSIONS: tuple[Dimension, ...] = ("head", "area")

_TWO_THIRDS = Fraction(2, 3)
_THREE_QUARTERS = Fraction(3, 4)
_HALF = Fraction(1, 2)


def _both(
    name: str,
    value: Literal["yes", "participating"],
    op: Operator,
    fraction: Fraction,
    of: Literal["all", "participating"],
    article: str,
) -> tuple[Condition, ...]:
    """The same test in heads (人数) and in area (专有部分面积): both must hold."""
    return tuple(
        Condition(
            code=f"voting.{name}.{dimension}",
            dimension=dimension,
            value=value,
            op=op,
            fraction=fraction,
            of=of,
            article=article,
        )
        for dimension in _DIMENSIONS
    )


def _civil_code(
    pack_id: str, region: str, valid_from: date, local: str = "", mandates: int | None = None
) -> VotingPack:
    article = f"Civil Code art. 278(2){local}"
    return VotingPack(
        id=pack_id,
        region=region,
        valid_from=valid_from,
        quorum=_both("quorum", "participating", ">=", _TWO_THIRDS, "all", article),
        ordinary=_both("approve", "yes", ">", _HALF, "participating", article),
        major=_both("approve", "yes", ">=", _THREE_QUARTERS, "participating", article),
        text=(
            "业主共同决定事项，应当由专有部分面积占比三分之二以上的业主且人数占比三分之二以上的业主"
            "参与表决。决定前款第六项至第八项规定的事项，应当经参与表决专有部分面积四分之三以上的"
            "业主且参与表决人数四分之三以上的业主同意。决定前款其他事项，应当经参与表决专有部分"
            "面积过半数的业主且参与表决人数过半数的业主同意。"
        ),
        mandates_per_agent=mandates,
    )


_PROPERTY_LAW = "Property Law art. 76 (repealed)"

PACKS: tuple[VotingPack, ...] = (
    VotingPack(
        id="CN-2007",
        region="CN",
        valid_from=date(2007, 10, 1),
        valid_until=date(2020, 12, 31),
        quorum=(),
        ordinary=_both("approve", "yes", ">", _HALF, "all", _PROPERTY_LAW),
        major=_both("approve", "yes", ">=", _TWO_THIRDS, "all", _PROPERTY_LAW),
        text=(
            "决定前款第五项和第六项规定的事项，应当经专有部分占建筑物总面积三分之二以上的业主且占"
            "总人数三分之二以上的业主同意。决定前款其他事项，应当经专有部分占建筑物总面积过半数的"
            "业主且占总人数过半数的业主同意。"
        ),
    ),
    _civil_code("CN-2021", "CN", date(2021, 1, 1)),
    # Weifang adds at most three mandates per agent (art. 32). The day is that of the text of the
    # regulation, on which the rule book relies; the thresholds are the national ones.
    _civil_code(
        "CN-3707-2022",
        "CN-3707",
        date(2022, 1, 21),
        local="; Weifang Property Management Regs art. 31",
        mandates=3,
    ),
)
"""Every pack, oldest first within its region."""
