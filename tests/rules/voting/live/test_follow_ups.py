from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.values.voting import FollowUpTerms, Motion, SecondVote, Tally
from rules.voting import is_late, pack_for, second_period, terms_of
from rules.voting.live.follow_ups import put_again, second_vote
from rules.voting.packs import rule_of, ruled

PARIS = "Europe/Paris"
FORTNIGHT = timedelta(days=15)
FRANCE = pack_for("FR-2020")


def moment(day: int, hour: int = 0) -> datetime:
    """In June 2026, in Paris; the midnight with which a day begins."""
    return datetime(2026, 6, day, hour, tzinfo=ZoneInfo(PARIS)).astimezone(UTC)


def tally(yes: int, no: int, *, heads: int = 0, against: int = 0) -> Tally:
    """Shares of 1,000 and heads of 50; everybody who voted is present."""
    return Tally(
        roll_heads=50,
        roll_area_dm2=5_000,
        roll_shares=1_000,
        participating_heads=heads + against,
        participating_area_dm2=0,
        participating_shares=yes + no,
        yes_heads=heads,
        yes_area_dm2=0,
        yes_shares=yes,
        no_heads=against,
        no_area_dm2=0,
        no_shares=no,
        abstain_heads=0,
        abstain_area_dm2=0,
        abstain_shares=0,
        present_heads=heads + against,
        present_area_dm2=0,
        present_shares=yes + no,
    )


def found(motion: Motion, numbers: Tally) -> tuple[bool, str]:
    """Whether it passes, and the rule of the second vote."""
    result = ruled(FRANCE, motion, numbers)
    second = second_vote(result)
    return result.verdict == "PASS", "" if second is None else second.rule


@pytest.mark.parametrize(
    ("yes", "no", "expected"),
    [
        (510, 100, (True, "")),
        (400, 500, (False, "FR.24")),
        (333, 0, (False, "")),
        (334, 0, (False, "FR.24")),
    ],
)
def test_25_is_open_to_24_from_a_third_of_all_voices(
    yes: int, no: int, expected: tuple[bool, str]
) -> None:
    works = Motion(id="m", title="m", matter="improvement")
    assert found(works, tally(yes, no, heads=20, against=20)) == expected


def test_after_26_the_second_vote_is_of_25_and_opens_no_third() -> None:
    sale = Motion(id="m", title="m", matter="disposal")
    # Half of those present and a third of all voices (26-1); 400 of 1,000 are no majority of all.
    first = tally(400, 300, heads=20, against=20)
    assert found(sale, first) == (False, "FR.25")
    second = second_vote(ruled(FRANCE, sale, first))
    assert second is not None
    again = put_again(sale, second)
    assert rule_of(FRANCE, again).id == "FR.25"
    assert found(again, first) == (False, "")
    assert found(again, tally(501, 300, heads=20, against=20)) == (True, "")
    few = tally(400, 300, heads=19, against=21)
    assert found(sale, few) == (False, "")


def second(**terms: int) -> SecondVote:
    return SecondVote.model_validate(
        {"kind": "second_call", "rule": "r", "after": "a", "article": "x", **terms}
    )


def test_a_box_keeps_the_terms_of_all_its_motions() -> None:
    terms = terms_of(
        [second(earliest_days=1, latest_days=10), second(latest_days=8, notice_days=3)]
    )
    assert terms == FollowUpTerms(
        kind="second_call", earliest_days=1, latest_days=8, notice_days=3, article="x"
    )
    assert terms_of([]) is None
    alone = terms_of([second()])
    assert alone is not None
    assert not alone.by_law


@pytest.mark.parametrize(
    ("terms", "opens", "closes"),
    [
        # The first vote ends with June 3. At once: in the same meeting.
        (second(latest_days=0), moment(4), moment(5)),
        # Italy: from the next day to ten days later.
        (second(earliest_days=1, latest_days=10), moment(4), moment(14)),
        # Spain: three days' notice, within eight days.
        (second(earliest_days=0, latest_days=8, notice_days=3), moment(8), moment(12)),
    ],
)
def test_a_second_vote_is_open_within_its_natural_days(
    terms: SecondVote, opens: datetime, closes: datetime
) -> None:
    box = terms_of([terms])
    assert box is not None
    open_for = timedelta(hours=24) if box.at_once else FORTNIGHT
    assert second_period(box, moment(4), moment(4), open_for, PARIS) == (opens, closes)


@pytest.mark.parametrize(
    ("latest", "day", "late"), [(8, 11, False), (8, 12, True), (0, 4, False), (0, 5, True)]
)
def test_after_its_last_day_a_second_vote_is_not_held(latest: int, day: int, late: bool) -> None:
    box = terms_of([second(latest_days=latest)])
    assert box is not None
    assert is_late(box, moment(4), moment(day), PARIS) is late
    alone = terms_of([second()])
    assert alone is not None
    assert not is_late(alone, moment(4), moment(28), PARIS)


def test_where_nothing_is_left_of_its_time_it_would_close_before_it_opens() -> None:
    box = terms_of([second(latest_days=8, notice_days=3)])
    assert box is not None
    opens, closes = second_period(box, moment(4), moment(11), FORTNIGHT, PARIS)
    assert closes < opens
