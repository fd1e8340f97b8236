"""Residents suggest, join and take back: in a case with their ticket, in an estate by their portal."""

import json
from typing import Any

from rules.disclosure.events import REDACTED
from tests.support.channels import code, official, owner_of
from tests.support.suggestions import AUTHOR, NEIGHBOURS, SHEET, WORDS, Suggestions
from tests.support.votes.portal import vouching

NEIGHBOUR = NEIGHBOURS[0]


async def test_a_suggestion_is_written_once_and_its_words_stay_out_of_the_record(
    case: Suggestions,
) -> None:
    who = owner_of(case.rid, AUTHOR)
    first = await case.post("/suggestions", who, "c1", unit_number=AUTHOR, **WORDS)
    again = await case.post("/suggestions", who, "c1", unit_number=AUTHOR, **WORDS)
    assert (first.status_code, first.json()) == (201, again.json())
    other = await case.post(
        "/suggestions", who, "c1", unit_number=AUTHOR, **{**WORDS, "theme": "x"}
    )
    assert code(other) == (409, "journal.command_reused")
    assert await case.events() == ["suggestion.made"]
    for said in ("event", "place_event", "receipt", "notice"):
        rows = await case.sql.fetch(f"SELECT t::text FROM {said} t")
        assert not [row for row in rows if WORDS["reason"] in row["t"]]
    assert await case.waits() == [("review_suggestion", first.json()["id"])]


async def test_unreviewed_words_are_for_the_author_and_the_offices(case: Suggestions) -> None:
    name = await case.made()
    for who in (owner_of(case.rid, AUTHOR), official("street")):
        found = (await case.read(who))[name]
        assert (found["theme"], found["authors"]) == (WORDS["theme"], [AUTHOR])
    for who in ({}, owner_of(case.rid, NEIGHBOUR)):
        found = (await case.read(who))[name]
        assert [found[each] for each in ("theme", "reason", "proposal", "authors")] == [None] * 4
        assert AUTHOR not in json.dumps(found)
    assert code(await case.support(name, NEIGHBOUR)) == (409, "suggestion.not_reviewed")


async def test_published_words_are_everybodys_and_who_suggested_is_not(case: Suggestions) -> None:
    name = await case.published()
    found = (await case.read())[name]
    assert (found["proposal"], found["authors"], found["state"]) == (
        WORDS["proposal"],
        None,
        "open",
    )
    assert (await case.read(owner_of(case.rid, AUTHOR)))[name]["own"] == "author"
    assert await case.waits() == [("answer_suggestion", name)]
    event = (await case.get("/events", {})).json()[0]
    assert (event["actor_id"], event["actor_label"]) == ("owner", REDACTED)


async def test_enough_neighbours_make_it_a_matter_of_the_scheme(case: Suggestions) -> None:
    name = await case.published()
    for _ in range(2):
        assert (await case.support(name, NEIGHBOUR, "s1")).status_code == 201
        # Whoever stands behind it already is counted once, under whatever command.
        assert (await case.support(name, NEIGHBOUR)).status_code == 201
    found = (await case.read())[name]
    assert (found["supporters"], found["needed"], found["qualified_at"]) == (2, 3, None)
    assert (await case.support(name, NEIGHBOURS[1])).status_code == 201
    found = (await case.read(owner_of(case.rid, NEIGHBOUR)))[name]
    assert (found["supporters"], found["own"]) == (3, "supporter")
    assert found["qualified_at"] is not None
    event = (await case.get("/events?limit=500", {})).json()[-1]
    assert event["details"]["checks"][0]["have"] == "1/4"
    assert ("suggestion_qualified", "committee") in await case.notices()


