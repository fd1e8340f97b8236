"""Places, people and who may act where. People live in the schema "private"."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Id, Table, one_of, word


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
    """A natural person (personal data, PIPL art. 4); never joined into anything published.

    `sealed` is the name under the person's key (`PersonKey`); `name` is one of before that is not sealed
    yet. While the data of somebody who asked for the erasure have to be kept, `restricted_until` is until
    when ("infinity" where that is not known yet), and nobody is shown the name.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_clear", "id", postgresql_where=text("name IS NOT NULL")),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    restricted_until: Mapped[datetime | None]


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
    """An actor may act in `role` for a place and everything below it, from and until these moments.

    Moments are of the database's clock, in told cases too. Without `valid_from` the grant waits for
    whoever may give it. `only_case` is the told case in which alone it lives. An administrator's has
    no place: it is for the whole installation.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        word("role"),
        CheckConstraint("(place_id IS NULL) = (role = 'administrator')", name="place_of_role"),
        Index(
            "uq_role_grant_standing",
            "actor_id",
            "role",
            text("coalesce(place_id, '')"),
            text("coalesce(only_case, '')"),
            unique=True,
            postgresql_where=text("valid_until IS NULL"),
        ),
        Index("ix_role_grant_place_id", "place_id"),
        Index("ix_role_grant_actor_id", "actor_id"),
    )

    id: Mapped[Big] = mapped_column(Identity(), primary_key=True)
    actor_id: Mapped[Id]
    label: Mapped[str]
    role: Mapped[Id]
    place_id: Mapped[Id | None] = mapped_column(ForeignKey("place.id"))
    only_case: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    # None that is said is NULL and waits; the default is for whoever says nothing.
    valid_from: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True).evaluates_none(), server_default=text("now()")
    )
    valid_until: Mapped[datetime | None]
    granted_by: Mapped[Id] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    end_reason: Mapped[str] = mapped_column(server_default="")
    """Why it ended, or why it was refused."""
