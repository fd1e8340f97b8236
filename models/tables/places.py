"""Places, people and who may act where. People live in the schema "private"."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Id, Table, one_of, word


class Place(Table):
    """One node of the hierarchy of places, from the district (区) down to the unit (户).

    `path` is the ids from the district down, joined by slashes; a scope is a prefix of it.
    """

    __tablename__ = "place"
    __table_args__ = (
        one_of(
            "kind",
            "district",
            "street_office",
            "community",
            "grid",
            "building",
            "entrance",
            "unit",
        ),
        CheckConstraint("(parent_id IS NULL) = (kind = 'district')", name="parent_above"),
        # Scopes are asked for by prefix, whatever the collation of the database.
        Index("ix_place_path_prefix", "path", postgresql_ops={"path": "text_pattern_ops"}),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[str]
    parent_id: Mapped[Id | None] = mapped_column(ForeignKey("place.id"), index=True)
    name: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)


class Person(Table):
    """A natural person (personal data, PIPL art. 4); never joined into anything published."""

    __tablename__ = "person"
    __table_args__ = {"schema": PRIVATE}  # noqa: RUF012 - SQLAlchemy reads it once

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    phone: Mapped[str | None]


class UnitOwner(Table):
    """One registered owner of a unit; `position` keeps the order of the register, from 0."""

    __tablename__ = "unit_owner"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position_not_negative"),
        {"schema": PRIVATE},
    )

    unit_id: Mapped[Id] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    person_id: Mapped[Id] = mapped_column(
        ForeignKey(f"{PRIVATE}.person.id"), primary_key=True, index=True
    )
    position: Mapped[int]


class RoleGrant(Table):
    """An actor may act in `role` for a place and everything below it."""

    __tablename__ = "role_grant"
    __table_args__ = (word("role"),)

    actor_id: Mapped[Id] = mapped_column(primary_key=True)
    label: Mapped[str]
    role: Mapped[Id] = mapped_column(primary_key=True)
    place_id: Mapped[Id] = mapped_column(ForeignKey("place.id"), primary_key=True)
