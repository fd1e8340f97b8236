"""Who may send what: every door of the service × every role × inside and outside of the place.

The table says it once more, by hand, so that a door that is opened to somebody else, or is new, fails here.
"""

import ast
import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.messages.act_bodies import BODIES
from models.values.actor import Role
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.duties import EXCLUDED, Duty
from runtime.database import Database
from tests.service.conftest import KEY
from tests.support.estate import make_renovation
from tests.support.fields.doors import doors
from tests.support.fields.samples import good_body
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

RID, OTHER = "rmatrix", "rmatrix2"
CASE = "/v1/renovations/{renovation_id}"
NOBODY = frozenset({Role.ENGINE, Role.OPERATOR})
"""Nobody signs in as these."""
OFFICIALS = tuple(role for role in Role if role not in NOBODY)
CONVENERS = {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE}
SUPERVISE_VOTES = {Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE}
ERASERS = {Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE, Role.DISTRICT_BUREAU}
GO_ROUND = {Role.GRID_WORKER, Role.RESIDENTS_COMMITTEE}
OFFICIALS_HERE = {*CONVENERS, Role.DISTRICT_BUREAU, Role.AUDITOR}
"""Who answers for a case, and who audits it."""
BANK = Role.PAYMENT_PROVIDER
WRITE_DOWN = CONVENERS | {Role.GRID_WORKER}
ANSWER = CONVENERS | {Role.DISTRICT_BUREAU}
ESTATE = "/v1/estates/{estate_id}"
EVERYBODY, UNIT, AGENT, PERSON, ANY_ROLE = "everybody", "unit", "agent", "person", "any role"
PORTAL = "portal"
WHO: Mapping[str, str | set[Role] | frozenset[Role]] = {
    "GET /health/live": EVERYBODY,
    "GET /health/ready": EVERYBODY,
    # Whoever has the link, the password, or an account at the provider.
    "GET /v1/invitations/{token}": EVERYBODY,
    "POST /v1/invitations/{token}": EVERYBODY,
    "POST /v1/sign-in": EVERYBODY,
    "GET /v1/sign-in/oidc": EVERYBODY,
    "GET /v1/sign-in/oidc/callback": EVERYBODY,
    # Whoever has the link, a passkey that signs, or the code that a signed-in browser shows.
    "POST /v1/invitations/{token}/passkey-challenges": EVERYBODY,
    "POST /v1/invitations/{token}/passkeys": EVERYBODY,
    "POST /v1/sign-in/passkey-challenges": EVERYBODY,
    "POST /v1/sign-in/passkey": EVERYBODY,
    "POST /v1/sign-in/terminal": EVERYBODY,
    "GET /sign-in": EVERYBODY,
    "GET /sign-in/passkeys.js": EVERYBODY,
    "GET /sign-in/style.css": EVERYBODY,
    # One's own: tests/service/identity/test_passkeys.py.
    "GET /v1/passkeys": PERSON,
    "POST /v1/passkeys": PERSON,
    "POST /v1/passkey-challenges": PERSON,
    "POST /v1/passkeys/{passkey}/removal": PERSON,
    "POST /v1/session/terminal-codes": PERSON,
    # Whoever has the letter's link, and for a ticket its second fact or the session it began.
    "GET /v1/letters/{link}": EVERYBODY,
    "POST /v1/letters/{link}/entries": EVERYBODY,
    "POST /v1/letter-sessions/tickets": EVERYBODY,
    "POST /v1/letter-sessions/end": EVERYBODY,
    "GET /v1/session": PERSON,
    "POST /v1/sign-out": PERSON,
    # Who may give which role to whom is tried by tests/service/identity/test_grants.py.
    "GET /v1/grants": PERSON,
    "POST /v1/grants": PERSON,
    "POST /v1/grants/{grant_id}/confirm": PERSON,
    "POST /v1/grants/{grant_id}/end": PERSON,
    # Whose account one may close: tests/service/identity/test_accounts.py.
    "POST /v1/accounts/{person}/closing": PERSON,
    # Who may bring, confirm and end a firm: tests/service/firms.
    "POST /v1/firm-registrations": EVERYBODY,
    "GET /v1/firms": PERSON,
    "POST /v1/firms": PERSON,
    "POST /v1/firms/{firm}/places": PERSON,
    "POST /v1/firms/{firm}/people": PERSON,
    "POST /v1/firms/{firm}/people/{firm_person}/end": PERSON,
    # Whose programs one may keep: tests/service/programs/test_clients.py.
    "GET /v1/clients": PERSON,
    "POST /v1/clients": PERSON,
    "POST /v1/clients/{client}/rotation": PERSON,
    "POST /v1/clients/{client}/revocation": PERSON,
    # Administrators only: tests/service/test_engine_payloads.py.
    "GET /v1/engine/access": PERSON,
    "POST /v1/engine/codec/decode": PERSON,
    # Of which places one may follow what happens: tests/service/webhooks.
    "GET /v1/feed": PERSON,
    # The heads of all cases are for everybody; who cosigns looks at the signature of the log.
    "GET /v1/anchor": EVERYBODY,
    f"GET {CASE}/anchor": EVERYBODY,
    "POST /v1/witness/add-checkpoint": EVERYBODY,
    "GET /v1/webhooks": PERSON,
    "POST /v1/webhooks": PERSON,
    "POST /v1/webhooks/{webhook}/changes": PERSON,
    "POST /v1/webhooks/{webhook}/rotation": PERSON,
    "POST /v1/webhooks/{webhook}/tests": PERSON,
    "GET /v1/webhooks/{webhook}/deliveries": PERSON,
    # What somebody keeps for themselves: tests/service/reading/test_saved_views.py.
    "GET /v1/saved-views": PERSON,
    "POST /v1/saved-views": PERSON,
    "POST /v1/saved-views/removals": PERSON,
    "GET /v1/contacts": PERSON,
    "POST /v1/contacts": PERSON,
    "POST /v1/contacts/withdrawals": PERSON,
    # A report about a message that came back shows the address that we signed.
    "POST /v1/notices/returns": EVERYBODY,
    "GET /v1/renovations": EVERYBODY,
    "GET /v1/counts": EVERYBODY,
    f"GET {CASE}": EVERYBODY,
    f"GET {CASE}/roles": PERSON,
    f"GET {CASE}/progress": EVERYBODY,
    f"GET {CASE}/history": EVERYBODY,
    f"GET {CASE}/standing": EVERYBODY,
    f"GET {CASE}/changes": EVERYBODY,
    f"GET {CASE}/why": EVERYBODY,
    f"GET {CASE}/events": EVERYBODY,
    f"GET {CASE}/turnout": EVERYBODY,
    f"GET {CASE}/log": EVERYBODY,
    # Each reads what they may of it; the rest are commitments: tests/service/reading/test_case_evidence.py.
    f"GET {CASE}/case-bundle": EVERYBODY,
    f"GET {CASE}/opinions": EVERYBODY,
    f"GET {CASE}/verification": EVERYBODY,
    f"GET {CASE}/works": EVERYBODY,
    f"GET {CASE}/clock": EVERYBODY,
    # The code of a ballot is as good as a credential: only its voter has it.
    f"GET {CASE}/ballots/{{code}}": EVERYBODY,
    f"GET {CASE}/ballots/{{code}}/qr.svg": EVERYBODY,
    f"POST {CASE}/ballots/{{code}}/verified": UNIT,
    f"POST {CASE}/ballots": UNIT,
    f"GET {CASE}/bundle": EVERYBODY,
    f"GET {CASE}/full-bundle": UNIT,
    f"POST {CASE}/full-bundle": UNIT,
    f"GET {CASE}/audited-bundle": {Role.AUDITOR},
    f"POST {CASE}/audited-bundle": {Role.AUDITOR},
    f"GET {CASE}/access": {Role.AUDITOR},
    f"GET {CASE}/access/report": {Role.AUDITOR},
    # Whose erasure one may ask for and confirm, and who sees the periods: tests/service/privacy.
    "GET /v1/access": PERSON,
    "GET /v1/own-data": PERSON,
    "GET /v1/erasures": PERSON,
    "POST /v1/erasures": PERSON,
    "POST /v1/erasures/{erasure}/confirmation": PERSON,
    "POST /v1/erasures/{erasure}/refusal": PERSON,
    f"GET {CASE}/erasures": UNIT,
    f"POST {CASE}/erasures": UNIT,
    "GET /v1/retention": PERSON,
    f"GET {CASE}/own-data": UNIT,
    f"GET {CASE}/people": ERASERS,
    f"GET {CASE}/sensitive": UNIT,
    f"POST {CASE}/sensitive": UNIT,
    f"POST {CASE}/sensitive/withdrawals": UNIT,
    f"GET {CASE}/sensitive-files": {Role.STREET_OFFICE, Role.DISTRICT_BUREAU},
    f"GET {CASE}/ballot-papers": UNIT,
    # Each in their own width: tests/service/reading.
    f"GET {CASE}/publications": EVERYBODY,
    f"GET {CASE}/objections": EVERYBODY,
    f"GET {CASE}/tickets": EVERYBODY,
    f"GET {CASE}/schemes": EVERYBODY,
    f"GET {CASE}/votes": EVERYBODY,
    f"GET {CASE}/tenders": EVERYBODY,
    f"GET {CASE}/contracts": EVERYBODY,
    f"GET {CASE}/inspections": EVERYBODY,
    f"GET {CASE}/survey": EVERYBODY,
    f"GET {CASE}/evaluation": EVERYBODY,
    f"GET {CASE}/settlement": EVERYBODY,
    f"GET {CASE}/official-results": EVERYBODY,
    # A unit comes in too.
    f"GET {CASE}/shares/published": EVERYBODY,
    f"GET {CASE}/shares/why": frozenset({*OFFICIALS_HERE, BANK, Role.OWNER}),
    f"GET {CASE}/shares": frozenset({*OFFICIALS_HERE, BANK, Role.OWNER}),
    f"GET {CASE}/instalments": {*OFFICIALS_HERE, BANK},
    f"GET {CASE}/payments": {*OFFICIALS_HERE, BANK},
    f"GET {CASE}/refunds": {*OFFICIALS_HERE, BANK},
    f"GET {CASE}/reliefs": {Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.AUDITOR},
    f"GET {CASE}/bids": {*OFFICIALS_HERE, Role.EVALUATOR},
    f"GET {CASE}/vote-objections": OFFICIALS_HERE,
    f"GET {CASE}/attendance": OFFICIALS_HERE,
    f"GET {CASE}/rulings": OFFICIALS_HERE,
    f"GET {CASE}/replacements": OFFICIALS_HERE,
    "GET /v1/estates": EVERYBODY,
    "GET /v1/places": EVERYBODY,
    # Who may set up places, keep a roll and open a case where: tests/service/estates/test_starting.py.
    "POST /v1/places": PERSON,
    "POST /v1/roll-imports": PERSON,
    "POST /v1/renovations": PERSON,
    "POST /v1/renovations/from-template": PERSON,
    # Whose roll one keeps: tests/service/reading/test_estates.py.
    "GET /v1/estates/{estate}/units": PERSON,
    "GET /v1/estates/{estate}/roll-imports": PERSON,
    f"GET {CASE}/household": UNIT,
    f"POST {CASE}/opinions": UNIT,
    f"POST {CASE}/vote-objections": UNIT,
    f"POST {CASE}/part-consents": UNIT,
    f"POST {CASE}/part-consents/withdrawals": UNIT,
    f"POST {CASE}/tickets": UNIT,
    f"POST {CASE}/tickets/{{ticket_id}}/confirmation": UNIT,
    f"POST {CASE}/survey-answers": UNIT,
    f"POST {CASE}/tickets/{{ticket_id}}/pictures": UNIT,
    f"GET {CASE}/pictures": CONVENERS,
    f"GET {CASE}/pictures/{{picture_id}}": f"{UNIT} or {ANY_ROLE}",
    f"POST {CASE}/pictures/{{picture_id}}/publication": CONVENERS,
    f"GET {CASE}/published-pictures": EVERYBODY,
    f"GET {CASE}/published-pictures/{{picture_id}}": EVERYBODY,
    f"POST {CASE}/objections": f"{UNIT} or {ANY_ROLE}",
    f"POST {CASE}/proxy-ballots": AGENT,
    f"POST {CASE}/rulings": SUPERVISE_VOTES,
    f"GET {CASE}/contested": SUPERVISE_VOTES,
    f"POST {CASE}/paper": CONVENERS,
    f"GET {CASE}/paper": CONVENERS,
    f"POST {CASE}/mandates": CONVENERS,
    f"GET {CASE}/mandates": CONVENERS,
    f"GET {CASE}/mandates/agents": UNIT,
    f"POST {CASE}/mandates/revocation": UNIT,
    f"POST {CASE}/mandates/{{mandate_id}}/letters": CONVENERS,
    f"GET {CASE}/letters": CONVENERS,
    f"POST {CASE}/letters": CONVENERS,
    f"POST {CASE}/letters/printing": CONVENERS,
    f"POST {CASE}/letters/{{letter_id}}/code": CONVENERS,
    f"POST {CASE}/letters/{{letter_id}}/link": CONVENERS,
    f"POST {CASE}/withdrawals": CONVENERS,
    f"GET {CASE}/proposals": CONVENERS | {Role.DISTRICT_BUREAU},
    f"POST {CASE}/proposals/confirmations": CONVENERS,
    f"POST {CASE}/proposals/{{proposal_id}}/withdrawal": CONVENERS | {Role.DISTRICT_BUREAU},
    f"POST {CASE}/mandates/{{mandate_id}}/revocation": CONVENERS,
    # What the portal has signed opens it, see tests/service/programs/test_assertions.py.
    f"POST {CASE}/portal-ballots": PORTAL,
    f"POST {CASE}/portal-entries": PORTAL,
    f"POST {CASE}/door-visits": GO_ROUND,
    f"GET {CASE}/door-visits": GO_ROUND,
    f"POST {CASE}/attendance": CONVENERS,
    f"POST {CASE}/replacements": CONVENERS,
    f"POST {CASE}/reminders": CONVENERS,
    f"GET {CASE}/non-voters": CONVENERS,
    f"GET {CASE}/contacts": UNIT,
    f"POST {CASE}/contacts": UNIT,
    f"POST {CASE}/contacts/withdrawals": UNIT,
    f"GET {CASE}/own-notices": UNIT,
    f"GET {CASE}/notices": CONVENERS,
    f"GET {CASE}/notices/{{notice}}": CONVENERS,
    f"POST {CASE}/notices/resendings": CONVENERS,
    f"POST {CASE}/notices/printing": CONVENERS,
    f"POST {CASE}/notices/handed": CONVENERS,
    f"POST {CASE}/notices/returned": CONVENERS,
    f"GET {CASE}/posted-notices/{{kind}}": CONVENERS,
    f"GET {CASE}/inbox": CONVENERS,
    f"POST {CASE}/payments": {Role.PAYMENT_PROVIDER},
    f"POST {CASE}/statements": {Role.PAYMENT_PROVIDER},
    f"GET {CASE}/unclaimed-sums": CONVENERS,
    f"GET {CASE}/ledger/accounts": {Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.AUDITOR},
    f"GET {CASE}/ledger/entries": {Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.AUDITOR},
    f"GET {CASE}/ledger/journal": {Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.AUDITOR},
    f"POST {CASE}/unclaimed-sums/assignments": CONVENERS,
    f"POST {CASE}/unclaimed-sums/returns": CONVENERS,
    f"POST {CASE}/cash": CONVENERS,
    f"POST {CASE}/bids": {Role.CONTRACTOR},
    f"GET {CASE}/own-bids": {Role.CONTRACTOR},
    f"POST {CASE}/bids/withdrawal": {Role.CONTRACTOR},
    "GET /v1/suggestions": EVERYBODY,
    f"GET {ESTATE}/suggestions/events": EVERYBODY,
    **{
        f"{method} {room}/suggestions{door}": who
        for room, resident in ((CASE, UNIT), (ESTATE, PORTAL))
        for method, door, who in (
            ("GET", "", EVERYBODY),
            ("POST", "", resident),
            ("POST", "/written-down", WRITE_DOWN),
            ("POST", "/replies", ANSWER),
            ("POST", "/{suggestion_id}/support", resident),
            ("POST", "/{suggestion_id}/support-withdrawals", resident),
            ("POST", "/{suggestion_id}/withdrawal", resident),
            ("POST", "/{suggestion_id}/sheets", WRITE_DOWN),
            ("POST", "/{suggestion_id}/review", CONVENERS),
            ("POST", "/{suggestion_id}/merging", CONVENERS),
        )
    },
    f"POST {CASE}/clock": CONVENERS,
    f"POST {CASE}/clock/holds": CONVENERS,
    f"POST {CASE}/clock/holds/{{name}}/release": CONVENERS,
    **{f"POST {CASE}/acts/{name}": set(who.roles) for name, who in ROLES_OF_ACT.items()},
    f"POST {CASE}/acts/{{name}}": PERSON,
}
DOORS = {f"{each.method} {each.path}": each for each in doors()}
CLOSED = frozenset(
    {
        *("credential.missing", "credential.wrong", "credential.no_role", "credential.other_unit"),
        *("authority.wrong_role", "authority.outside_place", "granting.nothing_to_see"),
    }
)
"""What a door says to whom it does not open."""
TESTS = Path(__file__).parents[1]
OWN_WORK: Mapping[Duty, str] = {
    Duty.INSPECT_BUILT: "activities/test_inspection.py::test_the_contractor_cannot_inspect_and_nothing_is_written",
    Duty.INSPECT_AGAIN: "activities/test_inspection.py::test_somebody_else_inspects_again_after_the_rectification",
    Duty.ACCEPT_BUILT: "activities/test_inspection.py::test_whoever_acts_for_a_firm_that_has_built_does_not_accept_the_works",
    Duty.PAY_ACCEPTED: "activities/test_inspection.py::test_the_payment_is_approved_by_somebody_else",
    Duty.PAY_ONESELF: "activities/test_inspection.py::test_the_payment_is_approved_by_somebody_else",
    Duty.RELEASE_ONESELF: "rules/test_warranty.py::test_a_retention_is_released_by_nobody_who_built",
    Duty.EVALUATE_BID: "activities/test_bidding.py::test_a_bidder_cannot_evaluate_the_tender",
    Duty.JUDGE_AWARD: "activities/test_bidding.py::test_whoever_gave_the_award_does_not_name_the_responsible_party",
    Duty.END_OWN_CONTRACT: "workflows/works/test_default.py::test_the_owners_may_end_a_contract_by_vote_without_fault",
    Duty.MEASURE_ENDED: "workflows/works/test_default.py::test_the_owners_may_end_a_contract_by_vote_without_fault",
    Duty.MEASURE_BUILT: "workflows/works/test_default.py::test_the_owners_may_end_a_contract_by_vote_without_fault",
    Duty.ANSWER_OBJECTION: "activities/test_publications.py::test_nobody_answers_the_own_objection",
    Duty.TYPE_AGAIN: "service/channels/test_paper.py::test_the_first_typist_does_not_type_a_second_time",
    Duty.RULE_DISPUTED: "service/channels/test_rulings.py::test_a_dispute_is_settled_by_somebody_else",
    Duty.RULE_TYPED: "service/channels/test_paper.py::test_who_typed_a_ballot_does_not_rule_on_it",
    Duty.HAND_LETTER: "service/access/test_letters.py::test_nobody_gets_both_the_link_and_the_code_of_a_letter",
    Duty.TELL_CODE: "service/access/test_letters.py::test_nobody_gets_both_the_link_and_the_code_of_a_letter",
    Duty.CONFIRM_PROPOSED: "service/channels/test_four_eyes.py::test_a_person_of_two_roles_does_not_confirm_the_own_proposal",
    Duty.REGISTER_AGENT: "service/channels/test_four_eyes.py::test_who_registers_or_confirms_a_mandate_is_not_its_agent",
    Duty.GRANT_ONESELF: "service/identity/test_grants.py::test_what_is_not_ones_to_give_is_refused",
    Duty.RELIEVE_ONESELF: "activities/test_cost_sharing.py::test_nobody_approves_relief_for_the_own_unit",
    Duty.ANSWER_COMPLAINED: "service/residents/test_complained_about.py::test_nobody_reads_or_answers_as_an_office_what_is_about_their_home_or_firm",
    Duty.REVIEW_WRITTEN: "service/suggestions/test_officials.py::test_who_wrote_it_down_neither_reviews_nor_answers_it",
    Duty.ANSWER_WRITTEN: "service/suggestions/test_officials.py::test_who_wrote_it_down_neither_reviews_nor_answers_it",
    Duty.REVIEW_AGAIN: "service/suggestions/test_officials.py::test_what_was_hidden_is_published_by_somebody_else_only",
}
"""Own and others' work: for each pair of duties the test that tries both with the table's own code."""
BESIDE_UNITS: Mapping[str, set[Role]] = {
    f"GET {CASE}/pictures/{{picture_id}}": OFFICIALS_HERE | {Role.GRID_WORKER},
    f"POST {CASE}/objections": set(OFFICIALS) - {Role.ADMINISTRATOR},
}
"""Who comes in with a role where a unit does too; an administrator's role is of no place."""
OF_ROLES = [name for name, who in WHO.items() if isinstance(who, set | frozenset)]
OF_OTHERS = [name for name, who in WHO.items() if isinstance(who, str)]
WIDENED = {f"{each.method} {each.path}" for each in doors() if each.takes and each.method == "GET"}
"""Where a credential says how much is read, if one is shown at all; one that is not good is refused."""


