import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update

from formats.roll import owner_key, read_roll
from models.files.renovation import LEVELS, PlaceEntry
from models.tables import BallotBox, Estate, Person, Place, Renovation, Unit, UnitOwner
from models.tables.roll_imports import RollImport
from models.values.refusal import Refused
from runtime.database import Database
from runtime.language.sentences import sentence
from runtime.privacy import keys
from runtime.privacy.keys import PersonKeys
from service.estates.rolls import ImportedRoll, RollRequest, compare_roll, import_roll
from service.estates.units import owner_secret
from tests.formats.test_roll_headings import as_csv
from tests.support.estate import make_renovation
from tests.support.files.workbooks import HEADING, ROW, row

SECRET = owner_secret(SecretStr("ab" * 32))
PEOPLE = PersonKeys(SecretStr("7e" * 32))
PLACES = tuple(PlaceEntry(level=level, id=f"roll-{level}", name=level) for level in LEVELS)
TABLES = (Place, Estate, Unit, Person, UnitOwner, RollImport)


def request(estate: str, *rows: object, where: bool = True, remove: bool = False) -> RollRequest:
    roll = read_roll(as_csv(HEADING, *(rows or (ROW,))), "roll.csv")
    places = PLACES if where else ()
    return RollRequest(
        roll=roll,
        estate=estate,
        by="clerk",
        secret=SECRET,
        people=PEOPLE,
        places=places,
        remove=remove,
    )


async def counts(database: Database) -> list[int]:
    async with database.session() as session:
        return [
            int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for table in TABLES
        ]


async def units_of(database: Database, done: ImportedRoll) -> dict[str, Unit]:
    async with database.session() as session:
        found = await session.scalars(select(Unit).where(Unit.estate_id == done.estate_id))
        return {unit.number: unit for unit in found}


async def names_of(database: Database, done: ImportedRoll, number: str) -> list[str]:
    async with database.session() as session:
        people = (
            await session.scalars(
                select(UnitOwner.person_id)
                .where(UnitOwner.unit_id == f"{done.estate_id}.{number}")
                .order_by(UnitOwner.position)
            )
        ).all()
        names = await keys.names_of(session, PEOPLE, people)
        return [names[person] for person in people]


async def codes(database: Database, asked: RollRequest) -> list[str]:
    before = await counts(database)
    found = []
    for do in (compare_roll, import_roll):
        with pytest.raises(Refused) as refusal:
            await do(database, asked)
        found += [problem.code for problem in refusal.value.problems]
    assert await counts(database) == before
    return found


async def test_an_estate_is_made_with_its_units_people_and_the_record(database: Database) -> None:
    done = await import_roll(database, request("one", ROW, row(number="2", owners="李四、王五")))
    assert (done.created, done.imported, done.units) == (True, True, 2)
    assert await names_of(database, done, "2") == ["李四", "王五"]
    async with database.session() as session:
        record = await session.scalar(
            select(RollImport).where(RollImport.estate_id == done.estate_id)
        )
    assert record is not None
    assert (record.imported_by, record.units, record.heads, record.area_dm2, record.added) == (
        *("clerk", 2, 2, 2 * 5665, 2),
    )


async def test_the_database_does_not_hold_what_can_be_computed_from_a_name(
    database: Database,
) -> None:
    done = await import_roll(database, request("keys"))
    (unit,) = (await units_of(database, done)).values()
    assert unit.owner_key != owner_key(("张三",))
    assert len(unit.owner_key) == 64


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    await import_roll(database, request("again"))
    before = await counts(database)
    done = await import_roll(database, request("again"))
    assert (done.imported, done.created) == (False, False)
    assert await counts(database) == before


async def test_the_same_file_at_the_same_time_is_imported_once(database: Database) -> None:
    answers = await asyncio.gather(*(import_roll(database, request("at once")) for _ in range(4)))
    assert sum(answer.imported for answer in answers) == 1


async def test_a_changed_roll_changes_units_and_owners_and_forgets_who_left(
    database: Database,
) -> None:
    first = (ROW, row(number="2"), row(number="3", owners="李四"), row(number="4", owners="赵六"))
    await import_roll(database, request("changes", *first))
    before = await counts(database)
    later = (row(area_m2="60"), row(number="2", owners="王五"), row(number="4", owners="赵六"))
    more = row(number="5", owners="赵六")
    done = await import_roll(database, request("changes", *later, more, remove=True))
    assert (done.difference.added, done.difference.removed) == (("5",), ("3",))
    units = await units_of(database, done)
    assert sorted(units) == ["1-101", "2", "4", "5"]
    assert units["1-101"].area_dm2 == 6000
    assert units["4"].owner_key == units["5"].owner_key
    assert await names_of(database, done, "2") == ["王五"]
    assert await names_of(database, done, "1-101") == ["张三"]
    async with database.session() as session:
        ids = [f"{done.estate_id}.{number}" for number in ("4", "5")]
        people = await session.scalars(
            select(UnitOwner.person_id).where(UnitOwner.unit_id.in_(ids))
        )
        assert len(set(people)) == 1
    after = await counts(database)
    # 李四 is gone, 王五 came; 赵六 is one person for both units.
    assert after[TABLES.index(Person)] == before[TABLES.index(Person)]


