"""`make bench-pages`: 200 residents and three browsers act for 60 s, and what each page costs.

(l) 200 HTTP clients enter with their letters and fill in forms with think time, beside three Chromiums; no
error, p95 beside the same requests to a null page of the same server; (f) ballots by form beside ballots
by the API; (r) statements, bytes and CPU of every page, its rendering beside a null template's.
"""

import argparse
import asyncio
import json
import random
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import asyncpg
import httpx
import uvloop
from playwright.async_api import Browser
from pydantic import SecretStr

from benchmarks.keys import KEY
from benchmarks.pages.rendering import page_figures, shown
from benchmarks.pages.residents import THINK_S, Resident, Took
from benchmarks.voting.__main__ import Server, machine, postgres_cpu_s, serving, show
from benchmarks.voting.client import Answers, load, post
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from service.identity.browser import form_token
from service.pages.homes import COOKIE
from tests.support.box import open_box
from tests.support.browser.chromium import launched
from tests.support.channels import Channels, grant_roles, official
from tests.support.estate import make_renovation
from tests.support.votes.tickets import unit_ticket

RESULTS = Path(__file__).resolve().parents[1] / "results"
COMMITTEE, SECOND = official("committee"), official("committee2")
BROWSERS = 3
LETTERS_AT_A_TIME = 8
PATIENCE_MS = 120_000
"""So long a browser waits; what is slow is told by the figures."""
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=3)
"""The server closes what was idle for 5 s: a client that sends at that moment is told nothing. Browsers send again."""


class Letter(NamedTuple):
    """What a household has in its hands."""

    unit: str
    link: str
    code: str


async def main(given: argparse.Namespace) -> None:
    """Run every part, print the report and write it."""
    report: dict[str, object] = {"machine": machine(), "think_s": THINK_S}
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        urls = postgres.start()
        try:
            await asyncio.to_thread(upgrade, urls.owner)
            owner = await asyncpg.connect(asyncpg_url(urls.owner))
            await under_load(given, urls, owner, report)
            await owner.close()
            report["pages"] = await page_figures(urls)
            show("pages", shown(report["pages"]))  # type: ignore[arg-type]
        finally:
            postgres.stop()
    name = f"pages-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    (RESULTS / name).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name}")


async def under_load(
    given: argparse.Namespace, urls: Urls, owner: asyncpg.Connection, report: dict[str, object]
) -> None:
    """(l) and (f) on one server, the floor on another one."""
    database = Database(urls.app)
    rid = await make_renovation(
        database, rid=f"r{secrets.token_hex(5)}", units=given.residents + 60
    )
    await database.dispose()
    await grant_roles(owner)
    days = timedelta(days=2)
    box = await open_box(owner, rid, opens_in=-days, closes_in=days)
    async with serving(urls) as ours, serving(urls, "benchmarks.pages.floor:app") as floor:
        address = f"http://127.0.0.1:{ours.port}"
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            letters = await printed(Channels(http, owner, rid, box), given.residents + BROWSERS)
        show("letters", f"{len(letters)} handed out")
        report["l_load"] = await residents_and_browsers(given, ours, letters)
        report["l_null"] = await null_pages(given, floor)
        load_p95, null_p95 = (report[name]["p95_ms"] for name in ("l_load", "l_null"))  # type: ignore[index]
        report["p95/null p95"] = round(load_p95 / null_p95, 1)
        show("p95 over a null page", str(report["p95/null p95"]))
        sessions = await entered(address, letters[: given.voters])
        report["f_forms"] = await by_turns(given, ours, rid, box, letters, sessions)


