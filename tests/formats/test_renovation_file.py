import copy
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from formats.file_mapping import in_words, read_mapping, words
from formats.renovation_file.reading import check_together, read_renovation
from formats.roll import read_roll
from models.files.roll import Roll
from models.values.bidding import BenchmarkTerms
from models.values.refusal import Problem, Refused
from models.values.timetable import Period
from runtime.language.sentences import sentence
from tests.support.slow import examples

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLE = (EXAMPLES / "estate.yaml").read_text(encoding="utf-8")
LIFT = 2
"""The place of the lift in the example's items."""


def file() -> dict:
    return YAML(typ="base", pure=True).load(EXAMPLE)


def changed(path: str, value: object, example: dict | None = None) -> dict:
    """The example with one part replaced; DELETE takes it out."""
    content = copy.deepcopy(example) if example else file()
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    part = content
    for step in parents:
        part = part[step]
    if value is DELETE:
        del part[last]
    else:
        part[last] = value
    return content


DELETE = object()


def asked(scope: dict) -> list[dict]:
    """One motion, put to the owners of a scope."""
    return [{"id": "lift", "title": "Lift", "kind": "major", "scope": scope}]


def as_yaml(content: dict) -> str:
    """JSON is YAML, in one line."""
    return json.dumps(content, ensure_ascii=False)


def problems(content: dict | str | bytes, name: str = "estate.yaml") -> list[Problem]:
    text = as_yaml(content) if isinstance(content, dict) else content
    with pytest.raises(Refused) as refusal:
        read_renovation(text if isinstance(text, bytes) else text.encode(), name)
    return list(refusal.value.problems)


def codes(content: dict | str | bytes, name: str = "estate.yaml") -> list[str]:
    return [problem.code for problem in problems(content, name)]


def example_roll() -> Roll:
    return read_roll((EXAMPLES / "roll.csv").read_bytes(), "roll.csv")


def test_the_example_of_the_documentation_opens() -> None:
    read = read_renovation(EXAMPLE.encode(), "estate.yaml")
    check_together(read, example_roll())
    assert read.place_path == "990101/990101900/990101900901/990101900901-g3"
    assert read.path_of("street_office") == "990101/990101900"
    assert read.sandbox is not None
    assert read.sandbox.clock == "told"


def test_json_says_the_same_as_yaml() -> None:
    data = json.dumps(file()).encode()
    assert read_renovation(data, "e.json") == read_renovation(EXAMPLE.encode(), "e.yaml")


def test_numbers_and_decimals_are_exact_without_quotes() -> None:
    weights = [
        floor.weight
        for floor in read_renovation(EXAMPLE.encode(), "e.yaml").scheme.items[LIFT].floors
    ]
    assert weights == [0, Fraction(1, 2), 1, Fraction(11, 10)]


@pytest.mark.parametrize("sandbox", ['{ day_s: "0.25" }', "{ day_s: x, clock: told }", "{day_s: }"])
def test_a_sandbox_whose_time_runs_by_itself_is_refused_with_what_to_write(sandbox: str) -> None:
    text = EXAMPLE.replace("sandbox: { clock: told }", f"sandbox: {sandbox}")
    (only,) = problems(text)
    line = text[: text.index("sandbox:")].count("\n") + 1
    assert (only.code, only.where) == (
        "opening.day_s_gone",
        f"estate.yaml line {line}, sandbox.day_s",
    )
    assert "sandbox: { clock: told }" in sentence(only)
    assert "sandbox: { clock: told }" in sentence(only, "zh_CN")


def test_unit_numbers_keep_their_zeros() -> None:
    payers = {"scope": "listed", "units": "UNITS"}
    text = as_yaml(changed("scheme.items.0.payers", payers)).replace('"UNITS"', "[0101, 010]")
    read = read_renovation(text.encode(), "estate.yaml")
    assert read.scheme.items[0].payers.units == ("0101", "010")


