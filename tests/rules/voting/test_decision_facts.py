"""What an input file may say, and how a wrong one is refused: every problem with its field."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.decisions.rules import Amounts, Facts
from models.values.refusal import Refused
from rules.voting.inputs.facts import FIELDS, facts_from, read_object


def read_facts(data: bytes, name: str) -> Facts:
    return facts_from(read_object(data, name), name)


def read(value: object) -> object:
    text = value if isinstance(value, str) else json.dumps(value)
    return read_facts(text.encode(), "vote.json")


def problems(value: object) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as error:
        read(value)
    return [(problem.code, problem.where) for problem in error.value.problems]


def test_what_nobody_has_unless_it_is_said_is_none() -> None:
    facts = read_facts(b'{"all": {"head": 3}}', "x")
    assert (facts.abstain.head, facts.excluded.area, facts.silent_absentee.share) == (0, 0, 0)
    assert facts.yes.head is None
    assert facts.objections_within_7d is None


def test_null_is_unknown_and_so_is_a_dimension_that_is_not_named() -> None:
    facts = read_facts(b'{"abstain": {"head": 3}, "excluded": null, "yes": {"area": null}}', "x")
    assert facts.abstain == Amounts(head=3)
    assert facts.excluded == Amounts()
    assert facts.yes == Amounts()


@pytest.mark.parametrize(
    "text",
    [
        '{"input": {"yes": {"head": 1}}}',
        '{"id": "a", "rule": "FR.24", "note": "", "input": {"yes": {"head": 1}}}',
        '\ufeff{"yes":\r\n{"head": 1}}\r\n',
        '  {"yes": {"head": 1}}\n\n',
    ],
)
def test_a_whole_case_a_byte_order_mark_and_any_line_end_are_read(text: str) -> None:
    assert read_facts(text.encode(), "x").yes == Amounts(head=1)


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ({"all": {"head": -1}}, "decide.number_negative", "all.head"),
        ({"all": {"head": 1.0}}, "decide.value_wrong", "all.head"),
        ('{"all": {"head": 1e3}}', "decide.value_wrong", "all.head"),
        ('{"all": {"head": NaN}}', "decide.value_wrong", "all.head"),
        ('{"all": {"head": Infinity}}', "decide.value_wrong", "all.head"),
        ({"all": {"head": "12"}}, "decide.value_wrong", "all.head"),
        ({"all": {"head": True}}, "decide.value_wrong", "all.head"),
        ({"all": {"head": [1]}}, "decide.value_wrong", "all.head"),
        ({"all": {"head": {}}}, "decide.value_wrong", "all.head"),
        ({"all": {"heads": 1}}, "decide.field_unknown", "all.heads"),
        ({"all": 5}, "decide.value_wrong", "all"),
        ({"al": {"head": 1}}, "decide.field_unknown", "al"),
        ({"participating_unknown": 1}, "decide.value_wrong", "participating_unknown"),
        ({"options": {}}, "decide.value_wrong", "options"),
        ({"options": [1]}, "decide.value_wrong", "options"),
        ({"options": {"a": 1.5}}, "decide.value_wrong", "options.a"),
        ({"options": {"a": 1}, "yes": {"share": 1}}, "decide.options_and", "yes"),
        ('{"all": {"head": %s}}' % ("9" * 101), "decide.number_too_long", "all.head"),
        ('{"all": {"head": %s}}' % ("9" * 9999), "decide.number_too_long", "all.head"),
        ({"all": {"head": 3}, "yes": {"head": 4}}, "decide.more_than", "yes.head"),
        ({"all": {"head": 3}, "excluded": {"head": 4}}, "decide.more_than", "excluded.head"),
        ({"all": {"head": 3}, "present": {"head": 4}}, "decide.more_than", "present.head"),
        ({"all": {"head": 3}, "invalid": {"head": 4}}, "decide.more_than", "invalid.head"),
        (
            {"all": {"head": 9}, "excluded": {"head": 2}, "participating": {"head": 8}},
            "decide.more_than",
            "participating.head",
        ),
        (
            {"all": {"head": 9}, "yes": {"head": 5}, "no": {"head": 5}},
            "decide.more_than",
            "(yes + no + abstain + invalid + silent_absentee).head",
        ),
        (
            {"participating": {"head": 9}, "yes": {"head": 5}, "no": {"head": 5}},
            "decide.more_than",
            "(yes + no + abstain).head",
        ),
        (
            {"present": {"head": 9}, "yes": {"head": 5}, "no": {"head": 5}},
            "decide.more_than",
            "(yes + no + abstain).head",
        ),
        (
            {
                "participating": {"head": 9},
                "yes": {"head": 5},
                "no": {"head": 1},
                "abstain": {"head": 1},
            },
            "decide.sum_differs",
            "participating.head",
        ),
        ({"yes": {"head": 0, "area": 5}}, "decide.weight_without_heads", "yes"),
    ],
)
def test_a_wrong_field_is_named(value: object, code: str, field: str) -> None:
    assert problems(value) == [(code, f"vote.json: {field}")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "decide.json_invalid"),
        ('{"all": {"head": 1}', "decide.json_invalid"),
        ('{"all": {"head": 01}}', "decide.json_invalid"),
        ("[" * 100_000, "decide.json_invalid"),
        ("[]", "decide.not_an_object"),
        ("null", "decide.not_an_object"),
        ('{"input": 1}', "decide.not_an_object"),
        ('{"yes": {"head": 1}, "yes": {"head": 2}}', "decide.key_twice"),
        ('{"yes": {"head": 1, "head": 1}}', "decide.key_twice"),
        ('{"input": {}, "yes": {"head": 1}}', "decide.field_unknown"),
    ],
)
def test_a_file_that_is_not_one_object_is_refused(text: str, code: str) -> None:
    assert {found for found, _ in problems(text)} == {code}


def test_utf_16_is_refused_as_such() -> None:
    with pytest.raises(Refused) as error:
        read_facts('{"all": {}}'.encode("utf-16"), "x")
    assert error.value.problems[0].code == "file.utf_16"


def test_every_problem_is_reported_at_once() -> None:
    found = problems({"all": {"head": -1, "area": 1.5, "x": 1}, "what": 1, "yes": {"head": "1"}})
    assert len(found) == 5


def test_the_whole_input_form_is_known() -> None:
    assert set(FIELDS) >= {"all", "present", "participating", "participating_unknown", "yes", "no"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from((*FIELDS, "head", "area", "share", "input")) | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(Refused):
        read(json.dumps(value))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Refused):
        read_facts(data, "x")
