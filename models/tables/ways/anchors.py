"""Anchors: the heads of all cases in one tree, its signed heads, and what others have cosigned."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Big, Hash, Id, Table, bytes_long, not_negative, refers, sha256


class AnchorLeaf(Table):
    """A leaf of the tree of heads: a case stood at this event. Append-only; numbers begin with 0."""

    __tablename__ = "anchor_leaf"
    __table_args__ = (
        *not_negative("number"),
        sha256("hash"),
        refers(("renovation_id", "seq"), "event", ("renovation_id", "seq")),
    )

    number: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    renovation_id: Mapped[Id] = mapped_column(index=True)
    seq: Mapped[int]
    hash: Mapped[Hash]


class Anchor(Table):
    """A signed head of the tree (C2SP tlog-checkpoint), after `size` leaves. Append-only.

    `peaks` are the roots of the whole trees within it, from which it goes on growing.
    """

    __tablename__ = "anchor"
    __table_args__ = (CheckConstraint("size > 0", name="size_positive"), bytes_long("root", 32))

    size: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
    made_at: Mapped[datetime]


class AnchorCosignature(Table):
    """That another instance has seen this head, and that the tree had only grown; a line of a note."""

    __tablename__ = "anchor_cosignature"

    size: Mapped[Big] = mapped_column(ForeignKey("anchor.size"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
    cosigned_at: Mapped[datetime]


class Witnessed(Table):
    """A head of another instance's tree that this one has cosigned; only ever a larger one follows."""

    __tablename__ = "witnessed"
    __table_args__ = (CheckConstraint("size > 0", name="size_positive"), bytes_long("root", 32))

    origin: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
    cosigned_at: Mapped[datetime]


class Contradiction(Table):
    """Another head of the same size as one that was cosigned, signed by the same log.

    The two notes prove to anybody that its operator shows two histories. One for each head that was
    cosigned: nobody fills the table.
    """

    __tablename__ = "contradiction"
    __table_args__ = (
        bytes_long("root", 32),
        refers(("origin", "size"), "witnessed", ("origin", "size")),
    )

    origin: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
    shown_at: Mapped[datetime]
