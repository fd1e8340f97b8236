"""Makes the bundles of counted votes where the box key is, and keeps them for who may have them.

The public form of every counted vote is made unasked; the full one when somebody who may have it asks.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, BundleFile, BundlePiece
from models.values.refusal import Refused
from runtime.ballots.evidence import export_voting
from runtime.ballots.sealing import BoxKeys
from runtime.database import Database

log = structlog.get_logger("bundles")
PUBLIC, FULL = "public", "full"
PIECE_BYTES = 1 << 20
AGAIN = text("clock_timestamp() + INTERVAL '1 minute'")
POLL_S = 5.0


class BundleMaker:
    """Makes what is wanted for as long as it runs; several may run, each takes another one."""

    def __init__(self, database: Database, keys: BoxKeys, *, poll_s: float = POLL_S) -> None:
        self._database, self._keys, self._poll_s = database, keys, poll_s

    async def run(self) -> None:
        """Until it is cancelled; whatever one turn meets, the next one is made."""
        while True:
            try:
                while await self.turn():
                    pass
            except Exception as error:  # noqa: BLE001 - nothing that one turn meets ends the maker
                log.warning("bundles_wait", reason=type(error).__name__)
            await asyncio.sleep(self._poll_s)

    async def turn(self) -> bool:
        """Want the public form of what was counted since, and make one bundle; whether there was one."""
        await self._database.transaction(_want_public)
        async with self._database.held() as session, session.begin():
            wanted = await session.scalar(
                select(BundleFile)
                .where(BundleFile.made_at.is_(None), BundleFile.next_at <= func.clock_timestamp())
                .order_by(BundleFile.wanted_at, BundleFile.box_id, BundleFile.form)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if wanted is None:
                return False
            await self._make(session, wanted)
        return True

    async def _make(self, session: AsyncSession, wanted: BundleFile) -> None:
        box = await session.get_one(BallotBox, wanted.box_id)
        with tempfile.TemporaryDirectory(prefix="gongjian-bundle-") as folder:
            out = Path(folder) / "bundle.zip"
            try:
                # A connection without a transaction: the export begins its own, of one snapshot.
                async with self._database.engine.connect() as pooled:
                    raw = await pooled.get_raw_connection()
                    done = await export_voting(
                        raw.driver_connection,
                        box.renovation_id,
                        out,
                        self._keys.signers,
                        box.attempt,
                        box.id,
                        public=wanted.form == PUBLIC,
                    )
            except Refused as refused:
                wanted.refused = refused.problems[0].code
                wanted.next_at = (await session.execute(select(AGAIN))).scalar_one()
                return
            await session.execute(
                delete(BundlePiece).where(
                    BundlePiece.box_id == box.id, BundlePiece.form == wanted.form
                )
            )
            with out.open("rb") as file:
                number = 0
                while data := file.read(PIECE_BYTES):
                    row = {"box_id": box.id, "form": wanted.form, "number": number, "data": data}
                    await session.execute(insert(BundlePiece).values(row))
                    number += 1
            size = out.stat().st_size
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        wanted.made_at, wanted.size_bytes, wanted.refused = now, size, ""
        wanted.manifest, wanted.public_key = done.manifest, done.public_key
        log.info("bundle_made", box_id=box.id, form=wanted.form, ballots=done.ballots)


async def _want_public(session: AsyncSession) -> None:
    """Boxes that were counted here; what an official system counted has no bundle."""
    known = exists().where(BundleFile.box_id == BallotBox.id, BundleFile.form == PUBLIC)
    counted = select(BallotBox.id, text(f"'{PUBLIC}'")).where(
        BallotBox.tree_head.is_not(None), BallotBox.opened_key.is_not(None), ~known
    )
    rows = insert(BundleFile).from_select(["box_id", "form"], counted)
    await session.execute(rows.on_conflict_do_nothing())


async def want_full(session: AsyncSession, box_id: str) -> BundleFile:
    """The full bundle of a box, which is made soon where it is not there yet."""
    row = insert(BundleFile).values(box_id=box_id, form=FULL).on_conflict_do_nothing()
    await session.execute(row)
    return await session.get_one(BundleFile, (box_id, FULL))


async def pieces_of(database: Database, box_id: str, form: str) -> AsyncIterator[bytes]:
    """The zip, piece by piece; nobody's connection is held while it is sent."""
    number = 0
    while True:
        async with database.session() as session:
            piece = await session.get(BundlePiece, (box_id, form, number))
        if piece is None:
            return
        yield piece.data
        number += 1
