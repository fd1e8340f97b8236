"""The result of each motion from the counted ballots: yes and no, options, menus.

Nothing here knows how ballots are kept: `weights` maps each way to vote (canonical JSON of the
choices) to what the ballots that say so weigh together.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

from models.values.base import Grown
from models.values.decisions.decision import Check, Decision
from models.values.decisions.menu import MenuBallot, MenuOutcome, MenuRule
from models.values.decisions.rules import Amounts, OptionsRuling, Payers, Rule
from models.values.voting import INVALID, Choice, Motion, SecondVote, Tally, VotingPack
from rules.checks import check
from rules.menu import ballot_of, equal_shares, greedy
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight, said_beside
from rules.voting.live.follow_ups import second_vote
from rules.voting.live.silence import days_to_object
from rules.voting.motions import lapses
from rules.voting.options import decide_options
from rules.voting.packs import decide, quorum, rule_of, ruled, tally_facts

Outcome = Literal["passed", "failed", "lapsed", "pending", "run_off", "second_vote", "tie"]


class MotionResult(Grown):
    """One motion after the count.

    Of several options `winner` won, or `named` are put again (run-off) or cannot be told apart
    (tie); in `tally` the strongest option is "yes" and the others are "no". A menu passes when enough
    took part and some work won; in its tally "yes" is whoever chose something. A motion that failed
    may be put again under the lower bar of `second`. `payers` is who pays, where the law makes that a
    result of the same vote. It is pending while owners may object for `days_to_object`.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"second", "payers", "days_to_object"})

    tally: Tally
    decision: Decision
    outcome: Outcome
    options: dict[str, Amounts] | None = None
    winner: str | None = None
    named: tuple[str, ...] = ()
    menu: MenuOutcome | None = None
    second: SecondVote | None = None
    payers: Payers | None = None
    days_to_object: int = 0


@dataclass
class _Answers:
    """The answers to one motion: words and options by their weight, menu ballots by their number."""

    words: dict[str, Weight] = field(default_factory=dict)
    menu: Counter[MenuBallot] = field(default_factory=Counter)
    chose: Weight = field(default_factory=Weight)

    def add(self, motion: Motion, value: str | list[str] | dict[str, int], weight: Weight) -> None:
        """Add the answer of ballots that weigh so much together."""
        if motion.menu is not None and not isinstance(value, str):
            self.menu[ballot_of(motion.menu, value)] += weight.heads
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
) -> dict[str, MotionResult]:
    """Every motion's result, in order; `conditions` are checks of the box that all of them need.

    `beside` is what was counted beside the ballots: who attended, was silent, objected.
    """
    unmet = tuple(check for check in conditions if not check.passed)
    answers = _answers_by_motion(motions, weights)
    results = {
        motion.id: _result(pack, motion, answers[motion.id], _Whole(roll, beside))
        for motion in motions
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


class _Whole(NamedTuple):
    """What every motion of a box is counted against."""

    roll: Weight
    beside: Beside


def _result(pack: VotingPack, motion: Motion, answers: _Answers, whole: _Whole) -> MotionResult:
    if motion.menu is not None:
        return _menu_result(pack, motion, answers, whole)
    if motion.options:
        return _options_result(pack, motion, answers, whole)
    yes, no = (answers.words.get(word, Weight()) for word in ("yes", "no"))
    tally = _tally(rule_of(pack, motion), whole, answers.words, yes, no)
    waiting = days_to_object(pack, motion, tally, whole.beside)
    if waiting:
        decision = decide(pack, motion, tally)
        return MotionResult(
            tally=tally, decision=decision, outcome="pending", days_to_object=waiting
        )
    return _decided(pack, motion, tally, None)


def _decided(
    pack: VotingPack, motion: Motion, tally: Tally, ruling: OptionsRuling | None
) -> MotionResult:
    """The decision over a tally, with the second vote that it opens and who pays."""
    decision = decide(pack, motion, tally)
    outcome: Outcome = "passed" if decision.passed else "failed"
    if ruling is not None:
        outcome = _outcome_of(ruling)
    law = ruled(pack, motion, tally)
    second = second_vote(law) if outcome == "failed" else None
    return MotionResult(
        tally=tally,
        decision=decision,
        outcome="second_vote" if second is not None else outcome,
        second=second,
        payers=law.payer_set if outcome == "passed" and law.payer_set != "all" else None,
    )


def _options_result(
    pack: VotingPack, motion: Motion, answers: _Answers, whole: _Whole
) -> MotionResult:
    """The strongest option against the rest (rule book 1.4.6)."""
    options = {option.id: answers.words.get(option.id, Weight()) for option in motion.options}
    rule = rule_of(pack, motion)
    amounts = {
        name: Amounts(
            head=weight.heads,
            area=weight.area_dm2,
            share=weight.shares if _looks_at(rule, "share") else None,
        )
        for name, weight in options.items()
    }
    all_cast = Weight()
    for weight in options.values():
        all_cast = all_cast.plus(weight)
    everything = _tally(rule, whole, answers.words, all_cast, Weight())
    ruling = decide_options(rule, amounts, tally_facts(everything))
    top = options[ruling.order[0]] if ruling.order else Weight()
    tally = _tally(rule, whole, answers.words, top, all_cast.less(top))
    found = _decided(pack, motion, tally, ruling)
    return found.model_copy(
        update={"options": amounts, "winner": ruling.winner, "named": ruling.named}
    )


def _menu_result(
    pack: VotingPack, motion: Motion, answers: _Answers, whole: _Whole
) -> MotionResult:
    """The works that win; the menu as a whole needs the quorum of the owners (Civil Code art. 278)."""
    assert motion.menu is not None
    if motion.menu_rule is MenuRule.GREEDY:
        menu = greedy(motion.menu, answers.menu)
    else:
        menu = equal_shares(motion.menu, answers.menu, completion=motion.completion)
    tally = _tally(rule_of(pack, motion), whole, answers.words, answers.chose, Weight())
    decision = quorum(pack, tally)
    good = decision.passed and bool(menu.winners)
    return MotionResult(
        tally=tally, decision=decision, outcome="passed" if good else "failed", menu=menu
    )


def _looks_at(rule: Rule, dimension: str) -> bool:
    return any(
        condition.dimension == dimension
        for condition in (*rule.quorum, *rule.approve, *rule.reject_cap)
    )


def _tally(
    rule: Rule, whole: _Whole, words: Mapping[str, Weight], yes: Weight, no: Weight
) -> Tally:
    """The numbers of a motion; shares only where the rule looks at them and all owners have some."""
    abstain, invalid = (words.get(word, Weight()) for word in (Choice.ABSTAIN.value, INVALID))
    weights = {
        "roll": whole.roll,
        "participating": yes.plus(no).plus(abstain),
        "yes": yes,
        "no": no,
        "abstain": abstain,
        "invalid": invalid,
        **said_beside(rule, whole.beside),
    }
    with_shares = _looks_at(rule, "share") and whole.roll.shares > 0
    units = ("heads", "area_dm2", "shares") if with_shares else ("heads", "area_dm2")
    return Tally.model_validate(
        {
            f"{name}_{unit}": getattr(weight, unit)
            for name, weight in weights.items()
            for unit in units
        }
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
