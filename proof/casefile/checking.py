"""What checks the evidence of a case: the standard library and nothing else, so that it stands in the bundle."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
import zlib
from typing import Any

from proof.verifier.printing import say
from proof.verifier.signing import signed

FORMAT = "gongjian.case/1"
GENESIS = "0" * 64
MOST_BYTES = 1 << 30
"""A bundle that unpacks to more is not read."""
UNREADABLE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
"""What zip and zlib raise of a file that is damaged, or locked by a password."""
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways in which a bundle is packed."""
DETAIL = "details."
NOT_A_FIELD = ("details", "prev_hash")
"""The details have a name each, and the hash of the event before stands beside the fields."""
OTHER_FORM = "证据包的形式不对 the bundle is not in the form in which it was made"


class CaseFault(Exception):  # noqa: N818 - said of what was read
    """What does not hold, in a sentence of both languages."""


def canonical(value: object) -> bytes:
    """Canonical JSON: UTF-8, keys sorted, no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def commitment(salt: str, name: str, value: object) -> str:
    """The commitment to one field of an event; the salt, 32 hex digits, keeps a short value from being guessed."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical([name, value])).hexdigest()


def leaf(seq: int, own: str, before: str, commitments: dict[str, str]) -> bytes:
    """The leaf of an event: its place in the chain, and the commitments to its fields."""
    said = {"seq": seq, "hash": own, "prev_hash": before, "fields": commitments}
    return hashlib.sha256(b"\0" + canonical(said)).digest()


def tree_root(leaves: list[bytes]) -> bytes:
    """The root of the tree over the leaves (RFC 6962 section 2.1)."""
    level = leaves or [hashlib.sha256(b"").digest()]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [
            hashlib.sha256(b"\1" + b"".join(two)).digest() if len(two) > 1 else two[0]
            for two in pairs
        ]
    return level[0]


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The `object_pairs_hook` that takes every key once: of two values a reader may see the other one.

    Raises:
        ValueError: a key stands there twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def loads(raw: bytes) -> Any:
    """JSON in which every key stands once."""
    return json.loads(raw, object_pairs_hook=once)


def event_fields(shown: dict[str, list]) -> dict[str, object]:  # type: ignore[type-arg]
    """The fields of an event of which all are shown, as its hash covers them."""
    fields: dict[str, object] = {"details": {}}
    for name, (_, value) in shown.items():
        if name.startswith(DETAIL):
            fields["details"][name[len(DETAIL) :]] = value  # type: ignore[index]
        else:
            fields[name] = value
    return fields


def _read_event(line: bytes, number: int, before: str) -> dict[str, Any]:
    """An event that is written in the one way, follows the one before it, and has fields of one name each."""
    event: dict[str, Any] = loads(line)
    shown, hidden = event["shown"], event["hidden"]
    wrong = ""
    if canonical(event) != line:
        wrong = "不是规定的写法 it is not written in the canonical way"
    elif event["seq"] != number or event["prev_hash"] != before:
        wrong = "与前一事件不衔接 it does not follow the one before it"
    elif set(shown) & set(hidden):
        wrong = "同一项既公开又遮盖 a field is both shown and hidden"
    elif "seq" in shown and shown["seq"][1] != number:
        wrong = "事件编号不符 it says of itself another number"
    elif any(_no_field(name) for name in (*shown, *hidden)):
        wrong = "项目名称不对 a field has a name that no event has"
    if wrong:
        raise CaseFault(f"events.jsonl, line {number}: {wrong}")
    return event


def _no_field(name: str) -> bool:
    return name in NOT_A_FIELD or ("." in name and not name.startswith(DETAIL))


