"""Paper ballots, typed in batches by two officials; lines whose keyed digests agree are cast.

No table has the choices of a typing, only digests: what is cast is sealed like any other ballot.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue, SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    BallotBox,
    PaperBatch,
    PaperCast,
    PaperEntry,
    PaperLine,
    RollEntry,
    RollUnit,
)
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import Refused, problem, refusal, refuse_if_any
from rules.ballots.paper import (
    Line,
    RollPlace,
    again_problems,
    ballot_command,
    batch_key,
    code_check,
    differing,
    invalid_ballots,
    line_digest,
    line_problems,
    same_route,
)
from rules.duties import Duty, refuse_same_person
from runtime.record.journal import Recorded
from service.bodies import CastBallot
from service.channels.bodies import EnterPaper, PaperEntered
from service.channels.open_box import lock_open_box, motions_by_id, running_box
from service.http.credentials import keyed_hash
from service.parts import Parts
from service.recording import record
from service.situation import Situation

AT_ONCE = 64
"""Ballots of a batch on their way at the same time."""
FINAL = frozenset({"voting.already_voted"})
"""Refusals of a ballot that sending the batch again would not change."""
ELSEWHERE = text("""
SELECT u.entry_id, b.reference FROM paper_line l
JOIN paper_batch b ON b.id = l.batch_id
JOIN roll_unit u ON u.box_id = b.box_id AND u.unit_number = l.unit_number
WHERE b.box_id = :box AND b.id <> :batch AND b.channel = ANY (:channels)
  AND u.entry_id = ANY (:entries) AND NOT l.absent
  AND l.number = (SELECT max(m.number) FROM paper_line m
                  WHERE m.batch_id = l.batch_id AND m.unit_number = l.unit_number)
  AND NOT EXISTS (
    SELECT 1 FROM ballot_ruling r JOIN paper_cast c ON c.batch_id = b.id
    WHERE r.box_id = b.box_id AND r.entry_id = u.entry_id AND r.recorded_at > c.recorded_at)
""")
"""Entries whose paper is in another batch of the same route, and was not ruled on since."""


class _Typed(Value):
    """The request as the journal hashes it: digests of the lines instead of the lines."""

    reference: str
    channel: str
    scan: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Batch:
    """A batch before this typing."""

    id: str
    number: int
    entered_by: str | None
    lines: Mapping[str, bytes]
    """Of the typing before this one, if that was the first of a pair."""
    wanted: tuple[str, ...] | None
    """What the last pair left differing; None for a new batch or the second of a pair."""


async def enter_paper(
    parts: Parts, situation: Situation, actor: Actor, command: EnterPaper
) -> PaperEntered:
    """Record a typing; if it is the second of a pair, cast what agrees. Sent again, it casts the rest.

    Raises:
        Refused: every problem of every line at once; `paper.…`; `paper.not_all_cast` when the box
            did not take some ballots: what was cast stays cast, the same command casts the rest.
    """
    box_id = command.box_id or await _box_of(parts, situation, command)
    key = paper_key(parts.settings.receipt_key)
    batch_id = batch_id_for(box_id, command.reference)
    lines = [Line(line.unit_number, line.choices) for line in command.lines]
    of_batch = batch_key(key, batch_id, command.code)
    name = await parts.journal.key_of(command.command_id, situation.id, actor.id)
    digests = {line.unit_number: line_digest(of_batch, batch_id, line) for line in lines}

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[PaperEntered]:
        box = await lock_open_box(session, situation, box_id)
        batch = await _batch(session, box, command, code_check(of_batch))
        await _refuse(session, box, batch, actor, lines, command)
        # Typings come in pairs: the even one is compared with the odd one before it.
        differ = differing(batch.lines, digests) if batch.number % 2 == 0 else ()
        entered = PaperEntered(
            command_id=command.command_id,
            batch_id=batch.id,
            number=batch.number,
            ballots=sum(line.choices is not None for line in lines),
            invalid=invalid_ballots(lines),
            differing=differ,
        )
        if entered.number == 1:
            session.add(_bundle(box, command, entered, code_check(of_batch), name))
            await session.flush()
        await _write_typing(session, command, entered, actor, digests, name)
        return Recorded(entered, _details(box, command, entered))

    typed = _Typed(
        reference=command.reference,
        channel=command.channel,
        scan=command.scan,
        lines=tuple((unit, digest.hex()) for unit, digest in digests.items()),
    )
    kind = "voting.paper_entered"
    entered = await record(parts.journal, situation, actor, name, kind, typed, inside, PaperEntered)
    if entered.number % 2 == 1:
        return entered
    agreed = [line for line in lines if line.unit_number not in entered.differing]
    ballots = [line for line in agreed if line.choices is not None]
    cast = await _cast(parts, situation, command, key, batch_id, ballots)
    await _record_cast(parts, situation, actor, entered, cast, len(ballots))
    return entered.model_copy(update={"cast": cast})


async def _box_of(parts: Parts, situation: Situation, command: EnterPaper) -> str:
    """The box that a bundle is for: the only one, or that of the motions on its ballots.

    Read before it is locked, because the digests depend on it; the lock refuses any other box.
    """
    motions = {name for line in command.lines for name in line.choices or ()}
    async with parts.database.session() as session:
        return (await running_box(session, situation, None, motions)).id


def paper_key(receipt_key: SecretStr) -> bytes:
    """The key of the lines' digests, derived from the key of the receipts."""
    return keyed_hash(receipt_key, b"gongjian/paper")


