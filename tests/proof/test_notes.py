import base64

import pytest

from proof.notes import (
    Checkpoint,
    NoteMalformed,
    NoteSignature,
    checkpoints_in,
    key_id,
    read_checkpoint,
    read_note,
    verifier_line,
    written_note,
)
from proof.verifier.signing import signed

# The example of the Go package golang.org/x/mod/sumdb/note, which the C2SP form comes from.
NAME = "PeterNeumann"
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
KEY = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
HEAD = Checkpoint("gongjian/renovation/r1", 7, bytes(range(32)))


def test_the_example_of_another_implementation_is_read_and_its_signature_holds() -> None:
    text, (signature,) = read_note(NOTE)
    assert signature.name == NAME
    assert signature.key_id == key_id(NAME, KEY) == bytes.fromhex("c74f20a3")
    assert verifier_line(NAME, KEY) == VERIFIER
    assert signed(KEY, text, signature.signature)
    assert not signed(KEY, text.replace(b"think", b"thank"), signature.signature)


def test_a_note_is_written_as_that_implementation_writes_it() -> None:
    text, signatures = read_note(NOTE)
    assert written_note(text, *signatures) == NOTE


def test_a_checkpoint_is_three_lines() -> None:
    assert HEAD.text == (
        b"gongjian/renovation/r1\n7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    assert read_checkpoint(HEAD.text) == HEAD


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nno signature\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE.replace("\u2014".encode(), b"-"),
        NOTE.replace(b"PeterNeumann ", b"PeterNeumann  "),
        NOTE.replace(b"x08g", b"x0!g"),
        b"\xff\n\n" + NOTE,
        NOTE + b"x" * 200_000,
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(NoteMalformed):
        read_note(note)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"origin\n7\n",
        HEAD.text.replace(b"\n7\n", b"\n07\n"),
        HEAD.text.replace(b"\n7\n", b"\n-7\n"),
        HEAD.text.replace(b"renovation/r1", b"renovation r1"),
        HEAD.text[:-2],
    ],
)
def test_what_is_no_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(NoteMalformed):
        read_checkpoint(text)


def test_a_file_of_notes_is_read_past_what_a_full_disk_has_cut_off() -> None:
    signature = NoteSignature(HEAD.origin, b"abcd", b"s" * 64)
    later = HEAD._replace(size=8)
    whole = written_note(HEAD.text, signature)
    file = whole + b"\n" + whole[:60] + b"\n" + written_note(later.text, signature) + b"\n"
    assert list(checkpoints_in(file.decode())) == [(HEAD, (signature,)), (later, (signature,))]
