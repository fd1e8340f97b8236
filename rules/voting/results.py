"""The result of each motion from the counted ballots: yes and no, options, menus.

Nothing here knows how ballots are kept: `weights` maps each way to vote (canonical JSON of the
choices) to what the ballots that say so weigh together.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from models.values.base import Carried
from models.values.decisions.decision import Check, Decision
from models.values.decisions.menu import Approval, MenuBallot, MenuOutcome, MenuRule
from models.values.decisions.rules import Amounts, OptionsRuling
from models.values.voting import INVALID, Choice, Motion, Tally, VotingPack
from rules.checks import check
from rules.checks import decide as decided
from rules.menu import ballot_of, equal_shares, greedy, supported
from rules.voting.motions import lapses
from rules.voting.options import decide_options
from rules.voting.packs import decide, pack_rule, quorum, strict_kind, tally_facts

Outcome = Literal["passed", "failed", "lapsed", "run_off", "tie"]


class Weight(NamedTuple):
    """What ballots weigh together."""

    heads: int = 0
    area_dm2: int = 0

    def plus(self, other: "Weight") -> "Weight":
        """Both together."""
        return Weight(self.heads + other.heads, self.area_dm2 + other.area_dm2)


class WorkResult(Carried):
    """One work of a menu, judged like a motion: its supporters are the yes, all others who answered the no."""

    supporters: Amounts
    decision: Decision


class MotionResult(Carried):
    """One motion after the count.

    Of several options `winner` won, or `named` are put again (run-off) or cannot be told apart
    (tie); in `tally` the strongest option is "yes" and the others are "no". A menu passes when some
    work was chosen; in its tally "yes" is whoever chose something. Where each work needs the
    approval of the matter's class, `works` says which of them have it.
    """

    tally: Tally
    decision: Decision
    outcome: Outcome
    options: dict[str, Amounts] | None = None
    winner: str | None = None
    named: tuple[str, ...] = ()
    menu: MenuOutcome | None = None
    works: dict[str, WorkResult] | None = None


@dataclass
class _Answers:
    """The answers to one motion by their weight: words and options, and choices from a menu."""

    words: dict[str, Weight] = field(default_factory=dict)
    menu: dict[MenuBallot, Weight] = field(default_factory=dict)
    chose: Weight = field(default_factory=Weight)

    def add(self, motion: Motion, value: str | list[str] | dict[str, int], weight: Weight) -> None:
        """Add the answer of ballots that weigh so much together."""
        if motion.menu is not None and not isinstance(value, str):
            ballot = ballot_of(motion.menu, value)
            self.menu[ballot] = self.menu.get(ballot, Weight()).plus(weight)
            self.chose = self.chose.plus(weight)
        else:
            word = str(value)
            self.words[word] = self.words.get(word, Weight()).plus(weight)


def motion_results(
    pack: VotingPack,
    motions: Sequence[Motion],
    weights: Mapping[bytes, Weight],
    roll: Weight,
    conditions: Iterable[Check] = (),
    *,
    before_approval: bool = False,
) -> dict[str, MotionResult]:
    """Every motion's result, in order; `conditions` are checks of the box that all of them need.

    `before_approval` counts menus as they once were: any work may be chosen once enough took part.
    Evidence of those votes is still judged by it.
    """
    unmet = tuple(check for check in conditions if not check.passed)
    answers = _answers_by_motion(motions, weights)
    results = {motion.id: _result(pack, motion, answers[motion.id], roll) for motion in motions}
    if before_approval:
        results |= {
            motion.id: _menu_before_approval(pack, motion, answers[motion.id], roll)
            for motion in motions
            if motion.menu is not None
        }
    if unmet:
        results = {name: _failed(result, unmet) for name, result in results.items()}
    passed = {name for name, result in results.items() if result.outcome == "passed"}
    for name in lapses(motions, passed):
        results[name] = results[name].model_copy(update={"outcome": "lapsed"})
    return results


def intact_check(faults: int) -> Check:
    """A box with a ballot that was changed or taken away decides nothing (design principle 9)."""
    return check("voting.box_intact", "gongjian: fail closed", faults, "==", 0, "ballots")


def _answers_by_motion(
    motions: Sequence[Motion], weights: Mapping[bytes, Weight]
) -> dict[str, _Answers]:
    answers = {motion.id: _Answers() for motion in motions}
    by_id = {motion.id: motion for motion in motions}
    for choices, weight in weights.items():
        for name, value in json.loads(choices).items():
            if name in answers:
                answers[name].add(by_id[name], value, weight)
    return answers


def _result(pack: VotingPack, motion: Motion, answers: _Answers, roll: Weight) -> MotionResult:
    if motion.menu is not None:
        return _menu_result(pack, motion, answers, roll)
    if motion.options:
        return _options_result(pack, motion, answers, roll)
    tally = _tally(
        roll, answers.words, *(answers.words.get(word, Weight()) for word in ("yes", "no"))
    )
    decision = decide(pack, motion, tally)
    return MotionResult(
        tally=tally, decision=decision, outcome="passed" if decision.passed else "failed"
    )


def _options_result(
    pack: VotingPack, motion: Motion, answers: _Answers, roll: Weight
) -> MotionResult:
    """The strongest option against the rest (rule book 1.4.6)."""
    options = {option.id: answers.words.get(option.id, Weight()) for option in motion.options}
    amounts = {
        name: Amounts(head=weight.heads, area=weight.area_dm2) for name, weight in options.items()
    }
    all_cast = Weight()
    for weight in options.values():
        all_cast = all_cast.plus(weight)
    whole = _tally(roll, answers.words, all_cast, Weight())
    rule = pack_rule(pack, strict_kind(motion, pack))
    ruling = decide_options(rule, amounts, tally_facts(whole))
    top = options[ruling.order[0]] if ruling.order else Weight()
    rest = Weight(all_cast.heads - top.heads, all_cast.area_dm2 - top.area_dm2)
    tally = _tally(roll, answers.words, top, rest)
    return MotionResult(
        tally=tally,
        decision=decide(pack, motion, tally),
        outcome=_outcome_of(ruling),
        options=amounts,
        winner=ruling.winner,
        named=ruling.named,
    )


def _menu_result(pack: VotingPack, motion: Motion, answers: _Answers, roll: Weight) -> MotionResult:
    """The works that the method chooses among those that may be chosen (Civil Code art. 278).

    Each by its own supporters; or any, where the owners were asked on the same ballot whether they
    approve the method's choice: that question is a motion of its own, and the menu depends on it.
    """
    tally = _tally(roll, answers.words, answers.chose, Weight())
    if motion.approval is Approval.WHOLE:
        menu = _chosen(motion, answers)
        return _menu_passed((), tally, menu, None)
    works = _works(pack, motion, answers, roll)
    able = {name for name, work in works.items() if work.decision.passed}
    menu = _chosen(motion, answers, able)
    return _menu_passed(quorum(pack, tally).checks, tally, menu, works)


def _works(
    pack: VotingPack, motion: Motion, answers: _Answers, roll: Weight
) -> dict[str, WorkResult]:
    """Whether the supporters of each work reach the bar of the matter's class, in heads and in area."""
    assert motion.menu is not None
    support = dict.fromkeys(motion.menu.costs, Weight())
    for ballot, weight in answers.menu.items():
        for name in supported(motion.menu, ballot):
            support[name] = support[name].plus(weight)
    chose = answers.chose
    results: dict[str, WorkResult] = {}
    for name, yes in support.items():
        no = Weight(chose.heads - yes.heads, chose.area_dm2 - yes.area_dm2)
        decision = decide(pack, motion, _tally(roll, answers.words, yes, no))
        supporters = Amounts(head=yes.heads, area=yes.area_dm2)
        results[name] = WorkResult(supporters=supporters, decision=decision)
    return results