async def printed(vote: Channels, count: int) -> list[Letter]:
    """A letter made anew for so many homes, handed out, with its code told."""
    units = [row["number"] for row in await vote.sql.fetch(
        "SELECT number FROM unit WHERE estate_id = $1 ORDER BY number LIMIT $2",
        f"{vote.rid}.estate", count,
    )]  # fmt: skip
    some = asyncio.Semaphore(LETTERS_AT_A_TIME)

    async def one(unit: str) -> Letter:
        async with some:
            made = await vote.post("/letters", COMMITTEE, unit_number=unit, reason="lost")
            letter = made.json()["id"]
            handed = await vote.post(f"/letters/{letter}/link", SECOND)
            told = await vote.post(f"/letters/{letter}/code", COMMITTEE)
            link = "/letters/" + handed.json()["link"].rpartition("/")[2]
            return Letter(unit, link, told.json()["code"])

    return list(await asyncio.gather(*map(one, units)))


async def residents_and_browsers(
    given: argparse.Namespace, ours: Server, letters: Sequence[Letter]
) -> dict[str, object]:
    """(l): everybody at once, for so many seconds after the first has begun."""
    address, took = f"http://127.0.0.1:{ours.port}", Took()
    async with (
        launched() as chromium,
        httpx.AsyncClient(base_url=address, limits=LIMITS, timeout=60) as http,
    ):
        homes = [Resident(http, each.link, each.code, took) for each in letters[: given.residents]]
        for first in range(0, len(homes), LETTERS_AT_A_TIME * 4):
            await asyncio.gather(
                *(each.enter() for each in homes[first : first + LETTERS_AT_A_TIME * 4])
            )
        entering = {name: percentiles(sorted(of)) for name, of in took.seconds.items()}
        took.seconds.clear()
        begun, cpu, queued = time.perf_counter(), ours.cpu_s(), waited_for_cpu_s(ours)
        client, postgres = time.process_time(), postgres_cpu_s()
        until = begun + given.seconds
        seen = await asyncio.gather(
            *(look_around(chromium, address, each, until) for each in letters[given.residents :]),
            *(each.act(until, random.uniform(0, THINK_S[1])) for each in homes),
        )
    wall = time.perf_counter() - begun
    figures: dict[str, object] = {
        "residents": given.residents,
        "browsers": BROWSERS,
        "pages_of_browsers": sum(each for each in seen if each),
        "seconds": round(wall, 1),
        "requests": len(took.all()),
        "per_second": round(len(took.all()) / wall, 1),
        "errors": took.errors[:20],
        "entering": entering,
        **percentiles(took.all()),
        "by_page": {name: percentiles(sorted(of)) for name, of in took.seconds.items()},
        "server_cpu_share": round((ours.cpu_s() - cpu) / wall, 2),
        "server_waited_for_cpu_share": round((waited_for_cpu_s(ours) - queued) / wall, 2),
        "postgres_cpu_share": round((postgres_cpu_s() - postgres) / wall, 2),
        "clients_cpu_share": round((time.process_time() - client) / wall, 2),
    }
    show("l_load", json.dumps({k: v for k, v in figures.items() if k != "by_page"}))
    return figures


def waited_for_cpu_s(server: Server) -> float:
    """How long the server could have gone on and the machine had no processor for it (Linux, schedstat(5))."""
    pid = server.process.pid
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


async def look_around(chromium: Browser, address: str, letter: Letter, until: float) -> int:
    """A resident with a browser; how many pages it opened. An error of a page raises here."""
    context = await chromium.new_context(viewport={"width": 360, "height": 740})
    page, pages = await context.new_page(), 0
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{address}{letter.link}")
    await page.fill("#fact", letter.code)
    await page.click("main button.go")
    while time.perf_counter() < until:
        for path in ("/mine", "/mine/share", "/mine/reports", "/cases"):
            answer = await page.goto(f"{address}{path}")
            assert answer is not None
            assert answer.status == 200, path
            pages += 1
            await asyncio.sleep(random.uniform(*THINK_S) / 2)
        await page.goto(f"{address}/mine/ballot")
        await page.locator("input[value=yes]").first.check()
        await page.locator("main button.go").first.click()
        await page.locator("main button.go").first.click()
        await page.wait_for_url("**/mine/ballot/cast")
        pages += 3
    await context.close()
    return pages


