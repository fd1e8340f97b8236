"""Who may enter for a unit or a mandate: versions, letters, sessions; API clients and what portals sent."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Id, Table


class UnitAccess(Table):
    """The version of a unit's access in a renovation: what was issued for an earlier one is void.

    No row is version 0. `roll_unit.credential_version` is the copy that ballots are compared with.
    """

    __tablename__ = "unit_access"
    __table_args__ = (CheckConstraint("version > 0", name="version_positive"),)

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int]
