"""The bundle of evidence of a closed vote, streamed out of the database (format in `proof.bundle`).

Ballots are read and written in pieces, so memory does not grow with the box. Everything is read in
one snapshot of the database.
"""

import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, get_args

import asyncpg
from pydantic import JsonValue, TypeAdapter

from models.values.decisions.rules import Rule
from models.values.refusal import refusal
from models.values.voting import Motion, VotingPack
from proof.ballots import roll_line
from proof.bundle import contents as bundle
from proof.verifier import standalone
from rules.voting import counts_beside, pack_for, pack_rule, rule_of, strict_kind
from rules.voting.judging import open_follow_ups, payers_rule
from runtime.ballots.boxes import COUNTED_VOTE
from runtime.ballots.bundle_zip import BundleWriter
from runtime.ballots.counting import CountedBallot, read_ballots
from runtime.ballots.said import said_of
from runtime.ballots.sealing import Signer
from runtime.private import OWNER_ONLY

AT_ONCE = 4_000
JSON: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
MOTIONS: TypeAdapter[tuple[Motion, ...]] = TypeAdapter(tuple[Motion, ...])

BOXES = """
SELECT b.id, b.motions::text, b.tally::text, b.tree_head::text, b.opened_key, b.format, r.rule_pack,
       r.title, b.objections_until
FROM ballot_box b JOIN renovation r ON r.id = b.renovation_id
WHERE b.renovation_id = $1 AND b.attempt = $2 AND ($3::text IS NULL OR b.id = $3)
ORDER BY length(b.id), b.id
"""
KNOWN = "SELECT EXISTS (SELECT 1 FROM renovation WHERE id = $1)"
COUNTED = """
SELECT details::text FROM event
WHERE renovation_id = $1 AND kind IN ('voting.box_closed', 'voting.objections_counted')
  AND (details ->> 'box' = $2::text
  OR details @> jsonb_build_object('others', jsonb_build_array(jsonb_build_object('box', $2::text))))
ORDER BY seq
"""
ROLL = """
SELECT pseudonym, heads, area_dm2, shares, developer, excluded_reason FROM roll_entry
WHERE box_id = $1 ORDER BY pseudonym COLLATE "C"
"""
ATTENDED, OBJECTED = (
    f"""
SELECT e.pseudonym FROM roll_entry e JOIN {table} l ON l.box_id = e.box_id AND l.entry_id = e.entry_id
WHERE e.box_id = $1 AND e.excluded_reason IS NULL ORDER BY e.pseudonym COLLATE "C"
"""  # noqa: S608 - our own names
    for table in ("attendance", "vote_objection")
)
LEAVES = "SELECT leaf FROM ballot WHERE box_id = $1 ORDER BY seq"
RULINGS = """
SELECT e.pseudonym, r.number, r.kind, b.leaf, r.up_to_seq, r.reason, r.recorded_at,
       (SELECT actor_role FROM event v WHERE v.command_id = r.command_id) AS role
FROM ballot_ruling r
JOIN roll_entry e ON e.box_id = r.box_id AND e.entry_id = r.entry_id
LEFT JOIN ballot b ON b.id = r.ballot_id
WHERE r.box_id = $1 ORDER BY e.pseudonym COLLATE "C", r.number
"""


@dataclass(frozen=True)
class Exported:
    """A bundle that was written."""

    path: Path
    box_id: str
    ballots: int
    manifest: str
    """SHA-256 of manifest.json: for the posted notice."""
    public_key: str


@dataclass(frozen=True)
class _ClosedBox:
    """A counted box, and what was published about it."""

    id: str
    format: int
    renovation_id: str
    title: str
    pack: VotingPack
    motions: tuple[Motion, ...]
    tally: dict[str, JsonValue]
    head: dict[str, JsonValue]
    closed: dict[str, JsonValue]
    """The details of the event of the close, with those of the count after the objections."""
    opened_key: bytes
    waited: bool
    """Owners had a time to object after it."""


async def export_voting(
    connection: asyncpg.Connection,
    renovation_id: str,
    out: Path,
    signer: Signer | Sequence[Signer],
    attempt: int | None = None,
    box_id: str | None = None,
    *,
    public: bool = False,
) -> Exported:
    """Write the bundle of a renovation's last counted vote, or of one `attempt`, to `out`.

    A vote with several boxes has a bundle for each: `box_id` says of which. The `public` form opens no
    ballot. The file appears whole or not at all.

    Raises:
        Refused: `renovation.unknown`, `evidence.not_counted` while there is no counted vote or owners may
            still object, `evidence.official` when an official system counted it, `evidence.other_key`
            when none of `signer` is who signed it, `voting.which_box`.
    """
    signers = {
        each.public_key: each for each in ([signer] if isinstance(signer, Signer) else signer)
    }
    part = out.with_name(f".{out.name}.part")
    part.touch(OWNER_ONLY)  # the full form opens every ballot
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                box = await _counted_box(connection, renovation_id, attempt, box_id)
                signed_by = signers.get(str(box.head.get("public_key")))
                if signed_by is None:
                    raise refusal("evidence.other_key", box=box.id)
                files = BundleWriter(archive)
                write = _write_public if public else _write
                ballots = await write(connection, box, files)
            manifest = bundle.manifest_file(
                box_id=box.id,
                box_format=box.format,
                renovation_id=renovation_id,
                title=box.title,
                hashes=files.hashes,
                public=public,
            )
            files.put(bundle.MANIFEST, manifest)
            seal = bundle.signature_file(signed_by.public_key, signed_by.sign(manifest))
            files.put(bundle.SIGNATURE, seal)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return Exported(out, box.id, ballots, bundle.sha256(manifest), signed_by.public_key)


