"""What the head of a street office asks is answered by what is to be seen: on a phone and at a desk, in both languages.

Every screenshot answers one question from its visible text alone. The case has a record of its own, written by
the journal as every record is: a decision on public money, and a vote that nobody has opened in time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg
import pytest
from playwright.async_api import Page, ViewportSize
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.actor import Actor, Role
from models.values.base import Carried
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from service.identity.browser import COOKIE
from tests.service.pages.conftest import PHONE, keep_picture
from tests.support.browser.looking import barriers, is_too_wide, small_targets
from tests.support.browser.site import Site
from tests.support.channels import grant_roles
from tests.support.people import token_of

pytestmark = pytest.mark.slow  # ten pages, four times, each with axe
DESK: ViewportSize = {"width": 1280, "height": 900}
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
BEFORE = "2026-04-01"
"""Between the two stages and the decision."""
TITLE = "梅园新村 12 号老旧小区改造"
STREET = Actor(id="street", role=Role.STREET_OFFICE, label="和平街道办事处", place="d/s")
WAIT = """
INSERT INTO case_wait (workflow_id, renovation_id, what, subject, who, since, due_at, consequence, level)
VALUES ($1, $1, 'open_vote', '', 'owners_committee, street_office', $2, $3, '', 'district_bureau')"""
MOVE = "UPDATE case_clock SET now = $2, moved_seq = moved_seq + 1 WHERE renovation_id = $1"
TROUBLE = """
INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)
VALUES ($1, 'voting.box_closed', $1, false, 'KeyError', 'ref-7', now())"""


class Nothing(Carried):
    """What the events of this record answer."""


class Question(NamedTuple):
    """What somebody asks, the page that answers, and the words of the answer, by language."""

    asks: str
    path: str
    zh: tuple[str, ...]
    en: tuple[str, ...]


QUESTIONS = (
    Question(
        "what is late",
        "/office/overview",
        ("{late} 个项目逾期", "梅园新村", "发起表决"),
        ("late", "Late since", "梅园新村", "the announcement of the vote"),
    ),
    Question(
        "whose turn it is",
        "/office/overview",
        ("轮到谁办", "街道办事处", "业主委员会"),
        ("Whose turn it is", "street office", "owners' committee"),
    ),
    Question(
        "what needs a supervising look",
        "/office/oversight",
        ("待督办事项", "ref-7", "最近已告知"),
        ("What needs a supervising look", "ref-7", "told last"),
    ),
    Question(
        "where is the estate of that name",
        "/office/cases?words=园新+12",
        ("梅园新村 12 号",),
        ("梅园新村 12 号",),
    ),
    Question(
        "why does it wait",
        "/office/cases/{rid}/why",
        ("街道办事处",),
        ("street office",),
    ),
    Question(
        "what happened",
        "/office/cases/{rid}/history?level=all",
        ("不予追加补助", "1,234.00", "进入阶段"),
        ("granted no extra public money", "1,234.00", "began the stage"),
    ),
    Question(
        "who decided",
        "/office/cases/{rid}/history",
        ("和平街道办事处", "财政已无余额"),
        ("和平街道办事处", "财政已无余额"),
    ),
    Question(
        "how long it takes beside its plan",
        "/office/cases/{rid}/history",
        ("计划", "实际", "进行中"),
        ("Planned", "Took", "goes on"),
    ),
    Question(
        "how it stood on a day",
        "/office/cases/{rid}/history?as_of={before}",
        ("进入阶段",),
        ("began the stage",),
    ),
    Question(
        "what changed since",
        "/office/cases/{rid}/history?since={before}",
        ("不予追加补助",),
        ("granted no extra public money",),
    ),
)


@pytest.fixture
async def rid(
    renovation: Callable[..., Awaitable[str]], database: Database, sql: asyncpg.Connection
) -> str:
    made = await renovation(told_at=START)
    await grant_roles(sql)
    await sql.execute("UPDATE renovation SET title = $2 WHERE id = $1", made, TITLE)
    await sql.execute(WAIT, made, START, START + timedelta(days=37))
    await sql.execute(TROUBLE, made)
    said: tuple[tuple[str, Actor | None, Mapping[str, str | int]], ...] = (
        ("renovation.stage_entered", None, {"stage": "voting"}),
        ("renovation.stage_entered", None, {"stage": "cost_sharing"}),
        (
            "cost_sharing.subsidy_declined",
            STREET,
            {"missing_fen": 123_400, "reason": "财政已无余额"},
        ),
    )
    for number, (kind, actor, details) in enumerate(said):
        if number:
            await sql.execute(MOVE, made, START + timedelta(days=20 * number))
        command = Command(
            command_id=f"{made}-{number}",
            renovation_id=made,
            **({"actor": actor} if actor else {}),
        )

        async def nothing(
            _session: AsyncSession, _now: datetime, details: Mapping[str, str | int] = details
        ) -> Recorded[Nothing]:
            return Recorded(Nothing(), dict(details))

        await Journal(database).record(command, kind, None, nothing, Nothing)
    return made


@pytest.fixture(params=[("zh", PHONE), ("en", PHONE), ("zh", DESK), ("en", DESK)], ids=str)
async def seen(request: pytest.FixtureRequest, site: Site) -> AsyncIterator[tuple[str, str, Page]]:
    """A language, the name of a size, and a page of somebody of the street office."""
    language, size = request.param
    context = await site.browser.new_context(viewport=size)
    kept = {"secure": True, "url": site.address}
    await context.add_cookies(
        [
            {"name": COOKIE, "value": token_of("street"), "httpOnly": True, **kept},  # type: ignore[typeddict-item]
            {"name": "__Host-gongjian-look", "value": f"{language}.usual", **kept},  # type: ignore[typeddict-item]
        ]
    )
    yield language, "phone" if size is PHONE else "desk", await context.new_page()
    await context.close()


async def test_each_page_answers_its_question(
    seen: tuple[str, str, Page], site: Site, rid: str, sql: asyncpg.Connection
) -> None:
    language, size, page = seen
    late = await sql.fetchval("SELECT count(*) FROM case_wait WHERE due_at < '2026-05-01'")
    wrong = []
    for number, each in enumerate(QUESTIONS):
        await page.goto(f"{site.address}{each.path.format(rid=rid, before=BEFORE)}")
        await keep_picture(page, f"head-{number}-{size}-{language}")
        text = " ".join((await page.inner_text("main")).split())
        answer = [word.format(late=late) for word in (each.zh if language == "zh" else each.en)]
        wrong += [
            f"{each.asks}: {word!r} not in {text[:700]}" for word in answer if word not in text
        ]
        wrong += [f"{each.asks}: a tag is read out"] if "<time" in text else []
        wrong += [f"{each.asks}: too wide"] if await is_too_wide(page) else []
        wrong += [f"{each.asks}: small {one}" for one in await small_targets(page, 44)]
        wrong += [f"{each.asks}: {one}" for one in await barriers(page)]
    assert wrong == []
