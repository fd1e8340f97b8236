"""Counting a closed box: open every ballot, decide each motion by heads and by area (E3), sign the head of the tree."""

from dataclasses import dataclass, replace

from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox
from models.values.refusal import refusal
from models.values.voting import Motion, ReportedTally, SecondVote, VotingPack
from proof.canonical import canonical_json, utc_text
from rules import voting as law
from rules.voting.live.beside import Weight
from runtime.ballots.beside import load_beside
from runtime.ballots.counting import Count, count_box
from runtime.ballots.sealing import BoxKeys, SealBroken, public_half
from runtime.ballots.standing import taken_part
from runtime.database import driver_connection

ROLL = text("""
SELECT coalesce(sum(heads), 0)::bigint AS heads, coalesce(sum(area_dm2), 0)::bigint AS area_dm2,
       CASE WHEN bool_and(shares IS NOT NULL) THEN sum(shares)::bigint ELSE 0 END AS shares
FROM roll_entry WHERE box_id = :box AND excluded_reason IS NULL
""")


@dataclass(frozen=True)
class CountedBox:
    """A counted box: per motion its numbers and outcome, all checks, the signed tree head."""

    record: dict[str, dict[str, JsonValue]]
    checks: list[JsonValue]
    adopted: bool
    run_off: bool
    seconds: tuple[SecondVote, ...]
    """What may be put again under a lower bar."""
    days_to_object: int
    """How long owners may object before anything is decided; 0 where the law has no such time."""
    ballots: dict[str, JsonValue]
    unsigned: int
    head: dict[str, JsonValue]


async def roll_totals(session: AsyncSession, box_id: str) -> Weight:
    """Heads, area and shares of all who may vote; no shares where they are not known of everybody."""
    row = (await session.execute(ROLL, {"box": box_id})).one()
    return Weight(row.heads, row.area_dm2, row.shares or 0)


async def turnout_tally(session: AsyncSession, box_id: str) -> ReportedTally:
    """Who has taken part so far, for the decision about the extension; how, nobody knows yet."""
    found = await taken_part(session, box_id)
    return ReportedTally(
        roll_heads=found.roll_heads,
        roll_area_dm2=found.roll_area_dm2,
        participating_heads=found.heads,
        participating_area_dm2=found.area_dm2,
    )


async def count_out(
    session: AsyncSession, box: BallotBox, pack: VotingPack, keys: BoxKeys
) -> CountedBox:
    """Unwrap the box's key, open and count all ballots, decide, sign; the key is public from now on.

    Raises:
        Refused: `voting.box_key_wrong` when this worker's box key does not open the box.
    """
    box.opened_key = _unwrapped(box, keys)
    await session.flush()
    count = await count_box(await driver_connection(session), box.id, box.opened_key)
    rules = [law.rule_of(pack, Motion.model_validate(motion)) for motion in box.motions]
    beside = law.NOTHING_BESIDE
    if law.counts_beside(rules):
        beside = (await load_beside(session, box.id)).at_the_close()
    counted = await _decided(session, box, pack, count, beside)
    return replace(counted, head=signed_head(box, count, keys))


async def count_again(session: AsyncSession, box: BallotBox, pack: VotingPack) -> CountedBox:
    """The count of a closed box once the time to object is over."""
    assert box.opened_key is not None
    assert box.tree_head is not None
    count = await count_box(await driver_connection(session), box.id, box.opened_key)
    counted = await _decided(session, box, pack, count, await load_beside(session, box.id))
    return replace(counted, head=box.tree_head)


async def _decided(
    session: AsyncSession, box: BallotBox, pack: VotingPack, count: Count, beside: law.Beside
) -> CountedBox:
    motions = tuple(Motion.model_validate(motion) for motion in box.motions)
    intact = law.intact_check(count.states["broken"] + count.missing)
    roll = await roll_totals(session, box.id)
    results = law.motion_results(pack, motions, count.weights, roll, [intact], beside)
    record = {name: result.model_dump(mode="json") for name, result in results.items()}
    run_off = law.run_off_due({name: result.outcome for name, result in results.items()})
    return CountedBox(
        record=record,
        checks=[
            {"motion": name, **check}
            for name, result in record.items()
            if result["outcome"] != "lapsed"
            for check in result["decision"]["checks"]
        ],
        adopted=law.adopted(
            motions, [name for name, result in results.items() if result.outcome == "passed"]
        ),
        run_off=run_off,
        seconds=tuple(each.second for each in results.values() if run_off and each.second),
        days_to_object=max((each.days_to_object for each in results.values()), default=0),
        ballots={**count.states, "missing": count.missing},
        unsigned=count.unsigned,
        head={},
    )


def signed_head(box: BallotBox, count: Count, keys: BoxKeys) -> dict[str, JsonValue]:
    """The head of the tree over all ballots, with its signature (Ed25519) and the signer's key.

    From format 2 on with the period of the vote, within which every ballot was cast.
    """
    assert box.closed_at is not None
    head: dict[str, JsonValue] = {
        "box_id": box.id,
        "closed_at": utc_text(box.closed_at),
        "roll_hash": box.roll_hash,
        "root": count.tree.root().hex(),
        "tree_size": count.tree.size,
    }
    if box.format > 1:
        head |= {"opens_at": utc_text(box.opens_at), "closes_at": utc_text(box.closes_at)}
    signer = keys.signer_for(box.id, box.wrapped_key)
    signature = signer.sign(canonical_json(head)).hex()
    return {**head, "public_key": signer.public_key, "signature": signature}


def _unwrapped(box: BallotBox, keys: BoxKeys) -> bytes:
    wrong = refusal("voting.box_key_wrong", where=box.id, box=box.id)
    try:
        private = keys.unwrap(box.id, box.wrapped_key)
    except SealBroken:
        raise wrong from None
    # The private half is bound to the box; the public one is a column, which may have been changed.
    if public_half(private) != box.public_key:
        raise wrong
    return private
