from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from pydantic import JsonValue

from models.values.bidding import (
    FOUND_OTHERWISE,
    BidFinding,
    BidFlags,
    CommitteeReport,
    Criteria,
    FlagKind,
    Ground,
    Judgement,
    Method,
    RedFlag,
    SealedBid,
)
from models.values.refusal import Refused
from models.values.timetable import Timetable
from rules.bidding import evaluation as law
from rules.bidding.red_flags import red_flags

TIMETABLE = Timetable()
AT = datetime(2026, 3, 20, tzinfo=UTC)
PRICE = Criteria()
SCORED = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=300)


def bid(name: str, price: int, bond: int = 0, account: str = "", **flags: object) -> SealedBid:
    return SealedBid(
        bidder_id=name,
        price_fen=price,
        bond_fen=bond,
        bond_account=account or f"account of {name}",
        submitted_at=AT,
        flags=BidFlags.model_validate(flags),
    )


def found_of(given: SealedBid, seconds: int = 1, bond: int = 0) -> BidFinding:
    return law.admission(
        given,
        ceiling_fen=1_000,
        deadline_seconds=Fraction(seconds),
        criteria=Criteria(bid_bond_fen=bond),
    )


def rejected_for(given: SealedBid, seconds: int = 1, bond: int = 0) -> list[str]:
    return [check.code for check in found_of(given, seconds, bond).decision.failed]


def test_a_sound_bid_at_the_ceiling_is_admitted() -> None:
    assert rejected_for(bid("a", 1_000, bond=20), bond=20) == []


@pytest.mark.parametrize(
    ("given", "code", "ground"),
    [
        (bid("a", 1_001), "bidding.ceiling", Ground.ABOVE_CEILING),
        (bid("a", 0), "bidding.price", Ground.NOT_RESPONSIVE),
    ],
)
def test_the_opening_rejects_by_numbers_and_names_the_ground(
    given: SealedBid, code: str, ground: Ground
) -> None:
    assert rejected_for(given) == [code]
    assert [each.ground for each in law.grounds_of(found_of(given))] == [ground]


@pytest.mark.parametrize(
    "said",
    [
        {"signed": False},
        {"consortium_agreement": False},
        {"qualified": False},
        {"responsive": False},
        {"offers": 2},
        {"offers": "many"},
    ],
)
def test_what_a_bidder_says_of_itself_rejects_nobody(said: dict[str, JsonValue]) -> None:
    given = bid("a", 900).model_copy(update={"flags": law.read_flags(said)})
    assert rejected_for(given) == []


def test_a_bid_without_the_bond_that_was_asked_for_is_rejected() -> None:
    assert rejected_for(bid("a", 900, bond=19), bond=20) == ["bidding.bond"]


def test_a_bond_above_the_legal_limit_is_not_the_bidders_fault() -> None:
    assert rejected_for(bid("a", 900, bond=500), bond=20) == []


def test_a_late_bid_is_not_admitted() -> None:
    assert rejected_for(bid("a", 900), seconds=0) == ["bidding.in_time"]


@pytest.mark.parametrize(
    ("members", "experts", "failed"),
    [
        (5, 4, []),
        (5, 3, ["bidding.committee.experts"]),
        (6, 5, ["bidding.committee.odd"]),
        (7, 5, []),
        (3, 3, ["bidding.committee.members"]),
    ],
)
def test_a_committee_is_odd_large_enough_and_expert(
    members: int, experts: int, failed: list[str]
) -> None:
    assert [check.code for check in law.committee(members, experts).failed] == failed


def test_a_bidder_cannot_evaluate() -> None:
    law.refuse_interested(["e1"], ["b1", "b2"])
    with pytest.raises(Refused) as refused:
        law.refuse_interested(["e1", "b2"], ["b1", "b2"])
    assert refused.value.problems[0].code == "bidding.conflict_of_interest"


def test_bonds_from_one_account_are_a_red_flag() -> None:
    flags = red_flags([bid("a", 10, 1, "X"), bid("b", 17, 1, "x "), bid("c", 29, 1, "Y")])
    assert [(flag.kind, flag.bidders) for flag in flags] == [
        (FlagKind.SAME_BOND_ACCOUNT, ("a", "b"))
    ]


def test_an_account_without_a_bond_shows_nothing() -> None:
    assert red_flags([bid("a", 10, 0, "X"), bid("b", 17, 0, "X")]) == ()


def test_the_same_author_agent_or_staff_is_a_red_flag() -> None:
    flags = red_flags(
        [
            bid("a", 10, author="W", agent="Q", staff=("s1", "s2")),
            bid("b", 17, author="w", agent="R", staff=("s2",)),
            bid("c", 29, agent="Q"),
        ]
    )
    assert [(flag.kind, flag.bidders) for flag in flags] == [
        (FlagKind.SAME_AUTHOR, ("a", "b")),
        (FlagKind.SAME_AGENT, ("a", "c")),
        (FlagKind.SAME_STAFF, ("a", "b")),
    ]


