"""Who reads the database, the record or the feed before the opening, and wants to know who bids what."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from pydantic import JsonValue, SecretStr

from models.tables import Notice, Renovation
from proof.canonical import digest
from runtime.anchors.keys import AnchorKeys
from runtime.anchors.making import make_anchor
from runtime.database import Database
from runtime.record.audit.bids import BIDS, BidRow, BidsAudit
from runtime.rows import AuditedEvent
from runtime.rows import rows as audited
from runtime.settings import Settings
from service.app import create_app
from service.history.kept import load_state
from service.identity.browser import COOKIE
from service.notices.audiences import find_audience
from tests.service.residents.test_residents_write import rid, send, tender  # noqa: F401 - a fixture
from tests.service.test_matrix import EVERYBODY, WHO
from tests.support.fields.doors import IN_PATH, doors
from tests.support.pages.every import routes
from tests.support.people import bearer, sign_in, token_of

HERE = "/v1/renovations"
HEADS_KEY = SecretStr("4d" * 32)
GIVEN = {name: value for name, value in IN_PATH.items() if name != "renovation_id"}
PRICE, BOND, ACCOUNT, AGENT = 777_123, 10, "6222-0404-7788", "agent-of-nobody"
OFFER: dict[str, JsonValue] = {
    "price_fen": PRICE,
    "bond_fen": BOND,
    "bond_account": ACCOUNT,
    "flags": {"agent": AGENT},
}


async def rows(sql: asyncpg.Connection) -> set[str]:
    """Every row of every table, as whoever owns the database reads it."""
    tables = await sql.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'private')"
    )
    found: set[str] = set()
    for table in tables:
        name = table["name"]
        found |= {f"{name} {row[0]}" for row in await sql.fetch(f"SELECT t::text FROM {name} t")}
    return found


async def bid(
    http: httpx.AsyncClient, case: str, who: str = "bidder-one", name: str = "b", **more: object
) -> httpx.Response:
    body = {"command_id": f"{case}-{name}", **OFFER, **more}
    answer = await send(http, case, "/bids", bearer(who), **body)
    assert answer.status_code == 201, answer.text
    return answer


async def grant(sql: asyncpg.Connection, who: str, role: str) -> dict[str, str]:
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')"
        " ON CONFLICT DO NOTHING",
        *(who, role),
    )
    await sign_in(sql, who)
    return bearer(who)


async def test_a_full_read_of_the_tables_tells_neither_who_bids_nor_what(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    rid: str,  # noqa: F811
) -> None:
    await tender(sql, rid)
    before = await rows(sql)
    await bid(http, rid)
    await send(http, rid, "/bids/withdrawal", bearer("bidder-one"), command_id=f"{rid}-w")
    await bid(http, rid, name="b2")
    new = (await rows(sql)) - before
    assert len([row for row in new if row.startswith("public.bid ")]) == 2
    hidden = ("bidder-one", str(PRICE), ACCOUNT, AGENT)
    assert not [row for row in new for word in hidden if word in row]
    # Nor can a price be tried out: no hash that is stored follows from what anybody could guess.
    body: dict[str, JsonValue] = {"command_id": f"{rid}-b2", "technical_milli": 0, **OFFER}
    actor = await sql.fetchval("SELECT max(actor_id) FROM event WHERE renovation_id=$1", rid)
    guess = digest(
        {
            "renovation_id": rid,
            "kind": "bidding.bid_submitted",
            "actor_id": actor,
            "request": body,
        }
    )
    assert not [row for row in new if guess in row]


async def test_another_name_in_each_tender(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    rid: str,  # noqa: F811
) -> None:
    """The opening of the first says who bids: by the name in it nobody finds the same firm in the next."""
    first = await tender(sql, rid)
    await bid(http, rid)
    await sql.execute("UPDATE tender SET state = 'failed' WHERE id=$1", first)
    await sql.execute(
        "INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria) SELECT renovation_id || '.tender.2', renovation_id, 2,"
        " notice_at, deadline_at, ceiling_fen, estimate_fen, method, criteria FROM tender WHERE id=$1",
        first,
    )
    await bid(http, rid, name="b2")
    for query in (
        "SELECT sealed_name FROM bid WHERE tender_id LIKE $1 || '%'",
        "SELECT actor_id FROM event WHERE renovation_id = $1",
    ):
        names = [row[0] for row in await sql.fetch(query, rid)]
        assert len(names) == len(set(names)) == 2


async def test_a_bidder_reads_its_own_bids_and_nobody_elses(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    rid: str,  # noqa: F811
) -> None:
    await tender(sql, rid)
    made = await bid(http, rid)
    (own,) = (await http.get(f"{HERE}/{rid}/own-bids", headers=bearer("bidder-one"))).json()
    assert own["id"] == made.json()["id"]
    assert {name: own[name] for name in OFFER} == OFFER
    assert (await http.get(f"{HERE}/{rid}/own-bids", headers=bearer("b2"))).json() == []
    office = await grant(sql, "sealed-office", "street_office")
    assert (await http.get(f"{HERE}/{rid}/own-bids", headers=office)).status_code == 403


async def test_before_the_opening_nobody_but_officials_can_count_the_bids(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    rid: str,  # noqa: F811
) -> None:
    """Two worlds, with no bid and with two: the record, the case and a rival's feed read the same."""
    await sql.execute("UPDATE tender SET state = 'failed'")  # those of other tests
    name = await tender(sql, rid)
    office = await grant(sql, "sealed-office", "street_office")
    rival, evaluator = bearer("b2"), await grant(sql, "sealed-evaluator", "evaluator")
    await notice_of(sql, rid, name)

    async def world(who: dict[str, str]) -> list[str]:
        paths = [f"{HERE}/{rid}/events", f"{HERE}/{rid}", f"{HERE}/{rid}/progress"]
        paths += ["/v1/feed"] * bool(who)
        answers = [await http.get(path, headers=who, params={"limit": 500}) for path in paths]
        assert all(each.is_success for each in answers), [each.text for each in answers]
        return [re.sub(r'"case_now":"[^"]*"', "", each.text) for each in answers]

    readers: tuple[dict[str, str], ...] = ({}, rival, evaluator)
    none = [await world(who) for who in readers]
    before = await world(office)
    await bid(http, rid)
    await bid(http, rid, "b2")
    assert [await world(who) for who in readers] == none
    after = await world(office)
    assert (before[0].count("bid_submitted"), after[0].count("bid_submitted")) == (0, 2)
    # Opened, the whole record is everybody's, in the feed too: nothing of it was missed.
    await sql.execute("UPDATE tender SET state = 'failed' WHERE id=$1", name)
    opened = [await world(who) for who in readers]
    assert [each[0].count("bid_submitted") for each in opened] == [2, 2, 2]
    for rest in opened[1:]:
        followed = [each for each in json.loads(rest[3])["events"] if each["renovation_id"] == rid]
        assert [each["kind"] for each in followed].count("bidding.bid_submitted") == 2


