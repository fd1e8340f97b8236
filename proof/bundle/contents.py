"""What a bundle of evidence holds, line by line (formats `gongjian.voting/1` and `/2`).

The public form (`gongjian.voting.public/…`) has the leaves of the tree instead of roll, ballots and
rulings: an area and a choice on one line would say how a household voted.

Everything is canonical JSON with one line feed behind it, so that every value has one spelling and
the same vote always gives the same bytes. No names, no unit numbers: entries of the roll appear
under pseudonyms, and only counted ballots disclose what they say. Of format 2 every ballot says
when it was cast and when it was recorded, and the signed head between which moments.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import JsonValue

from models.values.base import Carried
from models.values.decisions.rules import FollowUp, PayerRule, Rule
from models.values.voting import Condition, Motion
from proof.ballots import Times
from proof.canonical import canonical_json, utc_text

FORMATS: Mapping[int, str] = {1: "gongjian.voting/1", 2: "gongjian.voting/2"}
"""By the format of the box."""
PUBLIC_FORMATS: Mapping[int, str] = {
    number: name.replace("/", ".public/") for number, name in FORMATS.items()
}
"""The same of bundles without opened ballots."""
ROLL, BALLOTS, RULINGS = "roll.jsonl", "ballots.jsonl", "rulings.jsonl"
MOTIONS, RULES, RESULT, HEAD = "motions.json", "rules.json", "result.json", "head.json"
MANIFEST, SIGNATURE, README, VERIFY = "manifest.json", "signature.json", "README.txt", "verify.py"
LISTED = (README, BALLOTS, HEAD, MOTIONS, RESULT, ROLL, RULES, RULINGS, VERIFY)
"""The files that the manifest lists; it and its signature are the other two."""
LEAVES = "leaves.jsonl"
PUBLIC_LISTED = (README, HEAD, LEAVES, MOTIONS, RESULT, RULES, VERIFY)
"""The same of the public form."""

LATER = {"approval", "scope", "works"}
"""Fields of motions and of their results that those of earlier votes do not have."""

BallotState = Literal["counted", "superseded", "contested", "set_aside", "excluded"]
RulingKind = Literal["disputed", "accepted", "set_aside"]


class BallotLine(NamedTuple):
    """One ballot in the order of the tree; `choices` is canonical JSON.

    `choices` and `nonce` appear in the line of a counted ballot only.
    """

    box_id: str
    entry: str
    channel: str
    commitment: bytes
    heads: int
    area_dm2: int
    shares: int | None
    leaf: bytes
    state: str
    times: Times | None = None
    """None in a bundle of format 1."""
    choices: bytes | None = None
    nonce: bytes | None = None


class RulingLine(NamedTuple):
    """What was recorded about an entry's ballots: the first `up_to` ballots of the tree are settled."""

    entry: str
    number: int
    kind: str
    leaf: bytes | None
    up_to: int
    reason: str
    role: str | None
    at: datetime


class BesideLists(NamedTuple):
    """Who stands on the attendance list, and who objected after the vote; entries by pseudonym, in order.

    Whoever handed in a ballot has come and need not stand there. `objected` is None where no law gave a
    time to object.
    """

    attended: Sequence[str] = ()
    objected: Sequence[str] | None = None


class RollSums(Carried):
    """The summed weights of all who may vote; shares only where every entry has some."""

    heads: int
    area_dm2: int
    shares: int | None
    entries: int


def ballot_line(ballot: BallotLine) -> bytes:
    """A line of ballots.jsonl: canonical JSON, written out because there may be a million."""
    opened = ballot.state == "counted" and ballot.choices is not None and ballot.nonce is not None
    choices = f'"choices":{ballot.choices.decode()},' if opened and ballot.choices else ""
    nonce = f'"nonce":"{ballot.nonce.hex()}",' if opened and ballot.nonce else ""
    cast = f'"cast_at":"{ballot.times.cast_at}",' if ballot.times else ""
    recorded = f'"recorded_at":"{ballot.times.recorded_at}",' if ballot.times else ""
    return (
        f'{{"area_dm2":{ballot.area_dm2},"box_id":{json.dumps(ballot.box_id, ensure_ascii=False)},'
        f'{cast}"channel":"{ballot.channel}",{choices}"commitment":"{ballot.commitment.hex()}",'
        f'"entry":"{ballot.entry}","heads":{ballot.heads},"leaf":"{ballot.leaf.hex()}",{nonce}'
        f'{recorded}"shares":{"null" if ballot.shares is None else ballot.shares},"state":"{ballot.state}"}}\n'
    ).encode()