def test_three_prices_with_equal_differences_are_a_red_flag() -> None:
    flags = red_flags([bid("c", 30), bid("a", 10), bid("b", 20), bid("d", 47)])
    assert [(flag.kind, flag.bidders, flag.gap_fen) for flag in flags] == [
        (FlagKind.REGULAR_GAPS, ("a", "b", "c"), 10)
    ]


def test_one_fen_of_difference_breaks_the_pattern() -> None:
    assert red_flags([bid("a", 10), bid("b", 20), bid("c", 31)]) == ()


def test_one_price_twice_is_a_red_flag() -> None:
    flags = red_flags([bid("a", 10), bid("b", 10), bid("c", 31)])
    assert [(flag.kind, flag.bidders) for flag in flags] == [(FlagKind.SAME_PRICE, ("a", "b"))]


def test_a_bid_below_85_percent_of_the_mean_needs_reasons() -> None:
    bids = [bid("a", 800), bid("b", 1_000), bid("c", 1_200)]
    at_the_limit = law.abnormally_low(
        [bid("a", 850), bid("b", 1_000), bid("c", 1_150)], ceiling_fen=1, timetable=TIMETABLE
    )
    assert all(finding.decision.passed for finding in at_the_limit)
    low = law.abnormally_low(bids, ceiling_fen=1, timetable=TIMETABLE)
    assert [(f.bidder_id, f.decision.failed[0].need) for f in low if not f.decision.passed] == [
        ("a", 850)
    ]


def test_a_bid_below_80_percent_of_the_ceiling_needs_reasons() -> None:
    low = law.abnormally_low([bid("a", 799), bid("b", 800)], ceiling_fen=1_000, timetable=TIMETABLE)
    assert [f.decision.passed for f in low] == [False, True]


# What the committee finds.


def judge(
    *bids: SealedBid, flags: tuple[RedFlag, ...] = (), criteria: Criteria = PRICE, **found: object
) -> Judgement:
    report = CommitteeReport.model_validate(found)
    return law.judge(bids, report, flags, criteria, ceiling_fen=1_200, timetable=TIMETABLE)


def refused(*bids: SealedBid, **more: Any) -> list[str]:
    with pytest.raises(Refused) as refusal:
        judge(*bids, **more)
    return [each.code for each in refusal.value.problems]


def ranked(judged: Judgement) -> list[str]:
    return [each.bidder_id for each in judged.ranking.bids]


def grounds(judged: Judgement) -> list[tuple[str, str]]:
    return [(each.bidder_id, each.ground.value) for each in judged.rejections]


FOUR = tuple(
    bid(name, price) for name, price in zip("abcd", (1_000, 1_010, 1_030, 1_100), strict=True)
)
LOW = (bid("low", 500), *FOUR)
OUT = {"bidder_id": "a", "reason": "as the file shows"}
ASKED = {"bidder_id": "low", "question": "how?", "reason": "stock bought last year"}


def test_a_report_that_names_nobody_finds_every_bid_in_order() -> None:
    judged = judge(*FOUR)
    assert (ranked(judged), grounds(judged)) == (list("abcd"), [])
    assert judged.ranking.candidates == ("a", "b", "c")


@pytest.mark.parametrize("ground", sorted(set(Ground) - FOUND_OTHERWISE))
def test_each_ground_of_article_51_rejects_with_its_reason(ground: Ground) -> None:
    judged = judge(*FOUR, rejections=[{**OUT, "ground": ground}])
    assert ranked(judged) == list("bcd")
    (rejection,) = judged.rejections
    assert (rejection.ground, rejection.reason) == (ground, "as the file shows")


@pytest.mark.parametrize("ground", sorted(FOUND_OTHERWISE))
def test_a_ground_that_needs_numbers_or_a_question_is_no_bare_word(ground: Ground) -> None:
    codes = refused(*FOUR, rejections=[{**OUT, "ground": ground}])
    assert codes == ["bidding.ground_found_otherwise"]


def test_prose_rejects_nobody() -> None:
    assert "report" not in CommitteeReport.model_fields


def test_a_finding_has_a_reason_a_known_bidder_and_stands_once() -> None:
    wrong = [
        {**OUT, "ground": "unqualified", "reason": " "},
        {**OUT, "ground": "unqualified"},
        {**OUT, "ground": "not_sealed", "bidder_id": "z"},
    ]
    assert sorted(refused(*FOUR, rejections=wrong)) == [
        "bidding.finding_of_nobody",
        "bidding.finding_twice",
        "bidding.reason_missing",
    ]


def test_a_low_price_is_asked_about_before_anybody_decides() -> None:
    assert refused(*LOW) == ["bidding.low_price_not_asked"]


@pytest.mark.parametrize("bidder", ["low", "c"], ids=["a low one", "not a low one"])
def test_nobody_is_rejected_as_below_cost_who_was_not_asked(bidder: str) -> None:
    word = {"bidder_id": bidder, "question": " ", "reason": "we do not like it"}
    asked = {**ASKED, "answer": "stock", "accepted": True}
    words = [word] if bidder == "low" else [asked, word]
    assert refused(*LOW, low_prices=words) == ["bidding.low_price_no_question"]


