"""Letters, played by whoever has found, guessed, been shown or been asked to hand out one."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from formats.roll import owner_key, stored_owner_key
from service.estates.units import owner_secret
from tests.support.box import open_box
from tests.support.channels import (
    KEY,
    Channels,
    code,
    confirmed,
    grant_roles,
    official,
    owner_of,
)

Make = Callable[..., Awaitable[str]]
COMMITTEE, SECOND, STREET = official("committee"), official("committee2"), official("street")
UNIT, NEIGHBOUR = "1-101", "1-102"
NAMES, NUMBERS = ("王秀英", "李伟"), ("110101199003070033", "370701198001010017")
SELLER, BUYER, BUYERS_NUMBER = "Wang Xiuying", "Zhao Lei", "370701198001010025"
NOW = datetime.now(UTC)
AGENT = "37070119800101"
WRONG = (403, "access.not_accepted")
FIRST = 12


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    box = await open_box(sql, rid, opens_in=timedelta(days=-2), closes_in=timedelta(days=2))
    return Channels(http, sql, rid, box)


async def agents_mandate(vote: Channels, unit: str, number: int = 0) -> httpx.Response:
    """A mandate that the committee proposes for somebody invented."""
    return await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=unit,
        agent_name=f"Nobody {number}",
        agent_identity=f"{AGENT}{number:04d}",
        motions=["works"],
        document="folder 3",
        valid_from=(NOW - timedelta(days=1)).isoformat(),
        valid_until=(NOW + timedelta(days=1)).isoformat(),
    )


async def printed(vote: Channels, who: dict[str, str]) -> list[dict[str, str]]:
    """The first letters, as somebody is given them who prints."""
    answer = await vote.post("/letters/printing", who)
    assert answer.status_code == 201, answer.text
    found: list[dict[str, str]] = answer.json()
    return found


async def letter_of(vote: Channels, unit: str = UNIT) -> str:
    """A new letter of the unit, which nobody was handed yet; its id."""
    made = await vote.post("/letters", COMMITTEE, unit_number=unit, reason="lost")
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def link_of(vote: Channels, letter: str) -> str:
    """The link, handed out by another official; the path of it."""
    handed = await vote.post(f"/letters/{letter}/link", SECOND)
    assert handed.status_code == 201, handed.text
    return str(handed.json()["link"]).partition("8000")[2]


async def code_of(vote: Channels, letter: str) -> str:
    given = await vote.post(f"/letters/{letter}/code", COMMITTEE)
    assert given.status_code == 201, given.text
    return str(given.json()["code"])


async def entered(vote: Channels, link: str, fact: str) -> httpx.Response:
    return await vote.http.post(f"{link}/entries", json={"fact": fact})


def bearer(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['ticket']}"}


async def cast(vote: Channels, who: dict[str, str], choice: str = "yes") -> httpx.Response:
    return await vote.post("/ballots", who, unit_number=UNIT, choices={"works": choice})


async def test_with_link_and_code_one_enters_and_votes(vote: Channels) -> None:
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    who = bearer(await entered(vote, link, f" {told[:4]} {told[4:]} "))
    assert (await cast(vote, who)).status_code == 201
    assert (await vote.get("/ballot-papers", who)).status_code == 200
    assert code(await vote.get("/ballot-papers", owner_of(vote.rid, UNIT))) == (
        403,
        "credential.replaced",
    )


async def test_the_numbers_on_the_roll_are_the_fact_where_it_has_them(vote: Channels) -> None:
    key = stored_owner_key(owner_key(NAMES, NUMBERS), owner_secret(SecretStr(KEY)))
    unit = await vote.sql.fetchval(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3 RETURNING id",
        *(f"{vote.rid}.estate", key, UNIT),
    )
    for position, name in enumerate(NAMES):
        person = f"{vote.rid}-{position}"
        await vote.sql.execute(
            "INSERT INTO private.person (id, name) VALUES ($1, $2)", person, name
        )
        await vote.sql.execute(
            "INSERT INTO private.unit_owner VALUES ($1, $2, $3)", unit, person, position
        )
    letter = await letter_of(vote)
    link = await link_of(vote, letter)
    assert (await vote.http.get(link)).json()["fact"] == "roll"
    assert code(await vote.post(f"/letters/{letter}/code", COMMITTEE)) == (409, "access.no_code")
    for guess in (NUMBERS[0], ";".join((NUMBERS[0], NUMBERS[0])), UNIT, "王秀英", "50.00"):
        assert code(await entered(vote, link, guess)) == WRONG
        await vote.sql.execute("UPDATE letter SET failures = 0")
    who = bearer(await entered(vote, link, f"{NUMBERS[1]}；{NUMBERS[0]}"))
    assert (await cast(vote, who)).status_code == 201


# Stolen, guessed and previewed links.


async def test_a_preview_of_the_link_uses_up_nothing(vote: Channels) -> None:
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    before = await vote.sql.fetchrow("SELECT * FROM letter WHERE id=$1", letter)
    for _ in range(20):
        assert (await vote.http.get(link)).status_code == 200
        assert (await vote.http.head(link)).status_code == 200
    assert await vote.sql.fetchrow("SELECT * FROM letter WHERE id=$1", letter) == before
    bearer(await entered(vote, link, told))


async def test_a_found_letter_is_worth_nothing_without_its_fact_and_no_fact_without_it(
    vote: Channels,
) -> None:
    letter = await letter_of(vote)
    link = await link_of(vote, letter)
    assert code(await entered(vote, link, "00000000")) == WRONG  # no code was told yet
    told = await code_of(vote, letter)
    assert code(await entered(vote, f"/v1/letters/{'A' * 24}", told)) == WRONG
    assert code(await vote.http.get(f"/v1/letters/{'A' * 24}")) == (404, "access.letter_unknown")


async def test_guesses_at_once_get_five_tries_and_lock_out_nobody_else(vote: Channels) -> None:
    letter, other = await letter_of(vote), await letter_of(vote, NEIGHBOUR)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    next_door, neighbours = await link_of(vote, other), await code_of(vote, other)
    answers = await asyncio.gather(*(entered(vote, link, f"{n:08d}") for n in range(20)))
    assert sorted(code(answer) for answer in answers) == [WRONG] * 5 + [(429, "access.locked")] * 15
    assert code(await entered(vote, link, told)) == (429, "access.locked")
    bearer(await entered(vote, next_door, neighbours))
    await vote.sql.execute("UPDATE letter SET locked_until = now() - interval '1 second'")
    bearer(await entered(vote, link, told))
    assert await vote.sql.fetchval("SELECT failures FROM letter WHERE id=$1", letter) == 0


async def test_a_worn_out_or_old_letter_opens_nothing(vote: Channels) -> None:
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    await vote.sql.execute("UPDATE letter SET failures = 50 WHERE id=$1", letter)
    worn = (404, "access.letter_worn_out")
    assert code(await entered(vote, link, told)) == code(await vote.http.get(link)) == worn
    await vote.sql.execute(
        "UPDATE letter SET failures = 0, expires_at = now() - interval '1 second' WHERE id=$1",
        letter,
    )
    old = (404, "access.letter_expired")
    assert code(await entered(vote, link, told)) == code(await vote.http.get(link)) == old


async def test_a_letter_that_was_made_anew_says_what_to_do_and_the_new_one_opens(
    vote: Channels,
) -> None:
    first = await letter_of(vote)
    old, old_code = await link_of(vote, first), await code_of(vote, first)
    second = await letter_of(vote)
    link, told = await link_of(vote, second), await code_of(vote, second)
    for answer in (await vote.http.get(old), await entered(vote, old, old_code)):
        assert code(answer) == (404, "access.letter_replaced")
        assert "newest letter" in answer.json()["detail"]
    in_chinese = await vote.http.get(old, headers={"Accept-Language": "zh-CN"})
    assert "最新" in in_chinese.json()["detail"]
    bearer(await entered(vote, link, told))


async def test_a_session_gives_tickets_until_it_is_left_or_the_letter_is_void(
    vote: Channels,
) -> None:
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    for end in ("left", "void"):
        session = {"session": (await entered(vote, link, told)).json()["session"]}
        who = bearer(await vote.http.post("/v1/letter-sessions/tickets", json=session))
        assert (await cast(vote, who)).status_code == 201
        if end == "left":
            left = await vote.http.post("/v1/letter-sessions/end", json=session)
            assert left.status_code == 204
        else:
            await vote.post("/withdrawals", COMMITTEE, unit_number=UNIT, reason="stolen")
            assert code(await cast(vote, who)) == (403, "credential.replaced")
        over = await vote.http.post("/v1/letter-sessions/tickets", json=session)
        assert code(over) == (403, "access.session_over")


async def test_no_row_and_no_event_has_a_link_a_code_or_a_unit(vote: Channels) -> None:
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    answer = await entered(vote, link, told)
    rows = await vote.everything()
    for secret in (
        link.rpartition("/")[2],
        told,
        answer.json()["ticket"],
        answer.json()["session"],
    ):
        assert secret not in rows
    details = await vote.sql.fetch("SELECT details::text AS d FROM event")
    assert not [row for row in details if UNIT in row["d"]]


# Played by an official.


async def test_one_official_registers_sixteen_mandates_and_casts_none(vote: Channels) -> None:
    """The attack of 8287647: 16 invented agents, 16 of 16 ballots."""
    units = [row["number"] for row in await vote.sql.fetch(UNITS, vote.rid)]
    made = [await agents_mandate(vote, unit, number) for number, unit in enumerate(units)]
    proposed = [each for each in made if each.status_code == 202]
    assert len(proposed) > 1
    for each in proposed:
        assert not {"credential", "link"} & each.json().keys()
        assert code(await confirmed(vote, each, "committee")) == (403, "proposal.own")
    assert (await vote.get("/letters", COMMITTEE)).json() == []
    # Somebody has confirmed them unread: the links are still not the proposer's.
    mandates = [await confirmed(vote, each) for each in proposed]
    for each in (await vote.get("/letters", COMMITTEE)).json():
        refused = await vote.post(f"/letters/{each['id']}/link", COMMITTEE)
        assert code(refused) == (403, "access.own_letter")
    again = await vote.post(f"/mandates/{mandates[0].json()['id']}/letters", COMMITTEE)
    refused = await vote.post(f"/letters/{again.json()['id']}/link", COMMITTEE)
    assert code(refused) == (403, "access.own_letter")
    assert await vote.ballots() == []


UNITS = """SELECT u.number FROM unit u JOIN renovation r USING (estate_id)
WHERE r.id = $1 ORDER BY 1 LIMIT 16"""


async def the_letter(vote: Channels, kind: str) -> str:
    (letter,) = [
        row["id"] for row in (await vote.get("/letters", SECOND)).json() if row["kind"] == kind
    ]
    return str(letter)


async def test_an_agents_link_is_good_once_and_becomes_the_agents_own(vote: Channels) -> None:
    registered = await confirmed(vote, await agents_mandate(vote, UNIT))
    link = await link_of(vote, await the_letter(vote, "agent"))
    number = f"{AGENT}0000"
    first = await entered(vote, link, number)
    who = bearer(first)
    assert code(await entered(vote, link, number)) == WRONG
    own = first.json()["link"].partition("8000")[2]
    bearer(await entered(vote, own, number))
    ballot = await vote.post("/proxy-ballots", who, choices={"works": "yes"})
    assert ballot.status_code == 201, ballot.text
    await vote.post(f"/mandates/{registered.json()['id']}/letters", COMMITTEE)
    again = await vote.post("/proxy-ballots", who, choices={"works": "no"})
    assert code(again) == (403, "credential.replaced")
    await vote.post(f"/mandates/{registered.json()['id']}/revocation", COMMITTEE, reason="no more")
    letter = await the_letter(vote, "agent")
    opened = await link_of(vote, letter)
    assert code(await vote.http.get(opened)) == (403, "mandate.revoked")


async def test_a_buyer_enters_with_a_link_that_the_registrar_never_saw(vote: Channels) -> None:
    key = stored_owner_key(owner_key((SELLER,)), owner_secret(SecretStr(KEY)))
    await vote.sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3",
        *(f"{vote.rid}.estate", key, UNIT),
    )
    old = await letter_of(vote)
    seller_link, told = await link_of(vote, old), await code_of(vote, old)
    seller = bearer(await entered(vote, seller_link, told))
    sold = await vote.post(
        "/replacements",
        COMMITTEE,
        unit_number=UNIT,
        seller_names=[SELLER],
        buyer_names=[BUYER],
        buyer_identities=[BUYERS_NUMBER],
        registered_on=NOW.date().isoformat(),
        evidence="extract 17",
    )
    sold = await confirmed(vote, sold)
    assert sold.status_code == 201, sold.text
    assert set(sold.json()) == {"command_id", "id", "kind", "happened_at"}
    assert code(await cast(vote, seller)) == (403, "credential.replaced")
    assert code(await entered(vote, seller_link, told)) == (404, "access.letter_replaced")
    letter = await the_letter(vote, "buyer")
    assert code(await vote.post(f"/letters/{letter}/link", COMMITTEE)) == (403, "access.own_letter")
    buyer = bearer(await entered(vote, await link_of(vote, letter), BUYERS_NUMBER))
    assert (await cast(vote, buyer)).status_code == 201


async def test_nobody_gets_both_the_link_and_the_code_of_a_letter(vote: Channels) -> None:
    letter = await letter_of(vote)
    assert code(await vote.post(f"/letters/{letter}/link", COMMITTEE)) == (403, "access.own_letter")
    await vote.post(f"/letters/{letter}/code", STREET)
    assert code(await vote.post(f"/letters/{letter}/link", STREET)) == (403, "access.own_letter")
    await link_of(vote, letter)
    refused = await vote.post(f"/letters/{letter}/code", SECOND)
    assert code(refused) == (403, "access.own_handing")
    assert code(await vote.post(f"/letters/{letter}/link", SECOND)) == (409, "access.handed")


async def test_whoever_prints_a_first_letter_again_tells_no_code_of_it(vote: Channels) -> None:
    letters = {row["unit_number"]: row for row in await printed(vote, COMMITTEE)}
    first = {row["unit_number"]: row["id"] for row in (await vote.get("/letters", SECOND)).json()}
    assert letters.keys() == first.keys()
    given = await vote.post(f"/letters/{first[NEIGHBOUR]}/code", SECOND)
    assert given.status_code == 201, given.text
    # Who told a code is given no link that goes with it, and who was given a link tells no code.
    assert {row["unit_number"] for row in await printed(vote, SECOND)} == first.keys() - {NEIGHBOUR}
    for who in (SECOND, COMMITTEE):
        refused = await vote.post(f"/letters/{first[UNIT]}/code", who)
        assert code(refused) == (403, "access.own_handing")
    told = await vote.post(f"/letters/{first[UNIT]}/code", STREET)
    assert told.status_code == 201, told.text
    link = letters[UNIT]["link"].partition("8000")[2]
    bearer(await entered(vote, link, told.json()["code"]))


async def test_a_notice_on_paper_brings_nobody_the_link_of_a_letter_whose_code_they_may_tell(
    vote: Channels,
) -> None:
    letters = {row["unit_number"]: row["link"] for row in await printed(vote, COMMITTEE)}
    await vote.sql.execute(
        "INSERT INTO notice (id, renovation_id, command_id, audience, template, params, state, queued_at,"
        " created_at) VALUES ($2, $1, $2, 'all_owners', 'vote_announced', '{}', 'sending', now(), now())",
        vote.rid, f"{vote.rid}-paper",
    )  # fmt: skip
    await vote.sql.execute(
        "INSERT INTO private.notice_message (id, notice_id, renovation_id, unit_number, channel, state,"
        " attempts, error, next_at, created_at, changed_at)"
        " VALUES ($2, $3, $1, $4, 'paper', 'created', 0, '', now(), now(), now())",
        vote.rid, hashlib.sha256(vote.rid.encode()).hexdigest(), f"{vote.rid}-paper", UNIT,
    )  # fmt: skip
    (other,) = (await vote.post("/notices/printing", STREET)).json()
    assert other["link"].endswith(f"/v1/renovations/{vote.rid}")
    (own,) = (await vote.post("/notices/printing", COMMITTEE)).json()
    assert own["link"] == letters[UNIT]


async def test_a_letter_of_another_case_is_unknown_here(vote: Channels, renovation: Make) -> None:
    letter = await letter_of(vote)
    other = Channels(vote.http, vote.sql, await renovation(), "")
    for half in ("link", "code"):
        answer = await other.post(f"/letters/{letter}/{half}", SECOND)
        assert code(answer) == (404, "access.letter_unknown")
    for path in ("/letters", "/withdrawals"):
        refused = await vote.post(path, official("grid"), unit_number=UNIT, reason="x")
        assert code(refused) == (403, "credential.no_role")


async def test_the_same_command_hands_out_the_same_link(vote: Channels) -> None:
    letter = await letter_of(vote)
    first = await vote.post(f"/letters/{letter}/link", SECOND, "hand-1")
    again = await vote.post(f"/letters/{letter}/link", SECOND, "hand-1")
    assert first.json() == again.json()


async def test_who_enters_while_the_unit_is_sold_has_entered_before_or_not_at_all(
    vote: Channels,
) -> None:
    """The seller enters with the letter again and again; what an entry gave is good no more after the sale."""
    key = stored_owner_key(owner_key((SELLER,)), owner_secret(SecretStr(KEY)))
    await vote.sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3",
        *(f"{vote.rid}.estate", key, UNIT),
    )
    letter = await letter_of(vote)
    link, told = await link_of(vote, letter), await code_of(vote, letter)
    gained: list[dict[str, str]] = []
    enough = asyncio.Event()

    async def seller() -> httpx.Response:
        way = link
        while (answer := await entered(vote, way, told)).status_code == 201:
            gained.append(answer.json())
            way = gained[-1]["link"].partition("8000")[2] or way
            if len(gained) == FIRST:
                enough.set()
        return answer

    async def committee() -> int:
        await enough.wait()
        proposed = await vote.post(
            "/replacements",
            COMMITTEE,
            unit_number=UNIT,
            seller_names=[SELLER],
            buyer_names=[BUYER],
            registered_on=NOW.date().isoformat(),
            evidence="extract 17",
        )
        made = await confirmed(vote, proposed)
        assert made.status_code == 201, made.text
        return len(gained)

    refused, before = await asyncio.gather(seller(), committee())
    assert code(refused) in {WRONG, (404, "access.letter_replaced")}
    assert FIRST <= before >= len(gained) - 1  # an answer may still have been on its way
    for each in gained:
        session = {"session": each["session"]}
        over = await vote.http.post("/v1/letter-sessions/tickets", json=session)
        assert code(over) == (403, "access.session_over")
        who = {"Authorization": f"Bearer {each['ticket']}"}
        assert code(await cast(vote, who)) == (403, "credential.replaced")
    assert await vote.ballots() == []
