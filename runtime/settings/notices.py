"""How notices leave: the mail server, the gateway of short messages, hours, and the training inbox."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from rules.notices import read_quiet
from runtime.settings.kinds import PublicUrl


def _quiet(text: str) -> str:
    read_quiet(text)
    return text


def _sink(text: str) -> str:
    name, _, port = text.rpartition(":")
    if text and not (name and port.isdigit() and 0 < int(port) < 65_536):  # noqa: PLR2004
        raise ValueError("host:port")
    return text


class NoticeSettings(BaseSettings):
    """Without a server or gateway nothing goes out that way, and nobody is written to by it."""

    send_notices: bool = Field(
        default=True,
        description="Whether this service sends notices; at least one of an installation does.",
    )
    smtp_host: str = Field(default="", description="The mail server that takes notices.")
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection to it is secured."
    )
    smtp_user: str = Field(default="", description="As whom to sign in there, if it asks.")
    smtp_password: SecretStr | None = Field(default=None, description="The password for that.")
    mail_from: str = Field(
        default="gongjian@localhost",
        pattern=r"^[^@\s<>]+@[\w.-]+$",
        description="The address that notices come from.",
    )
    bounce_domain: str = Field(
        default="",
        pattern=r"^[\w.-]*$",
        description="The mail domain to which undeliverable notices return (bounce+…@domain); without"
        " it that of the sender.",
    )
    sms_url: PublicUrl | None = Field(
        default=None, description="The gateway that takes short messages, see docs/integrating.md."
    )
    sms_secret: SecretStr | None = Field(
        default=None, description="Signs what it is sent: whsec_… as Standard Webhooks has it."
    )
    notice_quiet: Annotated[str, AfterValidator(_quiet)] = Field(
        default="21:00-08:00",
        description="Hours at the place of the case in which nobody is written to; empty: none.",
    )
    notice_days: int = Field(
        default=7, ge=1, le=60, description="A notice that waited longer is not sent any more."
    )
    paper_fonts: Path | None = Field(
        default=None,
        description="A directory with more fonts, for characters of names that the included one lacks.",
    )
    training_smtp: Annotated[str, AfterValidator(_sink)] = Field(
        default="",
        description="host:port of a mail catcher that gets the notices of training cases; they never"
        " go to a real address.",
    )