def test_a_timetable_may_be_more_patient_than_the_law() -> None:
    read = read_renovation(
        as_yaml(changed("timetable", {"vote_notice": {"days": 20}})).encode(), "estate.yaml"
    )
    assert read.timetable.vote_notice == Period(days=20)


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        ("colour", "red", "opening.field_unknown", "colour"),
        ("scheme.colour", "red", "opening.field_unknown", "scheme.colour"),
        ("scheme.items.0.colour", "red", "opening.field_unknown", "scheme.items[0].colour"),
        ("timetable", {"vote_notise": {"days": 20}}, "opening.field_unknown", "vote_notise"),
        ("timetable", {"tender_notice": {"days": 5}}, "opening.period_dropped", "tender_notice"),
        ("title", DELETE, "opening.field_missing", "estate.yaml"),
        ("title", " ", "opening.field_invalid", "title"),
        ("title", "x" * 201, "opening.field_invalid", "title"),
        ("title", ["x"], "opening.field_invalid", "title"),
        ("officials", "x", "opening.not_a_list", "officials"),
        ("scheme", "x", "opening.not_a_mapping", "scheme"),
        ("synthetic", "perhaps", "opening.not_yes_or_no", "synthetic"),
        ("ends_on", "2026-03-01", "opening.ends_before_start", "ends_on"),
        ("ends_on", "2026-02-30", "opening.not_a_date", "ends_on"),
        ("ends_on", "9999-01-01", "opening.year", "ends_on"),
        ("budget_fen", "-1", "opening.field_invalid", "budget_fen"),
        ("budget_fen", "12.50", "opening.field_invalid", "budget_fen"),
        ("scheme.items.0.cost_fen", "-1", "opening.must_be_at_least", "scheme.items[0].cost_fen"),
        ("scheme.items.0.payers", {"building": "1"}, "opening.payers_unused", "payers.building"),
        (
            "scheme.items.0.payers",
            {"scope": "building", "building": "1", "units": ["1-101"]},
            "opening.payers_unused",
            "scheme.items[0].payers.units",
        ),
        ("scheme.items.0.key", "magic", "opening.not_one_of", "scheme.items[0].key"),
        ("scheme.tender.bid_bond_fen", "1760001", "opening.bid_bond_too_high", "bid_bond_fen"),
        ("scheme.tender.ceiling_fen", "96000001", "opening.ceiling_above_budget", "ceiling_fen"),
        ("scheme.tender.method", "dice", "opening.method_unknown", "scheme.tender.method"),
        (
            "scheme.tender.method",
            "comprehensive_benchmark",
            "bidding.benchmark_given",
            "scheme.tender.benchmark",
        ),
        ("scheme.tender.ties", ["dice"], "opening.not_one_of", "scheme.tender.ties[0]"),
        ("scheme.tender.benchmark", {"above": "much"}, "opening.field_invalid", "benchmark.above"),
        ("scheme.tender.benchmark", {"above": "1_5"}, "opening.field_invalid", "benchmark.above"),
        ("scheme.tender.instalments_permille", ["999"], "opening.instalments_sum", "permille"),
        ("scheme.owner_instalments_permille", [], "opening.instalments_sum", "permille"),
        ("scheme.owners_limit_fen", "-5", "opening.must_be_at_least", "scheme.owners_limit_fen"),
        ("scheme.owners_limit_fen", "9" * 17, "opening.number_too_large", "owners_limit_fen"),
        ("scheme.motions", [], "opening.list_empty", "scheme.motions"),
        ("scheme.works", [], "opening.list_empty", "scheme.works"),
        ("scheme.motions.1.depends_on", "nothing", "opening.motion_unknown", "[1].depends_on"),
        ("scheme.motions.1.depends_on", "costs", "opening.motion_circle", "[1].depends_on"),
        ("scheme.motions", asked({"building": "1"}), "opening.scope_too_much", "scope.building"),
        (
            "scheme.motions",
            asked({"kind": "entrance", "building": "1"}),
            "opening.scope_missing",
            "scheme.motions[0].scope.entrance",
        ),
        ("scheme.motions.1.kind", "ordinary", "opening.motion_kind", "scheme.motions[1].kind"),
        ("scheme.funding.1.items", ["nothing"], "opening.item_unknown", "funding[1].items[0]"),
        ("scheme.items.1.motion", "nothing", "opening.motion_unknown", "items[1].motion"),
        ("scheme.items.1.choice", "red", "opening.choice_alone", "items[1].choice"),
        ("scheme.works.1.item", "nothing", "opening.item_unknown", "scheme.works[1].item"),
        ("scheme.motions.1.approval", "whole", "opening.approval_unused", "motions[1].approval"),
        ("scheme.works.1.id", "roof-1", "opening.id_twice", "scheme.works[1].id"),
        ("scheme.works.1.id", "a.b", "opening.id_invalid", "scheme.works[1].id"),
        (f"scheme.items.{LIFT}.floors", [], "opening.floors_missing", "scheme.items[2]"),
        (f"scheme.items.{LIFT}.floors.0.weight", "-1", "opening.weight_negative", "weight"),
        (f"scheme.items.{LIFT}.floors.0.floor", "2", "opening.id_twice", "floors[1].floor"),
        (f"scheme.items.{LIFT}.floors.0.weight", "x", "opening.field_invalid", "weight"),
        (f"scheme.items.{LIFT}.key", "floor_percent", "opening.floor_percent_sum", "floors"),
        (f"scheme.items.{LIFT}.key", "area", "opening.floors_unused", "floors"),
        ("scheme.items.0.payers", {"scope": "listed"}, "opening.payers_missing", "payers"),
        ("scheme.items.0.payers", {"scope": "building"}, "opening.payers_missing", "payers"),
        (
            "scheme.items.0.payers",
            {"scope": "entrance", "building": "1"},
            "opening.payers_missing",
            "payers",
        ),
        ("scheme.targets.0.indicator", "满意度", "opening.not_one_of", "targets[0].indicator"),
        ("scheme.levy_limit_fen", "5", "opening.field_unknown", "scheme.levy_limit_fen"),
        (
            "scheme.tender.retention_permille",
            "31",
            "opening.retention_too_high",
            "scheme.tender.retention_permille",
        ),
        (
            "scheme.tender.estimate_fen",
            "92000001",
            "opening.estimate_above_items",
            "scheme.tender.estimate_fen",
        ),
        ("timetable", {"zone": "Mars/Olympus"}, "opening.zone_unknown", "timetable.zone"),
        ("timetable", {"zone": "../../etc"}, "opening.zone_unknown", "timetable.zone"),
        ("timetable", {"vote_notice": {"days": "14"}}, "opening.unlawful", "timetable.vote_notice"),
        ("timetable", {"bid_preparation": {"days": "19"}}, "opening.unlawful", "bid_preparation"),
        ("region", "XX", "opening.region_unknown", "region"),
        ("roll", "../roll.csv", "opening.roll_elsewhere", "roll"),
        ("sandbox", {}, "opening.field_missing", "sandbox.clock"),
        ("sandbox", "told", "opening.not_a_mapping", "sandbox"),
        ("sandbox.clock", "wall", "opening.not_one_of", "sandbox.clock"),
        ("sandbox.speed", "9", "opening.field_unknown", "sandbox.speed"),
        ("officials.0.role", "owner", "opening.role_not_granted", "officials[0].role"),
        ("officials.0.id", "engine", "opening.id_invalid", "officials[0].id"),
        ("officials.0.label", "", "opening.field_invalid", "officials[0].label"),
        ("officials.0.place", "370703", "opening.place_outside", "officials[0].place"),
        ("places.1.id", "a/b", "opening.id_invalid", "places[1].id"),
        ("places.1.level", "grid", "opening.place_chain", "places"),
        ("places.1.name", "", "opening.field_invalid", "places[1].name"),
    ],
)
def test_one_mistake_is_one_problem_at_its_place(path, value, code, where) -> None:
    (only,) = problems(changed(path, value))
    assert only.code == code
    assert only.where.endswith(where)
    assert sentence(only) != code


