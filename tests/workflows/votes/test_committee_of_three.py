"""A committee of three holds a whole vote by itself: mandates, a sale, paper; nobody from outside is waited for.

Told case, real engine, real doors. Whoever proposes, hands out or types first is never the one who confirms,
tells the code or types again; three people are enough for all of it. One person in two roles is one person.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from formats.roll import owner_key, stored_owner_key
from models.messages import acts as a
from models.values.actor import Actor, Role
from service.estates.units import owner_secret_of
from tests.support.journey import STREET, JourneyDriver, actor

Begin = Callable[..., Awaitable[JourneyDriver]]
WANG, LI, ZHAO = (actor(Role.OWNERS_COMMITTEE, name) for name in ("wang", "li", "zhao"))
THREE = {each.id for each in (WANG, LI, ZHAO)}
OTHERS = {"engine", "owner", "resident"}
"""Who is no official: the engine, and the residents whose flats vote."""
SELLER, BUYER, BUYERS_NUMBER = "Wang Xiuying", "Zhao Lei", "370701198001010017"
AGENT, AGENTS_NUMBER = "Li Jianguo", "370701197503070025"


async def confirm(j: JourneyDriver, who: Actor, *made: httpx.Response) -> httpx.Response:
    """A sheet with what was proposed, as it was read."""
    lines = [
        {"id": each.json()["id"], "content_sha256": each.json()["content_sha256"]} for each in made
    ]
    session = await j.official(who)
    return await j.post("/proposals/confirmations", session, proposals=lines)


async def enter(j: JourneyDriver, kind: str, link_by: Actor, fact: str | Actor) -> str:
    """A new letter of a kind: its link, and the fact or who tells its code; the ticket that it gives."""
    session = await j.official(link_by)
    rows = await j.http.get(
        f"/v1/renovations/{j.rid}/letters", headers={"Authorization": f"Bearer {session}"}
    )
    letter, *_ = (row["id"] for row in rows.json() if row["kind"] == kind)
    handed = await j.told(f"/letters/{letter}/link", session)
    if isinstance(fact, Actor):
        fact = str((await j.told(f"/letters/{letter}/code", await j.official(fact)))["code"])
    answer = await j.http.post(f"{urlsplit(handed['link']).path}/entries", json={"fact": fact})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


async def mandate(j: JourneyDriver, unit: str, motions: list[str]) -> httpx.Response:
    box, now = await j.box(), await j.now()
    return await j.post(
        "/mandates",
        await j.official(LI),
        unit_number=unit,
        agent_name=AGENT,
        agent_identity=AGENTS_NUMBER,
        motions=motions,
        document=f"folder 1, {unit}",
        valid_from=now.isoformat(),
        valid_until=box["closes_at"].isoformat(),
    )


async def sale(j: JourneyDriver, unit: str) -> httpx.Response:
    secret = owner_secret_of(j.parts.settings)
    await j.db.execute(
        "UPDATE unit u SET owner_key=$2 FROM renovation r WHERE r.id=$1"
        " AND u.estate_id=r.estate_id AND u.number=$3",
        *(j.rid, stored_owner_key(owner_key((SELLER,)), secret), unit),
    )
    return await j.post(
        "/replacements",
        await j.official(ZHAO),
        unit_number=unit,
        seller_names=[SELLER],
        buyer_names=[BUYER],
        buyer_identities=[BUYERS_NUMBER],
        registered_on=(await j.now()).date().isoformat(),
        evidence="extract 17",
    )


async def paper(j: JourneyDriver, who: Actor, units: list[str], motions: list[str]) -> Any:
    choices = dict.fromkeys(motions, "yes")
    lines = [{"unit_number": unit, "choices": choices} for unit in units]
    bundle = {"reference": "P-1", "scan": "box 7", "code": "c0de" * 5, "channel": "paper"}
    return await j.told("/paper", await j.official(who), lines=lines, **bundle)


async def test_three_people_hold_a_whole_vote(journey: Begin) -> None:
    j = await journey()

    async def announced(driver: JourneyDriver) -> None:
        await driver.act(a.OpenVote, WANG)

    j.on("open_vote", announced)
    j.on("ballots", lambda _: nothing())
    await j.until("ballots")
    while await j.now() < (await j.box())["opens_at"]:
        await j.go_on()
    units = await j.units()
    motions = [each["id"] for each in json.loads((await j.box())["motions"])]
    begun, asked_at = await j.seq(), await j.now()

    first, second = [await mandate(j, unit, motions) for unit in units[:2]]
    own = await confirm(j, LI, first)
    assert (own.status_code, own.json()["code"]) == (403, "proposal.own")
    sheet = await confirm(j, ZHAO, first, second)
    assert len(sheet.json()["confirmed"]) == 2, sheet.text
    agent = await enter(j, "agent", WANG, AGENTS_NUMBER)
    await j.told("/proxy-ballots", agent, choices=dict.fromkeys(motions, "yes"))

    sold = await confirm(j, WANG, await sale(j, units[2]))
    assert len(sold.json()["confirmed"]) == 1, sold.text
    buyer = await enter(j, "buyer", LI, BUYERS_NUMBER)
    yes = dict.fromkeys(motions, "yes")
    await j.told("/ballots", buyer, unit_number=units[2], choices=yes)

    made = await j.post(
        "/letters", await j.official(WANG), unit_number=units[5], reason="the first one was lost"
    )
    if made.status_code == 202:
        await confirm(j, LI, made)
    lost = await enter(j, "unit", LI, ZHAO)
    await j.told("/ballots", lost, unit_number=units[5], choices=yes)

    await paper(j, WANG, units[3:5], motions)
    assert (await paper(j, LI, units[3:5], motions))["cast"] == 2
    await j.ballots([(unit, yes) for unit in [units[1], *units[6:]]])
    # All of it in one evening: the told clock has not moved, so nobody was waited for.
    assert await j.now() == asked_at

    while (await j.row())["stage"] == "voting":
        await j.parts.clocks.settle(j.rid)
        await j.go_on()
    assert (await j.row())["stage"] == "cost_sharing", "adopted"
    assert "voting.result_declared" in await j.events()
    # Who moves the clock of a told case is the convener who plays it, and no official of the vote.
    acted = (
        "SELECT DISTINCT actor_id, actor_role FROM event"
        " WHERE renovation_id=$1 AND seq > $2 AND kind NOT LIKE 'clock.%'"
    )
    rows = await j.db.fetch(acted, j.rid, begun)
    officials = {row["actor_id"] for row in rows if row["actor_role"] not in OTHERS}
    assert officials == THREE


async def test_whoever_proposes_in_one_of_two_roles_does_not_confirm_in_the_other(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("open_vote")
    both = actor(Role.OWNERS_COMMITTEE, "sun"), actor(Role.RESIDENTS_COMMITTEE, "sun")
    session = await j.official(STREET)
    made = await j.post("/acts/cancel_renovation", session, reason="the estate will be rebuilt")
    assert made.status_code == 202, made.text
    twice = await confirm(j, actor(Role.RESIDENTS_COMMITTEE, STREET.id), made)
    assert (twice.status_code, twice.json()["code"]) == (403, "proposal.own")
    for each in both:
        await j.official(each)
    done = await confirm(j, both[0], made)
    assert len(done.json()["confirmed"]) == 1, done.text


async def nothing() -> None:
    """What nobody does."""
