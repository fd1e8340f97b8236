"""The published result: what became of each motion, option and menu, compared with the count."""

from __future__ import annotations

from fractions import Fraction
from typing import Callable, NamedTuple

from proof.verifier.asking import UNITS, Motion
from proof.verifier.counting import Box, Roll
from proof.verifier.deciding import (
    DAYS,
    NAME_OF,
    Decided,
    DecidedMenu,
    Rule,
    Test,
    payers_of,
    read_beside,
)
from proof.verifier.menus import Menu, menu_outcome
from proof.verifier.reading import Fields, Files, canonical, object_of

TWO = 2
OUTCOMES = ("failed", "lapsed", "passed", "run_off", "second_vote", "tie")
SAID_IF_ANY = ("payers", "second")
"""Fields of a result that are left out where there is nothing to say."""
CHECK = ("article", "code", "have", "need", "op", "passed", "unit")


CHOSEN = {
    "article": "rules 1.4",
    "code": "voting.work_chosen",
    "need": 0,
    "op": ">",
    "unit": "works",
}
"""The check that some work of a menu was chosen, but for what was found."""


class Counted(NamedTuple):
    """What every motion of a box is counted against."""

    roll: dict[str, int | None]
    beside: dict[str, dict[str, int]]
    """Who came, was silent, objected: by the word of the tally, in each unit."""

    def units(self, rule: Rule) -> tuple[str, ...]:
        """The units that the numbers of a motion have; shares where its rule counts them."""
        return UNITS if rule.counts_shares and self.roll["shares"] else UNITS[:2]

    def tally(self, motion: Motion, rule: Rule, top: str = "") -> dict[str, dict[str, int | None]]:
        """The numbers of a motion, with what its rule looks at beside the ballots."""
        units = self.units(rule)
        looked_at = {
            "present": rule.asks_who_came,
            "silent": rule.deemed,
            "objections": rule.veto is not None,
        }
        tally = motion.tally(self.roll, top, units)
        for word, numbers in self.beside.items():
            if looked_at[word]:
                tally[word] = {unit: numbers[unit] for unit in units}
        return tally


def amounts(rule: Rule, numbers: list[int]) -> dict[str, int | None]:
    """Heads, area and, where the rule counts them, shares, as a result has them."""
    heads, area, shares = numbers
    return {"area": area, "head": heads, "share": shares if rule.counts_shares else None}


class Found(NamedTuple):
    """What became of a motion by count and rule, before anything lapses."""

    decided: Decided
    tally: dict[str, dict[str, int | None]]
    outcome: str
    winner: str | None = None
    named: tuple[str, ...] = ()
    works: tuple[str, ...] = ()
    """The works of a menu that won."""
    rulings: tuple[tuple[str, Decided], ...] = ()
    """What was decided about each work, where each needs the approval."""
    payers: str | None = None
    second: dict[str, object] | None = None
    """The second vote that the law opens."""


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


def strength(motion: Motion, rule: Rule, option: str) -> list[Fraction]:
    """An option's parts of the votes cast, its weakest first, over what the rule looks at."""
    parts = []
    for dimension in sorted({condition.dimension for condition in rule.approval}):
        place = UNITS.index(NAME_OF[dimension])
        cast = sum(motion.said[each][place] for each in dict.fromkeys(motion.options))
        parts.append(Fraction(motion.said[option][place], cast) if cast else Fraction(0))
    return sorted(parts)


def among_options(motion: Motion, rule: Rule, counted: Counted) -> Found:
    """The option that the rule carries against all others; else run-off of the top two, or tie."""
    power = {option: strength(motion, rule, option) for option in motion.options}
    order = sorted(sorted(power), key=power.__getitem__, reverse=True)
    each = {option: Decided(rule, counted.tally(motion, rule, option)) for option in order}
    top = each[order[0]]

    def found(outcome: str, winner: str | None = None, named: list[str] | None = None) -> Found:
        tally = counted.tally(motion, rule, order[0])
        return Found(top, tally, outcome, winner, tuple(named or ()))

    if top.quorum == "FAIL":
        return found("failed")
    carried = [option for option in order if each[option].verdict == "PASS"]
    leader = carried[0] if carried else order[0]
    best = [option for option in order if power[option] == power[leader]]
    if carried:
        return found("passed", leader) if len(best) == 1 else found("tie", named=best)
    if "INDETERMINATE" in [one.verdict for one in each.values()]:
        return found("failed")
    if len(order) <= TWO:
        level = len(best) == TWO and power[order[0]][0] > 0
        return found("tie", named=best) if level else found("failed")
    shared = [option for option in order if power[option] == power[order[1]]]
    if order[2] in shared:
        return found("tie", named=list(dict.fromkeys(order[:2] + shared)))
    return found("run_off", named=order[:2])