async def _counted_box(
    connection: asyncpg.Connection, renovation_id: str, attempt: int | None, box_id: str | None
) -> _ClosedBox:
    if attempt is None:
        attempt = await connection.fetchval(COUNTED_VOTE, renovation_id)
    rows = await connection.fetch(BOXES, renovation_id, attempt, box_id)
    if len(rows) > 1:
        raise refusal(
            "voting.which_box", where="box_id", boxes=", ".join(row["id"] for row in rows)
        )
    row = rows[0] if rows else None
    if row is None and not await connection.fetchval(KNOWN, renovation_id):
        raise refusal("renovation.unknown", where=renovation_id[:64])
    if row is None or row["tally"] is None or row["tree_head"] is None:
        raise refusal("evidence.not_counted", renovation=renovation_id[:64])
    if row["opened_key"] is None:
        raise refusal("evidence.official", box=row["id"])
    tally = JSON.validate_json(row["tally"])
    if any(isinstance(each, dict) and each["outcome"] == "pending" for each in tally.values()):
        # Owners may still object: it is counted when that time is over.
        raise refusal("evidence.not_counted", renovation=renovation_id[:64])
    closed: dict[str, JsonValue] = {}
    for each in await connection.fetch(COUNTED, renovation_id, row["id"]):
        # Where owners could object it was counted again, and what was adopted may be another thing.
        closed |= said_of(JSON.validate_json(each["details"]), row["id"]) or {}
    return _ClosedBox(
        id=row["id"],
        format=row["format"],
        renovation_id=renovation_id,
        title=row["title"],
        pack=pack_for(row["rule_pack"]),
        motions=MOTIONS.validate_json(row["motions"]),
        tally=tally,
        head=JSON.validate_json(row["tree_head"]),
        closed=closed,
        opened_key=row["opened_key"],
        waited=row["objections_until"] is not None,
    )


async def _write(connection: asyncpg.Connection, box: _ClosedBox, files: BundleWriter) -> int:
    """Write all files that the manifest lists; returns the number of ballots."""
    files.put(bundle.README, bundle.readme(box.title, box.id, box.format))
    rulings = [_Ruling(*row) for row in await connection.fetch(RULINGS, box.id)]
    with files.file(bundle.BALLOTS) as write:
        settled, ballots = await _write_ballots(connection, box, write, rulings)
    files.put(bundle.HEAD, bundle.line(box.head))
    files.put(bundle.MOTIONS, bundle.motions_file(box.motions, _counted_before(box)))
    with files.file(bundle.ROLL) as write:
        roll = await _write_roll(connection, box.id, write)
    files.put(bundle.RESULT, bundle.line(_result(box, roll)))
    files.put(bundle.RULES, await _rules(connection, box))
    lines = (ruling.line(settled[ruling.up_to_seq]) for ruling in rulings)
    files.put(bundle.RULINGS, b"".join(bundle.ruling_line(line) for line in lines))
    files.put(bundle.VERIFY, standalone())
    return ballots


async def _write_public(
    connection: asyncpg.Connection, box: _ClosedBox, files: BundleWriter
) -> int:
    """Write the files of the public form; returns the number of ballots."""
    files.put(bundle.README, bundle.readme(box.title, box.id, box.format, public=True))
    count = 0
    with files.file(bundle.LEAVES) as write:
        cursor = await connection.cursor(LEAVES, box.id)
        while rows := await cursor.fetch(AT_ONCE):
            write(b"".join(bundle.leaf_line(row["leaf"]) for row in rows))
            count += len(rows)
    files.put(bundle.HEAD, bundle.line(box.head))
    files.put(bundle.MOTIONS, bundle.motions_file(box.motions, _counted_before(box)))
    roll = await _write_roll(connection, box.id, lambda _line: None)
    files.put(bundle.RESULT, bundle.line(_result(box, roll)))
    files.put(bundle.RULES, await _rules(connection, box, public=True))
    files.put(bundle.VERIFY, standalone())
    return count