def test_a_low_price_without_accepted_reasons_is_below_cost() -> None:
    for answer in ("", "we are cheap"):
        judged = judge(*LOW, low_prices=[{**ASKED, "answer": answer}])
        assert ranked(judged) == list("abcd")
        assert grounds(judged) == [("low", "below_cost")]


def test_a_low_price_with_accepted_reasons_wins() -> None:
    judged = judge(*LOW, low_prices=[{**ASKED, "answer": "stock", "accepted": True}])
    assert judged.ranking.candidates[0] == "low"


def test_silence_is_no_reason() -> None:
    codes = refused(*LOW, low_prices=[{**ASKED, "answer": " ", "accepted": True}])
    assert codes == ["bidding.low_price_unanswered"]


def test_what_a_bidder_says_of_its_low_price_does_not_answer_for_it() -> None:
    said = bid("low", 500, low_price_justified=True, justification="stock")
    assert refused(said, *FOUR) == ["bidding.low_price_not_asked"]


def test_the_mean_is_that_of_the_bids_that_were_not_rejected() -> None:
    # With 10,000 among them the mean would make 1,000 look low.
    high = bid("high", 10_000)
    assert "bidding.low_price_not_asked" in refused(*FOUR, high)
    out = {"bidder_id": "high", "ground": "unqualified", "reason": "no licence"}
    assert ranked(judge(*FOUR, high, rejections=[out])) == list("abcd")


FLAG = RedFlag(kind=FlagKind.SAME_BOND_ACCOUNT, bidders=("a", "b"))
CLEARED = {"kind": "same_bond_account", "bidders": ["b", "a"], "reason": "one bank's own account"}


def test_a_red_flag_needs_a_finding_before_candidates_are_named() -> None:
    assert refused(*FOUR, flags=(FLAG,)) == ["bidding.flag_without_finding"]
    assert ranked(judge(*FOUR, flags=(FLAG,), cleared=[CLEARED])) == list("abcd")


def test_a_red_flag_is_answered_by_rejecting_all_of_its_bids() -> None:
    out = [
        {"bidder_id": name, "ground": "collusion_or_fraud", "reason": "one hand"} for name in "ab"
    ]
    found = {"real": True, "reason": "two firms of one trade"}
    judged = judge(*FOUR, flags=(FLAG,), rejections=out, competition=found)
    assert ranked(judged) == ["c", "d"]
    assert refused(*FOUR, flags=(FLAG,), rejections=out[:1]) == ["bidding.flag_without_finding"]


def test_a_flag_that_nobody_raised_is_not_cleared() -> None:
    assert refused(*FOUR, cleared=[CLEARED]) == ["bidding.flag_unknown"]


def test_too_few_valid_bids_go_on_only_if_they_compete() -> None:
    two = FOUR[:2]
    assert refused(*two) == ["bidding.competition_unfound"]
    real = judge(*two, competition={"real": True, "reason": "both are keen"})
    assert ranked(real) == ["a", "b"]
    none = judge(*two, competition={"real": False, "reason": "one price list"})
    assert ranked(none) == []
    assert grounds(none) == [("a", "no_competition"), ("b", "no_competition")]


def test_nobody_left_needs_no_finding_of_competition() -> None:
    out = [{"bidder_id": name, "ground": "unqualified", "reason": "no"} for name in "abcd"]
    assert judge(*FOUR, rejections=out).ranking.candidates == ()


def test_three_valid_bids_are_enough() -> None:
    assert ranked(judge(*FOUR[:3])) == list("abc")


def test_scores_are_of_valid_bids_in_range_and_complete() -> None:
    wrong = {"a": 1, "b": 1_001, "z": 5}
    assert sorted(refused(*FOUR, criteria=SCORED, technical_milli=wrong)) == [
        "bidding.score_of_nobody",
        "bidding.score_out_of_range",
    ]
    some = {"a": 1, "b": 1_000}
    assert refused(*FOUR, criteria=SCORED, technical_milli=some) == ["bidding.score_missing"] * 2


def test_a_rejected_bid_needs_no_score() -> None:
    out = [{**OUT, "ground": "not_responsive"}]
    scores = {"b": 1, "c": 2, "d": 3}
    judged = judge(*FOUR, criteria=SCORED, technical_milli=scores, rejections=out)
    assert sorted(ranked(judged)) == list("bcd")


def test_an_adjustment_leaves_a_price() -> None:
    assert refused(*FOUR, adjustments_fen={"a": -1_000}) == ["bidding.adjustment_too_low"]
    assert ranked(judge(*FOUR, adjustments_fen={"a": 31, "d": -999})) == ["d", "b", "c", "a"]


def test_equal_bids_wait_for_the_lot() -> None:
    three = (bid("a", 1_000), bid("b", 1_000), bid("c", 1_010))
    assert refused(*three) == ["bidding.tie"]
    judged = judge(*three, lots=["b", "a"])
    assert ranked(judged) == ["b", "a", "c"]
    assert [(tie.first, tie.second, tie.broken_by) for tie in judged.ranking.ties] == [
        ("b", "a", "lot")
    ]
