from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from proof.canonical import utc_text

MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - zones are added
ZONES = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES)
def test_a_moment_has_one_text_in_whatever_zone_it_is_told(moment, zone) -> None:
    told = moment.replace(tzinfo=UTC)
    text = utc_text(told.astimezone(zone))
    assert text == utc_text(told)
    assert len(text) == len("2026-03-02T01:00:00.000000+00:00")
    assert datetime.fromisoformat(text) == told


@given(MOMENTS, MOMENTS)
def test_texts_sort_like_their_moments(one, other) -> None:
    one, other = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    assert (utc_text(one) < utc_text(other)) is (one < other)
