"""A vote under any law, judged by the rules of this release: its rule, and what stands beside the ballots."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from models.values.decisions.rules import FollowUp, PayerRule, Rule, Silence, Veto
from models.values.refusal import Refused
from models.values.voting import Motion, MotionKind, VotingPack
from proof.bundle import contents as bundle
from proof.bundle.shapes import BesideTheBallots, LawOfMotion, PayersOfLaw, RuleOfMotion
from proof.verifier.main import ReadBundle
from proof.verifier.reading import Fault
from rules.voting import PACKS, pack_rule, rule_in, strict_kind
from rules.voting.judging import open_follow_ups, payers_rule
from rules.voting.law import RULES, TABLES
from rules.voting.law.cn import TABLES as CHINA
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight
from rules.voting.results import MotionResult, motion_results


def under_law(
    motion: Motion,
    alone: Motion,
    given: LawOfMotion,
    weights: Mapping[bytes, Weight],
    roll: Weight,
    beside: Beside,
    *,
    before: bool,
) -> dict[str, MotionResult]:
    """What becomes of a motion by the rule that the bundle gives; `alone` is it without what it depends on.

    Raises:
        Fault: it is one that decides nothing.
    """
    if not given.approve and not given.reject_cap:
        raise Fault(bundle.RULES, 0, f"motions.{motion.id[:40]}.approve: is empty")
    by = None if given.payers is None else given.payers.by
    if by is not None and not by.approve and not by.reject_cap:
        raise Fault(bundle.RULES, 0, f"motions.{motion.id[:40]}.payers.by.approve: is empty")
    return motion_results(
        VotingPack(id="", region="", valid_from=date.min, text="", quorum=given.quorum),
        [alone],
        weights,
        roll,
        beside=beside,
        before_approval=before,
        rules={motion.id: _rule_of(given)},
        payers_by={} if by is None else {motion.id: _rule_of(by)},
    )


def beside_the_ballots(lists: BesideTheBallots | None, read: ReadBundle) -> Beside:
    """Who came, was silent and objected, in weights; whoever handed in a ballot has come.

    Raises:
        Fault: a list is not in its order, or names somebody who may not vote.
    """
    if lists is None:
        return NOTHING_BESIDE
    voters = {
        entry.hex(): Weight(heads, area, max(shares, 0))
        for entry, heads, area, shares in read.roll.voters()
    }
    for name, listed in (("attended", lists.attended), ("objected", lists.objected or ())):
        if list(listed) != sorted(set(listed)) or not voters.keys() >= set(listed):
            raise Fault(bundle.RULES, 0, f"beside.{name}: is not in order, or names a stranger")
    came = {entry.hex() for entry in read.box.who_has_cast()} & voters.keys() | set(lists.attended)
    present = _together(voters, came)
    if lists.objected is None:
        return Beside(present=present)
    silent = voters.keys() - came - set(lists.objected)
    return Beside(
        present=present,
        silent=_together(voters, silent),
        objections=_together(voters, set(lists.objected)),
    )


def _together(voters: Mapping[str, Weight], entries: set[str]) -> Weight:
    total = Weight()
    for entry in entries:
        total = total.plus(voters[entry])
    return total


def law_of(motion: Motion, given: RuleOfMotion | LawOfMotion) -> str:
    """The pack or rule of this release that the rule of a motion is, to the letter; "" for none of that name.

    Raises:
        Fault: under such a name it is another rule, or not the one that the motion needs.
    """
    pack = next((pack for pack in PACKS if pack.id == given.id), None)
    versions = [rule for rule in RULES if rule.id == given.id]
    if pack is None and not versions:
        return ""
    if isinstance(given, LawOfMotion):
        same = _is_rule(motion, given, versions) and _asks_for(motion, given.id)
    else:
        same = pack is not None and _is_class_of(motion, given, pack)
    if not same:
        text = (
            f"motions.{motion.id[:40]}: is not the law that this release knows as {given.id[:40]}"
        )
        raise Fault(bundle.RULES, 0, text)
    return given.id


def _is_class_of(motion: Motion, given: RuleOfMotion, pack: VotingPack) -> bool:
    """Whether it is the class of the pack that the motion needs; only China's packs have classes."""
    if not pack.major:
        return False
    try:
        kind = strict_kind(motion, pack)
    except Refused:
        return False  # that law does not know the matter
    law = pack_rule(pack, kind)
    told = (given.kind, given.law, given.silence, given.quorum, given.approve, given.reject_cap)
    due = (kind.value, law.law, law.silence.kind, law.quorum, law.approve, law.reject_cap)
    return told == due


def _is_rule(motion: Motion, given: LawOfMotion, versions: Sequence[Rule]) -> bool:
    said = given.model_dump(mode="json")
    return said in [_as_published(rule, motion) for rule in versions]


def _asks_for(motion: Motion, rule_id: str) -> bool:
    """Whether some table of matters leads the motion to this rule, over the rule of a first vote if it had one.

    A motion that names no matter is led nowhere; but one of the major class is not decided by an ordinary one.
    """
    put_again = bool(motion.rule or motion.after)
    if put_again and (not motion.after or motion.rule not in ("", rule_id)):
        return False
    if motion.matter is None:
        ordinary = {
            each.rule for table in CHINA for each in table.classes if each.cls == "ordinary"
        }
        return motion.kind is not MotionKind.MAJOR or rule_id not in ordinary
    first = {
        rule_in(table, motion.matter).rule.id
        for table in TABLES
        if any(entry.matter == motion.matter for entry in table.matters)
    }
    if not motion.after:
        return rule_id in first
    return motion.after in _with_second_votes(first)


def _with_second_votes(rule_ids: Iterable[str]) -> set[str]:
    """The rules, and those of all second votes that they may open."""
    reached: set[str] = set()
    todo = set(rule_ids)
    while todo:
        reached |= todo
        opened = {each.then for rule in RULES if rule.id in todo for each in rule.follow_ups}
        todo = opened - reached
    return reached


def _as_published(rule: Rule, motion: Motion) -> object:
    try:
        follow_ups = open_follow_ups(rule, motion.after or None)
    except Refused:
        return None  # that rule is no second vote of the one before
    return bundle.law_rule(rule, follow_ups, payers_rule(rule))


def _rule_of(given: LawOfMotion) -> Rule:
    """The rule in the form that the count takes."""
    return Rule(
        id=given.id,
        jurisdiction="",
        law=given.law,
        articles=(given.article,),
        confidence="V",
        valid_from=date.min,
        quorum=given.quorum,
        approve=given.approve,
        reject_cap=given.reject_cap,
        either=given.either,
        veto=None if given.veto is None else Veto(days=0, conditions=given.veto, article=""),
        silence=Silence(kind=given.silence),
        follow_ups=tuple(FollowUp.model_validate(each.model_dump()) for each in given.follow_ups),
        payers=None if given.payers is None else _payers_of(given.payers),
    )


def _payers_of(given: PayersOfLaw) -> PayerRule:
    return PayerRule(
        passed=given.passed,
        failed=given.failed,
        above=given.above,
        by=None if given.by is None else given.by.id,
        article="",
    )
