"""The bundle out of a real database: it verifies, it discloses little, and tampering shows."""

import asyncio
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from activities.recording import Recorder
from activities.voting.box import Ballots
from cli.main import app
from models.messages.command import Command
from models.messages.journey import StageInput
from models.values.refusal import Refused
from models.values.timetable import WorkCalendar
from proof.bundle import contents as bundle
from proof.bundle.judging import judge
from proof.canonical import utc_text
from proof.receipts import short_code
from proof.verifier.main import check, read_bundle
from proof.verifier.reading import Fault, Files
from runtime.ballots.bundles import FULL, PUBLIC, BundleMaker, pieces_of, want_full
from runtime.ballots.evidence import export_voting
from runtime.ballots.sealing import BoxKeys
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of, put_person
from runtime.record.audit import audit
from runtime.settings import Settings
from service.privacy.keeping import PrivacyKeeper
from tests.support.box import BOX_KEYS, put_ballots
from tests.support.estate import make_renovation
from tests.support.told import move_clock

CALENDAR = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OPENS_AT = "2026-03-17T16:00:00.000000+00:00"
CLOSES_AT = "2026-04-02T16:00:00.000000+00:00"
NUMBERS = count(1)
YES, NO = {"works": "yes", "costs": "yes"}, {"works": "no", "costs": "abstain"}


@dataclass
class Closed:
    """A closed vote of twelve units, and the ways into its database."""

    rid: str
    box: str
    owner: asyncpg.Connection
    ballots: dict[str, list[str]]
    """Ballot ids by entry."""

    async def export(self, folder: Path, keys: BoxKeys = BOX_KEYS) -> Path:
        out = folder / f"{self.rid}.zip"
        await export_voting(self.owner, self.rid, out, keys.signer)
        return out


async def opened(database: Database, owner: str, rid: str) -> tuple[Ballots, Command]:
    await make_renovation(database, rid=rid, told_at=START)
    ballots = Ballots(Recorder(database, CALENDAR, BOX_KEYS))
    return ballots, Command(command_id=f"{rid}#open", renovation_id=rid)


async def rule(
    owner: asyncpg.Connection, box: str, entry: str, kind: str, ballot: str | None
) -> None:
    await owner.execute(
        "INSERT INTO ballot_ruling (box_id, entry_id, number, kind, ballot_id, up_to_seq, reason,"
        " command_id, recorded_at) SELECT $1::varchar, $2::varchar, 1, $3, $4,"
        " (SELECT max(seq) FROM ballot WHERE box_id = $1), '核对签名', $5, now()",
        box,
        entry,
        kind,
        ballot,
        f"{box}-{entry}",
    )


async def cast(owner: asyncpg.Connection, box: str) -> dict[str, list[str]]:
    """Changed minds, a proxy that is taken back, two contests of which one is ruled on."""
    rows = await owner.fetch(
        "SELECT entry_id FROM roll_entry WHERE box_id = $1 ORDER BY entry_id", box
    )
    entries = [row["entry_id"] for row in rows]
    ids: dict[str, list[str]] = {entry: [] for entry in entries}
    for places, words, channel in (
        ((0, 1), NO, "web"),
        ((0, 1, 2, 3, 4), YES, "web"),
        ((5,), NO, "proxy"),
        ((5, 6), YES, "portal"),
        ((7,), YES, "proxy"),
        ((8, 9), YES, "web"),
        ((8, 9), NO, "door"),
    ):
        said = [(entries[place], words) for place in places]
        for (entry, _), ballot in zip(
            said, await put_ballots(owner, box, said, channel=channel), strict=True
        ):
            ids[entry].append(ballot)
    await rule(owner, box, entries[9], "accepted", ids[entries[9]][0])
    more = await put_ballots(owner, box, [(entries[10], YES)], channel="paper")
    ids[entries[10]] += more
    return ids


@pytest.fixture
async def vote(
    database: Database, owner: str, request: pytest.FixtureRequest
) -> AsyncIterator[Closed]:
    """Of the format that a test asks for, else of the one that boxes are made of today."""
    rid = f"rev{next(NUMBERS)}"
    ballots, command = await opened(database, owner, rid)
    period = await ballots.open_box(command, StageInput(renovation_id=rid, attempt=1))
    connection = await asyncpg.connect(owner)
    box_format = getattr(request, "param", None)
    if box_format is not None:
        await connection.execute(
            "UPDATE ballot_box SET format=$2 WHERE id=$1", period.box_id, box_format
        )
    ids = await cast(connection, period.box_id)
    await move_clock(database, rid, period.closes_at)
    end = command.model_copy(update={"command_id": f"{rid}#close"})
    await ballots.close_box(end, period)
    yield Closed(rid, period.box_id, connection, ids)
    await connection.close()


