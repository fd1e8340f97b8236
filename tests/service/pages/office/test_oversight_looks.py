"""A renovation that stands still, an order of correction, a warranty and its money, as people see them.

On a phone and at a desk, in both languages; each page answers a question from its visible text.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import pytest
from playwright.async_api import ViewportSize
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.actor import Actor, Role
from models.values.base import Carried
from models.values.ledger import AccountKind, LedgerAccount, TransferKind, household
from rules.oversight import (
    ANNULLED,
    ARTICLE_OF_ORDERS,
    EXTENDED,
    LIFTED,
    ORDERED,
    REASSIGNED,
    RESUMED,
    SUSPENDED,
)
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from service.identity.browser import COOKIE
from service.pages.homes import COOKIE as HOME_COOKIE
from tests.service.pages.conftest import UNIT, entered
from tests.service.pages.office.test_office_looks import TAP, Look
from tests.support.browser.site import Site
from tests.support.browser.walker import DESK, PHONE
from tests.support.channels import Channels, official
from tests.support.money.ledger import PROJECT, move, moved, paid
from tests.support.people import sign_in, token_of

pytestmark = pytest.mark.slow  # seventeen pages, five times, each with axe
LOOKS: Sequence[tuple[str, str, ViewportSize]] = (
    ("zh", "usual", PHONE),
    ("en", "usual", PHONE),
    ("en", "large", PHONE),
    ("zh", "usual", DESK),
    ("en", "usual", DESK),
)
REASON = "公告期不足十五日"
STREET = Actor(id="street", role=Role.STREET_OFFICE, label="和平街道办事处", place="d/s")
WAIT = (
    "INSERT INTO case_wait (workflow_id, renovation_id, what, subject, who, since, due_at, consequence, level)"
    " VALUES ($1, $1, $2, $3, $4, now() - interval '1 day', now() + $5 * interval '1 day', $6, '')"
)


class Asked(NamedTuple):
    """A page, what is asked of it, and the words of the answer in each language."""

    name: str
    path: str
    says: Mapping[str, Sequence[str]]


class Shown:
    """Pages are looked at and read."""

    def __init__(self, look: Look, language: str) -> None:
        self._look, self._language = look, language
        self.wrong = look.wrong

    async def answers(self, asked: Asked) -> None:
        await self._look.go(asked.path, asked.name)
        text = " ".join((await self._look.page.inner_text("body")).split())
        self.wrong += [
            f"{asked.name}: {word!r} not in {text[:900]}"
            for word in asked.says[self._language]
            if word not in text
        ]

    async def wrongly_sent(self, name: str) -> None:
        """The form sent as it stands says what is missing at its fields."""
        await self._look.page.locator("main form button.go:not([name])").first.click()
        await self._look.see(f"{name}-wrong")


@pytest.fixture(params=LOOKS, ids=lambda each: f"{each[0]}-{each[1]}-{each[2]['width']}")
async def shown(request: pytest.FixtureRequest, site: Site, vote: Channels) -> AsyncIterator[Shown]:
    language, size, viewport = request.param
    context = await site.browser.new_context(viewport=viewport)
    kept = {"secure": True, "url": site.address, "httpOnly": True}
    cookies = {
        COOKIE: token_of("street"),
        HOME_COOKIE: await entered(vote),
        "__Host-gongjian-look": f"{language}.{size}",
    }
    await context.add_cookies(
        [{"name": name, "value": value, **kept} for name, value in cookies.items()]  # type: ignore[typeddict-item]
    )
    page = await context.new_page()
    name = f"{language}-{size}-{viewport['width']}"
    yield Shown(Look(page, site, name, TAP[size]), language)
    await context.close()


async def awaited(
    vote: Channels, what: str, who: str, days: int, then: str, subject: str = ""
) -> None:
    await vote.sql.execute(WAIT, vote.rid, what, subject, who, days, then)


class Nothing(Carried):
    """What the events of this record answer."""


async def recorded(vote: Channels, database: Database, kind: str, **details: JsonValue) -> None:
    """An event of the street office, written by the journal as every event is."""

    async def nothing(_session: AsyncSession, _now: datetime) -> Recorded[Nothing]:
        return Recorded(Nothing(), dict(details))

    command = Command(command_id=f"{vote.rid}-{kind}", renovation_id=vote.rid, actor=STREET)
    await Journal(database).record(command, kind, None, nothing, Nothing)


async def halted(vote: Channels, database: Database) -> None:
    """It stands still since yesterday, and the committee has an order to answer."""
    await recorded(
        vote,
        database,
        "renovation.correction_ordered",
        order="o12",
        addressee="owners_committee",
        event=1,
        days=5,
        event_kind="voting.box_announced",
        reason=REASON,
        document="沪房〔2026〕12号",
        article=ARTICLE_OF_ORDERS,
        until="2026-12-31T16:00:00+00:00",
    )
    await recorded(
        vote,
        database,
        "renovation.suspended",
        ground="authority",
        article=ARTICLE_OF_ORDERS,
        document="",
        reason=REASON,
        stage="voting",
        rests=[],
        waiting_for="",
    )
    await vote.sql.execute(
        "UPDATE renovation SET suspended_at = now() - interval '1 day', waiting_for = 'resume_renovation',"
        " due_at = NULL WHERE id = $1",
        vote.rid,
    )
    await vote.sql.execute("UPDATE ballot_box SET state = 'suspended' WHERE id = $1", vote.box)
    await awaited(vote, "resume_renovation", "district_bureau, street_office", 9, "reminded")
    await awaited(vote, "report_corrected", "owners_committee", 5, "reminded", "o12")


async def test_a_renovation_that_stands_still_says_so_and_leads_on(
    vote: Channels, database: Database, shown: Shown
) -> None:
    await halted(vote, database)
    office, public = f"/office/cases/{vote.rid}", f"/cases/{vote.rid}"
    still = {"zh": ("本项目自", "起中止"), "en": ("the renovation stands still",)}
    for name, path, says in (
        (
            "halted",
            office,
            {
                "zh": ("是否恢复项目", "责令改正的事项", "恢复项目", "撤回责令改正"),
                "en": ("whether the renovation is resumed", "Resume the renovation"),
            },
        ),
        (
            "halted-board",
            f"{office}/board",
            {"zh": ("表决中止",), "en": ("The vote stands still",)},
        ),
        (
            "halted-history",
            f"{office}/history?level=all",
            {"zh": ("中止项目", REASON), "en": ("let the renovation stand still", REASON)},
        ),
        ("halted-why", f"{office}/why", still),
        ("halted-public", public, still),
        ("halted-vote", f"{public}/vote", still),
        ("halted-home", "/mine", still),
        (
            "lift",
            f"{office}/acts/lift_correction",
            {
                "zh": ("责令业主委员会改正第1号事项", "期限至", REASON),
                "en": ("to the owners' committee, until", "no. 1 of the history"),
            },
        ),
    ):
        await shown.answers(Asked(name, path, says))
    await shown.wrongly_sent("lift")
    assert shown.wrong == []


async def test_the_acts_of_oversight_ask_for_what_people_know(vote: Channels, shown: Shown) -> None:
    await awaited(vote, "record_inspection", "supervisor", 4, "reminded", "roof")
    await awaited(vote, "record_inspection", "supervisor", 6, "reminded", "risers")
    await awaited(vote, "open_vote", "owners_committee", 6, "reminded")
    acts = f"/office/cases/{vote.rid}/acts"
    for name, says in (
        ("suspend_renovation", {"zh": ("事由", "不可抗力"), "en": ("Ground", "force majeure")}),
        (
            "extend_period",
            {"zh": ("天数", "其中哪一项"), "en": ("Number of days", "Which of them")},
        ),
        ("order_correction", {"zh": ("天数", "编号"), "en": ("Number of days", "has its number")}),
        (
            "reassign_act",
            {
                "zh": ("第二人", "发起表决", "区主管部门"),
                "en": ("a second person", "Street office"),
            },
        ),
        ("annul_vote", {"zh": ("第二人", "撤销"), "en": ("a second person", "Annul")}),
    ):
        await shown.answers(Asked(name, f"{acts}/{name}", says))
        await shown.wrongly_sent(name)
    assert shown.wrong == []


async def overseen(vote: Channels, database: Database) -> None:
    """What offices have done about a case, one of each act, as their activities record it."""
    until, later = "2026-12-20T16:00:00+00:00", "2026-12-31T16:00:00+00:00"
    given: dict[str, JsonValue] = {
        "days": 10,
        "before": until,
        "until": later,
        "article": "[D] rules 5.2",
    }
    why: dict[str, JsonValue] = {"reason": REASON, "document": "沪房〔2026〕12号"}
    await recorded(
        vote, database, EXTENDED, what="open_vote", subject="", **given, reason="礼堂失火"
    )
    await recorded(
        vote,
        database,
        REASSIGNED,
        act="open_vote",
        subject="",
        was_with=["owners_committee"],
        addressee="street_office",
        before=until,
        until=later,
        article="Civil Code art. 278",
        reason="主任生病",
    )
    await recorded(
        vote,
        database,
        LIFTED,
        order="o12",
        addressee="owners_committee",
        late_since=None,
        article=ARTICLE_OF_ORDERS,
        reason="已按期公告",
    )
    await recorded(
        vote,
        database,
        RESUMED,
        article=ARTICLE_OF_ORDERS,
        since="2026-11-20T02:00:00+00:00",
        moves=[],
        reason="已补正",
    )
    await recorded(
        vote,
        database,
        ANNULLED,
        annulled_by="official_decision",
        article=ARTICLE_OF_ORDERS,
        stage="cost_sharing",
        box_id=vote.box,
        attempts=[1],
        ends=False,
        withdrawn=[],
        **why,
    )


async def test_what_was_done_about_a_case_is_read_with_who_why_and_by_which_law(
    vote: Channels, database: Database, shown: Shown
) -> None:
    await halted(vote, database)
    await overseen(vote, database)
    history = f"/office/cases/{vote.rid}/history?level=all"
    law = {"zh": "《物业管理条例》第十九条", "en": "Property Management Regs art. 19"}
    for kind, name, zh, en in (
        (
            SUSPENDED,
            "who has stopped it, and why",
            ("和平街道办事处（街道办事处）中止项目：主管部门审查决定是否合法", REASON),
            ("和平街道办事处 (street office) let the renovation stand still: an authority", REASON),
        ),
        (
            ORDERED,
            "what has to be put right, by whom, until when",
            ("责令业主委员会改正第1号事项（公告表决），期限至", "2026 年 12 月 31 日 24:00"),
            (
                "ordered the owners' committee to put right what event 1 did (box announced), until 31",
                "沪房〔2026〕12号",
            ),
        ),
        (
            EXTENDED,
            "who has more time, and how much",
            (
                "发起表决",
                "延长至2026 年 12 月 31 日 24:00（原为2026 年 12 月 20 日 24:00）",
                "礼堂失火",
            ),
            ("until 31 December 2026 24:00, no longer until 20 December", "礼堂失火"),
        ),
        (
            REASSIGNED,
            "whose turn it is now instead of whom",
            ("街道办事处", "主任生病"),
            ("to the street office, no longer to: owners' committee", "主任生病"),
        ),
        (
            LIFTED,
            "which order was taken back",
            ("撤回责令改正，依据", "已按期公告"),
            ("took an order of correction back, under", "已按期公告"),
        ),
        (
            RESUMED,
            "since when it goes on, and what became of the periods",
            ("恢复项目（自", "正在进行的期限相应顺延，依据", "已补正"),
            ("which stood still since 20 November 2026 10:00", "end later by as long, under"),
        ),
        (
            ANNULLED,
            "what was annulled, and what follows",
            ("撤销业主此前通过的决定", "修改后的方案可以再次提交表决"),
            ("annulled what the owners had adopted", "may be put to another vote"),
        ),
    ):
        says = {"zh": (*zh, law["zh"]), "en": (*en, law["en"])}
        seq = await vote.sql.fetchval(
            "SELECT seq FROM event WHERE renovation_id = $1 AND kind = $2", vote.rid, kind
        )
        await shown.answers(Asked(f"overseen: {name}", f"{history}&after={seq - 1}", says))
    assert shown.wrong == []


async def test_the_queue_and_the_second_person_are_told_what_waits_for_them(
    vote: Channels, database: Database, shown: Shown
) -> None:
    """An order that is late stands in the queue in words; what one proposed, another reads and confirms."""
    await awaited(vote, "report_corrected", "owners_committee", -3, "reminded", "o12")
    await vote.sql.execute(
        "UPDATE case_wait SET late_since = due_at, level = 'district_bureau' WHERE renovation_id = $1",
        vote.rid,
    )
    await vote.sql.execute(
        "INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)"
        " VALUES ($1, 'voting.box_closed', $1, false, 'KeyError', 'ref-7', now())",
        vote.rid,
    )
    await vote.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('bureau', '区房管局', 'district_bureau', 'd') ON CONFLICT DO NOTHING"
    )
    await sign_in(vote.sql, "bureau")
    stop = {"ground": "court", "document": "no. 7", "reason": REASON}
    made = await vote.post("/acts/suspend_renovation", official("bureau"), **stop)
    assert made.status_code == 202, made.text
    for name, path, says in (
        (
            "queue",
            "/office/oversight",
            {
                "zh": ("表决截止", "责令改正的事项", "逾期", "区主管部门"),
                "en": ("box closed", "what was ordered to be put right", "Late since"),
            },
        ),
        (
            "proposed",
            f"/office/cases/{vote.rid}/proposals",
            {
                "zh": ("中止项目", REASON, "bureau"),
                "en": ("A suit asks for a decision to be revoked", REASON, "bureau"),
            },
        ),
    ):
        await shown.answers(Asked(name, path, says))
    assert shown.wrong == []


async def warranted(vote: Channels, database: Database) -> None:
    """The works are accepted, and a part of their price is kept back for 400 days more."""
    await vote.sql.execute(
        "UPDATE renovation SET state = 'in_warranty', stage = 'feedback', waiting_for = 'retention',"
        " due_at = now() + interval '400 days' WHERE id = $1",
        vote.rid,
    )
    await awaited(vote, "retention", "", 400, "goes_on")
    await vote.sql.execute(
        "INSERT INTO tender (id, renovation_id, round, state, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria) VALUES ($1 || '.t', $1, 1, 'awarded', now() - interval '90 days',"
        " now() - interval '60 days', 900000, 800000, 'lowest_evaluated', '{}')",
        vote.rid,
    )
    for number in (1, 2):
        await vote.sql.execute(
            "INSERT INTO contract (id, renovation_id, tender_id, works_round, bidder_id, value_fen,"
            " contingency_fen, retention_permille, signed_at) VALUES ($1 || '.k' || $2, $1, $1 || '.t',"
            " $2::int, 'builder', 700000, 0, 30, now())",
            *(vote.rid, str(number)),
        )
    await vote.sql.execute(
        "INSERT INTO retention_release VALUES ($1 || '.k1', $1, now(), 18000, 3000, 'street', now())",
        vote.rid,
    )
    kept = LedgerAccount(kind=AccountKind.RETENTION, name=f"{vote.rid}.k2")
    charge = moved(f"{vote.rid}.c", PROJECT, household(UNIT), 1_234_567)
    builder = LedgerAccount(kind=AccountKind.CONTRACTOR, name=f"{vote.rid}.k2")
    back = moved(f"{vote.rid}.r", kept, builder, 21_000, TransferKind.RETAINED)
    await move(database, vote.rid, "money", charge, paid(f"{vote.rid}.p", UNIT, 300_000), back)


async def test_the_warranty_says_until_when_and_what_to_do_about_what_breaks(
    vote: Channels, database: Database, shown: Shown
) -> None:
    await warranted(vote, database)
    office, public = f"/office/cases/{vote.rid}", f"/cases/{vote.rid}"
    law = {
        "zh": ("缺陷责任期满", "处于保修期", "由承包人负责维修"),
        "en": ("defect liability", "in warranty"),
    }
    for name, path, says in (
        ("warranty", office, {**law, "zh": (*law["zh"], "到期后自动继续")}),
        ("warranty-public", public, law),
        (
            "warranty-home",
            "/mine",
            {"zh": ("质量保证金留存至", "报事"), "en": ("kept back until",)},
        ),
        ("warranty-works", f"{office}/works", {"zh": (), "en": ()}),
        (
            "warranty-money",
            f"{public}/money",
            {"zh": ("已返还的质量保证金", "30.00"), "en": ("Retention withheld", "30.00")},
        ),
        ("ledger", f"{office}/ledger", {"zh": ("质量保证金", "住户 1-101"), "en": ("Home 1-101",)}),
        (
            "ledger-home",
            f"{office}/ledger?account=household/{UNIT}",
            {"zh": ("应缴", "缴款"), "en": ("charged", "paid in")},
        ),
    ):
        await shown.answers(Asked(name, path, says))
    # Its time is over: somebody decides what becomes of it.
    await vote.sql.execute(
        "UPDATE renovation SET waiting_for = 'release_retention', due_at = NULL WHERE id = $1",
        vote.rid,
    )
    await vote.sql.execute("DELETE FROM case_wait WHERE renovation_id = $1", vote.rid)
    await awaited(vote, "release_retention", "owners_committee, street_office", 14, "reminded")
    form = Asked(
        "release",
        f"{office}/acts/release_retention",
        {
            "zh": ("从中扣留", "builder：留存 210.00 元"),
            "en": ("Withheld of it", "builder: ¥210.00 kept back"),
        },
    )
    await shown.answers(form)
    await shown.answers(
        Asked(
            "release-case", office, {"zh": ("返还质量保证金",), "en": ("return of the retention",)}
        )
    )
    assert shown.wrong == []
