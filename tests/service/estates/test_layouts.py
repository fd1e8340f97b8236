"""Ten layouts as committees use them are imported without a mapping, and all are the same estate."""

import pytest
from sqlalchemy import func, select

from formats.roll import accepted_roll, summary
from models.tables import Unit
from runtime.database import Database
from runtime.spreadsheets.roll_files import check_roll_file
from service.estates.rolls import RollRequest, import_roll
from tests.service.estates.test_rolls import PEOPLE, PLACES, SECRET
from tests.support.files.layouts import AREA_DM2, HEADS, LAYOUTS, UNITS


@pytest.mark.parametrize("name", LAYOUTS)
async def test_a_layout_is_imported_as_it_is(database: Database, name: str) -> None:
    report = check_roll_file(LAYOUTS[name](), name, sheet="all" if "sheet-a" in name else None)
    assert report.problems == ()
    roll = accepted_roll(report)
    figures = summary(roll.units)
    assert (figures.units, figures.heads, figures.area_dm2) == (UNITS, HEADS, AREA_DM2)
    told = {each.problem.code for each in report.warnings}
    assert told <= {"roll.possible_namesakes"}
    assert bool(told) == (name == "english.xlsx")
    request = RollRequest(
        roll=roll, estate=name, by="甲", secret=SECRET, people=PEOPLE, places=PLACES
    )
    imported = await import_roll(database, request)
    assert imported.imported
    async with database.session() as session:
        here = Unit.estate_id == imported.estate_id
        units = await session.scalar(select(func.count()).where(here))
        heads = await session.scalar(select(func.count(Unit.owner_key.distinct())).where(here))
    assert (units, heads) == (UNITS, HEADS)
