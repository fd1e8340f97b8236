"""Every page of homes, agents and offices: no form of a foreign page is taken, and no id of somebody else does anything.

Nor does a page send anybody to another site, or take over a session that somebody has planted. Generated from the
pages that there are, with the cookie of whom each opens to.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.settings import Settings
from service.identity.browser import COOKIE, form_token
from service.identity.operator import invite_administrator
from service.pages.flats import OTHERS
from service.pages.homes import COOKIE as HOME_COOKIE
from tests.service.pages.conftest import COMMITTEE, a_letter
from tests.support.attacks import changed, written
from tests.support.channels import Channels, owner_of
from tests.support.pages.every import HTML, Route, World, routes, whole_world
from tests.support.people import sign_in, token_of

pytestmark = pytest.mark.slow
FORM = {"content-type": "application/x-www-form-urlencoded"}
NEIGHBOUR = "1-502"
FORMS = tuple(each for each in routes() if each.method == "POST")
BY_ITSELF = frozenset({"private.session", "private.access", "public.ballot_batch"})
"""That somebody came, and that an official looked at something, is written down; the batch of a ballot a moment after it."""
BY_LINK = frozenset({"/office/training/lead/{token}"})
"""Whoever has the link need not have signed in: there is no session of which a form could have a token."""
NOTHING: Mapping[str, str] = {"code": "ZZZZ-ZZZZ-ZZZZ", "grant_id": "2000000000"}
"""Ids of nothing that are no words."""
OF_ONE = frozenset({"picture_id", "code", "publication_id", "ticket_id", "grant_id", "letter_id", "suggestion_id"})  # fmt: skip
"""The parameters of paths that name something which is somebody's, within a case or a place."""
ENDS_A_SESSION = frozenset({"/mine/leave", "/office/leave"})
OF_NOBODYS_PAGES = frozenset({"/cases/{renovation_id}/pictures/{picture_id}"})
"""For everybody: of what was published, in the case that the path names."""


class Forged(NamedTuple):
    """A request that a foreign page makes a browser send."""

    name: str
    headers: dict[str, str]
    token: str


@pytest.fixture(scope="module")
async def world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    return await whole_world(http, database, settings, sql)


def forged(world: World, route: Route) -> Iterator[Forged]:
    own = world.token(route.who)
    for name, headers in (
        ("another site", {"sec-fetch-site": "cross-site"}),
        ("a neighbouring name", {"sec-fetch-site": "same-site"}),
        ("another origin", {"origin": "https://evil.example"}),
        ("no origin", {"origin": "null"}),
    ):
        yield Forged(name, headers, own)
    if route.who and route.path not in BY_LINK:
        session = world.sessions[route.who]
        for name, token in (
            ("no token", ""),
            ("the session as its token", session),
            ("somebody else's token", form_token(token_of("attacker"))),
        ):
            yield Forged(name, {}, token)


def test_every_form_is_tried() -> None:
    assert len(FORMS) > 45
    assert {each.who for each in FORMS} == {"", "home", "elsewhere", "agent", "office", "firm"}


async def test_no_page_takes_a_forged_form(world: World) -> None:
    stood, wrong = await written(world.vote.sql), []
    for route in FORMS:
        address = world.addresses(route)[0]
        for attack in forged(world, route):
            answer = await world.http.post(
                address,
                content=urlencode({"form_token": attack.token}),
                headers={**world.headers(route.who), **FORM, **attack.headers},
            )
            if answer.status_code != 403:
                wrong.append(f"{route.path}, {attack.name}: {answer.status_code}")
    assert wrong == []
    assert changed(stood, await written(world.vote.sql)) - BY_ITSELF == set()


