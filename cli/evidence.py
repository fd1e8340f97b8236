"""`evidence voting` and `verify`: make the proof of a vote, and check one in two independent ways."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import JsonValue

from cli.servers import DATA, running
from models.values.refusal import Refused, problem, refusal
from proof.verifier import standalone
from proof.verifier.main import check, lines_of
from proof.verifier.reading import Fault, Files, NotFound, OtherForm

if TYPE_CHECKING:
    from proof.bundle.checking import Checked
    from runtime.ballots.evidence import Exported

BAD = 1
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]

commands = typer.Typer(help="Evidence that anybody can check.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="evidence")
    app.command("verify")(verify)


@commands.command("voting")
def voting(
    renovation: Annotated[str, typer.Argument(help="The id that `gongjian start` gave.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to; else <renovation>.evidence.zip here.")
    ] = None,
    attempt: Annotated[
        int | None, typer.Option(min=1, help="Which vote of the renovation; else the last counted.")
    ] = None,
    data: Annotated[Path | None, DATA] = None,
    as_json: Json = False,
) -> None:
    """Write the bundle of a counted vote: roll, ballots, result and verify.py in one zip."""
    done = asyncio.run(_export(renovation, out, attempt, data))
    shown: dict[str, JsonValue] = {
        "file": str(done.path),
        "box": done.box_id,
        "ballots": done.ballots,
        "manifest": done.manifest,
        "public_key": done.public_key,
    }
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
        return
    print(f"{done.path}: {done.ballots} ballots of {done.box_id}")
    print("For the notice in the estate:")
    print(f"  public key               {done.public_key}")
    print(f"  SHA-256 of manifest.json {done.manifest}")


@commands.command("script")
def script() -> None:
    """Print the verify.py of this release, for those who do not trust the one in a bundle."""
    sys.stdout.buffer.write(standalone())


async def _export(
    renovation: str, out: Path | None, attempt: int | None, data: Path | None
) -> Exported:
    from runtime.ballots.evidence import export_voting
    from runtime.ballots.sealing import BoxKeys

    async with running(data) as parts:
        key = parts.settings.box_key
        if key is None:
            raise refusal("evidence.no_box_key")
        async with parts.database.engine.connect() as pooled:
            raw = await pooled.get_raw_connection()
            path = out if out is not None else Path(f"{renovation}.evidence.zip")
            return await export_voting(
                raw.driver_connection, renovation, path, BoxKeys(key).signer, attempt
            )


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A zip file or its folder.")],
    receipt: Annotated[
        str, typer.Option(help="The own receipt as a file or code: finds the ballot.")
    ] = "",
    key: Annotated[str, typer.Option(help="The public key on the posted notice, hex.")] = "",
    manifest: Annotated[
        str, typer.Option(help="The SHA-256 of manifest.json on the posted notice, hex.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check the evidence of a vote twice: as its verify.py does, and with the rules of this release.

    Nothing in the bundle is run. Exit code 1 and the file and line of the first fault if anything
    does not agree, if there is no bundle, or if it is not in the form in which it was published.
    """
    from proof.bundle.checking import check_bundle
    from proof.bundle.contents import sha256
    from runtime.ballots.sealing import signed_by
    from runtime.language.sentences import sentence

    try:
        found = check(str(bundle), key.strip().lower(), manifest.strip().lower(), receipt)
        with Files(str(bundle)) as files:
            checked = check_bundle(files, signed_by)
    except Fault as fault:
        _refuse(fault, as_json=as_json)
    except Refused as refusal:
        if not as_json:
            raise
        print(
            json.dumps(
                {"ok": False, "kind": Fault.kind, "fault": sentence(refusal.problems[0])},
                ensure_ascii=False,
            )
        )
        raise typer.Exit(BAD) from None
    own = checked.verify_py == sha256(standalone())
    if as_json:
        print(json.dumps({"ok": True, **_json(found, checked), "verify_py_known": own}))
        return
    print("\n".join(lines_of(found)))
    if not own:
        print(sentence(problem("evidence.other_verify")))


def _json(found: dict[str, object], checked: Checked) -> dict[str, object]:
    return {**found, "outcomes": dict(checked.outcomes)}


def _refuse(fault: Fault, *, as_json: bool) -> NoReturn:
    if as_json:
        place: dict[str, JsonValue] = {"file": fault.file, "line": fault.line, "fault": fault.text}
        print(json.dumps({"ok": False, "kind": fault.kind, **place}, ensure_ascii=False))
        raise typer.Exit(BAD)
    if isinstance(fault, NotFound):
        raise refusal("evidence.not_found", where=fault.file, fault=fault.text)
    if isinstance(fault, OtherForm):
        raise refusal("evidence.other_form", where=fault.file, fault=fault.text)
    raise refusal("evidence.fault", where=fault.file, fault=str(fault))
