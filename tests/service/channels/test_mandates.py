"""Mandates: registered, capped, bound, taken back; the owner's own ballot prevails."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.channels import load_proxies
from models.tables import Notice, Renovation
from runtime.ballots.standing import STATES, arguments
from runtime.database import Database
from service.notices.audiences import find_audience
from service.notices.wording import text_of
from tests.support.box import close_box, open_box, said_in
from tests.support.channels import (
    Channels,
    agent_of,
    code,
    confirmed,
    grant_roles,
    official,
    owner_of,
)

Make = Callable[..., Awaitable[str]]
COMMITTEE = official("committee")
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
NAME, NUMBER = "Li Jianguo", "370701198001010017"
OPTIONS = [{"id": "blue-roof", "title": "Blue"}, {"id": "red-roof", "title": "Red"}]
MOTIONS: list[dict[str, object]] = [
    {"id": "works", "title": "Works", "kind": "major"},
    {"id": "roof", "title": "Roof", "kind": "ordinary", "options": OPTIONS},
]


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute("UPDATE renovation SET rule_pack='CN-3707-2022' WHERE id=$1", rid)
    return Channels(http, sql, rid, await open_box(sql, rid, motions=MOTIONS))


async def registered(
    vote: Channels,
    unit: str = "1-101",
    number: str = NUMBER,
    command_id: str = "",
    **more: object,
) -> httpx.Response:
    body = {
        "unit_number": unit,
        "agent_name": NAME,
        "agent_identity": number,
        "motions": ["works", "roof"],
        "document": "folder 3, sheet 7",
        "valid_from": (NOW - DAY).isoformat(),
        "valid_until": (NOW + DAY).isoformat(),
        **more,
    }
    made = await vote.post("/mandates", COMMITTEE, command_id, **body)
    return await confirmed(vote, made, command_id=command_id)


async def proxy(
    vote: Channels, who: dict[str, str], command_id: str = "", **choices: str
) -> httpx.Response:
    return await vote.post("/proxy-ballots", who, command_id, choices=choices)


async def test_an_agent_votes_for_the_owner_with_a_ticket_of_the_mandate(
    vote: Channels,
) -> None:
    who = agent_of(vote.rid, await registered(vote))
    first = await proxy(vote, who, "same", works="yes")
    again = await proxy(vote, who, "same", works="yes")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["unit_number"] == "1-101"
    (row,) = await vote.ballots()
    assert (row["channel"], row["unit_number"]) == ("proxy", "1-101")
    assert await vote.events() == ["proposal.made", "voting.mandate_registered"]
    changed = await proxy(vote, who, "same", works="no")
    assert code(changed) == (409, "journal.command_reused")


async def test_a_registration_sent_twice_is_one_mandate(
    vote: Channels,
) -> None:
    first = await registered(vote, command_id=f"{vote.rid}-m")
    again = await registered(vote, command_id=f"{vote.rid}-m")
    assert first.json() == again.json()
    assert len((await vote.get("/mandates", COMMITTEE)).json()) == 1


async def test_neither_name_nor_number_nor_instruction_is_in_what_may_be_read(
    vote: Channels,
) -> None:
    await registered(vote, instructions={"roof": "red-roof"})
    rows = await vote.everything(but=("public.ballot_box",))
    for secret in (NAME, NUMBER, "red-roof"):
        assert secret not in rows
    listed = (await vote.get("/mandates", COMMITTEE)).text
    assert NAME not in listed
    assert "red-roof" not in listed
    assert '"bound_on":["roof"]' in listed


async def test_the_fourth_mandate_is_refused_also_when_all_come_at_once(vote: Channels) -> None:
    units = ("1-101", "1-102", "1-201", "1-202", "1-301", "1-302")
    answers = await asyncio.gather(*(registered(vote, unit) for unit in units))
    codes = [answer.json().get("code") for answer in answers]
    assert sorted(codes, key=str) == [None] * 3 + ["mandate.too_many"] * 3
    free = units[codes.index("mandate.too_many")]
    assert (await registered(vote, free, "another-document")).status_code == 201


async def test_an_owner_has_one_mandate_until_it_is_revoked(vote: Channels) -> None:
    first = await registered(vote)
    assert code(await registered(vote, number="other-1")) == (409, "mandate.already_given")
    path = f"/mandates/{first.json()['id']}/revocation"
    revoked = [
        await vote.post(path, COMMITTEE, f"{vote.rid}-rev", reason="Mr Li is ill") for _ in range(2)
    ]
    assert revoked[0].json() == revoked[1].json()
    assert code(await vote.post(path, COMMITTEE, reason="again")) == (403, "mandate.revoked")
    assert (await registered(vote, number="other-1")).status_code == 201
    history = (await vote.get("/mandates", COMMITTEE)).json()
    assert [each["revoked_at"] is None for each in history] == [False, True]
    assert code(await proxy(vote, agent_of(vote.rid, first), works="yes")) == (
        403,
        "mandate.revoked",
    )
    events = await vote.sql.fetchval(
        "SELECT string_agg(details::text, '') FROM event WHERE renovation_id=$1", vote.rid
    )
    assert "ill" not in events


async def test_an_instruction_binds_and_is_not_told(vote: Channels) -> None:
    who = agent_of(vote.rid, await registered(vote, instructions={"roof": "red-roof"}))
    wrong = await proxy(vote, who, works="yes", roof="blue-roof")
    assert code(wrong) == (403, "mandate.against_instruction")
    assert "red-roof" not in wrong.text
    assert code(await proxy(vote, who, works="yes")) == (403, "mandate.against_instruction")
    assert (await proxy(vote, who, works="yes", roof="red-roof")).status_code == 201
    assert len(await vote.ballots()) == 1


async def test_a_motion_outside_of_the_mandate_is_not_voted_on(vote: Channels) -> None:
    who = agent_of(vote.rid, await registered(vote, motions=["works"]))
    answer = await proxy(vote, who, works="yes", roof="red-roof")
    assert code(answer) == (403, "mandate.not_covered")


async def test_a_mandate_out_of_its_period_is_refused(vote: Channels) -> None:
    later = agent_of(vote.rid, await registered(vote, valid_from=(NOW + DAY / 2).isoformat()))
    assert code(await proxy(vote, later, works="yes")) == (403, "mandate.not_in_force")
    over = await registered(vote, "1-102", valid_until=(NOW - DAY / 2).isoformat())
    assert code(over) == (422, "mandate.period")


async def test_the_owners_own_ballot_prevails_whenever_it_came(vote: Channels) -> None:
    who = agent_of(vote.rid, await registered(vote))
    own = (await vote.web("1-101", "no")).json()["ballot_id"]
    theirs = (await proxy(vote, who, works="yes")).json()["ballot_id"]
    rows = await vote.sql.fetch(f"SELECT id, state FROM ({STATES}) s", *arguments(vote.box))
    states = {row["id"]: row["state"] for row in rows}
    assert (states[own], states[theirs]) == ("counted", "superseded")


async def test_the_same_command_id_of_owner_and_agent_is_two_ballots(vote: Channels) -> None:
    who = agent_of(vote.rid, await registered(vote))
    await proxy(vote, who, "one", works="yes")
    assert (await vote.web("1-101", "yes", "one")).status_code == 201
    assert [row["channel"] for row in await vote.ballots()] == ["proxy", "web"]


async def test_no_other_credential_votes_on_a_mandate(vote: Channels) -> None:
    await registered(vote)
    for who in (COMMITTEE, owner_of(vote.rid, "1-101"), official("grid")):
        assert code(await proxy(vote, who, works="yes")) == (401, "credential.wrong")
    body: dict[str, Any] = {"unit_number": "1-101", "choices": {"works": "yes"}}
    other = agent_of(vote.rid, await registered(vote, "1-102"))
    assert code(await vote.post("/ballots", other, **body)) == (401, "credential.wrong")


async def test_a_revocation_waits_for_the_ballots_that_are_under_way(vote: Channels) -> None:
    first = await registered(vote)
    path = f"/mandates/{first.json()['id']}/revocation"
    answers = await asyncio.gather(
        *(proxy(vote, agent_of(vote.rid, first), works="yes") for _ in range(6)),
        vote.post(path, COMMITTEE, reason="changed my mind"),
        *(proxy(vote, agent_of(vote.rid, first), works="no") for _ in range(6)),
    )
    assert {answer.status_code for answer in answers} <= {201, 403}
    late = await vote.sql.fetchval(
        "SELECT count(*) FROM ballot b, mandate_revocation r"
        " WHERE b.box_id=$1 AND r.mandate_id=$2 AND b.recorded_at > r.revoked_at",
        vote.box,
        first.json()["id"],
    )
    assert late == 0


async def test_after_the_close_nothing_is_registered_revoked_or_cast(
    vote: Channels, owner: str
) -> None:
    first = await registered(vote)
    await close_box(owner, vote.box)
    assert code(await registered(vote, "1-102")) == (409, "voting.box_closed")
    path = f"/mandates/{first.json()['id']}/revocation"
    assert code(await vote.post(path, COMMITTEE, reason="late")) == (409, "voting.box_closed")
    assert code(await proxy(vote, agent_of(vote.rid, first), works="yes")) == (
        409,
        "voting.box_closed",
    )


async def test_a_mandate_of_an_earlier_vote_is_over(vote: Channels) -> None:
    first = await registered(vote)
    await open_box(vote.sql, vote.rid, attempt=2, motions=MOTIONS)
    assert code(await proxy(vote, agent_of(vote.rid, first), works="yes")) == (
        409,
        "mandate.other_vote",
    )


async def test_a_mandate_may_be_registered_before_the_box_opens(vote: Channels) -> None:
    vote.box = await open_box(
        vote.sql, vote.rid, attempt=2, motions=MOTIONS, opens_in=DAY / 2, closes_in=DAY
    )
    who = agent_of(vote.rid, await registered(vote))
    assert code(await proxy(vote, who, works="yes")) == (409, "voting.box_not_open_yet")


async def test_the_result_lists_mandates_by_agent_without_names(
    vote: Channels, database: Database
) -> None:
    one, two = await registered(vote), await registered(vote, "1-102")
    other = await registered(vote, "1-201", "another-document")
    await proxy(vote, agent_of(vote.rid, one), works="yes")
    await vote.post(f"/mandates/{two.json()['id']}/revocation", COMMITTEE, reason="no longer")
    await proxy(vote, agent_of(vote.rid, other), works="yes")

    async def read(session: AsyncSession) -> object:
        return await load_proxies(session, vote.box)

    assert await database.transaction(read) == [
        {"agent": 1, "mandates": 2, "revoked": 1, "voted": 1},
        {"agent": 2, "mandates": 1, "revoked": 0, "voted": 1},
    ]
    assert [each["works"] for each in await said_in(vote.sql, vote.box)] == ["yes", "yes"]


async def test_in_taiwan_an_agent_carries_at_most_a_fifth_of_all_owners(vote: Channels) -> None:
    await vote.sql.execute("UPDATE renovation SET rule_pack='TW-2003' WHERE id=$1", vote.rid)
    await vote.sql.execute(
        "UPDATE ballot_box SET motions = (SELECT jsonb_agg(m || jsonb_build_object('matter', 'repair'))"
        " FROM jsonb_array_elements(motions) m) WHERE id=$1",
        vote.box,
    )
    for unit in ("1-101", "1-102"):
        assert (await registered(vote, unit)).status_code == 201
    third = await registered(vote, "1-201")
    (problem, *_) = third.json()["problems"]
    assert (problem["code"], problem["params"]["have"], problem["params"]["most"]) == (
        "mandate.carries_too_much",
        3,
        2,
    )
    assert (await registered(vote, "1-201", "somebody else")).status_code == 201


async def test_the_owner_is_told_at_once_and_an_objection_contests_the_agents_ballot(
    vote: Channels, database: Database
) -> None:
    """The notice is for that home alone, in the mandate's own transaction; the ballot then counts for nobody."""
    who = agent_of(vote.rid, await registered(vote))
    rows = await vote.sql.fetch("SELECT * FROM notice WHERE renovation_id=$1", vote.rid)
    (row,) = [each for each in rows if each["template"] == "mandate_registered"]
    async with database.session() as session:
        notice = await session.get_one(Notice, row["id"])
        case = await session.get_one(Renovation, vote.rid)
        told = await find_audience(session, case, notice)
    assert [each.unit_number for each in told] == ["1-101"]
    for language in ("en", "zh_CN"):
        text = text_of(notice.template, notice.params, language, "Asia/Shanghai", {})
        assert "1-101" in text
        assert "%(" not in text
    assert (await proxy(vote, who, works="yes")).status_code == 201
    body = {"unit_number": "1-101", "kind": "disputed", "reason": "we gave no mandate"}
    ruled = await vote.post("/rulings", official("residents"), "", **body)
    assert ruled.status_code == 201, ruled.text
    (line,) = (await vote.get("/contested", official("residents"))).json()
    assert [each["channel"] for each in line["ballots"]] == ["proxy"]
    assert (await vote.get("/turnout", {})).json()["participating_heads"] == 0
