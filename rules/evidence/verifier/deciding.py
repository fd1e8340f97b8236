"""The rule of each motion applied to the count, with exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from rules.evidence.verifier.counting import Motion, Roll
from rules.evidence.verifier.reading import Fault, Fields, Files, canonical, object_of

NAME_OF = {"head": "heads", "area": "area_dm2", "share": "shares"}
"""How the numbers of a dimension are called."""
OPERATORS = ("<", "<=", "==", ">", ">=")
USED = ("all", "no", "participating", "yes")
MEASURED = ("cast", "no", "objections", "participating", "present", "yes")
BASES = ("all", "cast", "number", "participating", "present", "required_quorum")
NOTHING: dict[str, int | None] = {"heads": None, "area_dm2": None, "shares": None}
EXACT = re.compile(r"-?[0-9]{1,30}(/[1-9][0-9]{0,30})?")
OUTCOMES = ("failed", "lapsed", "passed")


def compared(have: Fraction, op: str, need: Fraction) -> bool:
    """One comparison; both numbers are exact."""
    return {
        "<": have < need,
        "<=": have <= need,
        "==": have == need,
        ">": have > need,
        ">=": have >= need,
    }[op]


def exact(fields: Fields, name: str) -> Fraction | None:
    """A whole number, "p/q", or null for "not known"."""
    value = fields.value.get(name)
    if value is None or type(value) is int:
        return None if value is None else Fraction(value)
    if not isinstance(value, str) or not EXACT.fullmatch(value):
        raise fields.fault(name, "is no exact number")
    number = Fraction(value)
    if str(number) != value or number.denominator == 1:
        raise fields.fault(name, "is not in lowest terms")
    return number


class Condition:
    """One test of the law: `value op fraction * of`, in one dimension."""

    def __init__(self, fields: Fields) -> None:
        fields.only("article", "code", "confidence", "dimension", "fraction", "of", "op", "value")
        fields.text("confidence", ("D", "M", "V", "V2"))
        self.code, self.article = fields.text("code"), fields.text("article")
        self.dimension = fields.text("dimension", tuple(NAME_OF))
        self.value, self.of = fields.text("value", MEASURED), fields.text("of", BASES)
        self.op = fields.text("op", OPERATORS)
        fraction = exact(fields, "fraction")
        if fraction is None:
            raise fields.fault("fraction", "is missing")
        self.fraction = fraction


class Rule:
    """What a motion needs: the quorum, the approval, and what a silent owner means."""

    def __init__(self, fields: Fields) -> None:
        fields.only("approve", "id", "kind", "law", "quorum", "reject_cap", "silence")
        for name in ("id", "kind", "law"):
            fields.text(name)
        self.follow = fields.text("silence", ("follow_majority", "no_vote")) == "follow_majority"
        self.quorum = [Condition(part) for part in fields.objects("quorum")]
        self.approval = [
            Condition(part) for name in ("approve", "reject_cap") for part in fields.objects(name)
        ]


def read_rules(files: Files, motions: dict[str, Motion]) -> dict[str, Rule]:
    """The rule of every motion."""
    fields = Fields(object_of(files, "rules.json"), "rules.json", 0)
    fields.only("motions")
    rules = {name: Rule(part) for name, part in fields.inner("motions").each()}
    if rules.keys() != motions.keys():
        raise Fault("rules.json", 0, "motions are not those of motions.json")
    return rules


class Numbers:
    """The count of one motion, as a rule looks at it; None is "not known"."""

    def __init__(self, said: dict[str, dict[str, int | None]], rule: Rule) -> None:
        self._said, self._rule = said, rule

    def of(self, name: str, dimension: str) -> int | None:
        """One number in one dimension."""
        unit = NAME_OF[dimension]
        if name == "number":
            return 1
        if name == "cast":
            yes, no = self._at("yes", unit), self._at("no", unit)
            return None if yes is None or no is None else yes + no
        if name == "required_quorum":
            return self._required(dimension)
        return self._at("roll" if name == "all" else name, unit) if name in USED else None

    def _at(self, word: str, unit: str) -> int | None:
        return self._said.get(word, NOTHING)[unit]

    def _required(self, dimension: str) -> int | None:
        """The least whole number that makes the quorum."""
        whole, least = self._said["roll"][NAME_OF[dimension]], None
        for condition in self._rule.quorum:
            if condition.dimension == dimension and condition.of == "all" and whole is not None:
                bound = condition.fraction * whole
                need = bound.numerator // bound.denominator
                if condition.op == ">" or need < bound:
                    need += 1
                least = need if least is None else max(least, need)
        return least

    def following(self) -> Numbers:
        """Silence joins the side that leads in each dimension; the quorum is not helped by it."""
        units = sorted({NAME_OF[each.dimension] for each in self._rule.approval})
        changed = {name: dict(part) for name, part in self._said.items()}
        leaders = set()
        for unit in units:
            yes, no = self._at("yes", unit), self._at("no", unit)
            roll, part = self._at("roll", unit), self._at("participating", unit)
            if yes is None or no is None or roll is None or part is None or yes == no:
                return self
            leader, most = ("yes", yes) if yes > no else ("no", no)
            leaders.add(leader)
            changed[leader][unit] = most + roll - part
            changed["participating"][unit] = roll
        return Numbers(changed, self._rule) if len(leaders) == 1 else self


class Test(NamedTuple):
    """One test with both of its numbers."""

    condition: Condition
    have: Fraction | None
    need: Fraction | None
    passed: bool | None


def tests_of(conditions: list[Condition], numbers: Numbers) -> list[Test]:
    """Every test of a list, in its order."""
    tests = []
    for condition in conditions:
        found = numbers.of(condition.value, condition.dimension)
        base = numbers.of(condition.of, condition.dimension)
        have = None if found is None else Fraction(found)
        need = None if base is None else condition.fraction * base
        passed = None if have is None or need is None else compared(have, condition.op, need)
        tests.append(Test(condition, have, need, passed))
    return tests


class Decided:
    """What a rule says about a count. Nobody on the roll decides nothing."""

    def __init__(self, rule: Rule, said: dict[str, dict[str, int | None]]) -> None:
        numbers = Numbers(said, rule)
        self.tests = tests_of(rule.quorum, numbers)
        self.tests += tests_of(rule.approval, numbers.following() if rule.follow else numbers)
        used = {NAME_OF[each.dimension] for each in rule.quorum + rule.approval}
        self.nobody = any(said["roll"][unit] == 0 for unit in used)
        results = [test.passed for test in self.tests]
        unknown = "INDETERMINATE" if None in results else "PASS"
        self.verdict = "FAIL" if self.nobody or False in results else unknown


def standing(motions: dict[str, Motion], passed: set[str]) -> set[str]:
    """The motions that do not lapse: what they depend on was put, stood and passed."""
    stands = {name for name, motion in motions.items() if motion.depends_on is None}
    while True:
        more = {
            name
            for name, motion in motions.items()
            if name not in stands and motion.depends_on in stands and motion.depends_on in passed
        }
        if not more:
            return stands
        stands |= more


def check_decision(fields: Fields, decided: Decided) -> None:
    """Is the published decision the one that follows: each check with both numbers?"""
    fields.only("checks", "verdict")
    if fields.text("verdict") != decided.verdict:
        raise fields.fault("verdict", f"is {decided.verdict} by the rule")
    claims = fields.objects("checks")
    if decided.nobody and claims:
        first = claims.pop(0)
        first.only("article", "code", "have", "need", "op", "passed", "unit")
        if first.flag("passed") or not first.text("code").startswith("voting.roll."):
            raise first.fault("code", "does not say that nobody is on the roll")
    if len(claims) != len(decided.tests):
        raise fields.fault("checks", "are not as many as the rule has")
    for claim, test in zip(claims, decided.tests):
        _check_claim(claim, test)


def _check_claim(claim: Fields, test: Test) -> None:
    claim.only("article", "code", "have", "need", "op", "passed", "unit")
    condition = test.condition
    for name, due in (
        ("code", condition.code),
        ("article", condition.article),
        ("op", condition.op),
        ("unit", NAME_OF[condition.dimension]),
    ):
        if claim.text(name) != due:
            raise claim.fault(name, f"is {due} in the rule")
    for name, number in (("have", test.have), ("need", test.need)):
        if exact(claim, name) != number:
            raise claim.fault(name, f"is {number} by the count")
    if claim.maybe_flag("passed") is not test.passed:
        raise claim.fault("passed", "is not what both numbers say")


def check_tally(fields: Fields, said: dict[str, dict[str, int | None]]) -> None:
    """Are the published numbers of a motion those of the count, in each dimension that it has?"""
    due = {
        f"{word}_{unit}": number for word, units in said.items() for unit, number in units.items()
    }
    for name in sorted(due.keys() | fields.value.keys()):
        if name not in due:
            raise fields.fault(name[:40], "is a field too many")
        if name not in fields.value and name.endswith("_shares"):
            continue
        if fields.maybe_number(name) != due[name]:
            raise fields.fault(name, f"is {due[name]} by the count")


def check_result(
    files: Files,
    motions: dict[str, Motion],
    rules: dict[str, Rule],
    roll: Roll,
    states: dict[str, int],
) -> tuple[dict[str, str], dict[str, Decided]]:
    """Is result.json what follows from roll, ballots and rules? Outcome and reasons by motion."""
    fields = Fields(object_of(files, "result.json"), "result.json", 0)
    fields.only("adopted", "ballots", "concentration", "motions", "roll")
    if {"broken", "missing"} & fields.inner("ballots").value.keys():
        raise fields.fault("ballots", "the box was not whole: some were changed or taken away")
    for name, due in (("ballots", states), ("roll", roll.total())):
        if canonical(fields.inner(name).value) != canonical(due):
            raise fields.fault(name, f"is {due} by the count")
    check_concentration(fields.inner("concentration"), roll)
    results = fields.inner("motions")
    if results.value.keys() != motions.keys():
        raise results.fault("", "are not those of motions.json")
    said = {name: motion.tally(roll) for name, motion in motions.items()}
    decided = {name: Decided(rules[name], said[name]) for name in motions}
    passed = {name for name, each in decided.items() if each.verdict == "PASS"}
    stands = standing(motions, passed)
    outcomes: dict[str, str] = {}
    for name, part in results.each():
        part.only("decision", "outcome", "tally")
        check_tally(part.inner("tally"), said[name])
        check_decision(part.inner("decision"), decided[name])
        outcomes[name] = (
            "lapsed" if name not in stands else "passed" if name in passed else "failed"
        )
        if part.text("outcome", OUTCOMES) != outcomes[name]:
            raise part.fault("outcome", f"is {outcomes[name]} by the rule")
    adopted = bool(stands) and stands <= passed
    if fields.flag("adopted") != adopted:
        raise fields.fault("adopted", f"is {str(adopted).lower()} by the rules")
    return outcomes, decided


def check_concentration(fields: Fields, roll: Roll) -> None:
    """The weight of the largest entry; it decides nothing, but everybody should know it."""
    fields.only("above_one_fifth", "area_dm2", "developer", "heads", "roll_area_dm2", "roll_heads")
    total = roll.total()
    all_heads, all_area = total["heads"] or 0, total["area_dm2"] or 0
    largest = roll.largest()
    area, heads = fields.number("area_dm2"), fields.number("heads")
    if (area, heads, fields.flag("developer")) not in largest:
        raise fields.fault("area_dm2", f"is {max(largest)[0]} by the roll, or whose it is is wrong")
    above = 5 * area > all_area or 5 * heads > all_heads
    for name, said, due in (
        ("roll_heads", fields.number("roll_heads"), all_heads),
        ("roll_area_dm2", fields.number("roll_area_dm2"), all_area),
        ("above_one_fifth", fields.flag("above_one_fifth"), above),
    ):
        if said != due:
            raise fields.fault(name, f"is {due} by the roll")
