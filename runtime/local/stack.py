"""The local stack: PostgreSQL, Temporal, worker and service as one thing that starts and stops.

The demo, a pilot on one machine and the end-to-end tests use the very same entry points as a cluster.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Collection
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from temporalio.client import Client

from models.values.base import Value
from models.values.refusal import Refused, refusal
from runtime import temporal as engine
from runtime.engine.builds import make_current
from runtime.engine.reconciliation import schedule_anchoring, schedule_reconciliation
from runtime.local.data_dir import StackLock, StackRecord, erase_record, write_record
from runtime.local.key_ring import load_ring
from runtime.local.ports import LOOPBACK, Ports, load_ports, write_ports
from runtime.local.postgres import EmbeddedPostgres
from runtime.local.processes import Child, Crash, is_running, kill_family, last_lines
from runtime.local.programs import (
    ROOT,
    service_command,
    service_ready,
    temporal_command,
    worker_command,
    worker_ready,
)
from runtime.migrate import upgrade
from runtime.settings import LocalSettings, Settings

T = TypeVar("T")
AfterWorker = Callable[[Client, Settings], Awaitable[object]]


async def _use_build(client: Client, settings: Settings) -> None:
    """Without it no workflow task would reach the worker."""
    await make_current(client, settings.task_queue, settings.build_id, READY_S)


async def _reconcile(client: Client, settings: Settings) -> None:
    await schedule_reconciliation(client, settings.task_queue)
    await schedule_anchoring(client, settings.task_queue)


AFTER_WORKER: tuple[tuple[str, AfterWorker], ...] = (
    ("build", _use_build),
    ("reconciliation", _reconcile),
)
"""What is done each time worker and Temporal are up together: the name that is shown, and the step.

A step may find that everything is as it wants it: the worker or Temporal was only started anew.
"""
READY_S = 60.0
"""A part that is not ready after this time never will be."""
LOOK_S = 0.05
STOP_S = 15.0
"""More than any process's own `shutdown_grace_s` of the local stack; then SIGKILL."""


class Part(StrEnum):
    """The parts in the order in which they start; they stop in the reverse order."""

    POSTGRES = "postgres"
    TEMPORAL = "temporal"
    WORKER = "worker"
    SERVICE = "service"


class StackStep(Value):
    """Something the stack does on the way up or down, for a progress display."""

    name: str
    """postgres, migrations, temporal, search attributes, worker, build, service; "stop …" on the way down."""
    done: bool
    detail: str = ""
    seconds: float = 0.0


Progress = Callable[[StackStep], None]


def silent(_step: StackStep) -> None:
    """Show nothing."""


