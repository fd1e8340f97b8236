import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from models.values.refusal import Refused
from models.values.search_attributes import SEARCH_ATTRIBUTES
from runtime.local import data_dir
from runtime.local.data_dir import make_private
from runtime.local.keeping import Keeper, Patience, Restart
from runtime.local.key_ring import load_ring
from runtime.local.ports import Ports, free_port, load_ports
from runtime.local.processes import is_running
from runtime.local.programs import ROOT
from runtime.local.stack import LocalStack, Part, StackStep
from runtime.settings import LocalSettings, environment_names
from runtime.temporal import connect, register_search_attributes

SERVERS = (Part.POSTGRES, Part.TEMPORAL)


@pytest.fixture(scope="module", autouse=True)
def no_servers_of_others() -> None:
    for name in environment_names(LocalSettings).values():
        os.environ.pop(name, None)


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    local = LocalSettings(data_dir=tmp_path_factory.mktemp("stack"))
    async with LocalStack(local, only=SERVERS, headless=True) as running:
        yield running


async def answer_of_database(stack: LocalStack) -> int:
    plain = stack.record.database_url.replace("postgresql+asyncpg:", "postgresql:")
    connection = await asyncpg.connect(plain)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM renovation"))
    finally:
        await connection.close()


async def test_both_servers_answer_with_schema_and_search_attributes(stack: LocalStack) -> None:
    assert await answer_of_database(stack) == 0
    client = await connect(stack.record.temporal_address)
    # Registered already: nothing is new, and doing it again is no error.
    assert await register_search_attributes(client) == ()
    assert len(SEARCH_ATTRIBUTES) == 5
    assert stack.check() == ()


async def test_a_second_start_on_the_same_data_names_who_runs_it(stack: LocalStack) -> None:
    with pytest.raises(Refused) as refused:
        await LocalStack(stack.local, only=SERVERS).start()
    (problem,) = refused.value.problems
    assert problem.code == "stack.already_running"
    assert problem.params["pid"] == os.getpid()
    assert stack.record.temporal_address in str(problem.params["addresses"])
    assert await answer_of_database(stack) == 0


async def test_a_second_terminal_finds_the_running_stack(stack: LocalStack) -> None:
    found = data_dir.settings_of_running(stack.local)
    assert found.database_url.get_secret_value() == stack.record.database_url
    assert found.credential_key == stack.settings.credential_key


async def test_files_with_secrets_are_for_their_owner_only(stack: LocalStack) -> None:
    for name in ("keys.json", "stack.json"):
        assert (stack.data_dir / name).stat().st_mode & 0o077 == 0


async def test_data_and_logs_are_for_their_owner_only(stack: LocalStack) -> None:
    """At 8287647 another user of the machine read the log of the service."""
    logs = sorted((stack.data_dir / "logs").iterdir())
    assert logs
    for path in (stack.data_dir, stack.data_dir / "logs", *logs):
        assert not path.stat().st_mode & 0o066, path


def test_an_old_directory_of_ours_is_closed_and_anybody_elses_is_left(tmp_path: Path) -> None:
    ours, new, other = tmp_path / "ours", tmp_path / "new", tmp_path / "other"
    for path in (ours, other):
        path.mkdir(mode=0o755)
    (ours / "keys.json").write_text("{}")
    for path in (ours, new, other):
        make_private(path)
    modes = [path.stat().st_mode & 0o777 for path in (ours, new, other)]
    assert modes == [0o711, 0o700, 0o755]


async def test_a_crashed_server_is_reported_with_its_log_and_can_be_restarted(
    stack: LocalStack,
) -> None:
    address = stack.record.temporal_address
    await stack.kill(Part.TEMPORAL)
    (crash,) = stack.check()
    assert (crash.name, crash.exit_code) == ("temporal", -signal.SIGKILL)
    assert crash.log.exists()
    await stack.restart(Part.TEMPORAL)
    assert stack.check() == ()
    assert stack.record.temporal_address == address


