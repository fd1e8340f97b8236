"""The second vote of a motion that has failed: bridges (passerelles) and second calls.

A run-off puts two options again under the same rule; a second vote puts a motion again under another.
Both leave what has passed alone, and neither is one more vote of the re-vote limit.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.values.base import Carried
from models.values.decisions.decision import Check
from models.values.decisions.rules import Payers, RuleResult
from models.values.voting import FollowUpTerms, Motion, SecondVote
from rules.time.deadlines import end_of_natural_day


class Standing(Carried):
    """What became of a motion, whoever counted, as far as it says what is put again and who pays."""

    outcome: str
    winner: str | None = None
    named: tuple[str, ...] = ()
    second: SecondVote | None = None
    payers: Payers | None = None


def second_vote(result: RuleResult) -> SecondVote | None:
    """The second vote that the result opens; None where it opens none, or where that is unknown."""
    opened = next((each for each in result.follow_ups if each.open), None)
    if opened is None:
        return None
    follow_up = opened.follow_up
    return SecondVote(
        kind=follow_up.kind,
        rule=follow_up.then,
        after=result.rule,
        earliest_days=follow_up.earliest_days,
        latest_days=follow_up.latest_days,
        notice_days=follow_up.notice_days,
        article=follow_up.article,
        checks=tuple(
            Check.model_validate({name: getattr(check, name) for name in Check.model_fields})
            for check in opened.checks
        ),
    )


def put_again(motion: Motion, second: SecondVote) -> Motion:
    """The motion as the second vote puts it."""
    return motion.model_copy(update={"rule": second.rule, "after": second.after})


def terms_of(seconds: Iterable[SecondVote]) -> FollowUpTerms | None:
    """When the second vote of a box is held: the terms that are lawful for all of its motions."""
    seconds = tuple(seconds)
    if not seconds:
        return None
    latest = [each.latest_days for each in seconds if each.latest_days is not None]
    return FollowUpTerms(
        kind=seconds[0].kind,
        earliest_days=max(each.earliest_days or 0 for each in seconds),
        latest_days=min(latest, default=None),
        notice_days=max(each.notice_days or 0 for each in seconds),
        article="; ".join(dict.fromkeys(each.article for each in seconds)),
    )


def is_late(terms: FollowUpTerms, first_ended: datetime, now: datetime, zone: str) -> bool:
    """Whether the last day of the second vote is over; at once is no day but the same meeting."""
    if not terms.latest_days:
        return terms.at_once and now > first_ended
    last_moment = first_ended - timedelta(microseconds=1)
    return now >= end_of_natural_day(last_moment, terms.latest_days, zone)


def second_period(
    terms: FollowUpTerms, first_ended: datetime, now: datetime, open_for: timedelta, zone: str
) -> tuple[datetime, datetime]:
    """When the box of a second vote opens and closes; days are natural days in `zone`.

    At once it opens now. Else it opens when its notice and the least time after the first vote are
    over, and closes with the last day that the law allows at the latest. It closes before it opens
    where nothing is left of that time.
    """
    if terms.at_once:
        return now, now + open_for
    last_moment = first_ended - timedelta(microseconds=1)
    opens = now
    if terms.notice_days:
        opens = end_of_natural_day(now, terms.notice_days, zone)
    if terms.earliest_days:
        opens = max(opens, end_of_natural_day(last_moment, terms.earliest_days - 1, zone))
    closes = opens + open_for
    if terms.latest_days is not None:
        closes = min(closes, end_of_natural_day(last_moment, terms.latest_days, zone))
    return opens, closes
