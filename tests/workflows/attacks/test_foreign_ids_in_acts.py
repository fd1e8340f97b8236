"""Ids of another case in the bodies of official acts: told like ids of nothing, and nothing is written.

Generated from the bodies: every field of an act that takes an id gets one that there is, of another case or
another place, in a body that is good otherwise, from somebody who may do the act at that moment.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest

from models.messages import acts as a
from models.messages.act_bodies import BODIES
from models.values.actor import Role
from rules.authority import ROLES_OF_ACT
from runtime.database import Database
from service.parts import Parts
from tests.support.attacks import allow, changed, written
from tests.support.estate import make_renovation
from tests.support.fields.samples import good_body, placed
from tests.support.fields.walking import KEY, FoundField, fields_of
from tests.support.journey import (
    STREET,
    JourneyDriver,
    actor,
    builder,
    cleared_flags,
    complain,
    first_candidate,
    kept_back,
    open_when_allowed,
)
from tests.support.people import sign_in

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
THEIR_FIRM = "x1"
THEIR_OFFICIAL = "their-official"
NOTHING = "nothing-of-this-name"


Come = Callable[[JourneyDriver], Awaitable[dict[str, Any]]]
"""Brings the own case to the moment for an act, and makes a body of it that is good."""


async def everyone_says(j: JourneyDriver, choice: str) -> None:
    async def cast(j: JourneyDriver) -> None:
        await j.cast(choice)

    j.on("ballots", cast)


async def a_failed_vote(j: JourneyDriver) -> dict[str, Any]:
    j.on("open_vote", open_when_allowed)
    await everyone_says(j, "no")
    await j.until("revise_scheme")
    return {"drop_items": ["pipes"], "reason": "too dear"}


async def a_slip(j: JourneyDriver) -> dict[str, Any]:
    await allow(j.db, "mine", "open_vote")
    added = {"id": "a-new-one", "label": "Li", "role": "grid_worker"}
    return {"labels": {"mine": "Wang"}, "officials": [added], "reason": "a slip"}


async def a_complaint(j: JourneyDriver) -> dict[str, Any]:
    return {"ticket_id": await complain(j), "answer": "a lamp was mounted"}


async def an_objection(j: JourneyDriver) -> dict[str, Any]:
    await everyone_says(j, "yes")
    await j.until("objections.vote_result")
    publication, objection = await j.object_to("vote_result")
    named = {"publication_id": publication, "objection_id": objection}
    return {**named, "upheld": False, "answer": "the count stands"}


async def opened_bids(j: JourneyDriver) -> dict[str, Any]:
    await j.until("record_evaluation")
    return {"cleared": await cleared_flags(j)}


async def a_candidate(j: JourneyDriver) -> dict[str, Any]:
    await j.until("award_contract")
    return {"bidder_id": await first_candidate(j)}


async def one_who_leaves(j: JourneyDriver) -> dict[str, Any]:
    return {**await a_candidate(j), "reason": "no capacity"}


async def an_award(j: JourneyDriver) -> dict[str, Any]:
    return {"bidder_id": await first_candidate(j), "at_fault": "candidate", "reason": "it is gone"}


async def an_item(j: JourneyDriver) -> dict[str, Any]:
    await j.until("works")
    return {"item_id": "roof"}


async def a_look(_: JourneyDriver) -> dict[str, Any]:
    return {"item_id": "roof", "outcome": "FAIL", "defects": ["a crack"]}


async def a_defect(_: JourneyDriver) -> dict[str, Any]:
    return {"item_id": "roof"}


async def an_end(j: JourneyDriver) -> dict[str, Any]:
    ground = {"ground": "vote", "document": "owners' decision", "reason": "they want to stop"}
    await j.act(a.TerminateContract, STREET, **ground)
    await j.until("measure_works")
    return {"measured_fen": {"roof": 1}}


async def a_retention(j: JourneyDriver) -> dict[str, Any]:
    await j.until("release_retention")
    return {"contract_id": (await kept_back(j))[0]}


async def an_order(j: JourneyDriver) -> dict[str, Any]:
    return {"order_id": await ordered(j), "report": "it was posted anew"}


async def one_too_many(j: JourneyDriver) -> dict[str, Any]:
    return {"order_id": await ordered(j), "reason": "it was right"}


async def ordered(j: JourneyDriver) -> str:
    about = {"event": 1, "days": 10, "document": "no. 3", "reason": "the notice was too short"}
    await j.act(a.OrderCorrection, STREET, addressee="owners_committee", **about)
    return str((await j.details("renovation.correction_ordered"))[-1]["order"])


MOMENTS: Mapping[str, Come] = {
    "report_corrected": an_order,
    "lift_correction": one_too_many,
    "correct_renovation": a_slip,
    "resolve_ticket": a_complaint,
    "revise_scheme": a_failed_vote,
    "answer_objection": an_objection,
    "record_evaluation": opened_bids,
    "withdraw_candidate": one_who_leaves,
    "award_contract": a_candidate,
    "rule_on_signature": an_award,
    "report_item": an_item,
    "record_inspection": a_look,
    "report_rectified": a_defect,
    "measure_works": an_end,
    "release_retention": a_retention,
}
"""The acts in the order in which one case comes to them."""
ELSEWHERE = {
    "confirm_ticket": "the door of officials is shut to everybody; a resident's has the id in its path",
    "approve_direct_award": "any firm of the place may get it: `test_second_person.py` names one of another",
}


class Theirs(NamedTuple):
    """Ids that there are, by the field that would take them: of another case, or of another place."""

    case: JourneyDriver
    of_field: Mapping[str, str]


def ids_of(act: str) -> list[FoundField]:
    """The fields of an act's body that take an id, as a value or as a key."""
    return [each for each in fields_of(BODIES[act]) if each.kind in {"id", "id_in_file"}]


