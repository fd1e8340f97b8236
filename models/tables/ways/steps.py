"""How far homes come on the way from the letter to the ballot, counted without persons."""

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Big, Id, Table, not_negative, one_of


class VoteStep(Table):
    """So many browsers have opened a letter, or looked at the ballot of a box; no home stands in it.

    `box_id` is "" for what is of no box yet.
    """

    __tablename__ = "vote_step"
    __table_args__ = (one_of("step", "opened", "looked"), *not_negative("counted"))

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    box_id: Mapped[Id] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[Big] = mapped_column(server_default=text("0"))