def inside(role: Role) -> str:
    return f"{role.value}-in"


def outside(role: Role) -> str:
    return f"{role.value}-out"


@pytest.fixture(scope="module")
async def case(database: Database, owner: str) -> AsyncIterator[str]:
    sql = await asyncpg.connect(owner)
    await make_renovation(database, rid=RID)
    await make_renovation(database, rid=OTHER)
    await sql.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", RID)
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) SELECT 's-other', kind, 'other', parent_id,"
        " 'd/s-other' FROM place WHERE id = 's' ON CONFLICT DO NOTHING"
    )
    for role in OFFICIALS:
        for actor_id, place in ((inside(role), "s"), (outside(role), "s-other")):
            await sign_in(sql, actor_id)
            await sql.execute(
                "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::varchar, $1::varchar, $2, $3)",
                actor_id,
                role.value,
                None if role is Role.ADMINISTRATOR else place,
            )
    await sign_in(sql, "stranger")
    yield RID
    await sql.close()


async def ask(http: httpx.AsyncClient, name: str, headers: Mapping[str, str]) -> set[str]:
    """What the door says against it."""
    door = DOORS[name]
    act = door.path.rpartition("/")[2]
    # A door that opens may keep the id: each door is asked under its own.
    body: dict[str, Any] = {"command_id": "".join(filter(str.isalnum, name))[-64:]}
    if act in BODIES:
        body |= good_body(BODIES[act])
    elif " or " in str(WHO[name]) and door.body is not None:  # the body says who asks
        body |= good_body(door.body)
        body["unit_number"] = (
            "1-101" if headers.get("Authorization", "").startswith("Bearer v2.") else None
        )
    sent = body if door.method == "POST" else None
    answer = await http.request(door.method, door.address(RID), json=sent, headers=headers)
    if answer.is_success or not answer.headers["content-type"].startswith("application/problem"):
        return set()
    return {each["code"] for each in answer.json()["problems"]}


