"""Whether a vote can be held under a rule: which numbers ballots, the roll and the attendance list give."""

from collections.abc import Iterator

from models.values.decisions.rules import Rule
from models.values.refusal import Problem, Refused, problem
from models.values.voting import Condition, Motion, VotingPack
from rules.voting.packs import rule_of, strict_kind
from rules.voting.registry import rule_named, table_named

MOST_SHOWN = 64
COLLECTED = frozenset(
    (
        *("yes", "no", "cast", "participating", "present", "objections"),
        *("all", "number", "required_quorum"),
    )
)
"""What a vote here knows; not who came in person to a meeting, for example (Hong Kong's large works)."""


def motion_problems(pack: VotingPack, motion: Motion) -> tuple[Problem, ...]:
    """Why a motion cannot be put under the law of the place; `where` is the field."""
    if motion.rule or motion.after:
        return (problem("opening.motion_rule", "rule"),)
    table = table_named(pack.id)
    matters = {entry.matter for entry in table.matters} if table is not None else set()
    names: dict[str, str | int] = {"pack": pack.id, "known": ", ".join(sorted(matters))}
    if motion.matter is None and not pack.major:
        return (problem("opening.matter_missing", "matter", **names),)
    if motion.matter is not None and motion.matter not in matters:
        word = motion.matter[:MOST_SHOWN]
        return (problem("opening.matter_unknown", "matter", matter=word, **names),)
    if pack.major and strict_kind(motion, pack) is not motion.kind:
        return (problem("opening.motion_kind", "kind", matter=motion.matter or ""),)
    rule = rule_of(pack, motion)
    return _missing_numbers(rule, motion) or _objected_to_one_by_one(rule, motion)


def _objected_to_one_by_one(rule: Rule, motion: Motion) -> tuple[Problem, ...]:
    """Where silence counts as yes, or owners may object after the vote, it is to one motion, yes or no."""
    if not motion.options and motion.menu is None:
        return ()
    for each in _with_second_votes(rule):
        if each.veto is not None or each.silence.kind == "deemed_yes":
            field = "options" if motion.options else "menu"
            return (problem("opening.objections_to_options", field, rule=each.id),)
    return ()


def _missing_numbers(rule_of_motion: Rule, motion: Motion) -> tuple[Problem, ...]:
    """What the rule asks for and nobody collects, or nobody has said."""
    payers = rule_of_motion.payers
    if payers is not None and payers.above is not None and motion.above_bound is None:
        bound: dict[str, str | int] = {"bound": payers.bound, "article": payers.article}
        return (problem("opening.bound_missing", "above_bound", **bound),)
    unknown = next(_not_collected(rule_of_motion), None)
    if unknown is None:
        return ()
    rule, condition = unknown
    what = condition.value if condition.value not in COLLECTED else condition.of
    params: dict[str, str | int] = {"rule": rule.id, "what": what, "article": condition.article}
    return (problem("opening.not_collected", "matter", **params),)


def needs_shares(pack: VotingPack, motion: Motion) -> bool:
    """Whether the roll must say the share of every unit that votes, by its rule or a second vote's."""
    try:
        rules = tuple(_with_second_votes(rule_of(pack, motion)))
    except Refused:
        return False
    return any(each.dimension == "share" for rule in rules for each in _tests_of(rule))


def _not_collected(rule: Rule) -> Iterator[tuple[Rule, Condition]]:
    for each in _with_second_votes(rule):
        for condition in _tests_of(each):
            if not {condition.value, condition.of} <= COLLECTED:
                yield each, condition


def _with_second_votes(rule: Rule) -> Iterator[Rule]:
    """The rule, and those of the second votes that it may open."""
    yield rule
    for follow_up in rule.follow_ups:
        yield from _with_second_votes(rule_named(follow_up.then))


def _tests_of(rule: Rule) -> Iterator[Condition]:
    yield from (*rule.quorum, *rule.approve, *rule.reject_cap)
    for follow_up in rule.follow_ups:
        yield from follow_up.conditions
    if rule.veto is not None:
        yield from rule.veto.conditions
    if rule.payers is not None and rule.payers.by is not None:
        yield from _tests_of(rule_named(rule.payers.by))
