"""`list`, `status`, `audit`, `credentials`: a committee's daily commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.inputs import not_together
from cli.output import give_text, show, tell, write_file
from cli.reading.narrowing import Narrowed, narrowing
from cli.servers import (
    ANSWER_S,
    DATA,
    quiet_logs,
    reading,
    running,
    settings_for,
)
from cli.shown import (
    counts_tables,
    list_table,
    status_json,
    status_lines,
    stuck_table,
)
from cli.words import Language, aligned, listed, named, number_of, said, speak
from models.values.refusal import refusal

if TYPE_CHECKING:
    import asyncpg

    from runtime.record.audit import AuditReport
    from runtime.record.cases import CaseFilter
    from service.parts import Parts

T = TypeVar("T")
BAD = 1
Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
Data = Annotated[Path | None, DATA]
PAGE, MOST = 100, 500
MOST_IN_FILE = 1_000_000
"""A sheet of Excel has no more lines."""
CommandId = Annotated[
    str, typer.Option(help="The same id is done once, however often it is sent; else a new one.")
]

SavedAs = Annotated[str, typer.Option("--view", metavar="NAME", help="As `view save` has it.")]
Viewer = Annotated[
    str, typer.Option("--as", metavar="ACTOR", help="Whose view, where several are signed in here.")
]
Counts = Annotated[
    bool, typer.Option("--counts", help="How many in each place below --place, and who is late.")
]
OutFile = Annotated[
    Path | None, typer.Option(help="All of them into this file: .csv, .xlsx or .json.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("list")(list_)
    app.command("status")(status)
    app.command("audit")(audit)
    app.command("credentials")(credentials)


@narrowing
def list_(
    wanted: Narrowed,
    *,
    view: SavedAs = "",
    as_: Viewer = "",
    counts: Counts = False,
    out: OutFile = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many at most.")] = PAGE,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="The page after this one.")] = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """A page of the renovations; without a filter the ones that were opened last come first.

    With --view whatever else is given narrows the saved list further, or replaces what it says.

    Example: gongjian list --place d/s --overdue --json
    """
    from runtime.record.cases import CaseFilter, find_cases

    speak(language)
    if counts:
        narrowed = (
            (f"--{each.replace('_', '-')}", wanted[each]) for each in wanted if each != "place"
        )
        not_together("--counts", *narrowed, ("--view", view), ("--out", out), ("--after", after))
        _counts(f"{wanted.get('place', '')}", data)
        return
    saved: Narrowed = {}
    if view:
        from cli.reading.views import saved_filter

        saved = saved_filter(view, as_, data)
    asked = CaseFilter.model_validate({**saved, **wanted})
    if out is not None:
        not_together("--out", ("--after", after))
        _write(asked, out, data)
        return
    cases = _read(data, lambda connection: find_cases(connection, asked, limit, after))
    found = [{**status_json(case), "cursor": case.cursor} for case in cases]
    show(found, lambda: [stuck_table(cases) if asked.stuck else list_table(cases)])
    if len(cases) == limit:
        tell(f"gongjian: {said('line.more', cursor=cases[-1].cursor)}")


def _counts(place: str, data: Path | None) -> None:
    """How many cases each place below one has."""
    from runtime.finding.counts import count_cases

    found = _read(data, lambda connection: count_cases(connection, place))
    show(found.model_dump(mode="json"), lambda: counts_tables(found))


def _write(wanted: CaseFilter, out: Path, data: Path | None) -> None:
    """Write all cases of a filter into a file, whose name says in which form."""
    from runtime.finding.files import FileForm, cases_file, find_all

    try:
        form = FileForm(out.suffix.removeprefix(".").lower())
    except ValueError:
        forms = ", ".join(f".{each}" for each in FileForm)
        raise refusal("cases.form_unknown", where="out", file=out.name, forms=forms) from None
    cases = _read(data, lambda connection: find_all(connection, wanted, MOST_IN_FILE))
    write_file(out, cases_file(cases, form))
    tell(said("line.cases_in", cases=number_of("cases", len(cases)), file=str(out)))


def status(renovation: Id, language: Language = "", data: Data = None) -> None:
    """Where a renovation stands, what it waits for, and what of it needs attention.

    Example: gongjian status r1
    """
    from runtime.record.cases import load_case

    speak(language)
    case = _read(data, lambda connection: load_case(connection, renovation))
    show(
        status_json(case),
        lambda: (aligned(name, value, 17) for name, value in status_lines(case)),
    )


def audit(
    renovation: Annotated[str | None, typer.Argument(help="One renovation; else all.")] = None,
    *,
    engine: Annotated[
        bool, typer.Option("--engine", help="Hold Temporal's histories against the record as well.")
    ] = False,
    language: Language = "",
    data: Data = None,
) -> None:
    """Check the hash chain, who acted, the tables by the events, and the ballots by their receipts.

    Example: gongjian audit r1
    """
    from proof.seals import GatewayKeys
    from runtime.ballots.sealing import Signer
    from runtime.record.audit import audit_record
    from runtime.record.audit.anchors import known_anchors
    from runtime.record.audit.heads import known_heads

    speak(language)
    quiet_logs()
    settings = settings_for(data)
    receipts = Signer.every_of_receipts(settings.receipt_key)
    gateway = GatewayKeys.read(settings.gateway_public) if settings.gateway_public else None
    heads = known_heads(settings, renovation)
    # The tree of all heads is looked at with all renovations.
    anchors = known_anchors(settings) if renovation is None else None

    async def look(connection: asyncpg.Connection) -> AuditReport:
        report = await audit_record(connection, renovation, receipts, heads, gateway, anchors)
        if not engine:
            return report
        from runtime.engine.histories import audit_engine
        from runtime.temporal import reach

        client = await reach(settings, ANSWER_S)
        found = await audit_engine(connection, client, renovation)
        return report.model_copy(update={"engine": found})

    report = _read(data, look)
    show({"ok": report.ok, **report.model_dump(mode="json")}, lambda: audit_lines(report))
    if not report.ok:
        raise typer.Exit(BAD)


def credentials(
    renovation: Id,
    out: Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")] = None,
    data: Data = None,
) -> None:
    """The letters of the first kind again, for a case opened before `letters print`; keep it secret.

    Example: gongjian credentials r1 --out letters.csv
    """
    from formats.csv_table import csv_text
    from runtime.record.cases import load_first_letters
    from service.http.credentials import voter_credential

    units = _read(data, lambda connection: load_first_letters(connection, renovation))
    key = settings_for(data).credential_key
    letters = [(unit, voter_credential(key, renovation, unit, version)) for unit, version in units]
    give_text(
        csv_text((("unit", "credential"), *letters)),
        [{"unit": unit, "credential": key} for unit, key in letters],
        out,
    )
    if out is not None:
        written = number_of("credentials", len(units))
        tell(said("line.credentials_in", credentials=written, file=str(out)))


def audit_lines(report: AuditReport) -> list[str]:
    """What the audit found: what is bad, then the count."""
    lines = bad_lines(report)
    found = said("line.unchanged") if report.ok else number_of("faults", len(lines))
    looked_at = {"renovations": report.renovations, "events": report.events}
    looked_at |= {"ballots": report.ballots, "rows": report.rows}
    counts = listed(number_of(what, number) for what, number in looked_at.items())
    if report.unsigned:
        unsigned = number_of("unsigned", report.unsigned)
        last = said("line.audited_unsigned", counts=counts, unsigned=unsigned, found=found)
    else:
        last = said("line.audited", counts=counts, found=found)
    return [*lines, *heads_lines(report), *anchors_lines(report), *engine_lines(report), last]


def anchors_lines(report: AuditReport) -> list[str]:
    """What is known of the tree of all heads, and by whom it is cosigned."""
    anchors = report.anchors
    if anchors is None:
        return []
    others = [
        said("anchors.two_histories", name=each.origin, size=f"{each.size:,}")
        for each in anchors.others
    ]
    if not anchors.anchors:
        return [*others, said("anchors.none")]
    lines = [
        *others,
        said(
            "anchors.looked_at",
            anchors=number_of("anchors", anchors.anchors),
            leaves=f"{anchors.leaves:,}",
            cosigned=f"{anchors.cosigned:,}",
        ),
    ]
    if anchors.unknown:
        lines.append(said("anchors.unknown", number=f"{anchors.unknown:,}"))
    return lines


def engine_lines(report: AuditReport) -> list[str]:
    """What Temporal's histories say, and what they cannot."""
    engine = report.engine
    if engine is None:
        return []
    lines = [
        said(
            "engine.looked_at",
            runs=number_of("runs", engine.workflows),
            acts=number_of("acts", engine.acts),
            steps=number_of("steps", engine.steps),
        )
    ]
    if engine.gone:
        lines.append(said("engine.gone", runs=number_of("runs", engine.gone)))
    if not engine.principals:
        lines.append(said("engine.no_authorizer"))
    return lines


