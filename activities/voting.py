"""The vote: freeze the roll, open the box, look at the turnout, close under a lock, count by SQL."""

import hashlib
import json
from datetime import timedelta

from runtime.journal import Recorded
from sqlalchemy import select, text
from temporalio import activity

from activities.desk import Case, Desk
from models.messages.journey import (
    PublicationClosing,
    StageInput,
    VotePeriod,
    VoteResult,
    VotingOutcome,
)
from models.messages.step import Step
from models.tables import BallotBox, RollEntry, RollUnit, Unit
from models.values.refusal import Problem, Refused
from models.values.voting import HeadGroup, Motion, Tally
from models.values.voting import RollUnit as UnitOnRoll
from rules import voting as law

COUNT = text("""
WITH effective AS (
  SELECT DISTINCT ON (entry_id) choices, heads, area_dm2
  FROM ballot WHERE box_id = :box ORDER BY entry_id, seq DESC)
SELECT choices ->> :motion AS choice, sum(heads)::bigint AS heads, sum(area_dm2)::bigint AS area
FROM effective WHERE choices ? :motion GROUP BY 1
""")
"""The effective ballot of an entry is its last one; the weights were frozen into it."""


class Ballots:
    """Writes ballot boxes and their results."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @activity.defn(name="Ballots.open_box")
    async def open_box(self, step: Step, given: StageInput) -> VotePeriod:
        """Freeze the roll (V-CN-1…3) and announce the vote: notice first, then the open box."""

        async def change(case: Case) -> Recorded[VotePeriod]:
            _, scheme = await case.scheme()
            groups = await _roll(case)
            opens_at = case.ends(case.now, case.timetable.vote_notice)
            closes_at = case.ends(opens_at, case.timetable.vote_open)
            box_id = f"{given.renovation_id}.{given.attempt}"
            roll_hash = hash_of_roll(groups)
            case.session.add(
                BallotBox(
                    id=box_id,
                    renovation_id=given.renovation_id,
                    attempt=given.attempt,
                    motions=[motion.model_dump(mode="json") for motion in scheme.motions],
                    state="open",
                    opens_at=case.real(opens_at),
                    closes_at=case.real(closes_at),
                    case_closes_at=closes_at,
                    roll_hash=roll_hash,
                    closed_at=None,
                    tally=None,
                )
            )
            await case.session.flush()
            case.session.add_all(_entries(box_id, groups))
            await case.session.flush()
            case.session.add_all(_units(box_id, groups))
            case.wait_for("ballots", closes_at)
            case.notify("all_owners", "vote_announced", box=box_id)
            before = timedelta(days=case.timetable.extension_decided_days_before)
            return Recorded(
                VotePeriod(
                    box_id=box_id,
                    check_at=case.real(closes_at - before),
                    closes_at=case.real(closes_at),
                ),
                {
                    "box": box_id,
                    "roll_hash": roll_hash,
                    "entries": len(groups),
                    "opens_at": opens_at.isoformat(),
                    "closes_at": closes_at.isoformat(),
                },
            )

        return await self.desk.write(step, "voting.box_announced", given, change, VotePeriod)

    @activity.defn(name="Ballots.check_turnout")
    async def check_turnout(self, step: Step, period: VotePeriod) -> VotePeriod:
        """Before the close: a short quorum gets its one extension, decided now and not later."""

        async def change(case: Case) -> Recorded[VotePeriod]:
            box = await _locked(case, period.box_id)
            decision = law.quorum(
                law.pack_for(case.renovation.rule_pack),
                await count(case, box.id, motions_of(box)[0].id),
            )
            short = not decision.passed and case.timetable.extension_limit > 0
            if short:
                box.case_closes_at = case.ends(box.case_closes_at, case.timetable.extension)
                box.closes_at = case.real(box.case_closes_at)
                case.notify("non_voters", "vote_extended", box=box.id)
                case.wait_for("ballots", box.case_closes_at)
            return Recorded(
                VotePeriod(
                    box_id=box.id,
                    check_at=period.check_at,
                    closes_at=box.closes_at,
                    extended=short,
                ),
                {
                    "box": box.id,
                    "extended": short,
                    "checks": decision.model_dump(mode="json")["checks"],
                    "closes_at": box.case_closes_at.isoformat(),
                },
            )

        return await self.desk.write(step, "voting.turnout_checked", period, change, VotePeriod)

    @activity.defn(name="Ballots.close_box")
    async def close_box(self, step: Step, period: VotePeriod) -> VoteResult:
        """Close under a lock: what is committed is counted, everything after is refused."""

        async def change(case: Case) -> Recorded[VoteResult]:
            box = await _locked(case, period.box_id)
            box.state, box.closed_at = "closed", case.now
            await case.session.flush()
            pack = law.pack_for(case.renovation.rule_pack)
            results: dict[str, dict[str, object]] = {}
            adopted = True
            for motion in motions_of(box):
                tally = await count(case, box.id, motion.id)
                decision = law.decide(pack, motion, tally)
                adopted = adopted and decision.passed
                results[motion.id] = {
                    "tally": tally.model_dump(mode="json"),
                    "decision": decision.model_dump(mode="json"),
                }
            record = json.loads(json.dumps(results))
            box.tally = record
            return Recorded(
                VoteResult(box_id=box.id, adopted=adopted),
                {"box": box.id, "adopted": adopted, "motions": record},
            )

        return await self.desk.write(step, "voting.box_closed", period, change, VoteResult)

    @activity.defn(name="Ballots.declare_result")
    async def declare_result(
        self, step: Step, result: VoteResult, closing: PublicationClosing
    ) -> VotingOutcome:
        """After the objection window the result is final, or annulled by an upheld objection."""

        async def change(case: Case) -> Recorded[VotingOutcome]:
            outcome = VotingOutcome(
                outcome="annulled"
                if closing.upheld
                else ("adopted" if result.adopted else "rejected"),
                box_id=result.box_id,
            )
            case.wait_for("engine")
            case.notify("all_owners", "vote_declared", outcome=outcome.outcome)
            return Recorded(outcome, outcome.model_dump(mode="json"))

        return await self.desk.write(step, "voting.result_declared", result, change, VotingOutcome)


def hash_of_roll(groups: tuple[HeadGroup, ...]) -> str:
    """SHA-256 of the frozen roll: every entry with its units and weights, in order."""
    rows = [group.model_dump(mode="json") for group in groups]
    return hashlib.sha256(
        json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def motions_of(box: BallotBox) -> tuple[Motion, ...]:
    """The motions of a box, in order."""
    return tuple(Motion.model_validate(motion) for motion in box.motions)


async def count(case: Case, box_id: str, motion_id: str) -> Tally:
    """Count one motion over the effective ballots; abstentions take part, silence does not."""
    rows = (await case.session.execute(COUNT, {"box": box_id, "motion": motion_id})).all()
    found = {str(row.choice): (int(row.heads), int(row.area)) for row in rows}
    roll = (
        await case.session.execute(
            text(
                "SELECT coalesce(sum(heads), 0)::bigint AS heads,"
                " coalesce(sum(area_dm2), 0)::bigint AS area FROM roll_entry"
                " WHERE box_id = :box AND excluded_reason IS NULL"
            ),
            {"box": box_id},
        )
    ).one()
    yes, no = found.get("yes", (0, 0)), found.get("no", (0, 0))
    abstain = found.get("abstain", (0, 0))
    return Tally(
        roll_heads=roll.heads,
        roll_area_dm2=roll.area,
        participating_heads=yes[0] + no[0] + abstain[0],
        participating_area_dm2=yes[1] + no[1] + abstain[1],
        yes_heads=yes[0],
        yes_area_dm2=yes[1],
        no_heads=no[0],
        no_area_dm2=no[1],
        abstain_heads=abstain[0],
        abstain_area_dm2=abstain[1],
    )


async def _locked(case: Case, box_id: str) -> BallotBox:
    box = await case.session.get(BallotBox, box_id, with_for_update=True)
    if box is None:
        raise Refused(Problem(code="box_unknown", where=box_id))
    return box


async def _roll(case: Case) -> tuple[HeadGroup, ...]:
    rows = await case.session.scalars(
        select(Unit).where(Unit.estate_id == case.renovation.estate_id).order_by(Unit.number)
    )
    groups = law.head_groups(
        tuple(
            UnitOnRoll.model_validate(
                {
                    "number": unit.number,
                    "area_dm2": unit.area_dm2,
                    "owner_key": unit.owner_key,
                    "developer": unit.developer,
                    "kind": unit.kind,
                }
            )
            for unit in rows
        )
    )
    if not groups:
        raise Refused(Problem(code="roll_empty", where=case.renovation.estate_id))
    return groups


def _entries(box_id: str, groups: tuple[HeadGroup, ...]) -> list[RollEntry]:
    return [
        RollEntry(
            box_id=box_id,
            entry_id=group.entry_id,
            heads=group.heads,
            area_dm2=group.area_dm2,
            units=list(group.units),
            developer=group.developer,
            excluded_reason=group.excluded_reason,
        )
        for group in groups
    ]


def _units(box_id: str, groups: tuple[HeadGroup, ...]) -> list[RollUnit]:
    return [
        RollUnit(box_id=box_id, unit_number=number, entry_id=group.entry_id)
        for group in groups
        for number in group.units
    ]
