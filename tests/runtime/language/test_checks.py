from fractions import Fraction

import pytest

from models.values.decisions.decision import Check, Operator
from runtime.language.checks import check_sentence


def check(
    have: int | None, op: Operator, need: Fraction | int | None, unit: str = "heads"
) -> Check:
    passed = None
    if have is not None and need is not None:
        passed = {">=": have >= need, ">": have > need, "<=": have <= need, "<": have < need}[op]
    return Check(
        code="voting.quorum.head",
        article="Civil Code art. 278(2)",
        have=None if have is None else Fraction(have),
        op=op,
        need=None if need is None else Fraction(need),
        unit=unit,
        passed=passed,
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (check(268, ">=", Fraction(806, 3)), "at least 269 owners needed: 1 owner short"),
        (check(269, ">=", Fraction(806, 3)), "at least 269 owners needed: met"),
        (check(15, ">", 15), "at least 16 owners needed: 1 owner short"),
        (check(12, "<=", Fraction(21, 2)), "at most 10 owners allowed: 2 owners too many"),
        (check(11, "<", 11), "at most 10 owners allowed: 1 owner too many"),
        (check(None, ">=", 3), "not reported; at least 3 owners needed: cannot be judged"),
        (check(3, ">=", None), "3 owners; the bound is not known: cannot be judged"),
        (check(4452264, ">=", 4452265, "area_dm2"), "44,522.64 m²; at least 44,522.65 m² needed"),
        (check(4452264, ">=", 4452265, "area_dm2"), "0.01 m² short"),
        (check(3, ">=", 10, "bids"), "3 bids; at least 10 bids needed: 7 bids short"),
    ],
)
def test_a_stored_check_is_said_with_whole_numbers(found: Check, words: str) -> None:
    said = check_sentence(found)
    assert said.startswith("Enough owners must take part (heads): ")
    assert words in said
    assert said.endswith("(Civil Code art. 278(2)).")


def test_the_same_check_is_said_in_chinese() -> None:
    assert check_sentence(check(268, ">=", Fraction(806, 3)), "zh_CN") == (
        "参与表决的业主人数须达到法定比例：268 人；至少需要 269 人；还差 1 人"
        "（《民法典》第二百七十八条第二款）。"
    )


@pytest.mark.parametrize("op", [">=", ">", "<=", "<"])
def test_short_by_reaches_the_bound_exactly(op: Operator) -> None:
    for have in range(12):
        for need in (Fraction(5), Fraction(16, 3)):
            found = check(have, op, need)
            assert found.short_by is not None
            towards = 1 if op in (">=", ">") else -1
            assert check(have + towards * found.short_by, op, need).passed
            assert (found.short_by == 0) is found.passed
