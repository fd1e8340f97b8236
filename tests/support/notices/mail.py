"""A real SMTP server in this loop, which keeps what it takes, and refuses whom it is told to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session


class StrictSMTP(SMTP):
    """It takes no longer names before the @ than the standard has (RFC 5321, 4.5.3.1.1)."""

    local_part_limit = 64


class Taken(NamedTuple):
    """One message that the server has taken."""

    mail_from: str
    to: str
    message: EmailMessage

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"]).strip("<>").partition("@")[0]


class Mailbox:
    """What came in; `refuses` has the answer to RCPT for some recipients, `busy` the answers to come."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.refuses: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        for to in envelope.rcpt_tos:
            self.taken.append(Taken(str(envelope.mail_from), to, message))
        return "250 taken"


@asynccontextmanager
async def mail_server(port: int = 0) -> AsyncIterator[Mailbox]:
    """A server of aiosmtpd on a port of its own."""
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: StrictSMTP(box, enable_SMTPUTF8=True, loop=loop, hostname="mail.test"),
        "127.0.0.1",
        port,
    )
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


def delivery_report(
    sent: Taken, *, action: str = "failed", status: str = "5.1.1", back_to: str = ""
) -> bytes:
    """What a mail server sends to the return path when it cannot deliver (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mail.test
To: {back_to or sent.mail_from}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test

Final-Recipient: rfc822; {sent.to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {sent.message["Message-ID"]}

--b--
""".replace("\n", "\r\n").encode()
