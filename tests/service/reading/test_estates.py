"""Estates and places are public; units and where they came from are for whoever keeps the roll there."""

import asyncpg
import httpx
import pytest

from tests.service.reading.conftest import RID, UNIT, who

ESTATE = f"{RID}.estate"


@pytest.fixture(scope="module")
async def imported(case: str, sql: asyncpg.Connection) -> str:
    await sql.execute(
        "INSERT INTO roll_import (estate_id, file_name, file_sha256, roll_sha256, imported_by, imported_at,"
        " units, heads, area_dm2, added, changed, removed)"
        " VALUES ($1, '=roll.xlsx', $2, $2, 'read-street_office', now(), 12, 12, 70000, 12, 0, 0)",
        *(ESTATE, "0" * 64),
    )
    return ESTATE


async def test_the_estates_and_places_of_a_place_are_public(
    imported: str, http: httpx.AsyncClient
) -> None:
    (found,) = (await http.get("/v1/estates", params={"place": "d/s"})).json()
    assert (found["id"], found["place_path"], found["units"]) == (ESTATE, "d/s/c/g", 12)
    assert (await http.get("/v1/estates", params={"place": "d/nowhere"})).json() == []
    places = (await http.get("/v1/places", params={"place": "d/s"})).json()
    assert [each["path"] for each in places] == ["d/s", "d/s/c", "d/s/c/g"]
    first = await http.get("/v1/places", params={"place": "d/s", "limit": "1"})
    rest = await http.get(first.url.join(first.links["next"]["url"]).copy_set_param("limit", "9"))
    assert [*first.json(), *rest.json()] == places


async def test_who_keeps_the_roll_reads_its_units_and_imports(
    imported: str, http: httpx.AsyncClient
) -> None:
    for reader in ("street_office", "owners_committee"):
        units = await http.get(f"/v1/estates/{ESTATE}/units", headers=who(reader))
        assert len(units.json()) == 12
        assert units.json()[0]["number"] == UNIT
        assert "owner_key" not in units.text
        (last,) = (await http.get(f"/v1/estates/{ESTATE}/roll-imports", headers=who(reader))).json()
        assert (last["file_name"], last["units"]) == ("=roll.xlsx", 12)


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        ("nobody", "credential.missing"),
        ("stranger", "credential.no_role"),
        ("auditor", "credential.no_role"),
        ("contractor", "credential.no_role"),
    ],
)
async def test_nobody_else_does(
    imported: str, http: httpx.AsyncClient, reader: str, code: str
) -> None:
    for part in ("units", "roll-imports"):
        answer = await http.get(f"/v1/estates/{ESTATE}/{part}", headers=who(reader))
        assert answer.json()["problems"][0]["code"] == code


async def test_an_estate_that_is_not_there_is_refused(
    http: httpx.AsyncClient, imported: str
) -> None:
    answer = await http.get("/v1/estates/nothing/units", headers=who("street_office"))
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (404, "estate.unknown")