def batch_id_for(box_id: str, reference: str) -> str:
    """The id of the batch with this reference in this box."""
    return hashlib.sha256(f"{box_id}\0{reference}".encode()).hexdigest()[:32]


async def _batch(
    session: AsyncSession, box: BallotBox, command: EnterPaper, check: bytes
) -> _Batch:
    """The batch so far; no lock, since the journal lets one writer of a renovation in at a time."""
    batch_id = batch_id_for(box.id, command.reference)
    row = await session.get(PaperBatch, batch_id)
    if row is None:
        return _Batch(batch_id, 1, None, {}, None)
    if (row.channel, row.scan) != (command.channel, command.scan):
        raise refusal("paper.other_scan", where="scan", batch=row.reference, scan=row.scan)
    if row.code_check != check:
        raise refusal("paper.other_code", where="code", batch=row.reference)
    last = await session.scalar(
        select(PaperEntry)
        .where(PaperEntry.batch_id == batch_id)
        .order_by(PaperEntry.number.desc())
        .limit(1)
    )
    assert last is not None
    lines = await load_line_digests(session, batch_id, last.number)
    if last.number % 2 == 1:
        return _Batch(batch_id, last.number + 1, last.entered_by, lines, None)
    first = await load_line_digests(session, batch_id, last.number - 1)
    return _Batch(batch_id, last.number + 1, None, {}, differing(first, lines))


async def load_line_digests(session: AsyncSession, batch_id: str, number: int) -> dict[str, bytes]:
    """The digests of one typing, by unit."""
    rows = await session.scalars(
        select(PaperLine).where(PaperLine.batch_id == batch_id, PaperLine.number == number)
    )
    return {row.unit_number: row.digest for row in rows}


async def _refuse(
    session: AsyncSession,
    box: BallotBox,
    batch: _Batch,
    actor: Actor,
    lines: Sequence[Line],
    command: EnterPaper,
) -> None:
    refuse_same_person(Duty.TYPE_AGAIN, batch.entered_by, actor.id)
    units = [line.unit_number for line in lines]
    if batch.wanted is not None:
        refuse_if_any(again_problems(command.reference, batch.wanted, units))
    rows = await session.execute(
        select(RollUnit.unit_number, RollUnit.entry_id, RollEntry.excluded_reason)
        .join(
            RollEntry,
            (RollEntry.box_id == RollUnit.box_id) & (RollEntry.entry_id == RollUnit.entry_id),
        )
        .where(RollUnit.box_id == box.id, RollUnit.unit_number.in_(units))
    )
    roll = {unit: RollPlace(entry, reason) for unit, entry, reason in rows}
    query = {
        "box": box.id,
        "batch": batch.id,
        "channels": list(same_route(command.channel)),
        "entries": [place.entry_id for place in roll.values()],
    }
    elsewhere = {row.entry_id: row.reference for row in await session.execute(ELSEWHERE, query)}
    refuse_if_any(line_problems(lines, motions_by_id(box), roll, elsewhere, command.channel))


