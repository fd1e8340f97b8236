"""The votes of a renovation: a dated pack for every table of `rules.voting.law`.

A renovation carries the id of the pack it began under ("CN-2021"); a later change of law is a new
pack. `decide` puts the tally of such a vote through the same engine as every other vote. In China a
motion has one of two classes, elsewhere its matter alone says which rule it needs.
"""

from datetime import date
from typing import get_args

from models.values.decisions.decision import Check, Decision
from models.values.decisions.rules import (
    NONE_OF_THEM,
    Amounts,
    Facts,
    MatterTable,
    Rule,
    RuleResult,
    Silence,
)
from models.values.refusal import refusal
from models.values.voting import (
    Condition,
    Motion,
    MotionKind,
    ReportedTally,
    UnitKind,
    VotingPack,
)
from rules.checks import decide as decided
from rules.voting.counted import counted
from rules.voting.engine import condition_check
from rules.voting.judging import judged
from rules.voting.law import CAPS, TABLES, cn
from rules.voting.registry import rule_in, rule_named, table_named

_TEXTS = {"CN.278.major": cn.CIVIL_CODE_TEXT, "CN.PL76.major": cn.PROPERTY_LAW_TEXT}
_NOW = next(table for table in TABLES if table.id == "CN-2021")
_EVERY_KIND: tuple[UnitKind, ...] = get_args(UnitKind)
_ONE_VOTE_PER_LOT = ("AU-NSW", "US-CA")


def _pack(table: MatterTable) -> VotingPack:
    """Of the world outside of China: every lot counts, and no text lets an open vote be extended."""
    return VotingPack(
        id=table.id,
        region=table.region,
        valid_from=table.valid_from,
        valid_until=table.valid_until,
        text=table.law,
        counted_kinds=_EVERY_KIND,
        heads="units" if table.region in _ONE_VOTE_PER_LOT else "owners",
        extends=False,
    )


def _pack_of_china(table: MatterTable, local: str = "") -> VotingPack:
    """The pack of a dated mapping with an ordinary and a major class."""
    rule_ids = {each.cls: each.rule for each in table.classes}
    ordinary, major = (rule_named(rule_ids[cls]) for cls in ("ordinary", "major"))
    official = _OFFICIAL_SYSTEM_ONLY.get(table.region, "")
    mandates = [cap.least for cap in CAPS if cap.id in table.caps and cap.kind == "proxies"]
    return VotingPack(
        id=table.id,
        region=table.region,
        valid_from=table.valid_from,
        valid_until=table.valid_until,
        quorum=_cited(ordinary.quorum, local),
        ordinary=_cited(ordinary.approve, local),
        major=_cited(major.approve, local),
        text=_TEXTS[major.id],
        routes="official_system_only" if official else "own_web",
        routes_article=official,
        mandates_per_agent=min(mandates, default=None),
    )


def _cited(conditions: tuple[Condition, ...], local: str) -> tuple[Condition, ...]:
    if not local:
        return conditions
    return tuple(
        each.model_copy(update={"article": f"{each.article}; {local}"}) for each in conditions
    )


_LOCAL = {"CN-3707": cn.WEIFANG}
_OFFICIAL_SYSTEM_ONLY = {
    "CN-3707": "Weifang Property Management Regs art. 32",
    "CN-11": cn.BEIJING,
}
"""Internet ballots go through the city's own e-voting system, and through no other (V-CN-9)."""

PACKS: tuple[VotingPack, ...] = tuple(
    _pack_of_china(table, _LOCAL.get(table.region, "")) if table in cn.TABLES else _pack(table)
    for table in TABLES
)
"""Every pack, oldest first within its region."""


def pack_for(pack_id: str) -> VotingPack:
    """The pack with this id, in force or not: a running case keeps the law it began under.

    Raises:
        Refused: `voting.pack_unknown`.
    """
    for pack in PACKS:
        if pack.id == pack_id:
            return pack
    raise refusal("voting.pack_unknown", pack=pack_id)


def pack_in_force(region: str, on: date) -> VotingPack:
    """The law of a place on a day; the nation's where a city or a state has none of its own.

    `region` is "CN", "FR", or a narrower code such as "CN-3707" or "AU-NSW".

    Raises:
        Refused: `voting.pack_unknown` when no law of owners' votes is known for that place and day.
    """
    for place in dict.fromkeys((region, region.partition("-")[0])):
        for pack in reversed(PACKS):
            over = pack.valid_until is not None and on > pack.valid_until
            if pack.region == place and pack.valid_from <= on and not over:
                return pack
    raise refusal("voting.pack_unknown", pack=f"{region} {on.isoformat()}")


