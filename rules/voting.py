"""Owners' votes (业主共同决定): who counts as one head, quorum, approval, dependent motions.

Rules V-CN-1 to V-CN-5 of the rule book; the thresholds themselves are in `rules.packs`. Every
comparison is exact, and FAIL beats INDETERMINATE beats PASS.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from models.values.decision import Check, Decision, Operator, Verdict
from models.values.refusal import Problem, Refused
from models.values.voting import (
    Choice,
    Condition,
    HeadGroup,
    Matter,
    Motion,
    MotionKind,
    ReportedTally,
    RollUnit,
    Tally,
    VotingPack,
)
from rules.packs import PACKS

DEVELOPER_KEY = "developer"
KIND_NOT_COUNTED = "kind_not_counted"
"""`excluded_reason` of parking bays and storage rooms where the pack leaves them out (V-CN-3)."""

_MAJOR_MATTERS = frozenset({Matter.FUND_RAISE, Matter.REBUILD, Matter.COMMON_PARTS})


def pack_for(pack_id: str) -> VotingPack:
    """The pack with this id, in force or not: a running case keeps the law it began under.

    Raises:
        Refused: `pack_unknown`.
    """
    for pack in PACKS:
        if pack.id == pack_id:
            return pack
    raise Refused(Problem(code="pack_unknown", params={"pack": pack_id}))


def pack_in_force(region: str, on: date) -> VotingPack:
    """The law of a city on a day; the nation's where the city has none of its own.

    `region` is "CN" or a narrower code such as "CN-3707".

    Raises:
        Refused: `pack_unknown` when no law of owners' votes is known for that place and day.
    """
    for place in dict.fromkeys((region, region.partition("-")[0])):
        for pack in reversed(PACKS):
            over = pack.valid_until is not None and on > pack.valid_until
            if pack.region == place and pack.valid_from <= on and not over:
                return pack
    raise Refused(Problem(code="pack_unknown", params={"pack": f"{region} {on.isoformat()}"}))


def kind_of(matter: Matter) -> MotionKind:
    """Which threshold a matter needs: items 6 to 8 of Civil Code art. 278(1) are major (V-CN-1)."""
    return MotionKind.MAJOR if matter in _MAJOR_MATTERS else MotionKind.ORDINARY


def head_groups(units: Iterable[RollUnit], pack: VotingPack) -> tuple[HeadGroup, ...]:
    """The entries of the roll, sorted by id: one exclusive unit is one head (V-CN-2, V-CN-3).

    All units of exactly the same owners are one head with the summed area; everything that is the
    developer's is one head; {A} and {A, B} stay apart, and so do units whose owners are unknown.
    What does not count becomes an entry with its reason, outside of the denominators. An entry is
    called after the first of its units in the order of their numbers.

    Raises:
        Refused: `voting.unit_twice`, once for every unit number that is on the roll twice.
    """
    grouped: dict[tuple[str, str, str], list[RollUnit]] = defaultdict(list)
    seen: set[str] = set()
    twice: list[str] = []
    for unit in units:
        if unit.number in seen:
            twice.append(unit.number)
        seen.add(unit.number)
        grouped[_head_key(unit, pack)].append(unit)
    if twice:
        raise Refused(
            *(Problem(code="voting.unit_twice", params={"unit": number}) for number in twice)
        )
    groups = (_group(members, key[0]) for key, members in grouped.items())
    return tuple(sorted(groups, key=lambda group: group.entry_id))


def _head_key(unit: RollUnit, pack: VotingPack) -> tuple[str, str, str]:
    """(why it does not vote, what kind of head, whose)."""
    reason = unit.excluded_reason or ""
    if not reason and unit.kind not in pack.counted_kinds:
        reason = KIND_NOT_COUNTED
    if unit.developer:
        return reason, DEVELOPER_KEY, ""
    return (reason, "owners", unit.owner_key) if unit.owner_key else (reason, "unit", unit.number)


def _group(members: list[RollUnit], reason: str) -> HeadGroup:
    numbers = sorted(unit.number for unit in members)
    return HeadGroup(
        entry_id=numbers[0],
        area_dm2=sum(unit.area_dm2 for unit in members),
        units=tuple(numbers),
        developer=members[0].developer,
        excluded_reason=reason or None,
    )


def tally_of(groups: Iterable[HeadGroup], choices: Mapping[str, Choice]) -> Tally:
    """Count one motion: `choices` holds the effective choice of each entry that returned a ballot.

    Entries that are excluded do not count, whatever they say; silence is not participation.
    """
    heads: dict[Choice | None, int] = defaultdict(int)
    area: dict[Choice | None, int] = defaultdict(int)
    for group in groups:
        if group.excluded_reason is None:
            choice = choices.get(group.entry_id)
            heads[choice] += group.heads
            area[choice] += group.area_dm2
    return Tally(
        roll_heads=sum(heads.values()),
        roll_area_dm2=sum(area.values()),
        participating_heads=sum(heads[choice] for choice in Choice),
        participating_area_dm2=sum(area[choice] for choice in Choice),
        yes_heads=heads[Choice.YES],
        yes_area_dm2=area[Choice.YES],
        no_heads=heads[Choice.NO],
        no_area_dm2=area[Choice.NO],
        abstain_heads=heads[Choice.ABSTAIN],
        abstain_area_dm2=area[Choice.ABSTAIN],
    )


def quorum(pack: VotingPack, tally: ReportedTally) -> Decision:
    """Did enough owners take part, in heads and in area (Civil Code art. 278(2), first sentence)?"""
    return _decision(_checks(pack.quorum, tally))


def decide(pack: VotingPack, motion: Motion, tally: Tally) -> Decision:
    """Quorum and approval of one motion.

    Where the motion names its matter, the matter's threshold cannot be undercut by its kind.
    """
    return decide_reported(pack, _strict_kind(motion), tally)


def decide_reported(pack: VotingPack, kind: MotionKind, tally: ReportedTally) -> Decision:
    """Quorum and approval over published numbers, some of which may be unknown.

    FAIL if any known test fails; else INDETERMINATE if an input is unknown; else PASS. A roll
    without anybody on it fails.
    """
    approval = pack.major if kind is MotionKind.MAJOR else pack.ordinary
    counted = _follow_majority(tally) if pack.non_return == "follow_majority" else tally
    checks = (*_nobody(tally), *_checks(pack.quorum, tally), *_checks(approval, counted))
    return _decision(checks)


def lapses(motions: Iterable[Motion], passed_ids: Iterable[str]) -> tuple[str, ...]:
    """The motions that fall away because what they depend on did not pass, or fell away itself.

    In the order of `motions`. Motions that depend on each other in a circle, or on one that is
    not put, lapse too.
    """
    motions = tuple(motions)
    passed = frozenset(passed_ids)
    standing = {motion.id for motion in motions if motion.depends_on is None}
    while True:
        more = {
            motion.id
            for motion in motions
            if motion.id not in standing
            and motion.depends_on in standing
            and motion.depends_on in passed
        }
        if not more:
            return tuple(motion.id for motion in motions if motion.id not in standing)
        standing |= more


def adopted(motions: Iterable[Motion], passed_ids: Iterable[str]) -> bool:
    """Is the scheme as a whole adopted: something was put, and nothing that did not lapse failed."""
    motions = tuple(motions)
    passed = frozenset(passed_ids)
    lapsed = frozenset(lapses(motions, passed))
    put = [motion.id for motion in motions if motion.id not in lapsed]
    return bool(put) and passed.issuperset(put)


def _strict_kind(motion: Motion) -> MotionKind:
    if motion.matter is not None and kind_of(motion.matter) is MotionKind.MAJOR:
        return MotionKind.MAJOR
    return motion.kind


def _nobody(tally: ReportedTally) -> tuple[Check, ...]:
    """Nothing of nobody would be two thirds of nobody: an empty roll decides nothing."""
    if tally.roll_heads != 0:
        return ()
    check = Check(
        code="voting.roll.head",
        article="Civil Code art. 278",
        have=Fraction(0),
        op=">",
        need=Fraction(0),
        unit="heads",
        passed=False,
    )
    return (check,)


def _checks(conditions: Iterable[Condition], tally: ReportedTally) -> tuple[Check, ...]:
    return tuple(_check(condition, tally) for condition in conditions)


def _check(condition: Condition, tally: ReportedTally) -> Check:
    have = _amount(tally, condition.value, condition.dimension)
    base = _amount(tally, condition.of, condition.dimension)
    need = None if base is None else condition.fraction * base
    return Check(
        code=condition.code,
        article=condition.article,
        have=None if have is None else Fraction(have),
        op=condition.op,
        need=need,
        unit="heads" if condition.dimension == "head" else "area_dm2",
        passed=None if have is None or need is None else compare(have, condition.op, need),
    )


def compare(have: Fraction | int, op: Operator, need: Fraction | int) -> bool:
    """The comparison behind a check, exact."""
    return {
        ">=": have >= need,
        ">": have > need,
        "<=": have <= need,
        "<": have < need,
        "==": have == need,
    }[op]


def _amount(tally: ReportedTally, name: str, dimension: str) -> int | None:
    suffix = "heads" if dimension == "head" else "area_dm2"
    yes, no, abstain = (_number(tally, f"{choice}_{suffix}") for choice in ("yes", "no", "abstain"))
    if name == "all":
        return _number(tally, f"roll_{suffix}")
    if name == "cast":
        return None if yes is None or no is None else yes + no
    if name == "participating":
        stated = _number(tally, f"participating_{suffix}")
        if stated is not None or yes is None or no is None or abstain is None:
            return stated
        return yes + no + abstain
    return yes if name == "yes" else no


def _number(tally: ReportedTally, field: str) -> int | None:
    value: int | None = getattr(tally, field)
    return value


def _follow_majority(tally: ReportedTally) -> ReportedTally:
    """V-CN-5: silence joins the side that leads in heads and in area; the quorum is not helped.

    Only where the owners' rules say so, with the legal risk that it has since 2021.
    """
    sides = (tally.yes_heads, tally.yes_area_dm2, tally.no_heads, tally.no_area_dm2)
    whole = (
        tally.roll_heads,
        tally.roll_area_dm2,
        _amount(tally, "participating", "head"),
        _amount(tally, "participating", "area"),
    )
    if None in sides or None in whole:
        return tally
    yes_heads, yes_area, no_heads, no_area = (value or 0 for value in sides)
    roll_heads, roll_area, part_heads, part_area = (value or 0 for value in whole)
    if yes_heads > no_heads and yes_area > no_area:
        leading, heads, area = "yes", yes_heads, yes_area
    elif no_heads > yes_heads and no_area > yes_area:
        leading, heads, area = "no", no_heads, no_area
    else:
        return tally
    return tally.model_copy(
        update={
            f"{leading}_heads": heads + roll_heads - part_heads,
            f"{leading}_area_dm2": area + roll_area - part_area,
            "participating_heads": roll_heads,
            "participating_area_dm2": roll_area,
        }
    )


def _decision(checks: tuple[Check, ...]) -> Decision:
    results = [check.passed for check in checks]
    verdict: Verdict = "PASS"
    if False in results:
        verdict = "FAIL"
    elif None in results:
        verdict = "INDETERMINATE"
    return Decision(verdict=verdict, checks=checks)
