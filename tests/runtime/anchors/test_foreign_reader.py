"""Checkpoints, cosignatures and proofs are read by a program that shares no line with ours.

It is made of the authors' own libraries: transparency-dev/formats and x/mod/sumdb/note for the C2SP forms,
transparency-dev/merkle for RFC 6962 (`reader/main.go`). Without a Go there is none to build it with.
"""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proof.merkle import Tree, inclusion_path, leaf_hash
from proof.notes import Checkpoint, NoteSignature, written_note
from proof.witness import COSIGNER_KEY, NOTE_KEY, KnownKey, cosign, leaf_of
from runtime.record.heads import head_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("go") is None, reason="no Go: apt install golang"),
]
SOURCE = Path(__file__).with_name("reader")
ORIGIN, COSIGNER, AT = (
    "gongjian/heads/0123456789ab",
    "gongjian/cosigner/ba9876543210",
    1_764_316_800,
)
CASES = 11


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The foreign program, built from its pinned modules."""
    program = tmp_path_factory.mktemp("reader") / "reader"
    build = ("go", "build", "-mod=readonly", "-o", str(program), ".")
    done = subprocess.run(build, cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


class Signer:
    """A key of ours, and the line by which others know it."""

    def __init__(self, name: str, kind: int, seed: int) -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = KnownKey(name, kind, self.secret.public_key().public_bytes_raw())


LOG, WITNESS = Signer(ORIGIN, NOTE_KEY, 1), Signer(COSIGNER, COSIGNER_KEY, 2)
HEADS = [head_of(f"r{number}", number + 1, f"{number:064x}") for number in range(CASES)]
HASHES = [leaf_hash(leaf_of(head)) for head in HEADS]


def a_note() -> tuple[Checkpoint, bytes]:
    """The head of a tree over some cases, signed and cosigned, as `gongjian anchor` writes it."""
    tree = Tree()
    tree.extend(HASHES)
    head = Checkpoint(ORIGIN, tree.size, tree.root())
    signed = NoteSignature(ORIGIN, LOG.key.id, LOG.secret.sign(head.text))
    return head, written_note(
        head.text, signed, cosign(WITNESS.key, WITNESS.secret.sign, head.text, AT)
    )


def asked(note: bytes, **more: Any) -> dict[str, Any]:
    keys = {"Log": LOG.key.line, "Origin": ORIGIN, "Cosigners": [WITNESS.key.line]}
    return {"Note": note.decode(), **keys, **more}


def said(reader: Path, question: dict[str, Any]) -> dict[str, Any] | str:
    """What the foreign program answers; a text where it does not hold."""
    done = subprocess.run(
        (str(reader),), input=json.dumps(question), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def proof_of(number: int) -> dict[str, Any]:
    path = [base64.b64encode(each).decode() for each in inclusion_path(HASHES, number)]
    leaf = base64.b64encode(leaf_of(HEADS[number])).decode()
    return {"Leaf": leaf, "Index": number, "Path": path}


@pytest.mark.parametrize("number", [0, 7, 10])
def test_the_authors_own_reader_reads_head_cosignature_and_proof(reader: Path, number: int) -> None:
    head, note = a_note()
    assert said(reader, asked(note, **proof_of(number))) == {
        "origin": ORIGIN,
        "size": CASES,
        "root": base64.b64encode(head.hash).decode(),
        "cosigned": {COSIGNER: AT},
    }


def test_it_refuses_what_was_changed(reader: Path) -> None:
    _, note = a_note()
    other_size = note.replace(b"\n11\n", b"\n12\n")
    stranger = Signer(ORIGIN, NOTE_KEY, 3).key.line
    unknown = Signer(COSIGNER, COSIGNER_KEY, 4).key.line
    assert "checkpoint" in said(reader, asked(other_size))
    assert "checkpoint" in said(reader, {**asked(note), "Log": stranger})
    assert said(reader, {**asked(note), "Cosigners": [unknown]})["cosigned"] == {}  # type: ignore[index]
    assert "proof" in said(reader, asked(note, **{**proof_of(3), "Index": 4}))
