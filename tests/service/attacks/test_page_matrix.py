"""Who may open which page: every page of the service × every role × inside and outside of the place.

The table says it once more, by hand, so that a page that is opened to somebody else, or is new, fails here.
Whoever may not do what a form is for does not see the form's page in the answer either.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest

from models.messages.act_bodies import BODIES
from models.values.actor import Role
from rules.authority import ROLES_OF_ACT
from runtime.database import Database
from runtime.settings import Settings
from service.access.letters import token_hash
from service.identity.browser import COOKIE, form_token
from service.pages.homes import COOKIE as HOME_COOKIE
from service.pages.wording import text
from service.routes.office.writes import WRITES
from tests.service.attacks.test_dead_credentials import DEAD
from tests.service.test_matrix import (
    ANSWER,
    BANK,
    CONVENERS,
    ERASERS,
    GO_ROUND,
    OFFICIALS,
    OFFICIALS_HERE,
    SUPERVISE_VOTES,
    inside,
    outside,
)
from tests.support.attacks import changed, written
from tests.support.pages.every import HTML, Route, World, routes, whole_world
from tests.support.people import sign_in, token_of

EVERYBODY, LINK, PERSON, HOME, AGENT = (
    "everybody",
    "whoever has the link",
    "person",
    "home",
    "agent",
)
BY_ACT, BY_WRITE = "as the act", "as the write"
PLACED = frozenset(OFFICIALS) - {Role.ADMINISTRATOR}
"""Every role at a place; an administrator's is of none."""
CASE = "/office/cases/{renovation_id}"
PUBLIC = (
    *("/look", "/static/{digest}/{name}", "/", "/cases", "/estates", "/cases/{renovation_id}"),
    *(
        f"/cases/{{renovation_id}}/{part}"
        for part in ("vote", "scheme", "tender", "works", "money")
    ),
    *(f"/cases/{{renovation_id}}/{part}" for part in ("outcome", "ballots", "history", "why")),
    "/cases/{renovation_id}/pictures/{picture_id}",
    *("/office/enter", "/office/firm"),
)
MINE = {
    "": "GET", "/homes": "POST", "/leave": "POST", "/ballot": "GET POST", "/ballot/cast": "POST",
    "/ballots/{code}": "GET", "/mandate": "GET POST", "/opinion": "GET POST",
    "/vote-objection": "GET POST", "/publications/{publication_id}": "GET POST",
    "/reports": "GET POST", "/reports/new": "GET", "/reports/{ticket_id}": "GET",
    "/reports/{ticket_id}/answer": "POST", "/reports/{ticket_id}/pictures": "POST",
    "/pictures/{picture_id}": "GET", "/share": "GET", "/share.pdf": "GET", "/share/bill": "GET", "/consents": "GET POST",
    "/rating": "GET POST", "/data": "GET", "/data/own-data.zip": "GET", "/data/contacts": "POST",
    "/data/contacts/withdrawal": "POST", "/data/erasures": "POST", "/suggestions": "GET POST",
    "/suggestions/{suggestion_id}": "POST",
}  # fmt: skip
WHO: Mapping[str, str | frozenset[Role]] = {
    **{f"GET {path}": EVERYBODY for path in PUBLIC},
    **{f"POST {path}": EVERYBODY for path in ("/office/enter", "/office/firm")},
    **{
        f"{method} {path}": LINK
        for path in ("/letters/{link}", "/office/invited/{token}", "/office/training/lead/{token}")
        for method in ("GET", "POST")
    },
    **{f"{method} /mine{path}": HOME for path, how in MINE.items() for method in how.split()},
    **{f"{each}": AGENT for each in ("GET /agent", "POST /agent", "POST /agent/cast")},
    # One's own work, and what is told from the roles of whoever asks: tests/service/identity/test_grants.py,
    # tests/service/estates/test_starting.py, tests/service/privacy.
    "GET /office": PERSON,
    "POST /office/leave": PERSON,
    "POST /office/views": PERSON,
    "GET /office/cases": PERSON,
    "POST /office/grants/{grant_id}": PERSON,
    "GET /office/components": PERSON,
    "POST /office/components": PERSON,
    "GET /office/components/homes": PERSON,
    "POST /office/components/homes": PERSON,
    "GET /office/components/history": PERSON,
    "GET /office/people": PERSON,
    "POST /office/people": PERSON,
    "POST /office/people/places": PERSON,
    "POST /office/people/{grant_id}/end": PERSON,
    "GET /office/erasures": PERSON,
    "POST /office/erasures": PERSON,
    "GET /office/start": PERSON,
    "POST /office/roll": PERSON,
    "POST /office/roll/import": PERSON,
    "GET /office/training": PERSON,
    "POST /office/training": PERSON,
    "POST /office/training/end": PERSON,
    "GET /office/overview": PLACED,
    "GET /office/oversight": PLACED,
    "GET /office/overview/late.csv": PLACED,
    "GET /office/list": PLACED,
    "GET /office/start/case": frozenset(CONVENERS),
    "POST /office/start/case": frozenset(CONVENERS),
    "POST /office/start/case/open": frozenset(CONVENERS),
    f"GET {CASE}": PLACED,
    f"GET {CASE}/history": PLACED,
    f"GET {CASE}/why": PLACED,
    f"GET {CASE}/works": PLACED,
    f"GET {CASE}/tender": PLACED,
    f"POST {CASE}/tender/bid": frozenset({Role.CONTRACTOR}),
    f"POST {CASE}/tender/withdrawal": frozenset({Role.CONTRACTOR}),
    f"GET {CASE}/proposals": frozenset(OFFICIALS_HERE),
    f"POST {CASE}/proposals": frozenset(CONVENERS | {Role.DISTRICT_BUREAU}),
    f"GET {CASE}/acts/{{act}}": BY_ACT,
    f"POST {CASE}/acts/{{act}}": BY_ACT,
    f"POST {CASE}/acts/{{act}}/done": BY_ACT,
    f"GET {CASE}/writes/{{write}}": BY_WRITE,
    f"POST {CASE}/writes/{{write}}": BY_WRITE,
    f"POST {CASE}/writes/{{write}}/done": BY_WRITE,
    f"GET {CASE}/board": frozenset(CONVENERS | GO_ROUND),
    f"POST {CASE}/board/visits": frozenset(GO_ROUND),
    f"POST {CASE}/board/reminder": frozenset(CONVENERS),
    f"GET {CASE}/suggestions": frozenset(ANSWER),
    f"POST {CASE}/suggestions/{{suggestion_id}}/review": frozenset(CONVENERS),
    f"POST {CASE}/suggestions/{{suggestion_id}}/reply": frozenset(ANSWER),
    f"GET {CASE}/erasure": frozenset(ERASERS),
    f"POST {CASE}/erasure": frozenset(ERASERS),
    f"GET {CASE}/readings": frozenset({Role.AUDITOR}),
    f"GET {CASE}/ledger": frozenset({Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.AUDITOR}),
    **{
        f"{method} {CASE}{path}": frozenset(CONVENERS)
        for path, how in {
            "/paper": "GET POST",
            "/letters": "GET POST",
            "/letters/anew": "POST",
            "/letters/{letter_id}/link": "POST",
            "/letters/{letter_id}/code": "POST",
            "/pictures": "GET",
            "/pictures/{picture_id}": "GET POST",
            "/pictures/{picture_id}/publication": "POST",
            "/pictures/{picture_id}/content": "GET",
            "/unclaimed": "GET POST",
            "/training/clock": "POST",
        }.items()
        for method in how.split()
    },
    f"GET {CASE}/training": PLACED,
    # Whoever was let in as all the players of the case at once; none of these is.
    f"POST {CASE}/training/part": frozenset(),
    f"POST {CASE}/training/home": frozenset(),
}  # fmt: skip
OF_WRITES: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(
        ("register_mandate", "replace_owner", "record_attendance", "receive_cash"),
        frozenset(CONVENERS),
    ),
    "rule_on_ballots": frozenset(SUPERVISE_VOTES),
    "payments": frozenset({BANK}),
}
QUERY = dict.fromkeys(
    ("/office/overview", "/office/oversight", "/office/overview/late.csv", "/office/list"),
    "?place=d/s/c/g",
)
FORMS: Mapping[str, dict[str, str]] = {
    f"{CASE}/tender/bid": {"price_fen": "9000", "bond_account": "6222", "send_id": "bid"},
    f"{CASE}/acts/{{act}}/done": {"send_id": "matrix"},
    f"{CASE}/writes/{{write}}/done": {"send_id": "matrix"},
    "/office/training": {"send_id": "no id of ours"},
}
"""What a form says where it is looked at before who sends it, or so that nothing is begun."""
OF_ESTATES = "/office/start/case"
"""An estate of others is told like one that is not there."""
SHUT = frozenset({401, 403})
ENDS_A_SESSION = frozenset({"POST /office/leave", "POST /mine/leave"})
ROUTES = {f"{each.method} {each.path}": each for each in routes()}
OF_ROLES = [
    name for name, who in WHO.items() if who in (BY_ACT, BY_WRITE) or not isinstance(who, str)
]
EVERYONE = (*map(inside, OFFICIALS), *map(outside, OFFICIALS), "stranger")
slow = pytest.mark.slow


