"""My work, a case, the queue of the second person and every act as a form; by HTML alone."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from pydantic import JsonValue

from models.messages.act_bodies import BODIES
from models.values.decisions.menu import BallotForm, Menu, MenuItem
from models.values.voting import Matter, Motion, MotionKind
from runtime.database import Database
from runtime.language.sentences import LOCALES
from service.pages.display import Language
from service.pages.office.act_form import instructions, questions
from service.pages.office.fields import Field, Known, Option, fields_of, read
from service.pages.office.words import named, told
from service.routes.office.writes import OURS, WRITES
from tests.support.box import open_box
from tests.support.browser.desk import Desk
from tests.support.channels import Channels, grant_roles, official
from tests.support.people import sign_in

Make = Callable[..., Awaitable[str]]
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
KNOWN: Known = {
    name: (Option(f"{name}-1", "One"), Option(f"{name}-2", "Two"))
    for name in (
        *("works", "bidders", "items", "motions", "choices"),
        *("publications", "objections", "tickets", "officials"),
        *("awaited", "subjects", "orders", "contracts"),
    )
}


@pytest.fixture
async def rid(renovation: Make, sql: asyncpg.Connection) -> str:
    made = await renovation(told_at=START)
    await grant_roles(sql)
    await sql.execute(
        "INSERT INTO case_wait (workflow_id, renovation_id, what, subject, who, since, due_at,"
        " consequence, level) VALUES ($1, $1, 'open_vote', '', 'owners_committee, street_office',"
        " $2, $3, '', '')",
        made,
        START,
        START - timedelta(days=1),
    )
    return made


async def test_my_work_says_whose_turn_it_is_and_what_is_late(
    http: httpx.AsyncClient, rid: str
) -> None:
    page = await Desk(http, "committee").get("/office")
    assert page.status == 200
    assert "late" in page.text
    assert "the announcement of the vote" in page.text
    assert "Your turn" in page.text
    assert f"/office/cases/{rid}" in page.html
    assert "Your turn" not in (await Desk(http, "grid").get(f"/office/cases/{rid}")).text


async def test_the_case_leads_whoever_is_awaited_to_the_form_of_the_act(
    http: httpx.AsyncClient, rid: str
) -> None:
    page = await Desk(http, "street").get(f"/office/cases/{rid}")
    assert f'href="/office/cases/{rid}/acts/open_vote"' in page.html
    assert "Training case" in page.text
    assert "cancel_renovation" in page.html
    assert "cancel_renovation" not in (await Desk(http, "committee").get(page.url)).html


async def test_an_official_lists_the_cases_in_which_somebody_is_late(
    http: httpx.AsyncClient, rid: str, renovation: Make
) -> None:
    calm = await renovation()
    desk = Desk(http, "street")
    every = await desk.get("/office/cases")
    assert f"/office/cases/{rid}" in every.html
    assert f"/office/cases/{calm}" in every.html
    late = await desk.get("/office/cases?overdue=true&stage=voting")
    assert f"/office/cases/{rid}" in late.html
    assert f"/office/cases/{calm}" not in late.html
    assert "There is none." in (await desk.get("/office/cases?stage=bidding")).text


async def test_whoever_has_not_signed_in_or_has_no_role_here_sees_nothing(
    http: httpx.AsyncClient, rid: str
) -> None:
    nobody = await Desk(http, "nobody").get(f"/office/cases/{rid}")
    assert nobody.status == 401
    assert "/office/enter" in nobody.html
    refused = await Desk(http, "committee").get(f"/office/cases/{rid}/acts/cancel_renovation")
    assert refused.status == 403


async def test_a_wrong_answer_is_said_at_its_field_and_nothing_is_lost(
    http: httpx.AsyncClient, rid: str
) -> None:
    desk = Desk(http, "street")
    await http.get("/v1/renovations")
    page = await desk.get(f"/office/cases/{rid}/acts/cancel_renovation")
    again = await desk.send(page, "/acts/cancel_renovation")
    assert again.status == 422
    assert 'href="#reason"' in again.html
    assert "Reason: please fill this in." in again.text
    check = await desk.send(again, "/acts/cancel_renovation", {"reason": "the money is gone <b>"})
    assert "the money is gone &lt;b&gt;" in check.html
    change = await desk.send(check, "/acts/cancel_renovation", {"change": "1"})
    assert "the money is gone &lt;b&gt;" in change.html


async def test_an_act_of_two_is_proposed_and_confirmed_by_somebody_else(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    await sql.execute("DELETE FROM case_clock WHERE renovation_id = $1", rid)
    desk = Desk(http, "street")
    page = await desk.get(f"/office/cases/{rid}/acts/cancel_renovation")
    check = await desk.send(page, "/acts/cancel_renovation", {"reason": "no money"})
    done = await desk.send(check, "/acts/cancel_renovation/done")
    assert (done.status, "a second person must confirm it" in done.text) == (200, True)
    own = await desk.get(f"/office/cases/{rid}/proposals")
    assert "Somebody else must confirm it." in own.text
    assert "Confirm: I have read it" not in own.text
    other = Desk(http, "committee2")
    assert "wait for a second person" in (await other.get("/office")).text
    queue = await other.get(f"/office/cases/{rid}/proposals")
    assert "no money" in queue.text
    away = await other.send(queue, "", {"decision": "withdraw", "reason": "there is money"})
    assert "Nothing waits for a second person." in away.text
    state = "SELECT decision FROM proposal WHERE renovation_id = $1"
    assert await sql.fetchval(state, rid) == "withdrawn"


async def test_a_form_without_its_token_does_nothing(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    desk = Desk(http, "street")
    page = await desk.get(f"/office/cases/{rid}/acts/cancel_renovation")
    check = await desk.send(page, "/acts/cancel_renovation", {"reason": "no money"})
    refused = await desk.send(check, "/acts/cancel_renovation/done", {"form_token": "forged"})
    assert refused.status == 403
    assert await sql.fetchval("SELECT count(*) FROM proposal WHERE renovation_id=$1", rid) == 0


async def test_a_role_that_waits_is_confirmed_on_the_page(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await sql.execute(
        "INSERT INTO private.person (id, name) VALUES ('newcomer', 'Li') ON CONFLICT DO NOTHING"
    )
    grant = await sql.fetchval(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from, reason)"
        " VALUES ('newcomer', 'Li', 'owners_committee', 'g', NULL, 'elected') RETURNING id"
    )
    desk = Desk(http, "street")
    page = await desk.get("/office")
    assert "Roles that wait for your confirmation" in page.text
    await desk.send(page, f"/office/grants/{grant}", {"decision": "confirm"})
    held = "SELECT valid_from IS NOT NULL FROM role_grant WHERE id = $1"
    assert await sql.fetchval(held, grant)


def _walk(fields: tuple[Field, ...]) -> list[Field]:
    return [inner for each in fields for inner in (each, *_walk(each.fields))]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("act", sorted(BODIES))
def test_every_question_of_every_act_has_its_words(act: str, language: Language) -> None:
    assert LOCALES.is_dir()
    for room, word in (("act_title", act), ("causes", act)):
        assert named(room, word, language) != word
    for field in _walk(questions(act, KNOWN)):
        assert field.title or named("field", field.word, language) != field.word, field.name
        for option in field.options:
            assert option.title or named("choice", option.value, language) != option.value


@pytest.mark.parametrize("act", sorted(BODIES))
def test_what_a_form_asks_is_what_its_body_takes(act: str) -> None:
    fields = questions(act, KNOWN)
    body = BODIES[act].model_validate(read(fields, _answers(fields)).body)
    asked = {field.name for field in fields} - {"scheme"}
    assert asked <= body.model_fields_set | {"labels"}


def _answers(fields: tuple[Field, ...]) -> dict[str, list[str]]:
    """An answer to each question, as a browser sends it."""
    found: dict[str, list[str]] = {}
    for field in _walk(fields):
        name = field.name.replace(".#.", ".0.")
        if field.kind == "order":
            found |= {f"{name}.{each.value}": ["1"] for each in field.options}
        elif field.kind in {"choice", "many"}:
            found[name] = [field.options[0].value]
        elif field.kind not in {"group", "rows", "keys", "file"}:
            answer = _ANSWER.get(field.word) or _ANSWER.get(field.kind, "some words")
            found[name] = ["name-1" if field.name.endswith("_id") else answer]
    return found


_ANSWER = {
    "yuan": "12.50",
    "area": "1.5",
    "percent": "3",
    "number": "7",
    "yes_no": "yes",
    "day": "2026-05-12",
    "file_sha256": "0" * 64,
    "id": "somebody",
}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("write", sorted(WRITES))
def test_every_question_of_every_other_write_has_its_words(write: str, language: Language) -> None:
    fields = tuple(each for each in fields_of(WRITES[write].body, KNOWN) if each.word not in OURS)
    for room in ("act_title", "causes"):
        assert named(room, write, language) != write
    for field in _walk(fields):
        assert field.title or named("field", field.word, language) != field.word, field.name
        for option in field.options:
            assert option.title or named("choice", option.value, language) != option.value


async def test_a_mandate_is_proposed_on_the_page_and_a_wrong_line_is_said_at_its_field(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    rid = await renovation()
    await grant_roles(sql)
    await open_box(sql, rid)
    desk = Desk(http, "committee")
    page = await desk.get(f"/office/cases/{rid}/writes/register_mandate")
    said = {
        "unit_number": "1-101",
        "agent_name": "Wang",
        "agent_identity": "110101199003071234",
        "motions": "works",
        "document": "binder 3",
        "valid_from": "2026-01-01T00:00",
        "instructions.works": "no",
    }
    again = await desk.send(page, "/register_mandate", said)
    assert 'href="#valid_until"' in again.html
    check = await desk.send(again, "/register_mandate", {"valid_until": "2030-01-01T00:00"})
    done = await desk.send(check, "/register_mandate/done")
    assert "a second person must confirm it" in done.text
    kept = await sql.fetchval("SELECT content FROM proposal WHERE renovation_id = $1", rid)
    assert "2030-01-01T00:00:00+08:00" in kept
    assert "The agent decides" in page.text
    assert json.loads(kept)["instructions"].keys() == {"works"}
    assert json.loads(kept)["instructions"]["works"] != "no"


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-12:00", "%(x)s", "a.b", 5, [5], True])
def test_a_proposal_is_told_whatever_is_in_it(value: JsonValue) -> None:
    names = ("note", "valid_until", "paid_fen", "opens_at")
    content: dict[str, JsonValue] = {"measured_fen": dict.fromkeys(names, value), "opens_at": value}
    assert [name for name, _ in told(content, "zh_CN")] == [*names, "opens_at"]
    assert told({"valid_until": "2026-03-02T01:00:00Z"}, "en") == [("valid_until", "2 March 2026")]


def test_instructions_on_a_menu_are_ticks_numbers_or_an_order() -> None:
    items = tuple(MenuItem(id=name, cost=100) for name in ("lift", "ramp"))
    sent = {
        "instructions.a": ["lift", "ramp"],
        "instructions.o.lift": ["2"],
        "instructions.o.ramp": ["1"],
        "instructions.c.lift": ["7"],
    }
    forms = {"a": BallotForm.APPROVAL, "o": BallotForm.ORDINAL, "c": BallotForm.CUMULATIVE}
    motions = [
        Motion(
            id=name,
            title=name,
            kind=MotionKind.MAJOR,
            matter=Matter.REBUILD,
            menu=Menu(form=form, budget=100, items=items),
        )
        for name, form in forms.items()
    ]
    said = read((instructions(motions),), sent).body["instructions"]
    assert said == {"a": ["lift", "ramp"], "o": ["ramp", "lift"], "c": {"lift": 7}}


async def test_the_bank_reports_payments_and_nobody_else_sees_the_form(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('bank', 'Bank', 'payment_provider', 'd')"
    )
    await sign_in(sql, "bank")
    desk = Desk(http, "bank")
    assert "/writes/payments" in (await desk.get(f"/office/cases/{rid}")).html
    page = await desk.get(f"/office/cases/{rid}/writes/payments")
    row = {"payments.0.unit_number": "1-101", "payments.0.amount_fen": "12.345"}
    wrong = await desk.send(page, "/payments", row)
    assert "Write an amount in yuan" in wrong.text
    more = await desk.send(
        wrong, "/payments", {"payments.0.amount_fen": "12.34", "more": "payments"}
    )
    assert 'name="payments.1.unit_number"' in more.html
    assert (await desk.send(more, "/payments")).text.count("12.34") == 1
    assert (await Desk(http, "grid").get(page.url)).status == 403


async def test_the_board_counts_what_the_turnout_counts_and_shows_no_choice(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make, database: Database
) -> None:
    rid = await renovation(units=24)
    await grant_roles(sql)
    box = await open_box(sql, rid)
    vote = Channels(http, sql, rid, box)
    await vote.web("1-101", "yes")
    desk = Desk(http, "residents")
    page = await desk.get(f"/office/cases/{rid}/board")
    assert "1 / 12" in page.text
    assert "0 / 12" in page.text
    assert "15 more owners must take part" in page.text
    assert "Voted on the internet: fewer than 5" in page.text
    assert "yes" not in page.html.replace("eyes", "")
    done = await desk.send(page, "/board/visits", {"visit.1_102": "", "visit.1-201": "refused"})
    assert "1 door is recorded." in done.text
    assert "refused" in done.text
    assert official("residents")
    reminded = await desk.send(done, "/board/reminder")
    assert "The reminder is ordered" in reminded.text


async def test_two_people_type_a_bundle_on_the_page(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    rid = await renovation()
    await grant_roles(sql)
    box = await open_box(sql, rid)
    said = {"unit.0": "1-101", "said.0.works": "yes", "unit.3": "9-999", "said.3.works": "no"}
    first, second = Desk(http, "committee"), Desk(http, "committee2")
    page = await first.get(f"/office/cases/{rid}/paper")
    head = {"reference": "Building 1", "scan": "folder 2"}
    wrong = await first.send(page, "/paper", {**head, **said})
    assert wrong.status == 404
    assert 'href="#unit.3"' in wrong.html, wrong.text[:600]
    right = await first.send(wrong, "/paper", {"unit.3": "1-102"})
    assert "Now a second person types" in right.text
    code = right.html.partition('class="code big">')[2].partition("<")[0]
    again = await second.get(f"/office/cases/{rid}/paper?again=1&reference=Building+1")
    typed = {**said, "unit.3": "1-102", "code": code}
    cast = await second.send(again, "/paper", {**head, **typed})
    assert "Both typings agree" in cast.text
    assert await sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", box) == 2
