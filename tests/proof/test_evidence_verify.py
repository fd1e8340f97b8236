"""The bundle's own `verify.py` and the judgement of the rules: they agree, and nothing false passes.

Both read a bundle with the same code. What it is worth, each says by its own.
"""

import ast
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proof.bundle import contents as bundle
from proof.bundle.judging import judge
from proof.canonical import canonical_json
from proof.receipts import short_code
from proof.verifier import standalone
from proof.verifier.main import check, read_bundle
from proof.verifier.reading import Fault, Files
from tests.support.files import bundles
from tests.support.files.bundles import (
    Bundle,
    Cast,
    changed,
    example,
    headed,
    sealed,
    signed,
    written,
)
from tests.support.slow import examples

GOOD = bundles.GOOD
NAMES = sorted(GOOD)
LINES = (bundle.ROLL, bundle.BALLOTS, bundle.RULINGS)
SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=examples(150),
)


def trusted(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def by_house(path: str) -> dict[str, str] | str:
    """The outcomes, or the place of the first fault."""
    try:
        with Files(path) as files:
            return judge(files, read_bundle(files)).outcomes
    except Fault as fault:
        return fault.file if fault.line == 0 else f"{fault.file}, line {fault.line}"


def by_script(path: str) -> dict[str, str] | str:
    try:
        found: dict[str, Any] = check(path)
    except Fault as fault:
        return fault.file if fault.line == 0 else f"{fault.file}, line {fault.line}"
    outcomes: dict[str, str] = found["outcomes"]
    return outcomes


def both(path: str) -> tuple[dict[str, str] | str, dict[str, str] | str]:
    return by_script(path), by_house(path)


def test_a_true_bundle_is_accepted_by_both(tmp_path: Path) -> None:
    outcomes = {"lift": "passed", "paint": "passed"}
    assert both(written(tmp_path, GOOD)) == (outcomes, outcomes)


class Watched(Files):
    """Remembers which files of the bundle are opened."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.read: set[str] = set()

    def pieces(self, name: str) -> Iterator[bytes]:
        self.read.add(name)
        return super().pieces(name)


def test_the_judgement_of_the_rules_reads_no_ballot_again(tmp_path: Path) -> None:
    """So that it costs nothing beside the reading, however many ballots there are."""
    files = Watched(written(tmp_path, GOOD))
    with files:
        read = read_bundle(files)
        assert files.read >= set(LINES)
        files.read.clear()
        judge(files, read)
        assert not files.read & set(LINES)


def test_an_unpacked_bundle_is_accepted_too(tmp_path: Path) -> None:
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    assert both(str(tmp_path)) == (by_script(written(tmp_path.parent, GOOD)),) * 2


def test_the_same_vote_makes_the_same_bundle() -> None:
    assert example().bundle() == GOOD


def test_a_vote_without_a_ballot_can_be_verified(tmp_path: Path) -> None:
    vote = example()
    vote.casts, vote.rulings = [], []
    outcomes = {"lift": "failed", "paint": "lapsed"}
    assert both(written(tmp_path, vote.bundle())) == (outcomes, outcomes)


@pytest.mark.parametrize("silence", ["no_vote", "follow_majority"])
@pytest.mark.parametrize("yes", range(13))
def test_both_decide_alike_at_every_count(tmp_path: Path, yes: int, silence: str) -> None:
    vote = example()
    words = ["yes"] * yes + ["no"] * (12 - yes)
    vote.casts = [
        Cast(entry.name, {"lift": word})
        for entry, word in zip(vote.entries[:11], words, strict=False)
        if entry.name not in ("1-02", "1-05", "1-08")
    ]
    vote.rulings = []
    vote.rule = bundles.RULE.model_copy(
        update={"silence": bundles.RULE.silence.model_copy(update={"kind": silence})}
    )
    script, ours = both(written(tmp_path, vote.bundle()))
    assert script == ours
    assert isinstance(script, dict)


@pytest.mark.parametrize("void", range(5))
def test_both_say_that_void_ballots_were_not_silent(tmp_path: Path, void: int) -> None:
    vote = example()
    names = [entry.name for entry in vote.entries[:11]]
    words = ["yes"] * 6 + ["no"] * (5 - void) + ["invalid"] * void
    vote.casts = [
        Cast(name, {"lift": word}, channel="paper") for name, word in zip(names, words, strict=True)
    ]
    vote.rulings = []
    vote.rule = bundles.RULE.model_copy(
        update={"silence": bundles.RULE.silence.model_copy(update={"kind": "follow_majority"})}
    )
    script, ours = both(written(tmp_path, vote.bundle()))
    assert script == ours


def test_both_say_that_without_a_vote_nothing_is_adopted(tmp_path: Path) -> None:
    vote = example()
    vote.casts, vote.rulings = [], []
    vote.rule = bundles.RULE.model_copy(update={"quorum": ()})
    outcomes = {"lift": "failed", "paint": "lapsed"}
    assert both(written(tmp_path, vote.bundle())) == (outcomes, outcomes)


# What somebody who has the key can sign, and still cannot get past anybody.


def set_field(name: str, value: object) -> Callable[[dict], None]:
    def change(fields: dict) -> None:
        fields[name] = value

    return change


def in_result(*path: str, value: object) -> Callable[[dict], None]:
    def change(fields: Any) -> None:
        for part in path[:-1]:
            fields = fields[int(part) if isinstance(fields, list) else part]
        fields[path[-1]] = value

    return change


def without_line(files: Bundle, name: str, line: int) -> Bundle:
    lines = files[name].splitlines(keepends=True)
    del lines[line - 1]
    return {**files, name: b"".join(lines)}


def with_leaf(fields: dict) -> None:
    """Give a changed ballot the leaf that belongs to it."""
    data = {
        name: fields[name] for name in fields if name not in ("choices", "leaf", "nonce", "state")
    }
    fields["leaf"] = bundles.leaf_hash_of(data).hex()


def flipped_choice(fields: dict) -> None:
    fields["choices"]["lift"] = "no"


def forged_ballot(fields: dict) -> None:
    """Another choice under a new commitment, with a new leaf: only the signed tree knows better."""
    flipped_choice(fields)
    opened = bytes.fromhex(fields["nonce"]) + canonical_json(fields["choices"])
    fields["commitment"] = bundle.sha256(opened)
    with_leaf(fields)


def heavier(fields: dict) -> None:
    fields["area_dm2"] += 1
    with_leaf(fields)


LIES: dict[str, tuple[str, Callable[[Bundle], Bundle]]] = {
    "a choice is turned": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.BALLOTS, flipped_choice, 2),
    ),
    "a choice is turned with commitment and leaf": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, forged_ballot, 2),
    ),
    "a ballot is dropped": ("ballots.jsonl", lambda b: without_line(b, bundle.BALLOTS, 8)),
    "the last ballot is dropped": ("ballots.jsonl", lambda b: without_line(b, bundle.BALLOTS, 15)),
    "a ballot weighs more than the roll says": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.BALLOTS, heavier, 2),
    ),
    "an entry is dropped from the roll": ("roll.jsonl", lambda b: without_line(b, bundle.ROLL, 3)),
    "an entry is excluded after the vote": (
        "roll.jsonl",
        lambda b: changed(b, bundle.ROLL, set_field("excluded_reason", "arrears"), 3),
    ),
    "a superseded ballot is counted": (
        "ballots.jsonl, line 1",
        lambda b: changed(b, bundle.BALLOTS, set_field("state", "counted"), 1),
    ),
    "a counted ballot is set aside": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.BALLOTS, closed_as("set_aside"), 2),
    ),
    "a proxy's ballot is called contested": (
        "ballots.jsonl, line 5",
        lambda b: changed(b, bundle.BALLOTS, set_field("state", "contested"), 5),
    ),
    "a ruling is invented": (
        "ballots.jsonl, line 9",
        lambda b: {**b, bundle.RULINGS: invented(b)},
    ),
    "a ruling is dropped": ("ballots.jsonl, line 13", lambda b: {**b, bundle.RULINGS: kept(b)}),
    "the count is another": (
        "result.json",
        lambda b: changed(
            b, bundle.RESULT, in_result("motions", "lift", "tally", "yes_heads", value=9)
        ),
    ),
    "the area is another": (
        "result.json",
        lambda b: changed(
            b, bundle.RESULT, in_result("motions", "lift", "tally", "no_area_dm2", value=1)
        ),
    ),
    "a verdict is turned": (
        "result.json",
        lambda b: changed(
            b, bundle.RESULT, in_result("motions", "lift", "decision", "verdict", value="FAIL")
        ),
    ),
    "an outcome is turned": (
        "result.json",
        lambda b: changed(
            b, bundle.RESULT, in_result("motions", "paint", "outcome", value="lapsed")
        ),
    ),
    "the whole is not adopted": (
        "result.json",
        lambda b: changed(b, bundle.RESULT, set_field("adopted", False)),
    ),
    "a check needs less": (
        "result.json",
        lambda b: changed(
            b,
            bundle.RESULT,
            in_result("motions", "lift", "decision", "checks", "0", "need", value=1),
        ),
    ),
    "a bar is lower in the rule than in the decision": (
        "result.json",
        lambda b: changed(
            b,
            bundle.RULES,
            in_result("motions", "lift", "quorum", "0", "fraction", value="1/2"),
        ),
    ),
    "the roll sums up to less": (
        "result.json",
        lambda b: changed(b, bundle.RESULT, in_result("roll", "heads", value=10)),
    ),
    "fewer ballots were contested": (
        "result.json",
        lambda b: changed(b, bundle.RESULT, in_result("ballots", "contested", value=0)),
    ),
    "one is written as true": (
        "result.json",
        lambda b: changed(b, bundle.RESULT, in_result("ballots", "set_aside", value=True)),
    ),
    "the largest owner is smaller": (
        "result.json",
        lambda b: changed(b, bundle.RESULT, in_result("concentration", "area_dm2", value=8_000)),
    ),
    "a motion is not asked": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.MOTIONS, lambda fields: fields["motions"].pop()),
    ),
    "a motion no longer depends": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.MOTIONS, in_result("motions", "0", "id", value="lifts")),
    ),
    "a ballot was cast at another moment": (
        "ballots.jsonl, line 2",
        lambda b: changed(b, bundle.BALLOTS, set_field("cast_at", bundles.times_of(8).cast_at), 2),
    ),
    "a ballot was cast at another moment, with its leaf": (
        "ballots.jsonl",
        lambda b: changed(b, bundle.BALLOTS, moved_to(bundles.times_of(8).cast_at), 2),
    ),
    "a ballot was recorded at another moment": (
        "ballots.jsonl, line 2",
        lambda b: changed(
            b, bundle.BALLOTS, set_field("recorded_at", bundles.times_of(8).recorded_at), 2
        ),
    ),
    "the vote was open for longer": (
        "head.json",
        lambda b: changed(
            b, bundle.HEAD, set_field("opens_at", "2026-03-01T00:00:00.000000+00:00")
        ),
    ),
    "the bundle is of the format before": (
        "head.json",
        lambda b: changed(b, bundle.MANIFEST, set_field("format", bundle.FORMATS[1])),
    ),
    "the head is another vote's": (
        "head.json",
        lambda b: changed(b, bundle.HEAD, set_field("box_id", "renovation-1.2")),
    ),
    "the head is of another moment": (
        "head.json",
        lambda b: changed(
            b, bundle.HEAD, set_field("closed_at", "2026-03-21T08:00:00.000000+00:00")
        ),
    ),
    "the tree is smaller": (
        "head.json",
        lambda b: changed(b, bundle.HEAD, set_field("tree_size", 14)),
    ),
}


def moved_to(moment: str) -> Callable[[dict], None]:
    def change(fields: dict) -> None:
        fields["cast_at"] = moment
        with_leaf(fields)

    return change


def closed_as(state: str) -> Callable[[dict], None]:
    def change(fields: dict) -> None:
        fields["state"] = state
        del fields["choices"], fields["nonce"]

    return change


def invented(files: Bundle) -> bytes:
    """A ruling that the contested web ballot counts."""
    lines = [json.loads(line) for line in files[bundle.BALLOTS].splitlines()]
    ruling = json.loads(files[bundle.RULINGS].splitlines()[0])
    ruling |= {
        "entry": lines[8]["entry"],
        "kind": "accepted",
        "leaf": lines[8]["leaf"],
        "up_to": 15,
    }
    every = [*(json.loads(line) for line in files[bundle.RULINGS].splitlines()), ruling]
    every.sort(key=lambda each: (each["entry"], each["number"]))
    return b"".join(bundle.line(each) for each in every)


def kept(files: Bundle) -> bytes:
    """The rulings without the one that set a ballot aside."""
    lines = files[bundle.RULINGS].splitlines(keepends=True)
    return b"".join(line for line in lines if b"set_aside" not in line)


@pytest.mark.parametrize("lie", LIES)
def test_who_has_the_key_cannot_lie_about_the_result(tmp_path: Path, lie: str) -> None:
    place, tell = LIES[lie]
    false = tell(GOOD)
    files = signed(false) if false[bundle.MANIFEST] == GOOD[bundle.MANIFEST] else sealed(false)
    script, ours = both(written(tmp_path, files))
    assert script == place
    assert isinstance(ours, str)
    assert ours.split(",")[0] == place.split(",")[0]


BEFORE, AFTER = "2026-03-09T23:59:59.999999+00:00", bundles.PERIOD["closes_at"]


@pytest.mark.parametrize("moment", [BEFORE, AFTER, "2026-03-11", "", None])
@pytest.mark.parametrize("line", range(1, 16))
def test_no_ballot_was_cast_outside_of_the_period_of_the_vote(
    tmp_path: Path, moment: Any, line: int
) -> None:
    """Though the tree that holds it is the signed one: with the key, one would have moved the close."""
    false = headed(changed(GOOD, bundle.BALLOTS, moved_to(moment), line))
    place = f"ballots.jsonl, line {line}"
    assert both(written(tmp_path, false)) == (place, place)


@pytest.mark.parametrize("moment", [bundles.PERIOD["opens_at"], "2026-03-20T07:59:59.999999+00:00"])
def test_a_ballot_of_the_first_and_of_the_last_moment_is_a_ballot(
    tmp_path: Path, moment: str
) -> None:
    files = headed(changed(GOOD, bundle.BALLOTS, moved_to(moment), 2))
    outcomes = {"lift": "passed", "paint": "passed"}
    assert both(written(tmp_path, files)) == (outcomes, outcomes)


HEADS = {
    "closed before its time": {"closed_at": BEFORE},
    "over before it began": {"closes_at": BEFORE},
    "closed at no moment": {"closed_at": "2026-03-20"},
    "open from no moment on": {"opens_at": "2026-03-10"},
    "open until no moment": {"closes_at": "soon"},
}


@pytest.mark.parametrize("what", HEADS)
def test_no_head_was_signed_before_the_end_of_its_vote(tmp_path: Path, what: str) -> None:
    head = json.loads(GOOD[bundle.HEAD]) | HEADS[what]
    false = headed({**GOOD, bundle.HEAD: bundle.line(head)})
    assert both(written(tmp_path, false)) == ("head.json", "head.json")


def test_a_swapped_tree_head_does_not_fit_the_receipts(tmp_path: Path) -> None:
    """With the key, a whole other box can be signed: voters miss their ballots, all of them."""
    gone = without_line(GOOD, bundle.BALLOTS, 8)
    path = written(tmp_path, headed(gone))
    leaf = bytes.fromhex(json.loads(GOOD[bundle.BALLOTS].splitlines()[7])["leaf"])
    with pytest.raises(Fault):
        check(path, receipt=short_code(leaf))


# Fuzzing: anything at all.


@SLOW
@given(data=st.data())
def test_no_changed_byte_passes(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    at = data.draw(st.integers(0, len(GOOD[name]) - 1))
    bit = data.draw(st.integers(0, 7))
    mutated = bytearray(GOOD[name])
    mutated[at] ^= 1 << bit
    script, ours = both(written(tmp_path, {**GOOD, name: bytes(mutated)}))
    assert isinstance(script, str)
    assert isinstance(ours, str)


@SLOW
@given(data=st.data())
def test_no_dropped_doubled_or_moved_line_passes_even_signed(
    tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(LINES))
    lines = GOOD[name].splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    to = data.draw(st.integers(0, len(lines) - 1).filter(lambda place: place != at))
    act = data.draw(st.sampled_from(("drop", "double", "swap")))
    if act == "drop":
        del lines[at]
    elif act == "double":
        lines.insert(to, lines[at])
    else:
        lines[at], lines[to] = lines[to], lines[at]
    script, ours = both(written(tmp_path, signed({**GOOD, name: b"".join(lines)})))
    if name == bundle.RULINGS and act == "drop" and isinstance(script, dict):
        assert script == ours  # an earlier ruling that a later one replaced changes nothing
        return
    assert isinstance(script, str)
    assert isinstance(ours, str)


PACKED = bundles.zipped(GOOD)


@SLOW
@given(at=st.integers(0, len(PACKED) - 1), byte=st.integers(0, 255))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_zip_says_the_same_or_is_refused(tmp_path: Path, at: int, byte: int) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(PACKED[:at] + bytes([byte]) + PACKED[at + 1 :])
    script, ours = both(str(path))
    true = {"lift": "passed", "paint": "passed"}
    assert script == ours == true or (isinstance(script, str) and isinstance(ours, str))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 20),
    st.sampled_from(("", "yes", "no", "counted", "superseded", "PASS", "0" * 64, "1/2", "web")),
    st.just([]),
    st.just({}),
    st.just(1.5),
    st.just(10**30),
)


def places(value: object, path: tuple = ()) -> list[tuple]:
    found = [path] if path else []
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else ())
    )
    for name, part in parts:
        found += places(part, (*path, name))
    return found


def test_a_rule_that_nothing_has_to_approve_is_refused_by_both(tmp_path: Path) -> None:
    rules = json.loads(GOOD[bundle.RULES])
    rules["motions"]["paint"]["approve"] = []
    files = signed({**GOOD, bundle.RULES: canonical_json(rules) + b"\n"})
    assert both(written(tmp_path, files)) == ("rules.json", "rules.json")


@settings(SLOW, max_examples=examples(400))
@given(data=st.data())
def test_both_say_the_same_about_any_changed_field_of_a_signed_bundle(
    tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([n for n in NAMES if n.endswith((".json", ".jsonl"))]))
    lines = GOOD[name].splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[at])
    path = data.draw(st.sampled_from(places(value)))
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    before = holder[path[-1]]
    act = data.draw(st.sampled_from(("set", "drop", "add")))
    if act == "drop":
        del holder[path[-1]]
    elif act == "add" and isinstance(holder, dict):
        holder["zz"] = data.draw(VALUES)
    else:
        holder[path[-1]] = data.draw(
            VALUES.filter(lambda new: json.dumps(new) != json.dumps(before))
        )
    lines[at] = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    files = {**GOOD, name: b"".join(line + b"\n" for line in lines)}
    if name not in (bundle.MANIFEST, bundle.SIGNATURE):
        files = signed(files)
    script, ours = both(written(tmp_path, files))
    assert isinstance(script, dict) == isinstance(ours, dict), (name, path, script, ours)
    if isinstance(script, dict):
        assert script == ours


# Hostile files: one clear line, no traceback.


def raw_zip(entries: list[tuple[str, bytes]], **more: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def with_file(name: str, data: bytes) -> bytes:
    return bundles.zipped(signed({**GOOD, name: data}))


DEEP = b'{"motions":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"
HOSTILE = {
    "not a zip": b"hello",
    "nothing": b"",
    "an empty zip": raw_zip([]),
    "a cut zip": bundles.zipped(GOOD)[:-200],
    "a zip bomb": raw_zip(
        [(n, d) for n, d in GOOD.items() if n != "roll.jsonl"] + [("roll.jsonl", bytes(30_000_000))]
    ),
    "a path": raw_zip([*GOOD.items(), ("../../evil.py", b"")]),
    "an absolute path": raw_zip([*GOOD.items(), ("/etc/passwd", b"")]),
    "a file too many": raw_zip([*GOOD.items(), ("extra.txt", b"")]),
    "thousands of files": raw_zip([(f"{n}", b"") for n in range(5_000)]),
    "deep nesting": with_file(bundle.MOTIONS, DEEP),
    "not UTF-8": with_file(bundle.RESULT, b'{"adopted":"\xff"}\n'),
    "a lone surrogate": with_file(bundle.RESULT, b'{"adopted":"\\ud800"}\n'),
    "a NUL": with_file(bundle.MOTIONS, GOOD[bundle.MOTIONS].replace(b"lift", b"li\\u0000t")),
    "NaN": with_file(bundle.RESULT, b'{"adopted":NaN}\n'),
    "a float": with_file(bundle.RESULT, b'{"adopted":1.0}\n'),
    "a huge number": with_file(bundle.RESULT, b'{"adopted":' + b"9" * 100_000 + b"}\n"),
    "a name twice": with_file(bundle.RESULT, b'{"adopted":true,' + GOOD[bundle.RESULT][1:]),
    "other spaces": with_file(bundle.RESULT, GOOD[bundle.RESULT].replace(b":", b": ", 1)),
    "a list": with_file(bundle.RESULT, b"[]\n"),
    "an endless line": with_file(bundle.BALLOTS, b"x" * (3 << 20)),
    "no last line feed": with_file(bundle.BALLOTS, GOOD[bundle.BALLOTS][:-1]),
    "an empty line": with_file(bundle.BALLOTS, GOOD[bundle.BALLOTS] + b"\n"),
    "Windows line ends": with_file(bundle.ROLL, GOOD[bundle.ROLL].replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_bundle_gets_one_clear_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(HOSTILE[what])
    script, ours = both(str(path))
    assert isinstance(script, str)
    assert isinstance(ours, str)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_the_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(raw_zip([*GOOD.items(), ("result.json", GOOD["result.json"])]))
    assert both(str(path)) == ("bundle", "bundle")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    files = {name: data for name, data in GOOD.items() if name != "rulings.jsonl"}
    with pytest.raises(Fault, match=r"missing: rulings\.jsonl"):
        check(written(tmp_path, files))


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "roll.jsonl").unlink()
    (tmp_path / "roll.jsonl").symlink_to("/etc/hostname")
    assert both(str(tmp_path)) == ("roll.jsonl", "roll.jsonl")


def test_another_key_than_the_posted_one_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert check(path, key=bundles.PUBLIC_KEY)["public_key"] == bundles.PUBLIC_KEY
    with pytest.raises(Fault, match="posted"):
        check(path, key="00" * 32)


def test_another_manifest_than_the_posted_one_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    check(path, fingerprint=bundle.sha256(GOOD[bundle.MANIFEST]))
    with pytest.raises(Fault, match="SHA-256"):
        check(path, fingerprint="00" * 32)


# What is not in the bundle.


def test_only_counted_ballots_disclose_what_they_say() -> None:
    for raw in GOOD[bundle.BALLOTS].splitlines():
        line = json.loads(raw)
        assert ("choices" in line) == ("nonce" in line) == (line["state"] == "counted")


def test_no_entry_of_the_roll_is_named() -> None:
    everything = b"".join(GOOD[name] for name in NAMES if name != bundle.VERIFY)
    for entry in example().entries:
        assert entry.name.encode() not in everything


# The file that goes with it.


def test_the_standalone_file_imports_the_standard_library_only() -> None:
    tree = ast.parse(standalone(), feature_version=(3, 8))
    modules = {
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert {str(name).split(".")[0] for name in modules} <= sys.stdlib_module_names


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_standalone_file_agrees_and_shows_the_numbers(tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(GOOD[bundle.VERIFY])
    done = run(str(script), written(tmp_path, GOOD))
    assert (done.returncode, done.stderr) == (0, "")
    for shown in ("Everything agrees", "核验通过", "lift: passed", bundles.PUBLIC_KEY):
        assert shown in done.stdout


def test_the_standalone_file_verifies_the_folder_it_lies_in(tmp_path: Path) -> None:
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    done = run(str(tmp_path / "verify.py"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True


def test_the_standalone_file_names_file_and_line_of_a_fault(tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(GOOD[bundle.VERIFY])
    false = signed(changed(GOOD, bundle.BALLOTS, flipped_choice, 2))
    done = run(str(script), written(tmp_path, false))
    assert done.returncode == 1
    assert done.stdout.startswith("不一致 FAULT: ballots.jsonl, line 2: choices")
    assert done.stderr == ""


@pytest.mark.parametrize(("target", "code"), [("| true", 0), ("> /dev/full", 2)])
def test_an_answer_that_nobody_can_read_is_no_contradiction(
    tmp_path: Path, target: str, code: int
) -> None:
    """Exit code 1 says that a bundle is false; a full disk or a closed pipe does not."""
    script = tmp_path / "verify.py"
    script.write_bytes(GOOD[bundle.VERIFY])
    words = [sys.executable, "-I", str(script), written(tmp_path, GOOD)]
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$@" {target}', "-", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
