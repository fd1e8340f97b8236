"""A bundle judged by the rules of this project: the same questions as `verify.py`, in other code.

Every step raises `Refused` with `evidence.fault` at the first thing that does not agree; `where` is
the file and the line.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from proof.bundle import contents as bundle
from proof.bundle.judging import compare_result
from proof.bundle.opened_box import Holder, OpenedBox
from proof.bundle.shapes import (
    BallotWithTimes,
    BundleBallot,
    BundleEntry,
    Head,
    HeadOfPeriod,
    Manifest,
    Motions,
    RulingEntry,
    Signature,
    fault_at,
    read_value,
)
from proof.canonical import canonical_json
from proof.receipts import Signed
from proof.verifier.reading import Fault, Files
from rules.ballots.states import RulingReference


@dataclass(frozen=True)
class Checked:
    """What was found to agree."""

    box_id: str
    public_key: str
    manifest: str
    """SHA-256 of manifest.json."""
    root: str
    ballots: Mapping[bundle.BallotState, int]
    outcomes: Mapping[str, str]
    verify_py: str
    """SHA-256 of the bundle's verify.py."""


def check_bundle(files: Files, signed: Signed) -> Checked:
    """Check a bundle as a whole: hashes, signatures, tree, states, count, decisions.

    Raises:
        Refused: `evidence.fault`, with the file and line of the first fault.
    """
    try:
        manifest = _manifest(files)
        head = _head(files, manifest, signed)
        roll = _roll(files, head)
        motions = read_value(Motions, files.whole(bundle.MOTIONS), bundle.MOTIONS).motions
        box = OpenedBox(manifest, head, roll, {motion.id: motion for motion in motions})
        shape = BallotWithTimes if isinstance(head, HeadOfPeriod) else BundleBallot
        for number, raw in files.lines(bundle.BALLOTS):
            box.take(number, read_value(shape, raw + b"\n", bundle.BALLOTS, number))
        box.compare_tree(head)
        box.compare_states(_rulings(files, roll, box.tree.size))
        outcomes = compare_result(files, motions, box)
    except Fault as fault:
        raise fault_at(fault.file, fault.line, fault.text) from None
    return Checked(
        box_id=manifest.box_id,
        public_key=head.public_key,
        manifest=files.sha256(bundle.MANIFEST),
        root=head.root,
        ballots=box.states,
        outcomes=outcomes,
        verify_py=manifest.files[bundle.VERIFY],
    )


def _manifest(files: Files) -> Manifest:
    manifest = read_value(Manifest, files.whole(bundle.MANIFEST), bundle.MANIFEST)
    if tuple(sorted(manifest.files)) != tuple(sorted(bundle.LISTED)):
        raise fault_at(bundle.MANIFEST, 0, "lists other files than a bundle has")
    for name, known in manifest.files.items():
        if files.sha256(name) != known:
            raise fault_at(name, 0, "has another SHA-256 than the manifest says")
    return manifest


def _head(files: Files, manifest: Manifest, signed: Signed) -> Head:
    shape = HeadOfPeriod if manifest.box_format > 1 else Head
    head = read_value(shape, files.whole(bundle.HEAD), bundle.HEAD)
    seal = read_value(Signature, files.whole(bundle.SIGNATURE), bundle.SIGNATURE)
    if head.box_id != manifest.box_id:
        raise fault_at(bundle.HEAD, 0, "belongs to another vote")
    if seal.public_key != head.public_key:
        raise fault_at(bundle.SIGNATURE, 0, "has another key than the tree head")
    key = bytes.fromhex(head.public_key)
    statement = canonical_json(head.model_dump(exclude={"public_key", "signature"}))
    if not signed(key, statement, bytes.fromhex(head.signature)):
        raise fault_at(bundle.HEAD, 0, "signature does not hold")
    if not signed(key, files.whole(bundle.MANIFEST), bytes.fromhex(seal.signature)):
        raise fault_at(bundle.SIGNATURE, 0, "signature does not hold")
    if isinstance(head, HeadOfPeriod) and not head.opens_at <= head.closes_at <= head.closed_at:
        raise fault_at(bundle.HEAD, 0, "was signed before the period of the vote was over")
    return head


def _roll(files: Files, head: Head) -> dict[str, Holder]:
    roll: dict[str, Holder] = {}
    digest, before = hashlib.sha256(), ""
    for number, raw in files.lines(bundle.ROLL):
        digest.update(raw + b"\n")
        entry = read_value(BundleEntry, raw + b"\n", bundle.ROLL, number)
        if entry.entry <= before:
            raise fault_at(bundle.ROLL, number, "entries are sorted, each once")
        before = entry.entry
        roll[entry.entry] = Holder(
            *entry.weights, entry.developer, entry.excluded_reason is not None
        )
    if digest.hexdigest() != head.roll_hash:
        raise fault_at(bundle.ROLL, 0, "has another hash than the signed one")
    return roll


def _rulings(
    files: Files, roll: Mapping[str, Holder], size: int
) -> dict[str, list[RulingReference]]:
    rulings: dict[str, list[RulingReference]] = defaultdict(list)
    before = ("", 0)
    for number, raw in files.lines(bundle.RULINGS):
        ruling = read_value(RulingEntry, raw + b"\n", bundle.RULINGS, number)
        if (ruling.entry, ruling.number) <= before:
            raise fault_at(bundle.RULINGS, number, "rulings are sorted, each once")
        if ruling.entry not in roll:
            raise fault_at(bundle.RULINGS, number, "is about nobody on the roll")
        if (ruling.kind == "accepted") != (ruling.leaf is not None):
            raise fault_at(bundle.RULINGS, number, "a ballot belongs to an accepting ruling")
        if ruling.up_to > size:
            raise fault_at(bundle.RULINGS, number, "settles more ballots than there are")
        before = (ruling.entry, ruling.number)
        rulings[ruling.entry].append(RulingReference(ruling.kind, ruling.leaf, ruling.up_to))
    return rulings
