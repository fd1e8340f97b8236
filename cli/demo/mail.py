"""A real mail server of the demo's own (aiosmtpd), at which the notices of its training case arrive."""

import asyncio
import email
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from cli.demo.client import PATIENCE_S
from models.tables import Notice
from models.values.refusal import refusal
from models.values.states import NoticeState
from runtime.database import Database
from runtime.local.ports import LOOPBACK

LOOK_S = 0.05


class MailCatcher:
    """What it took: how often each Message-ID, and the addresses it was for."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.recipients: set[str] = set()
        self.address = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message; aiosmtpd calls it by this name."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=default)
        self.taken[str(message["Message-ID"])] += 1
        self.recipients.update(envelope.rcpt_tos)
        return "250 OK"


@asynccontextmanager
async def mail_catcher() -> AsyncIterator[MailCatcher]:
    """It listens on a free port of this machine for as long as the demo runs."""
    catcher, loop = MailCatcher(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(catcher, loop=loop), LOOPBACK, 0)
    catcher.address = f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    try:
        yield catcher
    finally:
        server.close()


async def notices_out(database: Database, renovation_id: str) -> int:
    """Wait until every notice of a case has left the outbox; how many there were.

    Raises:
        Refused: `demo.notices_stay`.
    """
    waits = (NoticeState.QUEUED, NoticeState.SENDING)
    until = asyncio.get_running_loop().time() + PATIENCE_S
    query = select(func.count(), func.count().filter(Notice.state.in_(waits)))
    query = query.where(Notice.renovation_id == renovation_id)
    while True:
        async with database.session() as session:
            made, left = (await session.execute(query)).one()
        if not left:
            return int(made)
        if asyncio.get_running_loop().time() > until:
            raise refusal("demo.notices_stay", where=renovation_id, left=int(left))
        await asyncio.sleep(LOOK_S)
