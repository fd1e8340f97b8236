"""The published result: what became of each motion, option and menu, compared with the count."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from proof.verifier.asking import UNITS, Motion
from proof.verifier.counting import Roll
from proof.verifier.deciding import NAME_OF, Decided, DecidedMenu, Rule, Test
from proof.verifier.menus import Menu, menu_outcome
from proof.verifier.reading import Fields, Files, canonical, object_of

TWO = 2
OUTCOMES = ("failed", "lapsed", "passed", "run_off", "tie")
CHECK = ("article", "code", "have", "need", "op", "passed", "unit")


CHOSEN = {
    "article": "rules 1.4",
    "code": "voting.work_chosen",
    "need": 0,
    "op": ">",
    "unit": "works",
}
"""The check that some work of a menu was chosen, but for what was found."""


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
        if NAME_OF[dimension] not in UNITS:
            continue
        place = UNITS.index(NAME_OF[dimension])
        cast = sum(motion.said[each][place] for each in dict.fromkeys(motion.options))
        parts.append(Fraction(motion.said[option][place], cast) if cast else Fraction(0))
    return sorted(parts)


def among_options(motion: Motion, rule: Rule, roll: dict[str, int | None]) -> Found:
    """The option that the rule carries against all others; else run-off of the top two, or tie."""
    power = {option: strength(motion, rule, option) for option in motion.options}
    order = sorted(sorted(power), key=power.__getitem__, reverse=True)
    each = {option: Decided(rule, motion.tally(roll, option)) for option in order}
    top = each[order[0]]

    def found(outcome: str, winner: str | None = None, named: list[str] | None = None) -> Found:
        return Found(top, motion.tally(roll, order[0]), outcome, winner, tuple(named or ()))

    unknown = any(NAME_OF[condition.dimension] not in UNITS for condition in rule.approval)
    if unknown or top.quorum == "FAIL":
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
    motion: Motion, menu: Menu, rule: Rule, roll: dict[str, int | None], part: Fields
) -> tuple[Found, object]:
    """The works that were chosen, and the outcome to compare; each work's approval is compared here."""
    able, rulings = set(menu.costs), []
    if motion.approval == "each":
        claims = part.inner("works")
        claims.only(*menu.costs)
        for name, claim in claims.each():
            claim.only("decision", "supporters")
            heads, area = motion.support[name]
            if claim.inner("supporters").value != {"area": area, "head": heads, "share": None}:
                raise claim.fault("supporters", f"are {heads} heads and {area} by the count")
            ruling = Decided(rule, motion.tally(roll, name))
            check_decision(claim.inner("decision"), ruling)
            rulings.append((name, ruling))
            if ruling.verdict != "PASS":
                able.remove(name)
    elif motion.approval and part.value["works"] is not None:
        raise part.fault("works", "are not approved one by one")
    outcome = menu_outcome(
        menu, motion.chosen, able, motion.menu_rule, motion.completion, part.inner("menu")
    )
    won = outcome["winners"]
    works = tuple(won) if isinstance(won, list) else ()
    decided = DecidedMenu(rule, motion.tally(roll), motion.approval, len(works))
    good = decided.verdict == "PASS" and bool(works)
    found = Found(decided, motion.tally(roll), "passed" if good else "failed", works=works)
    return found._replace(rulings=tuple(rulings)), outcome


def find(motion: Motion, rule: Rule, roll: dict[str, int | None], part: Fields) -> Found:
    """What became of one motion; a published menu is compared on the way."""
    due: dict[str, object] = {"menu": None, "options": None}
    if motion.menu is not None:
        found, due["menu"] = from_menu(motion, motion.menu, rule, roll, part)
    elif motion.options:
        found = among_options(motion, rule, roll)
        due["options"] = {
            option: {"area": area, "head": heads, "share": None}
            for option, (heads, area) in motion.said.items()
            if option in motion.options
        }
    else:
        decided = Decided(rule, motion.tally(roll))
        good = decided.verdict == "PASS"
        found = Found(decided, motion.tally(roll), "passed" if good else "failed")
    due.update(winner=found.winner, named=list(found.named))
    if motion.approval and motion.menu is None:
        due["works"] = None
    for name, value in due.items():
        if canonical(part.value[name]) != canonical(value):
            raise part.fault(name, f"is {canonical(value).decode()} by the count"[:400])
    return found


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
        first.only(*CHECK)
        if first.flag("passed") or not first.text("code").startswith("voting.roll."):
            raise first.fault("code", "does not say that nobody is on the roll")
    for dimension in reversed(decided.uncast):
        last = claims.pop() if claims else fields
        last.only(*CHECK)
        if last.flag("passed") or last.text("code") != f"voting.votes_cast.{dimension}":
            raise last.fault("code", "does not say that nobody voted yes or no")
    if len(claims) != len(decided.tests):
        raise fields.fault("checks", "are not as many as the rule has")
    for claim, test in zip(claims, decided.tests):
        _check_claim(claim, test)


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
    """Are the published numbers of a motion those of the count, in heads and in area?"""
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
    results = fields.inner("motions")
    results.only(*motions)
    found: dict[str, Found] = {}
    for name, part in results.each():
        works = ("works",) if motions[name].approval else ()
        part.only("decision", "menu", "named", "options", "outcome", "tally", "winner", *works)
        found[name] = find(motions[name], rules[name], roll.total(), part)
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
