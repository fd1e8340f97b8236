"""The units of an estate and their registered owners, written in bulk."""

import uuid
from collections.abc import Iterable, Iterator

from sqlalchemy.ext.asyncio import AsyncSession

from models.files.roll import RegisteredUnit, Roll
from models.tables import PRIVATE, Unit

UNIT_COLUMNS = (
    "number",
    "building",
    "entrance",
    "floor",
    "kind",
    "area_dm2",
    "shares",
    "owner_key",
    "developer",
)


async def write_units(session: AsyncSession, estate_id: str, roll: Roll) -> None:
    """All units and, apart from them, the people; by COPY, since an estate may be a district's."""
    people, owners = _people(estate_id, roll)
    await _copy(
        session,
        Unit.__tablename__,
        ("id", "estate_id", *UNIT_COLUMNS),
        ((_unit_id(estate_id, unit), estate_id, *columns_of(unit)) for unit in roll.units),
    )
    await _copy(
        session,
        "person",
        ("id", "name"),
        people.values(),
        schema=PRIVATE,
    )
    await _copy(
        session,
        "unit_owner",
        ("unit_id", "person_id", "position"),
        owners,
        schema=PRIVATE,
    )


def _people(
    estate_id: str, roll: Roll
) -> tuple[dict[tuple[str, str, int], tuple[str, str]], Iterator[tuple[str, str, int]]]:
    """One person for each name of a set of owners; ids are random, not made from the name.

    Units of the same set share its people. Two sets that have a name in common may mean two
    people, so they do not.
    """
    people: dict[tuple[str, str, int], tuple[str, str]] = {}
    owners: list[tuple[str, str, int]] = []
    for unit in roll.units:
        for position, name in enumerate(unit.owners):
            key = (unit.owner_key, name, unit.owners[:position].count(name))
            person_id, _ = people.setdefault(key, (uuid.uuid4().hex, name))
            owners.append((_unit_id(estate_id, unit), person_id, position))
    return people, iter(owners)


async def _copy(
    session: AsyncSession,
    table: str,
    columns: tuple[str, ...],
    records: Iterable[tuple[object, ...]],
    *,
    schema: str | None = None,
) -> None:
    """COPY inside the session's transaction, which earlier statements have begun."""
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    await driver.copy_records_to_table(table, records=records, columns=columns, schema_name=schema)


def columns_of(unit: RegisteredUnit) -> tuple[object, ...]:
    """The columns of a unit as its row has them."""
    return tuple(getattr(unit, name) for name in UNIT_COLUMNS)


def _unit_id(estate_id: str, unit: RegisteredUnit) -> str:
    return f"{estate_id}.{unit.number}"
