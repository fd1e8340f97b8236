"""Bundles of evidence made by hand: a small vote with every kind of ballot, and ways to lie with it."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import JsonValue

from models.values.decisions.rules import Rule
from models.values.voting import Condition, Motion, MotionKind, VotingPack
from proof.ballots import Leaves, Times, commitment_of, pseudonym_of, roll_line
from proof.bundle import contents as bundle
from proof.canonical import canonical_json, utc_text
from proof.merkle import leaf_hash, root_of
from proof.verifier import standalone
from rules.voting import adopted, counts_beside
from rules.voting.judging import open_follow_ups, payers_rule
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight
from rules.voting.results import motion_results

KEY = Ed25519PrivateKey.from_private_bytes(b"tree heads of the tests, 32 byte")
PUBLIC_KEY = KEY.public_key().public_bytes_raw().hex()
BOX = "renovation-1.1"
SALT = b"s" * 32
AT = datetime(2026, 3, 20, 8, tzinfo=UTC)
FORMAT = 2
PERIOD = {"opens_at": "2026-03-10T00:00:00.000000+00:00", "closes_at": utc_text(AT)}
VERIFY = standalone()
Bundle = dict[str, bytes]


@dataclass
class Entry:
    """One entry of the roll."""

    name: str
    area_dm2: int
    shares: int | None = None
    developer: bool = False
    excluded_reason: str | None = None

    @property
    def pseudonym(self) -> str:
        return pseudonym_of(SALT, self.name)


@dataclass
class Cast:
    """One ballot; `state` is the one that it should have."""

    entry: str
    choices: Mapping[str, JsonValue]
    channel: str = "web"
    state: str = "counted"


@dataclass
class Vote:
    """A vote as it was held."""

    entries: Sequence[Entry]
    casts: Sequence[Cast]
    motions: Sequence[Motion]
    rulings: Sequence[tuple[str, str, int | None, int]] = ()
    """(entry, kind, place of the accepted ballot, up to)."""
    rule: Rule | None = None
    before: bool = False
    """Counted when menus obeyed no class of decision yet."""
    laws: Mapping[str, Rule] = field(default_factory=dict)
    """The whole rule of each motion, of a vote under another law than the Chinese one."""
    payers_by: Mapping[str, Rule] = field(default_factory=dict)
    attended: Sequence[str] = ()
    objected: Sequence[str] | None = None
    leaves: list[bytes] = field(default_factory=list)

    def bundle(self) -> Bundle:
        """The files, all in order."""
        entries = {entry.name: entry for entry in self.entries}
        files: Bundle = {}
        files[bundle.ROLL] = roll_of(self.entries)
        files[bundle.BALLOTS] = self._ballots(entries)
        rulings = [
            bundle.RulingLine(
                entry=entries[name].pseudonym,
                number=number,
                kind=kind,
                leaf=None if place is None else self.leaves[place],
                up_to=up_to,
                reason="核对了签名 signature compared",
                role="committee",
                at=AT,
            )
            for number, (name, kind, place, up_to) in enumerate(self.rulings, 1)
        ]
        rulings.sort(key=lambda ruling: (ruling.entry, ruling.number))
        files[bundle.RULINGS] = b"".join(bundle.ruling_line(ruling) for ruling in rulings)
        then = [motion.id for motion in self.motions] if self.before else []
        files[bundle.MOTIONS] = bundle.motions_file(self.motions, then)
        files[bundle.RULES] = self._rules(entries)
        files[bundle.RESULT] = bundle.line(self._result())
        files[bundle.README] = bundle.readme("加装电梯 lift", BOX, FORMAT)
        files[bundle.VERIFY] = VERIFY
        head: dict[str, JsonValue] = {
            "box_id": BOX,
            "closed_at": utc_text(AT),
            "roll_hash": bundle.sha256(files[bundle.ROLL]),
            "root": root_of(self.leaves).hex(),
            "tree_size": len(self.leaves),
            **PERIOD,
        }
        files[bundle.HEAD] = bundle.line(head | signature_of(canonical_json(head)))
        return signed(files)

    def _rules(self, entries: Mapping[str, Entry]) -> bytes:
        if not self.laws:
            return bundle.rules_file(
                {motion.id: (motion.kind.value, self.rule or RULE) for motion in self.motions}
            )

        def named(names: Sequence[str]) -> list[str]:
            return sorted(entries[name].pseudonym for name in names)

        lists = None
        if counts_beside(self.laws.values()):
            objected = None if self.objected is None else named(self.objected)
            lists = bundle.BesideLists(named(self.attended), objected)
        whole = {
            motion.id: bundle.law_rule(
                self.laws[motion.id],
                open_follow_ups(self.laws[motion.id], motion.after or None),
                self.payers_by.get(motion.id) or payers_rule(self.laws[motion.id]),
            )
            for motion in self.motions
        }
        return bundle.law_file(whole, lists)

    def _beside(self) -> Beside:
        """As the database counts it: whoever cast any ballot has come."""
        voters = [each for each in self.entries if each.excluded_reason is None]
        came = {cast.entry for cast in self.casts} | set(self.attended)
        objected = set(self.objected or ())

        def together(chosen: Sequence[Entry]) -> Weight:
            sums = weights(chosen, self.entries)
            return Weight(sums["heads"], sums["area_dm2"], sums["shares"] or 0)

        present = together([each for each in voters if each.name in came])
        if self.objected is None:
            return Beside(present=present)
        return Beside(
            present=present,
            silent=together([each for each in voters if each.name not in came | objected]),
            objections=together([each for each in voters if each.name in objected]),
        )

    def _ballots(self, entries: Mapping[str, Entry]) -> bytes:
        lines, maker = [], Leaves(BOX, FORMAT)
        self.leaves.clear()
        for number, cast in enumerate(self.casts):
            entry = entries[cast.entry]
            nonce = number.to_bytes(16, "big")
            commitment = commitment_of(nonce, canonical_json(dict(cast.choices)))
            content_hash = maker.content_hash(
                pseudonym=entry.pseudonym,
                channel=cast.channel,
                commitment=commitment,
                heads=1,
                area_dm2=entry.area_dm2,
                shares=entry.shares,
            )
            times = times_of(number)
            leaf = maker.leaf(content_hash, times)
            self.leaves.append(leaf)
            line = bundle.BallotLine(
                box_id=BOX,
                entry=entry.pseudonym,
                channel=cast.channel,
                commitment=commitment,
                heads=1,
                area_dm2=entry.area_dm2,
                shares=entry.shares,
                leaf=leaf,
                state=cast.state,
                times=times,
                choices=canonical_json(dict(cast.choices)),
                nonce=nonce,
            )
            lines.append(bundle.ballot_line(line))
        return b"".join(lines)

    def _result(self) -> dict[str, JsonValue]:
        voters = [entry for entry in self.entries if entry.excluded_reason is None]
        roll = weights(voters, self.entries)
        states = dict.fromkeys(("counted", "superseded", "contested", "set_aside", "excluded"), 0)
        for cast in self.casts:
            states[cast.state] += 1
        results = motion_results(
            self._pack(),
            self.motions,
            self._said(),
            Weight(roll["heads"], roll["area_dm2"], roll["shares"] or 0),
            beside=self._beside() if counts_beside(self.laws.values()) else NOTHING_BESIDE,
            before_approval=self.before,
            rules=self.laws or None,
            payers_by=self.payers_by,
        )
        passed = [name for name, result in results.items() if result.outcome == "passed"]
        largest = max(voters, key=lambda entry: entry.area_dm2)
        above = 5 * largest.area_dm2 > roll["area_dm2"] or roll["heads"] < 5
        return {
            "adopted": adopted(self.motions, passed),
            "ballots": {**states},
            "concentration": {
                "heads": 1,
                "roll_heads": roll["heads"],
                "area_dm2": largest.area_dm2,
                "roll_area_dm2": roll["area_dm2"],
                "developer": largest.developer,
                "above_one_fifth": above,
            },
            "motions": {
                name: result.model_dump(mode="json", exclude=bundle.LATER if self.before else None)
                for name, result in results.items()
            },
            "roll": roll | {"entries": len(voters)},
        }

    def _said(self) -> dict[bytes, Weight]:
        entries = {entry.name: entry for entry in self.entries}
        said: dict[bytes, Weight] = {}
        for cast in self.casts:
            if cast.state == "counted":
                words = canonical_json(dict(cast.choices))
                entry = entries[cast.entry]
                weight = Weight(1, entry.area_dm2, entry.shares or 0)
                said[words] = said.get(words, Weight()).plus(weight)
        return said

    def _pack(self) -> VotingPack:
        rule = self.rule or RULE
        return VotingPack(
            id=rule.id,
            region="",
            valid_from=rule.valid_from,
            quorum=rule.quorum,
            ordinary=rule.approve,
            major=rule.approve,
            text=rule.law,
            non_return="ignore" if rule.silence.kind == "no_vote" else "follow_majority",
        )


def times_of(number: int) -> Times:
    """When a ballot of the tree was cast: one a minute, two at once; recorded a year later."""
    minute = f"03-11T08:{number // 2:02d}:00.000001+00:00"
    return Times(f"2026-{minute}", f"2027-{minute}")


def roll_of(entries: Sequence[Entry]) -> bytes:
    """roll.jsonl."""
    return b"".join(
        roll_line(
            pseudonym=entry.pseudonym,
            heads=1,
            area_dm2=entry.area_dm2,
            shares=entry.shares,
            developer=entry.developer,
            excluded_reason=entry.excluded_reason,
        )
        for entry in sorted(entries, key=lambda entry: entry.pseudonym)
    )


def weights(entries: Sequence[Entry], voters: Sequence[Entry] = ()) -> dict[str, Any]:
    """Heads, area and shares together."""
    known = all(entry.shares is not None for entry in (*entries, *voters))
    return {
        "heads": len(entries),
        "area_dm2": sum(entry.area_dm2 for entry in entries),
        "shares": sum(entry.shares or 0 for entry in entries) if known else None,
    }


def both(name: str, value: str, op: str, fraction: str, of: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            code=f"voting.{name}.{dimension}",
            dimension=dimension,
            value=value,
            op=op,
            fraction=Fraction(fraction),
            of=of,
            article="Civil Code art. 278(2)",
        )
        for dimension in ("head", "area")
    )


RULE = Rule(
    id="a rule of the tests",
    jurisdiction="CN",
    law="业主共同决定事项",
    articles=("Civil Code art. 278(2)",),
    confidence="V",
    valid_from=AT.date(),
    quorum=both("quorum", "participating", ">=", "2/3", "all"),
    approve=both("approve", "yes", ">=", "3/4", "participating"),
)


def signature_of(message: bytes) -> dict[str, JsonValue]:
    return {"public_key": PUBLIC_KEY, "signature": KEY.sign(message).hex()}


def signed(files: Bundle) -> Bundle:
    """The files with a manifest that names them, signed: what somebody with the key can make."""
    hashes = {name: bundle.sha256(files[name]) for name in bundle.LISTED}
    manifest = bundle.manifest_file(
        box_id=BOX,
        box_format=FORMAT,
        renovation_id="renovation-1",
        title="加装电梯 lift",
        hashes=hashes,
    )
    return sealed({**files, bundle.MANIFEST: manifest})


def public_of(files: Bundle) -> Bundle:
    """The public form of the same vote, as `runtime.ballots.evidence` writes it."""
    lines = [json.loads(line) for line in files[bundle.BALLOTS].splitlines()]
    rules = json.loads(files[bundle.RULES])
    rules.pop("beside", None)
    shown = {
        **{name: files[name] for name in bundle.PUBLIC_LISTED if name in files},
        bundle.README: bundle.readme("加装电梯 lift", BOX, FORMAT, public=True),
        bundle.RULES: bundle.line(rules),
        bundle.LEAVES: b"".join(bundle.leaf_line(bytes.fromhex(each["leaf"])) for each in lines),
    }
    return signed_public(shown)


def signed_public(files: Bundle) -> Bundle:
    """The files of a public form with a manifest that names them, signed."""
    manifest = bundle.manifest_file(
        box_id=BOX,
        box_format=FORMAT,
        renovation_id="renovation-1",
        title="加装电梯 lift",
        hashes={name: bundle.sha256(files[name]) for name in bundle.PUBLIC_LISTED},
        public=True,
    )
    return sealed({**files, bundle.MANIFEST: manifest})


def sealed(files: Bundle) -> Bundle:
    """The files with a signature over the manifest that they have."""
    seal = bundle.signature_file(PUBLIC_KEY, KEY.sign(files[bundle.MANIFEST]))
    return {**files, bundle.SIGNATURE: seal}


def headed(files: Bundle) -> Bundle:
    """The same with a new tree head over the ballots and the roll as they are now."""
    lines = [json.loads(line) for line in files[bundle.BALLOTS].splitlines()]
    head = json.loads(files[bundle.HEAD])
    statement = {
        **{name: head[name] for name in ("box_id", "closed_at", *PERIOD)},
        "roll_hash": bundle.sha256(files[bundle.ROLL]),
        "root": root_of(bytes.fromhex(line["leaf"]) for line in lines).hex(),
        "tree_size": len(lines),
    }
    return signed(
        {**files, bundle.HEAD: bundle.line(statement | signature_of(canonical_json(statement)))}
    )


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def written(folder: Path, files: Mapping[str, bytes]) -> str:
    """The files as a zip in a folder; its path."""
    path = folder / "bundle.zip"
    path.write_bytes(zipped(files))
    return str(path)


Change = Callable[[dict[str, Any]], object]


def changed(files: Bundle, name: str, change: Change, line: int = 1) -> Bundle:
    """A file with one line changed."""
    lines = files[name].splitlines()
    value = json.loads(lines[line - 1])
    change(value)
    lines[line - 1] = canonical_json(value)
    return {**files, name: b"".join(part + b"\n" for part in lines)}


def example() -> Vote:
    """Twelve entries: changed minds, a proxy, contests with and without ruling, one excluded."""
    entries = [
        Entry(f"1-{number:02d}", 8_000 + 137 * number, shares=10 + number) for number in range(12)
    ]
    entries[10].developer = True
    entries[11].excluded_reason = "arrears"
    yes, no = {"lift": "yes", "paint": "yes"}, {"lift": "no", "paint": "abstain"}
    casts = [
        Cast("1-00", no, state="superseded"),
        Cast("1-01", yes),
        Cast("1-00", yes),
        Cast("1-02", yes, "paper"),
        Cast("1-03", no, "proxy", "superseded"),
        Cast("1-03", yes, "portal"),
        Cast("1-04", yes, "proxy"),
        Cast("1-05", no),
        Cast("1-06", yes, "web", "contested"),
        Cast("1-06", no, "door", "contested"),
        Cast("1-07", no, "web", "superseded"),
        Cast("1-07", yes, "paper"),
        Cast("1-08", yes, "paper", "set_aside"),
        Cast("1-09", {"lift": "yes", "paint": "invalid"}, "onsite"),
        Cast("1-10", yes, "official"),
    ]
    rulings = [
        ("1-07", "disputed", None, 12),
        ("1-07", "accepted", 11, 12),
        ("1-08", "set_aside", None, 13),
    ]
    motions = [
        Motion(id="lift", title="加装电梯", kind=MotionKind.MAJOR),
        Motion(id="paint", title="外墙粉刷", kind=MotionKind.MAJOR, depends_on="lift"),
    ]
    return Vote(entries, casts, motions, rulings)


def leaf_hash_of(data: Mapping[str, JsonValue]) -> bytes:
    """The leaf of a ballot's fields, written out after the documentation and not after the code."""
    times = {name: data[name] for name in ("cast_at", "recorded_at")}
    content = {name: value for name, value in data.items() if name not in times}
    return leaf_hash(canonical_json({"ballot": leaf_hash(canonical_json(content)).hex(), **times}))


GOOD: Bundle = example().bundle()
"""A true bundle."""
