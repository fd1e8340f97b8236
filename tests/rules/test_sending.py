from datetime import UTC, datetime, timedelta

import pytest

from rules.sending import NOTICES, WEBHOOKS, RetryPlan, next_try, pause_after

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("plan", [NOTICES, WEBHOOKS])
def test_the_pauses_double_and_end_at_the_longest(plan: RetryPlan) -> None:
    pauses = [pause_after(plan, failures) for failures in range(1, 40)]
    assert pauses[:3] == [plan.first_pause * times for times in (1, 2, 4)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == plan.longest_pause


@pytest.mark.parametrize("plan", [NOTICES, WEBHOOKS])
def test_it_is_given_up_at_the_end_and_not_before(plan: RetryPlan) -> None:
    begun = NOW - plan.given_up_after
    assert next_try(plan, 3, begun, NOW) is None
    later = next_try(plan, 3, begun + timedelta(seconds=1), NOW)
    assert later == NOW + 4 * plan.first_pause
