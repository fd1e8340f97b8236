"""The pairs of duties of the official acts: one told case on its way, in the order in which it comes to them."""

import secrets
from collections.abc import Mapping

import httpx

from rules.duties import Duty
from tests.support.duties import Play, Playing, done
from tests.support.journey import (
    CONTRACTOR,
    builder,
    cleared_flags,
    first_candidate,
)
from tests.support.people import token_of

OPEN_PUBLICATION = "SELECT id FROM publication WHERE renovation_id=$1 AND state='open'"
OPEN_OBJECTION = (
    "SELECT o.id FROM objection o JOIN publication p ON p.id = o.publication_id"
    " WHERE p.renovation_id=$1 AND o.state='open'"
)
OPEN_TICKET = "SELECT id FROM ticket WHERE renovation_id=$1 AND state='open'"
FIRM = CONTRACTOR.id
"""The winner of the first tender."""
OBJECTS, LIVES_HERE, RELIEVES, AWARDS, FAILS, COMPLAINED = (
    "objects", "lives-here", "relieves", "awards", "fails", "complained-about",
)  # fmt: skip


async def objected(p: Playing) -> Mapping[Duty, str]:
    """Somebody of an office objects in the office's name."""
    await p.told.until("objections.vote_result")
    await p.allow(OBJECTS, "answer_objection")
    publication = await p.told.value(OPEN_PUBLICATION)
    done(
        await p.told.post(
            "/objections", token_of(OBJECTS), publication_id=publication, text="why so late?"
        )
    )
    return {Duty.ANSWER_OBJECTION: OBJECTS}


async def objected_at_home(p: Playing) -> Mapping[Duty, str]:
    """The flat of an official objects: the roll has an owner of that name."""
    await owns(p, LIVES_HERE, (await p.told.units())[1], "Li Wei")
    await p.told.object_to("vote_result", 1)
    return {Duty.ANSWER_OBJECTION: LIVES_HERE}


async def answers(p: Playing, person: str) -> httpx.Response:
    return await p.act(
        "answer_objection",
        person,
        publication_id=await p.told.value(OPEN_PUBLICATION),
        objection_id=await p.told.value(OPEN_OBJECTION),
        upheld=False,
        answer="the count stands",
    )


async def complained_about_at_home(p: Playing) -> Mapping[Duty, str]:
    """A neighbour complains about the flat of an official."""
    units = await p.told.units()
    await owns(p, COMPLAINED, units[2], "Zhao Min")
    fields = {"unit_number": units[0], "kind": "complaint", "text": "noise", "confidential": False}
    await p.told.told("/tickets", p.told.voter(units[0]), about_unit=units[2], **fields)
    return {Duty.ANSWER_COMPLAINED: COMPLAINED}


async def resolves(p: Playing, person: str) -> httpx.Response:
    ticket = await p.told.value(OPEN_TICKET)
    return await p.act("resolve_ticket", person, ticket_id=ticket, answer="they were spoken to")


async def owns_a_flat(p: Playing) -> Mapping[Duty, str]:
    await p.told.until("payments")
    await owns(p, RELIEVES, (await p.told.units())[0], "Wang Xiuying")
    return {Duty.RELIEVE_ONESELF: RELIEVES}


async def owns(p: Playing, official: str, unit: str, name: str) -> None:
    """The roll has an owner of the unit who is called like the official; nothing else joins the two."""
    await p.allow(official)
    for person, written in ((official, name.upper()), (secrets.token_hex(16), name)):
        await p.sql.execute(
            "INSERT INTO private.person (id, name) VALUES ($1, $2)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            *(person, written),
        )
    await p.sql.execute(
        "INSERT INTO private.unit_owner SELECT u.id, $2, 0 FROM unit u"
        " JOIN renovation r USING (estate_id) WHERE r.id = $1 AND u.number = $3",
        *(p.told.rid, person, unit),
    )


async def relieves(p: Playing, person: str) -> httpx.Response:
    unit = (await p.told.units())[0]
    fields = {"unit_number": unit, "amount_fen": 100, "funded_by": "the street's fund"}
    return await p.act("approve_relief", person, **fields)


async def bid(p: Playing) -> Mapping[Duty, str]:
    await p.told.until("record_evaluation")
    return {Duty.EVALUATE_BID: FIRM}


async def evaluates(p: Playing, person: str) -> httpx.Response:
    return await p.act("record_evaluation", person, cleared=await cleared_flags(p.told))


async def awarded(p: Playing) -> Mapping[Duty, str]:
    await p.told.until("award_contract")
    await p.allow(AWARDS, "award_contract")
    done(await p.act("award_contract", AWARDS, bidder_id=await first_candidate(p.told)))
    return {Duty.JUDGE_AWARD: AWARDS}