def leaf_line(leaf: bytes) -> bytes:
    """A line of leaves.jsonl: the commitment to a ballot, which says nothing about it."""
    return f'{{"leaf":"{leaf.hex()}"}}\n'.encode()


def ruling_line(ruling: RulingLine) -> bytes:
    """A line of rulings.jsonl."""
    return line(
        {
            "at": utc_text(ruling.at),
            "entry": ruling.entry,
            "kind": ruling.kind,
            "leaf": None if ruling.leaf is None else ruling.leaf.hex(),
            "number": ruling.number,
            "reason": ruling.reason,
            "role": ruling.role,
            "up_to": ruling.up_to,
        }
    )


def motions_file(motions: Sequence[Motion], before: Collection[str] = ()) -> bytes:
    """motions.json: what was asked, in its order, and of whom, where that is not the whole estate.

    Those `before` come without what they did not say then.
    """
    return line({"motions": [_motion(motion, motion.id in before) for motion in motions]})


def rules_file(rules: Mapping[str, tuple[str, Rule]]) -> bytes:
    """rules.json: per motion the kind of decision and the rule that decided it, as data."""
    return line({"motions": {name: _rule(kind, rule) for name, (kind, rule) in rules.items()}})


def law_rule(
    rule: Rule, follow_ups: Sequence[FollowUp], by: Rule | None = None
) -> dict[str, JsonValue]:
    """A rule of any law, whole: alternatives, veto, the second votes that it may open, and who pays.

    `by` is the rule that says who pays, where that is another one. Its id and date are the rule's own
    law; what is only said of it (certainty of dates, other readings) decides nothing and is left out.
    """
    return {
        **_rule("", rule),
        "article": rule.articles[0],
        "either": [list(codes) for codes in rule.either],
        "veto": None if rule.veto is None else [_condition(each) for each in rule.veto.conditions],
        "follow_ups": [_follow_up(each) for each in follow_ups],
        "payers": _payers(rule.payers, by),
    }


def law_file(rules: Mapping[str, dict[str, JsonValue]], beside: BesideLists | None) -> bytes:
    """rules.json of a vote under any law: per motion its `law_rule`, and what stands beside the ballots."""
    lists: dict[str, JsonValue] = {}
    if beside is not None:
        attended, objected = beside
        known: JsonValue = None if objected is None else [*objected]
        lists = {"beside": {"attended": [*attended], "objected": known}}
    return line({"motions": {**rules}, **lists})


def manifest_file(
    *,
    box_id: str,
    box_format: int,
    renovation_id: str,
    title: str,
    hashes: Mapping[str, str],
    public: bool = False,
) -> bytes:
    """manifest.json: which vote this is, and the SHA-256 of each file."""
    listed, formats = (PUBLIC_LISTED, PUBLIC_FORMATS) if public else (LISTED, FORMATS)
    return line(
        {
            "box_id": box_id,
            "files": {name: hashes[name] for name in listed},
            "format": formats[box_format],
            "renovation_id": renovation_id,
            "title": title,
        }
    )


def signature_file(public_key: str, signature: bytes) -> bytes:
    """signature.json: over the bytes of manifest.json, by the key of the tree head."""
    return line({"public_key": public_key, "signature": signature.hex()})


def line(value: Mapping[str, JsonValue]) -> bytes:
    """Canonical JSON and a line feed."""
    return canonical_json(value) + b"\n"