async def test_support_is_taken_back_and_the_suggestion_as_long_as_it_is_nobody_elses(
    case: Suggestions,
) -> None:
    name, author = await case.published(), owner_of(case.rid, AUTHOR)
    await case.support(name, NEIGHBOUR)
    withdrawal = f"/suggestions/{name}/withdrawal"
    mine = await case.post(withdrawal, author, unit_number=AUTHOR)
    assert code(mine) == (409, "suggestion.of_others_too")
    neighbour = owner_of(case.rid, NEIGHBOUR)
    # A neighbour's cannot be withdrawn, nor told from one that is not there.
    theirs = await case.post(withdrawal, neighbour, unit_number=NEIGHBOUR)
    assert code(theirs) == (404, "suggestion.unknown")
    back = f"/suggestions/{name}/support-withdrawals"
    theirs = await case.post(back, author, unit_number=AUTHOR)
    assert code(theirs) == (409, "suggestion.of_author")
    assert (await case.post(back, neighbour, unit_number=NEIGHBOUR)).status_code == 201
    assert code(await case.post(back, neighbour, unit_number=NEIGHBOUR)) == (
        409,
        "suggestion.no_support",
    )
    assert (await case.post(withdrawal, author, unit_number=AUTHOR)).status_code == 201
    assert (await case.read())[name]["theme"] is None
    assert await case.waits() == []


async def sold(case: Suggestions, unit: str) -> dict[str, str]:
    """A unit changes hands; its buyer."""
    await case.sql.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at, roll_hash,"
        " public_key, wrapped_key, roll_salt) VALUES ($1::varchar || '.b', $1::varchar, 1, '[]', now(), now(), $2, $3, '', $3)",
        *(case.rid, "0" * 64, bytes(32)),
    )
    await case.sql.execute(
        "INSERT INTO roll_entry (box_id, entry_id, area_dm2, units, pseudonym) VALUES ($1, 'e', 1, $2, 'p')",
        *(f"{case.rid}.b", [unit]),
    )
    await case.sql.execute(
        "INSERT INTO owner_replacement VALUES ($1::varchar, $2, 1, $1::varchar || '.b', 'e', false, $3, now(), 'deed 7', 0,"
        " 'committee', $1::varchar || '-sale', clock_timestamp())",
        *(case.rid, unit, "0" * 64),
    )
    await case.sql.execute(
        "INSERT INTO unit_access (renovation_id, unit_number, version) VALUES ($1, $2, 1)",
        *(case.rid, unit),
    )
    return owner_of(case.rid, unit, 1)


async def test_a_buyer_takes_back_what_it_joined_itself_and_not_what_the_seller_did(
    case: Suggestions,
) -> None:
    name, other = await case.published(), await case.published(proposal="Paint the stairs")
    back = "/suggestions/{}/support-withdrawals"
    seller = owner_of(case.rid, NEIGHBOUR)
    for each in (name, other):
        assert (await case.support(each, NEIGHBOUR)).status_code == 201
    await case.post(back.format(other), seller, unit_number=NEIGHBOUR)
    buyer = await sold(case, NEIGHBOUR)
    theirs = await case.post(back.format(name), buyer, unit_number=NEIGHBOUR)
    assert code(theirs) == (409, "suggestion.no_support")
    assert (await case.read())[name]["supporters"] == 2
    joined = await case.post(f"/suggestions/{other}/support", buyer, unit_number=NEIGHBOUR)
    assert joined.status_code == 201
    own = await case.post(back.format(other), buyer, unit_number=NEIGHBOUR)
    assert own.status_code == 201, own.text
    assert (await case.read())[other]["supporters"] == 1


async def test_the_same_words_of_a_neighbour_join_the_first(case: Suggestions) -> None:
    first = await case.published()
    repeated = await case.suggest(proposal="put  LAMPS on each floor")
    assert code(repeated) == (409, "suggestion.repeated")
    second = await case.made(NEIGHBOUR, proposal="put  LAMPS on each floor")
    found = await case.read(official("street"))
    assert (found[second]["state"], found[second]["merged_into"]) == ("merged", first)
    assert found[first]["authors"] == [AUTHOR, NEIGHBOUR]
    # Who supports the repeat supports the first.
    assert (await case.support(second, NEIGHBOURS[1])).json()["id"] == first
    assert (await case.read())[first]["supporters"] == 3


async def test_so_many_suggestions_of_a_unit_are_heard_and_the_refusal_says_when_again(
    case: Suggestions,
) -> None:
    for number in range(5):
        await case.made(proposal=f"Lamp {number}")
    more = await case.suggest(proposal="One lamp more")
    assert code(more) == (429, "quota.used_up")
    assert more.json()["problems"][0]["params"]["at"]
    assert (await case.suggest(NEIGHBOUR, proposal="Another lamp")).status_code == 201


