"""Each detail of each kind of event × each reader, at every door of a case's history.

A record with an event of every kind there is, each of which says everything that any event says: who of the place
holds no role reads what everybody reads, to the letter; a home reads what owners read, and its own part; and no
sentence, file or standing says what the event itself does not show.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import JsonValue, SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.actor import Actor, Role
from models.values.base import Carried
from models.values.timetable import Timetable
from rules.disclosure.events import COUNTS, LINES, REDACTED
from rules.disclosure.readers import READERS, Circle, ReaderKind
from rules.history.levels import LEVELS
from runtime.database import Database
from runtime.history.figures import figure
from runtime.record.journal import Journal, Recorded
from tests.service.conftest import KEY
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

pytestmark = pytest.mark.slow  # every event as everybody, at every door
RID = "rhistoryfields"
CASE = f"/v1/renovations/{RID}"
UNIT = "1-101"
STREET = Actor(id="f-street", role=Role.STREET_OFFICE, label="和平街道办事处", place="d/s")
HOME = Actor(id=f"unit:{UNIT}", role=Role.OWNER, label="王某", place="d/s")
ZONE = Timetable().zone
WHOLE = frozenset(
    [
        "version",
        "scheme_version",
        "owners_gap_fen",
        "total_fen",
        "received_fen",
        "round",
        "bids",
        "value_fen",
        "targets_met",
    ]
)
"""What a standing is made of that is a number."""
STRUCTURED: Mapping[str, JsonValue] = {
    "checks": [],
    "changes": [],
    "scheme": {"version": 7_000_001},
}
PLAIN: Mapping[str, JsonValue] = {"stage": "voting", "state": "running", "ends": False}
"""Words of the record that are no secret, and say nothing about who reads them."""
NOBODYS = "not_thought_of"
NAMES = sorted({*LINES, NOBODYS} - STRUCTURED.keys() - PLAIN.keys())
READER_OF: Mapping[str, ReaderKind] = {
    "nobody": ReaderKind.PUBLIC,
    "f-elsewhere": ReaderKind.PUBLIC,
    "1-102": ReaderKind.OWNER,
    "f-street": ReaderKind.GOVERNMENT,
    "f-committee": ReaderKind.OFFICIAL,
    "f-auditor": ReaderKind.AUDITOR,
    "f-grid": ReaderKind.GRID_WORKER,
    "f-bank": ReaderKind.BANK,
    "f-supervisor": ReaderKind.PUBLIC,
}
"""Who asks, and as whom the table of readers knows them."""
ROLES = (
    ("f-elsewhere", "street_office", "d2"),
    ("f-street", "street_office", "d"),
    ("f-committee", "owners_committee", "d"),
    ("f-auditor", "auditor", "d"),
    ("f-grid", "grid_worker", "d"),
    ("f-bank", "payment_provider", "d"),
    ("f-supervisor", "supervisor", "d"),
)
DOORS = (
    "/events?limit=500",
    *(f"/history?limit=500&level={level}" for level in ("decisions", "acts", "all")),
    *("/standing", "/changes?earlier=2020-01-01&level=all"),
    *(f"/log?form={form}" for form in ("xes", "ocel", "csv")),
)
READABLE = ("/events?limit=500", "/history?limit=500&level=all", *DOORS[-3:])


class Nothing(Carried):
    """What the events of this record answer."""


def marker(name: str) -> JsonValue:
    """What stands in the place of a detail, different for each."""
    number = 7_000_003 + 13 * NAMES.index(name)
    return number if name in WHOLE else f"mark{number}"


SAID: Mapping[str, JsonValue] = {**{name: marker(name) for name in NAMES}, **STRUCTURED, **PLAIN}


@pytest.fixture(scope="module")
async def record(
    database: Database, sql: asyncpg.Connection, http: httpx.AsyncClient
) -> httpx.AsyncClient:
    await make_renovation(database, rid=RID)
    for who, role, place in ROLES:
        await sign_in(sql, who)
        await sql.execute(
            "INSERT INTO place (id, kind, name, path) VALUES ($1::text, 'district', $1::text, $1::text)"
            " ON CONFLICT DO NOTHING",
            place,
        )
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)",
            *(who, role, place),
        )

    async def nothing(_session: AsyncSession, _now: object) -> Recorded[Nothing]:
        return Recorded(Nothing(), dict(SAID))

    journal = Journal(database)
    for number, kind in enumerate(sorted(LEVELS)):
        actor = HOME if kind == "publication.objection_filed" else STREET
        command = Command(command_id=f"{RID}-{number}", renovation_id=RID, actor=actor)
        await journal.record(command, kind, None, nothing, Nothing)
    return http


def sender(who: str) -> Mapping[str, str]:
    if who == "nobody":
        return {}
    if who[0].isdigit():
        return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, who)}"}
    return bearer(who)


async def read(http: httpx.AsyncClient, path: str, who: str) -> str:
    headers = {**sender(who), "Accept-Language": "en"}
    answer = await http.get(f"{CASE}{path}", headers=headers)
    assert answer.status_code == 200, (path, who, answer.text)
    return answer.text


def may(name: str, reader: ReaderKind) -> bool:
    """By the circles of readers alone, not by the code that shapes an event."""
    return reader in READERS[LINES.get(name, Circle.OFFICIALS)]


@pytest.mark.parametrize("path", DOORS)
async def test_an_official_of_another_street_office_reads_what_everybody_reads(
    record: httpx.AsyncClient, path: str
) -> None:
    public = await read(record, path, "nobody")
    assert await read(record, path, "f-elsewhere") == public
    assert await read(record, path, "f-supervisor") == public
    assert await read(record, path, "f-street") != public or path == "/standing"


@pytest.mark.parametrize("who", READER_OF)
async def test_each_detail_of_each_event_is_read_by_its_readers_and_nobody_else(
    record: httpx.AsyncClient, who: str
) -> None:
    reader, wrong = READER_OF[who], list[str]()
    events = json.loads(await read(record, "/events?limit=500", who))
    assert {each["kind"] for each in events} == LEVELS.keys()
    for event in events:
        if event["actor_role"] == "owner":
            continue
        for name in NAMES:
            told = event["details"].get(name, REDACTED)
            shown = told == SAID[name]
            counted = name in COUNTS and isinstance(SAID[name], int)
            if shown != (may(name, reader) or counted):
                wrong.append(f"{event['kind']} {name}: {told!r}")
    assert wrong == []


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("who", READER_OF)
async def test_no_sentence_and_no_file_says_what_the_event_does_not_show(
    record: httpx.AsyncClient, path: str, who: str
) -> None:
    reader, text = READER_OF[who], await read(record, path, who)
    for name in NAMES:
        if may(name, reader):
            continue
        hidden = {str(SAID[name]), str(figure(name, SAID[name], "en", ZONE))}
        there = [each for each in hidden if re.search(rf"(?<!\d){re.escape(each)}(?!\d)", text)]
        assert there == [], f"{who} reads {name} at {path}"


async def test_a_home_reads_what_owners_read_and_its_own_part(record: httpx.AsyncClient) -> None:
    def filed(text: str) -> dict[str, Any]:
        (found,) = (e for e in json.loads(text) if e["kind"] == "publication.objection_filed")
        return dict(found)

    own, neighbour, public = [
        filed(await read(record, "/events?limit=500", who)) for who in (UNIT, "1-102", "nobody")
    ]
    assert own["actor_label"] == HOME.label
    for other in (neighbour, public):
        assert other["actor_label"] == REDACTED
        assert UNIT not in str(other["actor_id"])
    for name in NAMES:
        assert (own["details"].get(name) == SAID[name]) == may(name, ReaderKind.PERSON), name
        assert (neighbour["details"].get(name) == SAID[name]) == may(name, ReaderKind.OWNER), name
        assert (public["details"].get(name) == SAID[name]) == may(name, ReaderKind.PUBLIC), name
