"""Whoever has bought a home: nothing of what the owner before has said is theirs, to read or to act on.

A home is known by its unit, and the unit stays. Generated from the doors and the pages that a home opens.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from formats.roll import owner_key, stored_owner_key
from runtime.database import Database
from service.estates.units import owner_secret
from service.pages.homes import COOKIE
from service.routes.dependencies import VOTER
from tests.service.access.test_flowing_ballots import SELLER, sold
from tests.service.pages.conftest import entered
from tests.service.pictures.test_pictures import photograph
from tests.support.box import open_box
from tests.support.channels import KEY, Channels, code, grant_roles, owner_of
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.pages.every import routes

pytestmark = pytest.mark.slow
RID, UNIT, NEIGHBOUR = "rsold", "1-101", "1-102"
MARK = "seller-alone-knows"
WORDS = f"{MARK} of the illness"
DAY = timedelta(days=1)
HOME_DOORS = tuple(
    each
    for each in doors()
    if each.method == "GET"
    and VOTER.scheme_name in each.takes
    and each.path.startswith("/v1/renovations/{renovation_id}")
)
HOME_PAGES = tuple(each.path for each in routes() if each.method == "GET" and each.who == "home")


class Left(NamedTuple):
    """What the seller has left behind, by the parameter of a path or the field of a body that takes it."""

    case: Channels
    ids: dict[str, str]
    read_before: dict[str, bytes]
    """What the seller read at each door."""


@pytest.fixture(scope="module")
async def left(database: Database, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Left:
    await make_renovation(database, rid=RID)
    await grant_roles(sql)
    secret = owner_secret(SecretStr(KEY))
    await sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3",
        *(f"{RID}.estate", stored_owner_key(owner_key((SELLER,)), secret), UNIT),
    )
    case = Channels(http, sql, RID, await open_box(sql, RID, opens_in=-2 * DAY, closes_in=2 * DAY))
    ids = await said_by_the_seller(case)
    seller = owner_of(RID, UNIT)
    before = {each.path: (await ask(case, each, ids, seller))[1] for each in HOME_DOORS}
    made = await sold(case, "")
    assert made.status_code == 201, made.text
    return Left(case, ids, before)


async def buyer(case: Channels) -> dict[str, str]:
    """Who holds the unit's ticket of now: the sale and each new letter make the next version."""
    version = "SELECT version FROM unit_access WHERE renovation_id = $1 AND unit_number = $2"
    return owner_of(RID, UNIT, await case.sql.fetchval(version, RID, UNIT))


async def said_by_the_seller(case: Channels) -> dict[str, str]:
    """The seller says something at every door that takes words, and votes."""
    me = owner_of(RID, UNIT)
    await case.sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, 'vote_result', '{}', now(), now() + interval '9 days')",
        RID,
    )
    cast = await case.web(UNIT, "yes")
    await case.post("/tickets", me, unit_number=UNIT, kind="complaint", text=WORDS)
    ticket = await case.sql.fetchval("SELECT id FROM ticket WHERE renovation_id = $1", RID)
    picture = await case.http.post(
        f"/v1/renovations/{RID}/tickets/{ticket}/pictures",
        params={"command_id": "seller-picture"},
        content=photograph(),
        headers=me,
    )
    words = {"theme": MARK, "reason": MARK, "proposal": WORDS}
    suggested = await case.post("/suggestions", me, unit_number=UNIT, **words)
    told = await case.post("/sensitive", me, kind="hardship", words=WORDS, consent=True)
    contact = await case.post("/contacts", me, channel="email", address=f"{MARK}@example.org")
    objected = await case.post(
        "/objections", me, unit_number=UNIT, publication_id=f"{RID}.p", text=WORDS
    )
    for answer in (cast, picture, suggested, told, contact, objected):
        assert answer.status_code == 201, answer.text
    return {
        "code": cast.json()["code"],
        "ticket_id": str(ticket),
        "picture_id": picture.json()["id"],
        "suggestion_id": suggested.json()["id"],
        "entry": told.json()[0]["entry"],
        "contact": contact.json()[0]["contact"],
        "publication_id": f"{RID}.p",
    }


