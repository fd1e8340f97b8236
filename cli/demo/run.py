"""What `gongjian demo` does: start the stack, carry one renovation through all stages, say how it went."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.status import Status

from cli import output
from cli.demo.client import Client
from cli.demo.driver import DemoDisplay, Driver
from cli.demo.due_list import DatabaseDueList
from cli.demo.facts import read_facts
from cli.demo.journey import travel
from cli.demo.mail import MailCatcher, mail_catcher, notices_out
from cli.demo.proof import prove_vote
from cli.demo.report import CASE, BallotAnswers, DemoReport, report_tables
from cli.demo.residents import Residents
from cli.demo.town import estate, people
from cli.demo.town.portal import DemoPortal
from cli.local.up import RestartDisplay, StepDisplay, step_named
from cli.servers import local_settings
from cli.words import aligned, number_of, said
from formats.renovation_file.reading import read_renovation
from formats.roll import read_roll
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import Refused, refusal
from runtime.ballots.sealing import BoxKeys
from runtime.local.keeping import Keeper
from runtime.local.processes import last_lines
from runtime.local.stack import LocalStack, Part
from runtime.settings import Settings
from runtime.temporal import reach
from service.estates.renovations import OpenedRenovation, open_renovation
from service.identity.cast import invite_cast
from service.parts import open_parts

FILE_NAME = "estate.json"
CONNECT_S = 30.0
CONNECTIONS = 4
WIDE = 160
LOG_LINES = 8


class DemoOptions(Value):
    """What one journey is made of."""

    units: int = estate.UNITS
    seed: int = 1
    case: str = "demo"
    """Keeps two demos on one database apart; the same case opens the same renovation again."""


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def waiting(self, text: str) -> None:
        """Nothing."""


class Screen:
    """A line for each thing that happened, and a spinner with what is waited for."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)
        self._status.start()

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(f"  [green]✓[/] {text}", highlight=False, soft_wrap=True)

    def waiting(self, text: str) -> None:
        """The spinner's words."""
        self._status.update(text)

    def close(self) -> None:
        """Take the spinner away."""
        self._status.stop()


async def carry(
    settings: Settings,
    url: str,
    options: DemoOptions,
    show: DemoDisplay,
    check: Callable[[], None],
    portal: DemoPortal | None = None,
) -> DemoReport:
    """Carry one renovation through the journey on servers that run already.

    `url` is the service's address; `check` raises when a part of the stack has ended. Without a `portal`
    that the service knows all households enter with letters.

    Raises:
        Refused: `demo.…`, or what `check` raises.
    """
    began = time.monotonic()
    units = estate.make_units(options.units, options.seed)
    client = await reach(settings, CONNECT_S)
    async with open_parts(settings, client, pool=CONNECTIONS) as parts:
        file = estate.renovation_file(units, options.case)
        opened = await open_renovation(
            parts.database,
            client,
            settings,
            command_id=f"demo-{options.case}",
            file=read_renovation(estate.file_bytes(file), FILE_NAME),
            roll=read_roll(estate.roll_csv(units), estate.ROLL_NAME),
            actor=_committee(file.path_of(people.COMMITTEE.place)),
        )
        show.say(_opened(opened))
        rid = opened.renovation_id
        invitations = await invite_cast(parts.database, settings, rid, people.officials())
        async with Client.open(url, rid, invitations) as http:
            if portal is not None:
                portal.audience = settings.address
            residents = Residents(http, units, portal)
            due = DatabaseDueList(parts.database)
            driver = Driver(http, residents, units, due, options.seed, show, check)
            await travel(driver)
        assert settings.box_key is not None, "the demo's stack has a worker, and so its key"
        # The case is over: three that only read it, each for itself.
        notices, facts, proof = await asyncio.gather(
            notices_out(parts.database, rid),
            read_facts(parts.database, client, rid),
            prove_vote(parts.database, rid, BoxKeys(settings.box_key).signer),
        )
    return DemoReport(
        renovation_id=rid,
        units=opened.units,
        ballots=_answers(driver),
        by_letter=len(residents.with_letter),
        by_portal=len(residents.over_portal),
        in_portal=len(residents.in_portal),
        by_agent=len(residents.by_agent),
        facts=facts,
        proof=proof,
        notices=notices,
        wall_cs=round((time.monotonic() - began) * 100),
    )


def _opened(opened: OpenedRenovation) -> str:
    """The line that says which renovation is carried."""
    return said(
        "demo.line.opened",
        renovation=opened.renovation_id,
        units=number_of("units", opened.units),
        pack=opened.rule_pack,
        case=said(CASE),
    )


