"""A bundle of format 1, made by the release that had no other: it holds for ever, and no other does.

`cases/evidence-1.zip` is what `gongjian evidence voting` wrote then of a vote with a changed mind, a
contest and a proxy; the receipt beside it is one that the service of then had given out.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from proof.bundle import contents as bundle
from proof.canonical import canonical_json
from proof.receipts import SignedReceipt, check_receipt
from proof.verifier.main import check
from proof.verifier.reading import Fault
from tests.proof.test_evidence_verify import both, closed_as, set_field, trusted
from tests.support.box import BOX_KEYS
from tests.support.files.bundles import Bundle, changed, written

CASES = Path(__file__).parent / "cases"
ZIP, RECEIPT = CASES / "evidence-1.zip", CASES / "evidence-1.receipt.json"
OUTCOMES = {"works": "passed", "costs": "passed"}
SIGNER = BOX_KEYS.signer
MOMENT = "2026-11-26T20:03:49.997914+00:00"
with zipfile.ZipFile(ZIP) as packed:
    GOOD: Bundle = {name: packed.read(name) for name in packed.namelist()}


def signed(files: Bundle) -> Bundle:
    """The files under a manifest of their own, by who held the key of this vote."""
    said = json.loads(files[bundle.MANIFEST])
    said["files"] = {name: bundle.sha256(files[name]) for name in bundle.LISTED}
    manifest = bundle.line(said)
    seal = bundle.signature_file(SIGNER.public_key, SIGNER.sign(manifest))
    return {**files, bundle.MANIFEST: manifest, bundle.SIGNATURE: seal}


def headed(files: Bundle, **more: str) -> Bundle:
    """With a head that says more, signed."""
    head = json.loads(files[bundle.HEAD]) | more
    statement = {n: v for n, v in head.items() if n not in ("public_key", "signature")}
    head["signature"] = SIGNER.sign(canonical_json(statement)).hex()
    return {**files, bundle.HEAD: bundle.line(head)}


def as_format_2(files: Bundle) -> Bundle:
    manifest = set_field("format", bundle.FORMATS[2])
    return headed(changed(files, bundle.MANIFEST, manifest), opens_at=MOMENT, closes_at=MOMENT)


def test_a_bundle_of_format_1_holds_in_both_ways() -> None:
    assert json.loads(GOOD[bundle.MANIFEST])["format"] == "gongjian.voting/1"
    assert both(str(ZIP)) == (OUTCOMES, OUTCOMES)


def test_resigned_as_it_was_it_is_the_same_bundle(tmp_path: Path) -> None:
    assert headed(signed(GOOD)) == GOOD
    assert both(written(tmp_path, GOOD)) == (OUTCOMES, OUTCOMES)


def test_the_command_verifies_it_and_finds_the_ballot_of_a_receipt_of_then() -> None:
    arguments = [
        "verify",
        str(ZIP),
        "--json",
        "--key",
        SIGNER.public_key,
        "--receipt",
        str(RECEIPT),
    ]
    result = CliRunner().invoke(app, arguments)
    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["ballots"]["counted"]) == (0, True, 10)
    assert (found["receipt"]["state"], found["receipt"]["line"]) == ("counted", 4)
    assert not {"cast_at", "recorded_at", "opens_at", "closes_at"} & (
        found.keys() | found["receipt"].keys()
    )


def test_the_receipt_of_then_holds_and_a_changed_one_does_not(tmp_path: Path) -> None:
    receipt = json.loads(RECEIPT.read_text())
    check_receipt(SignedReceipt.model_validate(receipt), trusted)
    changed_receipt = tmp_path / "receipt.json"
    changed_receipt.write_text(json.dumps(receipt | {"recorded_at": MOMENT.replace("49", "48")}))
    with pytest.raises(Fault, match="signature"):
        check(str(ZIP), receipt=str(changed_receipt))


LIES: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "a choice is turned": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, set_choice("works", "no"), 4),
    ),
    "a ballot is set aside": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, closed_as("set_aside"), 4),
    ),
    "a ballot says when it was recorded": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, set_field("recorded_at", MOMENT), 4),
    ),
    "a ballot says when it was cast": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, set_field("cast_at", MOMENT), 4),
    ),
    "the last ballot is gone": (
        "ballots.jsonl",
        lambda b: {**b, bundle.BALLOTS: b"".join(b[bundle.BALLOTS].splitlines(keepends=True)[:-1])},
    ),
    "the head names a period": ("head.json", lambda b: headed(b, opens_at=MOMENT)),
    "the format is the next one": (
        "head.json",
        lambda b: changed(b, bundle.MANIFEST, set_field("format", bundle.FORMATS[2])),
    ),
    "the format and the head are the next ones": ("ballots.jsonl", as_format_2),
    "the format is none": (
        "manifest.json",
        lambda b: changed(b, bundle.MANIFEST, set_field("format", "gongjian.voting/3")),
    ),
}


def set_choice(motion: str, word: str) -> Callable[[dict], None]:
    def change(fields: dict) -> None:
        fields["choices"][motion] = word

    return change


@pytest.mark.parametrize("lie", LIES)
def test_a_changed_bundle_of_format_1_does_not_hold_though_it_is_signed(
    tmp_path: Path, lie: str
) -> None:
    place, tell = LIES[lie]
    for file in both(written(tmp_path, signed(tell(GOOD)))):
        assert isinstance(file, str)
        assert file.split(",")[0] == place


@pytest.mark.parametrize("name", [name for name in sorted(GOOD) if name != bundle.SIGNATURE])
def test_without_the_key_no_file_of_it_can_be_changed(tmp_path: Path, name: str) -> None:
    for file in both(written(tmp_path, {**GOOD, name: GOOD[name] + b"\n"})):
        assert isinstance(file, str)
