"""The survey in sums that tell of no household, and indicators beside their targets."""

import asyncpg
import pytest

from tests.service.reading.conftest import RID, UNIT, Ask

SCORES = (5, 5, 5, 5, 5, 4, 2, 1, 1, 3, 3)


@pytest.fixture(scope="module")
async def asked(case: str, sql: asyncpg.Connection) -> list[str]:
    """A survey that runs, answered by eleven of twelve households; one has changed its mind."""
    await sql.execute(
        "UPDATE renovation SET stage = 'feedback', waiting_for = 'survey' WHERE id = $1", RID
    )
    units = [
        row["number"]
        for row in await sql.fetch(
            "SELECT number FROM unit WHERE estate_id = $1 ORDER BY number", f"{RID}.estate"
        )
    ]
    for turn, scores in enumerate(((1,), SCORES)):
        for unit, score in zip(units, scores, strict=False):
            await sql.execute(
                "INSERT INTO survey_answer VALUES ($1, $2, $3, $4, now() + $5 * interval '1 hour')",
                *(f"s{turn}{unit}", RID, unit, score, turn),
            )
    return units


async def test_while_it_runs_nothing_is_told_but_how_many_have_answered(
    asked: list[str], ask: Ask
) -> None:
    assert await ask("/survey") == {"running": True, "asked": 12, "answers": 11, "cells": []}
    assert (await ask("/household", UNIT))["survey"]["score"] == 5
    assert (await ask("/household", asked[-1]))["survey"] is None


async def test_afterwards_no_number_tells_of_a_household(
    asked: list[str], ask: Ask, sql: asyncpg.Connection
) -> None:
    await sql.execute("UPDATE renovation SET waiting_for = 'engine' WHERE id = $1", RID)
    cells = {each["score"]: each["households"] for each in (await ask("/survey"))["cells"]}
    # Five gave 5; but six are satisfied, as the evaluation says, so that one gave 4 would be known.
    assert cells == {1: None, 2: None, 3: None, 4: None, 5: None}
    for number in range(6):
        await sql.execute(
            "INSERT INTO unit (id, estate_id, number, building, entrance, floor, kind, area_dm2, owner_key)"
            " VALUES ($1::varchar, $2, $1::varchar, '9', '1', 1, 'flat', 5000, $1::varchar)",
            *(f"9-{number}", f"{RID}.estate"),
        )
        await sql.execute(
            "INSERT INTO survey_answer VALUES ($1, $2, $3, 4, now())",
            f"n{number}",
            RID,
            f"9-{number}",
        )
    cells = {each["score"]: each["households"] for each in (await ask("/survey"))["cells"]}
    assert cells == {1: None, 2: None, 3: None, 4: 7, 5: 5}


async def test_indicators_stand_beside_their_targets(
    case: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    assert await ask("/evaluation") == []
    await sql.execute(
        "INSERT INTO evaluation VALUES ($1::varchar, 'satisfaction', 9, 10, 2, 85, 100),"
        " ($1::varchar, 'response', 10, 12, 2, 0, 1)",
        RID,
    )
    response, satisfaction = await ask("/evaluation")
    assert (satisfaction["met"], satisfaction["missing"]) == (True, 2)
    assert response["met"] is None
    await sql.execute("UPDATE evaluation SET numerator = 8 WHERE indicator = 'satisfaction'")
    assert (await ask("/evaluation"))[1]["met"] is False