async def test_before_a_renovation_a_resident_comes_by_the_portal(estate: Suggestions) -> None:
    first = await estate.by_portal("", AUTHOR, command_id="p1", **WORDS)
    again = await estate.by_portal("", AUTHOR, command_id="p1", **WORDS)
    assert (first.status_code, first.json()) == (201, again.json())
    name = first.json()["id"]
    who = vouching(estate.rid, AUTHOR, renovation_id=None, estate_id=estate.estate)
    found = (await estate.read_in_estate(who))[name]
    assert (found["theme"], found["own"], found["renovation_id"]) == (
        WORDS["theme"],
        "author",
        None,
    )
    # The assertion was used up by reading.
    path = f"/v1/estates/{estate.estate}/suggestions"
    assert code(await estate.http.get(path, headers=who)) == (401, "assertion.used")
    review = await estate.in_estate(f"/{name}/review", official("committee"), decision="publish")
    assert review.status_code == 201
    assert (await estate.by_portal(f"/{name}/support", NEIGHBOUR)).status_code == 201
    assert (await estate.read_in_estate())[name]["supporters"] == 2
    kinds = await estate.sql.fetch(
        "SELECT kind FROM place_event WHERE details->>'id' = $1 ORDER BY seq", name
    )
    assert [row["kind"] for row in kinds] == [
        "suggestion.made",
        "suggestion.published",
        "suggestion.supported",
    ]


async def test_the_portals_word_is_for_one_estate_one_unit_and_once(estate: Suggestions) -> None:
    of_case = await estate.in_estate("", vouching(estate.rid, AUTHOR), unit_number=AUTHOR, **WORDS)
    assert code(of_case) == (403, "assertion.other_estate")
    both = vouching(estate.rid, AUTHOR, estate_id=estate.estate)
    assert code(await estate.in_estate("", both, unit_number=AUTHOR, **WORDS)) == (
        401,
        "assertion.claims",
    )
    mine = vouching(estate.rid, AUTHOR, renovation_id=None, estate_id=estate.estate)
    other = await estate.in_estate("", mine, unit_number=NEIGHBOUR, **WORDS)
    assert code(other) == (403, "credential.other_unit")
    assert (await estate.in_estate("", mine, unit_number=AUTHOR, **WORDS)).status_code == 201
    used = await estate.in_estate("", mine, unit_number=AUTHOR, **{**WORDS, "proposal": "more"})
    assert code(used) == (401, "assertion.used")
    strange = await estate.by_portal("", "9-999", **WORDS)
    assert code(strange) == (404, "feedback.unit_unknown")


async def test_after_a_renovation_its_letters_still_speak_for_the_estate(
    estate: Suggestions,
) -> None:
    name = await estate.made()
    assert (await estate.read_in_estate())[name]["renovation_id"] is None
    await estate.in_estate(f"/{name}/review", official("committee"), decision="publish")
    assert (await estate.support(name, NEIGHBOUR)).status_code == 201
    assert await estate.events() == []


async def test_an_estate_counts_what_a_unit_sends_by_itself(estate: Suggestions) -> None:
    for number in range(5):
        sent = await estate.by_portal("", AUTHOR, **{**WORDS, "proposal": f"Lamp {number}"})
        assert sent.status_code == 201
    more = await estate.by_portal("", AUTHOR, **{**WORDS, "proposal": "more"})
    assert code(more) == (429, "quota.used_up")


async def test_what_is_signed_on_paper_is_taken_in_by_who_goes_round(case: Suggestions) -> None:
    body: dict[str, Any] = {**WORDS, "unit_numbers": [AUTHOR, NEIGHBOUR], "sheet_sha256": SHEET}
    made = await case.post("/suggestions/written-down", official("grid"), **body)
    name = made.json()["id"]
    await case.review(name, "committee")
    sheet = f"/suggestions/{name}/sheets"
    body = {"unit_numbers": [NEIGHBOUR, *NEIGHBOURS[1:]], "sheet_sha256": SHEET}
    taken = await case.post(sheet, official("grid"), **body)
    assert taken.status_code == 201
    found = (await case.read(official("street")))[name]
    assert (found["supporters"], found["written_by"]) == (5, "grid")
    assert found["qualified_at"] is not None
    strange = await case.post(sheet, official("grid"), unit_numbers=["9-999"], sheet_sha256=SHEET)
    assert code(strange) == (404, "feedback.unit_unknown")
