"""Firms come in by registering or by an invitation, count from their confirmation, and until their end."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.credit_codes import check_character
from models.values.actor import Actor, Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from runtime.record.firms import contractor_as, refuse_unconfirmed
from service.firms.registering import MOST_WAITING
from tests.support.channels import code
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
NOW = datetime.now(UTC)
OFFICES = (
    ("office", "street_office", "s"),
    ("office-2", "street_office", "s"),
    ("bureau", "district_bureau", "d"),
    ("committee", "owners_committee", "g"),
    ("far-office", "street_office", "s-far"),
)


def new_code() -> str:
    """A code that no other test has."""
    first = f"91370700{random.randrange(10**9):09d}"
    return first + check_character(first)


class Firms:
    """The doors of firms, as their senders use them."""

    def __init__(self, http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str) -> None:
        self.http, self.sql, self.rid = http, sql, rid
        self._commands = 0

    async def post(self, path: str, who: str, **body: Any) -> httpx.Response:
        self._commands += 1
        sent = {"command_id": f"{self.rid}-{self._commands}", **body}
        return await self.http.post(path, json=sent, headers=bearer(who) if who else {})

    async def enter(self, who: str = "", **fields: Any) -> httpx.Response:
        """A firm registers; with a sender that one brings it."""
        body = {
            "name": "Firm",
            "code": new_code(),
            "form": "limited",
            "contact": "0536-1234567",
            "qualification": "建筑工程施工总承包二级 D237000000",
            "role": "contractor",
            "place": "d/s",
            "person": "Zhang San",
            **fields,
        }
        return await self.post("/v1/firms" if who else "/v1/firm-registrations", who, **body)

    async def entered(self, who: str = "", **fields: Any) -> dict[str, Any]:
        """The same, and its person is signed in."""
        answer = await self.enter(who, **fields)
        assert answer.status_code == 201, answer.text
        await sign_in(self.sql, answer.json()["person"])
        return dict(answer.json())

    async def confirm(self, firm: dict[str, Any], who: str = "office") -> httpx.Response:
        return await self.post(f"/v1/grants/{firm['grant']}/confirm", who)

    async def end(self, firm: dict[str, Any], who: str = "office") -> httpx.Response:
        return await self.post(f"/v1/grants/{firm['grant']}/end", who, reason="the licence is over")

    async def bid(self, person: str, **fields: Any) -> httpx.Response:
        path = f"/v1/renovations/{self.rid}/bids"
        return await self.post(path, person, **{"price_fen": 800_000, **fields})

    async def listed(self, who: str, firm: str) -> list[dict[str, Any]]:
        answer = await self.http.get("/v1/firms", headers=bearer(who))
        return [each for each in answer.json() if each["id"] == firm]

    async def lacks(self) -> dict[str, Any]:
        view = (await self.http.get(f"/v1/renovations/{self.rid}")).json()
        return {each["kind"]: each for each in view["lacks"]}


@pytest.fixture
async def firms(http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make) -> Firms:
    rid = await renovation()
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) SELECT 's-far', kind, 'far', parent_id,"
        " 'd/s-far' FROM place WHERE id = 's' ON CONFLICT DO NOTHING"
    )
    for actor_id, role, place in OFFICES:
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)"
            " ON CONFLICT DO NOTHING",
            *(actor_id, role, place),
        )
        await sign_in(sql, actor_id)
    await sign_in(sql, "stranger")
    await sql.execute(
        "INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria) VALUES ($1,$2,1,$3,$4,1000000,900000,'lowest_evaluated','{}')",
        *(f"{rid}.tender.1", rid, NOW - timedelta(days=30), NOW + timedelta(days=7)),
    )
    return Firms(http, sql, rid)


async def test_a_firm_registers_is_confirmed_and_bids_for_its_place(
    firms: Firms, database: Database
) -> None:
    firm = await firms.entered()
    assert firm["state"] == "waits"
    assert firm["invitation"].rpartition("/")[2].startswith("i1.")
    person = firm["person"]
    assert code(await firms.bid(person)) == (403, "credential.no_role")
    (seen,) = await firms.listed("office", firm["firm"])
    assert (seen["name"], seen["people"][0]["name"]) == ("Firm", "Zhang San")
    assert seen["standings"][0]["state"] == "waits"
    assert (await firms.confirm(firm)).is_success
    answer = await firms.bid(person)
    assert answer.status_code == 201, answer.text
    own = await firms.http.get(f"/v1/renovations/{firms.rid}/own-bids", headers=bearer(person))
    assert [each["bidder_id"] for each in own.json()] == [firm["firm"]]
    kinds = await firms.sql.fetch(
        "SELECT kind, actor_id FROM place_event WHERE log_id = 's' AND (details->>'firm' = $1"
        " OR details->>'person' = $1) ORDER BY seq",
        firm["firm"],
    )
    assert [tuple(row) for row in kinds] == [
        ("firm.registered", person),
        ("grant.waits", person),
        ("grant.confirmed", "office"),
    ]
    assert (await audit(database)).ok


async def test_a_registration_is_done_once_and_its_link_told_once(firms: Firms) -> None:
    fields = {"command_id": f"{firms.rid}-once", "code": new_code()}
    first, again = await firms.enter(**fields), await firms.enter(**fields)
    assert again.json() == {**first.json(), "invitation": ""}
    other = await firms.enter(**fields, name="Another")
    assert code(other) == (409, "journal.command_reused")


async def test_the_person_signs_in_with_the_link(firms: Firms) -> None:
    firm = (await firms.enter()).json()
    token = firm["invitation"].rpartition("/")[2]
    answer = await firms.http.post(
        f"/v1/invitations/{token}", json={"password": "correct horse battery"}
    )
    assert answer.json()["actor_id"] == firm["person"]
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    (own,) = (await firms.http.get("/v1/firms", headers=headers)).json()
    assert own["id"] == firm["firm"]


async def test_an_official_of_the_place_invites_and_who_may_confirm_has_confirmed(
    firms: Firms,
) -> None:
    assert (await firms.entered("office"))["state"] == "confirmed"
    waiting = await firms.entered("committee", place="d/s/c/g")
    assert waiting["state"] == "waits"
    assert (await firms.confirm(waiting, "bureau")).is_success
    for who in ("stranger", "far-office", "committee"):
        assert code(await firms.enter(who)) == (403, "firm.not_official")


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        # Who sees nothing there is told nothing of it.
        ("person", (404, "granting.unknown")),
        ("stranger", (404, "granting.unknown")),
        ("committee", (403, "granting.wrong_role")),
        ("far-office", (404, "granting.unknown")),
    ],
)
async def test_who_has_not_the_say_confirms_no_firm(
    firms: Firms, who: str, refused: tuple[int, str]
) -> None:
    firm = await firms.entered()
    sender = firm["person"] if who == "person" else who
    assert code(await firms.confirm(firm, sender)) == refused
    assert code(await firms.bid(firm["person"])) == (403, "credential.no_role")


async def test_an_official_does_not_confirm_the_own_firm_not_even_after_leaving_it(
    firms: Firms,
) -> None:
    firm = await firms.entered("office-2", person=None)
    assert (firm["state"], firm["person"]) == ("waits", "office-2")
    assert code(await firms.confirm(firm, "office-2")) == (403, "firm.own")
    path = f"/v1/firms/{firm['firm']}/people/office-2/end"
    assert (await firms.post(path, "office-2", reason="sold")).is_success
    assert code(await firms.confirm(firm, "office-2")) == (403, "firm.own")
    assert (await firms.confirm(firm, "office")).is_success


async def test_a_code_that_somebody_made_up_is_refused_and_named(firms: Firms) -> None:
    for wrong in ("91350100M000100Y44", "91350100M000100Y4", "9135-0100-M000100Y43"):
        answer = await firms.enter(code=wrong)
        (problem,) = answer.json()["problems"]
        assert (answer.status_code, problem["where"]) == (422, "code")
        assert problem["params"]["expected"] == "expected.credit_code"


async def test_of_two_firms_with_one_code_one_is_confirmed(firms: Firms) -> None:
    number = new_code()
    squatter, real = await firms.entered(code=number), await firms.entered(code=number.lower())
    assert (await firms.confirm(real)).is_success
    assert code(await firms.confirm(squatter)) == (409, "firm.code_taken")


async def test_a_refused_firm_reads_why_and_may_ask_again(firms: Firms) -> None:
    firm = await firms.entered()
    assert (await firms.end(firm)).is_success
    (own,) = await firms.listed(firm["person"], firm["firm"])
    (held,) = own["standings"]
    assert (held["state"], held["reason"]) == ("refused", "the licence is over")
    asked = {"role": "contractor", "place": "d/s"}
    again = await firms.post(f"/v1/firms/{firm['firm']}/places", firm["person"], **asked)
    assert again.json()["state"] == "waits"
    twice = await firms.post(f"/v1/firms/{firm['firm']}/places", firm["person"], **asked)
    assert code(twice) == (409, "granting.already_there")
    assert await firms.listed("far-office", firm["firm"]) == []
    assert await firms.listed("stranger", firm["firm"]) == []


async def test_a_firm_of_another_place_and_one_that_has_ended_do_not_bid(firms: Firms) -> None:
    far = await firms.entered("far-office", place="d/s-far")
    assert code(await firms.bid(far["person"])) == (403, "credential.no_role")
    firm = await firms.entered("office")
    assert (await firms.end(firm)).is_success
    assert code(await firms.bid(firm["person"])) == (403, "credential.no_role")
    district = await firms.entered("bureau", place="d")
    assert (await firms.bid(district["person"])).status_code == 201


async def test_several_people_act_for_a_firm_which_bids_once_and_who_has_left_acts_no_more(
    firms: Firms,
) -> None:
    firm = await firms.entered("office")
    path = f"/v1/firms/{firm['firm']}/people"
    second = (await firms.post(path, firm["person"], name="Li Si")).json()["person"]
    await sign_in(firms.sql, second)
    assert code(await firms.post(path, "stranger", name="Me")) == (404, "firm.unknown")
    assert (await firms.bid(second)).status_code == 201
    twice = await firms.bid(firm["person"])
    assert twice.json()["code"] == "bidding.already_bid"
    assert (await firms.post(f"{path}/{second}/end", "office", reason="left")).is_success
    assert code(await firms.bid(second)) == (403, "credential.no_role")
    assert code(await firms.post(path, second, name="Me")) == (404, "firm.unknown")
    gone = await firms.post(f"{path}/{second}/end", "office", reason="left")
    assert code(gone) == (404, "firm.nobody")


async def test_a_person_acts_for_one_firm_at_a_time(firms: Firms) -> None:
    firm = await firms.entered("office")
    other = await firms.enter(firm["person"], person=None)
    assert code(other) == (409, "firm.other_firm")


@pytest.mark.parametrize(
    ("role", "place"), [("owners_committee", "g"), ("supervisor", "g"), ("evaluator", "d")]
)
async def test_a_firm_of_somebody_who_tenders_supervises_or_evaluates_does_not_bid(
    firms: Firms, role: str, place: str
) -> None:
    firm = await firms.entered("office")
    await firms.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'x', $2, $3)",
        *(firm["person"], role, place),
    )
    assert code(await firms.bid(firm["person"])) == (403, "bidding.related")


async def test_nobody_is_made_a_firm_by_a_list_of_people(firms: Firms) -> None:
    for person, role, refused in (
        ("builder", "contractor", "granting.firm_registers"),
        ("bank-x", "payment_provider", "granting.firm_registers"),
        ("firm-91350100M000100Y43-0", "grid_worker", "granting.reserved"),
    ):
        answer = await firms.post(
            "/v1/grants",
            "bureau",
            person=person,
            name="N",
            role=role,
            place="d/s",
            reason="r",
        )
        assert code(answer) == (422, refused)


async def test_an_ended_bank_reports_no_payments(firms: Firms) -> None:
    bank = await firms.entered("office", role="payment_provider")
    path = f"/v1/renovations/{firms.rid}/payments"
    body = {"payments": [{"unit_number": "1-101", "amount_fen": 1}]}
    assert code(await firms.post(path, bank["person"], **body))[1] == "cost_sharing.nothing_due"
    assert (await firms.end(bank)).is_success
    assert code(await firms.post(path, bank["person"], **body)) == (403, "credential.no_role")


async def test_a_firm_keeps_programs_and_lays_its_role_down(firms: Firms) -> None:
    bank = await firms.entered("office", role="payment_provider")
    added = await firms.post(
        "/v1/clients",
        bank["person"],
        client=f"c-{firms.rid}",
        actor=bank["firm"],
        scopes=["report_payments"],
    )
    assert added.is_success, added.text
    headers = {"Authorization": f"Bearer {added.json()['key']}"}
    path = f"/v1/renovations/{firms.rid}/payments"
    body = {"command_id": "p", "payments": [{"unit_number": "1-101", "amount_fen": 1}]}
    paid = await firms.http.post(path, json=body, headers=headers)
    assert code(paid)[1] == "cost_sharing.nothing_due"
    assert (await firms.end(bank, bank["person"])).is_success
    paid = await firms.http.post(path, json=body, headers=headers)
    assert code(paid) == (403, "credential.no_role")


async def test_the_people_of_a_firm_keep_its_programs_and_who_leaves_has_no_key_of_it(
    firms: Firms,
) -> None:
    bank = await firms.entered("office", role="payment_provider")
    people = f"/v1/firms/{bank['firm']}/people"
    second = (await firms.post(people, bank["person"], name="Li Si")).json()["person"]
    await sign_in(firms.sql, second)

    async def added(name: str, by: str) -> dict[str, str]:
        made = await firms.post(
            "/v1/clients", by, client=name, actor=bank["firm"], scopes=["report_payments"]
        )
        assert made.is_success, made.text
        return {"Authorization": f"Bearer {made.json()['key']}"}

    async def pays(key: dict[str, str]) -> tuple[int, str]:
        path = f"/v1/renovations/{firms.rid}/payments"
        body = {"command_id": "p", "payments": [{"unit_number": "1-101", "amount_fen": 1}]}
        return code(await firms.http.post(path, json=body, headers=key))

    stays, turned, leaves = (f"{each}-{firms.rid}" for each in ("stays", "turned", "leaves"))
    kept, old = await added(stays, bank["person"]), await added(turned, bank["person"])
    own = await added(leaves, second)
    for who in (bank["person"], second):
        listed = await firms.http.get("/v1/clients", headers=bearer(who))
        assert {each["client"] for each in listed.json()} == {stays, turned, leaves}
    rotated = await firms.post(f"/v1/clients/{turned}/rotation", second)
    assert rotated.json()["key"], rotated.text
    stranger = await firms.post(f"/v1/clients/{turned}/rotation", "stranger")
    assert code(stranger) == (404, "client.unknown")
    new = {"Authorization": f"Bearer {rotated.json()['key']}"}
    for key in (kept, old, own, new):
        assert (await pays(key))[1] == "cost_sharing.nothing_due"
    assert (await firms.post(f"{people}/{second}/end", bank["person"], reason="left")).is_success
    for key in (old, own, new):
        assert await pays(key) == (401, "credential.key_revoked")
    assert (await pays(kept))[1] == "cost_sharing.nothing_due"
    gone = await firms.sql.fetch(
        "SELECT details->>'client' AS client FROM place_event WHERE kind = 'client.revoked'"
        " AND details->>'client' LIKE $1 ORDER BY 1",
        f"%-{firms.rid}",
    )
    assert [each["client"] for each in gone] == [leaves, turned]
    revoked = await firms.post(f"/v1/clients/{stays}/revocation", bank["person"], reason="over")
    assert revoked.json()["revoked"], revoked.text


async def test_an_ended_firm_gets_no_direct_award(firms: Firms, database: Database) -> None:
    firm = await firms.entered("office")

    async def ask(session: AsyncSession) -> None:
        await refuse_unconfirmed(session, firms.rid, "d/s/c/g", firm["firm"])

    await database.transaction(ask)
    assert (await firms.end(firm)).is_success
    with pytest.raises(Refused, match=r"bidding\.not_confirmed"):
        await database.transaction(ask)


async def test_who_acts_or_acted_for_the_contractor_is_the_contractor(
    firms: Firms, database: Database
) -> None:
    firm = await firms.entered("office")
    inspector = Actor(id=firm["person"], role=Role.SUPERVISOR, label="x")
    path = f"/v1/firms/{firm['firm']}/people/{firm['person']}/end"
    assert (await firms.post(path, "office", reason="left")).is_success
    async with database.session() as session:
        assert await contractor_as(session, inspector, firm["firm"]) == inspector.id
        other = inspector.model_copy(update={"id": "office"})
        assert await contractor_as(session, other, firm["firm"]) == firm["firm"]


async def test_only_so_many_firms_wait_at_a_place(firms: Firms) -> None:
    await firms.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from)"
        " SELECT 'firm-crowd-' || n, 'x', 'contractor', 'c', NULL FROM generate_series(1, $1::int) n",
        MOST_WAITING,
    )
    assert code(await firms.enter(place="d/s/c")) == (409, "firm.too_many_waiting")
    assert (await firms.enter(place="d/s")).status_code == 201


async def test_a_stage_says_what_it_lacks_until_it_is_there(firms: Firms) -> None:
    await firms.sql.execute("UPDATE renovation SET stage = 'bidding' WHERE id = $1", firms.rid)
    await firms.sql.execute(
        "UPDATE role_grant SET valid_until = now() WHERE role = 'contractor' AND valid_until IS NULL"
    )
    lack = (await firms.lacks())["few_bidders"]
    assert (lack["stage"], lack["have"], lack["need"]) == ("bidding", 0, 3)
    firm = await firms.entered("committee", place="d/s/c/g")
    assert (await firms.lacks())["few_bidders"]["have"] == 0
    assert (await firms.confirm(firm)).is_success
    assert (await firms.lacks())["few_bidders"]["have"] == 1
    await firms.sql.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", firms.rid)
    assert await firms.lacks() == {}