class LocalStack:
    """Every process of one data directory; `async with` starts and stops it.

    Servers named in `local` (TEMPORAL_ADDRESS, DATABASE_URL) are used instead of embedded ones.
    `only` names the parts to start; Temporal's UI only runs where `headless` is not. Use it from one event loop, in a thread that lives as long.
    """

    def __init__(
        self,
        local: LocalSettings,
        *,
        ports: Ports = Ports(),  # noqa: B008 - frozen
        only: Collection[Part] = tuple(Part),
        headless: bool = True,
        progress: Progress = silent,
    ) -> None:
        self.local = local.at(local.data_dir)
        self.data_dir = self.local.data_dir
        self.record = StackRecord(pid=os.getpid())
        self._wanted_ports = ports
        self._parts = frozenset(only)
        self._headless = headless
        self._progress = progress
        self._lock: StackLock | None = None
        self._ports = ports
        self._owner_url = ""
        self._postgres: EmbeddedPostgres | None = None
        self._postgres_pid: int | None = None
        self._children: dict[Part, Child] = {}
        self._busy = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def settings(self) -> Settings:
        """The settings with which the worker and the service of this stack run; others may share."""
        return self.local.with_servers(
            temporal_address=self.record.temporal_address,
            database_url=self.record.database_url,
            keys=load_ring(self.data_dir).settings,
            service_port=self._ports.service,
        ).model_copy(update={"ready_file": self._ready_file})

    @property
    def owner_url(self) -> str:
        """The database address of the schema's owner; empty when it is not ours to know."""
        return self._owner_url

    def pid(self, part: Part) -> int | None:
        """The pid of an embedded part, None when it does not run here."""
        return self._postgres_pid if part is Part.POSTGRES else self._child_pid(part)

    async def start(self) -> Settings:
        """Start every part and wait until each is ready; all or nothing.

        Raises:
            Refused: `stack.already_running`, `stack.port_taken`, `stack.part_crashed`,
                `stack.part_not_ready`, `temporal.…`; nothing of the stack runs then.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lock = StackLock(self.data_dir)
        lock.acquire()
        self._lock = lock
        try:
            self._ports = self._choose_ports()
            write_record(self.data_dir, self.record)
            if Part.POSTGRES in self._parts:
                await self._start_database()
            if Part.TEMPORAL in self._parts:
                await self._start_temporal()
            for part in (Part.WORKER, Part.SERVICE):
                if part in self._parts:
                    await self._start_process(part)
        except BaseException:
            await self.stop()
            raise
        return self.settings

    async def stop(self) -> None:
        """End every part in the reverse order, by pid; safe to call again."""
        async with self._busy:
            pass  # a thread that a cancelled start left behind has ended now
        for part in (Part.SERVICE, Part.WORKER, Part.TEMPORAL):
            child = self._children.pop(part, None)
            if child is not None:
                await self._step(f"stop {part}", child.stop(STOP_S))
        if self._postgres is not None:
            postgres, self._postgres, self._postgres_pid = self._postgres, None, None
            await self._step("stop postgres", self._in_thread(postgres.stop))
        if self._lock is not None:
            erase_record(self.data_dir)
            self._lock.release()
            self._lock = None

    def check(self) -> tuple[Crash, ...]:
        """The parts that ended although nobody stopped them, each with its last log lines."""
        crashes = [crash for child in self._children.values() if (crash := child.crash())]
        if self._postgres_pid is not None and not is_running(self._postgres_pid):
            log = self.postgres_log
            crashes.append(
                Crash(name="postgres", exit_code=None, log=log, last_lines=last_lines(log))
            )
        return tuple(crashes)

    async def kill(self, part: Part) -> None:
        """End a part at once (SIGKILL), as a power cut would; for the crash tests."""
        if part is not Part.POSTGRES:
            await self._children[part].kill()
        elif self._postgres_pid is not None:
            await kill_family(self._postgres_pid)

    async def restart(self, part: Part) -> None:
        """Start a part anew on its old address, whether it runs or was killed, and await it."""
        if part is Part.POSTGRES:
            await self._restart_postgres()
            return
        await self._children[part].stop(STOP_S)
        if part is Part.TEMPORAL:
            await self._start_temporal()
            if Part.WORKER in self._children:
                await self._after_worker()
        else:
            await self._start_process(part)

    @property
    def postgres_log(self) -> Path:
        """The log of the embedded PostgreSQL server."""
        return self.data_dir / "postgres" / "log"

    @property
    def _ready_file(self) -> Path:
        return self.data_dir / "worker.ready"

    def _child_pid(self, part: Part) -> int | None:
        child = self._children.get(part)
        return child.pid if child is not None else None

    def _choose_ports(self) -> Ports:
        """The ports of the last start, unless others are wanted; says which somebody else took."""
        kept = load_ports(self.data_dir)
        chosen = self._wanted_ports.chosen(kept)
        write_ports(self.data_dir, chosen)
        wanted, now = self._wanted_ports.model_dump(), chosen.model_dump()
        for name, before in kept.model_dump().items():
            if before and not wanted[name] and now[name] != before:
                self._say_moved(name, before, now[name])
        return chosen

    def _say_moved(self, name: str, before: int, now: int) -> None:
        detail = f"{name} is on {now} from now on: somebody else has {before}"
        self._progress(StackStep(name="port", done=True, detail=detail))

    async def _start_database(self) -> None:
        if self.local.database_url is not None:
            app_url = self.local.database_url.get_secret_value()
            owner = self.local.database_owner_url
            self._owner_url = owner.get_secret_value() if owner is not None else ""
            self._progress(StackStep(name="postgres", done=True, detail="DATABASE_URL"))
        else:
            app_url = await self._step("postgres", self._start_postgres())
        self._note(database_url=app_url)
        if self._owner_url:
            await self._step("migrations", self._in_thread(lambda: upgrade(self._owner_url)))
        else:
            # The schema is then somebody else's to migrate: readiness of the service will tell.
            self._progress(StackStep(name="migrations", done=True, detail="no DATABASE_OWNER_URL"))

    async def _start_postgres(self) -> str:
        postgres = EmbeddedPostgres(self.data_dir / "postgres")
        self._postgres = postgres
        urls = await self._in_thread(postgres.start)
        if postgres.moved is not None:
            self._say_moved("postgres", *postgres.moved)
        self._postgres_pid = postgres.postmaster_pid
        self._owner_url = urls.owner
        return urls.app

    async def _restart_postgres(self) -> None:
        assert self._postgres is not None
        if self._postgres_pid is not None and is_running(self._postgres_pid):
            await self._in_thread(self._postgres.stop)
        before = self.record.database_url
        app_url = await self._step("postgres", self._start_postgres())
        self._note(database_url=app_url)
        if app_url != before:
            for part in (Part.WORKER, Part.SERVICE):
                if part in self._children:
                    await self.restart(part)

    async def _start_temporal(self) -> None:
        address, namespace = self.local.temporal_address, self.local.temporal_namespace
        if address is not None:
            self._progress(StackStep(name="temporal", done=True, detail="TEMPORAL_ADDRESS"))
        else:
            address = f"{LOOPBACK}:{self._ports.temporal}"
            state = self.data_dir / "temporal.sqlite"
            command = temporal_command(self._ports, state, namespace, self._headless)
            child = self._spawn(Part.TEMPORAL, command)
            # With a deadline of its own: a first start makes the schema.
            ready = engine.connect_patiently(address, namespace, READY_S)
            await self._step("temporal", self._until_ready(child, ready))
        ours = Part.TEMPORAL in self._children and not self._headless
        ui_url = f"http://{LOOPBACK}:{self._ports.ui}" if ours else ""
        self._note(temporal_address=address, temporal_namespace=namespace, ui_url=ui_url)
        await self._step("search attributes", self._register(address, namespace))

    async def _register(self, address: str, namespace: str) -> None:
        way = None if self.local.temporal_address is None else engine.way_of(self.local)
        patience_s = self.local.connect_timeout_s
        client = await engine.connect_patiently(address, namespace, patience_s, way or engine.PLAIN)
        await engine.register_search_attributes(client)

    async def _start_process(self, part: Part) -> None:
        """Start the worker or the service with the settings of this stack."""
        url = f"http://{LOOPBACK}:{self._ports.service}"
        if part is Part.WORKER:
            self._ready_file.unlink(missing_ok=True)
            child = self._spawn(part, worker_command(), self.settings.of_worker.to_environment())
            await self._step(part, self._until_ready(child, worker_ready(self._ready_file)))
            await self._after_worker()
        else:
            child = self._spawn(part, service_command(), self.settings.of_service.to_environment())
            await self._step(part, self._until_ready(child, service_ready(url)))
            self._note(service_url=url)

    async def _after_worker(self) -> None:
        settings = self.settings
        for name, step in AFTER_WORKER:
            client = await engine.reach(settings, settings.connect_timeout_s)
            await self._step(name, step(client, settings))

    def _spawn(
        self, part: Part, command: list[str], variables: dict[str, str] | None = None
    ) -> Child:
        log = self.data_dir / "logs" / f"{part}.log"
        child = Child(part, command, variables or {}, log, ROOT)
        self._children[part] = child
        child.start()
        return child

    async def _until_ready(self, child: Child, ready: Awaitable[object]) -> None:
        """Await `ready`, but no longer than the child lives, and not for ever."""
        waiting = asyncio.ensure_future(ready)
        deadline = time.monotonic() + READY_S
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK_S))[0]:
                if (crash := child.crash()) is not None:
                    raise _crashed(crash)
                if time.monotonic() > deadline:
                    raise _not_ready(child)
            waiting.result()
        finally:
            waiting.cancel()

    async def _step(self, name: str, work: Awaitable[T]) -> T:
        """Do a piece of work and show that it began and ended."""
        self._progress(StackStep(name=name, done=False))
        began = time.monotonic()
        result = await work
        self._progress(StackStep(name=name, done=True, seconds=time.monotonic() - began))
        return result

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread; a cancelled start waits for it before it undoes it."""

        async def exclusively() -> T:
            async with self._busy:
                return await asyncio.to_thread(work)

        return await asyncio.shield(asyncio.ensure_future(exclusively()))

    def _note(self, **news: str) -> None:
        self.record = self.record.model_copy(update=news)
        write_record(self.data_dir, self.record)


def _crashed(crash: Crash) -> Refused:
    return refusal(
        "stack.part_crashed",
        where=crash.name,
        name=crash.name,
        exit_code=crash.exit_code if crash.exit_code is not None else "?",
        log=str(crash.log),
        last_lines="\n".join(crash.last_lines),
    )


def _not_ready(child: Child) -> Refused:
    return refusal(
        "stack.part_not_ready",
        where=child.name,
        name=child.name,
        seconds=int(READY_S),
        log=str(child.log),
        last_lines="\n".join(last_lines(child.log)),
    )
