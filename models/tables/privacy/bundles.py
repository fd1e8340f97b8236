"""The bundles of counted votes, made where the box key is and kept for who may have them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Id, Table, not_negative, one_of, refers

FORMS = ("public", "full")


class BundleFile(Table):
    """The bundle of a box in one form: wanted, and since `made_at` there.

    `refused` is the code for which it could not be made when it was tried last; it is tried again at `next_at`.
    """

    __tablename__ = "bundle_file"
    __table_args__ = (
        one_of("form", *FORMS),
        *not_negative("size_bytes"),
        CheckConstraint("(made_at IS NULL) = (manifest = '')", name="made_whole"),
        Index("ix_bundle_file_due", "next_at", postgresql_where=text("made_at IS NULL")),
        {"schema": PRIVATE},
    )

    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    wanted_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    next_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    refused: Mapped[str] = mapped_column(server_default="")
    made_at: Mapped[datetime | None]
    manifest: Mapped[str] = mapped_column(server_default="")
    """SHA-256 of manifest.json in hex, for the posted notice."""
    public_key: Mapped[str] = mapped_column(server_default="")
    size_bytes: Mapped[Big] = mapped_column(server_default=text("0"))


class BundlePiece(Table):
    """A part of the zip, in order from 0."""

    __tablename__ = "bundle_piece"
    __table_args__ = (
        refers(("box_id", "form"), f"{PRIVATE}.bundle_file", ("box_id", "form")),
        {"schema": PRIVATE},
    )

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
