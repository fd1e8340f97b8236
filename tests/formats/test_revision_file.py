import json

import pytest

from formats.renovation_file.reading import check_scheme, read_revision, share_units
from models.values.refusal import Problem, Refused
from models.values.timetable import Timetable
from rules.voting import pack_for
from runtime.language.sentences import sentence
from tests.formats.test_renovation_file import EXAMPLE, as_yaml, changed, example_roll, file

PACK = pack_for("CN-2021")


def problems(text: str) -> list[Problem]:
    with pytest.raises(Refused) as refusal:
        read_revision(text.encode(), "revised.yaml")
    return list(refusal.value.problems)


def section() -> dict:
    scheme: dict = file()["scheme"]
    return scheme


def checked(scheme: dict, budget_fen: int = 96_000_000) -> list[Problem]:
    """What the case and its roll say of the scheme of a file."""
    read = read_revision(json.dumps({"scheme": scheme}).encode(), "e.json").scheme
    units = share_units(example_roll())
    try:
        check_scheme(read, budget_fen, Timetable(), units, "roll.csv", PACK)
    except Refused as refused:
        return list(refused.problems)
    return []


def test_the_section_of_a_renovations_file_is_a_revision_with_or_without_its_name() -> None:
    alone = read_revision(as_yaml(section()).encode(), "e.yaml")
    named = read_revision(as_yaml({"scheme": section()}).encode(), "e.yaml")
    assert alone == named
    assert checked(section()) == []


def test_a_field_is_named_with_file_line_and_what_is_expected() -> None:
    text = EXAMPLE[EXAMPLE.index("scheme:") : EXAMPLE.index("# A training case")]
    wrong = text.replace("cost_fen: 24000000", "cost_fen: much")
    (only,) = problems(wrong)
    assert (only.code, only.where) == (
        "opening.not_an_integer",
        "revised.yaml line 3, scheme.items[0].cost_fen",
    )
    assert "%(" not in sentence(only)


def test_the_lines_of_a_section_alone_are_its_own() -> None:
    text = "items:\n  - { id: roof, title: Roof, category: basic, cost_fen: much }\n"
    first = problems(text)[0]
    assert first.where.startswith("revised.yaml line ")
    assert any("scheme.items[0].cost_fen" in each.where for each in problems(text))


def test_what_a_revision_does_not_change_is_refused_in_its_file() -> None:
    told = problems(as_yaml({"scheme": section(), "estate": "Elsewhere"}))
    assert [(each.code, each.params["field"]) for each in told] == [
        ("opening.field_unknown", "estate")
    ]


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ("works.0.building", "9", "opening.building_unknown", "scheme.works[0].building"),
        (
            "items.0.payers",
            {"scope": "listed", "units": ["x"]},
            "cost_sharing.payer_unknown",
            "scheme.items[0]",
        ),
        (
            "tender.retention_permille",
            "31",
            "opening.retention_too_high",
            "scheme.tender.retention_permille",
        ),
        (
            "tender.bid_bond_fen",
            "1760001",
            "opening.bid_bond_too_high",
            "scheme.tender.bid_bond_fen",
        ),
    ],
)
def test_a_revised_scheme_is_checked_as_an_opening_is(path, value, code, where) -> None:
    (only,) = checked(changed(path, value, section()))
    assert (only.code, only.where) == (code, where)


def test_the_budget_of_the_case_has_to_cover_it() -> None:
    told = checked(section(), 91_000_000)
    assert [each.code for each in told] == [
        "opening.budget_short",
        "opening.ceiling_above_budget",
    ]


def test_texts_that_no_database_stores_are_refused_with_their_field() -> None:
    read = read_revision(as_yaml(section()).encode(), "e.yaml").scheme
    item = read.items[0].model_copy(update={"title": "Roof\0"})
    bad = read.model_copy(update={"items": (item, *read.items[1:])})
    with pytest.raises(Refused) as refusal:
        check_scheme(bad, 96_000_000, Timetable(), share_units(example_roll()), "roll.csv", PACK)
    (only,) = refusal.value.problems
    assert (only.code, only.where) == ("opening.unreadable", "scheme.items[0].title")
