"""Firms that build, and banks: who they are, and who acts for them. What they may do are `role_grant`s."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Id, Table, one_of
from models.values.states import LegalForm


class Firm(Table):
    """A firm as it registered at a place; its role there waits until somebody confirms it.

    `confirmed_at` is when that happened first: of several that say they have one code, one is confirmed.
    """

    __tablename__ = "firm"
    __table_args__ = (
        one_of("form", *LegalForm),
        Index(
            "uq_firm_code", "code", unique=True, postgresql_where=text("confirmed_at IS NOT NULL")
        ),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    code: Mapped[str]
    """The unified social credit code, GB 32100-2015."""
    name: Mapped[str]
    form: Mapped[LegalForm]
    contact: Mapped[str]
    qualification: Mapped[str]
    """What it says of its qualification, with the number of the licence."""
    place_id: Mapped[Id] = mapped_column(ForeignKey("place.id"))
    """Where it registered; its events are in the log of that place."""
    registered_by: Mapped[Id]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class FirmPerson(Table):
    """A person acts for a firm from and until these moments; for one firm at a time."""

    __tablename__ = "firm_person"
    __table_args__ = (
        Index(
            "uq_firm_person_one",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"schema": PRIVATE},
    )

    id: Mapped[Big] = mapped_column(Identity(), primary_key=True)
    firm_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.firm.id"), index=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.person.id"), index=True)
    added_by: Mapped[Id]
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