def kind_of(matter: str, table: MatterTable = _NOW) -> MotionKind:
    """Which threshold a matter needs: items 6 to 8 of Civil Code art. 278(1) are major (V-CN-1)."""
    return MotionKind(rule_in(table, matter).cls)


def rule_of(pack: VotingPack, motion: Motion) -> Rule:
    """The rule that decides a motion: that of the second vote it is put in, else of its matter.

    Raises:
        Refused: `decide.matter_unknown` where the law of the place does not know the matter.
    """
    if motion.rule:
        return rule_named(motion.rule)
    if pack.major:
        return pack_rule(pack, strict_kind(motion, pack))
    table = table_named(pack.id)
    if table is None:
        raise LookupError(f"pack {pack.id!r} has neither thresholds nor a table of matters")
    return rule_in(table, motion.matter or "").rule


def pack_rule(pack: VotingPack, kind: MotionKind) -> Rule:
    """One class of a pack as a rule, with the pack's own thresholds and what silence means."""
    following = pack.non_return == "follow_majority"
    return Rule(
        id=pack.id,
        jurisdiction=pack.region,
        law=pack.text,
        articles=("Civil Code art. 278",),
        confidence="V",
        valid_from=pack.valid_from,
        valid_until=pack.valid_until,
        quorum=pack.quorum,
        approve=pack.major if kind is MotionKind.MAJOR else pack.ordinary,
        silence=Silence(kind="follow_majority" if following else "no_vote", confidence="M"),
    )


def tally_facts(tally: ReportedTally) -> Facts:
    """The numbers of a tally as the engine reads them; None stays unknown."""

    def amounts(name: str) -> Amounts:
        heads: int | None = getattr(tally, f"{name}_heads")
        area: int | None = getattr(tally, f"{name}_area_dm2")
        shares: int | None = getattr(tally, f"{name}_shares")
        return Amounts(head=heads, area=area, share=shares)

    silent, objections = amounts("silent"), amounts("objections")
    return Facts(
        all=amounts("roll"),
        present=amounts("present"),
        participating=amounts("participating"),
        yes=amounts("yes"),
        no=amounts("no"),
        abstain=amounts("abstain"),
        invalid=amounts("invalid"),
        silent_absentee=silent if silent != Amounts() else NONE_OF_THEM,
        objections_within_7d=objections if objections != Amounts() else None,
    )


def quorum(pack: VotingPack, tally: ReportedTally, motion: Motion | None = None) -> Decision:
    """Whether enough owners took part, in heads and in area (Civil Code art. 278(2), first sentence)?

    With a `motion` by the quorum of its own rule, which outside of China differs from matter to matter.
    """
    return quorum_by(
        pack_rule(pack, MotionKind.ORDINARY) if motion is None else rule_of(pack, motion), tally
    )


def quorum_by(rule: Rule, tally: ReportedTally) -> Decision:
    """Whether enough owners took part by the quorum of one rule."""
    numbers = counted(rule, tally_facts(tally))
    return _decision(tuple(condition_check(each, "quorum", numbers) for each in rule.quorum))


def decide(pack: VotingPack, motion: Motion, tally: ReportedTally) -> Decision:
    """Quorum and approval of one motion, by the rule of `rule_of`; unknown numbers stay unknown.

    Where a motion of China names its matter, the matter's threshold cannot be undercut by its kind.
    """
    return decision_of(ruled(pack, motion, tally))


def decision_of(result: RuleResult) -> Decision:
    """What a rule has found, as the decision that is stored."""
    return _decision(result.checks)


def ruled(pack: VotingPack, motion: Motion, tally: ReportedTally) -> RuleResult:
    """The whole result of one motion: its checks, the second vote it opens, who pays."""
    return ruled_by(rule_of(pack, motion), motion, tally)


def ruled_by(
    rule: Rule, motion: Motion, tally: ReportedTally, by: Rule | None = None
) -> RuleResult:
    """The whole result of one motion under one rule; `by` says who pays, as `judged` has it."""
    facts = tally_facts(tally).model_copy(update={"above_bound": motion.above_bound})
    return judged(rule, facts, after=motion.after or None, by=by)


def strict_kind(motion: Motion, pack: VotingPack | None = None) -> MotionKind:
    """The motion's kind, or its matter's if that is stricter under the pack's own law."""
    table = next((each for each in TABLES if pack is not None and each.id == pack.id), _NOW)
    if motion.matter is not None and kind_of(motion.matter, table) is MotionKind.MAJOR:
        return MotionKind.MAJOR
    return motion.kind


def _decision(checks: tuple[Check, ...]) -> Decision:
    """The stored form: the plain checks, without what the engine knows besides."""
    plain = tuple(
        Check.model_validate({name: getattr(check, name) for name in Check.model_fields})
        for check in checks
    )
    return decided(*plain)