def bad_lines(report: AuditReport) -> list[str]:
    """Every bad event, act, row, anchor, step of the engine and ballot on a line of its own."""
    lines = [
        said(
            "line.bad_event",
            seq=bad.seq,
            renovation=bad.renovation_id,
            fault=named("event_fault", bad.reason),
        )
        for bad in report.bad
    ]
    lines += [
        said(
            "line.bad_act",
            seq=bad.seq,
            renovation=bad.renovation_id,
            fault=named("act_fault", bad.reason),
        )
        for bad in report.bad_acts
    ]
    lines += [
        said(
            "line.bad_row",
            seq=bad.seq,
            renovation=bad.renovation_id,
            table=bad.table,
            key=bad.key or "*",
            fault=named("row_fault", bad.reason),
        )
        for bad in report.bad_rows
    ]
    lines += [
        said(
            "line.bad_anchor",
            size=bad.size,
            renovation=bad.renovation_id or "-",
            fault=named("anchor_fault", bad.reason),
        )
        for bad in (report.anchors.bad if report.anchors is not None else ())
    ]
    lines += [
        said(
            "line.bad_in_engine",
            command=bad.command_id or "-",
            workflow=bad.workflow_id,
            seq="-" if bad.seq is None else bad.seq,
            fault=named("engine_fault", bad.reason),
        )
        for bad in (report.engine.bad if report.engine is not None else ())
    ]
    return lines + [
        said(
            "line.bad_ballot",
            ballot=bad.ballot_id or "-",
            box=bad.box_id,
            fault=named("ballot_fault", bad.reason),
        )
        for bad in report.bad_ballots
    ]


def heads_lines(report: AuditReport) -> list[str]:
    """What is known of the signed heads, and what cannot be."""
    heads = report.heads
    if heads is None:
        return [said("heads.no_key")]
    signed = number_of("renovations", heads.signed)
    lines = [said("heads.looked_at", signed=signed, outside=f"{heads.outside:,}")]
    lines += [said("heads.since", renovation=rid, seq=seq) for rid, seq in heads.later.items()]
    if heads.unsigned:
        lines.append(said("heads.unsigned", number=heads.unsigned))
    if heads.signed and not heads.outside:
        lines.append(said("heads.none_outside"))
    if heads.foreign:
        lines.append(said("heads.foreign", number=f"{heads.foreign:,}"))
    return lines


def _read(data: Path | None, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Read something from the database of the servers that run."""

    async def whole() -> T:
        async with reading(data) as connection:
            return await work(connection)

    return asyncio.run(whole())


def run_on_servers(data: Path | None, work: Callable[[Parts], Awaitable[T]]) -> T:
    """Do the work of one command on the servers that run."""

    async def whole() -> T:
        async with running(data) as parts:
            return await work(parts)

    return asyncio.run(whole())
