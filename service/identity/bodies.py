"""What people send to sign in, and what they are answered."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from models.fields import Expected, IdInFile, Label, Moment, PlacePath, Reason, line
from models.values.actor import Role
from models.values.base import Value
from service.bodies import CommandBody

Password = Annotated[
    str,
    StringConstraints(min_length=10, max_length=200),
    Expected("password", least=10, most=200),
]
"""Taken as it is typed, blanks too."""
TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), Expected("totp_code")]
AccountName = Annotated[str, *line(200)]


class SignInBody(Value):
    """A local account with both of its secrets.

    With `cookie` the session is kept by the browser and its token is not in the answer.
    """

    name: AccountName
    password: Password
    code: TotpCode
    cookie: bool = False


class AcceptInvitation(Value):
    """Take up an invitation; a player of a training case needs no password."""

    password: Password | None = None
    cookie: bool = False


class SessionView(Value):
    """A session as its holder sees it.

    `token` is what a program sends as a bearer; in a browser it is a cookie and not told, and
    `form_token` goes with every form.
    """

    actor_id: str
    only_case: str | None = None
    way: str
    expires_at: datetime
    token: str = ""
    form_token: str = ""


class AccountView(SessionView):
    """A new account: what to type, and the second factor, which is told once."""

    name: str
    totp_uri: str = ""
    """otpauth://…, for the app that shows codes of six digits."""


class InvitationView(Value):
    """What an invitation says to whoever opens its link; opening it changes nothing."""

    actor_id: str
    name: str
    only_case: str | None
    expires_at: datetime
    needs_password: bool


class GiveRole(CommandBody):
    """Give a person a role for a place and everything below it; without `place` for all of them."""

    person: IdInFile
    name: Label
    role: Role
    place: PlacePath | None = None
    """The path of the place, from the district down."""
    begins: Moment | None = None
    """From when on, else from now."""
    until: Moment | None = None
    reason: Reason


class EndGrant(CommandBody):
    """End a grant now."""

    reason: Reason


class CloseAccount(CommandBody):
    """Nobody signs in as this person any more, from now on; a new invitation opens the account again."""

    reason: Reason


class ClosedAccount(Value):
    """An account that is closed, and what its person still holds: roles end by themselves or are ended."""

    person: str
    closed_at: datetime
    sessions_ended: int
    grants: tuple[int, ...]


class GrantView(Value):
    """A role that somebody holds, held, or waits for."""

    id: int
    person: str
    name: str
    role: Role
    place: str
    begins: datetime | None
    until: datetime | None
    waits: bool
    """Until whoever may give it confirms it."""
    granted_by: str
    reason: str
    end_reason: str = ""
    """Why it ended or was refused."""


class GivenRole(Value):
    """A grant, and the one-time link for a person who has no account yet."""

    grant: GrantView
    invitation: str = ""
