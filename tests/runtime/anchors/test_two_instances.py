"""Two instances as their operators run them: one serves, the other anchors from its terminal and is cosigned, or found."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.local.ports import LOOPBACK, free_port
from runtime.local.programs import ROOT
from tests.conftest import TEMPLATE, TestPostgres
from tests.runtime.record.test_audit import fill
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
PURPOSES = ("CREDENTIAL", "RECEIPT", "BOX", "GATEWAY", "HEADS", "BIDS", "PERSON")
READY_S = 60.0


class Instance(NamedTuple):
    """An installation: its database, its keys, and the directory of its heads."""

    environment: Mapping[str, str]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of `gongjian` in a process of its own, in English."""
        return subprocess.run(
            (sys.executable, "-m", "cli.main", *words),
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def keys(self) -> Mapping[str, str]:
        """What it tells others of itself."""
        answer = self.run("anchor", "--keys", "--json")
        assert answer.returncode == 0, answer.stderr
        found: Mapping[str, str] = json.loads(answer.stdout)
        return found

    @contextmanager
    def serving(self, **more: str) -> Iterator[str]:
        """Its service, on a port of its own and without an engine; the address."""
        port = free_port(set())
        own = {**self.environment, **more, "GONGJIAN_SERVICE_PORT": str(port)}
        address = f"http://{LOOPBACK}:{port}"
        program = (sys.executable, "-m", "cli.main", "serve")
        with subprocess.Popen(program, cwd=ROOT, env=own, stderr=subprocess.DEVNULL) as process:
            try:
                last = time.monotonic() + READY_S
                while not _lives(address):
                    assert process.poll() is None, "the service has ended"
                    assert time.monotonic() < last, "the service did not start"
                    time.sleep(0.1)
                yield address
            finally:
                process.terminate()


def _lives(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live", trust_env=False, timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False


def instance(url: str, folder: Path) -> Instance:
    keys = {f"GONGJIAN_{purpose}_KEY": secrets.token_hex(32) for purpose in PURPOSES}
    places = {"DATABASE_URL": url, "GONGJIAN_HEADS_DIR": str(folder)}
    folder.mkdir()
    return Instance({**os.environ, **keys, **places, "LANG": "en_US.UTF-8"})


@pytest.fixture
async def their_database(postgres: TestPostgres) -> AsyncIterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    await postgres.create(name, TEMPLATE)
    yield postgres.at(postgres.urls.app, name)
    await postgres.drop(name)


async def test_one_cosigns_what_grows_and_finds_who_shows_two_histories(
    database: Database, superuser: str, their_database: str, tmp_path: Path
) -> None:
    ours = instance(database.url, tmp_path / "ours")
    theirs = instance(their_database, tmp_path / "theirs")
    await fill(database, "watched")
    log, cosigner = ours.keys()["log"], theirs.keys()["cosigner"]
    with theirs.serving(GONGJIAN_WITNESSED=log) as address:
        asks = {"GONGJIAN_WITNESSES": f"{cosigner} {address}/v1/witness/add-checkpoint"}
        note = tmp_path / "note.txt"
        anchored = ours.run("anchor", "--out", str(note), **asks)
        assert anchored.returncode == 0, anchored.stderr
        name = cosigner.partition("+")[0]
        assert f"cosigned by {name}" in anchored.stdout
        assert f"— {name} " in note.read_text(encoding="utf-8")
        await fill(database, "watched-too")
        assert ours.run("anchor", **asks).returncode == 0
        audited = ours.run("audit", **asks)
        assert "2 anchors" in audited.stdout, audited.stdout
        assert audited.returncode == 0, audited.stdout
        root = await asyncpg.connect(superuser)
        async with root.transaction():
            await root.execute("SET LOCAL session_replication_role = replica")
            for statement in (
                "DELETE FROM anchor_cosignature",
                "DELETE FROM anchor",
                "DELETE FROM anchor_leaf",
                "UPDATE event SET hash = repeat('1', 64) WHERE renovation_id = 'watched' AND seq = 6",
                "UPDATE renovation SET head_hash = repeat('1', 64) WHERE id = 'watched'",
            ):
                await root.execute(statement)
        await root.close()
        forged = ours.run("anchor", **asks)
        assert forged.returncode == 1, forged.stdout
        assert f"{name} was asked and has not cosigned it" in forged.stdout
    found = theirs.run("audit")
    origin = log.partition("+")[0]
    assert f"{origin} shows two histories" in found.stdout, found.stdout
    mine = ours.run("audit", **asks)
    assert mine.returncode == 1
    assert "watched" in mine.stdout
