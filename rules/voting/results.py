"""The result of each motion from the counted ballots: yes and no, options, menus.

Nothing here knows how ballots are kept: `weights` maps each way to vote (canonical JSON of the
choices) to what the ballots that say so weigh together.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from models.values.base import Carried, Grown
from models.values.decisions.decision import Check, Decision
from models.values.decisions.menu import Approval, MenuBallot, MenuOutcome, MenuRule
from models.values.decisions.rules import Amounts, OptionsRuling, Payers, Rule
from models.values.voting import Motion, SecondVote, Tally, VotingPack
from rules.checks import check
from rules.checks import decide as decided
from rules.menu import ballot_of, equal_shares, greedy, supported
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight
from rules.voting.live.follow_ups import second_vote
from rules.voting.live.silence import days_to_object
from rules.voting.live.tallies import Whole, amounts_of, tally_of
from rules.voting.motions import lapses
from rules.voting.options import decide_options
from rules.voting.packs import (
    decision_of,
    quorum,
    quorum_by,
    rule_of,
    ruled_by,
    tally_facts,
)

Outcome = Literal["passed", "failed", "lapsed", "pending", "run_off", "second_vote", "tie"]


class WorkResult(Carried):
    """One work of a menu, judged like a motion: its supporters are the yes, all others who answered the no."""

    supporters: Amounts
    decision: Decision


class MotionResult(Grown):
    """One motion after the count.

    Of several options `winner` won, or `named` are put again (run-off) or cannot be told apart
    (tie); in `tally` the strongest option is "yes" and the others are "no". A menu passes when some
    work was chosen; in its tally "yes" is whoever chose something. Where each work needs the
    approval of the matter's class, `works` says which of them have it. A motion that failed may be put
    again under the lower bar of `second`. `payers` is who pays, where the law makes that a result of
    the same vote. It is pending while owners may object for `days_to_object`.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"second", "payers", "days_to_object"})

    tally: Tally
    decision: Decision
    outcome: Outcome
    options: dict[str, Amounts] | None = None
    winner: str | None = None
    named: tuple[str, ...] = ()
    menu: MenuOutcome | None = None
    works: dict[str, WorkResult] | None = None
    second: SecondVote | None = None
    payers: Payers | None = None
    days_to_object: int = 0


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
    beside: Beside = NOTHING_BESIDE,
    *,
    before_approval: bool = False,
    rules: Mapping[str, Rule] | None = None,
    payers_by: Mapping[str, Rule] | None = None,
) -> dict[str, MotionResult]:
    """Every motion's result, in order; `conditions` are checks of the box that all of them need.

    `beside` is what was counted beside the ballots: who attended, was silent, objected.
    `before_approval` counts menus as they once were: any work may be chosen once enough took part.
    Evidence of those votes is still judged by it. `rules` are those of the motions, where somebody has
    found them by other means than by the pack, and `payers_by` those that say who pays.
    """
    unmet = tuple(check for check in conditions if not check.passed)
    answers = _answers_by_motion(motions, weights)
    of_motions = rules or {motion.id: rule_of(pack, motion) for motion in motions}
    whole = Whole(roll, beside, of_motions, payers_by or {})
    results = {motion.id: _result(motion, answers[motion.id], whole) for motion in motions}
    if before_approval:
        results |= {
            motion.id: _menu_before_approval(pack, motion, answers[motion.id], whole)
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


def _result(motion: Motion, answers: _Answers, whole: Whole) -> MotionResult:
    if motion.menu is not None:
        return _menu_result(motion, answers, whole)
    if motion.options:
        return _options_result(motion, answers, whole)
    rule = whole.rules[motion.id]
    yes, no = (answers.words.get(word, Weight()) for word in ("yes", "no"))
    tally = tally_of(rule, whole, answers.words, yes, no)
    waiting = days_to_object(rule, motion, tally, whole.beside)
    if waiting:
        decision = decision_of(ruled_by(rule, motion, tally))
        return MotionResult(
            tally=tally, decision=decision, outcome="pending", days_to_object=waiting
        )
    return _decided(motion, tally, None, whole)


def _decided(
    motion: Motion, tally: Tally, ruling: OptionsRuling | None, whole: Whole
) -> MotionResult:
    """The decision over a tally, with the second vote that it opens and who pays."""
    law = ruled_by(whole.rules[motion.id], motion, tally, whole.payers_by.get(motion.id))
    decision = decision_of(law)
    outcome: Outcome = "passed" if decision.passed else "failed"
    if ruling is not None:
        outcome = _outcome_of(ruling)
    second = second_vote(law) if outcome == "failed" else None
    return MotionResult(
        tally=tally,
        decision=decision,
        outcome="second_vote" if second is not None else outcome,
        second=second,
        payers=law.payer_set if outcome == "passed" and law.payer_set != "all" else None,
    )


def _options_result(motion: Motion, answers: _Answers, whole: Whole) -> MotionResult:
    """The strongest option against the rest (rule book 1.4.6)."""
    options = {option.id: answers.words.get(option.id, Weight()) for option in motion.options}
    rule = whole.rules[motion.id]
    amounts = {name: amounts_of(rule, weight) for name, weight in options.items()}
    all_cast = Weight()
    for weight in options.values():
        all_cast = all_cast.plus(weight)
    everything = tally_of(rule, whole, answers.words, all_cast, Weight())
    ruling = decide_options(rule, amounts, tally_facts(everything))
    top = options[ruling.order[0]] if ruling.order else Weight()
    tally = tally_of(rule, whole, answers.words, top, all_cast.less(top))
    found = _decided(motion, tally, ruling, whole)
    return found.model_copy(
        update={"options": amounts, "winner": ruling.winner, "named": ruling.named}
    )


def _menu_result(motion: Motion, answers: _Answers, whole: Whole) -> MotionResult:
    """The works that the method chooses among those that may be chosen (Civil Code art. 278).

    Each by its own supporters; or any, where the owners were asked on the same ballot whether they
    approve the method's choice: that question is a motion of its own, and the menu depends on it.
    """
    rule = whole.rules[motion.id]
    tally = tally_of(rule, whole, answers.words, answers.chose, Weight())
    if motion.approval is Approval.WHOLE:
        menu = _chosen(motion, answers)
        return _menu_passed((), tally, menu, None)
    works = _works(motion, answers, whole)
    able = {name for name, work in works.items() if work.decision.passed}
    menu = _chosen(motion, answers, able)
    return _menu_passed(quorum_by(rule, tally).checks, tally, menu, works)


def _works(motion: Motion, answers: _Answers, whole: Whole) -> dict[str, WorkResult]:
    """Whether the supporters of each work reach the bar of the matter's class, in what it counts."""
    assert motion.menu is not None
    support = dict.fromkeys(motion.menu.costs, Weight())
    for ballot, weight in answers.menu.items():
        for name in supported(motion.menu, ballot):
            support[name] = support[name].plus(weight)
    rule, chose = whole.rules[motion.id], answers.chose
    results: dict[str, WorkResult] = {}
    for name, yes in support.items():
        tally = tally_of(rule, whole, answers.words, yes, chose.less(yes))
        decision = decision_of(ruled_by(rule, motion, tally))
        results[name] = WorkResult(supporters=amounts_of(rule, yes), decision=decision)
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
    pack: VotingPack, motion: Motion, answers: _Answers, whole: Whole
) -> MotionResult:
    """As menus were counted before they obeyed the class of their matter: the quorum and some work."""
    menu = _chosen(motion, answers)
    tally = tally_of(whole.rules[motion.id], whole, answers.words, answers.chose, Weight())
    decision = quorum(pack, tally)
    good = decision.passed and bool(menu.winners)
    return MotionResult(
        tally=tally, decision=decision, outcome="passed" if good else "failed", menu=menu
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
