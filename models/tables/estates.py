"""Estates (小区) and their units, without a word about who owns them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Id, Table, one_of


class Estate(Table):
    """One old residential estate; `synthetic` marks data that was made up for training."""

    __tablename__ = "estate"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    place_id: Mapped[Id] = mapped_column(ForeignKey("place.id"), index=True)
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]


class Unit(Table):
    """One exclusive unit (专有部分).

    `area_dm2` counts 0.01 square metres; `owner_key` is a hash of the exact set of registered
    owners, so that units of the same owners are recognised without personal data;
    `excluded_reason` says why the unit has no vote (arrears, conflict of interest…).
    """

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("estate_id", "number"),
        one_of("kind", "flat", "shop", "parking", "storage", "other"),
        CheckConstraint("area_dm2 > 0", name="area_positive"),
        CheckConstraint("shares >= 0", name="shares_not_negative"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    estate_id: Mapped[Id] = mapped_column(ForeignKey("estate.id"))
    number: Mapped[Id]
    building: Mapped[Id]
    entrance: Mapped[Id]
    floor: Mapped[int]
    kind: Mapped[str]
    area_dm2: Mapped[int]
    shares: Mapped[int | None]
    owner_key: Mapped[str]
    developer: Mapped[bool] = mapped_column(server_default=text("false"))
    excluded_reason: Mapped[str | None]
