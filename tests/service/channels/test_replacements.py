"""A sale on a frozen roll: the buyer votes, the seller does not, whoever has read the roll before."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.channels import carry_credentials
from activities.voting.roll import freeze_roll
from formats.roll import owner_key, owner_key_before, stored_owner_key
from models.tables import BallotBox
from rules.voting import pack_for
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.estates.units import owner_secret
from tests.support.box import close_box, open_box, said_in
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

Make = Callable[..., Awaitable[str]]
COMMITTEE = official("committee")
UNIT, OTHER = "1-101", "1-102"
SELLER, BUYER = "Wang Xiuying", "Zhao Lei"
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number='1-101'",
        *(f"{rid}.estate", stored(SELLER)),
    )
    # Long enough around today, whatever the zone says the day is.
    box = await open_box(
        sql, rid, opens_in=timedelta(days=-2), closes_in=timedelta(days=2), motions=MOTIONS
    )
    return Channels(http, sql, rid, box)


MOTIONS = [{"id": "works", "title": "Works", "kind": "major"}]


async def sold(
    vote: Channels, seller: str = SELLER, buyer: str = BUYER, command_id: str = "", **more: object
) -> httpx.Response:
    body = {
        "unit_number": UNIT,
        "seller_names": [seller],
        "buyer_names": [buyer],
        "registered_on": TODAY.isoformat(),
        "evidence": "extract 17",
        **more,
    }
    made = await vote.post("/replacements", COMMITTEE, command_id, **body)
    return await confirmed(vote, made, command_id=command_id)


async def buyer(vote: Channels, answer: httpx.Response) -> dict[str, str]:
    """The buyer of the unit's last sale."""
    assert answer.status_code == 201, answer.text
    version = await vote.sql.fetchval(
        "SELECT version FROM unit_access WHERE renovation_id=$1 AND unit_number=$2", vote.rid, UNIT
    )
    return owner_of(vote.rid, UNIT, version)


async def cast(vote: Channels, who: dict[str, str], choice: str) -> httpx.Response:
    return await vote.post("/ballots", who, unit_number=UNIT, choices={"works": choice})


async def test_from_the_sale_on_the_buyer_votes_and_the_seller_does_not(vote: Channels) -> None:
    seller = owner_of(vote.rid, UNIT)
    assert (await cast(vote, seller, "no")).status_code == 201
    new = await buyer(vote, await sold(vote))
    assert code(await cast(vote, seller, "no")) == (403, "credential.replaced")
    assert (await cast(vote, new, "yes")).status_code == 201
    assert [each["works"] for each in await said_in(vote.sql, vote.box)] == ["no", "yes"]


async def test_a_sale_sent_twice_is_logged_once(vote: Channels) -> None:
    first = await sold(vote, command_id=f"{vote.rid}-s")
    again = await sold(vote, command_id=f"{vote.rid}-s")
    assert first.json() == again.json()
    assert await vote.events() == ["proposal.made", "voting.owner_replaced"]
    rows = await vote.sql.fetch(
        "SELECT generation, up_to_seq FROM owner_replacement WHERE renovation_id=$1", vote.rid
    )
    assert [tuple(row) for row in rows] == [(1, 0)]


async def test_no_name_of_a_sale_is_in_any_table(vote: Channels) -> None:
    await sold(vote)
    rows = await vote.everything()
    assert SELLER not in rows
    assert BUYER not in rows


async def test_who_is_not_the_owner_sells_nothing(vote: Channels) -> None:
    assert (await sold(vote, "Somebody Else")).json()["code"] == "roll.not_the_owner"
    assert (await sold(vote, SELLER, SELLER)).json()["code"] == "roll.same_owner"
    early = await sold(vote, registered_on="2020-01-01")
    assert early.json()["code"] == "roll.sale_not_between"
    assert await vote.events() == []