async def test_a_part_of_a_roll_takes_no_unit_away_unasked(database: Database) -> None:
    whole = (ROW, row(number="1-102"), row(number="2-101"), row(number="2—102"))
    await import_roll(database, request("parts", *whole))
    before = await counts(database)
    part = (row(area_m2="60"), row(number="1-102"), row(number="3-101"))
    with pytest.raises(Refused) as refusal:
        await import_roll(database, request("parts", *part))
    (only,) = refusal.value.problems
    assert (only.code, only.params) == (
        "roll.would_remove",
        {"count": 2, "units": "2-101, 2-102"},
    )
    page = (Path(__file__).parents[3] / "docs" / "roll.md").read_text(encoding="utf-8")
    for language in ("en", "zh_CN"):
        assert sentence(only.model_copy(update={"where": ""}), language) in page.splitlines()
    assert await counts(database) == before
    shown = await compare_roll(database, request("parts", *part))
    assert shown.difference.removed == ("2-101", "2-102")
    done = await import_roll(database, request("parts", *part, remove=True))
    assert sorted(await units_of(database, done)) == ["1-101", "1-102", "3-101"]


async def test_a_roll_that_only_adds_needs_no_leave(database: Database) -> None:
    await import_roll(database, request("more"))
    done = await import_roll(database, request("more", ROW, row(number="1-102")))
    assert (done.imported, done.difference.added) == (True, ("1-102",))


async def test_a_dry_run_writes_nothing_and_says_what_would_change(database: Database) -> None:
    before = await counts(database)
    done = await compare_roll(database, request("dry"))
    assert (done.created, done.imported, done.difference.added) == (True, False, ("1-101",))
    assert await counts(database) == before


async def test_an_unknown_estate_is_refused_without_a_place(database: Database) -> None:
    assert await codes(database, request("nowhere", where=False)) == ["roll.estate_unknown"] * 2


async def test_an_estate_is_found_by_its_id_and_by_its_name(database: Database) -> None:
    made = await import_roll(database, request("found"))
    for name in (made.estate_id, "found"):
        done = await import_roll(database, request(name, where=False))
        assert (done.estate_id, done.imported) == (made.estate_id, False)


async def test_a_roll_under_an_open_vote_or_a_frozen_one_is_refused(
    database: Database, owner: str
) -> None:
    await make_renovation(database, rid="rrolls", units=3)
    async with database.session() as session:
        row_ = await session.get_one(Renovation, "rrolls")
    asked = request(row_.estate_id, where=False, remove=True)
    await box_of(owner, "rrolls")
    assert await codes(database, asked) == ["roll.vote_open"] * 2
    async with database.session() as session, session.begin():
        await session.execute(update(BallotBox).values(state="closed"))
    assert await codes(database, asked) == ["roll.frozen"] * 2
    async with database.session() as session, session.begin():
        await session.execute(update(Renovation).values(state="completed"))
    assert (await import_roll(database, asked)).imported


async def test_a_failure_half_way_leaves_nothing(database: Database) -> None:
    await import_roll(database, request("half", ROW, row(number="2", owners="李四")))
    before = await counts(database)
    asked = request("half", row(area_m2="70"))
    broken = asked.roll.units[0].model_copy(update={"number": "x" * 65})
    roll = asked.roll.model_copy(update={"units": (*asked.roll.units, broken)})
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await import_roll(
            database,
            replace(asked, roll=roll, remove=True),
        )
    assert await counts(database) == before


async def box_of(owner: str, renovation: str) -> None:
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(
            """INSERT INTO ballot_box (id, renovation_id, attempt, motions, state, opens_at,
               closes_at, roll_hash, public_key, wrapped_key, roll_salt)
               VALUES ($1, $2, 1, '[]', 'open', now(), now(), $3, $4, $4, $4)""",
            *(f"{renovation}.1", renovation, "0" * 64, bytes(32)),
        )
    finally:
        await connection.close()
