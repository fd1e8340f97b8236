"""A ballot before its commit: whether the box may take it, the row it becomes, who waits for it.

The classes are not frozen, because a frozen dataclass takes longer to make and each ballot makes
several.
"""

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b

from models.values.refusal import Refused, problem, refusal
from models.values.voting import Channel
from proof.ballots import ballot_id_of
from service.ballots.boxes import Box, Entry, NotTaken
from service.ballots.receipts import IssuedReceipt, StoredBallot
from service.bodies import CastBallot

ONLINE: frozenset[Channel] = frozenset(("web", "portal", "proxy"))
"""Ballots on the internet: an owner's own, a portal's, an agent's. The others are papers with a signature."""
Key = tuple[str, str, str]
"""Box, unit and command: what makes a ballot the same one again. Two voters may use one command id."""
Group = tuple[str, str, str, str]
"""Box, roll, channel and seal: what ballots of one statement share."""


@dataclass(eq=False, slots=True)
class QueuedBallot:
    """One ballot on its way into the database, which makes its leaf and its id."""

    box_id: str
    roll_hash: str
    unit_number: str
    command_id: str
    request_hash: bytes
    channel: Channel
    seal_id: str
    sealed: bytes
    commitment: bytes
    content_hash: bytes
    version: int | None
    """Of the voter's credential; None where no voter's credential was shown."""
    waiting: list[asyncio.Future["BallotAnswer | None"]] = field(default_factory=list)
    """One for each caller: who hangs up takes the answer from nobody else."""

    def awaited(self) -> asyncio.Future["BallotAnswer | None"]:
        """Resolves after the commit, for one more caller; None when the box did not take it."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return future

    def answer(self, answer: "BallotAnswer | None") -> None:
        """Tell the callers that are still there."""
        for future in self.waiting:
            if not future.done():
                future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Raise the error in the callers that still wait."""
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)

    @property
    def key(self) -> Key:
        """What makes a ballot the same one again."""
        return self.box_id, self.unit_number, self.command_id

    def refuse_another(self, stored: StoredBallot) -> None:
        """Is the stored ballot of this command this one? What another process wrote, nobody can compare.

        Raises:
            Refused: `journal.command_reused`.
        """
        if stored.request_hash not in (None, self.request_hash):
            raise refusal("journal.command_reused", where="command_id", kind="ballot")

    @property
    def group(self) -> Group:
        """What ballots of one statement share."""
        return self.box_id, self.roll_hash, self.channel, self.seal_id

    def stored(self, leaf: bytes, cast_at: str | None, recorded_at: str) -> StoredBallot:
        """The ballot after its commit."""
        return StoredBallot(
            ballot_id_of(leaf),
            self.box_id,
            self.unit_number,
            self.command_id,
            self.request_hash,
            leaf,
            cast_at,
            recorded_at,
        )


@dataclass(slots=True)
class BallotAnswer:
    """The receipt of a committed ballot, and whether it came in just now."""

    receipt: IssuedReceipt
    fresh: bool


async def queued_ballot(
    box: Box, ballot: CastBallot, channel: Channel, version: int | None, request_key: bytes
) -> QueuedBallot:
    """The row to insert: the choices sealed, with the weights of the frozen roll.

    `request_key` is this process's own: the hash of a request tells two ballots under one command
    id apart, and nobody else can compute it.

    Raises:
        NotTaken: why the box cannot take this ballot, by its frozen roll and its motions.
        Refused: `voting.official_only` where the city's own system alone takes ballots on the internet.
    """
    if box.official_by and channel in ONLINE:
        raise refusal("voting.official_only", box=box.id, article=box.official_by)
    entry = _entry(box, ballot)
    seal = box.seals.in_use() or await box.seals.current()
    try:
        choices_json, sealed = seal.seal_ballot(box.paper, ballot.choices, channel)
    except Refused as refused:
        raise NotTaken(*refused.problems) from None
    content_hash = box.leaves.content_hash(
        pseudonym=entry.pseudonym,
        channel=channel,
        commitment=sealed.commitment,
        heads=entry.heads,
        area_dm2=entry.area_dm2,
        shares=entry.shares,
    )
    request = ballot.unit_number.encode() + b"\0" + choices_json
    return QueuedBallot(
        box_id=box.id,
        roll_hash=box.roll_hash,
        unit_number=ballot.unit_number,
        command_id=ballot.command_id,
        request_hash=blake2b(request, key=request_key, digest_size=32).digest(),
        channel=channel,
        seal_id=seal.id,
        sealed=sealed.sealed,
        commitment=sealed.commitment,
        content_hash=content_hash,
        version=version,
    )


def _entry(box: Box, ballot: CastBallot) -> Entry:
    """The entry of the roll that this ballot votes with."""
    entry = box.roll.get(ballot.unit_number)
    if entry is None:
        raise NotTaken(problem("voting.unit_not_on_roll", unit=ballot.unit_number))
    if entry.excluded_reason is not None:
        reason = entry.excluded_reason
        raise NotTaken(problem("voting.unit_excluded", unit=ballot.unit_number, reason=reason))
    return entry