def test_every_page_act_and_write_is_in_the_table() -> None:
    assert WHO.keys() == ROUTES.keys()
    assert OF_WRITES.keys() == WRITES.keys()
    assert BODIES.keys() <= ROLES_OF_ACT.keys()


@pytest.fixture(scope="module")
async def world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    made = await whole_world(http, database, settings, sql)
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) SELECT 's-other', kind, 'other', parent_id,"
        " 'd/s-other' FROM place WHERE id = 's' ON CONFLICT DO NOTHING"
    )
    for role in OFFICIALS:
        for person, place in ((inside(role), "s"), (outside(role), "s-other")):
            await sql.execute(
                "INSERT INTO role_grant (actor_id, label, role, place_id)"
                " VALUES ($1::varchar, $1::varchar, $2, $3)",
                *(person, role.value, None if role is Role.ADMINISTRATOR else place),
            )
    await sign_in(sql, *EVERYONE)
    return made


async def ask(
    world: World, route: Route, address: str, session: str, cookie: str = COOKIE
) -> httpx.Response:
    headers = {"accept": HTML, "accept-language": "en", "cookie": f"{cookie}={session}"}
    if route.method == "GET":
        return await world.http.get(address, headers=headers)
    rid = world.vote.rid
    fields = {"estate": f"{rid}.estate"} if route.path.startswith(OF_ESTATES) else {}
    fields |= {"form_token": form_token(session), **FORMS.get(route.path, {})}
    content = urlencode(fields)
    headers["content-type"] = "application/x-www-form-urlencoded"
    return await world.http.post(address, content=content, headers=headers)


