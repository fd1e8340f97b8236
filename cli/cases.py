"""`start`, `act`, `list`, `status`, `history`, `audit`, `credentials`: a committee's daily commands."""

import asyncio
import csv
import hashlib
import io
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cli.inputs import act_fields, act_named, read_file
from cli.servers import reach_temporal, running
from cli.shown import (
    CaseLine,
    event_json,
    history_table,
    list_table,
    result_console,
    status_json,
    status_lines,
)
from cli.stack import DATA
from formats.renovation_file.reading import read_renovation
from models.files.renovation import RenovationFile
from models.messages.acts import Act, Done
from models.tables import Event, OwnerReplacement, Place, Renovation, RoleGrant, Unit
from models.values.actor import Actor
from models.values.refusal import Refused, refusal
from rules.authority import ROLES_OF_ACT, covers
from runtime.ballots.sealing import Signer
from runtime.local.data_dir import write_private
from runtime.record.audit import AuditReport
from runtime.record.audit import audit as audited
from runtime.spreadsheets.roll_files import read_roll_file
from service.estates.renovations import OpenedRenovation, open_renovation
from service.http.credentials import voter_credential
from service.parts import Parts
from service.situation import with_time

T = TypeVar("T")
BAD = 1
Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Data = Annotated[Path | None, DATA]
CommandId = Annotated[
    str, typer.Option(help="The same id is done once, however often it is sent; else a new one.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("start")(start)
    app.command("act")(act)
    app.command("list")(list_)
    app.command("status")(status)
    app.command("history")(history)
    app.command("audit")(audit)
    app.command("credentials")(credentials)


def start(
    file: Annotated[
        Path, typer.Argument(help="The renovation as YAML or JSON; the roll beside it.")
    ],
    command_id: CommandId = "",
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Open a renovation from a file; the same files again open nothing new."""
    content = read_file(file)
    renovation = read_renovation(content, file.name)
    roll_bytes = read_file(file.parent / renovation.roll)
    roll = read_roll_file(roll_bytes, renovation.roll)
    digest = hashlib.sha256(content + b"\0" + roll_bytes).hexdigest()
    command = command_id or f"start-{digest[:32]}"
    convener = find_convener(renovation)

    async def work(parts: Parts) -> OpenedRenovation:
        await reach_temporal(parts)
        return await open_renovation(
            parts.database,
            parts.client,
            parts.settings,
            command_id=command,
            file=renovation,
            roll=roll,
            actor=convener,
        )

    opened = _run(data, work)
    if as_json:
        print(opened.model_dump_json())
    else:
        print(
            f"renovation {opened.renovation_id} is open: {opened.units:,} units, "
            f"rule pack {opened.rule_pack}"
        )


def act(
    renovation: Id,
    command: Annotated[str, typer.Argument(help="The official act, like open-vote.")],
    as_: Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts.")] = "",
    field: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A field.")] = None,
    json_: Annotated[str | None, typer.Option("--json", help="All fields as an object.")] = None,
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Do an official act in somebody's name; without --as the only one who may do it."""
    kind = act_named(command)
    fields = act_fields(kind, field or [], json_)
    sent_as = command_id or f"cli-{uuid.uuid4()}"

    async def work(parts: Parts) -> Done:
        actor = as_ or await _only_actor(parts, renovation, kind)
        await reach_temporal(parts)
        return await parts.gateway.send(renovation, kind.name, fields, actor, sent_as)

    try:
        done = _run(data, work)
    except Refused as refusal:
        if any(problem.code == "service.not_confirmed" for problem in refusal.problems):
            print(f"gongjian: to ask again, add --command-id {sent_as}", file=sys.stderr)
        raise
    print(f"{done.kind} (command {done.command_id})")


def list_(as_json: Json = False, data: Data = None) -> None:
    """Every renovation, the ones that were opened last first."""

    async def read(session: AsyncSession) -> list[CaseLine]:
        query = with_time().order_by(Renovation.opened_at.desc(), Renovation.id)
        return [CaseLine(*found) for found in await session.execute(query)]

    cases = _run(data, lambda parts: _read(parts, read))
    if as_json:
        _print_json([status_json(case) for case in cases])
    else:
        result_console().print(list_table(cases))


def status(renovation: Id, as_json: Json = False, data: Data = None) -> None:
    """Where a renovation stands and what it waits for."""
    case = _run(data, lambda parts: _read(parts, lambda session: _case(session, renovation)))
    if as_json:
        _print_json(status_json(case))
        return
    for name, value in status_lines(case):
        print(f"{name:<16} {value}")


def history(
    renovation: Id,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=0, help="Only the last so many; 0 is all.")] = 0,
    data: Data = None,
) -> None:
    """The record of a renovation: who did what when, in which capacity."""

    async def read(session: AsyncSession) -> tuple[list[Event], str]:
        case = await _case(session, renovation)
        query = select(Event).where(Event.renovation_id == renovation).order_by(Event.seq.desc())
        rows = await session.scalars(query.limit(limit) if limit else query)
        return list(reversed(rows.all())), case.zone

    events, zone = _run(data, lambda parts: _read(parts, read))
    if as_json:
        _print_json([event_json(event) for event in events])
    else:
        result_console().print(history_table(events, zone))


def audit(
    renovation: Annotated[str | None, typer.Argument(help="One renovation; else all.")] = None,
    data: Data = None,
) -> None:
    """Check the hash chain of the record, and the ballots against their receipts."""
    report = _run(
        data,
        lambda parts: audited(
            parts.database,
            renovation,
            Signer.of_receipts(parts.settings.receipt_key).public_key,
        ),
    )
    for line in audit_lines(report):
        print(line)
    if not report.ok:
        raise typer.Exit(BAD)


def credentials(
    renovation: Id,
    out: Annotated[Path | None, typer.Option(help="Write it here, readable by you only.")] = None,
    data: Data = None,
) -> None:
    """Every unit's credential as CSV (unit,credential), to hand out on paper; keep it secret."""

    async def work(parts: Parts) -> str:
        async with parts.database.session() as session:
            row = await _row(session, renovation)
            numbers = await session.scalars(
                select(Unit.number).where(Unit.estate_id == row.estate_id).order_by(Unit.number)
            )
            versions = await _versions(session, renovation)
        key = parts.settings.credential_key
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("unit", "credential"))
        for number in numbers:
            version = versions.get(number, 0)
            writer.writerow((number, voter_credential(key, renovation, number, version)))
        return text.getvalue()

    content = _run(data, work)
    if out is None:
        sys.stdout.write(content)
        return
    try:
        write_private(out.absolute(), content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refusal(
            "cases.file_unwritable", where=str(out), file=str(out), reason=reason
        ) from None
    print(f"{content.count(chr(10)) - 1:,} credentials in {out}", file=sys.stderr)


def find_convener(file: RenovationFile) -> Actor:
    """The first official of the file who may call the vote: whoever opens the case for the owners.

    Raises:
        Refused: `cases.no_convener`.
    """
    roles = ROLES_OF_ACT["open_vote"].roles
    for official in file.officials:
        if official.role in roles:
            place = file.path_of(official.place)
            return Actor(id=official.id, role=official.role, label=official.label, place=place)
    wanted = ", ".join(sorted(roles))
    raise refusal("cases.no_convener", where="officials", roles=wanted)


def audit_lines(report: AuditReport) -> list[str]:
    """What the audit found: every bad event and ballot on a line of its own, then the count."""
    lines = [
        f"BAD event {bad.seq} of renovation {bad.renovation_id}: {bad.reason}" for bad in report.bad
    ]
    lines += [
        f"BAD ballot {bad.ballot_id or '-'} in box {bad.box_id}: {bad.reason}"
        for bad in report.bad_ballots
    ]
    found = "nothing was changed" if report.ok else f"{len(lines)} faults"
    counts = (
        f"{report.renovations} renovations, {report.events:,} events, {report.ballots:,} ballots"
    )
    if report.unsigned:
        counts += f" ({report.unsigned:,} in batches that were not signed for)"
    return [*lines, f"{counts}: {found}"]


async def _only_actor(parts: Parts, renovation: str, kind: type[Act]) -> str:
    """Whoever may do the act here, if there is only one."""
    async with parts.database.session() as session:
        path = (await _row(session, renovation)).place_path
        roles = sorted(ROLES_OF_ACT[kind.name].roles)
        rows = await session.execute(
            select(RoleGrant.actor_id, Place.path)
            .join(Place, Place.id == RoleGrant.place_id)
            .where(RoleGrant.role.in_(roles))
        )
        able = sorted({actor for actor, place in rows if covers(place, path)})
    if len(able) == 1:
        return able[0]
    raise refusal(
        "cases.actor_needed", where="--as", act=kind.name, actors=", ".join(able[:20]) or "-"
    )


async def _versions(session: AsyncSession, renovation: str) -> dict[str, int]:
    """Units that were sold since their first freeze, with the version of the buyer's credential."""
    rows = await session.execute(
        select(OwnerReplacement.unit_number, func.max(OwnerReplacement.generation))
        .where(OwnerReplacement.renovation_id == renovation)
        .group_by(OwnerReplacement.unit_number)
    )
    return {row[0]: row[1] for row in rows}


async def _row(session: AsyncSession, renovation: str) -> Renovation:
    return (await _case(session, renovation)).row


async def _case(session: AsyncSession, renovation: str) -> CaseLine:
    query = with_time().where(Renovation.id == renovation)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise refusal("renovation.unknown", where=renovation, renovation=renovation)
    return CaseLine(*found)


async def _read(parts: Parts, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with parts.database.session() as session:
        return await work(session)


def _run(data: Path | None, work: Callable[[Parts], Awaitable[T]]) -> T:
    """Do the work of one command on the servers that run."""

    async def whole() -> T:
        async with running(data) as parts:
            return await work(parts)

    return asyncio.run(whole())


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))
