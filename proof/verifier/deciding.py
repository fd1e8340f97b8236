"""The rule of each motion applied to the count, with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from proof.verifier.asking import Motion
from proof.verifier.reading import Fault, Fields, Files, object_of

NAME_OF = {"head": "heads", "area": "area_dm2", "share": "shares"}
"""How the numbers of a dimension are called."""
OPERATORS = ("<", "<=", "==", ">", ">=")
USED = ("all", "no", "participating", "yes")
MEASURED = ("cast", "no", "objections", "participating", "present", "yes")
BASES = ("all", "cast", "number", "participating", "present", "required_quorum")


def compared(have: Fraction, op: str, need: Fraction) -> bool:
    """One comparison; both numbers are exact."""
    return {
        "<": have < need,
        "<=": have <= need,
        "==": have == need,
        ">": have > need,
        ">=": have >= need,
    }[op]


class Condition:
    """One test of the law: `value op fraction * of`, in one dimension."""

    def __init__(self, fields: Fields) -> None:
        fields.only("article", "code", "confidence", "dimension", "fraction", "of", "op", "value")
        fields.text("confidence", ("D", "M", "V", "V2"))
        self.code, self.article = fields.text("code"), fields.text("article")
        self.dimension = fields.text("dimension", tuple(NAME_OF))
        self.value, self.of = fields.text("value", MEASURED), fields.text("of", BASES)
        self.op = fields.text("op", OPERATORS)
        fraction = fields.exact("fraction")
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
        if not self.approval:
            raise fields.fault("approve", "is empty")


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
        return self._said[word].get(unit)

    def _required(self, dimension: str) -> int | None:
        """The least whole number that makes the quorum."""
        whole, least = self._said["roll"].get(NAME_OF[dimension]), None
        for condition in self._rule.quorum:
            if condition.dimension == dimension and condition.of == "all" and whole is not None:
                bound = condition.fraction * whole
                need = bound.numerator // bound.denominator
                if condition.op == ">" or need < bound:
                    need += 1
                least = need if least is None else max(least, need)
        return least

    def following(self) -> Numbers:
        """Silence joins the side that leads in each dimension; the quorum is not helped by it.

        Whoever returned a void ballot was not silent.
        """
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
            silent = max(0, roll - part - (self._at("invalid", unit) or 0))
            changed[leader][unit] = most + silent
            changed["participating"][unit] = part + silent
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
    """What a rule says about a count. Nobody on the roll decides nothing, nor does no vote at all.

    `uncast` are the dimensions without a yes or a no, where no other test fails.
    """

    works: int | None = None
    """How many works of a menu were chosen: some have to be."""

    def __init__(self, rule: Rule, said: dict[str, dict[str, int | None]]) -> None:
        numbers = Numbers(said, rule)
        self.tests = tests_of(rule.quorum, numbers)
        used = {NAME_OF[each.dimension] for each in rule.quorum + rule.approval}
        self.nobody = any(said["roll"].get(unit) == 0 for unit in used)
        self.quorum = verdict_of(self.tests, self.nobody)
        self.tests += tests_of(rule.approval, numbers.following() if rule.follow else numbers)
        self.verdict = verdict_of(self.tests, self.nobody)
        self.uncast: list[str] = []
        if self.verdict != "FAIL":
            asked = {each.dimension for each in rule.approval}
            self.uncast = [
                each for each in NAME_OF if each in asked and numbers.of("cast", each) == 0
            ]
            if self.uncast:
                self.verdict = "FAIL"


class DecidedMenu(Decided):
    """What is decided about a menu: the quorum, unless another question decides it, and some work chosen.

    Of votes from before menus obeyed the class of their matter (`works` is None), the quorum alone.
    """

    def __init__(
        self,
        rule: Rule,
        said: dict[str, dict[str, int | None]],
        approval: str,
        works: int,
    ) -> None:
        self.tests = [] if approval == "whole" else tests_of(rule.quorum, Numbers(said, rule))
        self.nobody, self.uncast = False, []
        self.works = works if approval else None
        self.uncast = []
        self.quorum = verdict_of(self.tests, self.nobody)
        self.verdict = "FAIL" if self.works == 0 else self.quorum


def verdict_of(tests: list[Test], nobody: bool) -> str:
    """FAIL if anything failed, else INDETERMINATE if anything is unknown, else PASS."""
    results = [test.passed for test in tests]
    if nobody or False in results:
        return "FAIL"
    return "INDETERMINATE" if None in results else "PASS"
