"""A case runs, and every key that can be rotated is: it goes on, and what was made before still holds."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from proof.seals import GatewayKeys
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.local.key_ring import FIELDS, FIXED, KeyRing, Purpose
from runtime.record.audit import AuditReport, audit
from runtime.record.audit.heads import known_heads
from runtime.settings import Settings
from tests.support.estate import make_renovation
from tests.support.processes.serving import serving, settings_for
from tests.support.signed.driver import SignedDriver
from tests.support.signed.keys import GATEWAY_KEY

SIGNED_ANEW = {"signature", "public_key", "batch"}
OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)


def ring() -> KeyRing:
    made = {field: secrets.token_hex(32) for field in FIELDS.values()}
    return KeyRing(**{**made, "gateway_key": GATEWAY_KEY})


def rotated(keys: KeyRing) -> KeyRing:
    for purpose in set(Purpose) - FIXED:
        keys = keys.rotated(purpose)
    return keys


def with_keys(env: WorkflowEnvironment, database: Database, keys: KeyRing, heads: Path) -> Settings:
    plain = settings_for(env, database).model_dump()
    return Settings(
        **{**plain, **keys.settings, "heads_dir": heads, "session_key": keys.session_key}
    )


async def looked_at(database: Database, rid: str, settings: Settings) -> AuditReport:
    assert settings.gateway_public is not None
    return await audit(
        database,
        rid,
        Signer.every_of_receipts(settings.receipt_key),
        known_heads(settings),
        GatewayKeys.read(settings.gateway_public),
    )


async def yes(j: SignedDriver, unit: str, ticket: str) -> httpx.Response:
    """The unit's ballot; with the same ticket or a new one, the same ballot is sent again."""
    named = [each["id"] for each in json.loads((await j.box())["motions"])]
    choices = dict.fromkeys(named, "yes")
    return await j.post("/ballots", ticket, command_id=unit, unit_number=unit, choices=choices)


@pytest.mark.slow
async def test_a_case_goes_on_over_the_rotation_of_every_key(
    env: WorkflowEnvironment, database: Database, owner: str, tmp_path: Path
) -> None:
    keys = ring()
    first, second = (with_keys(env, database, each, tmp_path) for each in (keys, rotated(keys)))
    rid = f"r{secrets.token_hex(6)}"
    await make_renovation(database, rid=rid, told_at=OPENED_AT)
    db = await asyncpg.connect(owner)
    try:
        async with serving(env, database, given=first) as (parts, http):
            j = SignedDriver(parts, http, db, rid)
            await j.start()
            await j.until("ballots")
            while await j.now() < (await j.box())["opens_at"]:
                await j.go_on()
            units = await j.units()
            tickets = [j.voter(unit) for unit in units[:6]]
            receipts = [
                (await yes(j, unit, ticket)).json()
                for unit, ticket in zip(units[:6], tickets, strict=True)
            ]
            assert (await looked_at(database, rid, first)).ok
        async with serving(env, database, given=second) as (parts, http):
            j = SignedDriver(parts, http, db, rid)
            # A ticket of before is good until it expires; the receipt says the same, signed anew.
            for unit, ticket, receipt in zip(units[:6], tickets, receipts, strict=True):
                again = await yes(j, unit, ticket)
                told = again.json()
                assert again.status_code == 200
                assert {name for name in told if told[name] != receipt[name]} <= SIGNED_ANEW
            for unit in units[6:]:
                assert (await yes(j, unit, j.voter(unit))).status_code == 201
            j.reactions.pop("ballots")
            row = await j.until("nothing")
            assert row["state"] == "completed"
            report = await looked_at(database, rid, second)
            assert report.ok, report
            assert report.ballots == len(units)
        # Whoever has only the keys of before does not take what the new ones signed for true.
        assert not (await looked_at(database, rid, first)).ok
    finally:
        await db.close()
