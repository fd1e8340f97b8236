"""Rulings on contested ballots: recorded with a reason, without seeing what any ballot says (E4)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Ballot,
    BallotBox,
    BallotRuling,
    Event,
    PaperBatch,
    PaperEntry,
    PaperLine,
    RollEntry,
)
from models.values.actor import Actor
from models.values.base import Carried
from models.values.channels import RulingKind
from models.values.refusal import refuse_if_any
from models.values.voting import Channel
from proof.receipts import short_code
from rules.ballots.rulings import named_ballot, ruling_problems
from rules.ballots.states import BallotReference, RulingReference
from rules.duties import Duty, refuse_same_person
from runtime.ballots.standing import ContestedBallot, contested
from service.bodies import Accepted
from service.channels.bodies import RuleOnBallots
from service.channels.open_box import load_entry, lock_open_box
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation


class BallotView(Carried):
    """One ballot: where it came in and when, never what it says."""

    ballot_id: str
    code: str
    channel: Channel
    recorded_at: datetime


class ContestedView(Carried):
    """The units of one roll entry, none of whose ballots counts as things stand."""

    unit_numbers: tuple[str, ...]
    ballots: tuple[BallotView, ...]
    rulings: int


async def record_ruling(
    parts: Parts, situation: Situation, actor: Actor, command: RuleOnBallots
) -> Accepted:
    """Record a ruling about all ballots that the unit's entry has cast up to now."""

    async def change(session: AsyncSession, _now: datetime, key: str) -> tuple[str, Details]:
        # Alone: a ballot that is being committed may have a lower number than one that is there.
        box = await lock_open_box(session, situation, command.box_id, alone=True)
        entry = await load_entry(session, box, command.unit_number)
        ballots = await _ballots(session, box, entry)
        rulings = await _rulings(session, box, entry)
        named = named_ballot(command.ballot, [(b.id, short_code(b.leaf)) for b in ballots])
        refuse_if_any(
            ruling_problems(
                command.kind,
                command.unit_number,
                [_cast(ballot) for ballot in ballots],
                [_ruling(row) for row in rulings],
                command.ballot,
                named,
            )
        )
        if command.kind != "disputed":
            await _not_the_own_dispute(session, rulings, actor)
            await _not_the_own_paper(session, box, entry, actor)
        row = BallotRuling(
            box_id=box.id,
            entry_id=entry.entry_id,
            number=len(rulings) + 1,
            kind=command.kind,
            ballot_id=named if command.kind == "accepted" else None,
            up_to_seq=ballots[-1].seq,
            reason=command.reason,
            command_id=key,
            recorded_at=func.clock_timestamp(),
        )
        session.add(row)
        return f"{entry.pseudonym}.{row.number}", {
            "box": box.id,
            "entry": entry.pseudonym,
            "number": row.number,
            "kind": row.kind,
            "ballot": row.ballot_id,
            "up_to_seq": row.up_to_seq,
            "ballots": len(ballots),
            # The words may name people: the event keeps what proves them, not the words.
            "reason_sha256": hashlib.sha256(command.reason.encode()).hexdigest(),
        }

    return await accept(parts.journal, situation, actor, command, "voting.ballots_ruled_on", change)


async def contested_units(session: AsyncSession, box: BallotBox) -> tuple[ContestedView, ...]:
    """Every roll entry whose ballots contest each other now, by its units."""
    return tuple(
        _view(list(ballots))
        for _, ballots in groupby(await contested(session, box.id), key=lambda each: each.entry_id)
    )


async def _ballots(session: AsyncSession, box: BallotBox, entry: RollEntry) -> list[Ballot]:
    rows = await session.scalars(
        select(Ballot)
        .where(Ballot.box_id == box.id, Ballot.entry_id == entry.entry_id)
        .order_by(Ballot.seq)
    )
    return list(rows)


async def _rulings(session: AsyncSession, box: BallotBox, entry: RollEntry) -> list[BallotRuling]:
    rows = await session.scalars(
        select(BallotRuling)
        .where(BallotRuling.box_id == box.id, BallotRuling.entry_id == entry.entry_id)
        .order_by(BallotRuling.number)
    )
    return list(rows)


async def _not_the_own_dispute(
    session: AsyncSession, rulings: list[BallotRuling], actor: Actor
) -> None:
    if not rulings or rulings[-1].kind != "disputed":
        return
    author = await session.scalar(
        select(Event.actor_id).where(Event.command_id == rulings[-1].command_id)
    )
    refuse_same_person(Duty.RULE_DISPUTED, author, actor.id)


async def _not_the_own_paper(
    session: AsyncSession, box: BallotBox, entry: RollEntry, actor: Actor
) -> None:
    """Refuse a ruling by the official who typed one of the entry's paper ballots."""
    typist = await session.scalar(
        select(PaperEntry.entered_by)
        .join(PaperBatch, PaperBatch.id == PaperEntry.batch_id)
        .join(
            PaperLine,
            (PaperLine.batch_id == PaperEntry.batch_id) & (PaperLine.number == PaperEntry.number),
        )
        .where(
            PaperBatch.box_id == box.id,
            PaperLine.unit_number.in_(entry.units),
            PaperEntry.entered_by == actor.id,
        )
        .limit(1)
    )
    refuse_same_person(Duty.RULE_TYPED, typist, actor.id)


def _cast(ballot: Ballot) -> BallotReference:
    return BallotReference(ballot.seq, ballot.id, cast("Channel", ballot.channel))


def _ruling(row: BallotRuling) -> RulingReference:
    return RulingReference(cast("RulingKind", row.kind), row.ballot_id, row.up_to_seq)


def _view(ballots: Sequence[ContestedBallot]) -> ContestedView:
    return ContestedView(
        unit_numbers=tuple(ballots[0].units),
        ballots=tuple(
            BallotView(
                ballot_id=ballot.ballot_id,
                code=short_code(ballot.leaf),
                channel=ballot.channel,
                recorded_at=ballot.recorded_at,
            )
            for ballot in ballots
        ),
        rulings=ballots[0].rulings,
    )
