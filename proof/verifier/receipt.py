"""The own ballot of a voter: found by the receipt, with its place in the tree."""

from __future__ import annotations

import json

from proof.verifier.counting import STATES, TIMES, Box
from proof.verifier.hashing import Leaves, leaf_of, root_of_path
from proof.verifier.reading import (
    MAX_LINE,
    Fault,
    Fields,
    Files,
    NoReceipt,
    canonical,
    exact_json,
    no_float,
    short_reason,
)
from proof.verifier.signing import signed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_DIGITS = 12
STATED = ("ballot_id", "box_id", "leaf_hash", "unit_number")
"""What a receipt states beside the times; in format 1 only the second of these."""
MISREAD = {"O": "0", "I": "1", "L": "1", "-": "", " ": ""}


def code_of(leaf: bytes) -> str:
    """The first 60 bits of a leaf hash as XXXX-XXXX-XXXX."""
    number = int.from_bytes(leaf[:8], "big") >> 4
    text = "".join(ALPHABET[number >> shift & 31] for shift in range(55, -1, -5))
    return "-".join((text[:4], text[4:8], text[8:]))


def typed_code(text: str) -> str:
    """A code as it is printed, however it was typed.

    Raises:
        NoReceipt: it is none.
    """
    digits = "".join(MISREAD.get(letter, letter) for letter in text.strip().upper())
    if len(digits) != CODE_DIGITS or any(digit not in ALPHABET for digit in digits):
        raise NoReceipt(
            "receipt", 0, f"is neither a file nor a code like 4F7K-9QX2-M0AD: {text[:40]!r}"
        )
    return "-".join((digits[:4], digits[4:8], digits[8:]))


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"a name stands there twice: {twice[:40]!r}")
    return fields


_ONCE = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_float=no_float, parse_constant=no_float
)


def read_receipt(path: str) -> Fields:
    """The receipt in a file; it may be written with any spaces and line feeds, but each name once.

    An editor may have put the mark of UTF-8 before it.

    Raises:
        NoReceipt: it cannot be read, or is no JSON object.
        Fault: it holds a float or a name twice.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_LINE)
    except OSError as error:
        raise NoReceipt("receipt", 0, f"cannot be read: {error.strerror}") from None
    try:
        value = _ONCE.decode(raw.decode("utf-8-sig"))
        written = canonical(value)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise NoReceipt("receipt", 0, f"is no JSON: {short_reason(error)}") from None
    except ValueError as error:
        raise Fault("receipt", 0, f"is no exact JSON: {short_reason(error)}") from None
    if not isinstance(value, dict):
        raise NoReceipt("receipt", 0, "is no JSON object")
    return Fields(exact_json(written, "receipt"), "receipt", 0)


def check_receipt(fields: Fields, box_id: str, timed: bool) -> bytes:
    """Was the receipt signed as it stands, for this vote? The leaf that it names.

    `timed`: the format of the vote says when each ballot was cast.
    """
    if fields.text("box_id") != box_id:
        raise fields.fault("box_id", "is that of another vote")
    own = canonical({name: fields.text(name) for name in STATED + TIMES[not timed :]})
    batch = fields.inner("batch")
    size, path = batch.number("size"), batch.hashes("path")
    root = root_of_path(leaf_of(own), batch.number("index"), size, path)
    if root is None:
        raise batch.fault("path", "does not fit its place")
    statement = {
        "batch": batch.text("id"),
        "batch_root": root.hex(),
        "box_id": box_id,
        "size": size,
    }
    key, signature = fields.hex("public_key", 32), fields.hex("signature", 64)
    if not signed(key, canonical(statement), signature):
        raise fields.fault("signature", "does not hold: the receipt was changed or never given out")
    return fields.hex("leaf_hash", 32)


def times_of(files: Files, line: object) -> dict[str, object]:
    """When the ballot of a line was cast and recorded, as its leaf has it."""
    for number, raw in files.lines("ballots.jsonl"):
        if number == line:
            value = exact_json(raw, "ballots.jsonl", number)
            return {name: value[name] for name in TIMES}
    raise Fault("ballots.jsonl", 0, "has changed meanwhile")


def find_own(box: Box, leaf: bytes | None, code: str) -> dict[str, object]:
    """State and inclusion proof of the ballot with this leaf or code.

    Raises:
        Fault: no ballot has it: a ballot that got a receipt is missing.
    """
    place = place_of(box.leaves, leaf, code)
    return {**place, "state": STATES[box.state[int(str(place["index"]))]]}


def place_of(leaves: Leaves, leaf: bytes | None, code: str) -> dict[str, object]:
    """The place of a leaf in the tree, with its way to the root.

    Raises:
        Fault: no leaf is the one, or has the code: a ballot that got a receipt is missing.
    """
    for index in range(len(leaves)):
        found = leaves.at(index)
        if found == leaf or (leaf is None and code_of(found) == code):
            path = leaves.path(index)
            if root_of_path(found, index, len(leaves), path) != leaves.root():
                raise Fault("receipt", 0, "has no way to the root")
            return {
                "code": code_of(found),
                "index": index,
                "leaf": found.hex(),
                "line": index + 1,
                "path": [part.hex() for part in path],
                "size": len(leaves),
            }
    raise Fault("receipt", 0, f"no ballot of this vote has the code {code}: tell the committee")