def test_every_door_is_in_the_table() -> None:
    assert WHO.keys() == DOORS.keys()
    assert {name for name, who in WHO.items() if " or " in str(who)} == BESIDE_UNITS.keys()


def test_every_pair_of_duties_is_in_the_table_and_is_of_something_one_may_do() -> None:
    assert OWN_WORK.keys() == set(Duty) == EXCLUDED.keys()
    done = {each.later for each in EXCLUDED.values()}
    assert done <= ROLES_OF_ACT.keys() | ROLES_OF_WRITE.keys() | {"grants"}


@pytest.mark.parametrize("duty", Duty)
def test_every_pair_of_duties_is_tried_by_a_test_that_asserts_its_refusal(duty: Duty) -> None:
    file, _, name = OWN_WORK[duty].partition("::")
    source = (TESTS / file).read_text(encoding="utf-8")
    body = next(
        ast.unparse(each)
        for each in ast.parse(source).body
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name == name
    )
    assert f"'{duty.value}'" in body
    assert "assert" in body


@pytest.mark.parametrize("name", [*OF_ROLES, *BESIDE_UNITS])
async def test_a_door_of_officials_opens_to_its_roles_here_and_to_nobody_else(
    http: httpx.AsyncClient, case: str, name: str
) -> None:
    roles = BESIDE_UNITS.get(name, WHO[name])
    assert isinstance(roles, set | frozenset)
    senders = [*map(inside, OFFICIALS), *map(outside, OFFICIALS), "stranger"]
    told = await asyncio.gather(*(ask(http, name, bearer(each)) for each in senders))
    opened = {each for each, codes in zip(senders, told, strict=True) if not codes & CLOSED}
    assert opened == {inside(role) for role in roles}


