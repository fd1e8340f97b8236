"""`verify`: check the proof of a vote as its verify.py does, then by the law that this release knows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zipfile import ZipFile

import typer

from cli.output import json_text, wants_json
from cli.words import said
from models.values.refusal import refusal
from proof.bundle import contents as bundle
from proof.bundle.judging import judge, laws_of
from proof.casefile import standalone_case
from proof.casefile.checking import FORMAT, PACKINGS, UNREADABLE, CaseFault, check, read_zip
from proof.casefile.checking import lines_of as lines_of_case
from proof.verifier import standalone
from proof.verifier.main import found_in, found_in_public, read_bundle
from proof.verifier.printing import say
from proof.verifier.reading import Fault, Files
from proof.verifier.saying import lines_of, lines_of_fault

BAD = 1
MOST_MANIFEST = 1 << 26
"""Bytes of the list of files of a case; more is no list."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("verify")(verify)


def verify(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A zip file or its folder.")],
    receipt: Annotated[
        str, typer.Option(help="The own receipt as a file or code: finds the ballot.")
    ] = "",
    key: Annotated[str, typer.Option(help="The public key on the posted notice, hex.")] = "",
    manifest: Annotated[
        str, typer.Option(help="The SHA-256 of manifest.json on the posted notice, hex.")
    ] = "",
) -> None:
    """Check the evidence of a vote as its verify.py does, and with the rules of this release; or that of a case.

    It takes the full bundle and the public one, and says which checks that form allows. Nothing in the
    bundle is run. Exit code 1 and the file and line of the first fault if anything
    does not agree, if there is no bundle, or if it is not in the form in which it was published.
    The evidence of a case takes --key only.

    Example: gongjian verify bundle.zip --receipt receipt.json
    """
    if _is_case(path):
        for option, given_one in (("--receipt", receipt), ("--manifest", manifest)):
            if given_one:
                raise refusal("evidence.of_a_case", where=option, option=option)
        _verify_case(path, key.strip().lower())
        return
    try:
        with Files(str(path)) as files:
            given = (key.strip().lower(), manifest.strip().lower())
            if files.public:
                found, laws = found_in_public(files, *given, receipt), laws_of(files)
            else:
                read = read_bundle(files, *given)
                found, laws = found_in(files, read, receipt), judge(files, read).laws
            own = files.sha256(bundle.VERIFY) == bundle.sha256(standalone())
    except Fault as fault:
        _tell(fault)
        raise typer.Exit(BAD) from None
    if wants_json():
        told = {"ok": True, **found, "laws": laws, "verify_py_known": own}
        text = json_text(told)
    else:
        text = "\n".join([*lines_of(found), "", *_of_the_law(laws, own=own)])
    if not say(text):
        raise typer.Exit(BAD)


def _is_case(path: Path) -> bool:
    """Whether it is the evidence of a case, which names its format in the manifest."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with ZipFile(path) as archive:
            manifest = archive.getinfo("manifest.json")
            # Another packing is of no bundle, and what it raises of damage is of its own kind.
            if manifest.compress_type not in PACKINGS or manifest.file_size >= MOST_MANIFEST:
                return False
            return FORMAT.encode() in archive.read(manifest)
    except (*UNREADABLE, KeyError):  # what is wrong is told later
        return False


def _verify_case(path: Path, key: str) -> None:
    try:
        files = read_zip(str(path))
        found = check(files, key)
    except CaseFault as fault:
        told = {"ok": False, "kind": "case", "fault": str(fault)}
        say(json_text(told) if wants_json() else f"✗ {path}: {fault}")
        raise typer.Exit(BAD) from None
    own = files.get("verify.py") == standalone_case()
    if wants_json():
        say(json_text({"ok": True, **found, "verify_py_known": own}))
        return
    lines = lines_of_case(found)
    say("\n".join(lines if own else [*lines, said("evidence.other_verify")]))


def _tell(fault: Fault) -> None:
    if not wants_json():
        say("\n".join(lines_of_fault(fault)))
        return
    place = {"file": fault.file, "line": fault.line, "fault": fault.text}
    say(json_text({"ok": False, "kind": fault.kind, **place}))


def _of_the_law(laws: Mapping[str, str], *, own: bool) -> list[str]:
    """Whether the rules of the vote are those of the law, which its verify.py cannot know."""
    known = ", ".join(sorted({law for law in laws.values() if law}))
    unknown = ", ".join(sorted(name for name, law in laws.items() if not law))
    lines = ["规则与法律 The rule and the law"]
    if known:
        lines.append(f"  ✓ 规则就是法律的规定 the rule is that of the law: {known}")
    if unknown:
        lines.append(
            f"  ? 本版本不认识所用规则，请自行对照法律 a rule that this release does not know: {unknown}"
        )
    return lines if own else [*lines, said("evidence.other_verify")]
