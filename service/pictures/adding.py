"""A photograph for a ticket: from whoever wrote the ticket, while it is not closed."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Picture, Ticket
from models.values.refusal import refusal
from models.values.states import TicketState
from runtime.record.journal import id_from
from service.access.tickets import Voter
from service.bodies import Accepted
from service.http.problems import read_fields
from service.parts import Parts
from service.pictures.bodies import AddPicture
from service.pictures.reading import KeptPicture, read_picture
from service.recording import Details, accept
from service.residents.tickets import caller_of, own_ticket
from service.situation import Situation

MOST_OF_TICKET = 4
"""[D] A complaint is shown by a few photographs."""
OVER = frozenset({TicketState.CLOSED, TicketState.REFERRED})
ADDED = "feedback.picture_added"


class Photograph(NamedTuple):
    """A photograph that may be kept, and the hash of the file in which it came."""

    picture: KeptPicture
    received_sha256: str


async def read_photograph(data: bytes) -> Photograph:
    """The photograph in a file; asked before anything is written for it.

    Raises:
        Refused: `picture.…` as `read_picture`.
    """
    return Photograph(await read_picture(data), hashlib.sha256(data).hexdigest())


async def add_picture(
    parts: Parts,
    situation: Situation,
    voter: Voter,
    ticket_id: str,
    command_id: str,
    photograph: Photograph,
) -> Accepted:
    """Keep a photograph beside its ticket.

    The event has the hashes of what came and of what is kept, never the picture.

    Raises:
        Refused: `picture.enough` where there are so many; `feedback.ticket_unknown`, for a neighbour's too; `feedback.ticket_not_open`.
    """
    ticket = await own_ticket(parts, voter, ticket_id)
    picture, received = photograph
    given = {"command_id": command_id, "ticket_id": ticket_id, "received_sha256": received}
    command = read_fields(AddPicture, given)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        row = await session.get_one(Ticket, ticket_id)
        if row.state in OVER:
            raise refusal("feedback.ticket_not_open", where="ticket_id", ticket=ticket_id)
        of_ticket = select(func.count()).select_from(Picture).where(Picture.ticket_id == ticket_id)
        if (await session.scalar(of_ticket) or 0) >= MOST_OF_TICKET:
            raise refusal("picture.enough", where="picture", most=MOST_OF_TICKET)
        name = f"{situation.id}.i{id_from(key)}"
        session.add(
            Picture(
                id=name,
                renovation_id=situation.id,
                ticket_id=ticket_id,
                command_id=key,
                content=picture.content,
                received_sha256=received,
                sha256=picture.sha256,
                width=picture.width,
                height=picture.height,
                received_at=now,
                recorded_at=func.clock_timestamp(),
            )
        )
        return name, {"ticket": ticket_id, "file_sha256": picture.sha256}

    author = situation.complainant(voter.unit_number, confidential=ticket.confidential)
    return await accept(
        parts.journal,
        situation,
        author,
        command,
        ADDED,
        change,
        caller=caller_of(parts, situation, author, voter.unit_number),
        voter=voter,
    )
