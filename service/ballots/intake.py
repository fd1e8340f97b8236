"""The way of a ballot into its box: looked at, sealed, queued, committed, and only then acknowledged.

A batch is one statement and so one transaction, which takes the box row FOR SHARE; the closing takes
it FOR UPDATE. A ballot is committed before the close and counted, or refused: until then a vote may be
changed, after that it binds (E10).
"""

import asyncio
import secrets

import asyncpg
import structlog
from pydantic import SecretStr

from models.values.voting import Channel
from runtime.addresses import asyncpg_url
from runtime.ballots.sealing import Signer
from service.ballots.batches import LOOKERS, BatchBook
from service.ballots.boxes import Boxes, NotTaken
from service.ballots.queue import BallotQueue
from service.ballots.queued import BallotAnswer, queued_ballot
from service.ballots.receipts import IssuedReceipt
from service.bodies import CastBallot
from service.http.credentials import wrong
from service.http.problems import database_away

log = structlog.get_logger("intake")
DATABASE_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a server that is killed in the middle of a statement
)
WRITERS = 2
"""Statements under way at most."""
TIMEOUT_S = 10.0
RECORD_PAUSE_S = 0.05
"""Pause between two writes of the signed batches; no caller waits for them."""


class Intake:
    """Takes ballots; the one place through which they come into a box. At most `queue` of them wait."""

    def __init__(
        self, url: str, receipt_key: SecretStr, *, queue: int, writers: int = WRITERS
    ) -> None:
        self._url = asyncpg_url(url)
        # Of this process alone: under a key of the settings, the three hashes that a ballot can have
        # would tell an operator who reads the table how everybody voted.
        self._request_key = secrets.token_bytes(32)
        self.signer = Signer.of_receipts(receipt_key)
        self._room = queue
        self._writers = writers

    async def start(self) -> None:
        """Start taking ballots; connections are made when they are needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._writers + LOOKERS,
            timeout=TIMEOUT_S,
            command_timeout=TIMEOUT_S,
            server_settings={"timezone": "UTC"},
            # Nothing here leaves anything behind in its session: no round trip to clean up.
            reset=_as_it_is,
        )
        self.boxes = Boxes(self._pool)
        self._book = BatchBook(self._pool, secrets.token_hex(8), self.signer)
        self._queue = BallotQueue(self._book, self._room, self._writers)
        self._recorder = asyncio.create_task(self._record())

    async def stop(self) -> None:
        """Stop writing; whoever still waits is told that nothing was acknowledged."""
        self._recorder.cancel()
        await asyncio.gather(self._recorder, return_exceptions=True)
        await self._queue.stop()
        self._book.give_up_all()
        await self._record_now()
        self._pool.terminate()

    async def cast(
        self,
        renovation_id: str,
        ballot: CastBallot,
        channel: Channel = "web",
        version: int | None = None,
        *,
        first: bool = False,
    ) -> tuple[IssuedReceipt, bool]:
        """Put a ballot into the renovation's box; the receipt, and whether it is a new one.

        `version` is that of the unit's ticket which was shown, if one was: the database takes the
        ballot only if it is the unit's version then. `first`: it was a letter of the first kind,
        which the cases of that time take.

        Raises:
            Refused: `voting.…` when the box does not take it, `credential.replaced`, `credential.wrong`,
                `journal.command_reused`, `service.busy` when too many wait, `service.database_away`;
                nothing was counted.
        """
        try:
            answer = await self._cast(renovation_id, ballot, channel, version, first=first)
        except DATABASE_ERRORS as error:
            gone = database_away(error)
            if gone is None:
                raise
            raise gone from error
        return answer.receipt, answer.fresh

    async def _cast(
        self,
        renovation_id: str,
        ballot: CastBallot,
        channel: Channel,
        version: int | None,
        *,
        first: bool,
    ) -> BallotAnswer:
        """Into a box that is kept in memory; where that one refuses, into a newer one if there is."""
        kept = self.boxes.kept(renovation_id)
        vote, just_read = kept or await self.boxes.load(renovation_id), kept is None
        if first and not vote.v1_letters:
            raise wrong()
        while True:
            try:
                box = vote.box_for(ballot)
                queued = await queued_ballot(box, ballot, channel, version, self._request_key)
                return await self._queue.put(queued, box.earlier)
            except NotTaken:
                newest = await self.boxes.reload(renovation_id)
                if just_read or newest is vote:
                    raise
                vote, just_read = newest, True

    async def _record(self) -> None:
        """Record the signed batches, every `RECORD_PAUSE_S` seconds."""
        while True:
            await asyncio.sleep(RECORD_PAUSE_S)
            await self._record_now()

    async def _record_now(self) -> None:
        try:
            await self._book.record()
        except DATABASE_ERRORS as error:
            log.warning("batches_not_recorded", reason=type(error).__name__)


async def _as_it_is(_: asyncpg.Connection) -> None:
    """The reset of the pool: none."""