async def test_a_killed_database_is_reported_and_keeps_its_rows(stack: LocalStack) -> None:
    await stack.kill(Part.POSTGRES)
    assert [crash.name for crash in stack.check()] == ["postgres"]
    await stack.restart(Part.POSTGRES)
    assert stack.check() == ()
    assert await answer_of_database(stack) == 0


async def test_stop_leaves_no_process_and_frees_the_data(tmp_path: Path) -> None:
    steps: list[StackStep] = []
    stack = LocalStack(LocalSettings(data_dir=tmp_path), only=SERVERS, progress=steps.append)
    await stack.start()
    pids = [pid for part in SERVERS if (pid := stack.pid(part)) is not None]
    assert len(pids) == 2
    keys = load_ring(tmp_path)
    await stack.stop()
    await stack.stop()
    assert not any(is_running(pid) for pid in pids)
    assert [command.name for command in steps if command.done][-2:] == [
        "stop temporal",
        "stop postgres",
    ]
    assert not data_dir.is_locked(tmp_path)
    assert data_dir.load_record(tmp_path) is None
    # Kept between starts.
    assert load_ring(tmp_path) == keys
    with pytest.raises(Refused, match=r"stack\.not_running"):
        data_dir.settings_of_running(LocalSettings(data_dir=tmp_path))


async def test_a_server_that_cannot_start_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    (tmp_path / "temporal.sqlite").write_bytes(b"this is no database" * 100)
    stack = LocalStack(LocalSettings(data_dir=tmp_path), only=[Part.TEMPORAL], headless=True)
    with pytest.raises(Refused) as refused:
        await stack.start()
    (problem,) = refused.value.problems
    assert problem.code == "stack.part_crashed"
    assert "database" in str(problem.params["last_lines"])
    assert not data_dir.is_locked(tmp_path)


async def test_a_given_port_that_is_taken_is_refused_before_anything_starts(
    stack: LocalStack, tmp_path: Path
) -> None:
    taken = int(stack.record.temporal_address.rpartition(":")[2])
    second = LocalStack(LocalSettings(data_dir=tmp_path), ports=Ports(temporal=taken))
    with pytest.raises(Refused, match=r"stack\.port_taken"):
        await second.start()


async def test_a_restart_has_the_same_addresses(tmp_path: Path) -> None:
    records = []
    for _ in range(2):
        local = LocalSettings(data_dir=tmp_path)
        async with LocalStack(local, only=SERVERS, headless=False) as stack:
            records.append(stack.record)
    assert records[0] == records[1]
    assert records[0].ui_url


async def test_a_port_that_somebody_took_meanwhile_is_chosen_anew_and_that_is_said(
    tmp_path: Path,
) -> None:
    local = LocalSettings(data_dir=tmp_path)
    async with LocalStack(local, only=SERVERS, headless=True) as stack:
        before = load_ports(tmp_path)
        postgres = port_of(stack.record.database_url)
    said: list[StackStep] = []
    with listening(before.temporal), listening(postgres):
        async with LocalStack(local, only=SERVERS, headless=True, progress=said.append) as stack:
            moved = port_of(stack.record.temporal_address), port_of(stack.record.database_url)
            assert await answer_of_database(stack) == 0
    after = load_ports(tmp_path)
    assert (after.service, after.ui) == (before.service, before.ui)
    assert moved[0] == after.temporal != before.temporal
    assert moved[1] != postgres
    assert [step.detail for step in said if step.name == "port"] == [
        f"temporal is on {moved[0]} from now on: somebody else has {before.temporal}",
        f"postgres is on {moved[1]} from now on: somebody else has {postgres}",
    ]


def port_of(address: str) -> int:
    return int(address.removesuffix("/gongjian").rpartition(":")[2])


@contextmanager
def listening(port: int) -> Iterator[None]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