async def _rules(connection: asyncpg.Connection, box: _ClosedBox, *, public: bool = False) -> bytes:
    """rules.json: of Chinese law the two classes of its pack, of any other the whole rule of each motion."""
    if box.pack.major:
        kinds = {motion.id: strict_kind(motion, box.pack) for motion in box.motions}
        rules = {name: (kind.value, pack_rule(box.pack, kind)) for name, kind in kinds.items()}
        return bundle.rules_file(rules)
    laws = {motion.id: rule_of(box.pack, motion) for motion in box.motions}
    whole = {
        motion.id: bundle.law_rule(
            laws[motion.id],
            open_follow_ups(laws[motion.id], motion.after or None),
            payers_rule(laws[motion.id]),
        )
        for motion in box.motions
    }
    # Who came and who objected stands under pseudonyms with areas: not in public.
    beside = None if public else await _beside(connection, box, laws.values())
    return bundle.law_file(whole, beside)


async def _beside(
    connection: asyncpg.Connection, box: _ClosedBox, laws: Iterable[Rule]
) -> bundle.BesideLists | None:
    """Who came without a ballot, and who objected where there was a time for it; None where nobody asks."""
    if not counts_beside(laws):
        return None
    attended = [row["pseudonym"] for row in await connection.fetch(ATTENDED, box.id)]
    if not box.waited:
        return bundle.BesideLists(attended)
    objected = [row["pseudonym"] for row in await connection.fetch(OBJECTED, box.id)]
    return bundle.BesideLists(attended, objected)


def _counted_before(box: _ClosedBox) -> list[str]:
    """The motions that were counted before menus obeyed the class of their matter."""
    return [
        name for name, each in box.tally.items() if isinstance(each, dict) and "works" not in each
    ]


class _Ruling(NamedTuple):
    """A row of `RULINGS`."""

    pseudonym: str
    number: int
    kind: str
    leaf: bytes | None
    up_to_seq: int
    reason: str
    recorded_at: datetime
    role: str | None

    def line(self, up_to: int) -> bundle.RulingLine:
        """The ruling as it is published; it settles the first `up_to` ballots of the tree."""
        return bundle.RulingLine(
            entry=self.pseudonym,
            number=self.number,
            kind=self.kind,
            leaf=self.leaf,
            up_to=up_to,
            reason=self.reason,
            role=self.role,
            at=self.recorded_at,
        )


async def _write_ballots(
    connection: asyncpg.Connection,
    box: _ClosedBox,
    write: Callable[[bytes], None],
    rulings: Sequence[_Ruling],
) -> tuple[dict[int, int], int]:
    """Write the ballots in the order of the tree.

    Returns for each ruling's `up_to_seq` how many ballots of the tree it covers, and their number.
    """
    waiting = sorted({ruling.up_to_seq for ruling in rulings})
    settled: dict[int, int] = {}
    count = 0
    async for ballots in read_ballots(connection, box.id, box.opened_key):
        write(b"".join(bundle.ballot_line(_ballot(box, ballot)) for ballot in ballots))
        while waiting and waiting[0] < ballots[-1].seq:
            before = bisect_right(ballots, waiting[0], key=lambda ballot: ballot.seq)
            settled[waiting.pop(0)] = count + before
        count += len(ballots)
    return settled | dict.fromkeys(waiting, count), count


def _ballot(box: _ClosedBox, ballot: CountedBallot) -> bundle.BallotLine:
    return bundle.BallotLine(
        box_id=box.id,
        entry=ballot.pseudonym,
        channel=ballot.channel,
        commitment=ballot.commitment,
        heads=ballot.heads,
        area_dm2=ballot.area_dm2,
        shares=ballot.shares,
        leaf=ballot.leaf,
        state="broken" if ballot.choices is None else ballot.state,
        times=ballot.times if box.format > 1 else None,
        choices=ballot.choices,
        nonce=ballot.nonce,
    )


async def _write_roll(
    connection: asyncpg.Connection, box_id: str, write: Callable[[bytes], None]
) -> bundle.RollSums:
    """Write the roll by pseudonym; returns the sums of all entries that may vote."""
    heads = area_dm2 = shares = entries = 0
    all_have_shares = True
    cursor = await connection.cursor(ROLL, box_id)
    while rows := await cursor.fetch(AT_ONCE):
        write(b"".join(roll_line(**row) for row in rows))
        all_have_shares = all_have_shares and all(row["shares"] is not None for row in rows)
        for row in rows:
            if row["excluded_reason"] is None:
                heads += row["heads"]
                area_dm2 += row["area_dm2"]
                shares += row["shares"] or 0
                entries += 1
    return bundle.RollSums(
        heads=heads,
        area_dm2=area_dm2,
        shares=shares if all_have_shares else None,
        entries=entries,
    )


def _result(box: _ClosedBox, roll: bundle.RollSums) -> dict[str, JsonValue]:
    """result.json: what the close published, and the sums of the roll."""
    found = box.closed.get("ballots")
    published = found if isinstance(found, dict) else {}
    states: dict[str, JsonValue] = dict.fromkeys(get_args(bundle.BallotState), 0)
    return {
        "adopted": box.closed.get("adopted"),
        "ballots": states | {name: number for name, number in published.items() if number},
        "concentration": box.closed.get("concentration"),
        "motions": box.tally,
        "roll": roll.model_dump(mode="json"),
    }