def test_a_budget_below_the_sum_of_the_items_names_both() -> None:
    found = problems(changed("budget_fen", "91999999"))
    short = next(problem for problem in found if problem.code == "opening.budget_short")
    assert short.params == {"have": 91_999_999, "need": 92_000_000}


def test_an_unlawful_period_is_told_with_both_numbers_and_the_article() -> None:
    (only,) = problems(changed("timetable", {"vote_notice": {"days": "14"}}))
    assert (only.params["have"], only.params["op"], only.params["need"]) == ("14", ">=", "15")
    assert "Property Management Regs art. 14" in sentence(only)


def test_the_same_grant_twice_is_refused() -> None:
    content = file()
    content["officials"].append(copy.deepcopy(content["officials"][0]))
    assert codes(content) == ["opening.grant_twice"]


def test_every_problem_comes_at_once() -> None:
    content = changed("budget_fen", "-1") | {"colour": "red", "ends_on": "2020-01-01"}
    content["timetable"] = {"vote_notice": {"days": "1"}}
    content["scheme"]["items"][0]["colour"] = "red"
    del content["scheme"]["items"][LIFT]["floors"]
    assert set(codes(content)) == {
        "opening.field_unknown",
        "opening.ends_before_start",
        "opening.unlawful",
        "opening.field_invalid",
        "opening.floors_missing",
    }


