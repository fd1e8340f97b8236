"""A refusal says its moment by the clock of the place where no case was read on the way, too."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx

from tests.support.box import open_box
from tests.support.channels import Channels, owner_of


async def test_a_ballot_that_comes_too_early_is_told_when_by_the_clock_of_its_place(
    renovation: Callable[..., Awaitable[str]], http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    box = await open_box(sql, rid, opens_in=timedelta(hours=2), closes_in=timedelta(days=2))
    vote = Channels(http, sql, rid, box)
    home = owner_of(rid, "1-101")
    refused = await vote.post("/ballots", home, unit_number="1-101", choices={"works": "yes"})
    (problem,) = refused.json()["problems"]
    assert problem["code"] == "voting.box_not_open_yet"
    assert problem["params"]["at"].endswith("+08:00")
    assert "UTC" not in problem["sentence"]
