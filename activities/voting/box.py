"""The vote: freeze the roll, open the box, look at the turnout, close under a lock, count what is sealed."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import func, select, text

from activities.recording import Case, Writer, writes
from activities.voting.channels import carry_credentials, load_proxies
from activities.voting.count import count_out, roll_totals, turnout_tally
from activities.voting.roll import FrozenRoll, freeze_roll, hash_of_roll
from models.messages.journey import StageInput
from models.messages.publication import PublicationClosing
from models.messages.voting import VotePeriod, VoteResult, VotingOutcome, VotingResult
from models.tables import GENESIS, BallotBox, Event
from models.values.decisions.decision import Decision
from models.values.refusal import refusal
from models.values.states import BoxState
from models.values.voting import Motion, VotingPack
from models.values.waits import Consequence, Wait
from proof.canonical import digest
from rules import voting as law
from runtime.ballots.boxes import load_box
from runtime.ballots.sealing import BoxKeys
from runtime.record.journal import Recorded

SALT_BYTES = 32
LARGEST = text("""
SELECT heads, area_dm2 AS area, developer FROM roll_entry
WHERE box_id = :box AND excluded_reason IS NULL ORDER BY area_dm2 DESC, entry_id LIMIT 1
""")


class Ballots(Writer):
    """Writes ballot boxes and their results."""

    @writes("Ballots.open_box", event="voting.box_announced", into=VotePeriod, bulk=True)
    async def open_box(self, case: Case, given: StageInput) -> Recorded[VotePeriod]:
        """Freeze the roll (V-CN-1…3) and announce the vote: notice first, then the open box."""
        motions = await _motions_to_put(case, given)
        if not motions:
            raise refusal("voting.no_motions", where=case.renovation.id)
        await _refuse_too_soon_or_too_often(case, given)
        box = _announced(case, given, motions, self.recorder.keys)
        box.change_allowed = _pack(case).change_allowed
        case.session.add(box)
        await case.session.flush()
        roll = await freeze_roll(
            case.session, box.id, box.roll_salt, case.renovation.estate_id, _pack(case)
        )
        await carry_credentials(case.session, case.renovation.id, box.id)
        if roll.voters == 0:
            raise refusal("voting.roll_empty", where=case.renovation.estate_id)
        box.roll_hash = await hash_of_roll(case.session, box.id)
        period = _period(case, box)
        _await_ballots(case, box)
        case.await_too(
            Wait(what="turnout", due_at=period.check_at, consequence=Consequence.TURNOUT_CHECKED)
        )
        case.notify("all_owners", "vote_announced", box=box.id)
        return Recorded(period, _announcement(box, roll, self.recorder.keys.signer.public_key))

    @writes("Ballots.check_turnout", event="voting.turnout_checked", into=VotePeriod, bulk=True)
    async def check_turnout(self, case: Case, period: VotePeriod) -> Recorded[VotePeriod]:
        """Before the close: a short quorum gets an extension, decided now and not later (E2)."""
        box = await _locked(case, period.box_id)
        _refuse_closed(box)
        case.not_before(period.check_at)
        decision = await _turnout(case, box)
        closes_at = await _extended_close(case, box) if not decision.passed else None
        if closes_at is not None:
            box.closes_at = closes_at
            case.notify("non_voters", "vote_extended", box=box.id)
        _await_ballots(case, box)
        return Recorded(
            VotePeriod(
                box_id=box.id,
                check_at=period.check_at,
                closes_at=box.closes_at,
                extended=closes_at is not None,
            ),
            {
                "box": box.id,
                "extended": closes_at is not None,
                "checks": decision.record(),
                "closes_at": box.closes_at.isoformat(),
            },
        )

    @writes("Ballots.close_box", event="voting.box_closed", into=VoteResult, bulk=True)
    async def close_box(self, case: Case, period: VotePeriod) -> Recorded[VoteResult]:
        """Close under a lock: what is committed is counted, everything after is refused."""
        box = await _locked(case, period.box_id)
        _refuse_closed(box)
        case.not_before(box.closes_at)
        box.state, box.closed_at = BoxState.CLOSED, case.now
        await case.session.flush()
        case.goes_on()
        counted = await count_out(case.session, box, _pack(case), self.recorder.keys)
        box.tally, box.tree_head = dict(counted.record), counted.head
        return Recorded(
            VoteResult(box_id=box.id, adopted=counted.adopted, run_off=counted.run_off),
            {
                "box": box.id,
                "adopted": counted.adopted,
                "run_off": counted.run_off,
                "motions": dict(counted.record),
                "checks": counted.checks,
                "concentration": await _concentration(case, box),
                "ballots": counted.ballots,
                "unsigned": counted.unsigned,
                "proxies": await load_proxies(case.session, box.id),
                "tree_head": counted.head,
            },
        )

    @writes(
        "Ballots.declare_result",
        event="voting.result_declared",
        into=VotingOutcome,
        request=lambda result, _closing: result,
    )
    async def declare_result(
        self, case: Case, result: VoteResult, closing: PublicationClosing
    ) -> Recorded[VotingOutcome]:
        """After the objection window the result is final, or annulled by an upheld objection."""
        box = await _locked(case, result.box_id)
        if box.tally is None:
            raise refusal("voting.not_counted", box=box.id)
        if not closing.closed:
            raise refusal("voting.not_published", box=box.id)
        word = VotingResult.ANNULLED if closing.upheld else _outcome(result)
        outcome = VotingOutcome(outcome=word, box_id=box.id)
        case.goes_on()
        case.is_last_word()
        # Within a year an owner may ask a court to revoke it (SPC interpretation art. 12).
        until = case.ends(case.now, case.timetable.challenge)
        case.notify("all_owners", "vote_declared", outcome=outcome.outcome, challenge_until=until)
        return Recorded(
            outcome,
            {
                **outcome.model_dump(mode="json", exclude={"seq"}),
                "motions": {motion: _outcome_of(box, motion) for motion in box.tally},
                "objections": closing.objections,
                "upheld": closing.upheld,
                "challenge_until": until.isoformat(),
            },
        )


def motions_of(box: BallotBox) -> tuple[Motion, ...]:
    """The motions of a box, in order."""
    return tuple(Motion.model_validate(motion) for motion in box.motions)


def _pack(case: Case) -> VotingPack:
    return law.pack_for(case.renovation.rule_pack)


def _day(case: Case, moment: datetime) -> str:
    """The date that people see for a moment of the case."""
    return moment.astimezone(ZoneInfo(case.timetable.zone)).date().isoformat()


def _outcome(result: VoteResult) -> VotingResult:
    if result.run_off:
        return VotingResult.RUN_OFF
    return VotingResult.ADOPTED if result.adopted else VotingResult.REJECTED


async def _boxes(case: Case) -> Sequence[BallotBox]:
    """Those of every vote of the renovation, in the order of the votes."""
    query = select(BallotBox).where(BallotBox.renovation_id == case.renovation.id)
    return (await case.session.scalars(query.order_by(BallotBox.attempt))).all()


async def _motions_to_put(case: Case, given: StageInput) -> tuple[Motion, ...]:
    """Those of the scheme; in a run-off what the vote before left undecided."""
    if not given.run_off:
        return (await case.scheme())[1].motions
    before = await load_box(case.session, case.renovation.id, given.attempt - 1)
    if before is None:
        raise refusal("voting.box_unknown", where=f"{case.renovation.id}.{given.attempt - 1}")
    results = {
        name: law.MotionResult.model_validate(result)
        for name, result in (before.tally or {}).items()
    }
    outcomes = {name: result.outcome for name, result in results.items()}
    named = {name: result.named for name, result in results.items()}
    return law.run_off_motions(motions_of(before), outcomes, named)


async def _refuse_too_soon_or_too_often(case: Case, given: StageInput) -> None:
    """E1: at most so many votes on one matter, each a decent time after the last one closed.

    A run-off ends the vote before it: it is no vote more, and nothing has to be waited for.
    """
    boxes = await _boxes(case)
    for box in boxes:
        if box.state is BoxState.OPEN or box.attempt >= given.attempt:
            raise refusal("voting.already_open", box=box.id)
    if given.run_off:
        return
    limit = case.timetable.re_vote_limit
    if len({box.attempt for box in boxes}) - await _run_offs(case) >= limit:
        raise refusal("voting.re_vote_limit", limit=limit)
    if boxes:
        earliest = case.ends(max(box.closes_at for box in boxes), case.timetable.re_vote_wait)
        if case.now < earliest:
            raise refusal("voting.re_vote_too_early", date=_day(case, earliest))


async def _run_offs(case: Case) -> int:
    query = select(func.count()).where(
        Event.renovation_id == case.renovation.id,
        Event.kind == "voting.result_declared",
        Event.details["outcome"].as_string() == VotingResult.RUN_OFF.value,
    )
    return await case.session.scalar(query.select_from(Event)) or 0


def _announced(
    case: Case, given: StageInput, motions: tuple[Motion, ...], keys: BoxKeys
) -> BallotBox:
    """The new box with a key pair and a salt of its own; repeated, it gets others."""
    opens_at = case.ends(case.now, case.timetable.vote_notice)
    closes_at = case.ends(opens_at, case.timetable.vote_open)
    closes_at = min(closes_at, _latest_close(case, opens_at))
    box_id = f"{given.renovation_id}.{given.attempt}"
    key = keys.new(box_id)
    return BallotBox(
        id=box_id,
        renovation_id=given.renovation_id,
        attempt=given.attempt,
        motions=[motion.model_dump(mode="json") for motion in motions],
        state=BoxState.OPEN,
        opens_at=opens_at,
        closes_at=closes_at,
        # Known when the roll below has been written, in this same transaction.
        roll_hash=GENESIS,
        closed_at=None,
        tally=None,
        public_key=key.public,
        wrapped_key=key.wrapped,
        roll_salt=secrets.token_bytes(SALT_BYTES),
    )


def _latest_close(case: Case, opens_at: datetime) -> datetime:
    """The window is a maximum: whole days from its opening, never moved on for a day off."""
    return opens_at + timedelta(days=case.timetable.vote_open_max.days)


def _await_ballots(case: Case, box: BallotBox) -> None:
    """The owners vote from the opening on; at the close the engine counts (V-CN-8)."""
    case.wait_for(
        "ballots", box.closes_at, since=box.opens_at, who="owners", then=Consequence.BOX_CLOSED
    )


def _period(case: Case, box: BallotBox) -> VotePeriod:
    before = timedelta(days=case.timetable.extension_decided_days_before)
    return VotePeriod(
        box_id=box.id,
        check_at=box.closes_at - before,
        closes_at=box.closes_at,
    )


def _announcement(box: BallotBox, roll: FrozenRoll, signed_by: str) -> dict[str, JsonValue]:
    """With the keys: a result that another key signs is not this box's."""
    return {
        "box": box.id,
        "roll_hash": box.roll_hash,
        "entries": roll.entries,
        "voters": roll.voters,
        "units": roll.units,
        "motions": [motion.id for motion in motions_of(box)],
        "motions_hash": digest(box.motions),
        "opens_at": box.opens_at.isoformat(),
        "closes_at": box.closes_at.isoformat(),
        "public_key": box.public_key.hex(),
        "signed_by": signed_by,
    }


