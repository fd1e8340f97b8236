"""Sentences say moments by the clock of the place: every sentence of the catalogue that has one."""

import re
from collections.abc import Iterator

import pytest

from models.values.refusal import problem
from runtime.language.moments import on_clock
from runtime.language.sentences import _catalogue, sentence

UTC = "2026-12-14T16:00:00.000000+00:00"
MOMENTS = frozenset({"at", "until", "now", "deadline_at", "notice_at", "closes_at", "opens_at"})
"""How parameters are called that are moments."""
_NAMES = re.compile(r"%\((\w+)\)s")


def with_moments() -> Iterator[tuple[str, frozenset[str]]]:
    """Each code whose sentence names a moment, and the names of all that it says."""
    for code, texts in _catalogue("en").items():
        names = frozenset(_NAMES.findall(" ".join(texts)))
        if names & MOMENTS and "%(count)" not in " ".join(texts):
            yield code, names


def test_there_are_such_sentences() -> None:
    codes = dict(with_moments())
    assert len(codes) > 15
    assert {"voting.box_not_open_yet", "quota.used_up"} <= codes.keys()


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "", "2026-12-15 0:00"),
        ("zh_CN", "", "2026年12月15日 0:00"),
        ("en", "Europe/Berlin", "2026-12-14 17:00"),
    ],
)
def test_each_of_them_says_the_moment_by_the_clock_of_the_place(
    language: str, zone: str, said: str
) -> None:
    for code, names in with_moments():
        params = {name: UTC if name in MOMENTS else "1" for name in names}
        told = sentence(on_clock(problem(code, **params), zone), language)
        assert said in told, code
        assert "UTC" not in told, code


def test_it_stays_the_same_moment_and_what_has_an_offset_keeps_it() -> None:
    there = on_clock(problem("quota.used_up", at=UTC), "")
    assert there.params == {"at": "2026-12-15T00:00:00+08:00"}
    kept = problem("quota.used_up", at="2026-12-14T17:00:00+01:00", most=3)
    assert on_clock(kept, "") is kept
    nothing = problem("quota.used_up", most=3)
    assert on_clock(nothing, "Asia/Shanghai") is nothing
