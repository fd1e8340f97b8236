"""Who may enter for a unit or a mandate: versions, letters, sessions; API clients and what portals sent."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Id, Table, bytes_long, not_negative, one_of


class UnitAccess(Table):
    """The version of a unit's access in a renovation: what was issued for an earlier one is void.

    No row is version 0. `roll_unit.credential_version` is the copy that ballots are compared with.
    """

    __tablename__ = "unit_access"
    __table_args__ = (CheckConstraint("version > 0", name="version_positive"),)

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int]


class Letter(Table):
    """With a letter somebody enters: a unit's owners, the buyer of a unit, the agent of a mandate.

    Real time. `token_hash` is of the link that is good now; none before somebody has handed it out. The
    second fact is what the roll says of the unit's owners ("roll"), or a number or code whose slow hash
    stands in `fact_hash`; "" while no code was given. `number` counts the letters of a mandate.
    """

    __tablename__ = "letter"
    __table_args__ = (
        one_of("kind", "unit", "buyer", "agent"),
        one_of("fact", "roll", "identity", "code"),
        CheckConstraint("(kind = 'agent') = (mandate_id IS NOT NULL)", name="agent_of_mandate"),
        CheckConstraint("(token_hash IS NULL) = (handed_by IS NULL)", name="handed_by_somebody"),
        *not_negative("failures", "number"),
        bytes_long("token_hash", 32),
        Index(
            "uq_letter_of_unit",
            "renovation_id",
            "unit_number",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND mandate_id IS NULL"),
        ),
        Index(
            "uq_letter_of_mandate",
            "mandate_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    kind: Mapped[str]
    unit_number: Mapped[Id]
    mandate_id: Mapped[Id | None] = mapped_column(ForeignKey("mandate.id"), index=True)
    number: Mapped[int] = mapped_column(server_default=text("1"))
    fact: Mapped[str]
    fact_hash: Mapped[str] = mapped_column(server_default="")
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    made_by: Mapped[Id]
    made_at: Mapped[datetime]
    handed_by: Mapped[Id | None]
    coded_by: Mapped[Id | None]
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    entered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class LetterSession(Table):
    """Somebody has entered with a letter, and gets tickets until the session ends or the letter does."""

    __tablename__ = "letter_session"
    __table_args__ = (bytes_long("token_hash", 32),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    letter_id: Mapped[Id] = mapped_column(ForeignKey("letter.id"), index=True)
    began_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PortalSession(Table):
    """Somebody whom a portal vouched for has entered for a unit, and gets tickets of this version of it."""

    __tablename__ = "portal_session"
    __table_args__ = (bytes_long("token_hash", 32), *not_negative("version"))

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    unit_number: Mapped[Id]
    version: Mapped[int]
    portal: Mapped[Id]
    """The actor as which the portal let them in; without its role there are no more tickets."""
    began_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
