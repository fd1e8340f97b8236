"""`evidence voting` and `evidence script`: make the proof of a vote, and print what checks one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, give_text, show, write_file
from cli.servers import DATA, running
from cli.words import Language, aligned, number_of, said, speak
from models.values.refusal import refusal
from proof.verifier import standalone

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from runtime.ballots.evidence import Exported

commands = Commands(help="Evidence that anybody can check.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="evidence")


@commands.command("voting")
def voting(
    renovation: Annotated[str, typer.Argument(help="The id that `gongjian start` gave.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to; else <box or renovation>.public.zip here, with --full .evidence.zip."
        ),
    ] = None,
    attempt: Annotated[
        int | None, typer.Option(min=1, help="Which vote of the renovation; else the last counted.")
    ] = None,
    box: Annotated[
        str | None, typer.Option(help="Which box, where buildings or entrances vote by themselves.")
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="With the opened ballots: for owners of the vote and auditors."
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option(help="For whom and why the full bundle is made: it is written down.")
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Write the bundle of a counted vote in one zip: the public one, or the full one with every ballot.

    The public one has result, signed head, tree of commitments and verify.py. The full one has the roll by
    pseudonyms and what each ballot says; that it was made, and why, stands in the log of who read what.

    Example: gongjian evidence voting r1 --out bundle.zip
    """
    speak(language)
    if full and not reason.strip():
        raise refusal("evidence.reason", where="--reason")
    done = asyncio.run(_export(renovation, out, attempt, box, data, reason if full else None))
    shown: dict[str, JsonValue] = {
        "file": str(done.path),
        "form": "full" if full else "public",
        "box": done.box_id,
        "ballots": done.ballots,
        "manifest": done.manifest,
        "public_key": done.public_key,
    }
    ballots = number_of("ballots", done.ballots)
    show(
        shown,
        lambda: [
            said("line.evidence", file=str(done.path), ballots=ballots, box=done.box_id),
            said("line.publish"),
            aligned(f"  {said('line.public_key')}", done.public_key, 32),
            aligned(f"  {said('line.manifest')}", done.manifest, 32),
        ],
    )


@commands.command("case")
def case(
    renovation: Annotated[str, typer.Argument(help="The id that `gongjian start` gave.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to; else <renovation>.case.zip here.")
    ] = None,
    reader: Annotated[
        str,
        typer.Option("--for", help="public, owner, official or auditor: what that one may read."),
    ] = "public",
    reason: Annotated[
        str, typer.Option(help="For more than the public: for whom and why; it is written down.")
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Write the evidence of a whole case in one zip: its record, documents, signed head, anchor and verify.py.

    What the reader may not read is a salted commitment: the chain and the signature hold without it.

    Example: gongjian evidence case r1 --out r1.case.zip
    """
    speak(language)
    if reader not in READERS:
        raise refusal("evidence.reader", where="--for", reader=reader, known=", ".join(READERS))
    if reader != "public" and not reason.strip():
        raise refusal("evidence.reason", where="--reason")
    path = out if out is not None else Path(f"{renovation}.case.zip")
    bundle = asyncio.run(_case(renovation, reader, reason, data))
    write_file(path, bundle)
    shown: dict[str, JsonValue] = {"file": str(path), "reader": reader, "bytes": len(bundle)}
    show(shown, lambda: [said("line.case_evidence", file=str(path), reader=reader)])


READERS = ("public", "owner", "official", "auditor")


async def _case(renovation: str, reader: str, reason: str, data: Path | None) -> bytes:
    from cli.people.commands import operator_account
    from cli.servers import database
    from rules.disclosure.readers import ReaderKind
    from runtime.privacy.access import note_access
    from service.history.casefile import case_bundle, case_keys
    from service.identity.operator import operator_of
    from service.reading.shaping import Viewer
    from service.situation import load_situation

    async with database(data) as (opened, settings):
        situation = await load_situation(opened, renovation)
        keys = case_keys(settings)
        if reason:

            async def noted(session: AsyncSession) -> None:
                by, door = operator_of(operator_account()), "gongjian evidence case"
                await note_access(
                    session, by, door, renovation_id=renovation, subject=reader, reason=reason
                )

            await opened.transaction(noted)
        viewer = Viewer(reader=ReaderKind(reader))
        return await case_bundle(opened, keys, renovation, situation.title, viewer)


@commands.command("script")
def script() -> None:
    """Print the verify.py of this release, for those who do not trust the one in a bundle.

    Example: gongjian evidence script > verify.py
    """
    text = standalone().decode()
    give_text(text, {"verify_py": text}, None)


async def _export(
    renovation: str,
    out: Path | None,
    attempt: int | None,
    box: str | None,
    data: Path | None,
    reason: str | None,
) -> Exported:
    """Write the public bundle, or with a `reason` the full one, which is noted first."""
    from cli.people.commands import operator_account
    from runtime.ballots.evidence import export_voting
    from runtime.ballots.sealing import BoxKeys
    from runtime.privacy.access import note_access
    from service.identity.operator import operator_of

    async with running(data) as parts:
        key = parts.settings.box_key
        if key is None:
            raise refusal("evidence.no_box_key")
        if reason is not None:

            async def noted(session: AsyncSession) -> None:
                reader = operator_of(operator_account())
                await note_access(
                    session,
                    reader,
                    "gongjian evidence voting --full",
                    renovation_id=renovation,
                    subject=box or "",
                    reason=reason,
                )

            await parts.database.transaction(noted)
        async with parts.database.engine.connect() as pooled:
            raw = await pooled.get_raw_connection()
            named = "public" if reason is None else "evidence"
            path = out if out is not None else Path(f"{box or renovation}.{named}.zip")
            return await export_voting(
                raw.driver_connection,
                renovation,
                path,
                BoxKeys(key).signers,
                attempt,
                box,
                public=reason is None,
            )
