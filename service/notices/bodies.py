"""The bodies and answers of notices: addresses, what went where, what came of it."""

from datetime import datetime
from typing import Annotated, Literal

from models.fields import Id, Sha256, UnitNumber, label
from models.values.base import Carried
from models.values.states import MessageState, NoticeState
from service.bodies import CommandBody

ContactAddress = Annotated[str, *label(254, 3)]
"""An e-mail address, or a telephone number."""
MessageChannel = Literal["email", "sms", "paper", "training"]


class AddContact(CommandBody):
    """An address to which notices may be sent; sending this is the consent, and it may be withdrawn."""

    channel: Literal["email", "sms"]
    address: ContactAddress
    language: Literal["en", "zh_CN"] = "zh_CN"


class WithdrawContact(CommandBody):
    """Nothing is sent to this address any more."""

    contact: Id


class ContactView(Carried):
    """An address of whoever asks; `returned_at`: the last message to it came back, nothing is sent there."""

    contact: str
    channel: Literal["email", "sms"]
    address: str
    language: str
    consented_at: datetime
    returned_at: datetime | None = None


class NoticeView(Carried):
    """A notice with how many messages of it stand how; `unreached` have given no address."""

    notice: str
    template: str
    audience: str
    created_at: datetime
    state: NoticeState
    text: str
    messages: dict[str, int]
    unreached: int


class MessageView(Carried):
    """One message of a notice: for whom, by which way, and how it stands. Never the address."""

    message: str
    notice: str
    unit_number: str | None
    actor_id: str | None
    channel: MessageChannel
    state: MessageState
    attempts: int
    error: str
    created_at: datetime
    changed_at: datetime


class OwnNotice(Carried):
    """A notice of the own household, with its text."""

    message: str
    template: str
    text: str
    channel: MessageChannel
    state: MessageState
    created_at: datetime
    changed_at: datetime


class InboxMessage(Carried):
    """A notice of a training case as its people would read it."""

    notice: str
    audience: str
    template: str
    text: str
    created_at: datetime


class ResendMessage(CommandBody):
    """Send a message again that failed or came back."""

    message: Sha256


class NoticePage(Carried):
    """One notice on paper: for which unit, to whom, what it says, and the link of its QR code."""

    unit_number: str
    owners: tuple[str, ...]
    text: tuple[str, ...]
    link: str


class HandNotices(CommandBody):
    """The printed notices are in the letterboxes: of these units, or of all."""

    units: tuple[UnitNumber, ...] = ()


class NoticesHanded(Carried):
    """How many printed notices are on record as handed over now."""

    handed: int


class LetterBroughtBack(CommandBody):
    """A printed notice could not be delivered and came back."""

    message: Sha256


class ReturnTaken(Carried):
    """What was made of a report: the state of the message it is about, or why it changed nothing."""

    outcome: Literal["returned", "not_ours", "not_final", "over"]
