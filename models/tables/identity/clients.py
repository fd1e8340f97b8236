"""Programs that act for an office, a bank or a portal: their keys, hashed, and assertions used up."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Hash, Id, Table, sha256


class ApiClient(Table):
    """A program that acts as an actor, through the doors that its scopes name and no others.

    `made_by` is who added it. What somebody else made for an actor is good while no person is that
    actor: see `service.programs.keys`.
    """

    __tablename__ = "api_client"
    __table_args__ = (
        CheckConstraint("cardinality(scopes) > 0", name="scopes_named"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    actor_id: Mapped[Id] = mapped_column(index=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    made_by: Mapped[Id]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiKey(Table):
    """A key of a client; `id` is its SHA-256. A replaced one is good for the overlap and no longer."""

    __tablename__ = "api_key"
    __table_args__ = (sha256("id"), {"schema": PRIVATE})

    id: Mapped[Hash] = mapped_column(primary_key=True)
    client_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.api_client.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class UsedAssertion(Table):
    """An assertion of a portal that was shown; until it expires it is known again, by this row.

    `id` is the SHA-256 of its issuer and its `jti`: of the citizen nothing is kept.
    """

    __tablename__ = "used_assertion"
    __table_args__ = (sha256("id"), {"schema": PRIVATE})

    id: Mapped[Hash] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
