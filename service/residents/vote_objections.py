"""An owner's objection in the time after a vote: silence that would count as yes, or a veto."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Attendance, Ballot, BallotBox, VoteObjection
from models.values.refusal import refusal
from models.values.voting import Motion
from proof.canonical import utc_text
from rules.voting import pack_for, rule_of
from runtime.record.journal import load_tick
from service.access.tickets import Voter
from service.bodies import Accepted, ObjectToVote
from service.channels.open_box import load_entry, running_box
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation


async def object_to_vote(
    parts: Parts, situation: Situation, voter: Voter, command: ObjectToVote
) -> Accepted:
    """File the objection of the unit's owners, once.

    Raises:
        Refused: `credential.other_unit`; `voting.no_objections` where the running vote has no such time, or it is over;
            `voting.not_absent`, `voting.objected`, `voting.unit_not_on_roll`; `voting.unit_excluded` for who has no vote
            (Spain's LPH 15.2).
    """
    voter.must_hold(command.unit_number)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        box = await _lock_box(session, situation, command.box_id)
        entry = await load_entry(session, box, command.unit_number)
        if entry.excluded_reason is not None:
            raise refusal(
                "voting.unit_excluded", unit=command.unit_number, reason=entry.excluded_reason
            )
        if not _open_to_all(situation, box) and await _has_come(session, box.id, entry.entry_id):
            raise refusal("voting.not_absent", where="unit_number")
        if await session.get(VoteObjection, (box.id, entry.entry_id)) is not None:
            raise refusal("voting.objected", where="unit_number")
        session.add(
            VoteObjection(
                box_id=box.id,
                entry_id=entry.entry_id,
                unit_number=command.unit_number,
                command_id=key,
                objected_at=now,
                recorded_at=func.clock_timestamp(),
            )
        )
        return box.id, {"box": box.id, "entries": [entry.pseudonym]}

    actor = situation.owner(command.unit_number)
    kind = "voting.vote_objected"
    return await accept(parts.journal, situation, actor, command, kind, change, voter=voter)


async def _lock_box(session: AsyncSession, situation: Situation, box_id: str | None) -> BallotBox:
    """The box of the running vote while owners may object; counting them waits for this transaction."""
    box = await running_box(session, situation, box_id)
    await session.refresh(box, with_for_update={"read": True})
    until = box.objections_until
    if until is None or await load_tick(session, situation.id) >= until:
        raise refusal(
            "voting.no_objections", box=box.id, at="-" if until is None else utc_text(until)
        )
    return box


def _open_to_all(situation: Situation, box: BallotBox) -> bool:
    """A veto (Taiwan) is every owner's; against silence only those object who were absent (LPH 17.8)."""
    pack = pack_for(situation.rule_pack)
    motions = (Motion.model_validate(motion) for motion in box.motions)
    return any(rule_of(pack, motion).veto is not None for motion in motions)


async def _has_come(session: AsyncSession, box_id: str, entry_id: str) -> bool:
    there = [
        select(table.entry_id).where(table.box_id == box_id, table.entry_id == entry_id).exists()
        for table in (Ballot, Attendance)
    ]
    found = await session.scalar(select(there[0] | there[1]))
    return bool(found)