async def _turnout(case: Case, box: BallotBox) -> Decision:
    """The quorum by who has cast a ballot: how each motion stands, nobody can know yet."""
    return law.quorum(_pack(case), await turnout_tally(case.session, box.id))


async def _extended_close(case: Case, box: BallotBox) -> datetime | None:
    """The new close (case time) if an extension is still allowed, else None."""
    given = await case.session.scalar(
        select(func.count())
        .select_from(Event)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.turnout_checked",
            Event.details["box"].as_string() == box.id,
            Event.details["extended"].as_boolean(),
        )
    )
    over = case.now >= box.closes_at
    if over or (given or 0) >= case.timetable.extension_limit:
        return None
    closes_at = min(
        case.ends(box.closes_at, case.timetable.extension),
        _latest_close(case, box.opens_at),
    )
    return closes_at if closes_at > box.closes_at else None


async def _concentration(case: Case, box: BallotBox) -> dict[str, JsonValue]:
    """How much of the vote the largest entry holds, in heads and in area; a warning, no test (E7)."""
    largest = (await case.session.execute(LARGEST, {"box": box.id})).one()
    roll = await roll_totals(case.session, box.id)
    return {
        "heads": largest.heads,
        "roll_heads": roll.heads,
        "area_dm2": largest.area,
        "roll_area_dm2": roll.area_dm2,
        "developer": largest.developer,
        "above_one_fifth": 5 * largest.area > roll.area_dm2 or 5 * largest.heads > roll.heads,
    }


def _outcome_of(box: BallotBox, motion: str) -> JsonValue:
    found = (box.tally or {}).get(motion)
    return found.get("outcome") if isinstance(found, dict) else None


def _refuse_closed(box: BallotBox) -> None:
    if box.state is not BoxState.OPEN:
        raise refusal("voting.box_closed", box=box.id)


async def _locked(case: Case, box_id: str) -> BallotBox:
    box = await case.session.get(BallotBox, box_id, with_for_update={"key_share": True})
    if box is None:
        raise refusal("voting.box_unknown", where=box_id)
    return box
