from datetime import UTC, datetime, timedelta

import pytest

from rules.sending import NOTICES, WEBHOOKS, Patience, next_try, pause_after

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("patience", [NOTICES, WEBHOOKS])
def test_the_pauses_double_and_end_at_the_longest(patience: Patience) -> None:
    pauses = [pause_after(patience, failures) for failures in range(1, 40)]
    assert pauses[:3] == [patience.first_pause * times for times in (1, 2, 4)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == patience.longest_pause


@pytest.mark.parametrize("patience", [NOTICES, WEBHOOKS])
def test_it_is_given_up_at_the_end_and_not_before(patience: Patience) -> None:
    begun = NOW - patience.given_up_after
    assert next_try(patience, 3, begun, NOW) is None
    later = next_try(patience, 3, begun + timedelta(seconds=1), NOW)
    assert later == NOW + 4 * patience.first_pause
