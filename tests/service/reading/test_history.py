"""The history of a case over HTTP and on pages: in sentences, at any moment, for each reader what is theirs."""

import base64
import json

import asyncpg
import httpx
import pytest

from tests.service.reading.conftest import CASE, RID, UNIT, Ask, unit, who

OBJECTION = "the roof is too dear"
PAGE = f"/cases/{RID}"


@pytest.fixture(scope="module")
async def told(case: str, sql: asyncpg.Connection, http: httpx.AsyncClient) -> str:
    """A case with an objection of a home, and a confidential complaint."""
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at) VALUES"
        " ($1, $2, 'share_table', '{\"total_fen\": 7}', now(), now() + interval '9 days')",
        *(f"{RID}.p1", RID),
    )
    body = {"command_id": "o1", "publication_id": f"{RID}.p1", "unit_number": UNIT}
    filed = await http.post(
        f"{CASE}/objections", json=body | {"text": OBJECTION}, headers=unit(UNIT)
    )
    assert filed.status_code == 201, filed.text
    ticket = {"command_id": "t1", "unit_number": UNIT, "kind": "noise", "text": "at night"}
    # No worker runs here: what is written is on record, although nobody has taken it in yet.
    await http.post(f"{CASE}/tickets", json=ticket | {"confidential": True}, headers=unit(UNIT))
    return case


@pytest.mark.parametrize("reader", ["nobody", UNIT, "owners_committee", "contractor"])
async def test_everybody_is_told_and_nobody_of_whose_home_it_is_not(
    told: str, ask: Ask, reader: str
) -> None:
    lines = await ask("/history", reader, level="acts")
    filed = next(each for each in lines if each["kind"] == "publication.objection_filed")
    knows = reader in {UNIT, "owners_committee"}
    assert (UNIT in filed["sentence"]) is knows
    assert filed["sentence"].endswith("对公示内容提出异议")
    hidden = next(each for each in lines if each["kind"] == "feedback.ticket_opened")
    assert UNIT not in hidden["sentence"]
    assert OBJECTION not in str(lines)


async def test_pages_follow_each_other_without_a_gap_and_the_level_decides_what_they_have(
    told: str, http: httpx.AsyncClient
) -> None:
    address, seen = f"{CASE}/history?level=all&limit=1", []
    while address:
        answer = await http.get(address)
        seen += [each["seq"] for each in answer.json()]
        link = answer.links.get("next", {}).get("url")
        address = f"{CASE}/history{link}" if link else ""
    events = [each["seq"] for each in (await http.get(f"{CASE}/events")).json()]
    assert seen == events
    decisions = (await http.get(f"{CASE}/history")).json()
    assert {each["level"] for each in decisions} <= {"decisions"}


async def test_as_of_a_day_before_it_there_was_nothing_and_now_an_objection_waits(
    told: str, ask: Ask
) -> None:
    assert await ask("/history", as_of="2020-01-01") == []
    assert (await ask("/standing", as_of="2020-01-01"))["seq"] == 0
    assert (await ask("/standing", known="2020-01-01"))["seq"] == 0
    now = await ask("/standing")
    assert (now["open_objections"], now["open_complaints"]) == (1, 1)
    changes = await ask("/changes", earlier="2020-01-01", level="acts")
    assert {"open_objections", "open_complaints"} <= {each["field"] for each in changes["changed"]}
    assert [each["kind"] for each in changes["lines"]][-1] == "feedback.ticket_opened"


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/history", {"as_of": "yesterday"}, "as_of"),
        ("/standing", {"known": "2026-02-30"}, "known"),
        ("/changes", {"earlier": "0"}, "earlier"),
        ("/history", {"level": "secret"}, "level"),
    ],
)
async def test_what_is_no_moment_or_level_is_refused_by_its_name(
    told: str, http: httpx.AsyncClient, path: str, query: dict[str, str], named: str
) -> None:
    answer = await http.get(f"{CASE}{path}", params=query)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"].endswith(named)


async def test_why_it_waits_says_what_must_be_true_who_is_late_and_that_the_engine_is(
    told: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    for what, who_is, days, then in (
        ("objections", "owners", 9, "publication_closed"),
        ("record_evaluation", "evaluator", -2, ""),
        ("turnout", "", -1, "turnout_checked"),
    ):
        await sql.execute(
            "INSERT INTO case_wait (workflow_id, renovation_id, what, subject, who, since, due_at,"
            " consequence, level) VALUES ('w', $1::varchar, $2, '', $3, now(), tick_of($1) + $4 * interval '1 day',"
            " $5, '')",
            *(RID, what, who_is, days, then),
        )
    tree = await ask("/why")
    by_name = {each["name"]: each for each in tree["reasons"]}
    (test,) = by_name["objections"]["reasons"]
    assert (test["kind"], test["met"], test["have"], test["need"]) == ("test", False, "1", "0")
    assert by_name["objections"]["late_since"] is None
    assert by_name["objections"]["then"]
    assert by_name["record_evaluation"]["late_since"] is not None
    assert [each["kind"] for each in by_name["turnout"]["reasons"]] == ["engine_late"]


async def test_the_pages_tell_it_and_names_a_wrong_moment_at_its_field(
    told: str, http: httpx.AsyncClient
) -> None:
    accepted = {"Accept": "text/html", "Accept-Language": "en"}
    shown = await http.get(f"{PAGE}/history", params={"level": "acts"}, headers=accepted)
    assert shown.status_code == 200
    assert "objected to what was posted" in shown.text
    assert UNIT not in shown.text
    before = {"level": "acts", "known": "2020-01-01"}
    unknown = await http.get(f"{PAGE}/history", params=before, headers=accepted)
    assert "objected to what was posted" not in unknown.text
    assert 'value="2020-01-01"' in unknown.text
    wrong = await http.get(f"{PAGE}/history", params={"as_of": "<b>x"}, headers=accepted)
    assert wrong.status_code == 422
    assert 'id="as_of-error"' in wrong.text
    assert "<b>x" not in wrong.text
    why = await http.get(f"{PAGE}/why", headers=accepted)
    assert "Objections without an answer" in why.text


async def test_an_office_reads_it_with_the_home_and_that_is_written_down(
    told: str, ask: Ask, sql: asyncpg.Connection, http: httpx.AsyncClient
) -> None:
    before = await sql.fetchval("SELECT count(*) FROM private.access")
    await http.get(f"{CASE}/history", headers=who("auditor"))
    assert await sql.fetchval("SELECT count(*) FROM private.access") == before + 1


@pytest.mark.parametrize(
    "key", [[2**70], [2**40], [-1], ["\0"], ["\ud800"], ["2026-01-01T00:00:00", "x"]]
)
@pytest.mark.parametrize(
    "door",
    [f"{CASE}/history", f"{CASE}/shares", f"{CASE}/payments", f"{CASE}/tickets", "/v1/estates"],
)
async def test_a_cursor_of_nowhere_breaks_no_list(
    told: str, http: httpx.AsyncClient, door: str, key: list[object]
) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    answer = await http.get(door, params={"after": cursor}, headers=who("auditor"))
    assert answer.status_code < 500, answer.text
