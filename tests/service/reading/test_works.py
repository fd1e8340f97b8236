"""Schemes, tenders, bids, contracts, inspections, and what stands beside the ballots: for whom each is."""

import json
from datetime import UTC, datetime

import asyncpg
import pytest

from tests.service.reading.conftest import OTHER, RID, UNIT, Ask

TENDER, CONTRACT = f"{RID}.tender1", f"{RID}.c1"
OWN_BID, RIVAL = f"{TENDER}.a", f"{TENDER}.b"
FLAGS = {"author": "Engineer Zhou", "staff": ["s-17"]}
DEFECT, REASON = "crack beside 1-101", "the signature is another one"


@pytest.fixture(scope="module")
async def built(case: str, sql: asyncpg.Connection) -> str:
    """A tender with two bids, the contract of the first with a certificate, and an inspection."""
    await sql.execute(
        "INSERT INTO tender (id, renovation_id, round, state, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria) VALUES ($1, $2, 1, 'awarded', now() - interval '30 days',"
        " now() - interval '5 days', 900, 800, 'comprehensive', '{\"bid_bond_fen\": 9}')",
        *(TENDER, RID),
    )
    bids = ((OWN_BID, "read-contractor", 700), (RIVAL, "rival", 750), (f"{TENDER}.late", "late", 1))
    for number, (bid, bidder, price) in enumerate(bids):
        await sql.execute(
            "INSERT INTO bid (id, tender_id, command_id, bidder_id, price_fen, technical_milli, bond_fen,"
            " bond_account, flags, submitted_at, state) VALUES ($1::varchar, $2, $1::varchar, $3, $4, 500, 9,"
            " '6222', $5, now() - $6 * interval '1 day', $7)",
            *(bid, TENDER, bidder, price, json.dumps(FLAGS), 4 if number == 2 else 9),
            "submitted" if number == 2 else "opened",
        )
    await sql.execute(
        "INSERT INTO award VALUES ($1 || '.1', $1, 1, 'read-contractor', 700, 'awarded')", TENDER
    )
    await sql.execute(
        "INSERT INTO contract (id, renovation_id, tender_id, bidder_id, value_fen, contingency_fen,"
        " retention_permille, signed_at) VALUES ($1, $2, $3, 'read-contractor', 700, 35, 30, now())",
        *(CONTRACT, RID, TENDER),
    )
    await sql.execute(
        "INSERT INTO work_item (id, renovation_id, building, title, value_fen, contract_id)"
        " VALUES ($1, $2, '1', 'Roof', 700, $3)",
        *(f"{RID}.roof", RID, CONTRACT),
    )
    await sql.execute(
        "INSERT INTO certificate VALUES ($1, $2, $3, 700, 21, 9, 670, 'released', 'read-street_office', $4)",
        *(f"{RID}.k1", RID, f"{RID}.roof", CONTRACT),
    )
    await sql.execute(
        "INSERT INTO inspection (id, renovation_id, item_id, round, kind, outcome, inspector_id, defects,"
        " recorded_at, contract_id) VALUES ($1, $2, $3, 1, 'stage', 'FAIL', 'engineer-1', $4, now(), $5)",
        *(f"{RID}.i1", RID, f"{RID}.roof", json.dumps([DEFECT]), CONTRACT),
    )
    return case


async def test_the_scheme_is_public_and_its_room_numbers_are_not(case: str, ask: Ask) -> None:
    for reader, shown in (
        ("nobody", False),
        ("contractor", False),
        (OTHER, True),
        ("auditor", True),
    ):
        (version,) = await ask("/schemes", reader)
        assert (version["version"], len(version["items"]), len(version["motions"])) == (1, 2, 2)
        roof, pipes = version["works"][0], version["items"][1]
        assert (roof["units_occupied"], pipes["payers"]["listed"]) == (1, 2)
        assert roof["occupies"] == ([UNIT] if shown else None)
        assert pipes["payers"]["units"] == ([UNIT, OTHER] if shown else None)
        assert (UNIT in json.dumps(version)) == shown


async def test_everybody_reads_the_terms_the_opened_bids_and_the_candidates(
    built: str, ask: Ask
) -> None:
    (tender,) = await ask("/tenders")
    assert (tender["method"], tender["criteria"]) == ("comprehensive", {"bid_bond_fen": 9})
    assert [(each["bidder_id"], each["price_fen"]) for each in tender["bids"]] == [
        ("read-contractor", 700),
        ("rival", 750),
    ]
    assert [(each["rank"], each["state"]) for each in tender["candidates"]] == [(1, "awarded")]
    told = json.dumps(tender)
    assert "Zhou" not in told
    assert "6222" not in told


async def test_a_bidder_reads_its_own_bid_whole_and_where_it_stands(built: str, ask: Ask) -> None:
    (own,) = await ask("/own-bids", "contractor")
    assert (own["id"], own["bond_account"], own["flags"]) == (OWN_BID, "6222", FLAGS)
    assert (own["rank"], own["award"], own["tender_state"]) == (1, "awarded", "awarded")


