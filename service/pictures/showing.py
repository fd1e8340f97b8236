"""Photographs as they are shown: to whoever wrote the ticket and must answer it, and to everybody."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import OwnerReplacement, Picture, PublishedPicture, Ticket
from models.values.refusal import refusal
from rules.disclosure import Disclosed, ReaderKind, may_read
from service.access.tickets import Voter
from service.pictures.bodies import PictureView, PublishedPictureView
from service.reading.parties import not_about
from service.reading.shaping import Viewer
from service.showing import shown

COLUMNS = (
    Picture.id,
    Picture.ticket_id,
    Picture.width,
    Picture.height,
    Picture.sha256,
    Picture.received_sha256,
    Picture.received_at,
    PublishedPicture.published_at,
)


async def list_pictures(session: AsyncSession, rid: str, viewer: Viewer) -> tuple[PictureView, ...]:
    """All photographs of a renovation, the newest first; without the pictures themselves."""
    of_others = _listed(rid).join(Ticket, Ticket.id == Picture.ticket_id).where(*not_about(viewer))
    rows = await session.execute(of_others.order_by(Picture.received_at.desc(), Picture.id))
    return tuple(shown(PictureView, row) for row in rows)


async def load_picture(
    session: AsyncSession, rid: str, viewer: Viewer, picture_id: str
) -> PictureView:
    """One photograph without the picture itself, of no complaint about the viewer.

    Raises:
        Refused: `picture.unknown`.
    """
    of_others = _listed(rid).join(Ticket, Ticket.id == Picture.ticket_id).where(*not_about(viewer))
    row = (await session.execute(of_others.where(Picture.id == picture_id))).one_or_none()
    if row is None:
        raise refusal("picture.unknown", where=picture_id)
    return shown(PictureView, row)


async def list_of_ticket(
    session: AsyncSession, rid: str, ticket_id: str
) -> tuple[PictureView, ...]:
    """The photographs of one ticket, in the order in which they came."""
    query = _listed(rid).where(Picture.ticket_id == ticket_id)
    rows = await session.execute(query.order_by(Picture.received_at, Picture.id))
    return tuple(shown(PictureView, row) for row in rows)


async def list_published(session: AsyncSession, rid: str) -> tuple[PublishedPictureView, ...]:
    """What everybody may see, the newest first."""
    rows = await session.execute(
        select(
            PublishedPicture.picture_id,
            PublishedPicture.sha256,
            PublishedPicture.blurred,
            PublishedPicture.published_at,
        )
        .where(PublishedPicture.renovation_id == rid)
        .order_by(PublishedPicture.published_at.desc(), PublishedPicture.picture_id)
    )
    return tuple(shown(PublishedPictureView, row) for row in rows)


async def load_own(session: AsyncSession, voter: Voter, picture_id: str) -> bytes:
    """A photograph of the own home's ticket.

    Raises:
        Refused: `picture.unknown`, for a neighbour's too, and for one that the owner before has sent.
    """
    sale = select(OwnerReplacement.unit_number).where(
        OwnerReplacement.renovation_id == Picture.renovation_id,
        OwnerReplacement.unit_number == Ticket.unit_number,
        OwnerReplacement.recorded_at >= Picture.recorded_at,
    )
    found = await session.scalar(
        select(Picture.content)
        .join(Ticket, Ticket.id == Picture.ticket_id)
        .where(
            Picture.id == picture_id,
            Picture.renovation_id == voter.renovation_id,
            Ticket.unit_number == voter.unit_number,
            ~sale.exists(),
        )
    )
    return _there(found, picture_id)


async def load_for(session: AsyncSession, viewer: Viewer, rid: str, picture_id: str) -> bytes:
    """A photograph for an official who may read tickets.

    Raises:
        Refused: `picture.unknown`, also where the viewer may not see it.
    """
    if not may_see(viewer.reader):
        raise refusal("picture.unknown", where=picture_id)
    found = await session.scalar(
        select(Picture.content)
        .join(Ticket, Ticket.id == Picture.ticket_id)
        .where(Picture.id == picture_id, Picture.renovation_id == rid, *not_about(viewer))
    )
    return _there(found, picture_id)


async def load_published(session: AsyncSession, rid: str, picture_id: str) -> bytes:
    """A photograph as everybody may see it.

    Raises:
        Refused: `picture.unknown`.
    """
    found = await session.scalar(
        select(PublishedPicture.content).where(
            PublishedPicture.picture_id == picture_id, PublishedPicture.renovation_id == rid
        )
    )
    return _there(found, picture_id)


def may_see(reader: ReaderKind) -> bool:
    """Whether whoever reads so may see photographs that are not published."""
    return may_read("picture.content", reader) is Disclosed.YES


def _listed(rid: str) -> Select[*tuple[Any, ...]]:
    found = select(*COLUMNS).outerjoin(PublishedPicture, PublishedPicture.picture_id == Picture.id)
    return found.where(Picture.renovation_id == rid, func.length(Picture.content) > 0)


def _there(content: bytes | None, picture_id: str) -> bytes:
    if not content:  # of one that was erased its hash is left
        raise refusal("picture.unknown", where=picture_id)
    return content
