"""The head of a street office looks at the case of `gongjian demo`: each page answers one question from its visible text.

Two cases of the demo: one that went through all of it, and one whose award nobody gives for forty days. On a
phone and at a desk, in both languages. With GONGJIAN_SCREENSHOTS set the pictures are kept there.
"""

import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from playwright.async_api import Page, ViewportSize

from cli.demo.mail import mail_catcher
from cli.demo.run import DemoOptions, Silent, carry
from cli.demo.town.portal import DemoPortal
from cli.servers import local_settings
from cli.words import wait_named
from formats.journals import journal
from models.values.actor import Actor, Role
from models.values.timetable import Timetable
from rules.history.levels import LEVELS, HistoryLevel
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.history.figures import figure
from runtime.language import amounts
from runtime.ledger.check import check_ledger
from runtime.ledger.reading import load_booked
from runtime.local.stack import LocalStack
from runtime.temporal import reach
from service.clock.bodies import MoveClock
from service.identity.browser import COOKIE
from service.pages import wording
from service.pages.display import Language
from service.parts import open_parts
from tests.service.pages.conftest import PHONE, keep_picture
from tests.support.browser.looking import barriers, is_too_wide, small_targets
from tests.support.browser.site import Site, site_for_browsers
from tests.support.people import sign_in, token_of
from tests.support.processes.programs import program

pytestmark = pytest.mark.slow  # a stack, two journeys, ten pages four times
DESK: ViewportSize = {"width": 1280, "height": 900}
UNITS, SEED, LATE_DAYS = 60, 7, 40
HEAD = "head-of-office"
ZONE = ZoneInfo(Timetable().zone)


class MidwayError(Exception):
    """The second case has come to what nobody is to do."""


class StopsAt(Silent):
    """Shows nothing, and leaves the demo where something is awaited."""

    def __init__(self, what: str) -> None:
        self._what = wait_named(what)

    def waiting(self, text: str) -> None:
        if self._what in text:
            raise MidwayError


class Cases(NamedTuple):
    """The two cases, the site that shows them, and the database to look into."""

    done: str
    late: str
    place: str
    """The street office below which the late one is."""
    site: Site
    sql: asyncpg.Connection
    url: str
    """Where the database is, for the application's role."""

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """The details and places of the events of one kind of the case that is done."""
        rows = await self.sql.fetch(
            "SELECT seq, happened_at, details FROM event WHERE renovation_id = $1 AND kind = $2"
            " ORDER BY seq",
            self.done,
            kind,
        )
        return [{**json.loads(row["details"]), **dict(row)} for row in rows]

    async def first_of(self, level: HistoryLevel) -> int:
        """The first event of the case that this level shows and none above it."""
        kinds = [kind for kind, needed in LEVELS.items() if needed is level]
        found = "SELECT min(seq) FROM event WHERE renovation_id = $1 AND kind = ANY($2)"
        return int(await self.sql.fetchval(found, self.done, kinds))


@pytest.fixture(scope="module")
async def cases(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cases]:
    home, portal = tmp_path_factory.mktemp("demo"), DemoPortal()
    async with mail_catcher() as catcher:
        local = local_settings(home).model_copy(update={"training_smtp": catcher.address})
        async with LocalStack(portal.connected(local, home)) as stack:
            options = DemoOptions(units=UNITS, seed=SEED, case="done")
            asked = (stack.settings, stack.record.service_url)
            report = await carry(*asked, options, Silent(), lambda: None, portal)
            midway = options.model_copy(update={"case": "late"})
            with suppress(MidwayError):
                await carry(*asked, midway, StopsAt("award_contract"), lambda: None)
            sql = await asyncpg.connect(asyncpg_url(stack.settings.database_url.get_secret_value()))
            late = await sql.fetchval(
                "SELECT id FROM renovation WHERE id <> $1 AND state = 'running'",
                report.renovation_id,
            )
            await forget(stack, str(late))
            await appoint(sql, report.renovation_id)
            place = await appoint(sql, str(late))
            async with site_for_browsers(stack.settings, folder(tmp_path_factory)) as site:
                url = stack.settings.database_url.get_secret_value()
                yield Cases(report.renovation_id, str(late), place, site, sql, url)
            await sql.close()


def folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("tls")


async def forget(stack: LocalStack, rid: str) -> None:
    """Forty days pass in which nobody gives the award."""
    who = Actor(id="owners-committee", role=Role.OWNERS_COMMITTEE, label="业主委员会")
    async with open_parts(stack.settings, await reach(stack.settings, 30.0)) as parts:
        command = MoveClock(command_id="forty-days", move="days", days=LATE_DAYS)
        await parts.clocks.move(rid, who, command)