async def test_a_roll_frozen_while_the_dot_of_a_name_counted_knows_its_seller(
    vote: Channels, settings: Settings
) -> None:
    name = "买买提·阿卜杜拉"
    assert owner_key((name,)) != owner_key_before((name,))
    key = stored_owner_key(owner_key_before((name,)), owner_secret(settings.credential_key))
    await vote.sql.execute(
        "UPDATE unit SET owner_key=$1 FROM renovation r"
        " WHERE r.id=$2 AND unit.estate_id=r.estate_id AND unit.number=$3",
        *(key, vote.rid, UNIT),
    )
    assert (await sold(vote, "买买提•阿卜杜拉")).json()["code"] == "roll.not_the_owner"
    assert (await sold(vote, name)).status_code == 201
    assert (await sold(vote, BUYER, "Third Owner")).status_code == 201


async def test_a_second_sale_is_the_next_version(vote: Channels) -> None:
    first = await buyer(vote, await sold(vote))
    second = await buyer(vote, await sold(vote, BUYER, "Third Owner"))
    assert code(await cast(vote, first, "yes")) == (403, "credential.replaced")
    assert (await cast(vote, second, "yes")).status_code == 201


async def test_a_service_that_has_read_the_roll_before_refuses_the_seller_too(
    vote: Channels, settings: Settings
) -> None:
    other = create_app(settings)
    api = other.api
    seller = owner_of(vote.rid, UNIT)
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://b") as client,
    ):
        there = Channels(client, vote.sql, vote.rid, vote.box)
        assert (await there.web(OTHER, "yes", "warm")).status_code == 201
        new = await buyer(vote, await sold(vote))
        there.commands = 100
        assert code(await cast(there, seller, "no")) == (403, "credential.replaced")
        assert (await cast(there, new, "yes")).status_code == 201


# carries E7
async def test_no_ballot_of_the_seller_comes_after_the_replacement(vote: Channels) -> None:
    seller = owner_of(vote.rid, UNIT)
    await vote.web(OTHER, "yes")
    answers = await asyncio.gather(
        *(cast(vote, seller, "no") for _ in range(12)),
        sold(vote),
        *(cast(vote, seller, "no") for _ in range(12)),
    )
    assert {answer.status_code for answer in answers} <= {201, 403}
    late = await vote.sql.fetchval(
        "SELECT count(*) FROM ballot b JOIN owner_replacement r ON r.box_id = b.box_id"
        " WHERE b.box_id=$1 AND b.unit_number=r.unit_number"
        " AND (b.seq > r.up_to_seq OR b.recorded_at > r.recorded_at)",
        vote.box,
    )
    assert late == 0


async def test_the_sellers_mandate_ends_with_the_sale(vote: Channels) -> None:
    mandate = await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=UNIT,
        agent_name="Agent",
        agent_identity="0001",
        motions=["works"],
        document="sheet 1",
        valid_from=(datetime.now(UTC) - timedelta(days=1)).isoformat(),
        valid_until=(datetime.now(UTC) + timedelta(days=1)).isoformat(),
    )
    mandate = await confirmed(vote, mandate)
    await sold(vote)
    answer = await vote.post(
        "/proxy-ballots", agent_of(vote.rid, mandate), choices={"works": "yes"}
    )
    assert code(answer) == (403, "mandate.revoked")


async def test_in_the_next_vote_the_buyers_ticket_is_good_still(
    vote: Channels, database: Database
) -> None:
    new = await buyer(vote, await sold(vote))
    box = await open_box(vote.sql, vote.rid, attempt=2, motions=MOTIONS)

    async def carry(session: AsyncSession) -> None:
        await carry_credentials(session, vote.rid, box)

    await database.transaction(carry)
    assert code(await cast(vote, owner_of(vote.rid, UNIT), "no")) == (403, "credential.replaced")
    assert (await cast(vote, new, "yes")).status_code == 201