def from_menu(
    motion: Motion, menu: Menu, rule: Rule, counted: Counted, part: Fields
) -> tuple[Found, object]:
    """The works that were chosen, and the outcome to compare; each work's approval is compared here."""
    able, rulings = set(menu.costs), []
    if motion.approval == "each":
        claims = part.inner("works")
        claims.only(*menu.costs)
        for name, claim in claims.each():
            claim.only("decision", "supporters")
            support = amounts(rule, motion.support[name])
            if canonical(claim.inner("supporters").value) != canonical(support):
                raise claim.fault("supporters", f"are {canonical(support).decode()} by the count")
            ruling = Decided(rule, counted.tally(motion, rule, name))
            check_decision(claim.inner("decision"), ruling)
            rulings.append((name, ruling))
            if ruling.verdict != "PASS":
                able.remove(name)
    elif motion.approval and part.value["works"] is not None:
        raise part.fault("works", "are not approved one by one")
    outcome = part.inner("menu").value
    if not motion.as_published:
        outcome = menu_outcome(
            menu, motion.chosen, able, motion.menu_rule, motion.completion, part.inner("menu")
        )
    won = outcome["winners"]
    works = tuple(won) if isinstance(won, list) else ()
    tally = counted.tally(motion, rule)
    decided = DecidedMenu(rule, tally, motion.approval, len(works))
    good = decided.verdict == "PASS" and bool(works)
    found = Found(decided, tally, "passed" if good else "failed", works=works)
    return found._replace(rulings=tuple(rulings)), outcome


def find(motion: Motion, rule: Rule, counted: Counted, part: Fields) -> Found:
    """What became of one motion; a published menu is compared on the way."""
    due: dict[str, object] = {"menu": None, "options": None}
    if motion.menu is not None:
        found, due["menu"] = from_menu(motion, motion.menu, rule, counted, part)
    elif motion.options:
        found = among_options(motion, rule, counted)
        due["options"] = {
            option: amounts(rule, numbers)
            for option, numbers in motion.said.items()
            if option in motion.options
        }
    else:
        tally = counted.tally(motion, rule)
        decided = Decided(rule, tally)
        found = Found(decided, tally, "passed" if decided.verdict == "PASS" else "failed")
    if motion.menu is None:
        found = what_follows(motion, rule, found)
    due.update(winner=found.winner, named=list(found.named))
    due.update(payers=found.payers, second=found.second)
    if motion.approval and motion.menu is None:
        due["works"] = None
    for name, value in due.items():
        unsaid = name in SAID_IF_ANY and value is None
        agrees = name not in part.value if unsaid else same(part.value.get(name), value)
        if not agrees:
            raise part.fault(name, f"is {canonical(value).decode()} by the count"[:400])
    return found


def same(claim: object, due: object) -> bool:
    """Whether two values are written alike."""
    return canonical(claim) == canonical(due)


def what_follows(motion: Motion, rule: Rule, found: Found) -> Found:
    """Who pays for what passed; the second vote that the law opens for what failed."""
    if found.outcome == "passed":
        payers = payers_of(rule, found.decided.verdict, found.tally, motion.above_bound)
        return found._replace(payers=None if payers == "all" else payers)
    opened = found.decided.second() if found.outcome == "failed" else None
    if opened is None:
        return found
    follow_up, tests = opened
    second: dict[str, object] = {
        **{name: follow_up.said[name] for name in ("article", "kind", *DAYS)},
        "after": rule.id,
        "checks": [_published(test) for test in tests],
        "rule": follow_up.said["then"],
    }
    return found._replace(outcome="second_vote", second=second)


def _published(test: Test) -> dict[str, object]:
    """A test as a result has it."""
    condition = test.condition
    return {
        "article": condition.article,
        "code": condition.code,
        "have": _number(test.have),
        "need": _number(test.need),
        "op": condition.op,
        "passed": test.passed,
        "unit": NAME_OF[condition.dimension],
    }


def _number(number: Fraction | None) -> int | str | None:
    if number is None or number.denominator != 1:
        return None if number is None else str(number)
    return number.numerator


def check_decision(fields: Fields, decided: Decided) -> None:
    """Is the published decision the one that follows: each check with both numbers?"""
    fields.only("checks", "verdict")
    if fields.text("verdict") != decided.verdict:
        raise fields.fault("verdict", f"is {decided.verdict} by the rule")
    claims = fields.objects("checks")
    if decided.works is not None:
        chosen = {**CHOSEN, "have": decided.works, "passed": decided.works > 0}
        if not claims or canonical(claims.pop().value) != canonical(chosen):
            raise fields.fault("checks", f"do not end with the {decided.works} works chosen")
    if decided.nobody and claims:
        first = claims.pop(0)
        _check_nothing(first, decided.rule)
        if not first.text("code").startswith("voting.roll."):
            raise first.fault("code", "does not say that nobody is on the roll")
    for dimension in reversed(decided.uncast):
        last = claims.pop() if claims else fields
        _check_nothing(last, decided.rule)
        if last.text("code") != f"voting.votes_cast.{dimension}":
            raise last.fault("code", "does not say that nobody voted yes or no")
    if len(claims) != len(decided.tests):
        raise fields.fault("checks", "are not as many as the rule has")
    for claim, test in zip(claims, decided.tests):
        _check_claim(claim, test)