def sha256(data: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(data).hexdigest()


def _motion(motion: Motion, before: bool) -> dict[str, JsonValue]:
    left_out = LATER if before else None
    dumped: dict[str, JsonValue] = motion.model_dump(mode="json", exclude=left_out)
    return dumped


def _rule(kind: str, rule: Rule) -> dict[str, JsonValue]:
    return {
        "id": rule.id,
        "kind": kind,
        "law": rule.law,
        "silence": rule.silence.kind,
        "quorum": [_condition(each) for each in rule.quorum],
        "approve": [_condition(each) for each in rule.approve],
        "reject_cap": [_condition(each) for each in rule.reject_cap],
    }


def _follow_up(follow_up: FollowUp) -> JsonValue:
    return {
        "kind": follow_up.kind,
        "then": follow_up.then,
        "after": follow_up.after,
        "conditions": [_condition(each) for each in follow_up.conditions],
        "earliest_days": follow_up.earliest_days,
        "latest_days": follow_up.latest_days,
        "notice_days": follow_up.notice_days,
        "article": follow_up.article,
    }


def _payers(payers: PayerRule | None, by: Rule | None) -> JsonValue:
    if payers is None:
        return None
    return {
        "passed": payers.passed,
        "failed": payers.failed,
        "above": payers.above,
        "by": None if by is None else law_rule(by, ()),
    }


def _condition(condition: Condition) -> JsonValue:
    dumped: JsonValue = condition.model_dump(mode="json")
    return dumped


def readme(title: str, box_id: str, box_format: int, *, public: bool = False) -> bytes:
    """README.txt: how to check the bundle, in Chinese and English."""
    zh, en = _disclosed(box_format, public=public)
    return f"""\
{title}
投票编号 box: {box_id}

怎样核验
1. 安装 Python 3.8 或更高版本，无需联网，无需其他软件。
2. 在解压后的文件夹中运行：    python3 verify.py
   也可不解压：                python3 verify.py 证据包.zip
3. 与小区公告核对它打印的公钥和清单 SHA-256。
4. 查自己的票：                python3 verify.py --receipt 回执文件或回执码
{zh}
请从可信处取得 verify.py：伪造的证据包也可能附带伪造的核验程序。

How to check it
1. Any Python 3.8 or later; no network, nothing to install.
2. In the unpacked folder:     python3 verify.py
   without unpacking:          python3 verify.py BUNDLE.zip
3. Compare the public key and the SHA-256 that it prints with the notice posted in the estate.
4. Your own ballot:            python3 verify.py --receipt FILE or CODE
{en}
Take verify.py from somebody you trust: a forged bundle can carry a forged program.
""".encode()


def _disclosed(box_format: int, *, public: bool) -> tuple[str, str]:
    """What of the ballots stands in the bundle, in Chinese and English."""
    if public:
        return (
            (
                "这是公开的证据包：只有计票结果和每张选票的承诺值，没有打开的选票，也没有名册。哪些可以核对、哪些不能，核验程序会说明。\n"
                "完整的证据包：本次表决范围内的业主登录后可以申请，申请会被记录。"
            ),
            (
                "This is the public bundle: the result and the commitment to each ballot, no opened ballot and no"
                " roll.\nThe program says what it can check and what it cannot. Owners of the scope of the vote who have"
                "\nsigned in may ask for the full bundle; each request is recorded."
            ),
        )
    zh, en = ("每张选票的投票时间；", "when each ballot was cast; ") if box_format > 1 else ("", "")
    return (
        (
            f"内容：名册以代号列出人数、面积和份额；{zh}只有计入结果的选票列出选择，改投前的旧票、有争议的票均不列出。\n"
            "这是完整的证据包，只给本次表决范围内的业主：面积和选择在一起可以认出一户人家，请不要转发。"
        ),
        (
            f"What is in it: the roll by pseudonyms with heads, area and shares; {en}the choices\n"
            "of counted ballots only, never the earlier ones of somebody who changed the mind, never contested ones.\n"
            "This is the full bundle, for owners of the scope of the vote: an area and a choice together may tell a\n"
            "household. Do not pass it on."
        ),
    )
