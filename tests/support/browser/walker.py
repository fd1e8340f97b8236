"""Somebody with nothing but a browser, and the pictures of what was seen, each with a question it answers."""

import os
import re
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from runtime.local.programs import ROOT
from tests.support.browser.looking import barriers, is_too_wide

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
PICTURES = Path(os.environ.get("GONGJIAN_SCREENSHOTS") or ROOT / "build" / "pages")
"""Where pictures of the tests are kept; not committed."""


class Gallery:
    """The pictures of a walk, in a folder of their own, and what each of them answers."""

    def __init__(self, name: str) -> None:
        self._folder = PICTURES / name
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.iterdir():
            old.unlink()
        self._lines: list[str] = []

    async def keep(self, page: Page, name: str, asks: str, says: str) -> None:
        """Keep a page; what its visible text answers to a question must match `says`."""
        number = len(self._lines) + 1
        path = self._folder / f"{number:02}-{name}.png"
        await page.screenshot(path=path, full_page=True)
        text = " ".join((await page.locator("main").inner_text()).split())
        found = re.search(says, text)
        self._lines.append(f"- {path.name}: {asks} → {found[0] if found else '?'}")
        self._folder.joinpath("questions.md").write_text("\n".join(self._lines) + "\n", "utf-8")
        assert found, f"{path.name} does not answer: {asks} ({says})\n{text}"


class Walker:
    """One person: every page that is opened is looked at before the next step."""

    def __init__(self, page: Page, address: str, gallery: Gallery, *, script: bool) -> None:
        self.page, self.address, self._gallery, self._script = page, address, gallery, script
        self.elsewhere: list[str] = []
        page.on("request", self._heard)

    def _heard(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.address, "data:")):
            self.elsewhere.append(url)

    async def look(self) -> None:
        """Nothing may keep people out of the page, be too wide or come from elsewhere."""
        # axe is a script itself: with scripts switched off the page is asked for its width alone.
        if self._script:
            assert await barriers(self.page) == [], self.page.url
            assert not await is_too_wide(self.page), self.page.url
        assert self.elsewhere == []

    async def go(self, path: str) -> None:
        """Open an address."""
        answer = await self.page.goto(path if "://" in path else f"{self.address}{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        await self.look()

    async def press(self, name: str = "") -> None:
        """Press a button by its words; without any the one that leads on."""
        main = self.page.locator("main")
        button = (
            main.get_by_role("button", name=name, exact=True)
            if name
            else main.locator("button.go:not(.plain)")
        )
        await button.first.click()
        await self.look()

    async def follow(self, name: str) -> None:
        """Follow a link by its words."""
        await self.page.get_by_role("link", name=name).first.click()
        await self.look()

    async def fill(self, **said: str) -> None:
        """Answer questions by the names of their fields; "__" stands for a dot."""
        for word, value in said.items():
            name = word.replace("__", ".")
            choices = self.page.locator(f"input[name='{name}']:is([type=radio], [type=checkbox])")
            field = self.page.locator(f"[id='{name}']")
            if await choices.count():
                await choices.and_(self.page.locator(f"[value='{value}']")).check()
            elif await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)

    async def seen(self, name: str, asks: str, says: str) -> None:
        """Keep a picture of the page and the answer of its text to a question."""
        await self._gallery.keep(self.page, name, asks, says)

    async def says(self, words: str) -> None:
        """The page has these words."""
        await expect(self.page.locator("main")).to_contain_text(words)

    @property
    def path(self) -> str:
        """Where one is."""
        return self.page.url.removeprefix(self.address).partition("?")[0]

    async def leave(self) -> None:
        """Close the browser's window."""
        await self.page.context.close()


class Visitors:
    """New people with browsers of their own."""

    def __init__(self, browser: Browser, address: str, gallery: Gallery) -> None:
        self._browser, self._address, self._gallery = browser, address, gallery

    async def come(
        self,
        *,
        locale: str = "zh-CN",
        viewport: ViewportSize = PHONE,
        script: bool = True,
        elder: bool = False,
    ) -> Walker:
        """Somebody with an empty browser of this kind."""
        context: BrowserContext = await self._browser.new_context(
            locale=locale, viewport=viewport, java_script_enabled=script
        )
        walker = Walker(await context.new_page(), self._address, self._gallery, script=script)
        if elder:
            await walker.go("/look?size=large&back=/")
        return walker
