"""A voter with a receipt finds the own ballot in a bundle, or learns that it is missing."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from proof import merkle
from proof.ballots import Times
from proof.bundle import contents as bundle
from proof.canonical import canonical_json
from proof.receipts import SignedReceipt, check_receipt, short_code
from proof.verifier.main import check, main
from proof.verifier.reading import Fault
from tests.proof.test_evidence_receipts import signed
from tests.support.files import bundles
from tests.support.files.bundles import GOOD, KEY, PUBLIC_KEY, written

LINES = [json.loads(line) for line in GOOD[bundle.BALLOTS].splitlines()]
LEAVES = [bytes.fromhex(line["leaf"]) for line in LINES]


def receipt_of(
    leaf: bytes, box_id: str = bundles.BOX, times: Times | None = None
) -> dict[str, Any]:
    """A receipt as the service gives it, signed alone; of the times of the ballot with the leaf."""
    at = LEAVES.index(leaf) if leaf in LEAVES else 0
    own = {
        **asdict(times or bundles.times_of(at)),
        "ballot_id": leaf.hex()[:32],
        "box_id": box_id,
        "leaf_hash": leaf.hex(),
        "unit_number": "1-01",
    }
    root = merkle.leaf_hash(canonical_json(own)).hex()
    statement: dict[str, Any] = {"batch": "b", "batch_root": root, "box_id": box_id, "size": 1}
    return {
        **own,
        "batch": {"id": "b", "index": 0, "size": 1, "path": []},
        "code": short_code(leaf),
        "public_key": PUBLIC_KEY,
        "signature": KEY.sign(canonical_json(statement)).hex(),
    }


def kept(folder: Path, receipt: dict[str, Any]) -> str:
    path = folder / "receipt.json"
    path.write_text(json.dumps(receipt, indent=2))
    return str(path)


@pytest.mark.parametrize("index", range(len(LEAVES)))
def test_a_code_finds_the_ballot_with_its_state_and_proof(tmp_path: Path, index: int) -> None:
    found: dict[str, Any] = check(
        written(tmp_path, GOOD), receipt=short_code(LEAVES[index]).lower()
    )
    own = found["receipt"]
    path = [bytes.fromhex(part) for part in own["path"]]
    root = merkle.root_from_path(LEAVES[index], own["index"], own["size"], path)
    assert (own["index"], own["state"]) == (index, LINES[index]["state"])
    assert root.hex() == found["root"]


def test_a_receipt_file_finds_the_ballot(tmp_path: Path) -> None:
    receipt = kept(tmp_path, receipt_of(LEAVES[4]))
    own: Any = check(written(tmp_path, GOOD), receipt=receipt)["receipt"]
    assert (own["index"], own["state"]) == (4, "superseded")
    assert Times(own["cast_at"], own["recorded_at"]) == bundles.times_of(4)


def test_the_product_accepts_the_same_receipt() -> None:
    check_receipt(SignedReceipt.model_validate(receipt_of(LEAVES[4])), signed, PUBLIC_KEY)


def test_a_receipt_whose_ballot_is_gone_is_missed(tmp_path: Path) -> None:
    gone = merkle.leaf_hash(b"a ballot that somebody took out of the database")
    with pytest.raises(Fault, match="no ballot of this vote"):
        check(written(tmp_path, GOOD), receipt=kept(tmp_path, receipt_of(gone)))
    with pytest.raises(Fault, match="no ballot of this vote"):
        check(written(tmp_path, GOOD), receipt=short_code(gone))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit_number", "9-9"),
        ("cast_at", "2026-03-11T08:00:00.000000+00:00"),
        ("recorded_at", "2026-03-09T08:00:00.000000+00:00"),
        ("leaf_hash", LEAVES[0].hex()),
        ("signature", "0" * 128),
        ("batch", {"id": "c", "index": 0, "size": 1, "path": []}),
        ("batch", {"id": "b", "index": 0, "size": 2, "path": ["0" * 64]}),
    ],
)
def test_a_receipt_that_nobody_gave_out_is_told_from_a_true_one(
    tmp_path: Path, field: str, value: object
) -> None:
    forged = receipt_of(LEAVES[4]) | {field: value}
    with pytest.raises(Fault, match="signature"):
        check(written(tmp_path, GOOD), receipt=kept(tmp_path, forged))


@pytest.mark.parametrize("name", ["cast_at", "recorded_at"])
def test_a_receipt_that_was_signed_for_another_moment_than_its_ballots_is_told(
    tmp_path: Path, name: str
) -> None:
    other = replace(bundles.times_of(4), **{name: "2026-03-11T09:00:00.000000+00:00"})
    lying = receipt_of(LEAVES[4], times=other)
    with pytest.raises(Fault, match=rf"{name} is .* in ballots.jsonl"):
        check(written(tmp_path, GOOD), receipt=kept(tmp_path, lying))


def test_a_receipt_that_does_not_state_when_its_ballot_was_cast_is_none(tmp_path: Path) -> None:
    silent = receipt_of(LEAVES[4])
    del silent["cast_at"]
    with pytest.raises(Fault, match="cast_at is no text"):
        check(written(tmp_path, GOOD), receipt=kept(tmp_path, silent))


def test_a_receipt_of_another_vote_is_not_looked_for(tmp_path: Path) -> None:
    other = receipt_of(LEAVES[4], "renovation-1.2")
    with pytest.raises(Fault, match="another vote"):
        check(written(tmp_path, GOOD), receipt=kept(tmp_path, other))


NO_RECEIPTS = ["no code", "", "[]", "{", "[" * 5_000]


@pytest.mark.parametrize("text", NO_RECEIPTS)
def test_what_is_no_receipt_is_told_as_that_and_not_as_a_contradiction(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    for given in (str(path), "4F7K", str(tmp_path), str(tmp_path / "recieptt.json")):
        assert main([written(tmp_path, GOOD), "--receipt", given]) == 2
        said = capsys.readouterr().out
        assert said.count("NO RECEIPT: receipt: ") == 1
        assert "Your ballot was not looked for" in said
        assert "keep the receipt" not in said


@pytest.mark.parametrize("text", ['{"box_id":1.5}', '{"box_id":"a","box_id":"b"}'])
def test_a_receipt_that_says_two_things_is_a_contradiction(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    assert main([written(tmp_path, GOOD), "--receipt", str(path)]) == 1
    said = capsys.readouterr().out
    assert said.count("FAULT: receipt: ") == 1
    assert said.count("keep the receipt") == 1


def test_a_receipt_that_an_editor_saved_with_its_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt_of(LEAVES[4]), indent=2), encoding="utf-8-sig")
    for files in (GOOD, bundles.public_of(GOOD)):
        own: Any = check(written(tmp_path, files), receipt=str(path))["receipt"]
        assert own["index"] == 4
