"""Somebody at an office's pages without a browser: pages are read as HTML, forms sent as they stand there."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from service.identity.browser import COOKIE
from tests.support.people import token_of

NOTHING: Mapping[str, str] = {}
PAGES = {"Accept": "text/html", "Accept-Language": "en"}


class Form:
    """A form of a page: where it goes, and what a browser would send of it untouched."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.button: tuple[str, str] | None = None
        """What the first button says, which the return key presses."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        if not self.forms or ("name" not in given and tag != "option"):
            return
        form, name = self.forms[-1], given.get("name", "")
        form.names.add(name)
        kind = given.get("type", "text")
        if tag == "button" and form.button is None:
            form.button = (name, given.get("value", ""))
        elif tag == "input" and (kind not in {"radio", "checkbox"} or "checked" in given):
            form.fields.append((name, given.get("value", "")))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = name

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._area:
            self.forms[-1].fields.append((self._area, data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        if tag == "select" and self._options:
            chosen = [value for value, selected in self._options if selected]
            # A browser sends the first one where none is selected.
            self.forms[-1].fields.append((self._select, (chosen or [self._options[0][0]])[-1]))


class Shown:
    """A page that was answered: its status, its words and its forms."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status, self.url, self.headers = answer.status_code, str(answer.url), answer.headers
        self.html, self.content = answer.text, answer.content
        read = _Forms()
        read.feed(self.html)
        self.forms = read.forms
        self.text = " ".join(" ".join(read.text).split())

    def form(self, action: str) -> Form:
        """The first form that goes to an address with this end."""
        return next(each for each in self.forms if each.action.endswith(action))


class Desk:
    """One person with a browser's cookie."""

    def __init__(self, http: httpx.AsyncClient, actor_id: str, language: str = "en") -> None:
        self._http = http
        self._headers = {
            **PAGES,
            "Accept-Language": language,
            "Cookie": f"{COOKIE}={token_of(actor_id)}",
        }

    async def get(self, path: str) -> Shown:
        return Shown(await self._followed(await self._http.get(path, headers=self._headers)))

    async def _followed(self, answer: httpx.Response) -> httpx.Response:
        """Where a form leads to; httpx would leave the cookie behind."""
        if not answer.is_redirect:
            return answer
        address = urljoin(str(answer.url), answer.headers["location"])
        return await self._http.get(address, headers=self._headers)

    async def send(
        self,
        page: Shown,
        action: str,
        given: Mapping[str, str] = NOTHING,
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> Shown:
        """Send a form of a page with some of its fields filled in."""
        form = page.form(action)
        fields: dict[str, list[str]] = {}
        for name, value in form.fields:
            if name not in given and name not in (files or {}):
                fields.setdefault(name, []).append(value)
        data = {**fields, **given}
        address = urljoin(page.url, form.action)
        answer = await self._http.post(address, data=data, files=files, headers=self._headers)
        return Shown(await self._followed(answer))
