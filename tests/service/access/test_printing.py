from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx

from runtime.language.amounts import money
from service.access.printing import as_walked
from tests.support.box import open_box
from tests.support.channels import Channels, grant_roles, official, owner_of

UNIT = "1-101"


def test_letters_are_printed_in_the_order_in_which_somebody_walks() -> None:
    walked = ["1-1-101", "1-2-101", "2-1-101", "10-1-101", "10-1-1001", "A座-2", "A座-10", "独栋"]
    assert sorted(sorted(walked), key=as_walked) == walked


async def test_a_letter_says_what_the_announced_vote_costs_its_home_and_by_which_factors(
    renovation: Callable[..., Awaitable[str]], http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await grant_roles(sql)
    before = Channels(http, sql, rid, "")
    printed = await before.post("/letters/printing", official("committee"))
    assert {tuple(each["prices"]) for each in printed.json()} == {()}
    box = await open_box(sql, rid, opens_in=timedelta(days=-2), closes_in=timedelta(days=2))
    vote = Channels(http, sql, rid, box)
    vote.commands = before.commands
    printed = await vote.post("/letters/printing", official("committee"))
    (letter,) = (each for each in printed.json() if each["unit_number"] == UNIT)
    (paper,) = (await vote.get("/ballot-papers", owner_of(rid, UNIT))).json()
    assert paper["prices"]
    for price, line in zip(paper["prices"], letter["prices"], strict=False):
        assert money(price["own_fen"], "zh_CN") in line
        assert money(price["total_fen"], "zh_CN") in line
    assert "50.00 m²" in letter["prices"][-1]
