"""From `gongjian up` with nothing but Chromium: an evening of a committee, then a case played to its answers.

Issue 14, acceptance 1. The case of the evening runs by the wall's clock, so its vote opens in weeks; the
vote, its result and the complaint are those of the training case that the same committee begins by a link.
"""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import expect

from runtime.local.programs import ROOT
from tests.service.pages.office.test_opening import ROWS
from tests.support.browser.chromium import launched
from tests.support.browser.steps import (
    act,
    awaited,
    bring_roll,
    code_for,
    enter,
    next_deadline,
    play,
    printed,
    tab,
    typed,
    vote,
)
from tests.support.browser.walker import DESK, Gallery, Visitors, Walker

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
PASSWORD = "correct horse battery staple"
PLACES = {
    "district": ("350102", "鼓楼区"),
    "street_office": ("350102008", "水部街道"),
    "community": ("350102008003", "三巷社区"),
    "grid": ("350102008003-g1", "三巷社区第一网格"),
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses that `gongjian up` prints."""
    data = tmp_path_factory.mktemp("browser")
    told = data / "up.log"
    command = [sys.executable, "-m", "cli.main", "up", "--json", "--data", str(data)]
    with told.open("wb") as errors:
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line, told.read_text("utf-8")
        yield json.loads(line)
    finally:
        running.terminate()
        running.communicate(timeout=90)


@pytest.fixture(scope="module")
async def visitors(up: dict[str, str]) -> AsyncIterator[Visitors]:
    async with launched() as browser:
        yield Visitors(browser, up["service"], Gallery("evening"))


async def test_an_estate_is_renovated_with_nothing_but_a_browser(
    visitors: Visitors, up: dict[str, str]
) -> None:
    committee = await set_up(visitors, up["invitation"])
    await evening(committee)
    case = await begin_training(committee)
    letters = await printed(committee, case)
    await open_the_vote(committee, case)
    await residents_vote(visitors, committee, case, letters)
    await paper(committee, case)
    await counted(visitors, committee, case)
    await objected(visitors, committee, case, letters)
    await complained(visitors, committee, case, letters)


async def set_up(visitors: Visitors, invitation: str) -> Walker:
    """The administrator sets up a grid; each office gives the next its role; the committee has signed in."""
    keeper = await visitors.come(viewport=DESK)
    await taken_up(keeper, invitation)
    await keeper.go("/office/people")
    await keeper.page.locator("summary", has_text="设立").first.click()
    for level, (code, name) in PLACES.items():
        await keeper.fill(**{level: name, f"{level}_id": code})
    await keeper.page.locator("form[action='/office/people/places'] button").click()
    await keeper.look()
    bureau = await visitors.come(viewport=DESK)
    await taken_up(bureau, await invited(keeper, "区住建局", "district_bureau", "district"))
    street = await visitors.come(viewport=DESK)
    await taken_up(street, await invited(bureau, "水部街道办", "street_office", "street_office"))
    await street.seen("street", "街道现在有什么要办？", "没有等您办理|0 ")
    second = await visitors.come(viewport=DESK)
    await taken_up(
        second, await invited(street, "三巷社区居委会", "residents_committee", "community")
    )
    committee = await visitors.come()
    await taken_up(committee, await invited(street, "张主任", "owners_committee", "grid"))
    return committee


async def invited(giver: Walker, name: str, role: str, level: str) -> str:
    """The link that whoever gives a role is shown once, to be handed on."""
    await giver.go("/office/people")
    path = "/".join(code for code, _ in list(PLACES.values())[: list(PLACES).index(level) + 1])
    await giver.fill(person=role.replace("_", "-"), name=name, role=role, place=path, reason="任命")
    await giver.page.locator("form[action='/office/people'] button").click()
    await giver.look()
    return await giver.page.locator("p.code").inner_text()


async def taken_up(person: Walker, link: str) -> None:
    """Follow an invitation, choose a password, and be at work."""
    await person.page.goto(link)
    await person.page.locator("#by-password").click()
    await person.fill(password=PASSWORD, again=PASSWORD)
    await person.press()
    await person.page.locator("main a.go").click()
    await person.look()


async def evening(committee: Walker) -> None:
    """From the sheet the committee has to the letters and the announced vote."""
    page = committee.page
    await committee.go("/office")
    await committee.seen("work", "有什么等我办理？", "没有等您办理")
    await committee.go("/office/start")
    await committee.fill(estate="三巷小区")
    await bring_roll(committee, [*ROWS[:3], [*ROWS[3][:4], "六十", *ROWS[3][5:]]])
    await expect(page.locator("td.wrong")).to_have_count(1)
    await committee.seen("roll-wrong", "哪一格有误，应填什么？", r"E5[:：].{5,}")
    await bring_roll(committee, ROWS)
    await committee.seen("roll-good", "名册有几户，多大面积？", r"8 .*484\.00 m²")
    await committee.press()
    await committee.fill(title="三巷小区改造", cost__roof="240000", ends_on="2028-12-31")
    await committee.press()
    await committee.seen(
        "calendar", "施工最多有多少天，还缺谁？", r"尚无：.*监理工程师.*留给施工 \d+ 天"
    )
    await committee.press()
    case = committee.path
    await awaited(committee, case)
    await committee.seen("case", "现在等谁，等什么？", "正在等待：.{0,9}表决")
    assert len(await printed(committee, case)) == 8
    await act(committee, case, "open_vote")
    await committee.seen("announced", "表决何时开始？", r"投票：\d{4} 年 \d+ 月 \d+ 日 –")
    await committee.go(f"{case}/board")
    await committee.seen("board-first-evening", "还要多少户参与？", r"还差 6 户")


async def begin_training(committee: Walker) -> str:
    await committee.go("/office/training")
    await committee.press()
    case = committee.path
    await awaited(committee, case)
    await committee.seen("training", "这是真的吗，现在等谁？", "内容均为虚构.*轮到您")
    return case


async def open_the_vote(committee: Walker, case: str) -> None:
    """With the keyboard alone: to the case, to what waits, through the check, to the receipt."""
    page, keyboard = committee.page, committee.page.keyboard
    await committee.go(case)
    await tab(page, "main a.go[href$='/acts/open_vote']")
    for step in ("form", "check", "receipt"):
        async with page.expect_navigation():
            await keyboard.press("Enter")
        await committee.look()
        if step != "receipt":
            await tab(page, "main button.go:not(.plain)")
    await expect(page.locator("main .card.done")).to_be_visible()
    await next_deadline(committee, case)


async def residents_vote(
    visitors: Visitors, committee: Walker, case: str, letters: dict[str, str]
) -> None:
    """At 360 px: in Chinese, in English, in elder mode, without a script, with the keyboard alone, by mandate."""
    zhao = await visitors.come()
    await zhao.go(letters["1-101"])
    await zhao.seen("letter", "这封信是什么，需要什么才能进入？", "验证码")
    await enter(zhao, letters["1-101"], await code_for(committee, case, "1-101"))
    await zhao.seen("home", "现在需要我做什么，到什么时候？", r"请您投票.*\d+ 月 \d+ 日 24:00")
    await vote(zhao, "no")
    await zhao.seen("receipt", "我的票在哪里，凭什么查？", r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
    await zhao.go("/mine")
    await vote(zhao, "yes")  # one changes
    english = await visitors.come(locale="en-GB")
    await enter(english, letters["1-102"], await code_for(committee, case, "1-102"))
    await english.page.locator("main a.go").first.click()
    await english.seen(
        "ballot-english", "What am I asked, and until when?", r"\d+ \w+ 20\d\d 24:00.*Question 2"
    )
    await english.go("/mine")
    await vote(english, "yes")
    old = await visitors.come(elder=True)
    await enter(old, letters["1-201"], await code_for(committee, case, "1-201"))
    await old.seen("home-elder", "现在需要我做什么，到什么时候？", r"请您投票.*\d+ 月 \d+ 日 24:00")
    await vote(old, "yes")
    plain = await visitors.come(script=False)
    await enter(plain, letters["1-202"], await code_for(committee, case, "1-202"))
    await vote(plain, "yes")
    await plain.seen("receipt-no-script", "没有脚本时我的票编号是多少？", "[0-9A-Z]{4}-[0-9A-Z]{4}")
    keys = await visitors.come()
    await by_keyboard(keys, letters["1-301"], await code_for(committee, case, "1-301"))
    await mandate(visitors, committee, case, letters["1-302"])
    for each in (zhao, english, old, plain, keys):
        await each.leave()


async def by_keyboard(resident: Walker, link: str, code: str) -> None:
    """Nothing but tabulator, blank and return."""
    page, keyboard = resident.page, resident.page.keyboard
    await resident.go(link)
    await tab(page, "#fact")
    await keyboard.type(code)
    await keyboard.press("Enter")
    await page.wait_for_url("**/mine")
    await tab(page, "main a.go")
    await keyboard.press("Enter")
    await page.wait_for_url("**/mine/ballot?*")
    for motion in range(await page.locator("fieldset").count()):
        await tab(page, f"fieldset:nth-of-type({motion + 1}) input[type=radio]")
        await keyboard.press("Space")
    await tab(page, "main button.go")
    await keyboard.press("Enter")
    await page.wait_for_url("**/mine/ballot")
    await tab(page, "main button.go")
    await keyboard.press("Enter")
    await page.wait_for_url("**/mine/ballot/cast")
    await resident.seen("receipt-keyboard", "只用键盘投的票编号是多少？", "[0-9A-Z]{4}-[0-9A-Z]{4}")


async def mandate(visitors: Visitors, committee: Walker, case: str, link: str) -> None:
    """A home hands a mandate, which two officials register, sees it, takes it back and votes itself."""
    owner = await visitors.come()
    await enter(owner, link, await code_for(committee, case, "1-302"))
    await act(
        committee,
        case,
        "register_mandate",
        "writes",
        unit_number="1-302",
        agent_name="周代理",
        agent_identity="370701198001011010",
        agent_shown="yes",
        motions="works",
        document="三号文件夹",
        valid_from="2026-01-01T00:00",
        valid_until="2036-01-01T00:00",
    )
    await committee.seen("mandate-proposed", "登记了吗，还要谁？", "等第二人确认")
    await committee.go(f"{case}/proposals")
    await committee.press()
    await owner.go("/mine/mandate")
    await owner.seen("mandate", "谁可以替我投票，怎样收回？", "周代理.*撤回")
    await owner.page.locator("main button.danger").click()
    await owner.seen("mandate-revoked", "收回了吗？", r"委托已.*撤回|已撤回")
    await owner.go("/mine")
    await vote(owner, "yes")
    await owner.leave()


async def paper(committee: Walker, case: str) -> None:
    """Ten flats vote on paper; two people type the bundle. Then the committee sees who has taken part."""
    units = [f"{b}-{f}0{n}" for b in (1, 2) for f in (1, 2, 3, 4) for n in (1, 2)][6:14]
    await committee.go(f"{case}/paper")
    await committee.fill(reference="二号楼", scan="二号文件夹")
    await typed(committee, units)
    code = await committee.page.locator("p.code").inner_text()
    await play(committee, case, "residents")
    await committee.go(f"{case}/paper")
    await committee.page.get_by_role("link", name="去录入").click()
    await committee.fill(code=code)
    await typed(committee, units)
    await committee.seen("paper", "这一捆计入票箱了吗？", r"已计入票箱.*8")
    await play(committee, case, "committee")
    await committee.go(f"{case}/board")
    await committee.seen("board", "够法定参与比例了吗，几户参与？", r"已达到法定参与比例.*14")


async def counted(visitors: Visitors, committee: Walker, case: str) -> None:
    """The vote closes; everybody reads the result with each test of the law and both its numbers."""
    public = case.replace("/office", "")
    neighbour = await visitors.come()
    for _ in range(5):
        await next_deadline(committee, case)
        await neighbour.go(public)
        if await neighbour.page.get_by_text("公示").count():
            break
    await committee.seen("clock", "时间到哪里了，下一个期限是什么？", r"\d+ 月 \d+ 日")
    await neighbour.seen(
        "public-case", "现在轮到谁，到什么时候？", r"现在轮到谁.*异议.*\d+ 月 \d+ 日 24:00"
    )
    await neighbour.go(f"{public}/why")
    await neighbour.seen(
        "why", "为什么在等待，从何时起，依据什么？", r"异议：表决结果.*依据.*自 \d{4} 年.*截止"
    )
    await neighbour.go(f"{public}/vote")
    await neighbour.seen("result", "通过了吗，凭什么？", r"通过.*14 人；至少需要 11 人")
    await neighbour.leave()


async def objected(
    visitors: Visitors, committee: Walker, case: str, letters: dict[str, str]
) -> None:
    """A home objects to the result, the committee answers, the home reads why."""
    resident = await visitors.come()
    await enter(resident, letters["1-102"], await code_for(committee, case, "1-102"))
    await resident.page.locator("main a.go[href^='/mine/publications/']").first.click()
    await resident.fill(text="计票时我家的面积不对。")
    await resident.press()
    await resident.seen("objected", "我的异议收到了吗？", "异议已提交")
    await committee.go(case)
    await committee.seen(
        "case-objection",
        "现在等谁答复异议，从何时起，到什么时候？",
        r"异议答复 截止 \d{4} 年.*开始于 \d{4} 年.*轮到您",
    )
    await committee.page.locator("a[href*='/acts/answer_objection']").first.click()
    await committee.fill(upheld="no", answer="已核对名册：面积与产权证一致。")
    await committee.press()
    await committee.press()
    await expect(committee.page.locator("main .card.done")).to_be_visible()
    await resident.go("/mine/reports")
    await resident.seen("objection-answered", "异议的结果是什么，为什么？", "面积与产权证一致")
    await resident.leave()


async def complained(
    visitors: Visitors, committee: Walker, case: str, letters: dict[str, str]
) -> None:
    """A complaint is answered, found not to be fixed, answered by a level above, and closed by its resident."""
    resident = await visitors.come()
    await enter(resident, letters["1-201"], await code_for(committee, case, "1-201"))
    await resident.go("/mine/reports/new?kind=complaint")
    await resident.fill(text="楼道灯坏了一周。")
    await resident.press()
    await resident.seen("complaint", "谁答复，到什么时候？", r"\d+ 月 \d+ 日")
    report = resident.path
    for player, said, fixed in (("grid", "已换灯泡。", "no"), ("residents", "已换线路。", "yes")):
        await play(committee, case, player)
        await act(committee, case, "resolve_ticket", answer=said)
        await resident.go(report)
        await resident.seen(f"call-back-{fixed}", "真的修好了吗？", said)
        await resident.page.check(f"input[name=satisfied][value={fixed}]")
        await resident.press()
    await resident.seen("complaint-closed", "办结了吗？", "报事已办结")
    await resident.leave()
