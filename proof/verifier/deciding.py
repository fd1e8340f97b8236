"""The rule of each motion applied to the count, with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from proof.verifier.asking import UNITS, Motion
from proof.verifier.counting import Box, Roll
from proof.verifier.reading import Fault, Fields, Files, object_of

NAME_OF = {"head": "heads", "area": "area_dm2", "share": "shares"}
"""How the numbers of a dimension are called."""
OPERATORS = ("<", "<=", "==", ">", ">=")
PAYERS = ("all", "all_but_dissenters", "nobody", "yes_voters")
DAYS = ("earliest_days", "latest_days", "notice_days")
FOLLOW_UP = ("after", "article", "conditions", "kind", "then", *DAYS)
OF_A_RULE = ("approve", "id", "kind", "law", "quorum", "reject_cap", "silence")
OF_A_WHOLE_RULE = ("article", "either", "follow_ups", "payers", "veto")
USED = ("all", "no", "objections", "participating", "present", "yes")
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


class FollowUp:
    """A second vote under a lower bar, which a motion that failed may open."""

    def __init__(self, fields: Fields) -> None:
        fields.only(*FOLLOW_UP)
        fields.text("kind", ("bridge", "second_call")), fields.text("then"), fields.text("article")
        for name in DAYS:
            fields.maybe_number(name)
        self.after_quorum = fields.text("after", ("fail", "no_quorum")) == "no_quorum"
        self.conditions = [Condition(part) for part in fields.objects("conditions")]
        self.said = fields.value


class WhoPays:
    """Who pays for what was decided, or the rule that says so."""

    def __init__(self, fields: Fields) -> None:
        fields.only("above", "by", "failed", "passed")
        self.passed, self.failed = fields.text("passed", PAYERS), fields.text("failed", PAYERS)
        self.above = fields.maybe_text("above")
        if self.above is not None:
            fields.text("above", PAYERS)
        self.by = None if fields.value["by"] is None else Rule(fields.inner("by"))
        if self.by is not None and not self.by.whole:
            raise fields.fault("by", "is no whole rule")


class Rule:
    """What a motion needs: the quorum, the approval, and what a silent owner means.

    A `whole` rule, of a law outside of China, says more: tests of which one is enough, a veto, the second
    votes that it opens, who pays.
    """

    def __init__(self, fields: Fields) -> None:
        self.whole = "either" in fields.value
        fields.only(*OF_A_RULE, *(OF_A_WHOLE_RULE if self.whole else ()))
        for name in ("id", "kind", "law"):
            fields.text(name)
        silences = ("follow_majority", "no_vote", *(("deemed_yes",) if self.whole else ()))
        silence = fields.text("silence", silences)
        self.id, self.follow = fields.text("id"), silence == "follow_majority"
        self.deemed = silence == "deemed_yes"
        self.quorum = [Condition(part) for part in fields.objects("quorum")]
        self.approve = [Condition(part) for part in fields.objects("approve")]
        self.reject_cap = [Condition(part) for part in fields.objects("reject_cap")]
        if not self.approval:
            raise fields.fault("approve", "is empty")
        self.article = ""
        self.either: list[list[str]] = []
        self.veto: list[Condition] | None = None
        self.follow_ups: list[FollowUp] = []
        self.payers: WhoPays | None = None
        if self.whole:
            self._read_whole(fields)
        tests = self.quorum + self.approval
        self.counts_shares = any(each.dimension == "share" for each in tests)
        tests += [each for follow_up in self.follow_ups for each in follow_up.conditions]
        self.asks_who_came = any("present" in (each.value, each.of) for each in tests)

    def _read_whole(self, fields: Fields) -> None:
        fields.text("kind", ("",))
        self.article = fields.text("article")
        for number in range(len(fields.items("either"))):
            codes = {str(place): part for place, part in enumerate(fields.items("either"))}
            inner = Fields(codes, fields.file, fields.line, "either").items(str(number))
            if not all(isinstance(code, str) for code in inner):
                raise fields.fault("either", "holds what is no code of a test")
            self.either.append([str(code) for code in inner])
        if fields.value["veto"] is not None:
            self.veto = [Condition(part) for part in fields.objects("veto")]
        self.follow_ups = [FollowUp(part) for part in fields.objects("follow_ups")]
        if fields.value["payers"] is not None:
            self.payers = WhoPays(fields.inner("payers"))

    @property
    def approval(self) -> list[Condition]:
        """What is asked of the yes and the no."""
        return self.approve + self.reject_cap

    def groups(self, conditions: list[Condition]) -> list[list[Condition]]:
        """The tests in groups of which one each must hold: most stand alone."""
        groups: list[list[Condition]] = []
        started: dict[int, list[Condition]] = {}
        for condition in conditions:
            places = [at for at, codes in enumerate(self.either) if condition.code in codes]
            if places and places[0] in started:
                started[places[0]].append(condition)
                continue
            groups.append([condition])
            if places:
                started[places[0]] = groups[-1]
        return groups


def read_rules(files: Files, motions: dict[str, Motion]) -> dict[str, Rule]:
    """The rule of every motion."""
    fields = Fields(object_of(files, "rules.json"), "rules.json", 0)
    fields.only("motions", *(("beside",) if "beside" in fields.value else ()))
    rules = {name: Rule(part) for name, part in fields.inner("motions").each()}
    if rules.keys() != motions.keys():
        raise Fault("rules.json", 0, "motions are not those of motions.json")
    return rules


def read_beside(files: Files, roll: Roll, box: Box) -> dict[str, dict[str, int]]:
    """Who came, was silent and objected, in weights, by the word of a tally; nothing where nobody asks.

    Whoever handed in a ballot has come. Without a time to object nobody was silent in the sense of the law.
    """
    fields = Fields(object_of(files, "rules.json"), "rules.json", 0)
    if "beside" not in fields.value:
        return {}
    lists = fields.inner("beside")
    lists.only("attended", "objected")
    voters = {entry: (heads, area, max(shares, 0)) for entry, heads, area, shares in roll.voters()}
    came = _listed(lists, "attended", voters) | (box.who_has_cast() & voters.keys())
    groups = {"present": came}
    if lists.value["objected"] is not None:
        objected = _listed(lists, "objected", voters)
        groups.update(objections=objected, silent=voters.keys() - came - objected)
    return {
        word: {unit: sum(voters[entry][at] for entry in entries) for at, unit in enumerate(UNITS)}
        for word, entries in groups.items()
    }


def _listed(lists: Fields, name: str, voters: dict[bytes, tuple[int, int, int]]) -> set[bytes]:
    parts = lists.items(name)
    each = Fields({str(at): part for at, part in enumerate(parts)}, lists.file, lists.line, name)
    entries = [each.hex(str(at), 16) for at in range(len(parts))]
    if entries != sorted(set(entries)) or not voters.keys() >= set(entries):
        raise lists.fault(name, "is not in its order, or names somebody who may not vote")
    return set(entries)


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
            yes, no = self.of("yes", dimension), self._at("no", unit)
            return None if yes is None or no is None else yes + no
        if name == "yes" and self._rule.deemed:
            return self._with_silence(unit)
        if name == "required_quorum":
            return self._required(dimension)
        return self._at("roll" if name == "all" else name, unit) if name in USED else None

    def knows(self, word: str) -> bool:
        """Whether the count says this at all."""
        return word in self._said

    def voices(self, dimension: str) -> int | None:
        """Who said yes or no; silence that counts as yes is no voice."""
        unit = NAME_OF[dimension]
        yes, no = self._at("yes", unit), self._at("no", unit)
        return None if yes is None or no is None else yes + no

    def _with_silence(self, unit: str) -> int | None:
        """Yes, and the silence that the law takes for yes; none of it where none was counted."""
        yes = self._at("yes", unit)
        silent = self._at("silent", unit) if self.knows("silent") else 0
        return None if yes is None or silent is None else yes + silent

    def _at(self, word: str, unit: str) -> int | None:
        return self._said.get(word, {}).get(unit)

    def _required(self, dimension: str) -> int | None:
        """The least whole number that makes the quorum."""
        whole, least = self._said["roll"].get(NAME_OF[dimension]), None
        for group in self._rule.groups(self._rule.quorum):
            alike = all(each.dimension == dimension and each.of == "all" for each in group)
            if alike and whole is not None:
                need = min(_least(each, each.fraction * whole) for each in group)
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


def _least(condition: Condition, bound: Fraction) -> int:
    """The least whole number that meets a test of at least, or of more than, a bound."""
    need = bound.numerator // bound.denominator
    return need + 1 if condition.op == ">" or need < bound else need


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


def of_groups(rule: Rule, conditions: list[Condition], numbers: Numbers) -> list[Test]:
    """The tests of a part of the rule; of those of which one is enough, the ones that say why."""
    tests: list[Test] = []
    for group in rule.groups(conditions):
        tests += deciding_of(tests_of(group, numbers))
    return tests


def deciding_of(tests: list[Test]) -> list[Test]:
    """Of tests of which one is enough: those that are met, else those that are unknown, else all."""
    best = min((test.passed for test in tests), key=(True, None, False).index)
    return [test for test in tests if test.passed is best]


class Decided:
    """What a rule says about a count. Nobody on the roll decides nothing, nor does no vote at all.

    `uncast` are the dimensions without a yes or a no, where no other test fails.
    """

    works: int | None = None
    """How many works of a menu were chosen: some have to be."""

    def __init__(self, rule: Rule, said: dict[str, dict[str, int | None]]) -> None:
        numbers = Numbers(said, rule)
        self.rule, self._numbers = rule, numbers
        self.tests = of_groups(rule, rule.quorum, numbers)
        used = {NAME_OF[each.dimension] for each in rule.quorum + rule.approval}
        self.nobody = any(said["roll"].get(unit) == 0 for unit in used)
        self.quorum = verdict_of(self.tests, self.nobody)
        voiced = numbers.following() if rule.follow else numbers
        self.tests += of_groups(rule, rule.approve, voiced)
        self.tests += of_groups(rule, rule.reject_cap, voiced)
        if rule.veto and numbers.knows("objections"):
            self.tests += deciding_of(tests_of(rule.veto, numbers))
        self.verdict = verdict_of(self.tests, self.nobody)
        self.uncast: list[str] = []
        if self.verdict != "FAIL":
            asked = {each.dimension for each in rule.approval}
            self.uncast = [each for each in NAME_OF if each in asked and numbers.voices(each) == 0]
            if self.uncast:
                self.verdict = "FAIL"

    def second(self) -> tuple[FollowUp, list[Test]] | None:
        """The second vote that is open after this one, with the tests that say why."""
        for follow_up in self.rule.follow_ups:
            tests = tests_of(follow_up.conditions, self._numbers)
            ended = self.quorum if follow_up.after_quorum else self.verdict
            if ended == "FAIL" and all(test.passed for test in tests):
                return follow_up, tests
        return None


def payers_of(
    rule: Rule,
    verdict: str,
    said: dict[str, dict[str, int | None]],
    above_bound: bool | None,
) -> str | None:
    """Who pays for what a rule has decided; None where that is not known, or nothing says it."""
    payers = rule.payers
    if payers is not None and payers.by is not None:
        if verdict != "PASS":
            return "nobody" if verdict == "FAIL" else None
        verdict, payers = Decided(payers.by, said).verdict, payers.by.payers
    if payers is None or payers.by is not None or verdict == "INDETERMINATE":
        return None
    if verdict == "FAIL":
        return payers.failed
    if payers.above is None:
        return payers.passed
    return {None: None, True: payers.above, False: payers.passed}[above_bound]


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
        self.rule, self._numbers = rule, Numbers(said, rule)
        self.tests = [] if approval == "whole" else tests_of(rule.quorum, self._numbers)
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
