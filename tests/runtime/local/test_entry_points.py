"""The entry points of deploy/compose.yaml as processes: migration job, set-up job, refusals."""

import os
import secrets
import subprocess
import sys

import asyncpg
import pytest

from runtime.local.programs import ROOT
from runtime.settings import LocalSettings, Settings, environment_names
from tests.conftest import TestPostgres

OURS = {*environment_names(LocalSettings).values(), *environment_names(Settings).values()}


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**environment, **variables},
        timeout=60,
        check=False,
    )


async def tables(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM information_schema.tables WHERE table_name = 'renovation'"
            )
        )
    finally:
        await connection.close()


@pytest.mark.slow
async def test_the_migration_job_migrates_up_and_down(postgres: TestPostgres) -> None:
    name = f"job_{secrets.token_hex(4)}"
    await postgres.create(name)
    owner = postgres.at(postgres.urls.owner, name)
    try:
        up = run("-m", "cli.main", "migrate", DATABASE_OWNER_URL=owner)
        assert (up.returncode, up.stdout) == (0, "schema migrated up\n"), up.stderr
        assert await tables(owner) == 1
        down = run("-m", "cli.main", "migrate", "down", "--to", "base", DATABASE_OWNER_URL=owner)
        assert down.returncode == 0, down.stderr
        assert await tables(owner) == 0
    finally:
        await postgres.drop(name)


def test_a_job_without_its_address_names_the_variable() -> None:
    for command, variable in (
        ("migrate", "DATABASE_OWNER_URL"),
        ("temporal-setup", "TEMPORAL_ADD"),
        ("use-build", "TEMPORAL_ADD"),
    ):
        done = run("-m", "cli.main", command)
        assert done.returncode == 1
        assert variable in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_worker_and_service_name_every_setting_they_miss() -> None:
    of_service = ("DATABASE_URL", "GONGJIAN_CREDENTIAL_KEY", "GONGJIAN_RECEIPT_KEY")
    for command, names in (
        (("worker.py",), ("DATABASE_URL",)),
        (("-m", "cli.main", "serve"), of_service),
    ):
        done = run(*command)
        assert done.returncode == 1
        for name in names:
            assert name in done.stderr
        assert "Traceback" not in done.stderr
