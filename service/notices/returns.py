"""The address to which a message returns, one for each message (VERP), and what a report of it says.

`bounce+<message>.<mac>@domain`: the MAC is ours, so a report about any other message is nobody's word. Of the
message its first half stands there: what is before the @ has at most 64 characters (RFC 5321, 4.5.3.1.1).
"""

import email
import hmac
import re
from collections.abc import Iterator
from email.message import Message
from email.policy import compat32
from typing import NamedTuple

ID_DIGITS, MAC_DIGITS = 32, 20
_RETURN = re.compile(
    # Of messages of before the whole id stands there.
    rf"bounce\+([0-9a-f]{{{ID_DIGITS}}}(?:[0-9a-f]{{32}})?)\.([0-9a-f]{{{MAC_DIGITS}}})@",
    re.IGNORECASE,
)
_HEADERS = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
FOR_GOOD = "5"
"""The class of an enhanced status code (RFC 3463) that says so."""
MOST_BYTES = 200_000


class Report(NamedTuple):
    """What came back: of which message, by how its id begins, and its status ("5.1.1"); "" where it is no report
    of a failure.
    """

    message_id: str
    status: str


def return_path(key: bytes, message_id: str, domain: str) -> str:
    """The envelope's sender of a message."""
    name = message_id[:ID_DIGITS]
    return f"bounce+{name}.{_mac(key, name)}@{domain}"


def read_report(key: bytes, raw: bytes) -> Report | None:
    """A delivery status notification (RFC 3464) about one of our messages; None where it is about none."""
    try:
        return _read(key, email.message_from_bytes(raw[:MOST_BYTES], policy=compat32))
    except RecursionError:
        # No mail server nests parts by the hundred: whoever does wants the parser to give up.
        return None


def _read(key: bytes, message: Message) -> Report | None:
    for text in _addresses(message):
        for match in _RETURN.finditer(text):
            name, mac = match.group(1).lower(), match.group(2).lower()
            if hmac.compare_digest(mac, _mac(key, name)):
                return Report(name, _status(message))
    return None


def _mac(key: bytes, message_id: str) -> str:
    return hmac.digest(key, message_id.encode(), "sha256").hex()[:MAC_DIGITS]


def _addresses(message: Message) -> Iterator[str]:
    """Where the return path may stand: to whom the report went, or in the headers that it sends back."""
    for part in message.walk():
        for name in (*_HEADERS, "Return-Path"):
            yield from (str(each) for each in part.get_all(name, ()))
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            yield content.decode("ascii", "replace") if isinstance(content, bytes) else ""


def _status(message: Message) -> str:
    """The status of the first recipient for whom it failed."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else ():
            if not isinstance(block, Message):
                continue
            if str(block.get("Action", "")).strip().lower() == "failed":
                status = str(block.get("Status", "")).strip()
                return status if re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status) else "5.0.0"
    return ""
