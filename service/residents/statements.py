"""Bank statements: looked at, and what of them is for a unit booked through the one intake of payments."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field
from sqlalchemy import select

from models.tables import Unit
from models.values.actor import Actor
from models.values.base import Carried
from models.values.ledger import SumState
from models.values.refusal import problem, refusal, refuse_if_any
from rules.ledger.matching import StatementEntry, StatementSum, all_matched, plain_number
from runtime.spreadsheets.statement_files import read_statement_file
from service.bodies import ImportStatement, ReceivedPayment, ReportPayments
from service.ledger.unclaimed import keep_unclaimed, load_kept
from service.parts import Parts
from service.reading.money import list_instalments
from service.residents.payments import load_booked_references, refuse_nothing_due, report_payments
from service.situation import Situation

BATCH = 1_000
BOOKABLE = ("matched", "assigned")


class StatementView(Carried):
    """What became of each sum of a statement; before it is booked, what would. Money in fen."""

    booked: bool
    """False where it was only looked at."""
    matched_fen: int
    unmatched: int
    """So many sums are for no unit: two people say for whom they are."""
    lines: tuple[StatementSum, ...] = Field(default=())


async def import_statement(
    parts: Parts, situation: Situation, provider: Actor, command: ImportStatement
) -> StatementView:
    """Book what is for a unit and not booked yet, and keep what is for none; with `dry_run` say what that is.

    Raises:
        Refused: what is wrong with the file; `statement.not_base64`, `statement.assigned_unknown`,
            `statement.sum_kept`, `cost_sharing.unit_unknown`, `cost_sharing.nothing_due`; a dry run is refused
            where the import would be.
    """
    lines = await _look(parts, situation, command)
    bookable = [line for line in lines if line.state in BOOKABLE]
    unmatched = [line for line in lines if line.state == "unmatched"]
    if not command.dry_run:
        for payments in _batches(bookable):
            key = _key(command, "payments", *(each.reference for each in payments))
            batch = ReportPayments(command_id=key, payments=payments, source="owner")
            await report_payments(parts, situation, provider, batch)
        for at in range(0, len(unmatched), BATCH):
            piece = unmatched[at : at + BATCH]
            key = _key(command, "unclaimed", *(each.reference for each in piece))
            await keep_unclaimed(parts, situation, provider, key, piece)
    return StatementView(
        booked=not command.dry_run,
        matched_fen=sum(line.amount_fen for line in bookable),
        unmatched=len(unmatched),
        lines=lines,
    )


def _key(command: ImportStatement, what: str, *references: str) -> str:
    """Of a part of the statement: what a broken import has booked is not asked for again under its key."""
    text = "\0".join((command.command_id, what, *references))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def _look(
    parts: Parts, situation: Situation, command: ImportStatement
) -> tuple[StatementSum, ...]:
    try:
        data = base64.b64decode(command.content, validate=True)
    except ValueError:
        raise refusal("statement.not_base64", where="content") from None
    read = await asyncio.to_thread(read_statement_file, data, command.name)
    entries = [StatementEntry.model_validate(each.model_dump()) for each in read]
    async with parts.database.session() as session:
        await refuse_nothing_due(session, situation)
        numbers = await session.scalars(
            select(Unit.number).where(Unit.estate_id == situation.estate_id)
        )
        units = {plain_number(number): number for number in numbers}
        kept = await load_kept(session, situation, [each.reference for each in entries])
        _refuse_assigned(command.assign, entries, frozenset(units.values()), kept)
        open_fen: dict[str, int] = {}
        for owed in await list_instalments(session, situation):
            open_fen[owed.unit_number] = open_fen.get(owed.unit_number, 0) + owed.open_fen
        references = [each.reference for each in entries]
        booked = await load_booked_references(session, situation.id, references)
    return all_matched(entries, units, open_fen, booked, kept, command.assign)


def _refuse_assigned(
    assign: Mapping[str, Sequence[str]],
    entries: Sequence[StatementEntry],
    units: frozenset[str],
    kept: Mapping[str, SumState],
) -> None:
    known = {each.reference for each in entries}
    refuse_if_any(
        problem("statement.assigned_unknown", where=f"assign.{reference}", reference=reference)
        for reference in assign
        if reference not in known
    )
    refuse_if_any(
        problem("statement.sum_kept", where=f"assign.{reference}", reference=reference)
        for reference in assign
        if reference in kept
    )
    refuse_if_any(
        problem("cost_sharing.unit_unknown", where=f"assign.{reference}", unit=unit)
        for reference, named in assign.items()
        for unit in named
        if unit not in units
    )


def _batches(lines: Sequence[StatementSum]) -> Iterator[tuple[ReceivedPayment, ...]]:
    """The payments, so many at once; the parts of one sum are booked together or not at all."""
    waiting: list[ReceivedPayment] = []
    for line in lines:
        if len(waiting) + len(line.parts) > BATCH:
            yield tuple(waiting)
            waiting = []
        waiting += (
            ReceivedPayment(
                unit_number=part.unit_number,
                amount_fen=part.amount_fen,
                reference=f"{line.reference}/{place}" if place else line.reference,
                paid_on=line.booked_on,
            )
            for place, part in enumerate(line.parts)
        )
    if waiting:
        yield tuple(waiting)