def test_beyond_100_problems_only_their_number_is_told() -> None:
    found = problems(file() | {f"field{number}": "x" for number in range(130)})
    assert (len(found), found[-1].code, found[-1].params) == (
        101,
        "opening.more_problems",
        {"more": 30},
    )


MENU = {
    "items": [{"id": "lamp", "cost": "5"}],
    "budget": "5",
    "form": "approval",
}
POINTS = MENU | {"form": "cumulative"}
LIMITED = {"min_points": 0, "max_sum_points": 10}
OPTIONS = [{"id": "red", "title": "Red"}, {"id": "blue", "title": "Blue"}]


@pytest.mark.parametrize(
    ("fields", "choice", "found"),
    [
        ({"menu": MENU, "approval": "whole"}, "lamp", []),
        ({"options": OPTIONS}, "blue", []),
        ({"options": OPTIONS[:1]}, "red", ["opening.option_alone"]),
        ({"options": [*OPTIONS, OPTIONS[0]]}, "red", ["opening.id_twice"]),
        (
            {"options": [*OPTIONS, {"id": "abstain", "title": "None"}]},
            "red",
            ["opening.option_taken"],
        ),
        (
            {"options": [*OPTIONS, {"id": "invalid", "title": "None"}]},
            "red",
            ["opening.option_taken"],
        ),
        ({"options": [*OPTIONS, {"id": " ", "title": "None"}]}, "red", ["opening.option_taken"]),
        (
            {"menu": MENU | {"rules": {"min_length": 2}}},
            "lamp",
            ["opening.menu_limits"],
        ),
        (
            {"menu": MENU | {"rules": {"min_sum_cost": 3, "max_sum_cost": 2}}},
            "lamp",
            ["opening.menu_limits"],
        ),
        (
            {"menu": MENU | {"items": []}},
            "lamp",
            ["opening.choice_unknown", "opening.list_empty"],
        ),
        ({"menu": POINTS | {"rules": LIMITED}}, "lamp", []),
        ({"menu": POINTS}, "lamp", ["opening.menu_points"]),
        ({"menu": POINTS | {"rules": {"min_points": 0}}}, "lamp", ["opening.menu_points"]),
        ({"menu": POINTS | {"rules": {"max_sum_points": 9}}}, "lamp", ["opening.menu_points"]),
        (
            {"menu": POINTS | {"rules": LIMITED | {"min_points": -1}}},
            "lamp",
            ["opening.menu_points"],
        ),
        ({"menu": MENU}, "bench", ["opening.choice_unknown"]),
        ({"options": OPTIONS}, "lamp", ["opening.choice_unknown"]),
        ({}, "yes", ["opening.choice_unknown"]),
        ({"options": OPTIONS, "menu": MENU}, "lamp", ["opening.options_and_menu"]),
    ],
)
def test_an_item_names_an_option_or_a_work_that_there_is(fields, choice, found) -> None:
    content = file()
    content["scheme"]["motions"][1] |= fields
    content["scheme"]["items"][1] |= {"motion": "costs", "choice": choice}
    if found:
        assert codes(as_yaml(content)) == found
    else:
        read = read_renovation(as_yaml(content).encode(), "estate.yaml")
        assert read.scheme.items[1].choice == choice


