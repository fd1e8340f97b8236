"""`access`: who has read what is not for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.inputs import only_with
from cli.output import show
from cli.people.requests import of_case, zone_of
from cli.servers import DATA
from cli.shown import moment
from cli.words import Language, named, said, speak

READ = "read_access"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("access")(access)


def access(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    as_: Annotated[
        str,
        typer.Option("--as", metavar="ACTOR", help="Who asks, where several are signed in here."),
    ] = "",
    *,
    report: Annotated[bool, typer.Option("--report", help="Counted, not line by line.")] = False,
    later_than: Annotated[
        str, typer.Option(metavar="DAY", help="Of a report: what was read after this day.")
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="DAY", help="Of a report: what was read until this day.")
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Who has read what in a case that is not for everybody: when, in which role, why.

    Example: gongjian access r1 --report --later-than 2026-01-31 --as auditor
    """
    speak(language)
    for option, given in (("--later-than", later_than), ("--until", until)):
        only_with(option, given, "--report", report)
    path, asked = f"/v1/renovations/{renovation}/access", of_case(data, renovation, as_, READ)
    if report:
        counted = asked.get(f"{path}/report", later_than=later_than, until=until)
        show(counted, lambda: _report(counted))
        return
    found = asked.get(path)
    show(found, lambda: access_lines(found, zone_of(asked, renovation)))


def _report(found: JsonValue) -> Iterator[str]:
    assert isinstance(found, dict)
    yield said("line.readings", readings=str(found["readings"]), readers=str(found["readers"]))
    counts = found["counts"]
    for each in counts if isinstance(counts, list) else ():
        assert isinstance(each, dict)
        role = named("role", str(each["role"]))
        yield f"{each['readings']:>6}  {each['reader']}  {role}  {each['door']}  {each['subjects']}"


def access_lines(found: JsonValue, zone: str) -> Iterator[str]:
    """A line for each reading: when by the clocks of the place, who, in which role, what, why."""
    for each in found if isinstance(found, list) else ():
        assert isinstance(each, dict)
        why = f"  {each['reason']}" if each["reason"] else ""
        role = named("role", str(each["role"]))
        at = moment(datetime.fromisoformat(str(each["at"])), zone)
        yield f"{at}  {each['reader']}  {role}  {each['door']}  {each['subject']}{why}"
