"""What a page is measured by: what keeps people out of it, what it weighs, whom it asks, how wide it is."""

import gzip
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Response

RULES = {"target-size": {"enabled": True}}
"""axe knows them and asks them only when told."""
PARTS = 12
"""A table is looked at by halves of what a phone shows of it, so many at most."""
SCROLLED = """() => {
  const tables = [...document.querySelectorAll('.scroll')];
  const before = tables.map(each => each.scrollLeft);
  tables.forEach(each => { each.scrollLeft += each.clientWidth / 2; });
  return tables.some((each, place) => each.scrollLeft > before[place]);
}"""


@dataclass
class Heard:
    """What a page fetched: its own hosts' answers by path, and who else was asked."""

    host: str
    sizes: dict[str, int] = field(default_factory=dict)
    """Path to the bytes of the answer, compressed as a proxy does it."""
    elsewhere: list[str] = field(default_factory=list)

    async def hear(self, response: Response) -> None:
        """Take note of an answer."""
        if not response.url.startswith(self.host):
            self.elsewhere.append(response.url)
        elif response.status < 300 or response.status >= 400:
            body = await response.body()
            path = response.url.removeprefix(self.host)
            squeezed = gzip.compress(body) if not path.endswith(".jpg") else body
            self.sizes[path] = len(squeezed)


async def barriers(page: Page) -> list[str]:
    """What axe finds on the page: the rule and the element, for each; empty where there is nothing.

    Nothing is passed over. What axe cannot decide because it is scrolled out of sight is asked again when
    it has come into sight; what it can decide in no part of a table is told.
    """
    violated, undecided = await _asked(page)
    for _ in range(PARTS):
        if not undecided or not await page.evaluate(SCROLLED):
            break
        more, again = await _asked(page)
        violated |= more
        undecided = {name: each for name, each in undecided.items() if name in again}
    await page.evaluate("document.querySelectorAll('.scroll').forEach(e => { e.scrollLeft = 0; })")
    return [*violated.values(), *undecided.values()]


async def _asked(page: Page) -> tuple[dict[str, str], dict[str, str]]:
    """What axe says now: by rule and place what is wrong, and what it could not decide."""
    options: dict[str, Any] = {"rules": RULES, "resultTypes": ["violations", "incomplete"]}
    found = await Axe().run(page, options=options)
    violated, undecided = (
        {
            f"{each['id']} {node['target']}": f"{kind} {each['id']}: {node['html'][:160]}"
            for each in found.response[kind]
            for node in each["nodes"]
        }
        for kind in ("violations", "incomplete")
    )
    return violated, undecided


async def is_too_wide(page: Page) -> bool:
    """Whether one has to scroll sideways to read it."""
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


async def small_targets(page: Page, least: int) -> list[str]:
    """What is to be tapped and is smaller than so many CSS pixels a side; links within a sentence aside."""
    found: list[str] = await page.evaluate(
        """least => [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea, summary')]
        .filter(each => {
          const target = each.closest('label.choice') ?? each;
          const box = target.getBoundingClientRect();
          const inSentence = each.matches('p a:not(.go, .back), li:not(.ways li) a, dd a, td a, h2 a, .skip');
          return box.width > 0 && !inSentence && (box.height < least || box.width < least);
        }).map(each => each.outerHTML.slice(0, 120))""",
        least,
    )
    return found
