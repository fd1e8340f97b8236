"""The key of sealed bids is rotated while bids lie in their envelopes: they open, and no key goes unnoticed."""

import asyncio
import os
import secrets
import sys
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from models.values.actor import Role
from models.values.refusal import Refused
from runtime.bidding.envelopes import refuse_lost_keys
from runtime.database import Database
from runtime.keys.values import ids_of
from runtime.settings import Settings
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver, actor
from tests.support.processes.serving import serving, settings_for
from tests.workflows.conftest import OPENED_AT

ROOT = Path(__file__).parents[3]
OLD, NEW = "8b" * 32, "9c" * 32


def with_key(env: WorkflowEnvironment, database: Database, key: str) -> Settings:
    plain = settings_for(env, database).model_dump()
    return Settings(**{**plain, "bids_key": key, "heads_key": "6d" * 32})


async def bid(j: JourneyDriver, firm: str, price_fen: int) -> dict[str, object]:
    who = await j.official(actor(Role.CONTRACTOR, firm))
    return await j.told("/bids", who, command_id=f"{j.rid}-{firm}", price_fen=price_fen)


async def no_more(_: JourneyDriver) -> None:
    """Everybody who bids has bid."""


async def worker_started(settings: Settings) -> tuple[int, str]:
    """The worker as it is deployed, with the keys of these settings: its exit code and what it says."""
    plain = {**os.environ, **settings.of_worker.to_environment()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "worker.py")), env=plain, cwd=ROOT,
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(60):
        _, said = await process.communicate()
    return int(process.returncode or 0), said.decode()


@pytest.mark.slow
async def test_bids_of_before_a_rotation_open_after_it_and_their_key_is_missed_when_it_is_gone(
    env: WorkflowEnvironment, database: Database, owner: str
) -> None:
    before, rotated, lost = (with_key(env, database, key) for key in (OLD, f"{NEW},{OLD}", NEW))
    rid = f"r{secrets.token_hex(6)}"
    await make_renovation(database, rid=rid, told_at=OPENED_AT)
    db = await asyncpg.connect(owner)
    try:
        async with serving(env, database, given=before) as (parts, http):
            j = JourneyDriver(parts, http, db, rid)
            await j.start()
            await j.until("bids")
            first, done = await bid(j, "b1", 10_800_000), j.acts
        async with serving(env, database, given=rotated) as (parts, http):
            j = JourneyDriver(parts, http, db, rid)
            j.acts = done
            # Sent again, it is the bid of before; its bidder still reads it.
            assert await bid(j, "b1", 10_800_000) == first
            own = await http.get(
                f"/v1/renovations/{rid}/own-bids",
                headers={
                    "Authorization": f"Bearer {await j.official(actor(Role.CONTRACTOR, 'b1'))}"
                },
            )
            assert [each["price_fen"] for each in own.json()] == [10_800_000]
            await bid(j, "b2", 11_160_000)
            # Whoever throws the old key away now is told so by the next start, not by the opening.
            (old,) = ids_of(SecretStr(OLD))
            with pytest.raises(Refused) as refused:
                await refuse_lost_keys(database, lost)
            (missed,) = refused.value.problems
            assert (missed.code, missed.params["key"], missed.params["bids"]) == (
                "bidding.key_needed", old, 1,
            )  # fmt: skip
            code, said = await worker_started(lost)
            assert code == 1
            assert said.startswith("worker: ")
            assert old in said
            assert "GONGJIAN_BIDS_KEY" in said
            await refuse_lost_keys(database, rotated)
            await bid(j, "b3", 11_640_000)
            j.on("bids", no_more)
            await j.until("award_contract")
            prices = await db.fetch(
                "SELECT bidder_id, price_fen FROM bid JOIN tender ON tender.id = tender_id"
                " WHERE tender.renovation_id = $1 ORDER BY 1",
                rid,
            )
            assert [tuple(row) for row in prices] == [
                ("b1", 10_800_000), ("b2", 11_160_000), ("b3", 11_640_000),
            ]  # fmt: skip
            # The tender is opened: its envelopes want no key any more for the case to go on.
            await refuse_lost_keys(database, lost)
            assert (await j.until("nothing"))["state"] == "completed"
    finally:
        await db.close()
