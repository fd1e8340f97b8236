"""Bundles of votes under any law: alternatives, shares, silence, vetoes, second votes, and who pays."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.values.decisions.rules import (
    FollowUp,
    PayerRule,
    Rule,
    Silence,
    Veto,
)
from models.values.voting import Condition, Motion, MotionOption
from proof.bundle import contents as bundle
from rules.voting.law import RULES
from rules.voting.live.beside import asks_for_attendance
from rules.voting.live.collected import COLLECTED
from rules.voting.registry import rule_named
from tests.proof.test_evidence_verify import VALUES, both, places
from tests.support.files.bundles import AT, Bundle, Cast, Entry, Vote, signed, written
from tests.support.slow import examples

SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=examples(150),
)


def one_test(name: str, dimension: str, value: str, op: str, fraction: str, of: str) -> Condition:
    return Condition(
        code=f"test.{name}",
        dimension=dimension,
        value=value,
        op=op,
        fraction=Fraction(fraction),
        of=of,
        article="the law of the tests",
    )


def law(name: str, **fields: object) -> Rule:
    """A rule that no release knows; `fields` are what is special about it."""
    plain: dict[str, object] = {
        "approve": (one_test("approve", "share", "yes", ">", "1/2", "cast"),),
    }
    return Rule(
        id=name,
        jurisdiction="XX",
        law="a law of the tests",
        articles=("the law of the tests",),
        confidence="V",
        valid_from=AT.date(),
        **{**plain, **fields},
    )


PAYING = law(
    "XX.paying",
    payers=PayerRule(passed="all", failed="yes_voters", article="the law of the tests"),
    approve=(one_test("large", "share", "yes", ">=", "2/3", "all"),),
)
OR = law(
    "XX.or",
    quorum=(
        one_test("heads", "head", "present", ">=", "1/2", "all"),
        one_test("shares", "share", "present", ">=", "1/2", "all"),
        one_test("area", "area", "participating", ">=", "1/9", "all"),
    ),
    either=(("test.heads", "test.shares"),),
    approve=(
        one_test("approve", "share", "yes", ">", "1/2", "cast"),
        one_test("of_quorum", "area", "yes", ">", "1/2", "required_quorum"),
        one_test("few", "head", "yes", ">=", "3", "number"),
    ),
    reject_cap=(one_test("against", "head", "no", "<", "1/3", "all"),),
    follow_ups=(
        FollowUp(
            kind="bridge",
            then="XX.second",
            conditions=(one_test("bridge", "share", "yes", ">=", "1/4", "all"),),
            latest_days=0,
            article="the law of the tests, 2",
        ),
        FollowUp(kind="second_call", then="XX.call", after="no_quorum", article="3"),
    ),
    payers=PayerRule(passed="all", by="XX.paying", article="the law of the tests"),
)
SILENT = law(
    "XX.silent",
    silence=Silence(kind="deemed_yes", days=30),
    approve=(
        one_test("shares", "share", "yes", ">=", "2/5", "all"),
        one_test("heads", "head", "yes", ">=", "2/5", "all"),
    ),
    payers=PayerRule(passed="all_but_dissenters", above="yes_voters", article="a"),
)
VETOED = law(
    "XX.vetoed",
    veto=Veto(
        days=7,
        article="a",
        conditions=(
            one_test("veto.heads", "head", "objections", "<=", "1/2", "all"),
            one_test("veto.shares", "share", "objections", "<=", "1/2", "all"),
        ),
    ),
)


def vote(words: str, laws: dict[str, Rule], **fields: Any) -> Vote:
    """Twelve entries of one head each answer y(es), n(o), a(bstain) or nothing to every motion."""
    entries = [
        Entry(f"1-{number:02d}", 8_000 + 137 * number, shares=10 + number) for number in range(12)
    ]
    entries[10].developer = True
    entries[11].excluded_reason = "arrears"
    said = {"y": "yes", "n": "no", "a": "abstain"}
    casts = [
        Cast(entry.name, dict.fromkeys(laws, said[word]))
        for entry, word in zip(entries[:11], words, strict=False)
        if word in said
    ]
    motions = [Motion(id=name, title=name, above_bound=True) for name in laws]
    payers = {"or": PAYING} if "or" in laws else {}
    return Vote(entries, casts, motions, laws=laws, payers_by=payers, **fields)


LAWS = {"or": OR, "silent": SILENT, "vetoed": VETOED}
EXAMPLE = vote("yyynyya", LAWS, attended=("1-07", "1-08"), objected=("1-09",))
GOOD: Bundle = EXAMPLE.bundle()


def test_a_true_bundle_of_another_law_is_accepted_by_both(tmp_path: Path) -> None:
    script, ours = both(written(tmp_path, GOOD))
    assert script == ours == {"or": "passed", "silent": "passed", "vetoed": "passed"}
    results = json.loads(GOOD[bundle.RESULT])["motions"]
    assert results["or"]["payers"] == "yes_voters"
    assert results["silent"]["payers"] == "yes_voters"
    assert results["silent"]["tally"]["silent_heads"] == 1
    assert results["or"]["tally"]["present_heads"] == 9
    assert results["vetoed"]["tally"]["objections_heads"] == 1


@pytest.mark.slow
@SLOW
@given(
    words=st.text("yna-", min_size=0, max_size=11),
    attended=st.sets(st.integers(0, 10)),
    objected=st.none() | st.sets(st.integers(0, 10)),
)
def test_both_decide_alike_whoever_came_was_silent_or_objected(
    tmp_path: Path, words: str, attended: set[int], objected: set[int] | None
) -> None:
    def names(numbers: set[int]) -> list[str]:
        return [f"1-{number:02d}" for number in sorted(numbers)]

    found = vote(
        words,
        LAWS,
        attended=names(attended),
        objected=None if objected is None else names(objected),
    )
    script, ours = both(written(tmp_path, found.bundle()))
    assert script == ours
    assert isinstance(script, dict), script


OF_RELEASE = sorted(
    {
        rule.id
        for rule in RULES
        if all(
            {each.value, each.of} <= COLLECTED
            for each in (*rule.quorum, *rule.approve, *rule.reject_cap)
        )
        and (rule.approve or rule.reject_cap)
    }
)


@settings(SLOW, max_examples=examples(12))
@pytest.mark.parametrize("name", OF_RELEASE)
@given(words=st.text("yna-", min_size=0, max_size=11), objected=st.none() | st.just(("1-09",)))
def test_every_rule_of_this_release_can_be_verified(
    tmp_path: Path, name: str, words: str, objected: tuple[str, ...] | None
) -> None:
    found = vote(words, {"works": rule_named(name)}, attended=("1-08",), objected=objected)
    script, ours = both(written(tmp_path, found.bundle()))
    assert script == ours
    assert isinstance(script, dict), script


@SLOW
@given(answers=st.lists(st.sampled_from(("a", "b", "c", "abstain", "-")), max_size=11))
def test_both_choose_the_same_option_by_shares(tmp_path: Path, answers: list[str]) -> None:
    found = vote("", {"or": OR})
    options = tuple(MotionOption(id=name, title=name) for name in "abc")
    found.motions = [Motion(id="or", title="which", options=options)]
    found.casts = [
        Cast(entry.name, {"or": word})
        for entry, word in zip(found.entries[:11], answers, strict=False)
        if word != "-"
    ]
    script, ours = both(written(tmp_path, found.bundle()))
    assert script == ours
    assert isinstance(script, dict), script


def test_what_failed_may_be_put_again_and_both_say_so(tmp_path: Path) -> None:
    files = vote("yyyynnnn", {"or": OR}).bundle()
    outcome = {"or": "second_vote"}
    assert both(written(tmp_path, files)) == (outcome, outcome)
    second = json.loads(files[bundle.RESULT])["motions"]["or"]["second"]
    assert (second["rule"], second["after"]) == ("XX.second", "XX.or")
    del (lied := json.loads(files[bundle.RESULT]))["motions"]["or"]["second"]
    false = signed({**files, bundle.RESULT: bundle.line(lied)})
    assert both(written(tmp_path, false)) == ("result.json", "result.json")


def test_a_rule_that_is_not_the_law_of_its_name_is_refused_by_the_house(tmp_path: Path) -> None:
    name = OF_RELEASE[0]
    files = vote("yyyyyyyy", {"works": rule_named(name)}).bundle()
    changed = json.loads(files[bundle.RULES])
    changed["motions"]["works"]["law"] += "!"
    _, ours = both(written(tmp_path, signed({**files, bundle.RULES: bundle.line(changed)})))
    assert ours == "rules.json"


def test_nobody_who_may_not_vote_has_come_or_objected(tmp_path: Path) -> None:
    stranger = EXAMPLE.entries[11].pseudonym
    for name in ("attended", "objected"):
        changed = json.loads(GOOD[bundle.RULES])
        changed["beside"][name] = sorted([*changed["beside"][name], stranger])
        false = signed({**GOOD, bundle.RULES: bundle.line(changed)})
        assert both(written(tmp_path, false)) == ("rules.json", "rules.json")


def test_a_second_vote_that_cannot_be_opened_counts_nobody_who_came() -> None:
    """So that leaving it out of a bundle leaves no number of the tally out."""
    for rule in RULES:
        for follow_up in rule.follow_ups:
            if not follow_up.no_further:
                continue
            second = rule_named(follow_up.then)
            kept = tuple(each for each in second.follow_ups if each.kind != "bridge")
            without = second.model_copy(update={"follow_ups": kept})
            assert asks_for_attendance(second) == asks_for_attendance(without)


@pytest.mark.slow
@settings(SLOW, max_examples=examples(400))
@given(data=st.data())
def test_both_say_the_same_about_any_changed_field_of_rules_and_result(
    tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from((bundle.RULES, bundle.RESULT, bundle.MOTIONS)))
    value = json.loads(GOOD[name])
    path = data.draw(st.sampled_from(places(value)))
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    before = holder[path[-1]]
    act = data.draw(st.sampled_from(("set", "set", "drop", "add")))
    if act == "drop":
        del holder[path[-1]]
    elif act == "add" and isinstance(holder, dict):
        holder[
            data.draw(st.sampled_from(("zz", "second", "payers", "beside", "days_to_object")))
        ] = data.draw(VALUES)
    else:
        words = st.sampled_from(("present", "share", "no_quorum", "deemed_yes", "all", "nobody", 3))
        holder[path[-1]] = data.draw(
            (VALUES | words).filter(lambda new: json.dumps(new) != json.dumps(before))
        )
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    files = signed({**GOOD, name: text.encode() + b"\n"})
    script, ours = both(written(tmp_path, files))
    assert isinstance(script, dict) == isinstance(ours, dict), (name, path, script, ours)
    if isinstance(script, dict):
        assert script == ours
