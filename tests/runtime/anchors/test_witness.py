"""Cosignatures in the form of C2SP tlog-cosignature, checked here with the standard library and Ed25519 alone."""

import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proof.merkle import Tree, leaf_hash
from proof.notes import NoteMalformed, read_note, written_note
from proof.witness import (
    COSIGNER_KEY,
    NOTE_KEY,
    KnownKey,
    Submission,
    cosign,
    cosigned_at,
    read_key,
    read_submission,
    written_submission,
)

TEXT = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
AT = 1_679_315_147
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SECRET.public_key().public_bytes_raw()
KEY = KnownKey("witness.example.com/w1", COSIGNER_KEY, PUBLIC)


def test_a_cosignature_is_the_one_that_the_specification_describes() -> None:
    note = written_note(TEXT, cosign(KEY, SECRET.sign, TEXT, AT)).decode()
    text, _, line = note.partition("\n\n")
    mark, name, encoded = line.rstrip("\n").split(" ")
    blob = base64.b64decode(encoded)
    named = hashlib.sha256(name.encode() + b"\n\x04" + PUBLIC).digest()[:4]
    at = struct.unpack(">Q", blob[4:12])[0]
    assert (mark, name, blob[:4], at) == ("—", "witness.example.com/w1", named, AT)
    message = f"cosignature/v1\ntime {at}\n{text}\n".encode()
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(blob[12:], message)
    assert len(blob) == 4 + 8 + 64


def test_a_cosignature_holds_for_its_text_its_key_and_its_time_only() -> None:
    line = cosign(KEY, SECRET.sign, TEXT, AT)
    assert cosigned_at(KEY, TEXT, line) == AT
    assert cosigned_at(KEY, TEXT.replace(b"20852163", b"20852164"), line) is None
    assert cosigned_at(KEY._replace(name="other"), TEXT, line) is None
    assert cosigned_at(KEY._replace(kind=NOTE_KEY), TEXT, line) is None
    later = (AT + 1).to_bytes(8, "big") + line.signature[8:]
    assert cosigned_at(KEY, TEXT, line._replace(signature=later)) is None


@pytest.mark.parametrize("kind", [NOTE_KEY, COSIGNER_KEY])
def test_a_key_is_read_as_it_is_handed_on(kind: int) -> None:
    key = KEY._replace(kind=kind)
    assert read_key(f" {key.line}\n") == key
    name, named, rest = key.line.split("+", 2)
    for line in (
        "",
        name,
        f"{name}+{named}",
        f"{name}+00000000+{rest}",
        f"{name}+{named}+{rest[:8]}",
    ):
        with pytest.raises(NoteMalformed):
            read_key(line)


def test_a_submission_is_read_as_it_is_written_and_nothing_else_is() -> None:
    note = written_note(TEXT, cosign(KEY, SECRET.sign, TEXT, AT))
    given = Submission(3, (bytes(32), b"\1" * 32), note)
    assert read_submission(written_submission(given)) == given
    assert read_note(given.note)[0] == TEXT
    body = written_submission(given)
    for wrong in (b"", body.replace(b"old 3", b"old 03"), body.replace(b"old", b"new"), body[:40]):
        with pytest.raises(NoteMalformed):
            read_submission(wrong)
    with pytest.raises(NoteMalformed):
        read_submission(written_submission(given._replace(path=(bytes(32),) * 64)))


def test_a_tree_goes_on_growing_from_its_peaks() -> None:
    leaves = [leaf_hash(bytes((number,))) for number in range(23)]
    whole, tree = Tree(), Tree()
    whole.extend(leaves)
    for leaf in leaves:
        tree = Tree(tree.size, tree.peaks)
        tree.append(leaf)
    assert (tree.size, tree.root()) == (whole.size, whole.root())
    with pytest.raises(ValueError, match="peaks"):
        Tree(3, bytes(32))
