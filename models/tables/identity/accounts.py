"""How people sign in: accounts, their credentials, invitations, sessions. All of it is private.

No secret stands here: tokens are stored as SHA-256, passwords as argon2, the secret of a second factor
sealed under a key of the service.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Hash, Id, Table, not_negative, one_of, sha256

WAYS = ("invitation", "password", "oidc", "passkey", "cast")
"""How a session was begun; "cast" is a training case's operator, who plays its people."""


class Account(Table):
    """One way of a person, or of a player in one told case, to sign in.

    `actor_id` is who acts; of a person it is the person's id. `only_case` is the told case to which a
    player belongs. `totp_step` is the last step of 30 seconds whose code was used.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN only_case IS NULL THEN person_id = actor_id ELSE person_id IS NULL END",
            name="person_or_player",
        ),
        CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="subject_of_issuer"),
        UniqueConstraint("issuer", "subject"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    actor_id: Mapped[Id] = mapped_column(index=True)
    person_id: Mapped[Id | None] = mapped_column(ForeignKey(f"{PRIVATE}.person.id"))
    only_case: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    name: Mapped[str] = mapped_column(unique=True)
    """What is typed to sign in."""
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    password: Mapped[str | None]
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[Big] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Passkey(Table):
    """A public key of WebAuthn that signs in to an account; `sign_count` never goes back.

    `id` is the credential's, base64url; `label` is what its owner calls it.
    """

    __tablename__ = "passkey"
    __table_args__ = (*not_negative("sign_count"), {"schema": PRIVATE})

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.account.id"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[Big]
    created_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(server_default=text("''"))
    last_used_at: Mapped[datetime | None]


class LockOut(Table):
    """Failed tries of one credential since it last opened; until `until` it opens to nobody."""

    __tablename__ = "lock_out"
    __table_args__ = (*not_negative("failures"), {"schema": PRIVATE})

    credential: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    until: Mapped[datetime | None]


class Invitation(Table):
    """A link that makes one account, once; `id` is the SHA-256 of its token."""

    __tablename__ = "invitation"
    __table_args__ = (sha256("id"), {"schema": PRIVATE})

    id: Mapped[Hash] = mapped_column(primary_key=True)
    actor_id: Mapped[Id] = mapped_column(index=True)
    name: Mapped[str]
    only_case: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    invited_by: Mapped[Id]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PersonSession(Table):
    """Somebody is signed in; `id` is the SHA-256 of the token that only they have.

    It ends at `expires_at`, and before that when nothing came with it for `idle_minutes` after `seen_at`,
    which is written now and then.
    """

    __tablename__ = "session"
    __table_args__ = (
        sha256("id"),
        one_of("way", *WAYS),
        CheckConstraint("idle_minutes > 0", name="idle_minutes_positive"),
        {"schema": PRIVATE},
    )

    id: Mapped[Hash] = mapped_column(primary_key=True)
    account_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.account.id"), index=True)
    way: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    idle_minutes: Mapped[int] = mapped_column(server_default=text("60"))


class SignInAttempt(Table):
    """A sign-in under way at an identity provider or with a passkey: good once, for minutes.

    `id` is the SHA-256 of what the browser alone holds (a cookie); `secret` is what the answer must
    prove: nonce and PKCE verifier, or the challenge.
    """

    __tablename__ = "sign_in_attempt"
    __table_args__ = (sha256("id"), {"schema": PRIVATE})

    id: Mapped[Hash] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    secret: Mapped[str]
    account_id: Mapped[Id | None] = mapped_column(ForeignKey(f"{PRIVATE}.account.id"))
    invitation_id: Mapped[Hash | None] = mapped_column(ForeignKey(f"{PRIVATE}.invitation.id"))
    goes_to: Mapped[str]
    expires_at: Mapped[datetime]