def is_refused(answer: httpx.Response) -> bool:
    """Whether it is the page of a refusal, with nothing else on it."""
    titles = (text(code, "en", {}) for code in ("page.refused", "office.sign_in_first"))
    return any(f"<h1>{each}</h1>" in answer.text for each in titles)


def is_shut(route: Route, answer: httpx.Response) -> bool:
    return answer.status_code in SHUT or (route.path.startswith(OF_ESTATES) and is_refused(answer))


def who_of(name: str, value: str) -> frozenset[Role]:
    """Who opens a page; `value` is the act or the write of which it is."""
    who = WHO[name]
    if who == BY_ACT:
        return ROLES_OF_ACT[value].roles
    if who == BY_WRITE:
        return OF_WRITES[value]
    assert isinstance(who, frozenset)
    return who


def page_of_form(name: str) -> str:
    """The page on which a form stands: the nearest one above it."""
    path = ROUTES[name].path
    while f"GET {path}" not in WHO:
        path = path.rpartition("/")[0]
    return f"GET {path}"


def addresses(world: World, name: str) -> list[tuple[str, str]]:
    """Where a page is asked for, with its act or write."""
    route, who = ROUTES[name], WHO[name]
    address = world.addresses(route)[0] + QUERY.get(route.path, "")
    if who not in (BY_ACT, BY_WRITE):
        return [(address, "")]
    parameter = "{act}" if who == BY_ACT else "{write}"
    each = sorted(BODIES if who == BY_ACT else WRITES)
    rid = world.vote.rid
    path = route.path.replace("{renovation_id}", rid)
    return [(path.replace(parameter, value), value) for value in each]