def _bundle(
    box: BallotBox, command: EnterPaper, entered: PaperEntered, check: bytes, key: str
) -> PaperBatch:
    return PaperBatch(
        id=entered.batch_id,
        box_id=box.id,
        reference=command.reference,
        channel=command.channel,
        scan=command.scan,
        code_check=check,
        command_id=key,
        opened_at=func.clock_timestamp(),
    )


async def _write_typing(
    session: AsyncSession,
    command: EnterPaper,
    entered: PaperEntered,
    actor: Actor,
    digests: Mapping[str, bytes],
    key: str,
) -> None:
    session.add(
        PaperEntry(
            batch_id=entered.batch_id,
            number=entered.number,
            entered_by=actor.id,
            ballots=entered.ballots,
            invalid=entered.invalid,
            command_id=key,
            recorded_at=func.clock_timestamp(),
        )
    )
    await session.flush()
    session.add_all(
        PaperLine(
            batch_id=entered.batch_id,
            number=entered.number,
            unit_number=line.unit_number,
            digest=digests[line.unit_number],
            absent=line.choices is None,
        )
        for line in command.lines
    )


def _details(box: BallotBox, command: EnterPaper, entered: PaperEntered) -> dict[str, JsonValue]:
    return {
        "box": box.id,
        "batch": command.reference,
        "channel": command.channel,
        "scan": command.scan,
        "typing": entered.number,
        "ballots": entered.ballots,
        "differing": len(entered.differing),
    }


async def _cast(
    parts: Parts,
    situation: Situation,
    command: EnterPaper,
    key: bytes,
    batch_id: str,
    lines: Sequence[Line],
) -> int:
    """Cast the agreed ballots and return how many are in the box; a repeated ballot is counted once."""
    refused: list[tuple[str, Refused]] = []
    cast = 0

    async def one(line: Line) -> None:
        nonlocal cast
        ballot = CastBallot.model_validate(
            {
                "command_id": ballot_command(key, batch_id, line.unit_number),
                "unit_number": line.unit_number,
                "choices": line.choices,
            }
        )
        try:
            await parts.intake.cast(situation.id, ballot, command.channel)
        except Refused as refusal:
            refused.append((line.unit_number, refusal))
        else:
            cast += 1

    for start in range(0, len(lines), AT_ONCE):
        await asyncio.gather(*(one(line) for line in lines[start : start + AT_ONCE]))
    open_ones = [(unit, each) for unit, each in refused if each.problems[0].code not in FINAL]
    if open_ones:
        raise Refused(
            problem("paper.not_all_cast", where=command.reference, cast=cast, ballots=len(lines)),
            *(
                each.problems[0].model_copy(update={"where": unit})
                for unit, each in sorted(open_ones, key=lambda pair: pair[0])
            ),
        )
    return cast


async def _record_cast(
    parts: Parts,
    situation: Situation,
    actor: Actor,
    entered: PaperEntered,
    cast: int,
    ballots: int,
) -> None:
    """Record once that the ballots of a pair of typings are in the box."""
    key = await parts.journal.key_of(f"{entered.command_id}#cast", situation.id, actor.id)

    async def inside(session: AsyncSession, _now: datetime) -> Recorded[PaperEntered]:
        session.add(
            PaperCast(
                batch_id=entered.batch_id,
                number=entered.number,
                ballots=cast,
                command_id=key,
                recorded_at=func.clock_timestamp(),
            )
        )
        return Recorded(
            entered,
            {
                "batch": entered.batch_id,
                "typing": entered.number,
                "ballots": cast,
                "already_voted": ballots - cast,
            },
        )

    kind = "voting.paper_cast"
    await record(parts.journal, situation, actor, key, kind, entered, inside, PaperEntered)
