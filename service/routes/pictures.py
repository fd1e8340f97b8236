"""Photographs of tickets: sent by whoever wrote, seen by who must answer, published with parts blurred."""

from typing import Any

from fastapi import APIRouter, Request, Response

from models.fields import CommandId, Id
from models.values.refusal import refusal
from proof.canonical import utc_text
from runtime.privacy.keys import PersonKeys
from service.access.units import refuse_replaced
from service.bodies import Accepted
from service.http.paging import Paged
from service.identity.senders import bearer_token, sender_of
from service.pictures import adding, publishing, showing
from service.pictures.bodies import PictureView, PublishedPictureView, PublishPicture
from service.pictures.reading import KINDS, MEDIA_TYPE
from service.reading.parties import as_party
from service.reading.shaping import viewer_under
from service.routes.dependencies import (
    TICKETS,
    CaseSituation,
    CurrentDoor,
    CurrentVoter,
    MayPublishPictures,
    RunningParts,
    VoterOrOfficial,
)
from service.situation import load_grants

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["pictures"])
BYTES = {"schema": {"type": "string", "format": "binary"}}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {MEDIA_TYPE: BYTES}}
}
SENT = {"requestBody": {"required": True, "content": dict.fromkeys(KINDS, BYTES)}}


@router.post("/tickets/{ticket_id}/pictures", status_code=201, openapi_extra=SENT)
async def add_picture(
    situation: CaseSituation,
    voter: CurrentVoter,
    ticket_id: Id,
    command_id: CommandId,
    request: Request,
    parts: RunningParts,
) -> Accepted:
    """Add a photograph (JPEG, PNG or WebP, at most 12 MB) to the own ticket; the body is the file."""
    photograph = await adding.read_photograph(await request.body())
    return await adding.add_picture(parts, situation, voter, ticket_id, command_id, photograph)


@router.get("/pictures")
async def list_pictures(
    situation: CaseSituation,
    actor: MayPublishPictures,
    parts: RunningParts,
    page: Paged,
) -> tuple[PictureView, ...]:
    """The photographs of all tickets, the newest first, with when each was published."""
    grants = await load_grants(parts.database, actor.id, situation.id)
    viewer = viewer_under(grants, situation.place_path)
    async with parts.database.session() as session:
        viewer = await as_party(session, PersonKeys.of(parts.settings), situation, viewer)
        found = await showing.list_pictures(session, situation.id, viewer)
    return page.cut(found, lambda each: (utc_text(each.received_at), each.id), newest_first=True)


@router.get("/pictures/{picture_id}", response_class=Response, responses=PICTURE)
async def read_picture(
    situation: CaseSituation,
    picture_id: Id,
    credential: VoterOrOfficial,
    door: CurrentDoor,
    parts: RunningParts,
) -> Response:
    """A photograph, for the home that sent it and the officials who must answer."""
    token = bearer_token(credential)
    if token.startswith(TICKETS):
        voter = parts.tickets.voter(situation.id, credential)
        async with parts.database.session() as session:
            await refuse_replaced(session, voter)
            return picture_response(await showing.load_own(session, voter, picture_id))
    sender = await sender_of(parts.database, token, situation.id, door)
    grants = await load_grants(parts.database, sender, situation.id)
    viewer = viewer_under(grants, situation.place_path)
    if not showing.may_see(viewer.reader):
        raise refusal("credential.no_role", roles="-", place=situation.place_path)
    async with parts.database.session() as session:
        viewer = await as_party(session, PersonKeys.of(parts.settings), situation, viewer)
        return picture_response(await showing.load_for(session, viewer, situation.id, picture_id))


@router.post("/pictures/{picture_id}/publication", status_code=201)
async def publish_picture(
    situation: CaseSituation,
    picture_id: Id,
    actor: MayPublishPictures,
    command: PublishPicture,
    parts: RunningParts,
) -> Accepted:
    """Publish a photograph with these parts blurred, after somebody has looked at it."""
    return await publishing.publish_picture(parts, situation, actor, picture_id, command)


@router.get("/published-pictures")
async def list_published(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[PublishedPictureView, ...]:
    """The photographs that everybody may see, the newest first."""
    async with parts.database.session() as session:
        found = await showing.list_published(session, situation.id)
    return page.cut(
        found, lambda each: (utc_text(each.published_at), each.picture_id), newest_first=True
    )


@router.get("/published-pictures/{picture_id}", response_class=Response, responses=PICTURE)
async def read_published(situation: CaseSituation, picture_id: Id, parts: RunningParts) -> Response:
    """A photograph as everybody may see it."""
    async with parts.database.session() as session:
        return picture_response(await showing.load_published(session, situation.id, picture_id))


def picture_response(content: bytes) -> Response:
    """A picture, which a browser shows and never takes for anything else."""
    headers = {"Content-Disposition": "inline"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
