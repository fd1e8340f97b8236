"""Counting a closed box: open every ballot, decide each motion, sign the head of the tree."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from fractions import Fraction

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox
from models.values.decision import Check, Decision
from models.values.refusal import Problem, Refused
from models.values.voting import INVALID, Choice, Motion, ReportedTally, Tally, VotingPack
from rules import voting as law
from rules.chain import canonical_json
from runtime.counting import Count, Weight, count_box, special_states
from runtime.database import driver_connection
from runtime.sealing import BoxKeys, SealBroken, public_half

ROLL = text("""
SELECT coalesce(sum(heads), 0)::bigint AS heads, coalesce(sum(area_dm2), 0)::bigint AS area_dm2
FROM roll_entry WHERE box_id = :box AND excluded_reason IS NULL
""")
TAKEN_PART = text("""
SELECT e.entry_id, e.heads, e.area_dm2 FROM roll_entry e
WHERE e.box_id = :box AND e.excluded_reason IS NULL
  AND EXISTS (SELECT 1 FROM ballot b WHERE b.box_id = e.box_id AND b.entry_id = e.entry_id)
  AND NOT e.entry_id = ANY (:without)
""")
TAKEN_PART_SUM = text(f"""
SELECT coalesce(sum(heads), 0)::bigint AS heads, coalesce(sum(area_dm2), 0)::bigint AS area_dm2
FROM ({TAKEN_PART.text}) t
""")  # noqa: S608 - our own text
OF_BALLOTS = text("""
SELECT DISTINCT entry_id FROM ballot WHERE box_id = :box AND id = ANY (:ids)
""")


@dataclass(frozen=True)
class RollTotals:
    """What everybody on the roll weighs together."""

    heads: int
    area_dm2: int


@dataclass(frozen=True)
class CountedBox:
    """A counted box: per motion its numbers and outcome, all checks, the signed tree head."""

    record: dict[str, JsonValue]
    checks: list[JsonValue]
    adopted: bool
    ballots: dict[str, JsonValue]
    head: dict[str, JsonValue]


async def roll_totals(session: AsyncSession, box_id: str) -> RollTotals:
    """Heads and area of all who may vote."""
    row = (await session.execute(ROLL, {"box": box_id})).one()
    return RollTotals(row.heads, row.area_dm2)


async def turnout_tally(session: AsyncSession, box_id: str) -> ReportedTally:
    """Who has taken part so far, over all channels; contested entries have not, until a ruling."""
    states = await special_states(await driver_connection(session), box_id)
    counted = [ballot for ballot, state in states.items() if state == "counted"]
    uncounted = [ballot for ballot, state in states.items() if state != "counted"]
    entries = set(await _entries(session, box_id, uncounted))
    without = entries - set(await _entries(session, box_id, counted))
    query = {"box": box_id, "without": sorted(without)}
    row = (await session.execute(TAKEN_PART_SUM, query)).one()
    roll = await roll_totals(session, box_id)
    return ReportedTally(
        roll_heads=roll.heads,
        roll_area_dm2=roll.area_dm2,
        participating_heads=row.heads,
        participating_area_dm2=row.area_dm2,
    )


async def count_out(
    session: AsyncSession, box: BallotBox, pack: VotingPack, keys: BoxKeys
) -> CountedBox:
    """Unwrap the box's key, open and count all ballots, decide, sign; the key is public from now on.

    Raises:
        Refused: `voting.box_key_wrong` when this worker's box key does not open the box.
    """
    box.opened_key = _unwrapped(box, keys)
    await session.flush()
    count = await count_box(await driver_connection(session), box.id, box.opened_key)
    motions = tuple(Motion.model_validate(motion) for motion in box.motions)
    roll = await roll_totals(session, box.id)
    tallies = tallies_of(motions, count, roll)
    intact = intact_check(count)
    decisions = {
        motion.id: _with(law.decide(pack, motion, tallies[motion.id]), intact) for motion in motions
    }
    passed = {name for name, decision in decisions.items() if decision.passed}
    lapsed = law.lapses(motions, passed)
    record: dict[str, JsonValue] = {}
    checks: list[JsonValue] = []
    for name, decision in decisions.items():
        dumped = decision.model_dump(mode="json")
        word = "lapsed" if name in lapsed else "passed" if name in passed else "failed"
        record[name] = {
            "tally": tallies[name].model_dump(mode="json"),
            "decision": dumped,
            "outcome": word,
        }
        if name not in lapsed:
            checks.extend({"motion": name, **check} for check in dumped["checks"])
    return CountedBox(
        record=record,
        checks=checks,
        adopted=law.adopted(motions, passed),
        ballots={**count.states, "missing": count.missing},
        head=signed_head(box, count, keys),
    )


def tallies_of(motions: Sequence[Motion], count: Count, roll: RollTotals) -> dict[str, Tally]:
    """The numbers of each motion over the counted ballots; silence on a motion is no part in it."""
    said: dict[tuple[str, str], Weight] = {}
    for choices, weight in count.said.items():
        for motion, word in json.loads(choices).items():
            whole = said.setdefault((motion, str(word)), Weight())
            whole.heads += weight.heads
            whole.area_dm2 += weight.area_dm2
    return {motion.id: _tally(motion.id, said, roll) for motion in motions}


def intact_check(count: Count) -> Check:
    """A box with a ballot that was changed or taken away decides nothing (design principle 9)."""
    faults = count.states["broken"] + count.missing
    return Check(
        code="voting.box_intact",
        article="gongjian: fail closed",
        have=Fraction(faults),
        op="==",
        need=Fraction(0),
        unit="ballots",
        passed=faults == 0,
    )


def signed_head(box: BallotBox, count: Count, keys: BoxKeys) -> dict[str, JsonValue]:
    """The head of the tree over all ballots, with its signature (Ed25519) and the signer's key."""
    assert box.closed_at is not None
    head: dict[str, JsonValue] = {
        "box_id": box.id,
        "closed_at": box.closed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "roll_hash": box.roll_hash,
        "root": count.tree.root().hex(),
        "tree_size": count.tree.size,
    }
    signature = keys.signer.sign(canonical_json(head)).hex()
    return {**head, "public_key": keys.signer.public_key, "signature": signature}