def test_a_weight_that_is_too_long_to_be_carried_is_told_once() -> None:
    (only,) = problems(EXAMPLE.replace("weight: 1.1 ", "weight: 1.10000000000000001 "))
    assert only.code == "opening.number_too_long"
    assert only.where.endswith("scheme.items[2].floors[3].weight")


def test_a_field_is_named_with_its_line() -> None:
    text = EXAMPLE.replace("budget_fen: 96000000", "budget_fen: much")
    line = 1 + EXAMPLE[: EXAMPLE.index("budget_fen: 96000000")].count("\n")
    (only,) = problems(text)
    assert only.where == f"estate.yaml line {line}, budget_fen"


def test_broken_yaml_names_line_and_column() -> None:
    (only,) = problems("title: x\nplaces: [a, b\nestate: y\n")
    assert (only.code, only.where) == ("file.broken", "estate.yaml line 3, column 7")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('title: x\nestate: "\\UFFFFFFFF"\n', 2),
        ("title: x\n---\nestate: y\n", 2),
        ("title: x\nestate: \x07\n", 2),
        ("title: !<\n", 1),
    ],
)
def test_what_no_yaml_file_may_hold_is_broken_at_its_line(text, line) -> None:
    (only,) = problems(text)
    assert (only.code, only.params["line"]) == ("file.broken", line)


def test_every_scalar_is_the_word_that_was_written_and_only_null_is_none() -> None:
    text = (
        "a: 0101\nb: no\nc: 0.250\nd: 2026-03-02\ne: ~\nf: 'null'\ng: !!str null\nh: [on, 0x1F,]\n"
    )
    assert read_mapping(text.encode(), "a.yaml").content == {
        "a": "0101",
        "b": "no",
        "c": "0.250",
        "d": "2026-03-02",
        "e": None,
        "f": "null",
        "g": "null",
        "h": ["on", "0x1F"],
    }


def test_broken_json_names_line_and_column() -> None:
    (only,) = problems('{"title": "x",\n "places" []}', "estate.json")
    assert (only.code, only.where) == ("file.broken", "estate.json line 2, column 11")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "42"])
def test_a_file_that_is_no_mapping_is_refused(text) -> None:
    assert codes(text) == ["file.not_a_mapping"]


@pytest.mark.parametrize("name", ["estate.yaml", "estate.json"])
def test_a_double_key_is_refused(name) -> None:
    text = json.dumps(file()).replace('{"title"', '{"estate": "again", "title"', 1)
    assert codes(text, name) == ["file.key_twice"]


def test_a_double_key_names_both_lines() -> None:
    (only,) = problems(f"{EXAMPLE}\nestate: again\n")
    assert only.where == f"estate.yaml line {EXAMPLE.count(chr(10)) + 2}, estate"
    assert only.params["first"] == 1 + EXAMPLE[: EXAMPLE.index("\nestate:") + 1].count("\n")