async def test_a_wanted_port_is_kept_for_the_next_start() -> None:
    wanted = Ports(service=free_port(set()))
    first = wanted.chosen(Ports())
    assert first.service == wanted.service
    assert Ports().chosen(first) == first


async def test_no_port_is_given_twice() -> None:
    same = free_port(set())
    chosen = Ports().chosen(Ports(service=same, temporal=same, ui=same))
    assert len({chosen.service, chosen.temporal, chosen.ui}) == 3
    assert chosen.service == same


async def test_what_dies_again_and_again_is_given_up_and_named(tmp_path: Path) -> None:
    tries: list[Restart] = []
    local = LocalSettings(data_dir=tmp_path)
    async with LocalStack(local, only=[Part.TEMPORAL], headless=True) as stack:
        patience = Patience(tries=2, first_pause_s=0.01)
        keeping = asyncio.create_task(Keeper(stack, tries.append, patience).keep(asyncio.Event()))
        killed: set[int] = set()
        while not keeping.done():
            pid = stack.pid(Part.TEMPORAL)
            if pid is not None and pid not in killed:
                killed.add(pid)
                await stack.kill(Part.TEMPORAL)
            await asyncio.sleep(0.01)
    lost = keeping.result()
    assert lost is not None
    assert (lost.name, lost.exit_code) == ("temporal", -signal.SIGKILL)
    assert [(each.number, each.tries, each.pause_s) for each in tries] == [
        (1, 2, 0.01),
        (2, 2, 0.02),
    ]
    assert len(killed) == 3


@pytest.mark.parametrize(("steady_s", "kept"), [(0.0, True), (1000.0, False)])
async def test_what_was_up_long_enough_is_counted_from_the_beginning(
    tmp_path: Path, steady_s: float, *, kept: bool
) -> None:
    tries: list[Restart] = []
    up = asyncio.Event()

    def progress(step: StackStep) -> None:
        if step.name == "search attributes" and step.done:
            up.set()  # the last step of Temporal's start: the keeper is stopped there

    stack = LocalStack(
        LocalSettings(data_dir=tmp_path), only=[Part.TEMPORAL], headless=True, progress=progress
    )
    async with stack:
        patience = Patience(tries=1, first_pause_s=0.01, steady_s=steady_s)
        keeper = Keeper(stack, tries.append, patience)
        lost = []
        for _ in range(2):
            up.clear()
            await stack.kill(Part.TEMPORAL)
            lost.append(await keeper.keep(up))
    assert lost[0] is None
    assert (lost[1] is None) is kept
    assert [each.number for each in tries] == ([1, 1] if kept else [1])


async def test_a_stop_does_not_wait_for_a_part_that_is_being_started(tmp_path: Path) -> None:
    said = asyncio.Event()
    stopping = asyncio.Event()
    local = LocalSettings(data_dir=tmp_path)
    stack = LocalStack(local, only=[Part.TEMPORAL], headless=True)
    await stack.start()
    keeper = Keeper(stack, lambda _: said.set(), Patience(first_pause_s=1000))
    keeping = asyncio.create_task(keeper.keep(stopping))
    await stack.kill(Part.TEMPORAL)
    await said.wait()
    stopping.set()
    async with asyncio.timeout(30):
        assert await keeping is None
    await stack.stop()
    assert not data_dir.is_locked(tmp_path)


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, json, pathlib, sys\n"
        "from runtime.settings import LocalSettings\n"
        "from runtime.local.stack import LocalStack, Part\n"
        "async def main():\n"
        "    local = LocalSettings(data_dir=pathlib.Path(sys.argv[1]))\n"
        "    stack = LocalStack(local, only=[Part.TEMPORAL], headless=True)\n"
        "    await stack.start()\n"
        "    print(json.dumps(stack.pid(Part.TEMPORAL)), flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = psutil.Process(json.loads(await asyncio.to_thread(parent.stdout.readline)))
    parent.kill()
    parent.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert (len(gone), len(alive)) == (1, 0)
    assert not data_dir.is_locked(tmp_path)
