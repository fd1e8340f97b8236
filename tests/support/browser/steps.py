"""What people do with nothing but a browser: officials at their desks, residents with their letters."""

import io
import re
from pathlib import Path

import pypdfium2
from playwright.async_api import Page, expect

from tests.service.pages.office.test_opening import sheet
from tests.support.browser.walker import Walker


async def awaited(official: Walker, case: str) -> None:
    """Look at a case until it says whose turn it is: its procedure begins within seconds."""
    for _ in range(20):
        await official.go(case)
        if not await official.page.get_by_role("link", name="刷新查看").count():
            return
        await official.page.wait_for_timeout(500)
    raise AssertionError(case)


async def bring_roll(committee: Walker, rows: list[list[str]]) -> None:
    name, content = sheet(*rows)["roll"]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = {"name": name, "mimeType": kind, "buffer": content}
    await committee.page.set_input_files("#roll", file)  # type: ignore[arg-type]
    await committee.press()


async def act(official: Walker, case: str, name: str, room: str = "acts", **said: str) -> None:
    """Do an act: its form, the page to check it, its receipt."""
    await official.go(f"{case}/{room}/{name}")
    await official.fill(**said)
    await official.press()
    await official.press()
    await expect(official.page.locator("main .card.done")).to_be_visible()


async def printed(committee: Walker, case: str) -> dict[str, str]:
    """The letters as they are printed: the link of each flat, which its resident scans."""
    await committee.go(f"{case}/letters")
    async with committee.page.expect_download() as begun:
        await committee.page.locator("main button.go:not(.plain)").first.click()
    pdf = pypdfium2.PdfDocument(io.BytesIO(Path(await (await begun.value).path()).read_bytes()))
    # A hyphen at the end of a line is told as a mark of its own.
    texts = [page.get_textpage().get_text_bounded().replace("\x02", "-\n") for page in pdf]
    return {
        re.findall(r"\b\d-\d{3}\b", each)[0]: "".join(re.findall(r"(http\S+)", each))
        for each in texts
    }


async def next_deadline(committee: Walker, case: str) -> None:
    """The clock of the case goes on to what falls due next."""
    await committee.go(f"{case}/training")
    await committee.press()


async def play(committee: Walker, case: str, player: str) -> None:
    """Go on as somebody else of the cast."""
    await committee.go(f"{case}/training")
    await committee.page.select_option("#player", player)
    await committee.page.locator("form[action$='/training/part'] button").click()
    await committee.look()


async def code_for(committee: Walker, case: str, unit: str) -> str:
    """The code that the office tells whoever comes with a letter and papers."""
    await committee.go(f"{case}/letters")
    await committee.page.locator("details summary").click()
    await committee.page.locator("li form", has_text=unit).locator("button").click()
    return await committee.page.locator("p.code").inner_text()


async def enter(resident: Walker, link: str, code: str) -> None:
    """Scan the letter, say the second fact, and be at the own page."""
    await resident.go(link)
    await resident.fill(fact=code)
    await resident.press()


async def vote(resident: Walker, said: str) -> None:
    """Three taps: the ballot, the check, the receipt."""
    await resident.page.locator("main a.go").first.click()
    await resident.look()
    for motion in await resident.page.locator("fieldset").all():
        await motion.locator(f"input[value={said}]").check()
    await resident.press()
    await resident.press()


async def tab(page: Page, selector: str) -> None:
    """Press the tabulator until what is wanted has the focus, and see that it shows it."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            drawn = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(drawn) != "none", selector
            return
    raise AssertionError(selector)


async def typed(committee: Walker, units: list[str]) -> None:
    for row, unit in enumerate(units):
        await committee.page.locator(f"[id='unit.{row}']").fill(unit)
        for motion in ("works", "costs"):
            await committee.page.locator(f"[name='said.{row}.{motion}']").select_option("yes")
    await committee.press("提交本次录入")
