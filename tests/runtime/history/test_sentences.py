"""Every kind of event has its sentence, in both languages, of details that the disclosure knows."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import JsonValue

from models.values.actor import Role
from models.values.refusal import Refused
from rules.disclosure.events import LINES, REDACTED
from rules.history.levels import LEVELS, HistoryLevel
from rules.history.recorded import RecordedEvent
from runtime.history.asked import moment_asked
from runtime.history.entries import history_lines
from runtime.history.figures import figure, text
from runtime.history.sentences import CLAUSE, FIGURE, actor_words, predicate
from tests.support.record.events import event

LANGUAGES = ("en", "zh_CN")
ZONE = "Asia/Shanghai"
EXTRA = {"rule_pack"}
"""What a sentence may name beside details: columns of the event."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_sentence_of_details_that_have_a_reader(language: str) -> None:
    for kind in LEVELS:
        template = text(f"told.{kind}", language, {})
        assert template is not None, kind
        conditions = {condition for _, condition, _ in CLAUSE.findall(template)} - {""}
        names = {part for name in FIGURE.findall(template) for part in name.split(".")}
        assert names | conditions <= LINES.keys() | EXTRA, kind
        assert template.count("[") == template.count("]") == len(CLAUSE.findall(template)), kind


def details_of(names: Iterable[str], value: JsonValue) -> dict[str, JsonValue]:
    """Details of these names, all with the same value; some are within another one."""
    found: dict[str, Any] = {}
    for name in names:
        outer, _, inner = name.partition(".")
        if inner:
            found.setdefault(outer, {})[inner] = value
        else:
            found[outer] = value
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sum_has_its_currency_once(language: str) -> None:
    for kind in LEVELS:
        template = text(f"told.{kind}", language, {}) or ""
        assert not re.search(r"_fen\)s\s*(yuan|元)", template), "a figure of money has its own"


def test_a_detail_within_another_one_is_told_and_left_out_where_it_is_not() -> None:
    shares: JsonValue = {"total_fen": 9_000, "before_fen": 10_000}
    signed = event(1, "bidding.contract_signed", value_fen=5_000, shares=shares)
    said = predicate(signed, "en", ZONE) or ""
    assert said == "signed the contract for ¥50.00; the owners carry ¥90.00, where it was ¥100.00"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [None, 7, True, REDACTED, "x", ["x"], [{}], {}])
def test_no_sentence_shows_a_gap_whatever_the_details_are(value: JsonValue, language: str) -> None:
    for kind in LEVELS:
        names = FIGURE.findall(text(f"told.{kind}", language, {}) or "")
        told = event(1, kind).model_copy(update={"details": details_of(names, value)})
        (line,) = history_lines([told], HistoryLevel.ALL, language, ZONE)
        assert not re.search(r"%\(|[\[\]]|None|redacted", line.sentence), line.sentence


HOSTILE = (
    *("%(nothing)s", "%(rule_pack)s", "%s", "100 %", "[x]", "[!late?x]", "]", "\\1", "{0}"),
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00Z", "</p><script>", "\u202e"),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_whatever_somebody_wrote_is_put_into_the_sentence_as_it_is(
    words: str, language: str
) -> None:
    for kind in LEVELS:
        names = FIGURE.findall(text(f"told.{kind}", language, {}) or "")
        plain, hostile = (
            predicate(
                event(1, kind).model_copy(update={"details": details_of(names, value)}),
                *(language, ZONE),
            )
            for value in ("Zq", words)
        )
        assert plain is not None, kind
        assert hostile == plain.replace("Zq", words), kind


def test_what_is_not_to_be_read_is_left_out() -> None:
    told = event(1, "publication.objection_answered", answer=REDACTED, upheld=False)
    assert predicate(told, "en", ZONE) == "answered an objection and did not uphold it"


def test_figures_are_written_as_people_of_the_place_write_them() -> None:
    assert figure("price_fen", 123_456, "zh_CN", ZONE) == "1,234.56 元"
    assert (
        figure("closes_at", "2026-03-31T16:00:00+00:00", "zh_CN", ZONE)
        == "2026 年 3 月 31 日 24:00"
    )
    assert figure("items", ["a", "b"], "en", ZONE) == "a, b"
    assert figure("items", list("abcdefg"), "en", ZONE) == "a, b, c, d, e and 2 more"
    assert figure("items", [{"item_id": "a"}], "en", ZONE) == "1"
    assert figure("dropped", [], "en", ZONE) is None


def test_a_home_that_is_not_to_be_read_is_a_home() -> None:
    assert actor_words(Role.OWNER, REDACTED, None, "en") == "A home"
    assert actor_words(Role.CONTRACTOR, "Wang", "firm-1", "en") == "Wang (contractor), for firm-1"


def test_a_long_pause_says_what_the_case_waited_through() -> None:
    story: list[RecordedEvent] = [
        event(1, "renovation.opened"),
        event(2, "publication.opened", 1),
        event(3, "publication.objection_filed", 2),
        event(4, "publication.close_looked_at", 9),
        event(5, "voting.result_declared", 9),
    ]
    lines = history_lines(story, HistoryLevel.DECISIONS, "en", ZONE)
    assert [line.seq for line in lines] == [1, 2, 5]
    assert lines[2].idle == (
        "8 days: what was decided was posted for objections; 2 smaller events are not shown"
    )
    assert [line.idle for line in lines[:2]] == ["", ""]
    assert [line.seq for line in history_lines(story, HistoryLevel.ALL, "en", ZONE, after=3)] == [
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("2026-03-31", "2026-04-01T00:00:00+08:00"),
        ("2026-03-31T15:00", "2026-03-31T15:00:00+08:00"),
        ("2026-03-31T15:00+00:00", "2026-03-31T23:00:00+08:00"),
    ],
)
def test_a_day_means_its_end_and_an_hour_that_of_the_place(asked: str, meant: str) -> None:
    found = moment_asked(asked, "as_of", ZONE)
    assert found is not None
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "asked",
    [
        "2026-13-01",
        "x",
        "9999-12-31",
        "2026-03-31T25:00",
        "0001-01-01T00:00",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_is_no_moment_is_refused_by_its_name(asked: str) -> None:
    with pytest.raises(Refused) as refused:
        moment_asked(asked, "as_of", ZONE)
    assert refused.value.problems[0].where == "as_of"
