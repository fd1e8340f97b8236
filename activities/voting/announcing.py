"""Announcing a vote: its motions, a box for each scope with the roll of that part, and its moments."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import select

from activities.recording import Case
from activities.voting.channels import carry_credentials
from activities.voting.roll import FrozenRoll, freeze_roll, hash_of_roll
from activities.voting.scopes import motions_of, standings
from activities.voting.second_vote import second_time
from activities.voting.series import failed_votes
from models.messages.journey import StageInput
from models.tables import GENESIS, BallotBox, Estate
from models.values.refusal import refusal
from models.values.states import BoxState
from models.values.voting import Motion, MotionScope, VotingPack
from proof.ballots import pseudonym_of
from proof.canonical import digest
from rules import revision
from rules import voting as law
from rules.ballots.scopes import by_scope
from rules.oversight import rested
from rules.voting.live.weighing import caps_on_shares
from runtime.ballots.boxes import box_id_of, load_boxes
from runtime.ballots.sealing import BoxKeys

SALT_BYTES = 32


async def motions_to_put(case: Case, given: StageInput) -> tuple[Motion, ...]:
    """Those of the scheme, or its levy; in a run-off what the vote before left undecided, scope by scope."""
    if not given.run_off:
        return law.as_put(revision.motions_to_put((await case.scheme())[1]))
    before = await load_boxes(case.session, case.renovation.id, given.attempt - 1)
    if not before:
        raise refusal("voting.box_unknown", where=f"{case.renovation.id}.{given.attempt - 1}")
    return tuple(motion for box in before for motion in _undecided(box))


async def refuse_too_soon_or_too_often(case: Case, given: StageInput) -> None:
    """E1: at most so many votes on one matter fail, each comes a decent time after the last one closed.

    A run-off ends the vote before it: it is no vote more, and nothing has to be waited for. Nor has
    a vote that was adopted failed: what is put after it is another matter.
    """
    query = select(BallotBox).where(BallotBox.renovation_id == case.renovation.id)
    boxes = (await case.session.scalars(query.order_by(BallotBox.attempt))).all()
    for box in boxes:
        if box.state is BoxState.OPEN or box.attempt >= given.attempt:
            raise refusal("voting.already_open", box=box.id)
    if given.run_off:
        return
    limit = case.timetable.re_vote_limit
    failed = await failed_votes(case)
    if failed.count >= limit:
        raise refusal("voting.re_vote_limit", limit=limit)
    if failed.closed_at is not None:
        earliest = case.ends(failed.closed_at, case.timetable.re_vote_wait)
        if case.now < earliest:
            raise refusal("voting.re_vote_too_early", date=_day(case, earliest))


async def announce_boxes(
    case: Case, given: StageInput, motions: Sequence[Motion], keys: BoxKeys, pack: VotingPack
) -> tuple[list[BallotBox], list[dict[str, JsonValue]]]:
    """Write a box with its frozen roll for each scope; the boxes, and what is announced of each.

    Raises:
        Refused: `voting.roll_empty` where nobody may vote in a scope.
    """
    boxes: list[BallotBox] = []
    said: list[dict[str, JsonValue]] = []
    number = 0
    # An import of the roll that is under way ends first, and the next one sees the vote.
    estate = select(Estate.id).where(Estate.id == case.renovation.estate_id)
    await case.session.execute(estate.with_for_update(read=True))
    for scope, put in by_scope(motions).items():
        number += scope.kind != "estate"
        box = _box(case, given, box_id_of(given.renovation_id, given.attempt, number), put, keys)
        box.building, box.entrance = scope.building, scope.entrance
        box.change_allowed = pack.change_allowed
        box.official_by = pack.routes_article
        if given.follow_up is not None and given.follow_up.by_law:
            box.opens_at, box.closes_at = await second_time(case, given)
        case.session.add(box)
        await case.session.flush()
        estate_id = case.renovation.estate_id
        caps = caps_on_shares(law.rule_of(pack, motion) for motion in put)
        roll = await freeze_roll(case.session, box, estate_id, pack, scope, caps)
        await carry_credentials(case.session, case.renovation.id, box.id)
        if roll.voters == 0:
            raise refusal("voting.roll_empty", where=part_of(scope) or estate_id)
        box.roll_hash = await hash_of_roll(case.session, box.id)
        boxes.append(box)
        said.append(_announcement(box, roll, keys.signer.public_key))
    return boxes, said


def part_of(scope: MotionScope) -> str:
    """The part as people see it, "3" or "3/2"; "" for the estate."""
    return "/".join(filter(None, (scope.building, scope.entrance)))


def latest_close(case: Case, opens_at: datetime) -> datetime:
    """The window is a maximum: whole days from its opening, never moved on for a day off."""
    end = opens_at + timedelta(days=case.timetable.vote_open_max.days)
    return rested(end, opens_at, case.renovation.rests)


def _undecided(box: BallotBox) -> tuple[Motion, ...]:
    """What a run-off puts of one box; nothing where the box is decided, one way or the other."""
    results = standings(box)
    outcomes = {name: result.outcome for name, result in results.items()}
    if not law.run_off_due(outcomes):
        return ()
    named = {name: result.named for name, result in results.items()}
    seconds = {name: each.second for name, each in results.items() if each.second is not None}
    return law.run_off_motions(motions_of(box), outcomes, named, seconds)


def _box(
    case: Case, given: StageInput, box_id: str, motions: Sequence[Motion], keys: BoxKeys
) -> BallotBox:
    """The new box with a key pair and a salt of its own; repeated, it gets others."""
    opens_at = case.ends(case.now, case.timetable.vote_notice)
    closes_at = case.ends(opens_at, case.timetable.vote_open)
    key = keys.new(box_id)
    return BallotBox(
        id=box_id,
        renovation_id=given.renovation_id,
        attempt=given.attempt,
        motions=[motion.model_dump(mode="json") for motion in motions],
        state=BoxState.OPEN,
        opens_at=opens_at,
        closes_at=min(closes_at, latest_close(case, opens_at)),
        # Known when its roll has been written, in this same transaction.
        roll_hash=GENESIS,
        closed_at=None,
        tally=None,
        public_key=key.public,
        wrapped_key=key.wrapped,
        roll_salt=secrets.token_bytes(SALT_BYTES),
    )


def _announcement(box: BallotBox, roll: FrozenRoll, signed_by: str) -> dict[str, JsonValue]:
    """With the keys: a result that another key signs is not this box's."""
    part = {"building": box.building, "entrance": box.entrance}
    return {
        "box": box.id,
        **{name: value for name, value in part.items() if value},
        "roll_hash": box.roll_hash,
        "entries": roll.entries,
        "voters": roll.voters,
        "units": roll.units,
        **_said_of_caps(box, roll),
        "motions": [motion.id for motion in motions_of(box)],
        "motions_hash": digest(box.motions),
        "opens_at": box.opens_at.isoformat(),
        "closes_at": box.closes_at.isoformat(),
        **({"official_system_only": box.official_by} if box.official_by else {}),
        "public_key": box.public_key.hex(),
        "signed_by": signed_by,
    }


def _said_of_caps(box: BallotBox, roll: FrozenRoll) -> dict[str, JsonValue]:
    """Whose shares were cut, by the pseudonym of the entry, from what to what and by which article."""
    cuts: list[JsonValue] = [
        {
            "entry": pseudonym_of(box.roll_salt, cut.entry_id),
            **cut.model_dump(mode="json", exclude={"entry_id"}),
        }
        for cut in roll.cuts
    ]
    return {"caps": cuts} if cuts else {}


def _day(case: Case, moment: datetime) -> str:
    """The date that people see for a moment of the case."""
    return moment.astimezone(ZoneInfo(case.timetable.zone)).date().isoformat()