@pytest.mark.parametrize("name", [*OF_ROLES, *OF_OTHERS])
async def test_without_a_credential_only_what_is_everybodys_opens(
    http: httpx.AsyncClient, case: str, name: str
) -> None:
    assert bool(await ask(http, name, {}) & CLOSED) == (WHO[name] != EVERYBODY)
    # Where a credential widens what is read, one that is not good is refused at everybody's door too.
    of_everybody = WHO[name] == EVERYBODY and name not in WIDENED
    assert (
        bool(await ask(http, name, {"Authorization": "Bearer s1.guessed"}) & CLOSED) != of_everybody
    )
    of_everybody |= name == "GET /v1/renovations"  # a ticket is of a case
    assert bool(await ask(http, name, {"Authorization": "Bearer v1.a.b"}) & CLOSED) != of_everybody


@pytest.mark.parametrize("name", [*OF_ROLES, *OF_OTHERS])
async def test_a_unit_opens_what_is_a_units_in_its_own_case(
    http: httpx.AsyncClient, case: str, name: str
) -> None:
    who = WHO[name]
    opens = who == EVERYBODY or str(who).startswith(UNIT) or isinstance(who, frozenset)
    # A ticket is of a case: what an estate shows in width, it shows by the portal's word.
    opens = opens and not (name in WIDENED and name.startswith(f"GET {ESTATE}/suggestions"))
    for of_case in (RID, OTHER):
        credential = unit_ticket(SecretStr(KEY), of_case, "1-101")
        codes = await ask(http, name, {"Authorization": f"Bearer {credential}"})
        anywhere = WHO[name] == EVERYBODY and (name not in WIDENED or CASE not in name)
        assert bool(codes & CLOSED) != (opens and (of_case == RID or anywhere)), codes
