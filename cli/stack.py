"""`up`, `serve`, `migrate`, `temporal-setup`, `use-build`: run all servers of the project here, or one of them."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from rich.console import Console
from rich.status import Status

from models.values.refusal import Refused, refusal
from runtime.builds import make_current
from runtime.gc import calm_collector
from runtime.local.processes import Crash
from runtime.local.programs import Ports
from runtime.local.stack import LocalStack, StackStep
from runtime.logging import configure_logging
from runtime.migrate import downgrade, upgrade
from runtime.settings import LocalSettings, Settings, read_settings
from runtime.temporal import connect_patiently, register_search_attributes
from service.app import create_app
from service.http.joined_writes import OneWriteProtocol

CHECK_S = 0.5
PORT = typer.Option(min=0, max=65_535, help="0 chooses a free port.")
DATA = typer.Option("--data", help="Directory that keeps everything between starts.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("up")(up)
    app.command("serve")(serve)
    app.command("migrate")(migrate)
    app.command("temporal-setup")(temporal_setup)
    app.command("use-build")(use_build)


def up(
    data: Annotated[Path | None, DATA] = None,
    port: Annotated[int, PORT] = 0,
    ui_port: Annotated[int, PORT] = 0,
    temporal_port: Annotated[int, PORT] = 0,
) -> None:
    """Start database, Temporal, worker and service here and keep them running (Ctrl-C stops)."""
    local = local_settings(data)
    ports = Ports(service=port, temporal=temporal_port, ui=ui_port)
    raise typer.Exit(asyncio.run(_up(local, ports, Console())))


def serve() -> None:
    """Run the HTTP service alone; the settings come from the environment."""
    settings = read_settings(Settings)
    configure_logging(settings.log_level, settings.log_format)
    calm_collector()
    uvicorn.run(
        create_app(settings),
        host=settings.service_host,
        port=settings.service_port,
        loop="uvloop",
        http=OneWriteProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here looks at a client's address, and it would cost every ballot a few µs.
        proxy_headers=False,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
    )


def migrate(
    direction: Annotated[Literal["up", "down"], typer.Argument(help="up or down")] = "up",
    to: Annotated[
        str | None, typer.Option(help="Revision: head for up, one step (-1) for down.")
    ] = None,
) -> None:
    """Bring the schema of DATABASE_OWNER_URL up to date, or take steps back (data is lost)."""
    owner_url = read_settings(LocalSettings).database_owner_url
    if owner_url is None:
        raise _missing("DATABASE_OWNER_URL")
    if direction == "up":
        upgrade(owner_url.get_secret_value(), to or "head")
    else:
        downgrade(owner_url.get_secret_value(), to or "-1")
    print(f"schema migrated {direction}")


def temporal_setup() -> None:
    """Register the search attributes with the namespace at TEMPORAL_ADDRESS; safe to run again."""
    local = read_settings(LocalSettings)
    if local.temporal_address is None:
        raise _missing("TEMPORAL_ADDRESS")
    new = asyncio.run(_register(local.temporal_address, local))
    print(f"search attributes registered: {', '.join(new)}" if new else "all were there already")


def use_build(
    build: Annotated[
        str, typer.Argument(help="A build whose workers run; left out: the one of this code.")
    ] = "",
) -> None:
    """Send new and running workflows at TEMPORAL_ADDRESS to the workers of a build; may be repeated."""
    local = read_settings(LocalSettings)
    if local.temporal_address is None:
        raise _missing("TEMPORAL_ADDRESS")
    build = build or local.build_id
    changed = asyncio.run(_use_build(local.temporal_address, local, build))
    print(f"build {build} is current now" if changed else f"build {build} was current already")


def local_settings(data: Path | None) -> LocalSettings:
    """The environment's settings, for the data directory of the command line if it names one."""
    local = read_settings(LocalSettings)
    return local.at(data if data is not None else local.data_dir)


class StepDisplay:
    """Shows the steps of a stack: a spinner while one runs, a line with its time when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)

    def __call__(self, step: StackStep) -> None:
        """Show one step."""
        if not step.done:
            self._status.update(f"{step.name} …")
            self._status.start()
            return
        self._status.stop()
        figure = step.detail or f"{step.seconds:.1f} s"
        self._console.print(f"  [green]✓[/] {step.name:<20} [dim]{figure}[/]", highlight=False)

    def close(self) -> None:
        """Take the spinner away."""
        self._status.stop()


async def _up(local: LocalSettings, ports: Ports, console: Console) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    display = StepDisplay(console)
    stack = LocalStack(local, ports=ports, progress=display)
    try:
        if not await _started(stack, stopping):
            return 0
        _show_addresses(stack, console)
        crashes = await _watch(stack, stopping)
        _show_crashes(crashes, console)
    finally:
        await stack.stop()
        display.close()
    return 1 if crashes else 0


async def _started(stack: LocalStack, stopping: asyncio.Event) -> bool:
    """Start the stack; False when the person changed their mind meanwhile."""
    starting = asyncio.create_task(stack.start())
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if starting.done():
        await starting
        return True
    starting.cancel()
    await asyncio.wait({starting})
    return False


async def _watch(stack: LocalStack, stopping: asyncio.Event) -> tuple[Crash, ...]:
    """Wait until somebody stops the stack or a part of it crashes."""
    while not stopping.is_set():
        crashes = stack.check()
        if crashes:
            return crashes
        try:
            async with asyncio.timeout(CHECK_S):
                await stopping.wait()
        except TimeoutError:
            continue
    return ()


def _show_addresses(stack: LocalStack, console: Console) -> None:
    rows = (
        ("service", stack.record.service_url),
        ("Temporal UI", stack.record.ui_url),
        ("Temporal", stack.record.temporal_address),
        ("data", str(stack.data_dir)),
    )
    console.print()
    for name, value in rows:
        if value:
            console.print(f"  {name:<12} {value}", highlight=False, soft_wrap=True)
    console.print("\nCtrl-C stops everything; the data stays.", highlight=False)


def _show_crashes(crashes: tuple[Crash, ...], console: Console) -> None:
    for crash in crashes:
        status = "?" if crash.exit_code is None else crash.exit_code
        console.print(
            f"\n[red]{crash.name} ended by itself[/] (exit code {status}); log: {crash.log}",
            highlight=False,
            soft_wrap=True,
        )
        for line in crash.last_lines:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


async def _register(address: str, local: LocalSettings) -> tuple[str, ...]:
    client = await connect_patiently(address, local.temporal_namespace, local.connect_timeout_s)
    return await register_search_attributes(client)


async def _use_build(address: str, local: LocalSettings, build: str) -> bool:
    client = await connect_patiently(address, local.temporal_namespace, local.connect_timeout_s)
    return await make_current(client, local.task_queue, build, local.connect_timeout_s)


def _missing(name: str) -> Refused:
    return refusal("settings.missing", where=name, name=name, expected="Field required")