def test_every_act_that_names_something_is_tried() -> None:
    assert {act for act in BODIES if ids_of(act)} == MOMENTS.keys() | ELSEWHERE.keys()
    assert not MOMENTS.keys() & ELSEWHERE.keys()


@pytest.fixture(scope="module")
async def mine(
    parts: Parts, http: httpx.AsyncClient, database: Database, owner: str
) -> AsyncIterator[JourneyDriver]:
    sql = await asyncpg.connect(owner)
    yield await begun(parts, http, database, sql)
    await sql.close()


async def begun(
    parts: Parts, http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection, **more: Any
) -> JourneyDriver:
    rid = f"r{secrets.token_hex(5)}"
    await make_renovation(database, rid=rid, told_at=OPENED_AT, **more)
    driver = JourneyDriver(parts, http, sql, rid)
    await driver.start()
    return driver


@pytest.fixture(scope="module")
async def theirs(
    mine: JourneyDriver, parts: Parts, http: httpx.AsyncClient, database: Database
) -> Theirs:
    """Their case has bids, a publication with an objection, a complaint and works; another place has people."""
    j = await begun(parts, http, database, mine.db)
    j.on("bids", their_bids)
    ticket = await complain(j)
    await j.until("objections.candidates")
    publication, objection = await j.object_to("candidates")
    order = await ordered(j)
    await mine.db.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) VALUES ('z', 'district', 'z', NULL, 'z')"
    )
    await mine.db.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'Their', 'grid_worker', 'z')",
        THEIR_OFFICIAL,
    )
    await sign_in(mine.db, THEIR_OFFICIAL)
    item = f"{j.rid}.roof"
    of_field = {
        "publication_id": publication,
        "objection_id": objection,
        "ticket_id": ticket,
        "item_id": item,
        "contract_id": item,
        "measured_fen": item,
        "drop_items": item,
        "labels": THEIR_OFFICIAL,
        "order_id": order,
        "officials": THEIR_OFFICIAL,
    }
    return Theirs(j, {**dict.fromkeys(BIDDERS, THEIR_FIRM), **of_field})


BIDDERS = (
    "bidder_id", "technical_milli", "rejections", "low_prices", "cleared", "adjustments_fen", "lots",
)  # fmt: skip


async def their_bids(j: JourneyDriver) -> None:
    for number, firm in enumerate((THEIR_FIRM, "x2", "x3")):
        who = await j.official(actor(Role.CONTRACTOR, firm))
        await j.told(
            "/bids",
            who,
            command_id=f"{j.rid}-{firm}",
            price_fen=11_000_000 + number * number * 100_000,
        )


def with_id(
    body: Mapping[str, Any], good: Mapping[str, Any], field: FoundField, name: str
) -> dict[str, Any]:
    """The body with this id at the field; of a list or an object it is one entry more."""
    step, *rest = field.path
    key = str(step)
    if not rest:
        return {**body, key: name}
    if rest[0] == KEY:
        value = next(iter(good[key].values()))
        return {**body, key: {**body.get(key, {}), name: value}}
    entry = placed(good[key][0], rest[1:], name) if rest[1:] else name
    return {**body, key: [entry, *body.get(key, ())]}


@pytest.mark.slow
@pytest.mark.parametrize("act", MOMENTS)
async def test_an_act_about_something_of_another_case_is_refused_like_one_about_nothing(
    mine: JourneyDriver, theirs: Theirs, act: str
) -> None:
    body, good = await MOMENTS[act](mine), good_body(BODIES[act])
    if ROLES_OF_ACT[act].roles == {Role.CONTRACTOR}:
        who = await mine.official(await builder(mine))
    else:
        who = await allow(mine.db, f"may-{act}", act)
    await mine.parts.clocks.settle(mine.rid)
    stood = await written(mine.db)
    for field in ids_of(act):
        told = []
        for name in (NOTHING, theirs.of_field[str(field.path[0])]):
            answer = await mine.post(f"/acts/{act}", who, **with_id(body, good, field, name))
            assert answer.is_client_error, (field.name, name, answer.text)
            said = answer.json()["problems"]
            assert any(of_it(each, field, name) for each in said), (field.name, said)
            told.append((answer.status_code, answer.text.replace(name, "<id>")))
        assert told[0] == told[1]
        assert changed(stood, await written(mine.db)) == set()
    # The same body with nothing but own ids goes on: it is the id that was refused.
    answer = await mine.post(f"/acts/{act}", who, **body)
    assert answer.is_success, answer.text


def of_it(problem: Mapping[str, Any], field: FoundField, name: str) -> bool:
    """A problem that names the field, or what was asked for."""
    named = (problem["where"], *map(str, problem["params"].values()))
    return problem["where"].startswith(str(field.path[0])) or any(name in each for each in named)
