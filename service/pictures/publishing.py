"""A photograph for everybody: somebody has looked at it and says what must not be seen (P-7)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Picture, PublishedPicture
from models.values.actor import Actor
from models.values.refusal import refusal
from runtime.privacy.keys import PersonKeys
from service.bodies import Accepted
from service.parts import Parts
from service.pictures.bodies import PublishPicture
from service.pictures.reading import blur
from service.pictures.showing import load_picture
from service.reading.parties import as_party
from service.reading.shaping import viewer_under
from service.recording import Details, accept
from service.situation import Situation, load_grants

PUBLISHED = "feedback.picture_published"


async def publish_picture(
    parts: Parts, situation: Situation, actor: Actor, picture_id: str, command: PublishPicture
) -> Accepted:
    """Publish a photograph with these parts blurred, once; the original stays where it is.

    Raises:
        Refused: `picture.unknown`, also for one of a complaint about whoever publishes; `picture.published`.
    """
    grants = await load_grants(parts.database, actor.id, situation.id)
    viewer = viewer_under(grants, situation.place_path)
    async with parts.database.session() as session:
        viewer = await as_party(session, PersonKeys.of(parts.settings), situation, viewer)
        await load_picture(session, situation.id, viewer, picture_id)
        row = await session.get_one(Picture, picture_id)
    picture = await blur(row.content, command.parts)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        if await session.get(PublishedPicture, picture_id) is not None:
            raise refusal("picture.published", where=picture_id)
        session.add(
            PublishedPicture(
                picture_id=picture_id,
                renovation_id=situation.id,
                command_id=key,
                content=picture.content,
                sha256=picture.sha256,
                blurred=len(command.parts),
                published_by=actor.id,
                published_at=now,
            )
        )
        return picture_id, {"ticket": row.ticket_id, "file_sha256": picture.sha256}

    return await accept(parts.journal, situation, actor, command, PUBLISHED, change)
