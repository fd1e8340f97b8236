"""What `gongjian up` does: starts the stack, watches it, and says what happens to its parts."""

import asyncio
import signal

from rich.console import Console
from rich.status import Status

from cli.output import show, wants_json
from cli.words import aligned, named, said
from runtime.local.keeping import Keeper, Restart
from runtime.local.ports import Ports
from runtime.local.processes import Crash
from runtime.local.stack import LocalStack, StackStep
from runtime.settings import LocalSettings


class StepDisplay:
    """Shows the steps of a stack: a spinner while one runs, a line with its time when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)

    def __call__(self, step: StackStep) -> None:
        """Show one step."""
        if not step.done:
            self._status.update(f"{step_named(step.name)} …")
            self._status.start()
            return
        self._status.stop()
        figure = step.detail or f"{step.seconds:.1f} s"
        line = aligned(step_named(step.name), f"[dim]{figure}[/]", 21)
        self._console.print(f"  [green]✓[/] {line}", highlight=False)

    def close(self) -> None:
        """Take the spinner away."""
        self._status.stop()


class RestartDisplay:
    """One line for each start of a part that ended by itself."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, restart: Restart) -> None:
        """Show one restart that is about to begin."""
        self._console.print(
            f"  [yellow]![/] {_restarted(restart)}",
            highlight=False,
            soft_wrap=True,
        )


async def keep_up(local: LocalSettings, ports: Ports, *, ui: bool = False) -> int:
    """Keep the stack running until somebody stops it; the exit code.

    For a program the addresses are one JSON value on standard output, everything else is on the other.
    """
    console = Console(stderr=wants_json())
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    display = StepDisplay(console)
    stack = LocalStack(local, ports=ports, headless=not ui, progress=display)
    try:
        if not await _started(stack, stopping):
            return 0
        link = await _first_link(stack)
        if wants_json():
            show({**_addresses(stack), "invitation": link}, tuple)
        else:
            _show_addresses(stack, console)
            if link is not None:
                text = said("line.no_administrator", link=link)
                console.print(f"\n{text}", highlight=False, soft_wrap=True)
        lost = await Keeper(stack, RestartDisplay(console)).keep(stopping)
        if lost is not None:
            _show_lost(lost, console)
    finally:
        await stack.stop()
        display.close()
    return 0 if lost is None else 1


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


def _addresses(stack: LocalStack) -> dict[str, str]:
    return {
        "service": stack.record.service_url,
        "ui": stack.record.ui_url,
        "temporal": stack.record.temporal_address,
        "data": str(stack.data_dir),
    }


def _show_addresses(stack: LocalStack, console: Console) -> None:
    console.print()
    for name, value in _addresses(stack).items():
        if value:
            line = aligned(said(f"line.address_{name}"), value, 13)
            console.print(f"  {line}", highlight=False, soft_wrap=True)
    console.print(f"\n{said('line.ctrl_c')}", highlight=False)


async def _first_link(stack: LocalStack) -> str | None:
    """Where nobody administers this installation yet: the link with which somebody begins to."""
    from cli.people.commands import operator_account
    from runtime.database import Database
    from service.identity.operator import has_administrator, invite_administrator

    database = Database(stack.record.database_url, 2)
    try:
        if await has_administrator(database):
            return None
        return await invite_administrator(database, stack.settings, operator_account())
    finally:
        await database.dispose()


def _show_lost(crash: Crash, console: Console) -> None:
    name, code = step_named(crash.name), _exit_code(crash)
    text = said("line.does_not_stay", name=name, code=code, log=str(crash.log))
    console.print(f"\n{text}", style="red", highlight=False, soft_wrap=True)
    for line in crash.last_lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def step_named(name: str) -> str:
    """A part of the stack, or what is done with it, in words."""
    parts = name.split() if name.startswith("stop ") else [name]
    return " ".join(named("part", part) for part in parts)


def _restarted(restart: Restart) -> str:
    crash = restart.crash
    return said(
        "line.exited",
        name=step_named(crash.name),
        code=_exit_code(crash),
        pause=f"{restart.pause_s:g}",
        number=restart.number,
        tries=restart.tries,
        log=str(crash.log),
    )


def _exit_code(crash: Crash) -> str:
    return "?" if crash.exit_code is None else str(crash.exit_code)
