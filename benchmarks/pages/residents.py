"""Residents without a script: each gets a page, reads it for a while, fills in its form and sends it."""

import asyncio
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

THINK_S = (2.0, 6.0)
"""How long somebody looks at a page before the next step: evenly between these seconds."""
HTML = {"accept": "text/html", "accept-language": "zh-CN"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Took:
    """The seconds of each kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def all(self) -> list[float]:
        """Every time, sorted."""
        return sorted(each for of in self.seconds.values() for each in of)


class Resident:
    """One household with its letter: enters, votes, looks where the ballot is, votes again."""

    def __init__(self, http: httpx.AsyncClient, link: str, code: str, took: Took) -> None:
        self._http, self._link, self._code, self._took = http, link, code, took
        self._cookies: dict[str, str] = {}
        self._rid = ""

    async def enter(self) -> None:
        """With the letter and its second fact; hashes take turns, so not everybody does it in one minute."""
        await self._get("letter", self._link)
        await self._send("enter", self._link, {"fact": self._code})

    async def act(self, until: float, first_in_s: float) -> None:
        """Act until that moment; everybody begins at another one."""
        await asyncio.sleep(first_in_s)
        number = 0
        while time.perf_counter() < until:
            await self._vote(("yes", "no", "abstain")[number % 3])
            if self._rid:
                await self._get("case", f"/cases/{self._rid}")
            number += 1

    async def _vote(self, said: str) -> None:
        await self._get("home", "/mine")
        ballot = await self._get("ballot", "/mine/ballot")
        if ballot is None:
            return
        self._rid = re.findall(r"/cases/([^/\"]+)/scheme", ballot.text)[0]
        answers = dict.fromkeys(re.findall(r'name="(answer\.[^"]+)"', ballot.text), said)
        checked = await self._send("check", "/mine/ballot", {**hidden(ballot), **answers})
        if checked is not None:
            await self._send("cast", "/mine/ballot/cast", hidden(checked))

    async def _get(self, name: str, path: str) -> httpx.Response | None:
        return await self._timed(name, "GET", path, None)

    async def _send(self, name: str, path: str, fields: Mapping[str, str]) -> httpx.Response | None:
        return await self._timed(name, "POST", path, fields)

    async def _timed(
        self, name: str, method: str, path: str, fields: Mapping[str, str] | None
    ) -> httpx.Response | None:
        """The answer; None for one that is an error, which is noted."""
        begun = time.perf_counter()
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            answer = await self._http.request(
                method, path, data=fields, headers={**HTML, "cookie": cookie}
            )
        except httpx.HTTPError as error:
            self._took.errors.append(f"{name}: {error!r}")
            return None
        self._took.seconds.setdefault(name, []).append(time.perf_counter() - begun)
        for kept in answer.headers.get_list("set-cookie"):  # as a browser does
            cookie_name, _, value = kept.partition(";")[0].partition("=")
            self._cookies[cookie_name] = value
        await asyncio.sleep(random.uniform(*THINK_S))
        if answer.status_code >= 400:
            self._took.errors.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


def hidden(page: httpx.Response) -> dict[str, str]:
    """The fields of a page's first form that a browser sends along."""
    form = page.text.partition("<form")[2].partition("</form>")[0]
    return dict(HIDDEN.findall(form))
