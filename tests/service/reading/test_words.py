"""Words of complaints and objections: for whoever wrote them and whom must answer, and nobody else."""

import json

import asyncpg
import httpx
import pytest

from tests.service.reading.conftest import CASE, OTHER, RID, UNIT, Ask, unit, who

COMPLAINT, SECRET, OBJECTION = "2-202 drills at night", "my neighbour beats", "the roof is too dear"
ANSWERS = ("we measured", "it is forbidden now")
PUBLICATION = f"{RID}.p1"


@pytest.fixture(scope="module")
async def said(case: str, sql: asyncpg.Connection, http: httpx.AsyncClient) -> str:
    """A complaint, a confidential one and an objection of a unit, and one of a bidder, all answered."""
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at) VALUES"
        " ($1, $2, 'share_table', '{\"total_fen\": 7}', now(), now() + interval '9 days')",
        *(PUBLICATION, RID),
    )
    for turn, (text, hidden) in enumerate(((COMPLAINT, False), (SECRET, True))):
        body = {"command_id": f"t{turn}", "unit_number": UNIT, "kind": "noise", "text": text}
        await http.post(f"{CASE}/tickets", json=body | {"confidential": hidden}, headers=unit(UNIT))
    objections = ((unit(UNIT), UNIT, OBJECTION), (who("contractor"), None, "I was left out"))
    for headers, number, text in objections:
        body = {"command_id": "o1", "publication_id": PUBLICATION, "text": text}
        filed = await http.post(
            f"{CASE}/objections", json=body | {"unit_number": number}, headers=headers
        )
        assert filed.status_code == 201, filed.text
    await sql.execute(
        "UPDATE objection SET state = 'answered', upheld = false, answer = 'no: ' || text,"
        " answered_at = now(), answered_by = 'read-street_office' WHERE publication_id = $1",
        PUBLICATION,
    )
    for turn, answer in enumerate(ANSWERS):
        await sql.execute(
            "INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at)"
            " SELECT $1::varchar, $2::varchar, $1::varchar, 'complainant', 'ticket_answered',"
            " jsonb_build_object('ticket', t.id, 'answer', $3::text), now() + $4 * interval '1 hour'"
            " FROM ticket t WHERE t.renovation_id = $2::varchar AND NOT t.confidential",
            *(f"answer-{turn}", RID, answer, turn),
        )
    return case


@pytest.mark.parametrize("reader", ["street_office", "owners_committee", "auditor", "grid_worker"])
async def test_a_complaint_is_read_with_its_answers_by_whom_must_answer(
    said: str, ask: Ask, reader: str
) -> None:
    open_one, hidden = await ask("/tickets", reader)
    assert (open_one["text"], open_one["unit_number"]) == (COMPLAINT, UNIT)
    assert tuple(open_one["answers"]) == ANSWERS
    # F-3: of a confidential one the words are read, and not whose they are.
    assert (hidden["text"], hidden["unit_number"]) == (SECRET, None)


async def test_a_home_reads_its_own_complaints_in_full(said: str, ask: Ask) -> None:
    found = await ask("/tickets", UNIT)
    assert [(each["text"], each["unit_number"]) for each in found] == [
        (COMPLAINT, UNIT),
        (SECRET, UNIT),
    ]
    assert tuple(found[0]["answers"]) == ANSWERS


@pytest.mark.parametrize(
    "reader", ["nobody", "2-202", OTHER, "contractor", "payment_provider", "evaluator", "stranger"]
)
async def test_of_a_complaint_others_read_that_it_is_there_and_nothing_of_it(
    said: str, ask: Ask, reader: str
) -> None:
    found = await ask("/tickets", reader)
    assert [(each["kind"], each["state"]) for each in found] == [("noise", "open")] * 2
    told = json.dumps([found, await ask("/events", reader)])
    for word in (COMPLAINT, SECRET, UNIT, *ANSWERS):
        assert word not in told


@pytest.mark.parametrize("reader", ["street_office", "owners_committee", "auditor"])
async def test_an_objection_is_read_with_its_sender_by_whom_must_answer(
    said: str, ask: Ask, reader: str
) -> None:
    of_unit, of_bidder = await ask("/objections", reader, publication=PUBLICATION)
    assert (of_unit["text"], of_unit["unit_number"], of_unit["filed_by"]) == (OBJECTION, UNIT, None)
    assert (of_bidder["unit_number"], of_bidder["filed_by"]) == (None, "read-contractor")
    assert of_unit["answer"] == f"no: {OBJECTION}"


async def test_who_objected_reads_the_answer_and_no_other_one(said: str, ask: Ask) -> None:
    for reader, mine in ((UNIT, 0), ("contractor", 1)):
        found = await ask("/objections", reader)
        assert found[mine]["answer"] == f"no: {found[mine]['text']}"
        assert (found[1 - mine]["text"], found[1 - mine]["answer"]) == (None, None)


@pytest.mark.parametrize("reader", ["nobody", OTHER, "grid_worker", "payment_provider", "stranger"])
async def test_of_an_objection_others_read_how_it_ended_and_no_word(
    said: str, ask: Ask, reader: str
) -> None:
    found = await ask("/objections", reader)
    assert [(each["state"], each["upheld"]) for each in found] == [("answered", False)] * 2
    told = json.dumps(found)
    assert OBJECTION not in told
    assert UNIT not in told


async def test_what_was_posted_is_read_with_its_content_and_the_number_of_objections(
    said: str, ask: Ask
) -> None:
    (posted,) = await ask("/publications")
    assert (posted["content"], posted["state"]) == ({"total_fen": 7}, "open")
    assert (posted["objections"], posted["unanswered"]) == (2, 0)


async def test_lists_go_on_after_the_last_one_and_refuse_what_is_in_no_list(
    said: str, ask: Ask, http: httpx.AsyncClient
) -> None:
    for path in ("/tickets", "/objections"):
        whole = await ask(path)
        first = await http.get(f"{CASE}{path}", params={"limit": "1"})
        rest = await http.get(first.url.join(first.links["next"]["url"]))
        assert [*first.json(), *rest.json()] == whole
        refused = await http.get(f"{CASE}{path}", params={"after": "nothing"})
        assert refused.json()["problems"][0]["code"] == "service.cursor_invalid"


async def test_a_buyer_reads_nothing_of_what_the_seller_wrote(
    said: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    await sql.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at, roll_hash,"
        " public_key, wrapped_key, roll_salt) VALUES ($1::varchar || '.b', $1::varchar, 1, '[]', now(), now(), $2, $3, '', $3)",
        *(RID, "0" * 64, bytes(32)),
    )
    await sql.execute(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units, pseudonym) VALUES ($1, 'e', 1, $2, 'p')",
        *(f"{RID}.b", [UNIT]),
    )
    await sql.execute(
        "INSERT INTO owner_replacement VALUES ($1::varchar, $2, 1, $1::varchar || '.b', 'e', false, $3, now(), 'deed 7', 0,"
        " 'read-street_office', 'sale', clock_timestamp())",
        *(RID, UNIT, "0" * 64),
    )
    home = await ask("/household", UNIT)
    assert (home["tickets"], home["objections"]) == ([], [])
    assert {each["text"] for each in await ask("/tickets", UNIT)} == {None}
    assert {each["text"] for each in await ask("/objections", UNIT)} == {None}
    (sale,) = await ask("/replacements", "street_office")
    assert (sale["unit_number"], sale["evidence"]) == (UNIT, "deed 7")
    assert "buyer_key" not in sale
