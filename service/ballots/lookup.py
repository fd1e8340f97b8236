"""A voter looks for the own ballot: is it in the box, and after the close where in the signed tree.

The lookup needs the code of a receipt only and says no more than the public evidence does: codes follow
from the leaves, and those everybody may read. What the ballot says is told to its own household only. That a household has verified is counted with the credential of its unit.
"""

import asyncio
import json
from array import array
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Ballot, BallotBox, BallotCheck, BallotSeal, OwnerReplacement, RollUnit
from models.values.base import Carried
from models.values.refusal import Problem, Refused, refusal
from proof.merkle import PackedTree
from proof.receipts import ALPHABET, CODE_BITS, read_code
from runtime.ballots.sealing import BallotOpener, SealBroken
from runtime.ballots.standing import states
from runtime.database import Database
from service.access.sold import sold_at
from service.edge.ready import ReadyCounts

TREES_KEPT = 2
"""Trees of closed boxes kept in memory, 72 bytes a ballot."""
HEX_DIGITS = CODE_BITS // 4


class FoundBallot(Carried):
    """A ballot by its code; what comes after `state` is there once the box is closed.

    `state`: "taken" before the close; then "counted", "superseded" (a later one of the same entry
    counts), "contested", "set_aside", "broken". `path` leads from the leaf to the root of
    `tree_head` (RFC 6962).
    """

    box_id: str
    code: str
    leaf_hash: str
    channel: str
    cast_at: datetime
    recorded_at: datetime
    state: str
    choices: JsonValue = None
    """What it says, of the counted ballot, for its own household."""
    index: int | None = None
    path: tuple[str, ...] = ()
    tree_head: JsonValue = None


class Verification(Carried):
    """How many households have found their ballot in the published tree."""

    box_id: str
    households: int
    """Those with a ballot in the box."""
    verified: int


@dataclass(frozen=True, slots=True)
class Places:
    """The ballots of a closed box in the order of its tree: their tree and their numbers, sorted."""

    tree: PackedTree
    numbers: "array[int]"

    def place_of(self, seq: int) -> int:
        """The place of a ballot, from 0."""
        return bisect_left(self.numbers, seq)


class Lookup:
    """Finds ballots; keeps the trees of the boxes that were asked for last."""

    def __init__(self, database: Database, ready: ReadyCounts) -> None:
        self._database = database
        self._ready = ready
        self._trees: OrderedDict[str, Places] = OrderedDict()
        self._making = asyncio.Lock()

    async def find(
        self, renovation_id: str, code: str, unit_number: str | None = None
    ) -> FoundBallot:
        """The ballot with this code in any vote of the renovation; `unit_number` is whose ticket was shown.

        Raises:
            Refused: `receipt.code`, `voting.ballot_unknown`.
        """
        async with self._database.held() as session:
            box, ballot = await _by_code(session, renovation_id, read_code(code))
            found = FoundBallot(
                box_id=box.id,
                code=read_code(code),
                leaf_hash=ballot.leaf.hex(),
                channel=ballot.channel,
                cast_at=ballot.cast_at,
                recorded_at=ballot.recorded_at,
                state="taken",
            )
            if box.tree_head is None or box.opened_key is None:
                return found
            state, choices = await _opened(session, box, ballot)
            own = await _is_of(session, renovation_id, ballot, unit_number)
        # Whoever waits for a tree holds no connection meanwhile.
        places = await self._places(box.id)
        index = places.place_of(ballot.seq)
        return found.model_copy(
            update={
                "state": state,
                "choices": choices if own and state == "counted" else None,
                "index": index,
                "path": tuple(sister.hex() for sister in places.tree.path(index)),
                "tree_head": box.tree_head,
            }
        )

    async def verify(self, renovation_id: str, unit_number: str, code: str) -> Verification:
        """Count that the unit's household has found its own ballot in a closed box.

        Raises:
            Refused: `receipt.code`, `voting.ballot_unknown`, `voting.not_counted` before the close,
                `voting.ballot_of_another` when it is not a ballot of this unit's entry.
        """

        async def work(session: AsyncSession) -> tuple[BallotBox, int]:
            box, ballot = await _by_code(session, renovation_id, read_code(code))
            if box.tree_head is None:
                raise refusal("voting.not_counted", box=box.id)
            unit = await session.get(RollUnit, (box.id, unit_number))
            if unit is None or unit.entry_id != ballot.entry_id:
                raise refusal("voting.ballot_of_another", where=read_code(code))
            await session.execute(
                insert(BallotCheck)
                .values(
                    box_id=box.id,
                    entry_id=ballot.entry_id,
                    ballot_id=ballot.id,
                    checked_at=func.clock_timestamp(),
                )
                .on_conflict_do_nothing()
            )
            return box, await _count_checks(session, box)

        box, verified = await self._database.transaction(work)

        async def households_of() -> int:
            async with self._database.session() as session:
                return await count_households(session, box)

        households = await self._ready.read(("households", box.id), households_of)
        return Verification(box_id=box.id, households=households, verified=verified)

    async def _places(self, box_id: str) -> Places:
        # One at a time: after a count everybody looks at once, and a tree is made for all.
        async with self._making:
            places = self._trees.get(box_id)
            if places is None:
                places = await self._read_places(box_id)
                self._trees[box_id] = places
            self._trees.move_to_end(box_id)
            while len(self._trees) > TREES_KEPT:
                self._trees.popitem(last=False)
        return places

    async def _read_places(self, box_id: str) -> Places:
        leaves, numbers = bytearray(), array("q")
        async with self._database.held() as session:
            rows = await session.stream(
                select(Ballot.seq, Ballot.leaf)
                .where(Ballot.box_id == box_id)
                .order_by(Ballot.seq)
                .execution_options(yield_per=5_000)
            )
            async for seq, leaf in rows:
                numbers.append(seq)
                leaves += leaf
        return Places(await asyncio.to_thread(PackedTree, bytes(leaves)), numbers)


