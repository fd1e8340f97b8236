"""The roll of an estate as it stands: what was imported last, or came with the first case that was opened."""

import hashlib

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.files.roll import RegisteredUnit, Roll
from models.tables import Estate, Unit
from models.values.refusal import refusal
from service.estates.units import UNIT_COLUMNS


async def load_standing_roll(session: AsyncSession, estate_id: str) -> Roll:
    """The units of an estate, without their owners' names and with their keys as they are stored.

    `sha256` is that of the units and no file's: it tells whether the roll is still the same.

    Raises:
        Refused: `roll.estate_unknown`; `opening.no_roll` for an estate without units.
    """
    estate = await session.get(Estate, estate_id)
    if estate is None:
        raise refusal("roll.estate_unknown", where="estate", estate=estate_id)
    columns = [getattr(Unit, name) for name in UNIT_COLUMNS]
    rows = await session.execute(
        select(*columns).where(Unit.estate_id == estate_id).order_by(Unit.number)
    )
    found = [tuple(row) for row in rows]
    if not found:
        raise refusal("opening.no_roll", where=estate.name, estate=estate.name)
    digest = hashlib.sha256()
    for row in found:
        digest.update(repr(row).encode())
    units = tuple(
        RegisteredUnit.model_construct(**dict(zip(UNIT_COLUMNS, row, strict=True)), owners=())
        for row in found
    )
    return Roll(name=estate.name, sha256=digest.hexdigest(), units=units)