async def null_pages(given: argparse.Namespace, floor: Server) -> dict[str, object]:
    """The same many clients with the same think time at a page that says nothing."""
    took: list[float] = []
    until = time.perf_counter() + given.seconds / 2

    async def one(http: httpx.AsyncClient) -> None:
        await asyncio.sleep(random.uniform(0, THINK_S[1]))
        while time.perf_counter() < until:
            begun = time.perf_counter()
            (await http.get("/")).raise_for_status()
            took.append(time.perf_counter() - begun)
            await asyncio.sleep(random.uniform(*THINK_S))

    address = f"http://127.0.0.1:{floor.port}"
    async with httpx.AsyncClient(base_url=address, limits=LIMITS, timeout=60) as http:
        await asyncio.gather(*(one(http) for _ in range(given.residents)))
    figures: dict[str, object] = {"requests": len(took), **percentiles(sorted(took))}
    show("l_null", json.dumps(figures))
    return figures


def percentiles(ordered: Sequence[float]) -> dict[str, float]:
    """p50 and p95 in ms."""
    if not ordered:
        return {"p50_ms": 0.0, "p95_ms": 0.0}
    at = {
        name: ordered[int(len(ordered) * share)]
        for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95))
    }
    return {name: round(1000 * value, 2) for name, value in at.items()}


async def entered(address: str, letters: Sequence[Letter]) -> list[str]:
    """The sessions of these homes, as the API gives them."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        answers = [
            await http.post(f"/v1{each.link}/entries", json={"fact": each.code}) for each in letters
        ]
    return [str(each.json()["session"]) for each in answers]


async def by_turns(
    given: argparse.Namespace,
    ours: Server,
    rid: str,
    box: str,
    letters: Sequence[Letter],
    sessions: Sequence[str],
) -> dict[str, object]:
    """(f): the same homes cast by form and by the API, turn by turn, as fast as 16 connections go."""
    rates: dict[str, list[float]] = {"form": [], "api": []}
    versions = {each.unit: 1 for each in letters}
    for number in range(given.turns):
        forms = list(_forms(box, sessions, given.casts, number))
        apis = list(_api(rid, letters[: len(sessions)], versions, given.casts, number))
        for name, requests, good in (("form", forms, b"200"), ("api", apis, b"201")):
            answers: Answers = await load([ours.port], requests, 16)
            assert set(answers.statuses) == {good}, (name, answers.statuses)
            rates[name].append(round(answers.rate, 1))
    ratio = round(max(rates["form"]) / max(rates["api"]), 3)
    found = {**rates, "form/api": ratio, "connections": 16}
    show("f_forms", json.dumps(found))
    return found


def _forms(box: str, sessions: Sequence[str], casts: int, turn: int) -> Iterator[bytes]:
    for number in range(casts):
        session = sessions[number % len(sessions)]
        fields = {
            "form_token": form_token(session),
            "box": box,
            "answer.works": "yes",
            "command_id": f"f{turn}-{number}",
        }
        body = urlencode(fields).encode()
        yield (
            f"POST /mine/ballot/cast HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n"
            f"Cookie: {COOKIE}={session}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def _api(
    rid: str, letters: Sequence[Letter], versions: dict[str, int], casts: int, turn: int
) -> Iterator[bytes]:
    for number in range(casts):
        unit = letters[number % len(letters)].unit
        body = {"command_id": f"a{turn}-{number}", "unit_number": unit, "choices": {"works": "yes"}}
        ticket = unit_ticket(SecretStr(KEY), rid, unit, versions[unit])
        yield post(
            f"/v1/renovations/{rid}/ballots",
            json.dumps(body).encode(),
            f"Authorization: Bearer {ticket}\r\n",
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--voters", type=int, default=64, help="homes that cast as fast as they can"
    )
    parser.add_argument("--casts", type=int, default=2_000, help="ballots of a turn")
    parser.add_argument("--turns", type=int, default=3)
    uvloop.run(main(parser.parse_args()))