def test_aliases_are_refused_before_they_can_grow() -> None:
    assert codes("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n") == ["file.alias"]


@pytest.mark.parametrize("name", ["estate.yaml", "estate.json"])
def test_deep_nesting_is_refused(name) -> None:
    assert codes('{"a": ' + "[" * 900 + "]" * 900 + "}", name) == ["file.too_deep"]


def test_a_file_over_2_megabytes_is_refused() -> None:
    assert codes(b"#" * (2 * 1024 * 1024 + 1)) == ["file.too_large"]


def test_characters_that_no_database_stores_are_refused() -> None:
    text = json.dumps(changed("title", "a\0b"))
    assert codes(text, "estate.json") == ["opening.unreadable"]
    assert codes(json.dumps(changed("title", "\ud800")), "e.json") == ["opening.unreadable"]


def path_of(words: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in words.split("."))


def words_of_the_example() -> list[str]:
    """The path of every word of the example, in a list those of its first entry."""
    found = words(read_mapping(EXAMPLE.encode(), "e").content)
    paths = [path for path, _ in found if all(step in (0, str(step)) for step in path)]
    return list(dict.fromkeys(".".join(map(str, path)) for path in paths))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\0b", "opening.unreadable"),
        ("a\ud800b", "opening.unreadable"),
        ("a\x1bb", "opening.unreadable"),
        ("a\ufffeb", "opening.unreadable"),
        ("a\u202eb", "opening.unseen"),
        ("a\u200bb", "opening.unseen"),
        ("x" * 4_001, "opening.text_too_long"),
    ],
)
def test_no_word_of_a_file_is_unwritable_or_a_trick(value, code) -> None:
    example = file()
    for path in words_of_the_example():
        text = json.dumps(changed(path, value, example))
        found = {problem.code: problem.where for problem in problems(text, "e.json")}
        assert in_words(path_of(path)) in found[code], path


def test_no_number_of_a_file_is_too_large_for_a_column() -> None:
    numbers = [path for path in words_of_the_example() if re.search(r"_fen$|permille|days$", path)]
    assert len(numbers) > 10
    example = file()
    for path in numbers:
        for value in (str(2**70), str(-(2**70)), "1e400"):
            (first, *_) = problems(json.dumps(changed(path, value, example)), "e.json")
            assert sentence(first) != first.code, path


@pytest.mark.parametrize("weight", ["1e999999999", "1/0", "9" * 5_000, "1e-400"])
def test_a_weight_that_cannot_be_written_out_is_refused_at_once(weight) -> None:
    (first, *_) = problems(changed(f"scheme.items.{LIFT}.floors.0.weight", weight))
    assert first.where.endswith("weight")


def test_what_becomes_a_key_of_a_row_is_short() -> None:
    motion = {"id": "colour", "title": "Colour", "kind": "ordinary"}
    options = [{"id": "o" * 65, "title": "Red"}, {"id": "green", "title": "Green"}]
    (only,) = problems(changed("scheme.motions", [{**motion, "options": options}]))
    assert (only.code, only.params["bound"]) == ("opening.text_too_long", 64)
    assert only.where.endswith("scheme.motions[0].options[0].id")


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.yaml", "a.json"]))
def test_whatever_the_bytes_there_is_a_refusal_and_nothing_else(data, name) -> None:
    assert codes(data, name)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.sampled_from(sorted(file())),
    st.recursive(
        st.text(max_size=5) | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
)
def test_whatever_stands_in_a_field_there_is_a_file_or_a_refusal(field, value) -> None:
    answer: object = None
    try:
        answer = read_renovation(json.dumps(file() | {field: value}).encode(), "e.json")
    except Refused as refused:
        answer = refused.problems
    assert answer


