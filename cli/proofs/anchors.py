"""`anchor`: the heads of all cases go into one signed tree, which other instances cosign."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import give_text, show
from cli.servers import DATA, database, settings_for
from cli.words import said
from models.values.refusal import refusal

if TYPE_CHECKING:
    from runtime.anchors.keys import AnchorKeys
    from runtime.anchors.making import AnchorView

NOT_COSIGNED = 1
"""The exit code where an instance that was asked has not cosigned; the head is made all the same."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("anchor")(anchor)


def anchor(
    *,
    keys: Annotated[
        bool, typer.Option("--keys", help="Only print the keys by which others know this instance.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the signed note here too, to hand it on.")
    ] = None,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Put the heads of all cases into one signed tree, and ask other instances to cosign it.

    A schedule does it every day; by hand it is done at once. Nothing is added twice. With `--keys` it
    prints what others set as GONGJIAN_WITNESSED (the log) and GONGJIAN_WITNESSES (the cosigner). The exit
    code is 1 where somebody who was asked has not cosigned.

    Example: gongjian anchor --out anchor.txt
    """
    if keys:
        _show_keys(_keys(data))
        return
    made, added, missed = asyncio.run(_anchor(data))
    if out is not None:
        give_text(made.note, {"note": made.note}, out)
    shown = {"added": added, "missed": list(missed), **made.model_dump(mode="json")}
    show(shown, lambda: _lines(made, added, missed))
    if missed:
        raise typer.Exit(NOT_COSIGNED)


def _lines(made: "AnchorView", added: int, missed: Sequence[str]) -> Iterator[str]:
    yield said("line.anchored", added=f"{added:,}", size=f"{made.size:,}", root=made.root)
    for name in made.cosigned_by:
        yield said("line.anchor_cosigned", name=name)
    for name in missed:
        yield said("line.anchor_missed", name=name)
    if not made.cosigned_by and not missed:
        yield said("line.anchor_alone")


def _keys(data: Path | None) -> "AnchorKeys":
    from runtime.anchors.keys import AnchorKeys

    settings = settings_for(data)
    if settings.heads_key is None:
        raise refusal("anchor.no_key")
    return AnchorKeys.of(settings.heads_key)


def _show_keys(found: "AnchorKeys") -> None:
    log, cosigner = found.of_log(found.name)[0].line, found.cosigner_key.line
    show({"log": log, "cosigner": cosigner}, lambda: [log, cosigner])


async def _anchor(data: Path | None) -> "tuple[AnchorView, int, Sequence[str]]":
    from runtime.anchors.keys import anchors_of
    from runtime.anchors.posting import anchor_and_ask

    async with database(data) as (opened, settings):
        anchors = anchors_of(settings)
        if anchors is None:
            raise refusal("anchor.no_key")
        return await anchor_and_ask(opened, anchors)
