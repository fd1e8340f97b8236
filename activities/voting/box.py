"""The vote: freeze the roll, open the boxes, look at the turnout, close under a lock, count what is sealed.

A vote has a box for each scope of its motions; every step takes all of them. What the workflow is
told names the first box and no other, so that its history is the same for one stairwell and for a hundred.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import select, text

from activities.cost_sharing.rows import add_scheme_version
from activities.recording import Case, Writer, writes
from activities.suggestions import refuse_owed, tell_of_vote
from activities.voting.after import await_objections, result_of, said_afterwards
from activities.voting.announcing import (
    announce_boxes,
    latest_close,
    motions_to_put,
    refuse_too_soon_or_too_often,
)
from activities.voting.channels import load_proxies
from activities.voting.chosen import write_chosen
from activities.voting.count import CountedBox, count_out, roll_totals, turnout_tally
from activities.voting.scopes import locked_boxes, said_opinions
from models.messages.journey import StageInput
from models.messages.publication import PublicationClosing
from models.messages.voting import VotePeriod, VoteResult, VotingOutcome, VotingResult
from models.tables import BallotBox, Event
from models.values.decisions.decision import Decision
from models.values.refusal import refusal
from models.values.states import BoxState
from models.values.voting import VotingPack
from models.values.waits import Consequence, Wait
from rules import revision
from rules import voting as law
from runtime.ballots.boxes import names_box
from runtime.ballots.said import of_boxes, said_of
from runtime.record.journal import Recorded

LARGEST = text("""
SELECT heads, area_dm2 AS area, developer FROM roll_entry
WHERE box_id = :box AND excluded_reason IS NULL ORDER BY area_dm2 DESC, entry_id LIMIT 1
""")


class Ballots(Writer):
    """Writes ballot boxes and their results."""

    @writes("Ballots.open_box", event="voting.box_announced", into=VotePeriod, bulk=True)
    async def open_box(self, case: Case, given: StageInput) -> Recorded[VotePeriod]:
        """Freeze the rolls (V-CN-1…3, 11) and announce the vote: notice first, then the open boxes."""
        motions = await motions_to_put(case, given)
        if not motions:
            raise refusal("voting.no_motions", where=case.renovation.id)
        await refuse_too_soon_or_too_often(case, given)
        if not given.run_off:
            await refuse_owed(case)
        boxes, said = await announce_boxes(case, given, motions, self.recorder.keys, _pack(case))
        period = _period(case, boxes[0])
        _await_ballots(case, boxes)
        case.await_too(
            Wait(what="turnout", due_at=period.check_at, consequence=Consequence.TURNOUT_CHECKED)
        )
        case.notify("all_owners", "vote_announced", box=boxes[0].id)
        return Recorded(period, of_boxes(said))

    @writes("Ballots.check_turnout", event="voting.turnout_checked", into=VotePeriod, bulk=True)
    async def check_turnout(self, case: Case, period: VotePeriod) -> Recorded[VotePeriod]:
        """Before the close: a short quorum gets an extension, decided now and not later (E2).

        Each box by itself: one whose quorum is there takes ballots until its own close. All are
        counted together, when the last one has closed, so that no result is known before.
        """
        boxes = await locked_boxes(case, period.box_id)
        _refuse_closed(boxes)
        # By the record: whoever asks may not have heard yet that the renovation stood still.
        case.not_before(_period(case, boxes[0]).check_at)
        said = [await _look_at_turnout(case, box) for box in boxes]
        _await_ballots(case, boxes)
        return Recorded(
            VotePeriod(
                box_id=period.box_id,
                check_at=period.check_at,
                closes_at=_last_close(boxes),
                extended=any(each["extended"] for each in said),
            ),
            of_boxes(said),
        )

    @writes("Ballots.close_box", event="voting.box_closed", into=VoteResult, bulk=True)
    async def close_box(self, case: Case, period: VotePeriod) -> Recorded[VoteResult]:
        """Close under a lock: what is committed is counted, everything after is refused."""
        boxes = await locked_boxes(case, period.box_id)
        _refuse_closed(boxes)
        case.not_before(_last_close(boxes))
        for box in boxes:
            box.state, box.closed_at = BoxState.CLOSED, case.now
        await case.session.flush()
        case.goes_on()
        counts: list[CountedBox] = []
        for box in boxes:
            counted = await count_out(case.session, box, _pack(case), self.recorder.keys)
            box.tally, box.tree_head = dict(counted.record), counted.head
            counts.append(counted)
        said = [
            await _closing(case, box, counted) for box, counted in zip(boxes, counts, strict=True)
        ]
        until = await_objections(case, boxes, max(counted.days_to_object for counted in counts))
        result = await result_of(case, boxes, counts, until)
        return Recorded(
            result,
            {**of_boxes(said), **said_afterwards(result)},
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
        """After the objection window the result is final, or annulled by an upheld objection.

        Some scope has adopted: only what was adopted goes on, as the next version of the scheme.
        """
        boxes = await locked_boxes(case, result.box_id)
        for box in boxes:
            if box.tally is None:
                raise refusal("voting.not_counted", box=box.id)
        if not closing.closed:
            raise refusal("voting.not_published", box=result.box_id)
        word = VotingResult.ANNULLED if closing.upheld else _outcome(result)
        levy = await _settled_levy(case, word)
        said: dict[str, JsonValue] = {} if levy is None else {"scheme": levy}
        if levy is None and word is VotingResult.ADOPTED:
            said = {"scheme": await write_chosen(case)}
            # Without one, all that would be built belongs to motions that did not pass.
            word = VotingResult.ADOPTED if said["scheme"] else VotingResult.REJECTED
        outcome = VotingOutcome(outcome=word, box_id=result.box_id)
        case.goes_on()
        case.is_last_word()
        if word is not VotingResult.RUN_OFF:
            await tell_of_vote(case, adopted=word is VotingResult.ADOPTED)
        # Within a year an owner may ask a court to revoke it (SPC interpretation art. 12).
        until = case.ends(case.now, case.timetable.challenge)
        case.notify("all_owners", "vote_declared", outcome=outcome.outcome, challenge_until=until)
        return Recorded(
            outcome,
            {
                **outcome.model_dump(mode="json", exclude={"seq", "follow_up"}),
                "motions": {
                    motion: _outcome_of(box, motion) for box in boxes for motion in box.tally or {}
                },
                "objections": closing.objections,
                "upheld": closing.upheld,
                "challenge_until": until.isoformat(),
                **said,
            },
        )


async def _settled_levy(case: Case, word: VotingResult) -> dict[str, JsonValue] | None:
    """After the vote on an extra levy: a version with the higher limit, or with the one of before (E12).

    None where the vote was on something else.
    """
    _, content = await case.scheme()
    if content.levy_limit_fen is None:
        return None
    after = revision.settled(content, adopted=word is VotingResult.ADOPTED)
    return {
        "version": await add_scheme_version(case, after),
        "owners_limit_before_fen": content.owners_limit_fen,
        "owners_limit_fen": after.owners_limit_fen,
    }


def _pack(case: Case) -> VotingPack:
    return law.pack_for(case.renovation.rule_pack)


def _outcome(result: VoteResult) -> VotingResult:
    if result.run_off:
        return VotingResult.RUN_OFF
    return VotingResult.ADOPTED if result.adopted else VotingResult.REJECTED


def _last_close(boxes: Sequence[BallotBox]) -> datetime:
    """When the vote as a whole closes: with the last of its boxes."""
    return max(box.closes_at for box in boxes)


def _await_ballots(case: Case, boxes: Sequence[BallotBox]) -> None:
    """The owners vote from the opening on; at the close the engine counts (V-CN-8)."""
    case.wait_for(
        "ballots",
        _last_close(boxes),
        since=boxes[0].opens_at,
        who="owners",
        then=Consequence.BOX_CLOSED,
    )


def _period(case: Case, box: BallotBox) -> VotePeriod:
    before = timedelta(days=case.timetable.extension_decided_days_before)
    return VotePeriod(
        box_id=box.id,
        check_at=box.closes_at - before,
        closes_at=box.closes_at,
    )


async def _look_at_turnout(case: Case, box: BallotBox) -> dict[str, JsonValue]:
    """Decide about the extension of one box; what the event says of it."""
    decision = await _turnout(case, box)
    whole = case.ends(box.closes_at, case.timetable.extension)
    closes_at = await _extended_close(case, box) if not decision.passed else None
    if closes_at is not None:
        box.closes_at = closes_at
        case.notify("non_voters", "vote_extended", box=box.id)
    return {
        "box": box.id,
        "extended": closes_at is not None,
        "checks": decision.record(),
        "closes_at": box.closes_at.isoformat(),
        # The longest window may cut the extension (Hangzhou art. 20): both moments are on record.
        "whole_extension_until": whole.isoformat() if closes_at else None,
    }


async def _turnout(case: Case, box: BallotBox) -> Decision:
    """The quorum by who has cast a ballot: how each motion stands, nobody can know yet."""
    return law.quorum(_pack(case), await turnout_tally(case.session, box.id))


async def _extended_close(case: Case, box: BallotBox) -> datetime | None:
    """The new close (case time) if an extension is still allowed, else None."""
    looks = await case.session.scalars(
        select(Event.details).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.turnout_checked",
            names_box(box.id),
        )
    )
    said = [said_of(details, box.id) or {} for details in looks]
    given = sum(bool(each.get("extended")) for each in said)
    over = case.now >= box.closes_at or not _pack(case).extends
    if over or given >= case.timetable.extension_limit:
        return None
    closes_at = min(
        case.ends(box.closes_at, case.timetable.extension),
        latest_close(case, box.opens_at),
    )
    return closes_at if closes_at > box.closes_at else None


async def _closing(case: Case, box: BallotBox, counted: CountedBox) -> dict[str, JsonValue]:
    """What the event of the close says of one box."""
    return {
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
        **await said_opinions(case, box),
    }


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


def _refuse_closed(boxes: Sequence[BallotBox]) -> None:
    for box in boxes:
        if box.state is not BoxState.OPEN:
            raise refusal("voting.box_closed", box=box.id)