def _check_nothing(claim: Fields, rule: Rule) -> None:
    """A check that there must be some of it, and there is none."""
    claim.only(*CHECK)
    article = rule.article or claim.text("article")
    unit = NAME_OF.get(claim.text("code").rpartition(".")[2], "")
    due = {"article": article, "have": 0, "need": 0, "op": ">", "passed": False, "unit": unit}
    for name, value in due.items():
        if not same(claim.value[name], value):
            raise claim.fault(name, f"is {canonical(value).decode()} where there is nothing")


def _check_claim(claim: Fields, test: Test) -> None:
    claim.only(*CHECK)
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
        if claim.exact(name) != number:
            raise claim.fault(name, f"is {number} by the count")
    if claim.maybe_flag("passed") is not test.passed:
        raise claim.fault("passed", "is not what both numbers say")


def check_tally(fields: Fields, said: dict[str, dict[str, int | None]]) -> None:
    """Are the published numbers of a motion those of the count, in each unit?"""
    due = {
        f"{word}_{unit}": number for word, units in said.items() for unit, number in units.items()
    }
    fields.only(*due)
    for name, number in due.items():
        if fields.number(name) != number:
            raise fields.fault(name, f"is {number} by the count")


def check_result(
    files: Files,
    motions: dict[str, Motion],
    rules: dict[str, Rule],
    roll: Roll,
    box: Box,
    states: dict[str, int],
) -> dict[str, Found]:
    """Is result.json what follows from roll, ballots and rules? What became of each motion."""
    fields = Fields(object_of(files, "result.json"), "result.json", 0)
    fields.only("adopted", "ballots", "concentration", "motions", "roll")
    if {"broken", "missing"} & fields.inner("ballots").value.keys():
        raise fields.fault("ballots", "the box was not whole: some were changed or taken away")
    for name, due in (("ballots", states), ("roll", roll.total())):
        if canonical(fields.inner(name).value) != canonical(due):
            raise fields.fault(name, f"is {due} by the count")
    check_concentration(fields.inner("concentration"), roll)
    counted = Counted(roll.weighed(), read_beside(files, roll, box))
    return check_outcomes(fields, motions, rules, lambda _motion, _part: counted)


def check_outcomes(
    fields: Fields,
    motions: dict[str, Motion],
    rules: dict[str, Rule],
    counted_of: Callable[[Motion, Fields], Counted],
) -> dict[str, Found]:
    """Does each motion's part of result.json follow from its numbers by its rule, and the whole from them?"""
    results = fields.inner("motions")
    results.only(*motions)
    found: dict[str, Found] = {}
    for name, part in results.each():
        more: tuple[str, ...] = ("works",) if motions[name].approval else ()
        more += tuple(each for each in SAID_IF_ANY if each in part.value)
        part.only("decision", "menu", "named", "options", "outcome", "tally", "winner", *more)
        counted = counted_of(motions[name], part)
        found[name] = find(motions[name], rules[name], counted, part)
        check_tally(part.inner("tally"), found[name].tally)
        check_decision(part.inner("decision"), found[name].decided)
    passed = {name for name, each in found.items() if each.outcome == "passed"}
    stands = standing(motions, passed)
    for name, part in results.each():
        due_outcome = found[name].outcome if name in stands else "lapsed"
        if part.text("outcome", OUTCOMES) != due_outcome:
            raise part.fault("outcome", f"is {due_outcome} by the rule")
        found[name] = found[name]._replace(outcome=due_outcome)
    adopted = bool(stands) and stands <= passed
    if fields.flag("adopted") != adopted:
        raise fields.fault("adopted", f"is {str(adopted).lower()} by the rules")
    return found


def check_concentration(fields: Fields, roll: Roll) -> None:
    """The weight of the largest entry; it decides nothing, but everybody should know it."""
    largest, area, heads = roll.largest(), *check_one_hand(fields, roll.total())
    if (area, heads, fields.flag("developer")) not in largest:
        raise fields.fault("area_dm2", f"is {max(largest)[0]} by the roll, or whose it is is wrong")


def check_one_hand(fields: Fields, total: dict[str, int | None]) -> tuple[int, int]:
    """What the largest entry has, area and heads: of the sums of the roll, and above one fifth if so said."""
    fields.only("above_one_fifth", "area_dm2", "developer", "heads", "roll_area_dm2", "roll_heads")
    all_heads, all_area = total["heads"] or 0, total["area_dm2"] or 0
    area, heads = fields.number("area_dm2"), fields.number("heads")
    above = 5 * area > all_area or 5 * heads > all_heads
    for name, said, due in (
        ("roll_heads", fields.number("roll_heads"), all_heads),
        ("roll_area_dm2", fields.number("roll_area_dm2"), all_area),
        ("above_one_fifth", fields.flag("above_one_fifth"), above),
    ):
        if said != due:
            raise fields.fault(name, f"is {due} by the roll")
    for name, said, all_ in (("area_dm2", area, all_area), ("heads", heads, all_heads)):
        if said > all_:
            raise fields.fault(name, f"is more than the roll's {all_}")
    return area, heads
