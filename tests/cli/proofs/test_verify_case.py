"""`gongjian verify` finds whoever changed the evidence of a case: exit code 1, the file with the bundle, and what is wrong."""

import json
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue, SecretStr
from typer.testing import CliRunner

from cli.main import app
from proof.canonical import canonical_json
from proof.casefile import ProvedEvent, event_line, named_fields, root_hex
from proof.casefile.checking import FORMAT, canonical, commitment, leaf
from proof.chain import GENESIS, event_hash
from proof.merkle import inclusion_path, leaf_hash, root_of
from proof.notes import Checkpoint, NoteSignature, written_note
from proof.witness import encoded, leaf_of
from runtime.ballots.sealing import Signer
from runtime.record.heads import PURPOSE, Heads, KeptHeads, head_of, note_of
from service.history.casefile import OF_BUNDLE
from tests.support.slow import some_are_slow

SECRET, THEIRS = bytes(range(32)), bytes(range(1, 33))
RID = "r1"
Files = dict[str, bytes]


def record(*amounts: int, actor: str = "王") -> list[ProvedEvent]:
    """A chain of payments, each a day after the other."""
    events, before = [], GENESIS
    for seq, amount in enumerate(amounts, start=1):
        fields: dict[str, JsonValue] = {
            "seq": seq,
            "actor_label": actor,
            "happened_at": f"2026-03-{seq:02}",
            "details": {"amount_fen": amount},
        }
        own = event_hash(before, fields)
        events.append(ProvedEvent(seq, before, own, named_fields(fields), frozenset()))
        before = own
    return events


def anchor(events: Sequence[ProvedEvent], seq: int, size: int = 7) -> dict[str, Any]:
    """That the head after one of the events is the sixth leaf of a tree."""
    own = leaf_of(head_of(RID, seq, events[seq - 1].hash))
    leaves = [leaf_hash(bytes([each])) for each in range(size)]
    leaves[5] = leaf_hash(own)
    text = Checkpoint("gongjian/heads-x", size, root_of(leaves)).text
    lines = [NoteSignature(name, b"1234", bytes(64)) for name in ("gongjian/heads-x", "other")]
    tree = {
        "origin": "gongjian/heads-x",
        "size": size,
        "root": encoded((root_of(leaves),))[0],
        "made_at": "2026-03-04",
        "note": written_note(text, *lines).decode(),
        "cosigned_by": ["other"],
    }
    return {
        "renovation_id": RID,
        "seq": seq,
        "hash": events[seq - 1].hash,
        "leaf": own.decode(),
        "index": 5,
        "path": list(encoded(inclusion_path(leaves, 5))),
        "anchor": tree,
    }


def bundle(events: Sequence[ProvedEvent], secret: bytes = SECRET) -> Files:
    """The evidence that an office makes of a record."""
    made = [event_line(SECRET, each) for each in events]
    head = head_of(RID, len(events), events[-1].hash)
    heads = Heads(SecretStr(SECRET.hex()), KeptHeads(Path("nowhere")))
    files = {
        "events.jsonl": b"".join(line + b"\n" for line, _ in made),
        "head.txt": note_of(head, heads.sign(head)),
        "anchor.json": canonical_json(anchor(events, 2)),
    }
    manifest = {
        "format": FORMAT,
        "renovation_id": RID,
        "title": "屋面",
        "reader": "public",
        "events": len(made),
        "root": root_hex([leaf for _, leaf in made]),
        "head_keys": [Signer.of(SECRET, PURPOSE).public_key],
        "files": {name: sha256(data).hexdigest() for name, data in files.items()},
    }
    return sealed(files, manifest, secret)


def sealed(files: Files, manifest: dict[str, Any], secret: bytes) -> Files:
    """The files with a manifest, signed by whoever has the secret."""
    signer, listed = Signer.of(secret, OF_BUNDLE), json.dumps(manifest).encode()
    signature = {"key": signer.public_key, "signature": signer.sign(listed).hex()}
    own = {"manifest.json": listed, "signature.json": json.dumps(signature).encode()}
    return {**files, **own}