@slow
@pytest.mark.parametrize("name", OF_ROLES)
async def test_a_page_of_offices_opens_to_its_roles_here_and_to_nobody_else(
    world: World, name: str
) -> None:
    route = ROUTES[name]
    for address, value in addresses(world, name):
        answers = await asyncio.gather(
            *(ask(world, route, address, token_of(person)) for person in EVERYONE)
        )
        told = dict(zip(EVERYONE, answers, strict=True))
        opened = {person for person, each in told.items() if not is_shut(route, each)}
        assert opened == set(map(inside, who_of(name, value))), address
        # A form that is refused is shown again to whoever may see its page, and to nobody else.
        shown = {
            person for person, each in told.items() if is_shut(route, each) and not is_refused(each)
        }
        readers = who_of(page_of_form(name), value) if route.method == "POST" else frozenset()
        assert shown <= set(map(inside, readers)), address


@slow
@pytest.mark.parametrize(
    "name", [name for name, who in WHO.items() if who == PERSON and name not in ENDS_A_SESSION]
)
async def test_a_page_for_whoever_has_signed_in_asks_no_role(world: World, name: str) -> None:
    route = ROUTES[name]
    (address, _), *_ = addresses(world, name)
    for person in ("stranger", inside(Role.AUDITOR), outside(Role.STREET_OFFICE)):
        answer = await ask(world, route, address, token_of(person))
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        assert answer.status_code != 401, person


@slow
@pytest.mark.parametrize("name", [name for name, who in WHO.items() if who in (EVERYBODY, LINK)])
async def test_a_page_for_everybody_asks_nobody_to_sign_in(world: World, name: str) -> None:
    route = ROUTES[name]
    (address, _), *_ = addresses(world, name)
    sent = {"accept": HTML}
    form = "application/x-www-form-urlencoded"
    answer = (
        await world.http.get(address, headers=sent)
        if route.method == "GET"
        else await world.http.post(address, content="", headers={**sent, "content-type": form})
    )
    assert answer.status_code != 401, answer.text


OF_OFFICES = [name for name, who in WHO.items() if who == PERSON or name in OF_ROLES]
DEAD_OFFICE: Mapping[str, str] = {
    **{name: change for name, (change, _) in DEAD.items() if name != "of a player in another case"},
    **dict.fromkeys(("none", "a home's", "an invented one", "an invented program's"), ""),
}
OF_A_LETTER = "WHERE id = (SELECT letter_id FROM letter_session WHERE token_hash = $1)"
DEAD_HOME: Mapping[str, str] = {
    "ended": "UPDATE letter_session SET ended_at = now() WHERE token_hash = $1",
    "over": "UPDATE letter_session SET expires_at = now() WHERE token_hash = $1",
    "of a letter that was made anew": f"UPDATE letter SET ended_at = now() {OF_A_LETTER}",
    "of a letter that is too old": f"UPDATE letter SET expires_at = now() {OF_A_LETTER}",
}
BY_ITSELF = frozenset({"private.session", "private.access"})
"""That somebody came, and that an official looked at something, is written down."""
A_TOKEN = "A" * 43


def dead_session(world: World, dead: str) -> str:
    """What stands in the cookie of an office."""
    others = {
        "none": "",
        "a home's": world.sessions["home"],
        "an invented one": f"s1.{A_TOKEN}",
        "an invented program's": f"c1.{A_TOKEN}",
    }
    return others.get(dead, token_of("gone-by"))


@slow
@pytest.mark.parametrize("dead", DEAD_OFFICE)
async def test_no_page_of_an_office_opens_to_a_dead_session(world: World, dead: str) -> None:
    sql, change = world.vote.sql, DEAD_OFFICE[dead]
    await sign_in(sql, "gone-by")
    if change:
        where = "id" if "account" in change else "account_id"
        await sql.execute(f"{change} WHERE {where} = 'gone-by'")
    stood = await written(sql)
    for name in OF_OFFICES:
        (address, _), *_ = addresses(world, name)
        answer = await ask(world, ROUTES[name], address, dead_session(world, dead))
        assert (answer.status_code, is_refused(answer)) == (401, True), name
    assert changed(stood, await written(sql)) <= BY_ITSELF
    await sql.execute("DELETE FROM private.session WHERE account_id = 'gone-by'")
    await sql.execute("DELETE FROM private.account WHERE id = 'gone-by'")