async def ask(
    case: Channels, door: Door, ids: dict[str, str], who: dict[str, str]
) -> tuple[int, bytes]:
    """The answer of a door; of a zip what is in it."""
    known = {name: ids[name] for name in ids if f"{{{name}}}" in door.path}
    answer = await case.http.get(door.address(RID, **known), headers=who)
    return answer.status_code, unpacked(answer)


def unpacked(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-type") != "application/zip":
        return answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


async def test_the_seller_read_it_before(left: Left) -> None:
    """Else nothing would be shown by what the buyer does not find."""
    found = {path for path, said in left.read_before.items() if MARK.encode() in said}
    case = "/v1/renovations/{renovation_id}"
    told = (
        "household",
        "own-data",
        "sensitive",
        "tickets",
        "objections",
        "suggestions",
        "contacts",
    )
    assert found >= {f"{case}/{each}" for each in told}
    own = left.read_before[f"{case}/own-data"]
    assert b"pictures/" in own
    assert left.read_before[f"{case}/pictures/{{picture_id}}"].startswith(b"\xff\xd8")


@pytest.mark.parametrize("door", HOME_DOORS, ids=lambda each: each.path)
async def test_the_buyer_finds_no_word_and_no_picture_of_the_seller(left: Left, door: Door) -> None:
    status, said = await ask(left.case, door, left.ids, await buyer(left.case))
    assert status not in {401, 403}, said
    assert MARK.encode() not in said
    assert b"\xff\xd8" not in said
    assert b"pictures/" not in said


async def test_in_the_record_the_seller_is_to_the_buyer_a_home_like_any_other(left: Left) -> None:
    readers = await buyer(left.case), owner_of(RID, NEIGHBOUR)
    for path in ("/events", "/history?level=all", "/log?form=csv"):
        mine, theirs = [await left.case.get(path, who) for who in readers]
        assert mine.is_success, mine.text
        assert mine.text == theirs.text


async def test_no_page_of_the_home_shows_the_buyer_what_the_seller_said(left: Left) -> None:
    session = await entered(left.case)
    headers = {"cookie": f"{COOKIE}={session}", "accept": "text/html", "accept-language": "en"}
    for path in HOME_PAGES:
        answer = await left.case.http.get(path.format(**left.ids), headers=headers)
        assert answer.status_code in {200, 404, 409}, path
        assert MARK.encode() not in unpacked(answer), path
        assert b"\xff\xd8" not in unpacked(answer), path


WRITES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "/tickets/{ticket_id}/confirmation": ("feedback.ticket_unknown", {"satisfied": True}),
    "/suggestions/{suggestion_id}/withdrawal": ("suggestion.unknown", {"unit_number": UNIT}),
    "/sensitive/withdrawals": ("sensitive.unknown", {"entry": ""}),
    "/contacts/withdrawals": ("contact.unknown", {"contact": ""}),
}


@pytest.mark.parametrize("path", WRITES)
async def test_the_buyer_changes_nothing_that_the_seller_has_said(left: Left, path: str) -> None:
    refused, body = WRITES[path]
    given: dict[str, Any] = {name: left.ids.get(name, value) for name, value in body.items()}
    answer = await left.case.post(path.format(**left.ids), await buyer(left.case), **given)
    assert code(answer) == (code(answer)[0], refused)
    assert answer.is_client_error
    stands = (
        "SELECT (SELECT state FROM suggestion WHERE id = $1),"
        " (SELECT withdrawn_at FROM private.sensitive WHERE id = $2),"
        " (SELECT withdrawn_at FROM private.contact WHERE id = $3)"
    )
    ids = (left.ids["suggestion_id"], left.ids["entry"], left.ids["contact"])
    assert tuple(await left.case.sql.fetchrow(stands, *ids)) == ("submitted", None, None)


async def test_the_buyer_adds_no_photograph_to_the_sellers_complaint(left: Left) -> None:
    answer = await left.case.http.post(
        f"/v1/renovations/{RID}/tickets/{left.ids['ticket_id']}/pictures",
        params={"command_id": "buyers-picture"},
        content=photograph("blue"),
        headers=await buyer(left.case),
    )
    assert code(answer) == (404, "feedback.ticket_unknown")