async def judges(p: Playing, person: str) -> httpx.Response:
    fields = {"bidder_id": FIRM, "at_fault": "candidate", "reason": "nobody came to sign"}
    return await p.act("rule_on_signature", person, **fields)


async def built(p: Playing) -> Mapping[Duty, str]:
    await p.told.until("works")
    await p.allow(FIRM, "report_item")
    done(await p.act("report_item", FIRM, item_id="paint"))
    return {Duty.INSPECT_BUILT: FIRM}


async def passes(p: Playing, person: str, item: str) -> httpx.Response:
    return await p.act("record_inspection", person, item_id=item, outcome="PASS")


async def passes_the_paint(p: Playing, person: str) -> httpx.Response:
    return await passes(p, person, "paint")


async def failed(p: Playing) -> Mapping[Duty, str]:
    await p.allow(FAILS, "record_inspection")
    done(await p.act("report_item", FIRM, item_id="roof"))
    found = {"item_id": "roof", "outcome": "FAIL", "defects": ["a crack"]}
    done(await p.act("record_inspection", FAILS, **found))
    done(await p.act("report_rectified", FIRM, item_id="roof"))
    return {Duty.INSPECT_AGAIN: FAILS}


async def passes_the_roof(p: Playing, person: str) -> httpx.Response:
    return await passes(p, person, "roof")


async def has_the_contract(p: Playing) -> Mapping[Duty, str]:
    assert (await builder(p.told)).id == FIRM
    return {Duty.END_OWN_CONTRACT: FIRM}


async def ends_it(p: Playing, person: str) -> httpx.Response:
    fields = {"ground": "vote", "document": "owners' decision", "reason": "the owners want to stop"}
    return await p.act("terminate_contract", person, **fields)


async def ended(p: Playing) -> Mapping[Duty, str]:
    """Whoever was let through above has ended it."""
    await p.told.until("measure_works")
    by = await p.told.value("SELECT decided_by FROM termination WHERE renovation_id=$1")
    return {Duty.MEASURE_ENDED: str(by), Duty.MEASURE_BUILT: FIRM}


async def measures(p: Playing, person: str) -> httpx.Response:
    return await p.act("measure_works", person)


async def built_by_another(p: Playing) -> Mapping[Duty, str]:
    """The rest is built by another firm."""
    await p.told.until("accept_works")
    return {Duty.ACCEPT_BUILT: (await builder(p.told)).id}


async def accepts(p: Playing, person: str) -> httpx.Response:
    return await p.act("accept_works", person)


async def accepted(p: Playing) -> Mapping[Duty, str]:
    """Whoever was let through above has accepted them."""
    await p.told.until("approve_payment")
    by = await p.told.value(
        "SELECT inspector_id FROM inspection WHERE renovation_id=$1 AND kind='completion'"
    )
    return {Duty.PAY_ACCEPTED: str(by), Duty.PAY_ONESELF: (await builder(p.told)).id}


async def pays(p: Playing, person: str) -> httpx.Response:
    return await p.act("approve_payment", person)


async def kept(p: Playing) -> Mapping[Duty, str]:
    """After the years of its liability a firm is owed what was kept back."""
    await p.told.until("release_retention")
    return {Duty.RELEASE_ONESELF: (await builder(p.told)).id}


async def releases(p: Playing, person: str) -> httpx.Response:
    contract = await p.told.value(
        "SELECT id FROM contract WHERE renovation_id = $1 ORDER BY works_round DESC"
    )
    return await p.act("release_retention", person, contract_id=contract)


PLAYS = (
    Play((Duty.ANSWER_OBJECTION,), objected, answers),
    Play((Duty.ANSWER_OBJECTION,), objected_at_home, answers),
    Play((Duty.ANSWER_COMPLAINED,), complained_about_at_home, resolves),
    Play((Duty.RELIEVE_ONESELF,), owns_a_flat, relieves),
    Play((Duty.EVALUATE_BID,), bid, evaluates),
    Play((Duty.JUDGE_AWARD,), awarded, judges),
    Play((Duty.INSPECT_BUILT,), built, passes_the_paint),
    Play((Duty.INSPECT_AGAIN,), failed, passes_the_roof),
    Play((Duty.END_OWN_CONTRACT,), has_the_contract, ends_it),
    Play((Duty.MEASURE_ENDED, Duty.MEASURE_BUILT), ended, measures),
    Play((Duty.ACCEPT_BUILT,), built_by_another, accepts),
    Play((Duty.PAY_ACCEPTED, Duty.PAY_ONESELF), accepted, pays),
    Play((Duty.RELEASE_ONESELF,), kept, releases),
)
