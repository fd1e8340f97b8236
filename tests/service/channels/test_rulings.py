"""Contested ballots: a ruling sees no choice, is recorded once, and waits for what is committed."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest

from tests.support.box import close_box, open_box, put_ballots
from tests.support.channels import Channels, code, grant_roles, official

Make = Callable[..., Awaitable[str]]
UNIT = "1-101"
RESIDENTS, STREET = official("residents"), official("street")


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    return Channels(http, sql, rid, await open_box(sql, rid))


async def contest(vote: Channels, unit: str = UNIT) -> tuple[str, str]:
    """A web ballot and a paper ballot of one unit; their ids."""
    web = (await vote.web(unit, "yes")).json()["ballot_id"]
    (paper,) = await put_ballots(vote.sql, vote.box, [(unit, {"works": "no"})], channel="paper")
    return web, paper


async def ruling(
    vote: Channels, kind: str, who: dict[str, str] = RESIDENTS, **more: object
) -> httpx.Response:
    body = {"unit_number": UNIT, "kind": kind, "reason": "both were handed in", **more}
    command = str(body.pop("command_id", ""))
    return await vote.post("/rulings", who, command, **body)


async def rows(vote: Channels) -> list[asyncpg.Record]:
    return await vote.sql.fetch(
        "SELECT * FROM ballot_ruling WHERE box_id=$1 ORDER BY number", vote.box
    )


async def test_the_list_of_contested_units_has_channels_and_codes_but_no_choice(
    vote: Channels,
) -> None:
    web, paper = await contest(vote)
    await vote.web("1-102", "no")
    (line,) = (await vote.get("/contested", RESIDENTS)).json()
    assert line["unit_numbers"] == [UNIT]
    assert [(b["ballot_id"], b["channel"]) for b in line["ballots"]] == [
        (web, "web"),
        (paper, "paper"),
    ]
    assert set(line["ballots"][0]) == {"ballot_id", "code", "channel", "recorded_at"}


async def test_an_accepted_ballot_is_recorded_with_an_event_once(vote: Channels) -> None:
    _, paper = await contest(vote)
    code_of_it = (await vote.get("/contested", RESIDENTS)).json()[0]["ballots"][1]["code"]
    first = await ruling(vote, "accepted", ballot=code_of_it.lower(), command_id=f"{vote.rid}-r")
    again = await ruling(vote, "accepted", ballot=code_of_it.lower(), command_id=f"{vote.rid}-r")
    assert first.status_code == 201
    assert first.json() == again.json()
    (row,) = await rows(vote)
    last = (await vote.ballots())[-1]["seq"]
    assert (row["kind"], row["ballot_id"], row["number"], row["up_to_seq"]) == (
        "accepted",
        paper,
        1,
        last,
    )
    assert await vote.events() == ["voting.ballots_ruled_on"]
    details = await vote.sql.fetchval(
        "SELECT details::text FROM event WHERE renovation_id=$1", vote.rid
    )
    assert UNIT not in details
    assert "handed in" not in details
    assert (await vote.get("/contested", RESIDENTS)).json() == []


async def test_a_dispute_is_settled_by_somebody_else(vote: Channels) -> None:
    await vote.web(UNIT, "yes")
    assert (await ruling(vote, "set_aside")).json()["code"] == "ruling.not_contested"
    assert (await ruling(vote, "disputed")).status_code == 201
    assert code(await ruling(vote, "set_aside")) == (403, "ruling.own_dispute")
    assert (await ruling(vote, "set_aside", STREET)).status_code == 201
    assert [(row["number"], row["kind"]) for row in await rows(vote)] == [
        (1, "disputed"),
        (2, "set_aside"),
    ]


async def test_a_ballot_after_the_ruling_by_another_way_contests_it_again(vote: Channels) -> None:
    _, paper = await contest(vote)
    await ruling(vote, "accepted", ballot=paper)
    await vote.web(UNIT, "no")
    (line,) = (await vote.get("/contested", RESIDENTS)).json()
    assert line["rulings"] == 1
    assert (await ruling(vote, "set_aside")).status_code == 201
    assert (await vote.get("/contested", RESIDENTS)).json() == []


# carries E4
async def test_what_is_contested_takes_no_part_in_the_turnout_until_it_is_settled(
    vote: Channels,
) -> None:
    async def heads() -> int:
        return int((await vote.get("/turnout", {})).json()["participating_heads"])

    await vote.web("1-102", "yes")
    _, paper = await contest(vote)
    assert await heads() == 1
    await ruling(vote, "accepted", ballot=paper)
    assert await heads() == 2
    await ruling(vote, "disputed")
    assert await heads() == 1


async def test_a_ballot_of_another_unit_is_not_accepted(vote: Channels) -> None:
    await contest(vote)
    other, _ = await contest(vote, "1-102")
    assert code(await ruling(vote, "accepted", ballot=other)) == (404, "ruling.ballot_unknown")


async def test_a_grid_worker_an_owner_and_a_committee_do_not_rule(vote: Channels) -> None:
    await contest(vote)
    for who in ("grid", "committee", "city-portal"):
        answer = await ruling(vote, "set_aside", official(who))
        assert code(answer) == (403, "credential.no_role")
        assert code(await vote.get("/contested", official(who))) == (403, "credential.no_role")
    assert await rows(vote) == []


async def test_nothing_is_ruled_on_after_the_close(vote: Channels, owner: str) -> None:
    await contest(vote)
    await close_box(owner, vote.box)
    assert code(await ruling(vote, "set_aside")) == (409, "voting.box_closed")
    assert await rows(vote) == []


async def test_a_closing_waits_for_a_ruling_and_a_ruling_for_the_closing(
    vote: Channels, owner: str
) -> None:
    await contest(vote)
    holder = await asyncpg.connect(owner)
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM ballot_box WHERE id=$1 FOR UPDATE", vote.box)
            asked = asyncio.create_task(ruling(vote, "set_aside"))
            async with asyncio.timeout(20):
                while not await vote.sql.fetchval(
                    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"
                ):
                    await asyncio.sleep(0.01)
            await holder.execute(
                "UPDATE ballot_box SET state='closed', closed_at=now() WHERE id=$1", vote.box
            )
        assert code(await asked) == (409, "voting.box_closed")
    finally:
        await holder.close()


async def test_a_ballot_that_is_being_committed_is_below_the_ruling_or_after_it(
    vote: Channels, owner: str
) -> None:
    await contest(vote)
    ids = [f"{vote.rid}-p{number}" for number in range(30)]
    ruled, *_ = await asyncio.gather(
        ruling(vote, "set_aside"), *(vote.web(UNIT, "yes", name) for name in ids)
    )
    assert ruled.status_code == 201
    (row,) = await rows(vote)
    times = await vote.sql.fetch(
        "SELECT seq <= $2 AS settled, recorded_at <= $3 AS before FROM ballot WHERE box_id=$1",
        vote.box,
        row["up_to_seq"],
        row["recorded_at"],
    )
    assert all(each["settled"] == each["before"] for each in times)


async def test_two_rulings_at_once_count_up(vote: Channels) -> None:
    await contest(vote)
    answers = await asyncio.gather(*(ruling(vote, "disputed") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert [row["number"] for row in await rows(vote)] == list(range(1, 9))
