"""The result of an official e-voting system (住建部门电子投票系统): taken over as published, decided here.

Its numbers may be incomplete; what is not known is not guessed, and INDETERMINATE is not adopted.
Of several options the numbers of each are decided here too; of a menu the system says which works it
has chosen, and here it is decided whether they may be (budget, the class of the matter).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from models.values.base import Grown
from models.values.decisions.decision import Decision
from models.values.decisions.menu import Approval, MenuOutcome, MenuRule, TallyUnit
from models.values.decisions.rules import Amounts
from models.values.refusal import Problem, problem, refusal
from models.values.voting import (
    Motion,
    ReportedChoice,
    ReportedNumbers,
    ReportedTally,
    SecondVote,
    VotingPack,
)
from rules.checks import check
from rules.checks import decide as decided
from rules.voting.inputs.consistency import disagreements
from rules.voting.live.beside import Weight
from rules.voting.live.follow_ups import second_vote
from rules.voting.motions import lapses
from rules.voting.options import decide_options
from rules.voting.packs import decide, quorum, rule_of, ruled, tally_facts

UNITS = ("heads", "area_dm2", "shares")


class ReportedResult(Grown):
    """One motion as the official system reported it, and what the law says to its numbers.

    `outcome` is a word of `rules.voting.results.Outcome`, as for a vote that was counted here.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"options", "winner", "named", "menu", "second"})

    tally: ReportedTally
    decision: Decision
    outcome: str
    options: dict[str, ReportedChoice] | None = None
    winner: str | None = None
    named: tuple[str, ...] = ()
    menu: MenuOutcome | None = None
    second: SecondVote | None = None


def official_problems(
    motions: Sequence[Motion], results: Mapping[str, ReportedNumbers], roll: Weight
) -> tuple[Problem, ...]:
    """Why a report cannot be the result of this vote; everything at once.

    Every motion has its numbers, no other has; no number contradicts another; options and works are
    those of the motion, and what was chosen of a menu is within its budget; and the roll, where it is
    reported, is the frozen one: a vote of others is not this vote.
    """
    known = {motion.id: motion for motion in motions}
    names = ", ".join(sorted(known))
    problems = [
        problem("voting.motion_unknown", where="results", motion=name, motions=names)
        for name in results.keys() - known.keys()
    ]
    for name, motion in known.items():
        if name not in results:
            problems.append(problem("official.motion_missing", where=name, motion=name))
            continue
        of_choices = list(_choice_problems(motion, results[name]))
        problems += of_choices
        # The sum of options that are wrong one by one says nothing more.
        options = {} if of_choices else _said_options(motion, results[name])
        problems += _of_one(name, results[name], roll, options)
    return tuple(problems)


def official_results(
    pack: VotingPack, motions: Sequence[Motion], results: Mapping[str, ReportedNumbers]
) -> dict[str, ReportedResult]:
    """Every motion decided over its reported numbers, in order.

    Raises:
        Refused: `official.payers_unknown` where only some of the owners pay: a report names nobody.
    """
    found = {motion.id: _result(pack, motion, results[motion.id]) for motion in motions}
    passed = {name for name, each in found.items() if each.outcome == "passed"}
    for name in lapses(motions, passed):
        found[name] = found[name].model_copy(update={"outcome": "lapsed"})
    return found


def _result(pack: VotingPack, motion: Motion, given: ReportedNumbers) -> ReportedResult:
    tally = ReportedTally.model_validate(given.model_dump(exclude={"options", "chosen"}))
    if motion.menu is not None:
        return _menu_result(pack, motion, tally, given)
    if motion.options:
        return _options_result(pack, motion, tally, given)
    decision = decide(pack, motion, tally)
    outcome, second = _by_law(pack, motion, tally, "passed" if decision.passed else "failed")
    return ReportedResult(tally=tally, decision=decision, outcome=outcome, second=second)


def _by_law(
    pack: VotingPack, motion: Motion, tally: ReportedTally, outcome: str
) -> tuple[str, SecondVote | None]:
    """The outcome with what the law adds to it: the second vote that a failed one opens.

    Raises:
        Refused: `official.payers_unknown`.
    """
    law = ruled(pack, motion, tally)
    if outcome == "passed" and law.payer_set not in (None, "all"):
        raise refusal("official.payers_unknown", where=motion.id, motion=motion.id)
    second = second_vote(law) if outcome == "failed" else None
    return outcome if second is None else "second_vote", second


def _options_result(
    pack: VotingPack, motion: Motion, tally: ReportedTally, given: ReportedNumbers
) -> ReportedResult:
    """The strongest option against the rest, as where ballots are counted here (rule book 1.4.6)."""
    rule = rule_of(pack, motion)
    options = {each.id: given.options.get(each.id, ReportedChoice()) for each in motion.options}
    amounts = {name: _amounts(each) for name, each in options.items()}
    ruling = decide_options(rule, amounts, tally_facts(tally))
    strongest = ruling.order[0] if ruling.order else motion.options[0].id
    split = _against(tally, options, strongest)
    words = {"winner": "passed", "run_off": "run_off", "tie": "tie"}
    outcome, second = _by_law(pack, motion, split, words.get(ruling.outcome, "failed"))
    return ReportedResult(
        tally=split,
        decision=decide(pack, motion, split),
        outcome=outcome,
        second=second,
        options=options,
        winner=ruling.winner,
        named=ruling.named,
    )