def relisted(files: Files, events: bytes) -> Files:
    """Other events in a bundle whose manifest names them, signed by the office's own key."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["events.jsonl"] = sha256(events).hexdigest()
    return sealed({**files, "events.jsonl": events}, manifest, SECRET)


def shown(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], Files]:
    """What the second event shows, changed, and committed to as the office would have."""

    def tamper(files: Files) -> Files:
        first, second, third = lines(files)
        event = json.loads(second)
        change(event["shown"])
        return recommitted(files, [first, canonical(event) + b"\n", third])

    return tamper


def twice(files: Files) -> Files:
    first, second, third = lines(files)
    second = second.replace(b'"shown":{', b'"shown":{"details.amount_fen":["00",1],')
    return recommitted(files, [first, second, third])


def spaced(files: Files) -> Files:
    return relisted(files, files["events.jsonl"].replace(b'"seq":2', b'"seq": 2'))


def recommitted(files: Files, events: list[bytes]) -> Files:
    """Other lines with the root of what they say."""
    leaves = []
    for event in map(json.loads, events):
        made = {name: commitment(salt, name, of) for name, (salt, of) in event["shown"].items()}
        made |= event["hidden"]
        leaves.append(leaf(event["seq"], event["hash"], event["prev_hash"], made))
    manifest = json.loads(files["manifest.json"])
    manifest["root"] = root_hex(leaves)
    unlisted = sealed(files, manifest, SECRET)
    return relisted(unlisted, b"".join(events))


def of_the_manifest(name: str, value: object) -> Callable[[Files], Files]:
    def tamper(files: Files) -> Files:
        return sealed(files, json.loads(files["manifest.json"]) | {name: value}, SECRET)

    return tamper


def anchored(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], Files]:
    """Another anchor, and the manifest names it."""

    def tamper(files: Files) -> Files:
        said = json.loads(files["anchor.json"])
        change(said)
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["anchor.json"] = sha256(canonical_json(said)).hexdigest()
        return sealed({**files, "anchor.json": canonical_json(said)}, manifest, SECRET)

    return tamper


def lines(files: Files) -> list[bytes]:
    return files["events.jsonl"].splitlines(keepends=True)


def changed(files: Files) -> Files:
    return {**files, "events.jsonl": files["events.jsonl"].replace(b",200]", b",201]")}


def changed_and_listed(files: Files) -> Files:
    return relisted(files, files["events.jsonl"].replace(b",200]", b",201]"))


def removed(files: Files) -> Files:
    first, _, third = lines(files)
    return relisted(files, first + third)


def in_another_order(files: Files) -> Files:
    first, second, third = lines(files)
    return relisted(files, second + first + third)


def chained_anew(_files: Files) -> Files:
    """Whole and signed, by somebody else: only the key on the posted notice tells."""
    return bundle(record(100, 999, 300), THEIRS)


def put_back(files: Files) -> Files:
    """The first two events with the root that they have; the signed head is of three."""
    two = bundle(record(100, 200))
    manifest = json.loads(two["manifest.json"])
    manifest["files"]["head.txt"] = sha256(files["head.txt"]).hexdigest()
    return sealed({**two, "head.txt": files["head.txt"]}, manifest, SECRET)


def actor_forged(files: Files) -> Files:
    return relisted(files, files["events.jsonl"].replace("王".encode(), "李".encode(), 1))


def dated_back(files: Files) -> Files:
    return relisted(files, files["events.jsonl"].replace(b"2026-03-03", b"2026-02-03"))


FOUND: dict[Callable[[Files], Files], str] = {
    changed: "events.jsonl: 与清单不符 it is not the file that the manifest names",
    changed_and_listed: "line 2: 事件与其哈希不符 the event is another one than its hash says",
    removed: "line 2: 与前一事件不衔接 it does not follow the one before it",
    in_another_order: "line 1: 与前一事件不衔接 it does not follow the one before it",
    chained_anew: "不是由给定的公钥签名 it is signed by another key than the one that was given",
    put_back: "head.txt: 不是这些事件的已签名链头 it is not the signed head of these events",
    actor_forged: "line 1: 事件与其哈希不符 the event is another one than its hash says",
    dated_back: "line 3: 事件与其哈希不符 the event is another one than its hash says",
}

SALT = "00" * 16
NO_NAME = "line 2: 项目名称不对 a field has a name that no event has"
NO_HEAD = "anchor.json: 不是这些事件的链头 what is anchored is no head of these events"
NO_TREE = "anchor.json: 不在所写的树中 it does not stand in the tree that it names"
SHOWN_FALSE: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a room of its own": (
        shown(lambda e: e.update({"details.amount_fen": [SALT, 1], "zz.amount_fen": [SALT, 200]})),
        NO_NAME,
    ),
    "the details whole": (
        shown(
            lambda e: e.update(
                {"details.amount_fen": [SALT, 1], "details": [SALT, {"amount_fen": 200}]}
            )
        ),
        NO_NAME,
    ),
    "the hash before": (shown(lambda e: e.update({"prev_hash": [SALT, "a lie"]})), NO_NAME),
    "a key twice": (twice, "a key stands there twice"),
    "with spaces": (spaced, "line 2: 不是规定的写法 it is not written in the canonical way"),
    "another number of events": (
        of_the_manifest("events", 99),
        "events.jsonl: 事件数与清单不符 there are not as many as the manifest says",
    ),
    "the anchor of nothing": (
        anchored(lambda a: a.pop("seq")),
        "no 'seq'",
    ),
    "the anchor of another case": (anchored(lambda a: a.update(renovation_id="r2")), NO_HEAD),
    "the anchor of a later event": (anchored(lambda a: a.update(seq=4)), NO_HEAD),
    "the anchor of another event": (anchored(lambda a: a.update(seq=3)), NO_HEAD),
    "another leaf": (anchored(lambda a: a.update(leaf=a["leaf"] + "x")), NO_HEAD),
    "another place": (anchored(lambda a: a.update(index=4)), NO_TREE),
    "a shorter path": (anchored(lambda a: a["path"].pop()), NO_TREE),
    "another root": (anchored(lambda a: a["anchor"].update(root=a["path"][0])), NO_TREE),
    "another size": (anchored(lambda a: a["anchor"].update(size=8)), NO_TREE),
    "who has not cosigned": (
        anchored(lambda a: a["anchor"].update(cosigned_by=["Supreme Court"])),
        NO_TREE,
    ),
}
QUICK = (changed, chained_anew)
OTHERS = [each for each in FOUND if each not in QUICK]


def verified(folder: Path, files: Files, *words: str) -> tuple[int, str]:
    """The exit code of the command for a bundle with these files, and what it says."""
    path = folder / f"{RID}.case.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    key = Signer.of(SECRET, OF_BUNDLE).public_key
    result = CliRunner().invoke(app, ["verify", str(path), "--key", key, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_evidence_that_nobody_touched_holds(tmp_path: Path) -> None:
    code, said = verified(tmp_path, bundle(record(100, 200, 300)))
    assert code == 0, said
    assert "the chain holds: 3 events" in said
    assert "✓ 链头签名 the signed head of the record" in said
    assert "the head after event 2 stands in the tree of all cases; who signed that tree" in said


def test_without_an_anchor_it_is_said_that_there_is_none(tmp_path: Path) -> None:
    files = bundle(record(100, 200))
    manifest = json.loads(files["manifest.json"])
    del files["anchor.json"], manifest["files"]["anchor.json"]
    code, said = verified(tmp_path, sealed(files, manifest, SECRET))
    assert code == 0, said
    assert "? 没有锚 no anchor in the tree of all cases" in said


@pytest.mark.parametrize("what", SHOWN_FALSE)
def test_what_an_event_shows_beside_its_hash_and_an_anchor_of_something_else_are_refused(
    tmp_path: Path, what: str
) -> None:
    tamper, fault = SHOWN_FALSE[what]
    files = bundle(record(100, 200, 300))
    code, said = verified(tmp_path, tamper(files))
    assert code == 1, said
    assert fault in said


@pytest.mark.parametrize(
    "tamper", [*QUICK, *some_are_slow(*OTHERS)], ids=lambda each: each.__name__
)
def test_each_kind_of_tampering_is_named_with_its_bundle(
    tmp_path: Path, tamper: Callable[[Files], Files]
) -> None:
    files = tamper(bundle(record(100, 200, 300)))
    code, said = verified(tmp_path, files)
    assert code == 1
    assert said.startswith("✗ ")
    assert f"{RID}.case.zip" in said
    assert FOUND[tamper] in said
    code, told = verified(tmp_path, files, "--json")
    assert (code, json.loads(told)["ok"]) == (1, False)
    assert FOUND[tamper] in json.loads(told)["fault"]