async def load_verification(session: AsyncSession, box: BallotBox) -> Verification:
    """How many households voted in a box, and how many of them have checked it."""
    households = await count_households(session, box)
    verified = await _count_checks(session, box)
    return Verification(box_id=box.id, households=households, verified=verified)


async def count_households(session: AsyncSession, box: BallotBox) -> int:
    """How many entries of the roll have a ballot in the box."""
    voted = select(Ballot.entry_id).where(Ballot.box_id == box.id).distinct().subquery()
    return await session.scalar(select(func.count()).select_from(voted)) or 0


async def _count_checks(session: AsyncSession, box: BallotBox) -> int:
    checked = select(func.count()).select_from(BallotCheck).where(BallotCheck.box_id == box.id)
    return await session.scalar(checked) or 0


async def _by_code(
    session: AsyncSession, renovation_id: str, code: str
) -> tuple[BallotBox, Ballot]:
    """The ballot whose id begins with the code's 60 bits: ids are the first half of the leaf."""
    prefix = _hex_prefix(code)
    query = (
        select(BallotBox, Ballot)
        .join(Ballot, Ballot.box_id == BallotBox.id)
        .where(
            BallotBox.renovation_id == renovation_id,
            Ballot.id >= prefix,
            Ballot.id < prefix + "g",
            Ballot.id.startswith(prefix),
        )
        .limit(1)
    )
    row = (await session.execute(query)).first()
    if row is None:
        raise Refused(Problem(code="voting.ballot_unknown", where=code, params={"code": code}))
    return row[0], row[1]


def _hex_prefix(code: str) -> str:
    number = 0
    for letter in code.replace("-", ""):
        number = number << 5 | ALPHABET.index(letter)
    return f"{number:0{HEX_DIGITS}x}"


async def _is_of(
    session: AsyncSession, renovation_id: str, ballot: Ballot, unit_number: str | None
) -> bool:
    """Is the ballot of the entry of this unit, and of its owner of today?"""
    if unit_number is None:
        return False
    unit = await session.get(RollUnit, (ballot.box_id, unit_number))
    if unit is None or unit.entry_id != ballot.entry_id:
        return False
    since = await sold_at(session, renovation_id, unit_number)
    if since is not None and ballot.recorded_at <= since:
        return False
    return ballot.unit_number == unit_number or not await _was_parted(session, ballot, unit_number)


async def _was_parted(session: AsyncSession, ballot: Ballot, unit_number: str) -> bool:
    """Whether one of two units of an entry had been sold in this vote, when the ballot of the other came."""
    box = await session.get_one(BallotBox, ballot.box_id)
    found = await session.scalar(
        select(OwnerReplacement.generation)
        .join(BallotBox, BallotBox.id == OwnerReplacement.box_id)
        .where(
            OwnerReplacement.renovation_id == box.renovation_id,
            OwnerReplacement.unit_number.in_((unit_number, ballot.unit_number)),
            OwnerReplacement.recorded_at < ballot.recorded_at,
            BallotBox.attempt == box.attempt,
        )
        .limit(1)
    )
    return found is not None


async def _opened(session: AsyncSession, box: BallotBox, ballot: Ballot) -> tuple[str, JsonValue]:
    """What became of the ballot, and what it says."""
    of_entry = await states(session, box.id, ballot.entry_id)
    seal = await session.get_one(BallotSeal, ballot.seal_id)
    assert box.opened_key is not None
    try:
        opener = BallotOpener(box.opened_key, seal.public_key)
        _, choices = opener.open(ballot.sealed, ballot.commitment)
    except SealBroken:
        return "broken", None
    said: JsonValue = json.loads(choices)
    return of_entry[ballot.id], said