@pytest.fixture
async def tampering(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser with the triggers switched off."""
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def lines_of(path: Path, name: str = bundle.BALLOTS) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files_of(path)[name].splitlines()]


async def test_the_bundle_verifies_in_three_ways(vote: Closed, tmp_path: Path) -> None:
    path = await vote.export(tmp_path)
    found = check(str(path), key=BOX_KEYS.signer.public_key)
    assert (found["opens_at"], found["closes_at"]) == (OPENS_AT, CLOSES_AT)
    with Files(str(path)) as files:
        judged = judge(files, read_bundle(files))
    assert found["outcomes"] == judged.outcomes == {"works": "passed", "costs": "passed"}
    assert found["ballots"] == {
        "counted": 10,
        "superseded": 4,
        "contested": 2,
        "set_aside": 0,
        "excluded": 0,
    }
    script = tmp_path / "verify.py"
    script.write_bytes(files_of(path)[bundle.VERIFY])
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-I", str(script), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


async def test_every_line_says_when_its_ballot_was_cast_and_recorded(
    vote: Closed, tmp_path: Path
) -> None:
    rows = await vote.owner.fetch(
        "SELECT cast_at, recorded_at FROM ballot WHERE box_id = $1 ORDER BY seq", vote.box
    )
    lines = lines_of(await vote.export(tmp_path))
    assert [(line["cast_at"], line["recorded_at"]) for line in lines] == [
        (utc_text(row["cast_at"]), utc_text(row["recorded_at"])) for row in rows
    ]


@pytest.mark.parametrize("vote", [1], indirect=True)
async def test_a_box_of_before_gives_a_bundle_of_before(vote: Closed, tmp_path: Path) -> None:
    path = await vote.export(tmp_path)
    assert json.loads(files_of(path)[bundle.MANIFEST])["format"] == "gongjian.voting/1"
    assert not {"cast_at", "recorded_at"} & {name for line in lines_of(path) for name in line}
    found = check(str(path))
    with Files(str(path)) as files:
        judged = judge(files, read_bundle(files))
    assert found["outcomes"] == judged.outcomes == {"works": "passed", "costs": "passed"}
    assert "opens_at" not in found


async def test_the_same_vote_gives_the_same_bytes(vote: Closed, tmp_path: Path) -> None:
    first = (await vote.export(tmp_path)).read_bytes()
    assert (await vote.export(tmp_path)).read_bytes() == first


async def test_only_counted_ballots_are_opened(vote: Closed, tmp_path: Path) -> None:
    path = await vote.export(tmp_path)
    for line in lines_of(path):
        assert ("choices" in line) == ("nonce" in line) == (line["state"] == "counted")


async def test_no_unit_and_no_ballot_id_is_in_the_bundle(vote: Closed, tmp_path: Path) -> None:
    files = files_of(await vote.export(tmp_path))
    published = b"".join(files[name] for name in (bundle.ROLL, bundle.BALLOTS, bundle.RULINGS))
    for line in published.splitlines():
        assert not {"unit_number", "entry_id", "ballot_id", "command_id"} & json.loads(line).keys()
    for entry in vote.ballots:
        assert f'"{entry}"'.encode() not in published


async def test_a_code_of_the_database_finds_its_ballot(vote: Closed, tmp_path: Path) -> None:
    path = await vote.export(tmp_path)
    row = await vote.owner.fetchrow(
        "SELECT leaf, seq FROM ballot WHERE box_id = $1 ORDER BY seq OFFSET 3 LIMIT 1", vote.box
    )
    own: Any = check(str(path), receipt=short_code(row["leaf"]))["receipt"]
    assert (own["index"], own["leaf"]) == (3, row["leaf"].hex())


TAMPERED = {
    "a ballot is taken away": "DELETE FROM ballot WHERE id = $1",
    "a ballot weighs more": "UPDATE ballot SET area_dm2 = area_dm2 + 1 WHERE id = $1",
    "a ballot says something else": "UPDATE ballot SET sealed = sealed || '\\x00' WHERE id = $1",
    "a commitment is another": "UPDATE ballot SET commitment = leaf WHERE id = $1",
    "a leaf is another": "UPDATE ballot SET leaf = commitment WHERE id = $1",
    "a ballot changes its channel": "UPDATE ballot SET channel = 'door' WHERE id = $1",
    "a ballot was cast earlier": """
        UPDATE ballot SET cast_at = cast_at + interval '1 microsecond' WHERE id = $1""",
    "a ballot was recorded earlier": """
        UPDATE ballot SET recorded_at = recorded_at - interval '1 day' WHERE id = $1""",
    "the vote was open for longer": """
        UPDATE ballot_box
        SET tree_head = jsonb_set(tree_head, '{closes_at}', '"2026-05-01T00:00:00.000000+00:00"')
        WHERE id = (SELECT box_id FROM ballot WHERE id = $1)""",
    "the leaves cover no times any more": """
        UPDATE ballot_box SET format = 1 WHERE id = (SELECT box_id FROM ballot WHERE id = $1)""",
    "a ballot changes its owner": """
        UPDATE ballot SET (entry_id, pseudonym) = (SELECT entry_id, pseudonym FROM roll_entry e
        WHERE e.box_id = ballot.box_id AND e.entry_id <> ballot.entry_id LIMIT 1) WHERE id = $1""",
    "the roll weighs more": """
        UPDATE roll_entry SET area_dm2 = area_dm2 + 1
        WHERE (box_id, entry_id) = (SELECT box_id, entry_id FROM ballot WHERE id = $1)""",
    "an owner is excluded afterwards": """
        UPDATE roll_entry SET excluded_reason = 'arrears'
        WHERE (box_id, entry_id) = (SELECT box_id, entry_id FROM ballot WHERE id = $1)""",
    "the count is another": """
        UPDATE ballot_box SET tally = jsonb_set(tally, '{works,tally,yes_heads}', '12')
        WHERE id = (SELECT box_id FROM ballot WHERE id = $1)""",
    "the outcome is another": """
        UPDATE ballot_box SET tally = jsonb_set(tally, '{works,outcome}', '"failed"')
        WHERE id = (SELECT box_id FROM ballot WHERE id = $1)""",
    "the root is another": """
        UPDATE ballot_box SET tree_head = jsonb_set(tree_head, '{root}', to_jsonb(repeat('0', 64)))
        WHERE id = (SELECT box_id FROM ballot WHERE id = $1)""",
    "a ruling is invented": """
        INSERT INTO ballot_ruling SELECT box_id, entry_id, 1, 'set_aside', NULL, seq, 'x', 'x-' || id,
        now() FROM ballot WHERE id = $1""",
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_database_changed_after_the_close_gives_no_bundle_that_holds(
    vote: Closed, tampering: asyncpg.Connection, tmp_path: Path, what: str
) -> None:
    before = await vote.export(tmp_path)
    counted = next(line["leaf"] for line in lines_of(before) if line["state"] == "counted")
    await tampering.execute(TAMPERED[what], str(counted)[:32])
    path = await vote.export(tmp_path)
    with pytest.raises(Fault):
        check(str(path))
    with Files(str(path)) as files, pytest.raises(Fault):
        judge(files, read_bundle(files))


async def test_a_ballot_put_in_after_the_close_is_no_ballot_of_the_signed_tree(
    vote: Closed, tampering: asyncpg.Connection, tmp_path: Path
) -> None:
    """As if cast in the last moment before the close, by somebody who may do everything."""
    silent = next(entry for entry, ids in vote.ballots.items() if not ids)
    await put_ballots(tampering, vote.box, [(silent, YES)])
    path = await vote.export(tmp_path)
    with pytest.raises(Fault, match="the signed tree has 16"):
        check(str(path))
    with Files(str(path)) as files, pytest.raises(Fault):
        judge(files, read_bundle(files))


async def test_there_is_no_bundle_before_the_close(
    database: Database, owner: str, tmp_path: Path
) -> None:
    ballots, command = await opened(database, owner, "rev-open")
    await ballots.open_box(command, StageInput(renovation_id="rev-open", attempt=1))
    connection = await asyncpg.connect(owner)
    with pytest.raises(Refused, match=r"evidence\.not_counted"):
        await export_voting(connection, "rev-open", tmp_path / "b.zip", BOX_KEYS.signer)
    with pytest.raises(Refused, match=r"renovation\.unknown"):
        await export_voting(connection, "rev-nowhere", tmp_path / "b.zip", BOX_KEYS.signer)
    with pytest.raises(Refused, match=r"evidence\.not_counted"):
        await export_voting(connection, "rev-open", tmp_path / "b.zip", BOX_KEYS.signer, 7)
    await connection.close()
    assert list(tmp_path.iterdir()) == []


async def test_there_is_no_bundle_of_what_an_official_system_counted(
    vote: Closed, tampering: asyncpg.Connection, tmp_path: Path
) -> None:
    await tampering.execute("UPDATE ballot_box SET opened_key = NULL WHERE id = $1", vote.box)
    with pytest.raises(Refused, match=r"evidence\.official"):
        await vote.export(tmp_path)


async def test_another_box_key_signs_no_bundle(vote: Closed, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"evidence\.other_key"):
        await vote.export(tmp_path, BoxKeys(SecretStr("b1" * 32)))
    assert list(tmp_path.iterdir()) == []


async def test_the_command_writes_a_bundle_and_verifies_it(
    vote: Closed, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CREDENTIAL_KEY", "RECEIPT_KEY", "BOX_KEY", "GATEWAY_KEY"):
        monkeypatch.setenv(f"GONGJIAN_{name}", "b0" * 32)
    monkeypatch.setenv("DATABASE_URL", database.url)
    out = str(tmp_path / "proof.zip")
    arguments = ["evidence", "voting", vote.rid, "--out", out, "--json"]
    written = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert written.exit_code == 0, written.output
    shown = json.loads(written.output)
    assert (shown["box"], shown["ballots"]) == (vote.box, 16)
    posted = ["--key", shown["public_key"], "--manifest", shown["manifest"]]
    verified = CliRunner().invoke(app, ["verify", out, *posted])
    assert verified.exit_code == 0
    assert "核验通过" in verified.output


async def test_files_of_the_zip_have_no_time_and_no_surprise(vote: Closed, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO((await vote.export(tmp_path)).read_bytes())) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.testzip() is None


async def test_the_bundles_that_are_kept_hold_in_both_forms(
    database: Database, vote: Closed, tmp_path: Path
) -> None:
    await database.transaction(lambda session: want_full(session, vote.box))
    while await BundleMaker(database, BOX_KEYS).turn():
        pass
    found: dict[str, Any] = {}
    for form in (PUBLIC, FULL):
        path = tmp_path / f"{form}.zip"
        path.write_bytes(b"".join([piece async for piece in pieces_of(database, vote.box, form)]))
        found[form] = check(str(path))
    assert (found[PUBLIC]["form"], found[FULL]["form"]) == (PUBLIC, FULL)
    for name in ("outcomes", "tallies", "root", "ballots", "roll"):
        assert found[PUBLIC][name] == found[FULL][name]
    row = await vote.owner.fetchrow(
        "SELECT manifest FROM private.bundle_file WHERE box_id = $1 AND form = 'public'", vote.box
    )
    assert row["manifest"] == found[PUBLIC]["manifest"]


async def test_what_cannot_be_made_says_why_and_is_tried_again_later(
    database: Database, vote: Closed
) -> None:
    await database.transaction(lambda session: want_full(session, vote.box))
    other = BoxKeys(SecretStr("c1" * 32))
    while await BundleMaker(database, other).turn():
        pass
    row = await vote.owner.fetchrow(
        "SELECT refused, made_at, next_at > clock_timestamp() AS later FROM private.bundle_file"
        " WHERE box_id = $1 AND form = 'full'",
        vote.box,
    )
    assert tuple(row) == ("evidence.other_key", None, True)


async def test_after_an_erasure_chain_tally_and_both_bundles_hold_as_before(
    database: Database, vote: Closed, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        person_key="7e" * 32,
    )
    keys, person = PersonKeys.of(settings), f"owner-{vote.rid}"
    await database.transaction(lambda session: put_person(session, keys, person, "令狐示例"))
    await vote.owner.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 ORDER BY id LIMIT 1",
        f"{vote.rid}.estate",
        person,
    )

    async def proofs(name: str) -> list[str]:
        found = []
        for public in (True, False):
            out = tmp_path / f"{name}-{public}.zip"
            done = await export_voting(vote.owner, vote.rid, out, BOX_KEYS.signer, public=public)
            assert check(str(out))["outcomes"]
            found.append(done.manifest)
        return found

    before, audited = await proofs("before"), await audit(database, vote.rid)
    await vote.owner.execute(
        "UPDATE renovation SET closed_at = now() - interval '1096 days' WHERE id = $1", vote.rid
    )
    await PrivacyKeeper(database, settings).turn()
    async with database.session() as session:
        assert await names_of(session, keys, [person]) == {person: ""}
    assert await proofs("after") == before
    # Its ruling was put in by hand, which the audit says before and after.
    report = await audit(database, vote.rid)
    assert (report, report.bad) == (audited, ())