def together(content: dict) -> list[Problem]:
    text = as_yaml(content).encode()
    read = read_renovation(text, "estate.yaml")
    with pytest.raises(Refused) as refusal:
        check_together(read, example_roll(), read_mapping(text, "estate.yaml").where)
    for each in refusal.value.problems:
        assert each.where.startswith("estate.yaml line 1, scheme.")
    return list(refusal.value.problems)


STAIRWELL = {"kind": "entrance", "building": "1", "entrance": "1"}


def with_two_scopes() -> dict:
    """The stairwell of building 1 votes on its lift alone; each item says whose motion builds it."""
    content = file()
    content["scheme"]["motions"] += asked(STAIRWELL)
    for number, item in enumerate(content["scheme"]["items"]):
        item["motion"] = "lift" if number == LIFT else "works"
    return content


def test_parts_of_an_estate_may_vote_by_themselves() -> None:
    read = read_renovation(as_yaml(with_two_scopes()).encode(), "estate.yaml")
    check_together(read, example_roll())
    assert [motion.scope.kind for motion in read.scheme.motions] == ["estate", "estate", "entrance"]


def test_where_several_parts_vote_each_item_names_its_motion() -> None:
    (only,) = problems(changed("scheme.items.0.motion", DELETE, with_two_scopes()))
    assert (only.code, only.params) == ("opening.item_without_motion", {"item": "roof"})


def test_no_motion_depends_on_what_others_vote_on() -> None:
    (only,) = problems(changed("scheme.motions.2.depends_on", "works", with_two_scopes()))
    assert only.code == "opening.motion_other_scope"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("scheme.motions.2.scope.entrance", "7", "opening.scope_unknown"),
        ("scheme.motions.2.scope", {"kind": "building", "building": "9"}, "opening.scope_unknown"),
        ("scheme.works.3.occupies", ["1-101", "9-101"], "opening.occupied_unknown"),
    ],
)
def test_who_votes_and_whose_flat_is_occupied_is_on_the_roll(path, value, code) -> None:
    (only,) = together(changed(path, value, with_two_scopes()))
    assert only.code == code
    assert sentence(only) != code


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (
            f"scheme.items.{LIFT}.payers",
            {"scope": "building", "building": "9"},
            "opening.item_without_payers",
        ),
        (
            "scheme.items.0.payers",
            {"scope": "listed", "units": ["9-999"]},
            "cost_sharing.payer_unknown",
        ),
        (f"scheme.items.{LIFT}.floors.0.floor", "9", "cost_sharing.floor_without_weight"),
        ("scheme.works.0.building", "9", "opening.building_unknown"),
    ],
)
def test_what_only_file_and_roll_together_show_is_refused(path, value, code) -> None:
    assert [problem.code for problem in together(changed(path, value))] == [code]


def test_weights_of_zero_for_everybody_are_refused() -> None:
    floors = [{"floor": str(number), "weight": "0"} for number in range(1, 5)]
    (only,) = together(changed(f"scheme.items.{LIFT}.floors", floors))
    assert only.code == "opening.weights_zero"


def with_benchmark(above: str, below: str) -> dict:
    benchmark = {"price_fen": "80000000", "above": above, "below": below}
    tender = {**file()["scheme"]["tender"], "method": "comprehensive_benchmark"}
    return changed("scheme.tender", {**tender, "benchmark": benchmark})


def test_a_benchmark_takes_more_off_above_it_than_below() -> None:
    opened = read_renovation(as_yaml(with_benchmark("1.5", "4/3")).encode(), "estate.yaml")
    terms = opened.scheme.tender.benchmark
    assert terms == BenchmarkTerms(price_fen=80_000_000, above=Fraction(3, 2), below=Fraction(4, 3))
    for above, below in (("1.5", "3/2"), ("1", "2")):
        assert codes(with_benchmark(above, below)) == ["bidding.benchmark_above"]
