"""What a page sends and is answered about passkeys; all bytes are base64url without padding."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from models.fields import Expected, Label
from models.values.base import Value

_BASE64URL = r"^[A-Za-z0-9_-]+$"
CredentialId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1_400, pattern=_BASE64URL),
    Expected("base64url", most=1_400),
]
"""The id of a passkey: at most 1,023 bytes."""
Bytes = Annotated[
    str,
    StringConstraints(min_length=1, max_length=16_000, pattern=_BASE64URL),
    Expected("base64url", most=16_000),
]
AttemptToken = Annotated[
    str,
    StringConstraints(pattern=r"^a1\.[A-Za-z0-9_-]{43}$"),
    Expected("attempt_token"),
]
TerminalToken = Annotated[
    str,
    StringConstraints(pattern=r"^t1\.[A-Za-z0-9_-]{43}$"),
    Expected("terminal_code"),
]


class NewPasskeyAsked(Value):
    """What a browser makes a passkey for: the fields of `PublicKeyCredentialCreationOptions`.

    `attempt` comes back with the passkey, once and within ten minutes. The passkey must be discoverable
    and verify its user; `algorithms` are COSE's numbers. `excluded` are those that the account has.
    """

    attempt: str
    challenge: str
    rp_id: str
    user_id: str
    user_name: str
    user_label: str
    algorithms: tuple[int, ...]
    excluded: tuple[str, ...]


class PasskeyAsked(Value):
    """What a passkey signs to let somebody in: `PublicKeyCredentialRequestOptions`."""

    attempt: str
    challenge: str
    rp_id: str


class MadePasskey(Value):
    """A passkey that a browser has made: id, `clientDataJSON` and `attestationObject`."""

    id: CredentialId
    client_data: Bytes
    attestation: Bytes


class AddPasskey(Value):
    """A new way into the sender's account; `label` is what they call it."""

    attempt: AttemptToken
    label: Label
    passkey: MadePasskey


class AcceptWithPasskey(AddPasskey):
    """Take up an invitation with a passkey in place of a password; `cookie` as with any sign-in."""

    cookie: bool = False


class SignedByPasskey(Value):
    """What a passkey has signed: id, `clientDataJSON`, `authenticatorData` and signature."""

    id: CredentialId
    client_data: Bytes
    authenticator_data: Bytes
    signature: Bytes


class SignInWithPasskey(Value):
    """Begin a session with a passkey; `cookie` as with any sign-in."""

    attempt: AttemptToken
    passkey: SignedByPasskey
    cookie: bool = False


class PasskeyView(Value):
    """A passkey as its owner sees it."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


class TerminalCode(Value):
    """What a person copies to a terminal, where it begins a session once, within two minutes."""

    code: str
    expires_at: datetime


class SignInWithCode(Value):
    """Begin a session at a terminal, with the code that a signed-in browser has shown."""

    code: TerminalToken
