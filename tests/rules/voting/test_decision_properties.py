"""What holds for every rule of every jurisdiction, whatever the numbers."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.decisions.rules import DIMENSIONS, Amounts, Facts, Rule
from models.values.voting import RollUnit
from rules.checks import compare
from rules.voting import head_groups, pack_for
from rules.voting.inputs.consistency import disagreements
from rules.voting.judging import judged
from rules.voting.law import RULES
from rules.voting.registry import rule_named
from tests.support.slow import examples

MAJOR = rule_named("CN.278.major")
ORDINARY = rule_named("CN.278.ordinary")
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
KNOWN = (
    "all",
    "present",
    "participating",
    "yes",
    "no",
    "abstain",
    "invalid",
    "contested",
    "in_person",
    "silent_absentee",
    "excluded",
)
ORDER = {"FAIL": 0, "INDETERMINATE": 1, "PASS": 2}


def amounts(number: int) -> Amounts:
    return Amounts(head=number, area=number, share=number)


@st.composite
def votes(draw: st.DrawFn, largest: int = 30) -> dict[str, Amounts]:
    """A consistent vote in which heads, area and shares differ."""
    numbers: dict[str, dict[str, int]] = {name: {} for name in KNOWN}
    for dimension in DIMENSIONS:
        # At least one in each group, so that no weight is without a head.
        yes, no, abstain, away, silent, excluded, invalid, contested = (
            draw(st.integers(1, largest)) for _ in range(8)
        )
        numbers["yes"][dimension] = yes
        numbers["no"][dimension] = no
        numbers["abstain"][dimension] = abstain
        numbers["participating"][dimension] = yes + no + abstain
        numbers["present"][dimension] = yes + no + abstain
        numbers["in_person"][dimension] = draw(st.integers(1, yes + no + abstain))
        numbers["invalid"][dimension] = invalid
        numbers["contested"][dimension] = contested
        numbers["silent_absentee"][dimension] = silent
        numbers["excluded"][dimension] = excluded
        returned = yes + no + abstain + invalid + contested
        numbers["all"][dimension] = returned + silent + away + excluded
    return {name: Amounts(**each) for name, each in numbers.items()}


def verdict(rule: Rule, vote: dict[str, Amounts]) -> str:
    # The participation is left to be derived: for ES it includes those who are deemed to agree.
    given = {name: each for name, each in vote.items() if name != "participating"}
    return judged(rule, Facts(**given)).verdict


@EVERY_RULE
@settings(max_examples=examples(60))
@given(vote=votes(), data=st.data())
def test_one_more_yes_never_defeats(rule: Rule, vote: dict[str, Amounts], data: Any) -> None:
    """A no, an abstention or an absentee becomes a yes, in every dimension."""
    source = data.draw(st.sampled_from(("no", "abstain", "silent_absentee")))
    moved = {
        dimension: data.draw(st.integers(1, vote[source].of(dimension))) for dimension in DIMENSIONS
    }

    def shifted(name: str, sign: int) -> Amounts:
        return Amounts(**{d: vote[name].of(d) + sign * moved[d] for d in DIMENSIONS})

    after = {**vote, "yes": shifted("yes", 1), source: shifted(source, -1)}
    if source == "silent_absentee":
        after["present"] = shifted("present", 1)
    assert ORDER[verdict(rule, after)] >= ORDER[verdict(rule, vote)]


@EVERY_RULE
@settings(max_examples=examples(60))
@given(vote=votes(), data=st.data())
def test_one_more_no_instead_of_a_yes_never_carries(
    rule: Rule, vote: dict[str, Amounts], data: Any
) -> None:
    moved = {
        dimension: data.draw(st.integers(1, vote["yes"].of(dimension))) for dimension in DIMENSIONS
    }
    less = Amounts(**{d: vote["yes"].of(d) - moved[d] for d in DIMENSIONS})
    more = Amounts(**{d: vote["no"].of(d) + moved[d] for d in DIMENSIONS})
    after = {**vote, "yes": less, "no": more}
    assert ORDER[verdict(rule, after)] <= ORDER[verdict(rule, vote)]


@EVERY_RULE
@settings(max_examples=examples(80))
@given(vote=votes(), data=st.data())
def test_a_verdict_on_fewer_numbers_holds_when_the_rest_is_known(
    rule: Rule, vote: dict[str, Amounts], data: Any
) -> None:
    """PASS and FAIL are final; only INDETERMINATE changes as numbers become known."""
    strict = rule.model_copy(update={"quorum_unknown": "indeterminate"})
    if data.draw(st.booleans()):
        follow = rule.silence.model_copy(update={"kind": "follow_majority"})
        strict = strict.model_copy(update={"silence": follow})
    hidden = data.draw(
        st.sets(st.tuples(st.sampled_from(KNOWN), st.sampled_from(DIMENSIONS)), min_size=1)
    )
    partial = dict(vote)
    for name, dimension in hidden:
        partial[name] = partial[name].model_copy(update={dimension: None})
    with_all = {name: each for name, each in vote.items() if name != "participating"}
    some = {name: each for name, each in partial.items() if name != "participating"}
    known = judged(strict, Facts(**some)).verdict
    assert known in ("INDETERMINATE", judged(strict, Facts(**with_all)).verdict)


@EVERY_RULE
@settings(max_examples=examples(40))
@given(vote=votes(), factor=st.integers(2, 10**40))
def test_the_unit_of_measurement_is_irrelevant(
    rule: Rule, vote: dict[str, Amounts], factor: int
) -> None:
    """Shares and area in other units, however large the numbers, give the same verdict."""
    scaled = {
        name: Amounts(
            head=each.head,
            area=(each.area or 0) * factor,
            share=(each.share or 0) * factor,
        )
        for name, each in vote.items()
    }
    assert verdict(rule, scaled) == verdict(rule, vote)


@EVERY_RULE
@settings(max_examples=examples(80))
@given(vote=votes())
def test_short_by_is_exactly_what_is_missing(rule: Rule, vote: dict[str, Amounts]) -> None:
    for check in judged(rule, Facts(**vote)).checks:
        assert check.short_by is not None
        assert check.have is not None
        assert check.need is not None
        assert (check.short_by == 0) is check.passed
        towards = 1 if check.op in (">=", ">") else -1
        reached = check.have + towards * check.short_by
        assert compare(reached, check.op, check.need)
        if check.short_by:
            assert not compare(reached - towards, check.op, check.need)


@EVERY_RULE
@settings(max_examples=examples(40))
@given(vote=votes())
def test_the_least_yes_carries_and_one_less_does_not(rule: Rule, vote: dict[str, Amounts]) -> None:
    """Everybody takes part, and nobody abstains."""
    excluded, everybody = vote["excluded"], vote["all"]
    net = {d: (everybody.of(d) or 0) - (excluded.of(d) or 0) for d in DIMENSIONS}
    base = {"all": Amounts(**net), "present": Amounts(**net)}
    needs = judged(rule, Facts(**base)).thresholds.min_yes_if_all_participate
    if any(number > net[dimension] for dimension, number in needs.items()):
        return
    yes = {d: needs.get(d, net[d]) for d in DIMENSIONS}

    def split(agreed: dict[Any, int]) -> Facts:
        return Facts(
            **base,
            yes=Amounts(**agreed),
            no=Amounts(**{d: net[d] - agreed[d] for d in DIMENSIONS}),
        )

    assert judged(rule, split(yes)).approve == "PASS"
    for dimension, number in needs.items():
        if number > 0:
            one_less = {**yes, dimension: number - 1}
            assert judged(rule, split(one_less)).approve == "FAIL"


@settings(max_examples=examples(100))
@given(n=st.integers(1, 10**60), area=st.integers(1, 10**30))
def test_exactly_two_thirds_and_three_quarters_pass_however_large(n: int, area: int) -> None:
    def both(number: int) -> Amounts:
        return Amounts(head=number, area=number * area)

    facts = Facts(all=both(18 * n), yes=both(9 * n), no=both(3 * n))
    assert judged(MAJOR, facts).verdict == "PASS"
    short = facts.model_copy(update={"all": Amounts(head=18 * n, area=18 * n * area + 1)})
    (failed,) = [check for check in judged(MAJOR, short).checks if check.passed is False]
    assert (failed.code, failed.short_by) == ("voting.quorum.area", 1)


@given(n=st.integers(1, 10**60))
def test_a_tie_is_not_a_majority(n: int) -> None:
    tie = Facts(all=amounts(2 * n), present=amounts(2 * n), yes=amounts(n), no=amounts(n))
    for rule_id in ("CN.278.ordinary", "DE.WEG.25", "FR.24", "HK.BMO.general", "TW.32"):
        assert judged(rule_named(rule_id), tie).verdict == "FAIL"
    lost = [check for check in judged(ORDINARY, tie).checks if check.passed is False]
    assert {(check.code, check.short_by) for check in lost} == {
        ("voting.approve.head", 1),
        ("voting.approve.area", 1),
    }


@settings(max_examples=examples(100))
@given(
    areas=st.lists(st.integers(2, 20_000), min_size=1, max_size=8),
    data=st.data(),
)
def test_splitting_a_units_registration_never_changes_its_head(areas: list[int], data: Any) -> None:
    """Two registrations for the same owners are the same head with the same area."""
    pack = pack_for("CN-2021")
    units = [
        RollUnit(number=f"{place:03}", area_dm2=area, owner_key=f"owner{place}")
        for place, area in enumerate(areas)
    ]
    split = data.draw(st.sampled_from(units))
    cut = data.draw(st.integers(1, split.area_dm2 - 1))
    parts = [
        split.model_copy(update={"area_dm2": cut}),
        split.model_copy(update={"number": f"{split.number}-b", "area_dm2": split.area_dm2 - cut}),
    ]
    whole = head_groups(units, pack)
    after = head_groups([unit for unit in units if unit is not split] + parts, pack)
    assert [(each.entry_id, each.heads, each.area_dm2) for each in after] == [
        (each.entry_id, each.heads, each.area_dm2) for each in whole
    ]


@given(vote=votes())
def test_consistent_numbers_are_never_refused(vote: dict[str, Amounts]) -> None:
    assert not list(disagreements(Facts(**vote), "vote"))


@settings(max_examples=examples(60))
@given(vote=votes(), data=st.data())
def test_more_of_anybody_than_the_roll_is_always_refused(
    vote: dict[str, Amounts], data: Any
) -> None:
    name = data.draw(st.sampled_from([name for name in KNOWN if name != "all"]))
    dimension = data.draw(st.sampled_from(DIMENSIONS))
    above = (vote["all"].of(dimension) or 0) + data.draw(st.integers(1, 10**20))
    wrong = {**vote, name: vote[name].model_copy(update={dimension: above})}
    fields = [problem.params["field"] for problem in disagreements(Facts(**wrong), "vote")]
    assert f"{name}.{dimension}" in fields


def test_thresholds_are_exact_fractions() -> None:
    for rule in RULES:
        for condition in (*rule.quorum, *rule.approve, *rule.reject_cap):
            assert isinstance(condition.fraction, Fraction)