async def appoint(sql: asyncpg.Connection, rid: str) -> str:
    """The head of the street office in whose place a case is; the path of that place."""
    path = str(await sql.fetchval("SELECT place_path FROM renovation WHERE id = $1", rid))
    district, street = path.split("/")[:2]
    await sign_in(sql, HEAD)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, 'street_office', $2)",
        HEAD,
        street,
    )
    return f"{district}/{street}"


@pytest.fixture(params=[("zh", PHONE), ("en", PHONE), ("zh", DESK), ("en", DESK)], ids=str)
async def seen(request: pytest.FixtureRequest, cases: Cases) -> AsyncIterator["Seen"]:
    """A page of the head of the office, in a language and of a size."""
    language, size = request.param
    context = await cases.site.browser.new_context(viewport=size)
    kept = {"secure": True, "url": cases.site.address}
    await context.add_cookies(
        [
            {"name": COOKIE, "value": token_of(HEAD), "httpOnly": True, **kept},  # type: ignore[typeddict-item]
            {"name": "__Host-gongjian-look", "value": f"{language}.usual", **kept},  # type: ignore[typeddict-item]
        ]
    )
    page = await context.new_page()
    name = "phone" if size is PHONE else "desk"
    yield Seen(page, cases, "zh_CN" if language == "zh" else "en", name)
    await context.close()


class Seen(NamedTuple):
    """Who looks: at which pages, in which language, on which screen."""

    page: Page
    cases: Cases
    language: Language
    size: str

    def word(self, code: str, **params: str | int) -> str:
        """A text of the pages in this language."""
        return wording.text(code, self.language, params)

    async def answer(self, asks: str, path: str, words: Sequence[str]) -> list[str]:
        """Open a page, keep its picture, and say what of the answer is not to be seen, and what keeps people out."""
        await self.page.goto(f"{self.cases.site.address}{path}")
        await keep_picture(self.page, f"demo-{asks.replace(' ', '-')}-{self.size}-{self.language}")
        text = " ".join((await self.page.inner_text("main")).split())
        wrong = [f"{asks}: {each!r} not in {text[:600]}" for each in words if each not in text]
        wrong += [f"{asks}: too wide"] if await is_too_wide(self.page) else []
        wrong += [f"{asks}: small {each}" for each in await small_targets(self.page, 44)]
        return wrong + [f"{asks}: {each}" for each in await barriers(self.page)]


