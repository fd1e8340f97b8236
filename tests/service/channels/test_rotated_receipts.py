"""The receipts' key is rotated in the middle of a vote, as the runbook says: whatever is known by a hash stays known.

Agents, what they are bound to, bundles of paper and ballots of a portal are known by hashes under the oldest key of
the ring, which stays its last. No other hash of ours hangs on a key that is rotated: those of units, owners, bidders
and confidential complaints are under keys that never are, and sessions and quotas are rows.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from runtime.local.key_ring import FIXED, Purpose
from runtime.settings import Settings
from service.app import create_app
from tests.service.channels.test_mandates import MOTIONS, proxy, registered
from tests.support.box import open_box
from tests.support.channels import Channels, agent_of, code, grant_roles, official
from tests.support.votes.portal import claims_for, signed

pytestmark = pytest.mark.slow
Make = Callable[..., Awaitable[str]]
OLD, NEW = "1e" * 32, "2f" * 32
BUNDLE = {"reference": "P-01", "scan": "box 7, sheet 3", "code": "written-on-the-bundle"}
YES = {"works": "yes", "roof": "red-roof"}


@pytest.fixture
async def rotated(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The service as it is started again with another key in front."""
    assert settings.receipt_key.get_secret_value() == OLD
    app = create_app(settings.model_copy(update={"receipt_key": SecretStr(f"{NEW},{OLD}")}))
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def typed(vote: Channels, who: str) -> httpx.Response:
    lines = [{"unit_number": "1-402", "choices": YES}]
    return await vote.post("/paper", official(who), lines=lines, **BUNDLE)


async def from_portal(vote: Channels) -> httpx.Response:
    token = {"Authorization": f"Bearer {signed(claims_for(vote.rid, '1-401'))}"}
    body = {"unit_number": "1-401", "choices": YES}
    return await vote.post("/portal-ballots", token, f"{vote.rid}-portal", **body)


async def test_what_is_known_by_a_hash_stays_known(
    renovation: Make, http: httpx.AsyncClient, rotated: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute("UPDATE renovation SET rule_pack='CN-3707-2022' WHERE id=$1", rid)
    box = await open_box(sql, rid, motions=MOTIONS)
    vote, after = Channels(http, sql, rid, box), Channels(rotated, sql, rid, box)
    after.commands = 1_000
    bound = {"roof": "red-roof"}
    mandate = await registered(vote, "1-101", command_id=f"{rid}-m", instructions=bound)
    agent = agent_of(rid, mandate)
    cast = await proxy(vote, agent, f"{rid}-agent", **YES)
    typing, sent = await typed(vote, "committee"), await from_portal(vote)
    assert [each.status_code for each in (mandate, cast, typing, sent)] == [201] * 4

    # Sent once more, each is what it was: one mandate, one ballot.
    again = await registered(after, "1-101", command_id=f"{rid}-m", instructions=bound)
    assert again.json() == mandate.json()
    assert (await proxy(after, agent, f"{rid}-agent", **YES)).status_code == 200
    assert (await from_portal(after)).status_code == 200
    # The agent is bound as before, and one person: no more mandates than the law allows one.
    other = await proxy(after, agent, works="yes", roof="blue-roof")
    assert code(other) == (403, "mandate.against_instruction")
    more = [await registered(after, unit) for unit in ("1-102", "1-201", "1-202")]
    assert [each.status_code for each in more[:2]] == [201, 201]
    assert code(more[2])[1] == "mandate.too_many"
    # The second typing is compared with the first.
    assert (await typed(after, "committee2")).json()["cast"] == 1
    assert len(await vote.ballots()) == 3


def test_the_other_hashes_that_stay_are_under_keys_that_are_never_rotated() -> None:
    assert frozenset({Purpose.CREDENTIALS, Purpose.OWNERS}) == FIXED
