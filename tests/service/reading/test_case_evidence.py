"""The evidence of a case: whole for who may read all of it, redacted for others, and checked without us."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pydantic import JsonValue, SecretStr

from proof.casefile import ProvedEvent, event_line, named_fields, root_hex, standalone_case
from proof.casefile.checking import CaseFault, check, check_events, read_zip
from proof.chain import GENESIS, event_hash
from rules.disclosure.readers import ReaderKind
from runtime.anchors.keys import AnchorKeys
from runtime.anchors.making import make_anchor
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.record.heads import PURPOSE
from service.history.casefile import OF_BUNDLE, CaseKeys, case_bundle
from service.reading.shaping import Viewer
from tests.runtime.record.test_audit import fill

SECRET = bytes(range(32))
KEYS = CaseKeys(Signer.of(SECRET, OF_BUNDLE), SECRET, (Signer.of(SECRET, PURPOSE).public_key,))


def lines_of(hidden: frozenset[str]) -> tuple[list[bytes], str]:
    """Three events, the second with hidden fields; and the root of the tree of commitments."""
    lines, leaves, before = [], [], GENESIS
    for seq in (1, 2, 3):
        fields: dict[str, JsonValue] = {
            "seq": seq,
            "actor_label": "王",
            "details": {"amount_fen": 5, "text": "屋面"},
        }
        own = event_hash(before, fields)
        event = ProvedEvent(
            seq, before, own, named_fields(fields), hidden if seq == 2 else frozenset()
        )
        line, leaf = event_line(SECRET, event)
        lines.append(line)
        leaves.append(leaf)
        before = own
    return lines, root_hex(leaves)


def test_a_redacted_record_makes_the_same_tree_as_the_whole_one() -> None:
    whole, root = lines_of(frozenset())
    redacted, same = lines_of(frozenset({"actor_label", "details.text"}))
    assert root == same
    assert check_events(whole, root)[:2] == (3, 3)
    assert check_events(redacted, root)[:2] == (3, 2)
    assert "王" not in redacted[1].decode()
    assert "屋面" not in redacted[1].decode()


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        (0, ",5]", ",6]"),
        (0, "屋面", "墙面"),
        (1, "屋面", "墙面"),
        (1, '"hidden":{"actor_label":"', '"hidden":{"actor_label":"00'),
        (2, '"seq":3', '"seq":4'),
    ],
)
def test_a_changed_line_is_named(line: int, before: str, after: str) -> None:
    lines, root = lines_of(frozenset({"actor_label"}))
    text = lines[line].decode()
    lines[line] = text.replace(before, after).encode()
    assert lines[line].decode() != text
    with pytest.raises(CaseFault):
        check_events(lines, root)


def test_a_line_that_is_left_out_is_missed() -> None:
    lines, root = lines_of(frozenset())
    for left in ([lines[0], lines[2]], lines[:2], lines[1:]):
        with pytest.raises(CaseFault):
            check_events(left, root)


@pytest.mark.slow
@pytest.mark.parametrize("reader", [ReaderKind.PUBLIC, ReaderKind.AUDITOR])
async def test_a_bundle_is_checked_by_its_own_script_with_python_alone(
    database: Database, reader: ReaderKind, tmp_path: Path
) -> None:
    rid = f"e{reader.value}"
    await fill(database, rid)
    await make_anchor(database, AnchorKeys.of(SecretStr(SECRET.hex())))
    bundle = await case_bundle(database, KEYS, rid, "屋面改造", Viewer(reader=reader))
    path = tmp_path / "case.zip"
    path.write_bytes(bundle)
    found = check(read_zip(str(path)), KEYS.signer.public_key)
    assert (found["events"], found["anchored"]) == (6, 6)
    assert (found["redacted"] == 0) is (reader is ReaderKind.AUDITOR)
    assert_nothing_can_be_tried_out(path)
    script = tmp_path / "verify.py"
    with zipfile.ZipFile(path) as archive:
        script.write_bytes(archive.read("verify.py"))
        assert ("屋顶" in archive.read("events.jsonl").decode()) is (reader is ReaderKind.AUDITOR)
    assert script.read_bytes() == standalone_case()
    asked = (sys.executable, "-I", "-S", str(script), str(path), KEYS.signer.public_key)
    ran = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout
    assert f"{found['last_hash']}" in ran.stdout
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, data.replace(b"amount_fen", b"amount_fem"))
    path.write_bytes(changed.getvalue())
    ran = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout.startswith("✗")


def assert_nothing_can_be_tried_out(bundle: Path) -> None:
    """Whoever guesses what is hidden cannot see by the hash whether it is right: the salt is hidden as well."""
    with zipfile.ZipFile(bundle) as archive:
        lines = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    for line in lines:
        shown = {name: value for name, (_, value) in line["shown"].items()}
        assert ("salt" in shown) is not bool(line["hidden"])
        assert "salt" in {**shown, **line["hidden"]}
    guessed: JsonValue = {"amount_fen": 12_345, "text": "屋顶", "checks": [{"need": "51/4"}]}
    for line in lines:
        shown = {name: value for name, (_, value) in line["shown"].items()}
        fields = {name: value for name, value in shown.items() if not name.startswith("details.")}
        if not {name.partition(".")[0] for name in line["hidden"]} <= {"details", "salt"}:
            continue
        fits = event_hash(line["prev_hash"], {**fields, "details": guessed}) == line["hash"]
        assert fits is not bool(line["hidden"])
