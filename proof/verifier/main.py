"""`verify.py`: what is checked, and in which order."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NamedTuple

from proof.verifier.asking import Motion, read_motions
from proof.verifier.counting import STATES, Box, Roll, read_ballots, read_roll, read_rulings
from proof.verifier.deciding import read_rules
from proof.verifier.packing import UNLISTED
from proof.verifier.printing import say
from proof.verifier.published import place_in_tree, read_public
from proof.verifier.reading import (
    Fault,
    Fields,
    Files,
    canonical,
    object_of,
)
from proof.verifier.receipt import (
    check_receipt,
    code_of,
    find_own,
    read_receipt,
    times_of,
    typed_code,
)
from proof.verifier.results import Found, check_result
from proof.verifier.saying import (
    CHECKS,
    OF_MENU,
    WITHOUT_BALLOTS,
    consequences,
    lines_of,
    lines_of_fault,
    reasons,
)
from proof.verifier.signing import signed

FORMATS = ("gongjian.voting/1", "gongjian.voting/2")
PUBLIC_FORMATS = ("gongjian.voting.public/1", "gongjian.voting.public/2")
"""Of bundles without opened ballots; the numbers are those of the formats above."""
HEAD = ("box_id", "closed_at", "roll_hash", "root", "tree_size")
PERIOD = ("opens_at", "closes_at")
"""What the signed head says beside it in format 2: between which moments ballots were cast."""


def check_manifest(files: Files, fingerprint: str) -> Fields:
    """Every file is the one that the manifest names by its hash, and the manifest is the signed one."""
    fields = Fields(object_of(files, "manifest.json"), "manifest.json", 0)
    fields.only("box_id", "files", "format", "renovation_id", "title")
    fields.text("format", PUBLIC_FORMATS if files.public else FORMATS)
    fields.text("box_id"), fields.text("renovation_id"), fields.text("title")
    listed = fields.inner("files")
    listed.only(*(name for name in files.expected if name not in UNLISTED))
    for name in sorted(listed.value):
        if files.sha256(name) != listed.hex(name, 32).hex():
            raise Fault(name, 0, "is not the file that the manifest names")
    if fingerprint and files.sha256("manifest.json") != fingerprint:
        raise Fault("manifest.json", 0, "is not the one whose SHA-256 was given")
    return fields


def check_signatures(files: Files, manifest: Fields, key: str) -> dict[str, object]:
    """The tree head and the whole bundle are signed with one key, the posted one if it is given."""
    box_id = manifest.text("box_id")
    head = Fields(object_of(files, "head.json"), "head.json", 0)
    names = HEAD if manifest.text("format").endswith("/1") else HEAD + PERIOD
    head.only(*names, "public_key", "signature")
    public = head.hex("public_key", 32)
    if key and public.hex() != key:
        raise head.fault("public_key", "is not the posted one")
    if head.text("box_id") != box_id:
        raise head.fault("box_id", "is that of another vote")
    (
        head.text("closed_at"),
        head.hex("roll_hash", 32),
        head.hex("root", 32),
        head.number("tree_size"),
    )
    message = canonical({name: head.value[name] for name in names})
    if not signed(public, message, head.hex("signature", 64)):
        raise head.fault("signature", "does not hold")
    if names != HEAD and not head.utc("opens_at") <= head.utc("closes_at") <= head.utc("closed_at"):
        raise head.fault("closed_at", "lies before the end of the period of the vote")
    whole = Fields(object_of(files, "signature.json"), "signature.json", 0)
    whole.only("public_key", "signature")
    if whole.hex("public_key", 32) != public:
        raise whole.fault("public_key", "is not that of head.json")
    if not signed(public, files.whole("manifest.json"), whole.hex("signature", 64)):
        raise whole.fault(
            "signature", "does not hold: the bundle is not the one that was published"
        )
    return head.value


class ReadBundle(NamedTuple):
    """A bundle whose files, signatures, roll and ballots agree; its result is not compared yet."""

    manifest: Fields
    head: dict[str, object]
    roll: Roll
    motions: dict[str, Motion]
    box: Box
    states: dict[str, int]
    """How many ballots there are in each state."""


def read_bundle(files: Files, key: str = "", fingerprint: str = "") -> ReadBundle:
    """Check everything but the result, which `check` and the rules of the project compare.

    Raises:
        Fault: the first thing that does not agree.
    """
    manifest = check_manifest(files, fingerprint)
    head = check_signatures(files, manifest, key)
    roll = read_roll(files)
    if roll.hash != head["roll_hash"]:
        raise Fault("roll.jsonl", 0, "is not the roll whose hash was signed")
    motions = read_motions(files)
    span = (str(head["opens_at"]), str(head["closes_at"])) if "opens_at" in head else None
    box = read_ballots(files, Box(manifest.text("box_id"), span, roll, motions))
    if len(box.leaves) != head["tree_size"]:
        text = f"{len(box.leaves)} ballots, the signed tree has {head['tree_size']}"
        raise Fault("ballots.jsonl", 0, text)
    if box.leaves.root().hex() != head["root"]:
        raise Fault("ballots.jsonl", 0, "are not the ballots whose root was signed")
    totals = box.check_states(read_rulings(files, roll, len(box.leaves)))
    return ReadBundle(manifest, head, roll, motions, box, dict(zip(STATES, totals)))


def check(path: str, key: str = "", fingerprint: str = "", receipt: str = "") -> dict[str, object]:
    """Check a bundle from the first byte to the outcome; what was found to agree.

    Raises:
        Fault: the first thing that does not agree.
    """
    with Files(path) as files:
        if files.public:
            return found_in_public(files, key, fingerprint, receipt)
        return found_in(files, read_bundle(files, key, fingerprint), receipt)


def found_in_public(
    files: Files, key: str = "", fingerprint: str = "", receipt: str = ""
) -> dict[str, object]:
    """What the public form of a bundle is found to agree with: its signatures, its tree, its decisions.

    Raises:
        Fault: the first thing that does not agree.
    """
    manifest = check_manifest(files, fingerprint)
    head = check_signatures(files, manifest, key)
    read = read_public(files, head)
    found = {
        **what_was_found(files, manifest, head, read.motions, read.results),
        **said_of_checks(public=True, menu=any(each.menu for each in read.motions.values())),
        "ballots": read.states,
        "roll": read.roll,
    }
    if receipt:
        timed = "opens_at" in head
        found["receipt"] = place_in_tree(read.leaves, manifest.text("box_id"), timed, receipt)
    return found


def found_in(files: Files, read: ReadBundle, receipt: str = "") -> dict[str, object]:
    """What the published result and, where it is given, a receipt are found to agree with.

    Raises:
        Fault: the first thing that does not agree.
    """
    rules = read_rules(files, read.motions)
    results = check_result(files, read.motions, rules, read.roll, read.box, read.states)
    found = {
        **what_was_found(files, read.manifest, read.head, read.motions, results),
        **said_of_checks(public=False, menu=any(each.menu for each in read.motions.values())),
        "ballots": read.states,
        "roll": read.roll.total(),
    }
    if receipt:
        found["receipt"] = own_ballot(files, read.box, receipt)
    return found


def what_was_found(
    files: Files,
    manifest: Fields,
    head: dict[str, object],
    motions: dict[str, Motion],
    results: dict[str, Found],
) -> dict[str, object]:
    """What both forms of a bundle say alike."""
    return {
        "box_id": manifest.text("box_id"),
        "closed_at": head["closed_at"],
        "extra": files.extra,
        **{name: head[name] for name in PERIOD if name in head},
        "manifest": files.sha256("manifest.json"),
        "outcomes": {name: each.outcome for name, each in results.items()},
        "reasons": {name: reasons_of(each) for name, each in results.items()},
        "public_key": head["public_key"],
        "renovation_id": manifest.text("renovation_id"),
        "root": head["root"],
        "scope": next(iter({motion.scope for motion in motions.values()}), ""),
        "tallies": {name: each.tally for name, each in results.items()},
        "title": manifest.text("title"),
        "titles": {name: motion.title for name, motion in motions.items()},
        "winners": {name: winners(each) for name, each in results.items()},
    }


def said_of_checks(*, public: bool, menu: bool) -> dict[str, object]:
    """Which checks this form of a bundle allows, by their names in `saying.CHECKS`, and which it does not."""
    names = [name for name in CHECKS if menu or name != OF_MENU]
    left = [name for name in names if public and name not in WITHOUT_BALLOTS]
    done = [name for name in names if name not in left]
    return {"form": "public" if public else "full", "checked": done, "not_checked": left}


def reasons_of(found: Found) -> list[str]:
    """Each test behind an outcome, of a menu those of its works too."""
    of_works = [f"{work}: {each}" for work, ruling in found.rulings for each in reasons(ruling)]
    return reasons(found.decided) + of_works + consequences(found.payers, found.second)


def winners(found: Found) -> list[str]:
    """The option or the works that won, or the options between which nothing is decided yet."""
    return list(found.works or ([found.winner] if found.winner else found.named))


def own_ballot(files: Files, box: Box, receipt: str) -> dict[str, object]:
    """The ballot of a receipt, given as a file or as its short code."""
    if not os.path.isfile(receipt):
        own = find_own(box, None, typed_code(receipt))
        return {**own, **times_in(files, box, own)}
    fields = read_receipt(receipt)
    leaf = check_receipt(fields, box.box_id, box.period is not None)
    own = find_own(box, leaf, code_of(leaf))
    times = times_in(files, box, own)
    for name, moment in times.items():
        if fields.text(name) != moment:
            raise fields.fault(name, f"is {moment} in ballots.jsonl")
    return {**own, **times, "signed_by": fields.text("public_key")}


def times_in(files: Files, box: Box, own: dict[str, object]) -> dict[str, object]:
    """When the own ballot was cast, where the format says it."""
    return {} if box.period is None else times_of(files, own["line"])


def main(arguments: list[str]) -> int:
    """Run the command line: 0 all agrees, 1 something does not, 2 nothing was checked."""
    parser = argparse.ArgumentParser(description="Check the evidence of a vote. 核验投票证据包。")
    here = os.path.dirname(os.path.abspath(sys.argv[0])) or "."
    parser.add_argument("bundle", nargs="?", default=here, help="zip file or folder")
    parser.add_argument("--receipt", default="", help="receipt file or code")
    parser.add_argument("--key", default="", help="public key on the posted notice, hex")
    parser.add_argument("--manifest", default="", help="SHA-256 on the posted notice, hex")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        keys = given.key.strip().lower(), given.manifest.strip().lower()
        found = check(given.bundle, keys[0], keys[1], given.receipt)
    except Fault as fault:
        shown = {
            "ok": False,
            "kind": fault.kind,
            "file": fault.file,
            "line": fault.line,
            "fault": fault.text,
        }
        text = canonical(shown).decode() if given.json else "\n".join(lines_of_fault(fault))
        return 1 if say(text) and fault.kind == Fault.kind else 2
    text = canonical({"ok": True, **found}).decode() if given.json else "\n".join(lines_of(found))
    return 0 if say(text) else 2
