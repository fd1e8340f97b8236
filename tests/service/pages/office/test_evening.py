"""A committee in one evening, and a training case, in Chromium on real servers; every page without barriers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page, ViewportSize, expect

from runtime.database import Database
from runtime.language.citations import cited
from tests.service.pages.office.test_opening import ROWS, sheet
from tests.support.browser.looking import barriers, is_too_wide
from tests.support.browser.site import Site, site_for_browsers
from tests.support.estate import make_renovation
from tests.support.people import sign_in, token_of
from tests.support.processes.servers import dev_server, plain_client
from tests.support.processes.serving import settings_for, working

pytestmark = pytest.mark.slow
NOTICE = "Property Management Regs art. 14"
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
async def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with dev_server() as env:
        settings = settings_for(env, database)
        async with (
            working(env, await plain_client(env, ()), database, settings),
            site_for_browsers(settings, tmp_path_factory.mktemp("tls")) as found,
        ):
            yield found


@pytest.fixture(scope="module", autouse=True)
async def people(database: Database, sql: asyncpg.Connection) -> None:
    await make_renovation(database, rid="ranother")
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from)"
        " VALUES ('oc', '张主任', 'owners_committee', 'g', now()),"
        " ('rc', '居委会', 'residents_committee', 'c', now())"
    )
    await sign_in(sql, "oc", "rc")


async def phone(site: Site, actor: str, *, script: bool, look: str = "zh.usual") -> Page:
    context = await site.browser.new_context(
        locale="zh-CN", viewport=PHONE, java_script_enabled=script
    )
    kept = {"secure": True, "url": site.address}
    await context.add_cookies(
        [
            {"name": "__Host-gongjian", "value": token_of(actor), "httpOnly": True, **kept},  # type: ignore[typeddict-item]
            {"name": "__Host-gongjian-look", "value": look, **kept},  # type: ignore[typeddict-item]
        ]
    )
    return await context.new_page()


class Walk:
    """A person on a phone: each page is looked at before the next button."""

    def __init__(self, page: Page, site: Site, folder: Path) -> None:
        self.page, self.site, self._folder, self._shots = page, site, folder, 0

    async def look(self) -> None:
        """What keeps people out of this page, and whether it is too wide: nothing may."""
        self._shots += 1
        await self.page.screenshot(path=self._folder / f"{self._shots:02}.png", full_page=True)
        assert await barriers(self.page) == [], self.page.url
        assert not await is_too_wide(self.page), self.page.url

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.site.address}{path}")
        await self.look()

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()
        await self.look()

    async def fill(self, **said: str) -> None:
        for name, value in said.items():
            await self.page.locator(f"[id='{name.replace('__', '.')}']").fill(value)


async def _bring_roll(page: Page, rows: list[list[str]]) -> None:
    name, content = sheet(*rows)["roll"]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    await page.set_input_files("#roll", {"name": name, "mimeType": kind, "buffer": content})


@pytest.mark.parametrize("look", ["zh.usual", "en.large"])
async def test_a_committee_sets_up_prints_letters_and_announces_a_vote_in_one_evening(
    site: Site, sql: asyncpg.Connection, tmp_path: Path, look: str
) -> None:
    # Written in both languages: buttons are found by their place.
    walk = Walk(await phone(site, "oc", script=True, look=look), site, tmp_path)
    page = walk.page

    async def next_page() -> None:
        await page.locator("main button.go:not(.plain)").first.click()
        await walk.look()

    await walk.go("/office")
    await walk.go("/office/start")
    await next_page()  # nothing was chosen: said at its field, and the summary has the focus
    await expect(page.locator("#errors")).to_be_focused()
    await walk.fill(estate=f"小区 {look}")
    await _bring_roll(page, [*ROWS[:3], [*ROWS[3][:4], "sixty", *ROWS[3][5:]]])
    await next_page()
    await expect(page.locator("td.wrong")).to_have_count(1)
    await _bring_roll(page, ROWS)
    await next_page()
    await next_page()
    await walk.fill(title=f"改造 {look}", cost__roof="240000", ends_on="2028-12-31")
    await next_page()
    await expect(page.locator("table")).to_contain_text(
        cited(NOTICE, "zh_CN" if look.startswith("zh") else "en")
    )
    await next_page()
    case = page.url.removeprefix(site.address)
    await walk.go(f"{case}/letters")
    async with page.expect_download() as printed:
        await page.locator("main button.go:not(.plain)").first.click()
    pdf = (await (await printed.value).path()).read_bytes()
    assert pdf.startswith(b"%PDF")
    await walk.go(f"{case}/acts/open_vote")
    await next_page()
    await next_page()
    await walk.go(f"{case}/board")
    await expect(page.locator("h1")).to_contain_text("6")  # of eight heads two thirds, at least
    rid = case.rpartition("/")[2]
    assert await sql.fetchval("SELECT count(*) FROM letter WHERE renovation_id = $1", rid) == 8
    assert await sql.fetchval("SELECT count(*) FROM ballot_box WHERE renovation_id = $1", rid) == 1


@pytest.mark.parametrize("look", ["zh.usual", "zh.large", "en.usual", "en.large"])
async def test_every_component_has_no_barrier_in_any_state(
    site: Site, tmp_path: Path, look: str
) -> None:
    walk = Walk(await phone(site, "oc", script=True, look=look), site, tmp_path)
    for path in ("/office/components", "/office/components/homes"):
        await walk.go(path)
        form = walk.page.locator(f"form[action='{path}']")
        await form.locator("button.go:not(.plain, .danger)").click()
        await walk.look()
        await expect(walk.page.locator("#errors")).to_be_focused()


async def test_a_training_case_is_played_from_the_vote_to_its_result_without_a_script(
    site: Site, sql: asyncpg.Connection, tmp_path: Path
) -> None:
    page = await phone(site, "oc", script=False)
    walk = Walk(page, site, tmp_path)

    async def press(name: str) -> None:
        await page.get_by_role("button", name=name, exact=True).click()

    await page.goto(f"{site.address}/office/training")
    await press("开始演练")
    case = page.url
    await page.goto(f"{case}/acts/open_vote")
    await press("核对")
    await press("确认办理")
    await page.goto(f"{case}/training")
    await press("推进到下一个期限")
    await page.select_option("#unit", "1-101")
    await press("以此住户继续")
    await page.locator("main a.go").first.click()
    for motion in await page.locator("fieldset").all():
        await motion.locator("input[value=yes]").check()
    await press("核对选票")
    await press("提交选票")
    units = [f"{b}-{f}0{n}" for b in (1, 2) for f in (1, 2, 3, 4) for n in (1, 2)][1:]
    await page.goto(f"{case}/paper")
    await walk.fill(reference="1", scan="1")
    await _type(page, units)
    code = await page.locator("p.code").inner_text()
    await page.goto(f"{case}/training")
    await page.select_option("#player", "residents")
    await press("以此角色继续")
    await page.goto(f"{case}/paper")
    await page.get_by_role("link", name="去录入").click()
    await walk.fill(code=code)
    await _type(page, units)
    await page.goto(f"{case}/board")
    await expect(page.locator("h1")).to_contain_text("已达到法定参与比例")
    rid = case.rpartition("/")[2]
    assert await sql.fetchval("SELECT count(*) FROM ballot WHERE box_id = $1", f"{rid}.1") == 16
    for _ in range(3):
        await page.goto(f"{case}/training")
        await press("推进到下一个期限")
    tally = await sql.fetchval("SELECT tally FROM ballot_box WHERE id = $1", f"{rid}.1")
    verdicts = {name: said["decision"]["verdict"] for name, said in json.loads(tally).items()}
    assert verdicts == {"works": "PASS", "costs": "PASS"}
    await page.goto(f"{case}/training")
    await press("结束演练，返回我的工作")
    await expect(page.locator("header")).to_contain_text("张主任")


async def _type(page: Page, units: list[str]) -> None:
    await page.get_by_role("button", name="再加十行", exact=True).click()
    for row, unit in enumerate(units):
        await page.locator(f"[id='unit.{row}']").fill(unit)
        for motion in ("works", "costs"):
            await page.locator(f"[name='said.{row}.{motion}']").select_option("yes")
    await page.get_by_role("button", name="提交本次录入", exact=True).click()
