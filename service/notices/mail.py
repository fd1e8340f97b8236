"""E-mail: composed, and handed to a mail server over one connection that is made when it is needed."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as AS_SMTP
from email.utils import format_datetime

import aiosmtplib

from runtime.keys.values import derived, every
from runtime.settings import Settings
from service.identity.passwords import secrets_key
from service.notices.leaving import Attempt, Came, Outgoing
from service.notices.returns import return_path
from service.notices.wording import body_of, subject_of

LIMIT_S = 30.0
_PURPOSE = b"gongjian/bounces"
FOR_GOOD = range(500, 600)


def bounce_keys(settings: Settings) -> tuple[bytes, ...]:
    """Under the first the return paths are made, so that nobody else can say that a message came back.

    Raises:
        Refused: `settings.missing`.
    """
    return tuple(derived(key, _PURPOSE) for key in every(secrets_key(settings)))


def domain_of(settings: Settings) -> str:
    """The mail domain to which undeliverable messages return."""
    return settings.bounce_domain or settings.mail_from.rpartition("@")[2]


def compose(message: Outgoing, sender: str) -> EmailMessage:
    """The e-mail; its Message-ID is that of the message, in every attempt."""
    made = EmailMessage(policy=AS_SMTP)
    made["From"] = Address(addr_spec=sender)
    made["To"] = Address(addr_spec=message.to)
    # The library reads what looks like an encoded word, and a line break in one would begin a header.
    made["Subject"] = subject_of(message.title, message.text).replace("=?", "= ?")
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = message.language.replace("_", "-")
    made.set_content(body_of(message.text, message.title, message.address, message.language))
    return made


class MailWay:
    """Sends one message after the other to one server; two at once need two of these."""

    def __init__(self, server: aiosmtplib.SMTP, sender: str, domain: str, key: bytes) -> None:
        self._server, self._sender, self._domain, self._key = server, sender, domain, key

    @classmethod
    def of(cls, settings: Settings) -> "MailWay":
        """The way to the mail server of the settings."""
        password = settings.smtp_password
        server = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=password.get_secret_value() if password else None,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=LIMIT_S,
        )
        return cls(server, settings.mail_from, domain_of(settings), bounce_keys(settings)[0])

    @classmethod
    def of_training(cls, settings: Settings) -> "MailWay":
        """The way to the mail catcher of training cases; whatever it does, it is on this line only."""
        host, _, port = settings.training_smtp.rpartition(":")
        server = aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False, timeout=LIMIT_S)
        return cls(server, settings.mail_from, domain_of(settings), bounce_keys(settings)[0])

    async def send(self, message: Outgoing) -> Attempt:
        """Hand it to the server; 5xx is for good, everything else is tried again."""
        try:
            made = compose(message, self._sender).as_bytes()
        except (ValueError, IndexError, MessageError):
            return Attempt(Came.NEVER, "address")
        back = return_path(self._key, message.id, self._domain)
        try:
            if not self._server.is_connected:
                await self._server.connect()
            await self._server.sendmail(back, [message.to], made)
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code if error.recipients else 0
            return await self._refused(code)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            return await self._refused(error.code)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await self.close()
            return Attempt(Came.LATER, type(error).__name__)
        return Attempt(Came.TAKEN)

    async def _refused(self, code: int) -> Attempt:
        with suppress(aiosmtplib.SMTPException, OSError):
            await self._server.rset()
        return Attempt(Came.NEVER if code in FOR_GOOD else Came.LATER, f"smtp_{code}")

    async def close(self) -> None:
        """End the connection, however it stands."""
        with suppress(aiosmtplib.SMTPException, OSError, asyncio.TimeoutError):
            if self._server.is_connected:
                await self._server.quit()
        self._server.close()
