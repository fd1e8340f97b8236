"""`repair`: what the record has open must run; what the engine has lost is rebuilt."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import show, tell
from cli.servers import ANSWER_S, DATA, settings_for
from cli.words import named, number_of, said
from models.values.refusal import refusal

if TYPE_CHECKING:
    from models.messages.reconciling import ReconcileReport


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("repair")(repair)


def repair(
    renovation: Annotated[
        str, typer.Argument(metavar="[RENOVATION]", help="The id that `gongjian start` gave.")
    ] = "",
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Every case, after Temporal's data were lost.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong.")] = False,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Compare record and engine, and rebuild from the record what the engine has lost.

    A step that broke is taken again; an act that broke counts as seen to. Nothing is done twice, and
    the record of the case shows what was mended. A worker must run. The schedule by which this is done
    every minute is made anew if somebody has changed it, and another build that is given work is named.

    Example: gongjian repair r1 --dry-run
    """
    if bool(renovation) == all_:
        raise refusal("cases.repair_what")
    report = asyncio.run(_repair(data, renovation, dry_run=dry_run))
    show(report, lambda: _lines(report, dry_run=dry_run))


def _lines(report: "ReconcileReport", *, dry_run: bool) -> Iterator[str]:
    """How many cases were compared, and a line for each fault."""
    faults = number_of("found" if dry_run else "mended", len(report.findings))
    yield said("line.compared", cases=number_of("cases", report.cases), faults=faults)
    for each in report.findings:
        was = " ".join(filter(None, (named("event", each.step) if each.step else "", each.was)))
        fault = named("fault", each.fault)
        yield f"  {each.renovation_id}  {fault}  {each.workflow_id}  {was}".rstrip()


async def _repair(data: Path | None, renovation: str, *, dry_run: bool) -> "ReconcileReport":
    from models.messages.reconciling import OPERATOR, Reconciliation
    from runtime.engine.reconciliation import reconcile
    from runtime.engine.routing import other_builds, schedule_finding
    from runtime.temporal import reach

    settings = settings_for(data)
    client = await reach(settings, ANSWER_S)
    queue, build = settings.task_queue, settings.build_id
    if others := await other_builds(client, queue, build):
        # Before anything is asked of workers: those of another build might never answer.
        tell(said("line.other_build", others=", ".join(others), build=build))
    mended = await schedule_finding(client, queue, dry_run=dry_run)
    given = Reconciliation(
        renovation_id=renovation, everything=not renovation, dry_run=dry_run, by=OPERATOR
    )
    report = await reconcile(client, queue, given)
    return report.model_copy(update={"findings": (*mended, *report.findings)})