def pages_of(who: str) -> list[str]:
    return [name for name, each in WHO.items() if each == who]


@slow
@pytest.mark.parametrize("dead", DEAD_HOME)
@pytest.mark.parametrize("who", [HOME, AGENT])
async def test_no_page_of_a_home_or_an_agent_opens_to_a_dead_session(
    world: World, who: str, dead: str
) -> None:
    sql, session = world.vote.sql, world.sessions[who]
    digest = token_hash(session)
    ends = await sql.fetchrow(
        "SELECT s.ended_at, s.expires_at, l.ended_at, l.expires_at FROM letter_session s"
        " JOIN letter l ON l.id = s.letter_id WHERE s.token_hash = $1",
        digest,
    )
    await sql.execute(DEAD_HOME[dead], digest)
    stood = await written(sql)
    for name in pages_of(who):
        (address, _), *_ = addresses(world, name)
        answer = await ask(world, ROUTES[name], address, session, HOME_COOKIE)
        assert (answer.status_code, is_refused(answer)) == (403, True), name
    assert changed(stood, await written(sql)) <= BY_ITSELF
    again = "UPDATE {} SET ended_at = $2, expires_at = $3 {}"
    of_session = again.format("letter_session", "WHERE token_hash = $1")
    await sql.execute(of_session, digest, ends[0], ends[1])
    await sql.execute(again.format("letter", OF_A_LETTER), digest, ends[2], ends[3])


@slow
async def test_a_session_of_another_kind_opens_no_page(world: World) -> None:
    for who, others in ((HOME, ("agent", "office")), (AGENT, ("home", "office"))):
        for name in pages_of(who):
            (address, _), *_ = addresses(world, name)
            for other in (*(world.sessions[each] for each in others), "", A_TOKEN):
                answer = await ask(world, ROUTES[name], address, other, HOME_COOKIE)
                assert answer.status_code in SHUT, name
                assert is_refused(answer), name


READ_DEFECTS = OFFICIALS_HERE | {Role.OWNER, Role.SUPERVISOR, Role.CHIEF_SUPERVISOR}
FOR_OFFICIALS: Mapping[str, tuple[str, frozenset[Role]]] = {
    "/office/oversight?place=d/s/c/g": ("ref-of-what-broke", frozenset(OFFICIALS_HERE)),
    CASE: (f'href="{CASE}/proposals"', frozenset(OFFICIALS_HERE)),
    "/office": (f'href="{CASE}/proposals"', frozenset(OFFICIALS_HERE)),
    f"{CASE}/proposals": ("folder 3", frozenset(OFFICIALS_HERE)),
    f"{CASE}/works": ("a damp corner", frozenset(READ_DEFECTS)),
}
"""A page, what stands on it, and for whom; others who open the page do not find it."""


@slow
async def test_what_is_for_officials_is_shown_to_no_firm_bank_or_portal(world: World) -> None:
    rid, sql = world.vote.rid, world.vote.sql
    await sql.execute(
        "INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)"
        " VALUES ($1, 'voting.box_closed', $1, false, 'KeyError', 'ref-of-what-broke', now())",
        rid,
    )
    await sql.execute("UPDATE work_item SET state = 'rejected' WHERE id = $1 || '.w1'", rid)
    await sql.execute(
        "INSERT INTO inspection (id, renovation_id, item_id, round, kind, outcome, inspector_id, defects,"
        " recorded_at) VALUES ($1 || '.n', $1, $1 || '.w1', 1, 'stage', 'FAIL', 's1', '[\"a damp corner\"]',"
        " now())",
        rid,
    )
    for path, (said, readers) in FOR_OFFICIALS.items():
        address, wanted = (each.replace("{renovation_id}", rid) for each in (path, said))
        shown = {
            person
            for person in EVERYONE
            if wanted in (await ask(world, ROUTES["GET /office"], address, token_of(person))).text
        }
        assert shown == set(map(inside, readers)), path