def check_events(lines: list[bytes], root: str) -> tuple[int, int, list[str]]:
    """Follow the chain and build the tree; how many events, how many of them are shown whole, the hashes."""
    hashes, leaves, whole = [GENESIS], [], 0
    for number, line in enumerate(lines, start=1):
        before = hashes[-1]
        event = _read_event(line, number, before)
        shown, hidden = event["shown"], event["hidden"]
        made = {name: commitment(salt, name, value) for name, (salt, value) in shown.items()}
        if not hidden:
            whole += 1
            fields = {**event_fields(shown), "prev_hash": before}
            if hashlib.sha256(canonical(fields)).hexdigest() != event["hash"]:
                raise CaseFault(
                    f"events.jsonl, line {number}: 事件与其哈希不符 the event is another one than its hash says"
                )
        leaves.append(leaf(number, event["hash"], before, {**made, **hidden}))
        hashes.append(event["hash"])
    if tree_root(leaves).hex() != root:
        raise CaseFault(
            "events.jsonl: 公开的内容与承诺不符 what is shown is not what was committed to"
        )
    return len(lines), whole, hashes


def head_text(case: str, seq: int, own: str) -> str:
    """The head of a record after one of its events, as it is signed and as it is a leaf of the tree of cases."""
    digest = base64.b64encode(bytes.fromhex(own)).decode()
    return f"gongjian/renovation/{case}\n{seq}\n{digest}\n"


