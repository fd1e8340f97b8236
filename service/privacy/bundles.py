"""Bundles of counted votes: the public one for everybody, the full one on request, each request on the log.

An area and a choice on one line may tell how a household voted. So the full bundle is for the owners who
voted in that box and for the auditor of the place, as P-5 says, and who asked is told to nobody but the
readers of the log.
"""

from collections.abc import AsyncIterator

from sqlalchemy import exists, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AccessEntry, BallotBox, BundleFile, RollUnit
from models.values.actor import Actor
from models.values.refusal import refusal
from runtime.ballots.boxes import named_box
from runtime.ballots.bundles import FULL, PUBLIC, pieces_of, want_full
from runtime.database import Database
from runtime.privacy.access import note_access
from service.access.sold import sold_at
from service.privacy.bodies import AskForBundle, BundleAnswer
from service.situation import Situation

ASKED, FETCHED = "bundle.asked", "bundle.fetched"
"""The doors of the log: asking, and fetching what was asked for."""


async def public_bundle(
    database: Database, situation: Situation, box_id: str | None
) -> tuple[BundleFile, AsyncIterator[bytes]]:
    """The public bundle of the last counted vote, or of a box of any.

    Raises:
        Refused: `evidence.not_counted`, `evidence.not_ready`, `voting.which_box`, `voting.other_box`.
    """
    async with database.session() as session:
        box = await _counted_box(session, situation, box_id)
        file = await session.get(BundleFile, (box.id, PUBLIC))
    return _made(file, box), pieces_of(database, box.id, PUBLIC)


async def ask_for_bundle(
    database: Database,
    situation: Situation,
    reader: Actor,
    asked: AskForBundle,
    unit_number: str | None = None,
) -> BundleAnswer:
    """Ask for the full bundle; it is made where the box key is.

    Raises:
        Refused: `evidence.not_counted`, `evidence.official`, `voting.which_box`, `voting.other_box`.
    """

    async def work(session: AsyncSession) -> BundleAnswer:
        box = await _counted_box(session, situation, asked.box_id, unit_number)
        if box.opened_key is None:
            raise refusal("evidence.official", box=box.id)
        file = await want_full(session, box.id)
        await note_access(
            session,
            reader,
            ASKED,
            renovation_id=situation.id,
            subject=box.id,
            reason=asked.reason,
        )
        return BundleAnswer(
            box_id=box.id,
            form=FULL,
            ready=file.made_at is not None,
            size_bytes=file.size_bytes,
            manifest=file.manifest,
            public_key=file.public_key,
        )

    return await database.transaction(work)


async def full_bundle(
    database: Database,
    situation: Situation,
    reader: Actor,
    box_id: str | None,
    unit_number: str | None = None,
) -> tuple[BundleFile, AsyncIterator[bytes]]:
    """The full bundle, for whoever has asked for it.

    Raises:
        Refused: `evidence.not_asked`, and as `public_bundle` says.
    """

    async def work(session: AsyncSession) -> BundleFile:
        box = await _counted_box(session, situation, box_id, unit_number)
        since = await sold_at(session, situation.id, unit_number or "")
        asked = exists().where(
            AccessEntry.renovation_id == situation.id,
            AccessEntry.subject == box.id,
            AccessEntry.door == ASKED,
            AccessEntry.reader_id == reader.id,
            # A home is known by its unit: who has bought it asks anew.
            true() if since is None else AccessEntry.at > since,
        )
        if not await session.scalar(select(asked)):
            raise refusal("evidence.not_asked", box=box.id)
        there = await session.get(BundleFile, (box.id, FULL))
        if there is None:
            # It was kept for a while after it was asked for, and is made again when it is.
            raise refusal("evidence.not_asked", box=box.id)
        file = _made(there, box)
        await note_access(session, reader, FETCHED, renovation_id=situation.id, subject=box.id)
        return file

    file = await database.transaction(work)
    return file, pieces_of(database, file.box_id, FULL)


async def _counted_box(
    session: AsyncSession,
    situation: Situation,
    box_id: str | None,
    unit_number: str | None = None,
) -> BallotBox:
    """A box that was counted: the named one of any vote, else of the last vote; of a unit one in which it votes."""
    query = select(BallotBox).where(
        BallotBox.renovation_id == situation.id, BallotBox.tree_head.is_not(None)
    )
    if unit_number is not None:
        mine = exists().where(RollUnit.box_id == BallotBox.id, RollUnit.unit_number == unit_number)
        query = query.where(mine)
    boxes = list(await session.scalars(query.order_by(BallotBox.attempt.desc(), BallotBox.id)))
    if not boxes:
        raise refusal("evidence.not_counted", renovation=situation.id)
    if box_id is None:
        boxes = [each for each in boxes if each.attempt == boxes[0].attempt]
    return named_box(boxes, box_id)


def _made(file: BundleFile | None, box: BallotBox) -> BundleFile:
    if file is None or file.made_at is None:
        code = "evidence.not_ready" if file is None or not file.refused else file.refused
        raise refusal(code, box=box.id, renovation=box.renovation_id)
    return file
