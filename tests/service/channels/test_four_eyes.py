"""Four eyes: what makes voting power counts from the confirmation of a second person, and of no fewer."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from formats.roll import owner_key, stored_owner_key
from rules.four_eyes import Proposing
from runtime.ballots.mandates import holdings
from runtime.database import Database
from service.estates.units import owner_secret
from service.identity.tokens import token_hash
from service.proposals.deciding import ENTER
from tests.support.box import open_box
from tests.support.channels import (
    KEY,
    Channels,
    agent_of,
    code,
    confirmed,
    grant_roles,
    official,
    owner_of,
)
from tests.support.people import sign_in
from tests.support.votes.portal import ACTOR as PORTAL

Make = Callable[..., Awaitable[str]]
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
COMMITTEE = ("committee", "committee2", "committee3")
UNITS = ("1-101", "1-102", "1-201")
MOTIONS: list[dict[str, object]] = [{"id": "works", "title": "Works", "kind": "major"}]


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('committee3', 'committee3', 'owners_committee', 'd'),"
        " ('committee', 'committee', 'residents_committee', 'd') ON CONFLICT DO NOTHING"
    )
    await sign_in(sql, "committee3")
    key = stored_owner_key(owner_key(("Wang Xiuying",)), owner_secret(SecretStr(KEY)))
    await sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number='1-301'", f"{rid}.estate", key
    )
    box = await open_box(sql, rid, opens_in=-2 * DAY, closes_in=2 * DAY, motions=MOTIONS)
    return Channels(http, sql, rid, box)


async def proposed(
    vote: Channels, unit: str = "1-101", who: str = "committee", **more: Any
) -> httpx.Response:
    return await vote.post(
        "/mandates",
        official(who),
        unit_number=unit,
        agent_name="Li Jianguo",
        agent_identity=f"number of the agent of {unit}",
        motions=["works"],
        document="folder 3, sheet 7",
        valid_from=(NOW - DAY).isoformat(),
        valid_until=(NOW + DAY).isoformat(),
        **more,
    )


async def sale(vote: Channels, who: str = "committee") -> httpx.Response:
    return await vote.post(
        "/replacements",
        official(who),
        unit_number="1-301",
        seller_names=["Wang Xiuying"],
        buyer_names=["Zhao Lei"],
        registered_on=NOW.date().isoformat(),
        evidence="extract 17",
    )


def lines(*made: httpx.Response) -> list[dict[str, str]]:
    return [
        {"id": each.json()["id"], "content_sha256": each.json()["content_sha256"]} for each in made
    ]


def test_whatever_is_proposed_can_be_confirmed() -> None:
    assert ENTER.keys() == set(Proposing)


async def test_nothing_counts_before_the_second_person_and_no_answer_to_the_first_has_a_credential(
    vote: Channels,
) -> None:
    made = await proposed(vote)
    assert (made.status_code, made.json()["kind"]) == (202, "proposal.made")
    assert "credential" not in made.text
    assert (await vote.get("/mandates", official("committee"))).json() == []
    sold = await sale(vote)
    assert "credential" not in sold.text
    count = "SELECT count(*) FROM owner_replacement WHERE renovation_id=$1"
    assert await vote.sql.fetchval(count, vote.rid) == 0
    assert await vote.events() == ["proposal.made", "proposal.made"]


async def test_a_person_of_two_roles_does_not_confirm_the_own_proposal(vote: Channels) -> None:
    """`committee` is in the owners' committee and in the residents' committee: one person."""
    made = await proposed(vote)
    assert code(await confirmed(vote, made, "committee")) == (403, "proposal.own")
    # Where nobody else of the committee is there, the street office confirms.
    assert (await confirmed(vote, made, "street")).status_code == 201


async def test_one_person_is_one_in_two_accounts(vote: Channels) -> None:
    """Whatever `committee` signs in with acts as the one person that `committee` is."""
    await vote.sql.execute(
        "INSERT INTO private.account (id, actor_id, person_id, name, created_at)"
        " VALUES ($1::varchar, 'committee', 'committee', $1::varchar, now())",
        f"{vote.rid}-second",
    )
    token = f"s1.{vote.rid}-second"
    await vote.sql.execute(
        "INSERT INTO private.session (id, account_id, way, created_at, expires_at)"
        " VALUES ($1, $2, 'password', now(), now() + interval '1 day')",
        token_hash(token),
        f"{vote.rid}-second",
    )
    made, second = await proposed(vote), {"Authorization": f"Bearer {token}"}
    sheet = await vote.post("/proposals/confirmations", second, proposals=lines(made))
    assert code(sheet) == (403, "proposal.own")
    with pytest.raises(asyncpg.CheckViolationError):
        await vote.sql.execute(
            "UPDATE private.account SET actor_id='other' WHERE id=$1", f"{vote.rid}-second"
        )


async def test_who_registers_or_confirms_a_mandate_is_not_its_agent(vote: Channels) -> None:
    await vote.sql.execute("UPDATE private.person SET name = 'Li  Jianguo' WHERE id = 'committee3'")
    try:
        own = await proposed(vote, who="committee3")
        assert code(own) == (403, "mandate.own_register")
        made = await proposed(vote)
        assert code(await confirmed(vote, made, "committee3")) == (403, "mandate.own_register")
        assert (await confirmed(vote, made, "committee2")).status_code == 201
    finally:
        await vote.sql.execute(
            "UPDATE private.person SET name = 'committee3' WHERE id = 'committee3'"
        )


async def test_a_confirmation_is_of_what_was_read_and_of_a_person_who_may(vote: Channels) -> None:
    made = await proposed(vote)
    other = [{**lines(made)[0], "content_sha256": "0" * 64}]
    sheet = await vote.post("/proposals/confirmations", official("street"), proposals=other)
    assert code(sheet) == (409, "proposal.other_content")
    for who in ("grid", PORTAL):
        assert code(await confirmed(vote, made, who)) == (403, "credential.no_role")
    unknown = [{"id": "nothing", "content_sha256": "0" * 64}]
    sheet = await vote.post("/proposals/confirmations", official("street"), proposals=unknown)
    assert code(sheet) == (404, "proposal.unknown")


async def test_a_withdrawn_an_expired_and_a_void_proposal_are_not_confirmed(
    vote: Channels,
) -> None:
    withdrawn, void, late = [await proposed(vote, unit) for unit in UNITS]
    path = f"/proposals/{withdrawn.json()['id']}/withdrawal"
    taken = await vote.post(path, official("committee2"), reason="the paper is not signed")
    assert taken.status_code == 201, taken.text
    await vote.sql.execute(
        "UPDATE proposal SET stage='an earlier run' WHERE id=$1", void.json()["id"]
    )
    await vote.sql.execute(
        "UPDATE proposal SET expires_at=proposed_at WHERE id=$1", late.json()["id"]
    )
    for made in (withdrawn, void, late):
        assert code(await confirmed(vote, made)) == (409, "proposal.not_open")
    listed = (await vote.get("/proposals", official("street"))).json()
    assert [each["state"] for each in listed] == ["withdrawn", "void", "expired"]
    assert "paper is not signed" not in await vote.everything(but=("public.command_receipt",))


async def test_a_bureau_turns_down_nothing_that_it_has_not_proposed(vote: Channels) -> None:
    """It may propose, so it has the door; it confirms nothing, so what others propose is not its to end."""
    await vote.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('bureau-1', 'bureau-1', 'district_bureau', 'd') ON CONFLICT DO NOTHING"
    )
    await sign_in(vote.sql, "bureau-1")
    theirs = await proposed(vote)
    own = await vote.post("/acts/cancel_renovation", official("bureau-1"), reason="no money")
    path = "/proposals/{}/withdrawal"
    kept = await vote.post(path.format(theirs.json()["id"]), official("bureau-1"), reason="not now")
    assert code(kept) == (403, "authority.wrong_role")
    taken = await vote.post(path.format(own.json()["id"]), official("bureau-1"), reason="not now")
    assert taken.status_code == 201, taken.text
    listed = (await vote.get("/proposals", official("bureau-1"))).json()
    assert [each["state"] for each in listed] == ["open", "withdrawn"]


async def test_a_sheet_confirms_many_and_sent_again_is_the_same(vote: Channels) -> None:
    made = [await proposed(vote, unit) for unit in UNITS]
    own = await proposed(vote, "1-202", "committee2")
    waiting = "SELECT subject, who, consequence FROM case_wait WHERE renovation_id=$1"
    rows = await vote.sql.fetch(waiting, vote.rid)
    assert {row["subject"] for row in rows} == {each.json()["id"] for each in (*made, own)}
    assert {(row["who"], row["consequence"]) for row in rows} == {
        ("owners_committee, residents_committee, street_office", "proposal_ended")
    }
    sheets = [
        await vote.post(
            "/proposals/confirmations",
            official("committee2"),
            f"{vote.rid}-sheet",
            proposals=lines(*made, own),
        )
        for _ in range(2)
    ]
    assert sheets[0].status_code == 201, sheets[0].text
    assert sheets[0].json() == sheets[1].json()
    assert len(sheets[0].json()["confirmed"]) == len(UNITS)
    assert sheets[0].json()["refused"] == [
        {"id": own.json()["id"], "code": "proposal.own", "params": {"actor": "committee2"}}
    ]
    assert [row["subject"] for row in await vote.sql.fetch(waiting, vote.rid)] == [own.json()["id"]]


async def test_a_committee_of_three_gets_through_mandates_a_sale_and_paper_by_itself(
    vote: Channels,
) -> None:
    """Nobody from outside is asked: each of the three proposes, another of them confirms."""
    agents = []
    for unit, first, second in zip(UNITS, COMMITTEE, COMMITTEE[1:] + COMMITTEE[:1], strict=True):
        agents.append(await confirmed(vote, await proposed(vote, unit, first), second))
    for agent in agents:
        who = agent_of(vote.rid, agent)
        cast = await vote.post("/proxy-ballots", who, choices={"works": "yes"})
        assert cast.status_code == 201, cast.text
    buyer = await confirmed(vote, await sale(vote, "committee3"), "committee")
    assert buyer.status_code == 201, buyer.text
    who = owner_of(vote.rid, "1-301", 1)
    cast = await vote.post("/ballots", who, unit_number="1-301", choices={"works": "yes"})
    assert cast.status_code == 201, cast.text
    paper: dict[str, Any] = {
        "reference": "bundle 1",
        "scan": "scans/1.pdf",
        "code": "a-code-on-the-bundle",
        "channel": "paper",
        "lines": [{"unit_number": "1-302", "choices": {"works": "no"}}],
    }
    typed = [await vote.post("/paper", official(who), **paper) for who in COMMITTEE[:2]]
    assert [each.json().get("cast") for each in typed] == [0, 1], typed[1].text
    assert len(await vote.ballots()) == 5
    actors = await vote.sql.fetch(
        "SELECT DISTINCT actor_id FROM event WHERE renovation_id=$1 AND actor_role <> 'owner'",
        vote.rid,
    )
    assert {row["actor_id"] for row in actors} <= set(COMMITTEE)


async def test_in_a_training_case_the_convener_plays_both_and_the_event_says_so(
    vote: Channels,
) -> None:
    await vote.sql.execute(
        "INSERT INTO case_clock (renovation_id, now, moved_seq) VALUES ($1, now(), 1)", vote.rid
    )
    first = await proposed(vote)  # the first event of this case: its convener
    done = await confirmed(vote, first, "committee")
    assert done.status_code == 201, done.text
    marked = "SELECT details->>'training' FROM event WHERE renovation_id=$1 ORDER BY seq DESC"
    assert await vote.sql.fetchval(marked, vote.rid) == "true"
    assert code(await confirmed(vote, await proposed(vote, "1-102", "street"))) == (
        403,
        "proposal.own",
    )


async def test_the_wall_has_numbers_and_owners_of_the_vote_see_rooms_and_agents(
    vote: Channels, database: Database
) -> None:
    first = await proposed(vote)
    path = f"/v1/renovations/{vote.rid}/turnout"
    posted = (await vote.http.get(path)).json()
    assert (posted["mandates"], posted["largest_holding"]) == (0, 0)
    await confirmed(vote, first)
    seen = await vote.get("/mandates/agents", owner_of(vote.rid, "1-302"))
    assert [each["unit_numbers"] for each in seen.json()] == [["1-101"]], seen.text
    assert "Li Jianguo" not in seen.text
    # The agent of 1-102 has agreed in the paper.
    await confirmed(vote, await proposed(vote, "1-102", agent_shown=True))
    seen = await vote.get("/mandates/agents", owner_of(vote.rid, "1-302"))
    names = {each["unit_numbers"][0]: each["agent_name"] for each in seen.json()}
    assert names == {"1-101": "", "1-102": "Li Jianguo"}
    assert "Li Jianguo" not in (await vote.http.get(path)).text
    assert code(await vote.get("/mandates/agents", official("grid"))) == (401, "credential.wrong")
    async with database.session() as session:
        assert await holdings(session, vote.box) == [1, 1]


async def test_the_owner_takes_the_mandate_back_alone_until_the_close(vote: Channels) -> None:
    agent = await confirmed(vote, await proposed(vote))
    path = "/mandates/revocation"
    assert code(await vote.post(path, owner_of(vote.rid, "1-102"), reason="no")) == (
        404,
        "mandate.unknown",
    )
    taken = await vote.post(path, owner_of(vote.rid, "1-101"), reason="I vote myself")
    assert taken.status_code == 201, taken.text
    who = agent_of(vote.rid, agent)
    cast = await vote.post("/proxy-ballots", who, choices={"works": "yes"})
    assert code(cast) == (403, "mandate.revoked")