def _menu_result(
    pack: VotingPack, motion: Motion, tally: ReportedTally, given: ReportedNumbers
) -> ReportedResult:
    """The works that the system chose stand if all of them may be chosen: some, and each as the law asks."""
    assert motion.menu is not None
    checks = [
        check("voting.work_chosen", "rules 1.4", len(given.chosen), ">", 0, "works"),
    ]
    if motion.approval is Approval.EACH:
        checks += quorum(pack, tally, motion).checks
        for name in given.chosen:
            supported = _supported(tally, given.options.get(name, ReportedChoice()))
            checks += decide(pack, motion, supported).checks
    decision = decided(*checks)
    costs = motion.menu.costs
    menu = MenuOutcome(
        rule=motion.menu_rule or MenuRule.GREEDY,
        unit=TallyUnit.VOTES,
        tie_rule=motion.menu.rules.ties,
        tally={name: each.heads or 0 for name, each in given.options.items()},
        winners=given.chosen,
        cost=sum(costs[name] for name in given.chosen),
        budget=motion.menu.budget,
    )
    return ReportedResult(
        tally=tally,
        decision=decision,
        outcome="passed" if decision.passed else "failed",
        options=given.options or None,
        menu=menu,
    )


def _supported(tally: ReportedTally, work: ReportedChoice) -> ReportedTally:
    """The tally of one work: its supporters are the yes, everybody else who answered the no."""
    update: dict[str, int | None] = {}
    for unit in UNITS:
        part: int | None = getattr(tally, f"participating_{unit}")
        abstain: int | None = getattr(tally, f"abstain_{unit}")
        yes: int | None = getattr(work, unit)
        known = part is not None and yes is not None
        update[f"yes_{unit}"] = yes
        update[f"no_{unit}"] = (part or 0) - (abstain or 0) - (yes or 0) if known else None
    return tally.model_copy(update=update)


def _against(
    tally: ReportedTally, options: Mapping[str, ReportedChoice], name: str
) -> ReportedTally:
    """The tally with the votes of one option as yes and those of all others as no."""
    update: dict[str, int | None] = {}
    for unit in UNITS:
        said: dict[str, int | None] = {each: getattr(options[each], unit) for each in options}
        update[f"yes_{unit}"] = said.pop(name)
        rest = list(said.values())
        known = [number for number in rest if number is not None]
        update[f"no_{unit}"] = sum(known) if len(known) == len(rest) else None
    return tally.model_copy(update=update)


def _amounts(choice: ReportedChoice) -> Amounts:
    return Amounts(head=choice.heads, area=choice.area_dm2, share=choice.shares)


def _choice_problems(motion: Motion, given: ReportedNumbers) -> Iterator[Problem]:
    """Options and works are those of the motion; a menu's chosen ones fit into its budget."""
    costs = {} if motion.menu is None else motion.menu.costs
    known = {*costs, *(option.id for option in motion.options)}
    for field, names in (("options", given.options), ("chosen", given.chosen)):
        for name in names:
            if name not in known or (field == "chosen" and name not in costs):
                where = f"{motion.id}.{field}"
                yield problem("official.choice_unknown", where=where, motion=motion.id, choice=name)
    if motion.options and not given.options:
        yield problem("official.options_missing", where=motion.id, motion=motion.id)
    if len(set(given.chosen)) < len(given.chosen):
        yield problem("official.chosen_twice", where=f"{motion.id}.chosen", motion=motion.id)
    cost = sum(costs.get(name, 0) for name in given.chosen)
    if motion.menu is not None and cost > motion.menu.budget:
        yield problem(
            "official.over_budget",
            where=f"{motion.id}.chosen",
            motion=motion.id,
            cost=cost,
            budget=motion.menu.budget,
        )
    for name, choice in given.options.items():
        yield from _numbers_problems(motion.id, f"options.{name[:32]}", choice, given)


def _numbers_problems(
    motion_id: str, field: str, choice: ReportedChoice, given: ReportedNumbers
) -> Iterator[Problem]:
    """One option or work: of those who took part whoever abstained supports nothing."""
    if choice.heads == 0 and any((choice.area_dm2, choice.shares)):
        yield problem("decide.weight_without_heads", where=f"{motion_id}: {field}", field=field)
    for unit in UNITS:
        number, part = getattr(choice, unit), getattr(given, f"participating_{unit}")
        if number is None:
            continue
        if number < 0:
            where = f"{motion_id}.{field}.{unit}"
            yield problem("official.below_zero", where=where, motion=motion_id, field=where)
        most = None if part is None else part - (getattr(given, f"abstain_{unit}") or 0)
        if most is not None and number > most:
            where = f"{motion_id}.{field}.{unit}"
            params: dict[str, str | int] = {"motion": motion_id, "given": number, "most": most}
            yield Problem(code="official.choice_above", where=where, params=params)


def _said_options(motion: Motion, given: ReportedNumbers) -> dict[str, Amounts]:
    """Each owner names one option, so they add up; of a menu's works each may name several."""
    return {name: _amounts(each) for name, each in given.options.items() if motion.options}


def _of_one(
    name: str, tally: ReportedTally, roll: Weight, options: Mapping[str, Amounts]
) -> list[Problem]:
    numbers = {field: getattr(tally, field) for field in ReportedTally.model_fields}
    below = [field for field, number in numbers.items() if number is not None and number < 0]
    if below:
        return [problem("official.below_zero", where=name, motion=name, field=below[0])]
    frozen = [("roll_heads", roll.heads), ("roll_area_dm2", roll.area_dm2)]
    frozen += [("roll_shares", roll.shares)] if roll.shares else []
    other = [
        problem(
            "official.other_roll",
            where=f"{name}.{field}",
            motion=name,
            given=numbers[field],
            frozen=number,
        )
        for field, number in frozen
        if numbers[field] not in (None, number)
    ]
    facts = tally_facts(tally)
    if options:
        facts = facts.model_copy(update={"options": options, "yes": Amounts(), "no": Amounts()})
    return other or list(disagreements(facts, name))