@pytest.fixture(scope="module")
async def theirs(world: World) -> dict[str, tuple[str, ...]]:
    """What a neighbour has in this case, and what there is in another one, by the parameter that takes it."""
    vote, other = world.vote, world.values["told"][0]
    told = Channels(vote.http, vote.sql, other, "")
    for name, case, unit in (("n", vote.rid, NEIGHBOUR), ("o", other, NEIGHBOUR)):
        await vote.sql.execute(
            "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, confidential,"
            " level, state, opened_at, due_at) VALUES ($1 || '.' || $3, $1, $1 || $3, 'defect',"
            " 'wet wall', $2, false, 'grid', 'resolved', now(), now() + interval '5 days')",
            *(case, unit, name),
        )
        await vote.sql.execute(
            "INSERT INTO private.picture (id, renovation_id, ticket_id, command_id, content,"
            " received_sha256, sha256, width, height, received_at, recorded_at) VALUES ($1 || '.i' || $3,"
            " $1, $1 || '.' || $3, $1 || 'i' || $3, 'x', $2, $2, 1, 1, now(), now())",
            *(case, "0" * 64, name),
        )
    await vote.sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, 'share_table', '{}', now(), now() + interval '9 days')",
        other,
    )
    await vote.sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path) VALUES ('z', 'district', 'z', NULL, 'z')"
    )
    grant = await vote.sql.fetchval(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from, reason)"
        " VALUES ('newcomer', 'Li', 'owners_committee', 'z', NULL, 'elected') RETURNING id"
    )
    letter = await told.post("/letters", COMMITTEE, unit_number=NEIGHBOUR, reason="lost")
    words = {"theme": "lamps", "reason": "it is dark", "proposal": "a lamp"}
    made = await told.post("/suggestions", owner_of(other, "1-401"), unit_number="1-401", **words)
    cast = await vote.web("1-302", "yes")
    assert (letter.status_code, made.status_code) == (201, 201), letter.text + made.text
    return {
        "ticket_id": (f"{vote.rid}.n", f"{other}.o"),
        "picture_id": (f"{vote.rid}.in", f"{other}.io"),
        "publication_id": (f"{other}.p",),
        "letter_id": (letter.json()["id"],),
        "suggestion_id": (made.json()["id"],),
        "grant_id": (str(grant),),
        "code": (cast.json()["code"],) if cast.is_success else (),
    }


WITH_IDS = tuple(
    (route, name)
    for route in routes()
    for name in route.in_path
    if name in OF_ONE and route.path not in OF_NOBODYS_PAGES
)
OF_THE_HOME = "/mine"


def test_ids_stand_on_many_pages() -> None:
    assert len(WITH_IDS) > 14
    assert {name for _, name in WITH_IDS} == OF_ONE


async def asked(world: World, route: Route, name: str, value: str) -> tuple[int, str]:
    """The answer of a page to somebody who sends this id."""
    given = {each: values[0] for each, values in world.values.items()} | {name: value}
    path, headers = route.path.format(**given), {**world.headers(route.who)}
    token = world.token(route.who)
    if name == "grant_id":  # an administrator sees every role; a committee those of its place
        session = token_of("committee")
        headers["cookie"], token = f"{COOKIE}={session}", form_token(session)
    if route.method == "POST":
        fields = {"form_token": token, **GOOD.get(route.path, {})}
        answer = await world.http.post(path, content=urlencode(fields), headers={**headers, **FORM})
    else:
        answer = await world.http.get(path, headers=headers)
    return answer.status_code, answer.text


SUGGESTION = "/office/cases/{renovation_id}/suggestions/{suggestion_id}"
GOOD: Mapping[str, dict[str, str]] = {
    "/mine/reports/{ticket_id}/answer": {"command_id": "a1", "satisfied": "yes"},
    "/mine/suggestions/{suggestion_id}": {"command_id": "s1", "deed": "support"},
    "/mine/publications/{publication_id}": {"command_id": "p1", "text": "no"},
    "/office/people/{grant_id}/end": {"command_id": "g1", "end_reason": "left"},
    "/office/grants/{grant_id}": {"command_id": "g2"},
    f"{SUGGESTION}/review": {"command_id": "r1", "decision": "publish", "reason": ""},
    f"{SUGGESTION}/reply": {"command_id": "r2", "outcome": "declined", "reason": "no"},
    "/office/cases/{renovation_id}/pictures/{picture_id}/publication": {
        "command_id": "i1",
        "nobody_is_seen": "yes",
    },
}
"""What else a form says, so that it is the id that is looked for."""