OF_THE_CASE = f"{HERE}/{{renovation_id}}"
STRANGERS = tuple(
    each.path
    for each in doors()
    if each.method == "GET"
    and WHO[f"GET {each.path}"] == EVERYBODY
    and each.path.startswith((OF_THE_CASE, "/v1/counts"))
)
"""What everybody reads of a case."""
PAGES_OF_CASE = tuple(
    each.path
    for each in routes()
    if each.method == "GET" and not each.who and each.in_path == ("renovation_id",)
)
OFFICE_PAGES = tuple(
    each.path
    for each in routes()
    if each.method == "GET"
    and each.path.startswith("/office")
    and each.in_path in {(), ("renovation_id",)}
    and each.who
)
CHANGES = re.compile(rb'"(case_now|now|counted_at)":"[^"]*"|value="[^"]*"')
"""What differs from one look to the next without anything having happened: moments, ids of forms."""


def of_case(answer: httpx.Response) -> bytes:
    """What an answer says of its case: of the anchor its leaf, for the tree is of all cases."""
    if answer.headers["content-type"] == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        signed = json.loads(files.pop("manifest.json"))
        files.pop("signature.json")
        leaf = leaf_of_case(json.loads(files.pop("anchor.json")))
        return repr((files, signed["events"], signed["root"], leaf)).encode()
    if answer.request.url.path.endswith("/anchor"):
        return repr(leaf_of_case(answer.json())).encode()
    return answer.content


def leaf_of_case(anchored: dict[str, object]) -> dict[str, object]:
    return {name: anchored[name] for name in ("seq", "hash", "leaf", "index")}


