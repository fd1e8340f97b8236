import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from models.values.refusal import Refused
from runtime.local.ports import PORTS
from runtime.local.postgres import EmbeddedPostgres
from runtime.local.processes import is_running, last_lines


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    # Not below pytest's own folder: another run of pytest by root takes that away from the server's user.
    with tempfile.TemporaryDirectory(prefix="gongjian-postgres-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        yield server
        server.stop()


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_running_server_is_found_and_its_addresses_stay(server: EmbeddedPostgres) -> None:
    pid, urls = server.postmaster_pid, server.start()
    assert EmbeddedPostgres(server.directory).start() == urls
    assert server.postmaster_pid == pid
    assert await ask(urls.app, "SELECT current_user || current_database()") == (
        "gongjian_appgongjian"
    )


async def test_it_writes_to_disk_before_it_answers(server: EmbeddedPostgres) -> None:
    urls = server.start()
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert await ask(urls.app, f"SHOW {name}") == "on"


async def test_its_log_has_no_value_of_a_row_and_no_parameter(server: EmbeddedPostgres) -> None:
    urls = server.start()
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("CREATE TEMP TABLE t (a text PRIMARY KEY, b text NOT NULL)")
        for b in ("x", "x", None):
            with suppress(asyncpg.IntegrityConstraintViolationError):
                await connection.execute("INSERT INTO t VALUES ($1, $2)", "Mrs Wang", b)
    finally:
        await connection.close()
    told = server.log.read_text(encoding="utf-8")
    assert told.count("violates") >= 2
    assert "Wang" not in told


async def test_it_listens_on_the_loopback_only_below_the_ephemeral_ports(
    server: EmbeddedPostgres,
) -> None:
    urls = server.start()
    assert await ask(urls.app, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(urls.admin, "SHOW unix_socket_directories") == ""
    assert int(str(await ask(urls.app, "SHOW port"))) in PORTS


async def test_nobody_enters_without_the_password(server: EmbeddedPostgres) -> None:
    urls = server.start()
    user, _, rest = urls.app.partition("@")
    wrong = f"{user.rpartition(':')[0]}:wrong@{rest}"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)
    assert (server.directory / "access.json").stat().st_mode & 0o077 == 0
    assert (server.directory / "data").stat().st_mode & 0o077 == 0


async def test_the_application_does_not_own_the_database(server: EmbeddedPostgres) -> None:
    urls = server.start()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(urls.app, "CREATE TABLE mine (id int)")


async def test_after_a_kill_the_committed_rows_are_there_on_the_same_address(
    server: EmbeddedPostgres,
) -> None:
    urls, killed = server.start(), server.postmaster_pid
    assert killed is not None
    await ask(urls.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(killed, signal.SIGKILL)
    assert EmbeddedPostgres(server.directory).start() == urls
    assert server.postmaster_pid != killed
    assert await ask(urls.owner, "SELECT answer FROM kept") == 42


async def test_stop_is_clean_and_may_be_repeated(server: EmbeddedPostgres) -> None:
    urls, pid = server.start(), server.postmaster_pid
    assert pid is not None
    session = await asyncpg.connect(urls.app)
    server.stop()
    server.stop()
    assert not is_running(pid)
    assert server.postmaster_pid is None
    assert "database system is shut down" in last_lines(server.log)[-1]
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await session.fetchval("SELECT 1")
    session.terminate()
    assert server.start() == urls


async def test_a_port_that_somebody_took_meanwhile_is_replaced(server: EmbeddedPostgres) -> None:
    urls = server.start()
    port = int(urls.app.rpartition("/")[0].rpartition(":")[2])
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        moved = server.start()
    assert moved != urls
    assert await ask(moved.app, "SELECT 1") == 1


async def test_a_first_start_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    draft = tmp_path / "data.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("16\n")
    server = EmbeddedPostgres(tmp_path, durable=False)
    try:
        assert await ask(server.start().app, "SELECT 1") == 1
    finally:
        server.stop()


def test_data_whose_passwords_are_lost_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(Refused, match=r"stack\.postgres_keys_lost"):
        EmbeddedPostgres(tmp_path).start()
    assert list((tmp_path / "data").iterdir()) == []


def test_a_server_that_cannot_start_is_refused_with_the_reason(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, durable=False)
    server.start()
    server.stop()
    (tmp_path / "data" / "postgresql.conf").write_text("no_such_setting = on\n")
    with pytest.raises(Refused) as refused:
        server.start()
    (problem,) = refused.value.problems
    assert problem.code == "stack.postgres_failed"
    assert "no_such_setting" in str(problem.params["last_lines"])