async def test_the_roll_of_the_next_vote_has_the_unit_with_its_buyer(
    vote: Channels, database: Database
) -> None:
    """The seller keeps another flat and the buyer has one already: each is one head with both (V-CN-2)."""
    key_of = {name: stored(name) for name in (SELLER, BUYER)}
    for unit, name in ((OTHER, SELLER), ("1-201", BUYER)):
        await owned(vote, unit, key_of[name])
    await vote.sql.execute(
        "UPDATE unit SET developer=true FROM renovation r"
        " WHERE r.id=$1 AND unit.estate_id=r.estate_id AND unit.number=$2",
        *(vote.rid, UNIT),
    )
    await sold(vote)
    box = await open_box(vote.sql, vote.rid, attempt=2, motions=MOTIONS)
    for table in ("roll_unit", "roll_entry"):
        await vote.sql.execute(f"DELETE FROM {table} WHERE box_id=$1", box)

    async def freeze(session: AsyncSession) -> None:
        row = await session.get_one(BallotBox, box)
        await freeze_roll(session, row, f"{vote.rid}.estate", pack_for("CN-2021"))

    await database.transaction(freeze)
    rows = await vote.sql.fetch("SELECT units, developer FROM roll_entry WHERE box_id=$1", box)
    heads = {tuple(row["units"]): row["developer"] for row in rows}
    assert heads[UNIT, "1-201"] is False
    assert heads[OTHER,] is False
    assert len(heads) == 11


def stored(name: str) -> str:
    return stored_owner_key(owner_key((name,)), owner_secret(SecretStr(KEY)))


async def owned(vote: Channels, unit: str, key: str) -> None:
    await vote.sql.execute(
        "UPDATE unit SET owner_key=$3 FROM renovation r"
        " WHERE r.id=$1 AND unit.estate_id=r.estate_id AND unit.number=$2",
        *(vote.rid, unit, key),
    )


async def said_of_the_vote(vote: Channels, seq: int, kind: str, details: str, days: int) -> None:
    """An event of the vote so many days ago, as the engine writes it."""
    await vote.sql.execute(
        "INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id,"
        " actor_role, actor_label, actor_place, kind, details, rule_pack, workflow_id, run_id,"
        " prev_hash, hash) VALUES ($1::varchar, $2::int, $1::varchar || $2::text, now() - make_interval(days => $5::int), now(),"
        " 'engine', 'system', 'engine', 'd', $3::varchar, $4::jsonb, 'CN-2021', 'w', 'r', $6::varchar, $6::varchar)",
        *(vote.rid, seq, kind, details, days, "0" * 64),
    )


# carries E7, E18
async def test_between_a_vote_that_failed_and_the_next_one_a_sale_is_logged(
    vote: Channels, owner: str
) -> None:
    await said_of_the_vote(vote, 800, "voting.box_announced", f'{{"box": "{vote.box}"}}', 9)
    await close_box(owner, vote.box)
    assert code(await sold(vote)) == (409, "voting.box_closed")
    told = f'{{"box_id": "{vote.box}", "outcome": "rejected"}}'
    await said_of_the_vote(vote, 801, "voting.result_declared", told, 0)
    before = await sold(vote, registered_on=(TODAY - timedelta(days=20)).isoformat())
    assert code(before) == (422, "roll.sale_not_between")
    assert (await sold(vote)).status_code == 201


async def test_in_the_next_vote_a_sale_of_the_time_since_the_first_one_is_logged(
    vote: Channels, owner: str
) -> None:
    """No roll could hold it: none is imported while a vote of the case has been."""
    await said_of_the_vote(vote, 800, "voting.box_announced", f'{{"box": "{vote.box}"}}', 9)
    await close_box(owner, vote.box)
    box = await open_box(vote.sql, vote.rid, attempt=2, motions=MOTIONS)
    await said_of_the_vote(vote, 801, "voting.box_announced", f'{{"box": "{box}"}}', 0)
    new = await buyer(vote, await sold(vote, registered_on=(TODAY - timedelta(days=5)).isoformat()))
    assert (await cast(vote, new, "yes")).status_code == 201


async def test_after_the_close_nobody_is_replaced(vote: Channels, owner: str) -> None:
    await close_box(owner, vote.box)
    assert code(await sold(vote)) == (409, "voting.box_closed")


async def test_of_the_frozen_roll_the_application_changes_the_version_only(
    vote: Channels, database: Database
) -> None:
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE roll_unit SET entry_id='1-102'")
    finally:
        await connection.close()