@pytest.fixture
async def keyed(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The service with a key of heads, so that it makes evidence of whole cases."""
    app = create_app(settings.model_copy(update={"heads_key": HEADS_KEY}))
    async with (
        app.api.router.lifespan_context(app.api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


@pytest.mark.slow
async def test_before_the_opening_no_door_and_no_page_of_everybody_tells_how_many_bid(
    http: httpx.AsyncClient,
    keyed: httpx.AsyncClient,
    database: Database,
    sql: asyncpg.Connection,
    rid: str,  # noqa: F811
) -> None:
    """Two worlds at every door and page that asks for no credential; a rival asks too, where one is taken."""
    await sql.execute("UPDATE tender SET state = 'failed'")
    name = await tender(sql, rid)
    await notice_of(sql, rid, name, (NOTICE,))
    await make_anchor(database, AnchorKeys.of(HEADS_KEY))
    await notice_of(sql, rid, name, (AFTER,))
    shown = [door.format(**{"renovation_id": rid, **GIVEN}) for door in STRANGERS]
    pages = [each.format(renovation_id=rid) for each in PAGES_OF_CASE]
    assert len(shown) > 25
    assert len(pages) > 7

    async def world() -> dict[tuple[str, bool], tuple[int, bytes]]:
        await make_anchor(database, AnchorKeys.of(HEADS_KEY))
        found = {}
        for path in (*shown, *pages):
            for who in ({}, bearer("b2")):
                answer = await keyed.get(path, headers=who)
                found[path, bool(who)] = (answer.status_code, CHANGES.sub(b"", of_case(answer)))
        return found

    async def offices() -> dict[tuple[str, str], bytes]:
        """What a rival and an evaluator are shown on the pages of offices."""
        found = {}
        for path in OFFICE_PAGES:
            for who in ("b2", "sealed-evaluator"):
                cookie = {"cookie": f"{COOKIE}={token_of(who)}", "accept": "text/html"}
                answer = await keyed.get(path.format(renovation_id=rid), headers=cookie)
                found[path, who] = CHANGES.sub(b"", answer.content)
        return found

    await grant(sql, "sealed-evaluator", "evaluator")
    none, empty = await world(), await offices()
    async with database.session() as session:
        kept = (await load_state(session, rid)).head_hash
    assert none[f"{HERE}/{rid}/case-bundle", False][0] == 200
    assert none[f"{HERE}/{rid}/anchor", False][0] == 200
    await bid(http, rid)
    first = await offices()
    assert [each for each in empty if empty[each] != first[each]] == []
    await bid(http, rid, "b2")
    two = await world()
    async with database.session() as session:
        # Else who asks again would know by the time it takes that something came in.
        assert (await load_state(session, rid)).head_hash == kept
    assert [each for each in none if none[each] != two[each]] == []
    await sql.execute("UPDATE tender SET state = 'failed' WHERE id=$1", name)
    opened = await world()
    differing = {path for path, who in none if not who and none[path, who] != opened[path, who]}
    assert {f"{HERE}/{rid}/{each}" for each in ("events", "case-bundle", "anchor")} <= differing


NOTICE, AFTER = "bidding.tender_published", "bidding.tender_clarified"


async def notice_of(
    sql: asyncpg.Connection, case: str, tender_id: str, kinds: tuple[str, ...] = (NOTICE, AFTER)
) -> None:
    """The event of the tender's notice, as the engine writes it, and one after it."""
    for kind in kinds:
        await sql.execute(
            "WITH head AS (UPDATE renovation SET head_seq = head_seq + 1 WHERE id = $1"
            " RETURNING head_seq)"
            " INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id,"
            " actor_role, actor_label, actor_place, kind, details, rule_pack, workflow_id, run_id,"
            " prev_hash, hash) SELECT $1::varchar, head_seq, $1 || $2::text, now(), now(), 'engine',"
            " 'engine', 'engine', 'd', $2, jsonb_build_object('tender', $3::text), 'CN-2021', 'w', 'r',"
            " repeat('0', 64), repeat('1', 64) FROM head",
            *(case, kind, tender_id),
        )


async def test_whom_a_notice_is_sent_to_before_the_opening_tells_nobody_who_bids(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    database: Database,
    rid: str,  # noqa: F811
) -> None:
    name = await tender(sql, rid)
    notice = Notice(audience="bidders", template="tender_clarified", params={"round": 1})

    async def told() -> set[str | None]:
        async with database.session() as session:
            case = await session.get_one(Renovation, rid)
            return {each.actor_id for each in await find_audience(session, case, notice)}

    everybody = await told()
    assert {"bidder-one", "b2"} <= everybody
    await bid(http, rid)
    assert await told() == everybody
    await sql.execute(
        "UPDATE bid SET bidder_id='bidder-one', price_fen=1, state='opened' WHERE tender_id=$1",
        name,
    )
    await sql.execute("UPDATE tender SET state='closed' WHERE id=$1", name)
    assert await told() == {"bidder-one"}


TAMPERED = {
    "dropped": "DELETE FROM bid WHERE tender_id=$1 AND bidder_id IS NULL",
    "replaced": "UPDATE bid SET envelope = envelope || 'x'::bytea WHERE tender_id=$1",
    "taken back in its name": "UPDATE bid SET state='withdrawn', withdrawn_at=now() WHERE tender_id=$1",
    "put there": "INSERT INTO bid (id, tender_id, command_id, bidder_id, price_fen, bond_fen,"
    " bond_account, flags, submitted_at) VALUES ($1 || '.x', $1, $1 || '-x', 'crony', 1, 0, '', '{}', now())",
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_an_envelope_that_was_touched_in_the_database_is_found(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    database: Database,
    rid: str,  # noqa: F811
    how: str,
) -> None:
    name = await tender(sql, rid)
    await notice_of(sql, rid, name)
    await bid(http, rid)

    async def found() -> bool:
        bids = BidsAudit()
        async with database.driver() as connection, connection.transaction():
            of_case = "WHERE renovation_id = $1 ORDER BY seq"
            async for event in audited(connection, AuditedEvent, of_case, rid):
                bids.take(event)
            there = await connection.fetch(BIDS, rid, rid)
        return bids.fault([BidRow(*row) for row in there]) is not None

    assert not await found()
    await sql.execute(TAMPERED[how], name)
    assert await found()
