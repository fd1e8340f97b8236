"""The office's pages of photographs, campaign and components on a narrow phone, in both languages and both prints."""

import itertools

import pytest
from playwright.async_api import Page

from models.values.ledger import household
from runtime.database import Database
from service.identity.browser import COOKIE
from tests.service.ledger.test_unclaimed import FILE
from tests.service.pages.conftest import PHONE, Home, entered, keep_picture
from tests.service.pages.office.test_pictures import stripes
from tests.service.residents.test_residents_write import instalments
from tests.service.residents.test_statements import sent
from tests.support.browser.looking import barriers, is_too_wide, small_targets
from tests.support.browser.site import Site
from tests.support.channels import Channels
from tests.support.money.ledger import PROJECT, move, moved, paid
from tests.support.people import sign_in, token_of

LOOKS = tuple(itertools.product(("zh", "en"), ("usual", "large")))
TAP = {"usual": 44, "large": 60}


async def with_photograph(vote: Channels) -> str:
    """A report with a photograph; its id."""
    home = Home(vote.http, await entered(vote))
    form = await home.get("/mine/reports/new")
    await home.send("/mine/reports", form, {"kind": "defect", "text": "三楼墙面渗水"})
    ticket = await vote.sql.fetchval("SELECT id FROM ticket WHERE renovation_id=$1", vote.rid)
    thread = await home.get(f"/mine/reports/{ticket}")
    await home.send(f"/mine/reports/{ticket}/pictures", thread, picture=stripes())
    found = "SELECT id FROM private.picture WHERE renovation_id=$1"
    return str(await vote.sql.fetchval(found, vote.rid))


class Look:
    """A page is looked at: what keeps people out of it is collected."""

    def __init__(self, page: Page, site: Site, name: str, tap: int) -> None:
        self.page, self._site, self._name, self._tap = page, site, name, tap
        self.wrong: list[str] = []

    async def go(self, path: str, name: str) -> None:
        await self.page.goto(f"{self._site.address}{path}")
        await self.see(name)

    async def see(self, name: str) -> None:
        await keep_picture(self.page, f"office-{name}-{self._name}")
        self.wrong += [f"{name}: too wide"] if await is_too_wide(self.page) else []
        small = await small_targets(self.page, self._tap)
        self.wrong += [f"{name}: small {each}" for each in small]
        self.wrong += [f"{name}: {each}" for each in await barriers(self.page)]


@pytest.mark.slow  # eight pages, four times, each with axe
@pytest.mark.parametrize(("language", "size"), LOOKS)
async def test_the_new_pages_of_an_office_are_open_to_everybody(
    vote: Channels, site: Site, language: str, size: str
) -> None:
    picture = await with_photograph(vote)
    await vote.sql.execute("INSERT INTO vote_step VALUES ($1, '', 'opened', 9)", vote.rid)
    context = await site.browser.new_context(viewport=PHONE)
    kept = {"secure": True, "url": site.address}
    await context.add_cookies(
        [
            {"name": COOKIE, "value": token_of("committee"), "httpOnly": True, **kept},  # type: ignore[typeddict-item]
            {"name": "__Host-gongjian-look", "value": f"{language}.{size}", **kept},  # type: ignore[typeddict-item]
        ]
    )
    page = await context.new_page()
    look = Look(page, site, f"{language}-{size}", TAP[size])
    case = f"/office/cases/{vote.rid}"
    await look.go(f"{case}/pictures", "pictures")
    await look.go(f"{case}/pictures/{picture}", "marking")
    await page.locator("input[value='0.1']").check()
    await page.locator("main button.go").click()
    await look.see("published")
    await look.go(f"{case}/board", "board")
    await look.go(f"{case}/writes/register_mandate", "mandate")
    await look.go("/office/components/homes", "components")
    await page.locator("main form button.go").first.click()
    await look.see("components-wrong")
    await context.close()
    assert look.wrong == []


async def with_money(vote: Channels, database: Database) -> None:
    """A charge, two payments, and two sums that nobody has claimed."""
    await vote.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('bank', 'bank', 'payment_provider', 'd') ON CONFLICT DO NOTHING"
    )
    await sign_in(vote.sql, "bank")
    rid = vote.rid
    charge = moved(f"{rid}.charge", PROJECT, household("1-101"), 1_234_567)
    await move(database, rid, "money", charge, paid(f"{rid}.first", "1-101", 300_000))
    await instalments(vote.sql, rid)
    assert (await sent(vote.http, rid, FILE, 1)).status_code == 200


@pytest.mark.slow  # four pages, four times, each with axe
@pytest.mark.parametrize(("language", "size"), LOOKS)
async def test_the_pages_of_money_are_open_to_everybody(
    vote: Channels, site: Site, database: Database, language: str, size: str
) -> None:
    await with_money(vote, database)
    context = await site.browser.new_context(viewport=PHONE)
    kept = {"secure": True, "url": site.address}
    await context.add_cookies(
        [
            {"name": COOKIE, "value": token_of("street"), "httpOnly": True, **kept},  # type: ignore[typeddict-item]
            {"name": "__Host-gongjian-look", "value": f"{language}.{size}", **kept},  # type: ignore[typeddict-item]
        ]
    )
    page = await context.new_page()
    look = Look(page, site, f"{language}-{size}", TAP[size])
    case = f"/office/cases/{vote.rid}"
    await look.go(case, "case")
    await look.go(f"{case}/ledger", "ledger")
    await look.go(f"{case}/ledger?account=household/1-101", "ledger-home")
    await look.go(f"{case}/unclaimed", "unclaimed")
    await page.locator("main form button.go").first.click()
    await look.see("unclaimed-wrong")
    await look.go(f"{case}/writes/receive_cash", "cash")
    await context.close()
    assert look.wrong == []
