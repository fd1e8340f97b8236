"""`why`: why a case waits, as a tree, as whoever asks may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.inputs import not_together
from cli.output import show
from cli.people.own import own_requests
from cli.people.requests import anybody
from cli.servers import DATA
from cli.shown import moment, who_named
from cli.words import Language, named, said, speak, spoken_here

MARKS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "•"}


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("why")(why)


def why(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    *,
    as_: Annotated[
        str,
        typer.Option("--as", metavar="ACTOR", help="As who is signed in here; else as everybody."),
    ] = "",
    service: Annotated[
        str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Why a renovation waits: of whom, until when, what follows, and what must be true for it.

    Example: gongjian why r1
    """
    speak(language)
    if as_:
        not_together("--as", ("--service", service))
    requests = own_requests(data, as_) if as_ else anybody(data, service)
    found = requests.get(f"/v1/renovations/{renovation}/why")
    clock = requests.get(f"/v1/renovations/{renovation}/clock")
    assert isinstance(found, dict)
    assert isinstance(clock, dict)
    show(found, lambda: _tree(found, str(clock["zone"])))


def _tree(found: Mapping[str, JsonValue], zone: str) -> Iterator[str]:
    stage, state = str(found["stage"]), str(found["state"])
    yield f"{named('stage', stage)}: {named('state', state)}"
    reasons = found["reasons"]
    for each in reasons if isinstance(reasons, list) else ():
        if isinstance(each, dict):
            yield from _lines(each, zone, 0)


def _lines(reason: Mapping[str, JsonValue], zone: str, depth: int) -> Iterator[str]:
    met = reason["met"]
    mark = MARKS[met if isinstance(met, bool) else None]
    who = f"{who_named(str(reason['who']))}: " if reason["who"] else ""
    indent = "    " * depth
    yield f"{indent}{mark} {who}{reason['said']}"
    if reason["kind"] == "wait" and (reason["rule"] or reason["article"]):
        from runtime.language.citations import cited

        rule = f"rules {reason['rule']}" if reason["rule"] else ""
        by = "; ".join(filter(None, (str(reason["article"]), rule)))
        yield f"{indent}    {said('line.why_by', by=cited(by, spoken_here()))}"
    for name in ("since", "late_since", "until"):
        if isinstance(at := reason[name], str):
            then = f" → {reason['then']}" if name == "until" and reason["then"] else ""
            yield f"{indent}    {said(f'line.why_{name}')} {moment(datetime.fromisoformat(at), zone)}{then}"
    under = reason.get("reasons", [])
    for each in under if isinstance(under, list) else ():
        if isinstance(each, dict):
            yield from _lines(each, zone, depth + 1)
