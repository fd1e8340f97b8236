from datetime import date

import pytest

from formats.file_mapping import read_mapping
from formats.renovation_file.foreseen import file_warnings, officials_of, repealed_law
from formats.renovation_file.reading import read_renovation
from models.values.refusal import Problem
from runtime.language.sentences import sentence
from tests.formats.test_renovation_file import EXAMPLE, as_yaml, changed, file

TODAY = date(2026, 11, 27)
LAW_OF_2007 = date(2020, 3, 2)


def warned(content: dict, today: date = TODAY) -> list[Problem]:
    """The warnings of a file as it is written, each with a sentence in both languages."""
    text = as_yaml(content).encode()
    read = read_renovation(text, "estate.yaml")
    where = read_mapping(text, "estate.yaml").where
    found = list(file_warnings(read, officials_of(read), today, where))
    for each in found:
        assert each.where.startswith("estate.yaml line 1, ")
        for language in ("en", "zh_CN"):
            assert "%(" not in sentence(each, language) != each.code
    return found


def without(role: str) -> dict:
    officials = [each for each in file()["officials"] if each["role"] != role]
    return changed("officials", officials)


def test_the_example_of_the_documentation_has_no_warning() -> None:
    assert warned(file()) == []


@pytest.mark.parametrize(
    ("path", "value", "code", "where", "numbers"),
    [
        (
            "scheme.tender.ceiling_fen",
            "87999999",
            "opening.estimate_above_ceiling",
            "scheme.tender.estimate_fen",
            (88_000_000, 87_999_999),
        ),
        (
            "scheme.works.4.value_fen",
            "5000001",
            "opening.works_above_estimate",
            "scheme.works",
            (88_000_001, 88_000_000),
        ),
        (
            "scheme.funding.0.amount_fen",
            "42000001",
            "opening.funding_above_cost",
            "scheme.funding[0].amount_fen",
            (42_000_001, 42_000_000),
        ),
        (
            "scheme.funding.1.amount_fen",
            "45000001",
            "opening.funding_above_cost",
            "scheme.funding[1].amount_fen",
            (45_000_001, 45_000_000),
        ),
        (
            "scheme.motions.1.menu",
            {"items": [{"id": "lamp", "cost": "6"}], "budget": "5", "form": "approval"},
            "opening.work_above_budget",
            "scheme.motions[1].menu.items[0].cost",
            (6, 5),
        ),
    ],
)
def test_sums_that_do_not_fit_are_told_with_both_numbers(path, value, code, where, numbers) -> None:
    (only,) = warned(changed(path, value))
    assert (only.code, only.where) == (code, f"estate.yaml line 1, {where}")
    assert (only.params["have"], only.params["most"]) == numbers


def test_what_is_promised_together_beyond_the_cost_is_told_once() -> None:
    funding = [
        {"id": "all", "source": "subsidy", "amount_fen": "92000000"},
        {"id": "lift", "source": "subsidy", "amount_fen": "1", "items": ["lift"]},
    ]
    (only,) = warned(changed("scheme.funding", funding))
    assert (only.code, only.params["have"]) == ("opening.funding_above_cost", 92_000_001)
    assert only.where.endswith("scheme.funding")


def test_a_maintenance_fund_without_a_vote_pays_nothing() -> None:
    fund = [{"id": "fund", "source": "maintenance_fund", "amount_fen": "1000"}]
    (only,) = warned(changed("scheme.funding", fund))
    assert (only.code, only.where) == (
        "opening.funding_pays_nothing",
        "estate.yaml line 1, scheme.funding[0]",
    )
    assert warned(changed("scheme.funding", [{**fund[0], "voted": "true"}])) == []


def test_a_gap_above_the_owners_limit_is_told_once_optional_items_are_left_out() -> None:
    # 92.0 m cost, 33.6 m and 15 m from others: 43.4 m stay, 38.4 m without the charging points.
    assert warned(changed("scheme.owners_limit_fen", "38400000")) == []
    (only,) = warned(changed("scheme.owners_limit_fen", "38399999"))
    assert (only.code, only.params) == (
        "opening.gap_above_limit",
        {"missing": 1, "most": 38_399_999},
    )


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("payment_provider", "payments"),
        ("chief_supervisor", "accept_works"),
        ("evaluator", "record_evaluation"),
        ("contractor", "report_item"),
    ],
)
def test_who_is_not_there_yet_is_told_with_what_will_be_missing(role, act) -> None:
    (only,) = warned(without(role))
    assert (only.code, only.where) == ("opening.nobody_yet", "estate.yaml line 1, officials")
    assert only.params["roles"] == role
    assert act in str(only.params["acts"]).split(", ")


def test_an_inspection_needs_one_of_two_engineers() -> None:
    assert warned(without("supervisor")) == []
    both = without("supervisor")
    both["officials"] = [each for each in both["officials"] if each["role"] != "chief_supervisor"]
    told = {str(each.params["roles"]): str(each.params["acts"]) for each in warned(both)}
    assert told.keys() == {"chief_supervisor, supervisor", "chief_supervisor"}
    assert "record_inspection" in told["chief_supervisor, supervisor"].split(", ")
    assert "accept_works" in told["chief_supervisor"].split(", ")


def test_two_contractors_are_too_few_for_a_tender() -> None:
    officials = [each for each in file()["officials"] if each["id"] != "builder-3"]
    (only,) = warned(changed("officials", officials))
    assert (only.code, only.params) == ("opening.few_bidders", {"have": 2, "need": 3})


def test_a_training_case_may_play_under_a_repealed_law_and_is_told() -> None:
    (only,) = warned(changed("starts_on", str(LAW_OF_2007)))
    assert (only.code, only.where) == ("opening.law_repealed", "estate.yaml line 1, starts_on")
    assert only.params == {"day": "2020-03-02", "pack": "CN-2007", "until": "2020-12-31"}


def test_a_law_is_repealed_the_day_after_its_last() -> None:
    read = read_renovation(as_yaml(changed("starts_on", str(LAW_OF_2007))).encode(), "e.yaml")
    assert repealed_law(read, date(2020, 12, 31)) is None
    assert repealed_law(read, date(2021, 1, 1)) is not None


def test_an_end_in_the_past_is_told_in_real_time_only() -> None:
    late = date(2028, 1, 1)
    assert warned(file(), late) == []
    real = {name: value for name, value in file().items() if name != "sandbox"}
    (only,) = warned(real, late)
    assert (only.code, only.where) == ("opening.end_is_past", "estate.yaml line 1, ends_on")
    assert warned(real, date(2027, 12, 31)) == []


def test_a_warning_names_the_line_of_its_field() -> None:
    text = EXAMPLE.replace("ceiling_fen: 92000000", "ceiling_fen: 80000000")
    read = read_renovation(text.encode(), "estate.yaml")
    where = read_mapping(text.encode(), "estate.yaml").where
    (only,) = file_warnings(read, officials_of(read), TODAY, where)
    line = 1 + text[: text.index("estimate_fen")].count("\n")
    assert only.where == f"estate.yaml line {line}, scheme.tender.estimate_fen"


def test_a_period_that_nothing_keeps_yet_is_told_with_its_place() -> None:
    content = changed("timetable", {"defect_repair": {"days": 9}, "vote_notice": {"days": 20}})
    (only,) = warned(content)
    assert (only.code, only.params["field"]) == ("opening.period_waits", "defect_repair")
    assert only.where.endswith("timetable.defect_repair")