def _chosen(motion: Motion, answers: _Answers, only: Collection[str] | None = None) -> MenuOutcome:
    """What the method of the menu chooses within the budget, among `only`."""
    assert motion.menu is not None
    ballots = {ballot: weight.heads for ballot, weight in answers.menu.items()}
    if motion.menu_rule is MenuRule.GREEDY:
        return greedy(motion.menu, ballots, only=only)
    return equal_shares(motion.menu, ballots, completion=motion.completion, only=only)


def _menu_passed(
    checks: tuple[Check, ...],
    tally: Tally,
    menu: MenuOutcome,
    works: dict[str, WorkResult] | None,
) -> MotionResult:
    """It passes with every check met and a work chosen."""
    chosen = check("voting.work_chosen", "rules 1.4", len(menu.winners), ">", 0, "works")
    decision = decided(*checks, chosen)
    outcome: Outcome = "passed" if decision.passed else "failed"
    return MotionResult(tally=tally, decision=decision, outcome=outcome, menu=menu, works=works)


def _menu_before_approval(
    pack: VotingPack, motion: Motion, answers: _Answers, roll: Weight
) -> MotionResult:
    """As menus were counted before they obeyed the class of their matter: the quorum and some work."""
    menu = _chosen(motion, answers)
    tally = _tally(roll, answers.words, answers.chose, Weight())
    decision = quorum(pack, tally)
    good = decision.passed and bool(menu.winners)
    return MotionResult(
        tally=tally, decision=decision, outcome="passed" if good else "failed", menu=menu
    )


def _tally(roll: Weight, words: Mapping[str, Weight], yes: Weight, no: Weight) -> Tally:
    abstain, invalid = (words.get(word, Weight()) for word in (Choice.ABSTAIN.value, INVALID))
    part = yes.plus(no).plus(abstain)
    return Tally(
        roll_heads=roll.heads,
        roll_area_dm2=roll.area_dm2,
        participating_heads=part.heads,
        participating_area_dm2=part.area_dm2,
        yes_heads=yes.heads,
        yes_area_dm2=yes.area_dm2,
        no_heads=no.heads,
        no_area_dm2=no.area_dm2,
        abstain_heads=abstain.heads,
        abstain_area_dm2=abstain.area_dm2,
        invalid_heads=invalid.heads,
        invalid_area_dm2=invalid.area_dm2,
    )


def _outcome_of(ruling: OptionsRuling) -> Outcome:
    if ruling.outcome == "winner":
        return "passed"
    if ruling.outcome == "run_off":
        return "run_off"
    return "tie" if ruling.outcome == "tie" else "failed"


def _failed(result: MotionResult, unmet: tuple[Check, ...]) -> MotionResult:
    decision = Decision(verdict="FAIL", checks=(*result.decision.checks, *unmet))
    return result.model_copy(update={"decision": decision, "outcome": "failed", "winner": None})