async def test_a_bidder_reads_its_sealed_bid_and_nobody_else_does(
    built: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    state = "UPDATE bid SET state = $2 WHERE id = $1"
    await sql.execute(state, OWN_BID, "submitted")
    try:
        (own,) = await ask("/own-bids", "contractor")
        assert (own["price_fen"], own["state"]) == (700, "submitted")
        for reader in ("nobody", "street_office", "evaluator", "auditor"):
            assert [each["price_fen"] for each in (await ask("/tenders", reader))[0]["bids"]] == [
                750
            ]
        for reader in ("street_office", "evaluator", "auditor"):
            assert [each["id"] for each in await ask("/bids", reader)] == [RIVAL]
    finally:
        await sql.execute(state, OWN_BID, "opened")


async def test_what_bids_say_of_themselves_is_for_who_evaluates(built: str, ask: Ask) -> None:
    for reader in ("evaluator", "street_office", "auditor"):
        found = await ask("/bids", reader)
        assert [(each["id"], each["flags"]) for each in found] == [
            (OWN_BID, FLAGS),
            (RIVAL, FLAGS),
        ]
    for reader, status in (("contractor", 403), (UNIT, 401), ("stranger", 403), ("nobody", 401)):
        assert await ask("/bids", reader) == status


async def test_a_contract_is_read_with_its_money_plan_and_certificates(
    built: str, ask: Ask
) -> None:
    (contract,) = await ask("/contracts")
    assert (contract["value_fen"], contract["instalments_permille"]) == (700, [400, 600])
    assert contract["money"] == {
        "certified_fen": 700,
        "retention_fen": 21,
        "payable_fen": 670,
        "released_fen": 670,
    }
    assert contract["certificates"][0]["item_id"] == f"{RID}.roof"
    (work,) = await ask("/works")
    assert work["contract_id"] == CONTRACT


async def test_a_terminated_contract_says_how_it_ended(
    built: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    await sql.execute(
        "INSERT INTO termination VALUES ($1, $2, 'not_cured', 'retender', 3, 0, 'read-street_office', now())",
        *(CONTRACT, RID),
    )
    (contract,) = await ask("/contracts")
    assert (contract["termination"]["ground"], contract["termination"]["settled_at"]) == (
        "not_cured",
        None,
    )
    assert (await ask("/settlement"))["terminations"] == [contract["termination"]]


async def test_inspections_are_public_their_words_for_owners_and_their_names_for_officials(
    built: str, ask: Ask
) -> None:
    for reader, words, name in (
        ("nobody", None, None),
        ("contractor", None, None),
        (OTHER, [DEFECT], None),
        ("street_office", [DEFECT], "engineer-1"),
    ):
        (found,) = await ask("/inspections", reader)
        assert (found["outcome"], found["defects"], found["inspector_id"]) == ("FAIL", words, name)


async def test_what_stands_beside_the_ballots_is_for_officials(
    case: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    box = f"{RID}.works"
    await sql.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at, roll_hash,"
        " public_key, wrapped_key, roll_salt) VALUES ($1, $2, 1, '[]', now(), now(), $3, $4, '', $4)",
        *(box, RID, "0" * 64, bytes(32)),
    )
    await sql.execute(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units, pseudonym) VALUES ($1, 'e', 1, $2, 'p')",
        *(box, [UNIT]),
    )
    now = datetime.now(UTC)
    await sql.execute("INSERT INTO attendance VALUES ($1, 'e', $2, 'c1', $3)", box, UNIT, now)
    await sql.execute(
        "INSERT INTO vote_objection VALUES ($1, 'e', $2, 'c2', $3, $3)", box, UNIT, now
    )
    await sql.execute(
        "INSERT INTO ballot_ruling VALUES ($1, 'e', 1, 'disputed', NULL, 0, $2, 'c3', $3)",
        *(box, REASON, now),
    )
    await sql.execute(
        "INSERT INTO official_result VALUES ($1, 'city', 'no 7', $2, '{}', 'c4', $3)",
        *(box, "0" * 64, now),
    )
    for reader in ("street_office", "owners_committee", "auditor"):
        assert [each["unit_number"] for each in await ask("/attendance", reader)] == [UNIT]
        assert [each["unit_number"] for each in await ask("/vote-objections", reader)] == [UNIT]
        (ruling,) = await ask("/rulings", reader)
        assert (ruling["unit_numbers"], ruling["reason"]) == ([UNIT], REASON)
    for path in ("/attendance", "/vote-objections", "/rulings"):
        assert [await ask(path, name) for name in (OTHER, "contractor", "nobody")] == [
            401,
            403,
            401,
        ]
    home = await ask("/household", UNIT)
    assert [each["box_id"] for each in home["vote_objections"]] == [box]
    assert [each["certificate"] for each in await ask("/official-results")] == ["no 7"]
    assert box in {each["id"] for each in await ask("/votes")}
