"""Which file an estate's units come from, and who brought it in when. Append-only."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Big, Hash, Id, Table, not_negative, sha256


class RollImport(Table):
    """One import of an owners' roll (业主名册) into an estate, with its figures and hashes."""

    __tablename__ = "roll_import"
    __table_args__ = (
        sha256("file_sha256"),
        sha256("roll_sha256"),
        *not_negative("units", "heads", "area_dm2", "added", "changed", "removed"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    estate_id: Mapped[Id] = mapped_column(ForeignKey("estate.id"), index=True)
    file_name: Mapped[str]
    file_sha256: Mapped[Hash]
    roll_sha256: Mapped[Hash]
    """Of the units with their stored owner keys: the same roll under the same secret."""
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
    units: Mapped[int]
    heads: Mapped[int]
    area_dm2: Mapped[Big]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