def root_of_path(leaf_hash: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a path leads to from a leaf (RFC 9162 section 2.1.3.2); None where it is of another tree."""
    at, last, node = index, size - 1, leaf_hash
    if not 0 <= at <= last:
        return None
    for sister in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            node = hashlib.sha256(b"\1" + sister + node).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sister).digest()
        at, last = at >> 1, last >> 1
    return node if last == 0 else None


def check_anchor(raw: bytes, case: str, hashes: list[str]) -> int:
    """The event whose head stands in the tree of all cases; 0 where there is no anchor.

    `hashes` are those of the events, the one before the first included. Who has signed the tree is not
    checked: the keys are not in the bundle.
    """
    if not raw:
        return 0
    said = loads(raw)
    seq, tree = said["seq"], said["anchor"]
    ours = 0 < seq < len(hashes) and (said["renovation_id"], said["hash"], said["leaf"]) == (
        case,
        hashes[seq],
        head_text(case, seq, hashes[seq]),
    )
    if not ours:
        raise CaseFault(
            "anchor.json: 不是这些事件的链头 what is anchored is no head of these events"
        )
    path = [base64.b64decode(each, validate=True) for each in said["path"]]
    own = hashlib.sha256(b"\0" + said["leaf"].encode()).digest()
    root = base64.b64encode(root_of_path(own, said["index"], tree["size"], path) or b"").decode()
    text, _, lines = tree["note"].partition("\n\n")
    names = {line.split(" ")[1] for line in lines.splitlines()}
    if (
        root != tree["root"]
        or text != f"{tree['origin']}\n{tree['size']}\n{root}"
        or not {tree["origin"], *tree["cosigned_by"]} <= names
    ):
        raise CaseFault("anchor.json: 不在所写的树中 it does not stand in the tree that it names")
    return int(seq)


def check_head(note: bytes, keys: list[str], case: str, size: int, last: str) -> bool:
    """Whether the head of the record (a signed note) is that of these events; False where there is none."""
    if not note:
        return False
    text, _, line = note.partition(b"\n\n")
    blob = base64.b64decode(line.decode().rstrip("\n").split(" ")[2])
    ours = text.decode() + "\n" == head_text(case, size, last)
    if not ours or not any(signed(bytes.fromhex(key), text + b"\n", blob[4:]) for key in keys):
        raise CaseFault(
            "head.txt: 不是这些事件的已签名链头 it is not the signed head of these events"
        )
    return True


def check(files: dict[str, bytes], key: str = "") -> dict[str, object]:
    """Check every part of a bundle; what was found.

    `key` is the key on a posted notice, hex: without it the one of the bundle itself is believed.
    """
    try:
        return _check(files, key)
    except KeyError as error:
        raise CaseFault(f"{OTHER_FORM}: no {error}") from None
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CaseFault(f"{OTHER_FORM}: {error}") from None


def _check(files: dict[str, bytes], key: str) -> dict[str, object]:
    manifest = loads(files["manifest.json"])
    if manifest["format"] != FORMAT:
        raise CaseFault(
            f"manifest.json: 格式不对 the format is {manifest['format']!r}, expected {FORMAT!r}"
        )
    signature = loads(files["signature.json"])
    if key and signature["key"] != key:
        raise CaseFault(
            "signature.json: 不是由给定的公钥签名 it is signed by another key than the one that was given"
        )
    if not signed(
        bytes.fromhex(signature["key"]),
        files["manifest.json"],
        bytes.fromhex(signature["signature"]),
    ):
        raise CaseFault(
            "signature.json: 清单不是由这一密钥签名 the manifest was not signed by this key"
        )
    named = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    named.pop("manifest.json"), named.pop("signature.json")
    if named != manifest["files"]:
        wrong = sorted(
            name
            for name in {*named, *manifest["files"]}
            if named.get(name) != manifest["files"].get(name)
        )
        raise CaseFault(f"{wrong[0]}: 与清单不符 it is not the file that the manifest names")
    lines = files["events.jsonl"].splitlines()
    events, whole, hashes = check_events(lines, manifest["root"])
    if manifest["events"] != events:
        raise CaseFault("events.jsonl: 事件数与清单不符 there are not as many as the manifest says")
    case, last = manifest["renovation_id"], hashes[-1]
    headed = check_head(files.get("head.txt", b""), manifest["head_keys"], case, events, last)
    return {
        "format": FORMAT,
        "renovation_id": case,
        "title": manifest["title"],
        "reader": manifest["reader"],
        "events": events,
        "whole": whole,
        "redacted": events - whole,
        "head_signed": headed,
        "anchored": check_anchor(files.get("anchor.json", b""), case, hashes),
        "documents": sum(name.startswith("documents/") for name in files),
        "last_hash": last,
        "public_key": signature["key"],
    }


def read_zip(path: str) -> dict[str, bytes]:
    """The files of a bundle."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _refuse_strange(infos)
            return {each.filename: archive.read(each) for each in infos}
    except UNREADABLE as error:
        raise CaseFault(f"无法读取 it cannot be read: {error}") from None


def _refuse_strange(infos: list[zipfile.ZipInfo]) -> None:
    if sum(each.file_size for each in infos) > MOST_BYTES:
        raise CaseFault("证据包过大 the bundle is too large to be one")
    if len({each.filename for each in infos}) != len(infos):
        raise CaseFault("同一文件出现两次 a file stands in the bundle twice")
    for each in infos:
        if each.compress_type not in PACKINGS:
            raise CaseFault(
                f"{each.filename}: 压缩方式不对 it is packed in a way that no bundle is"
            )


def lines_of(found: dict[str, object]) -> list[str]:
    """What was found, for people."""
    return [
        f"案件 case {found['renovation_id']}  {found['title']}",
        f"  ✓ 事件链完整 the chain holds: {found['events']} events, last {found['last_hash']}",
        f"  ✓ 全文事件逐一重算哈希 shown whole, hashes computed anew: {found['whole']}",
        f"  ✓ 部分遮盖，但与承诺一致 redacted, as committed to (read as {found['reader']}): {found['redacted']}",
        f"  {'✓' if found['head_signed'] else '?'} 链头签名 the signed head of the record",
        _of_the_anchor(found["anchored"]),
        f"  ✓ 附件与清单一致 documents as the manifest names them: {found['documents']}",
        f"  签名公钥 signed by {found['public_key']}",
    ]


def _of_the_anchor(seq: object) -> str:
    if not seq:
        return "  ? 没有锚 no anchor in the tree of all cases"
    return (
        f"  ✓ 第 {seq} 个事件的链头在总树中，树的签名须另行核对"
        f" the head after event {seq} stands in the tree of all cases; who signed that tree is not checked here"
    )


def main(arguments: list[str]) -> int:
    """0 where everything holds, else 1."""
    if not arguments:
        say("python3 verify.py BUNDLE.zip [KEY]")
        return 1
    try:
        found = check(read_zip(arguments[0]), arguments[1].lower() if len(arguments) > 1 else "")
    except CaseFault as fault:
        say(f"✗ {arguments[0]}: {fault}")
        return 1
    return 0 if say("\n".join(lines_of(found))) else 1