@pytest.mark.parametrize(
    ("route", "name"), WITH_IDS, ids=lambda each: each if isinstance(each, str) else each.path
)
async def test_an_id_of_somebody_else_is_answered_like_one_of_nothing(
    world: World, theirs: Mapping[str, tuple[str, ...]], route: Route, name: str
) -> None:
    stood = await written(world.vote.sql)
    of_nothing = NOTHING.get(name, "nothing-of-this-name")
    nothing = await asked(world, route, name, of_nothing)
    assert 400 <= nothing[0] < 500 or nothing[0] == 200, nothing
    for value in theirs[name]:
        if not route.path.startswith(OF_THE_HOME) and value.startswith(f"{world.vote.rid}."):
            continue  # a neighbour's is the office's to see
        told = await asked(world, route, name, value)
        pages = (without_ids(each[1], of_nothing, value) for each in (told, nothing))
        assert next(pages) == next(pages), value
        assert told[0] == nothing[0]
    assert changed(stood, await written(world.vote.sql)) - BY_ITSELF == set()


def without_ids(page: str, *ids: str) -> str:
    """A page without these ids, and without those that each look makes for its forms.

    Both ids are taken out of both pages: one of two digits also stands in dates.
    """
    page = re.sub(r'name="(?:command_id|send_id)" value="[^"]*"', "", page)
    return re.sub("|".join(rf"\b{re.escape(each)}\b" for each in ids), "<id>", page)


EVIL = "https://evil.example/"
SENDS_ON = frozenset(
    [
        "next",
        "return",
        "return_to",
        "redirect",
        "redirect_uri",
        "url",
        "goes_to",
        "continue",
        "back",
    ]
)
"""What parameters are called elsewhere that say where one goes on."""


async def test_no_page_sends_anybody_to_another_site(world: World) -> None:
    wrong, sent_on = [], 0
    for route in (each for each in routes() if each.path not in ENDS_A_SESSION):
        named = dict.fromkeys({*SENDS_ON, *route.in_query}, EVIL)
        address = world.addresses(route)[0].partition("?")[0]
        own = {**GOOD.get(route.path, {}), "form_token": world.token(route.who)}
        for at, form in ((f"{address}?{urlencode(named)}", own), (address, named | own)):
            content = urlencode(form) if route.method == "POST" else ""
            headers = {**world.headers(route.who), **FORM}
            answer = await world.http.request(route.method, at, content=content, headers=headers)
            to = urlsplit(answer.headers.get("location", ""))
            sent_on += answer.is_redirect
            if to.netloc or to.scheme or to.path.startswith("//"):
                wrong.append(f"{route.method} {route.path}: {answer.headers['location']}")
    assert wrong == []
    assert sent_on > 1


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """What the browser keeps after an answer."""
    lines = (each.partition(";")[0] for each in answer.headers.get_list("set-cookie"))
    return {name: value.strip('"') for name, _, value in (each.partition("=") for each in lines)}


async def test_a_session_that_was_planted_is_none_of_whoever_comes_in_on_a_page(
    world: World, database: Database, settings: Settings
) -> None:
    """Session fixation: somebody puts the own cookie into the victim's browser, and waits."""
    invited = await invite_administrator(database, settings, "victim")
    planted = await sign_in(world.vote.sql, "attacker")
    taken = await world.http.post(
        f"/office/invited/{invited.rpartition('/')[2]}",
        data={"password": "correct horse battery", "again": "correct horse battery"},
        headers={"accept": HTML, "cookie": f"{COOKIE}={planted}"},
    )
    assert taken.status_code == 200, taken.text
    assert cookies_of(taken)[COOKIE] not in {"", planted}
    headers = {"accept": HTML, "cookie": f"{COOKIE}={planted}"}
    assert (await world.http.get("/office", headers=headers)).status_code == 401

    link, fact = await a_letter(world.vote, NEIGHBOUR)
    planted = world.sessions["home"]
    let_in = await world.http.post(
        link.removeprefix("/v1"),
        data={"fact": fact},
        headers={"accept": HTML, "cookie": f"{HOME_COOKIE}={planted}; {OTHERS}={planted}"},
    )
    kept = cookies_of(let_in)
    assert kept[HOME_COOKIE] not in {"", planted}
    assert planted not in kept.get(OTHERS, "")