async def test_every_fen_in_and_out_is_in_the_ledger_and_a_foreign_program_balances_it(
    cases: Cases,
) -> None:
    database = Database(cases.url, pool=1)
    try:
        report = await check_ledger(database, cases.done)
        async with database.session() as session:
            booked = await load_booked(session, cases.done)
    finally:
        await database.engine.dispose()
    assert report.ok, report.faults
    (end,) = await cases.events("renovation.closed")
    assert booked[-1].seq <= end["seq"]

    def asked(*words: str) -> dict[str, Fraction]:
        command = [str(program("hledger")), "-f", "-", "--strict", "balance", *words]
        said = subprocess.run(
            [*command, "--flat", "-E", "-N", "-O", "csv", "--layout", "bare"],
            input=journal(booked, "hledger"),
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [line.replace('"', "").split(",") for line in said.stdout.splitlines()[1:]]
        return {row[0]: Fraction(row[-1]) for row in rows}

    ends = asked()
    assert len(ends) > UNITS
    assert set(ends.values()) == {0}, "a case is completed with settled accounts only"
    # What came in and went out by the escrow is what the record's events and rows say, counted apart from the ledger.
    came = sum(each["total_fen"] for each in await cases.events("cost_sharing.payments_received"))
    assert asked("Assets:Escrow", "amt:>0") == {"Assets:Escrow": Fraction(came, 100)}
    assert asked("Assets:Escrow", "amt:<0") == {"Assets:Escrow": Fraction(-came, 100)}
    homes = await cases.sql.fetchval(
        "SELECT sum(amount_fen)::bigint FROM payment WHERE renovation_id = $1", cases.done
    )
    back = await cases.sql.fetchval(
        "SELECT sum(paid_fen)::bigint FROM refund WHERE renovation_id = $1", cases.done
    )
    (drawn,) = await cases.events("warranty.account_drawn")
    others = sum(each["amount_fen"] for each in drawn["others"])
    assert came == homes + others
    assert came == drawn["cost_fen"] + back, "what did not pay the works went back"


async def test_what_happened_at_each_of_the_three_levels(seen: Seen) -> None:
    cases, wrong = seen.cases, list[str]()
    signed, *_ = await cases.events("bidding.contract_signed")
    value = amounts.money(signed["value_fen"], seen.language)
    history = f"/office/cases/{cases.done}/history"
    wrong += await seen.answer("what was decided", f"{history}?after={signed['seq'] - 1}", (value,))
    seqs = {level: await cases.first_of(level) for level in (HistoryLevel.ACTS, HistoryLevel.ALL)}
    for shown in HistoryLevel:
        for level, seq in seqs.items():
            path = f"{history}?level={shown}&after={seq - 1}"
            wrong += await seen.answer(f"all of {shown}", path, ())
            there = list(HistoryLevel).index(level) <= list(HistoryLevel).index(shown)
            if await seen.page.locator(f"#e{seq}").is_visible() != there:
                wrong.append(f"event {seq} of {level} at {shown}")
    assert wrong == []


async def test_who_decided_how_narrowly_and_by_which_article(seen: Seen) -> None:
    closed, *_ = await seen.cases.events("voting.box_closed")
    nearest = "最接近临界：" if seen.language == "zh_CN" else "Nearest to the other side:"
    path = f"/office/cases/{seen.cases.done}/history?after={closed['seq'] - 1}"
    assert (
        await seen.answer(
            "how narrowly", path, (nearest, "278" if seen.language == "en" else "第二百七十八条")
        )
        == []
    )
    award, *_ = await seen.cases.events("bidding.contract_awarded")
    actor = await seen.cases.sql.fetchval(
        "SELECT actor_label FROM event WHERE renovation_id = $1 AND seq = $2",
        seen.cases.done,
        award["seq"],
    )
    path = f"/office/cases/{seen.cases.done}/history?after={award['seq'] - 1}"
    assert await seen.answer("who decided", path, (actor,)) == []


async def test_how_it_stood_on_a_day_and_what_changed_since(seen: Seen) -> None:
    tender, *_ = await seen.cases.events("bidding.tender_published")
    signed, *_ = await seen.cases.events("bidding.contract_signed")
    before, after = (
        (each["happened_at"].astimezone(ZONE) + timedelta(days=1)).date().isoformat()
        for each in (tender, signed)
    )
    history, value = (
        f"/office/cases/{seen.cases.done}/history",
        amounts.money(signed["value_fen"], seen.language),
    )
    stood = (
        seen.word("page.history_stood"),
        figure("stage", "bidding", seen.language, str(ZONE)) or "",
    )
    assert await seen.answer("how it stood", f"{history}?as_of={before}", stood) == []
    assert value not in await seen.page.inner_text("main"), "nobody knew the price on that day"
    changed = (seen.word("page.history_changed"), value, "→")
    path = f"{history}?since={before}&as_of={after}"
    assert await seen.answer("what changed", path, changed) == []


async def test_why_it_waits_whose_turn_it_is_and_since_when_it_is_late(seen: Seen) -> None:
    due = await seen.cases.sql.fetchval(
        "SELECT late_since FROM case_wait WHERE renovation_id = $1 AND what = 'award_contract'",
        seen.cases.late,
    )
    assert isinstance(due, datetime), "forty days are more than the time for an award"
    tree = (
        seen.word("page.late_since"),
        seen.word("role.street_office"),
        "第四十五条" if seen.language == "zh_CN" else "Tendering Law art. 45",
    )
    assert await seen.answer("why", f"/office/cases/{seen.cases.late}/why", tree) == []


async def test_the_case_is_found_and_stands_on_dashboard_and_queue(seen: Seen) -> None:
    title = await seen.cases.sql.fetchval(
        "SELECT title FROM renovation WHERE id = $1", seen.cases.late
    )
    whom, wrong = seen.word("role.street_office"), list[str]()
    place = seen.cases.place
    wrong += await seen.answer(
        "where is it", f"/office/cases?words={title[:4]}&stage=bidding&place={place}", (title,)
    )
    assert f"/office/cases/{seen.cases.done}" not in await seen.page.content()
    dashboard = (seen.word("office.overview_late", count=1), title)
    wrong += await seen.answer("what is late", f"/office/overview?place={place}", dashboard)
    queue = (seen.word("office.oversight"), title, whom)
    wrong += await seen.answer("what needs a look", f"/office/oversight?place={place}", queue)
    assert wrong == []