def _tally(motion: str, said: Mapping[tuple[str, str], Weight], roll: RollTotals) -> Tally:
    none = Weight()
    yes, no, abstain, invalid = (
        said.get((motion, word), none) for word in (*(choice.value for choice in Choice), INVALID)
    )
    return Tally(
        roll_heads=roll.heads,
        roll_area_dm2=roll.area_dm2,
        participating_heads=yes.heads + no.heads + abstain.heads,
        participating_area_dm2=yes.area_dm2 + no.area_dm2 + abstain.area_dm2,
        yes_heads=yes.heads,
        yes_area_dm2=yes.area_dm2,
        no_heads=no.heads,
        no_area_dm2=no.area_dm2,
        abstain_heads=abstain.heads,
        abstain_area_dm2=abstain.area_dm2,
        invalid_heads=invalid.heads,
        invalid_area_dm2=invalid.area_dm2,
    )


def _with(decision: Decision, check: Check) -> Decision:
    if check.passed:
        return decision
    return Decision(verdict="FAIL", checks=(*decision.checks, check))


def _unwrapped(box: BallotBox, keys: BoxKeys) -> bytes:
    problem = Problem(code="voting.box_key_wrong", where=box.id, params={"box": box.id})
    try:
        private = keys.unwrap(box.id, box.wrapped_key)
    except SealBroken:
        raise Refused(problem) from None
    if public_half(private) != box.public_key:
        raise Refused(problem)
    return private


async def _entries(session: AsyncSession, box_id: str, ballots: Sequence[str]) -> list[str]:
    if not ballots:
        return []
    return list(await session.scalars(OF_BALLOTS, {"box": box_id, "ids": list(ballots)}))
