"""A ballot before its commit: whether the box may take it, the row it becomes, who waits for it.

The classes are not frozen, because a frozen dataclass takes longer to make and each ballot makes
several.
"""

import asyncio
from dataclasses import dataclass, field

from models.values.refusal import Problem, problem
from models.values.voting import Channel
from rules.ballots.ballot import ballot_id_of, choice_problems
from runtime.ballots.sealing import SealedBallot
from service.ballots.boxes import Box, Entry, NoBox
from service.ballots.receipts import IssuedReceipt, StoredBallot
from service.bodies import CastBallot

Group = tuple[str, str, str, str]
"""Box, roll, channel and seal: what ballots of one statement share."""


@dataclass(eq=False, slots=True)
class QueuedBallot:
    """A ballot that waits for its commit; the database makes its leaf and its id."""

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
    waiting: list[asyncio.Future["CastAnswer | None"]] = field(default_factory=list)
    """One for each caller, so that a caller that is cancelled does not cancel the others."""

    def awaited(self) -> asyncio.Future["CastAnswer | None"]:
        """A future for one more caller: the answer after the commit, None if the box did not take it."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return future

    def answer(self, answer: "CastAnswer | None") -> None:
        """Give the answer to the callers that still wait."""
        for future in self.waiting:
            if not future.done():
                future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Raise the error in the callers that still wait."""
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)

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
class CastAnswer:
    """The receipt of a committed ballot, and whether it came in just now."""

    receipt: IssuedReceipt
    fresh: bool


def box_problems(
    ballot: CastBallot, box: Box | NoBox, channel: Channel = "web"
) -> tuple[Problem, ...]:
    """Why a box cannot take this ballot, by its motions and its frozen roll; () if it may."""
    if isinstance(box, NoBox):
        code = "voting.no_box" if box.renovation_known else "renovation.unknown"
        return (problem(code),)
    if ballot.box_id is not None and ballot.box_id != box.id:
        return (problem("voting.other_box", given=ballot.box_id, box=box.id),)
    entry = box.roll.get(ballot.unit_number)
    if entry is None:
        return (problem("voting.unit_not_on_roll", unit=ballot.unit_number),)
    if entry.excluded_reason is not None:
        return (
            problem("voting.unit_excluded", unit=ballot.unit_number, reason=entry.excluded_reason),
        )
    for motion, choice in ballot.choices.items():
        if not isinstance(choice, str) or choice not in box.words.get(motion, ()):
            return choice_problems(box.motions, ballot.choices, channel)
    return ()


def queued_ballot(
    box: Box,
    ballot: CastBallot,
    channel: Channel,
    sealed: SealedBallot,
    seal_id: str,
    request_hash: bytes,
    version: int | None = None,
) -> QueuedBallot:
    """The ballot as it is inserted; its weights are those of the frozen roll."""
    entry: Entry = box.roll[ballot.unit_number]
    content_hash = box.leaves.content_hash(
        pseudonym=entry.pseudonym,
        channel=channel,
        commitment=sealed.commitment,
        heads=entry.heads,
        area_dm2=entry.area_dm2,
        shares=entry.shares,
    )
    return QueuedBallot(
        box_id=box.id,
        roll_hash=box.roll_hash,
        unit_number=ballot.unit_number,
        command_id=ballot.command_id,
        request_hash=request_hash,
        channel=channel,
        seal_id=seal_id,
        sealed=sealed.sealed,
        commitment=sealed.commitment,
        content_hash=content_hash,
        version=version,
    )