def _answers(driver: Driver) -> BallotAnswers:
    """What the service said to all ballots."""
    refused = dict(sorted(driver.refused.items()))
    return BallotAnswers(
        accepted=len(driver.acknowledged), repeated=driver.repeated, refused=refused
    )


async def run_demo(
    options: DemoOptions, stack: LocalStack, show: DemoDisplay, portal: DemoPortal
) -> DemoReport:
    """`carry` on a stack of this process, noticing when one of its parts ends."""

    def check() -> None:
        for crash in stack.check():
            raise refusal(
                "demo.part_ended",
                where=crash.name,
                name=crash.name,
                exit_code=crash.exit_code if crash.exit_code is not None else "?",
                last_lines="\n".join(crash.last_lines),
            )

    return await carry(stack.settings, stack.record.service_url, options, show, check, portal)


async def run_here(options: DemoOptions, home: Path, *, keep: bool, ui: bool = False) -> None:
    """The whole demo in this terminal, with a mail server of its own at which its notices arrive.

    Progress goes to standard error, so that standard output holds the result and nothing else.
    """
    progress = Console(stderr=True)
    stopping = _stop_when_asked()
    portal = DemoPortal()
    async with mail_catcher() as catcher:
        local = local_settings(home).model_copy(update={"training_smtp": catcher.address})
        steps = StepDisplay(progress)
        stack = LocalStack(portal.connected(local, home), headless=not ui, progress=steps)
        show = DemoShown(progress, steps, portal, keep=keep, ui=ui)
        await _run_on(stack, options, show, catcher, stopping)


class DemoShown(NamedTuple):
    """How the demo is shown, by which portal residents come, and whether it is kept."""

    progress: Console
    steps: StepDisplay
    portal: DemoPortal
    keep: bool
    ui: bool


async def _run_on(
    stack: LocalStack,
    options: DemoOptions,
    show: DemoShown,
    catcher: MailCatcher,
    stopping: asyncio.Event,
) -> None:
    progress, screen = show.progress, None
    try:
        await stack.start()
        show.steps.close()
        if show.ui:
            shown = said("demo.line.ui", url=stack.record.ui_url)
            progress.print(shown, highlight=False, soft_wrap=True)
        screen = Screen(progress)
        report = await run_demo(options, stack, screen, show.portal)
        report = report.model_copy(update={"mails": len(catcher.taken)})
        screen.close()
        output.show(report.to_json(), lambda: [report_tables(report)])
        _how_to_look(report, stack, progress, keep=show.keep)
        if show.keep:
            await _until_asked(stopping, stack, progress)
    except Refused:
        if screen is not None:
            screen.close()
            _show_logs(stack, progress)
        raise
    finally:
        if screen is not None:
            screen.close()
        await stack.stop()
        show.steps.close()


def _show_logs(stack: LocalStack, console: Console) -> None:
    """What the servers said last: without --keep the logs are gone with the demo."""
    for part in (Part.WORKER, Part.SERVICE):
        for line in last_lines(stack.data_dir / "logs" / f"{part}.log", LOG_LINES):
            console.print(
                f"  {step_named(part)}: {line}",
                style="dim",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


def _how_to_look(report: DemoReport, stack: LocalStack, console: Console, *, keep: bool) -> None:
    """Where the case can be read, now or in a demo that is kept running."""
    rid, place = report.renovation_id, f"--data {stack.data_dir}"
    of_ui = f"{stack.record.ui_url}/namespaces/{stack.record.temporal_namespace}/workflows"
    if keep:
        ways = {
            **({"line.address_ui": f"{of_ui}/renovation%2F{rid}"} if stack.record.ui_url else {}),
            "line.address_service": f"{stack.record.service_url}/v1/renovations/{rid}",
            "demo.line.record": f"gongjian history {rid} {place}",
            "demo.line.audit": f"gongjian audit {rid} {place}",
            "demo.line.inbox": f"gongjian notices inbox {rid} {place}",
        }
        lines = [
            said("demo.line.keeps"),
            *(f"  {aligned(said(name), way, 13)}" for name, way in ways.items()),
        ]
    else:
        lines = [said("demo.line.look")]
    console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)


def _stop_when_asked() -> asyncio.Event:
    """SIGTERM and Ctrl-C cancel the demo, so that every server it started is stopped."""
    stopping = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        if stopping.is_set():
            return
        stopping.set()
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping


async def _until_asked(stopping: asyncio.Event, stack: LocalStack, console: Console) -> None:
    """Keep the servers up until Ctrl-C, or until a part of them does not stay up."""
    try:
        await Keeper(stack, RestartDisplay(console)).keep(stopping)
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise


def _committee(place: str) -> Actor:
    who = people.COMMITTEE
    return Actor(id=who.id, role=who.role, label=who.label, place=place)
