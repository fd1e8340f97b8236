"""Cases that were written before the ticks: brought up by the migrations they are whole, and provable.

`cases/before_the_ticks.json` holds the rows of four small cases as the release before wrote them (its
activities, its intake, its recorder): two sandboxes of its affine clock, one over and one with an open
box, and two cases on the wall clock, likewise. Each has five ballots of four units.
"""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from models.values.refusal import Refused
from proof.bundle.judging import judge
from proof.verifier.main import check, read_bundle
from proof.verifier.reading import Files
from runtime.ballots.evidence import export_voting
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.migrate import upgrade
from runtime.record.audit import audit
from tests.support.box import BOX_KEYS

CASES = Path(__file__).parent / "cases" / "before_the_ticks.json"
RECEIPTS = Signer.of_receipts(SecretStr("1e" * 32)).public_key
OVER, RUNNING = ("sandbox-over", "wall-over"), ("sandbox-runs", "wall-runs")
BALLOTS = 5


class Before:
    """A database of the release before, brought up to today's."""

    def __init__(self, database: Database, hand: asyncpg.Connection) -> None:
        self.database, self.admin = database, hand

    async def reasons(self, rid: str) -> set[str]:
        report = await audit(self.database, rid, RECEIPTS)
        return {bad.reason for bad in report.bad} | {bad.reason for bad in report.bad_ballots}


@pytest.fixture
async def before(postgres) -> AsyncIterator[Before]:
    name = f"test_{secrets.token_hex(6)}"
    await postgres.create(name)
    upgrade(postgres.at(postgres.urls.owner, name), "0006")
    hand = await asyncpg.connect(postgres.at(postgres.urls.admin, name))
    await hand.execute("SET session_replication_role = replica")
    for table, rows in json.loads(CASES.read_text(encoding="utf-8")).items():
        await hand.execute(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"
            f" SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)",
            json.dumps(rows),
        )
    upgrade(postgres.at(postgres.urls.owner, name))
    database = Database(postgres.at(postgres.urls.app, name))
    yield Before(database, hand)
    await hand.close()
    await database.dispose()
    await postgres.drop(name)


async def test_the_audit_of_every_one_of_them_is_clean(before: Before) -> None:
    report = await audit(before.database, None, RECEIPTS)
    assert (report.renovations, report.ballots) == (4, 4 * BALLOTS)
    assert (report.bad, report.bad_ballots, report.unsigned) == ((), (), 0)


async def test_their_ballots_were_cast_at_the_image_of_the_moment_they_were_recorded_at(
    before: Before,
) -> None:
    rows = await before.admin.fetch(
        "SELECT b.cast_at, b.recorded_at, x.format, x.opens_at, x.closes_at, r.clock::text, r.id"
        " FROM ballot b JOIN ballot_box x ON x.id = b.box_id JOIN renovation r"
        " ON r.id = x.renovation_id"
    )
    assert len(rows) == 4 * BALLOTS
    micro = timedelta(microseconds=1)
    for row in rows:
        clock = json.loads(row["clock"])
        due = row["recorded_at"]
        if clock:
            begun = datetime.fromisoformat(clock["case_origin"])
            passed = (due - datetime.fromisoformat(clock["real_origin"])) // micro
            due = begun + (passed * Fraction(clock["rate"])).__floor__() * micro
        assert (row["cast_at"], row["format"]) == (due, 1)
        assert row["opens_at"] <= due < row["closes_at"]
        assert bool(clock) == row["id"].startswith("sandbox")


@pytest.mark.parametrize("rid", OVER)
async def test_a_vote_of_theirs_that_was_counted_gives_the_bundle_of_then(
    before: Before, tmp_path: Path, rid: str
) -> None:
    out = tmp_path / "b.zip"
    await export_voting(before.admin, rid, out, BOX_KEYS.signer)
    found: dict[str, Any] = check(str(out), key=BOX_KEYS.signer.public_key)
    with Files(str(out)) as files:
        assert judge(files, read_bundle(files)).outcomes == found["outcomes"]
        assert b'"gongjian.voting/1"' in files.whole("manifest.json")
    assert found["ballots"]["counted"] == BALLOTS - 1


@pytest.mark.parametrize("rid", RUNNING)
async def test_what_was_running_has_no_bundle(before: Before, tmp_path: Path, rid: str) -> None:
    with pytest.raises(Refused, match=r"evidence\.not_counted"):
        await export_voting(before.admin, rid, tmp_path / "b.zip", BOX_KEYS.signer)


@pytest.mark.parametrize("rid", [*OVER, *RUNNING])
@pytest.mark.parametrize("column", ["cast_at", "recorded_at"])
async def test_no_moment_of_their_ballots_can_be_changed(
    before: Before, rid: str, column: str
) -> None:
    """Their leaves do not cover it: the one follows from the other, which was signed."""
    await before.admin.execute(
        f"UPDATE ballot SET {column} = {column} + interval '1 microsecond' WHERE seq ="
        " (SELECT min(seq) FROM ballot WHERE box_id=$1)",
        f"{rid}.1",
    )
    assert "leaf" in await before.reasons(rid)


@pytest.mark.parametrize("rid", [*OVER, *RUNNING])
async def test_a_box_of_theirs_cannot_be_moved_in_time(before: Before, rid: str) -> None:
    await before.admin.execute(
        "UPDATE ballot_box SET closes_at = closes_at + interval '1 day' WHERE id=$1", f"{rid}.1"
    )
    assert await before.reasons(rid) == {"box"}
