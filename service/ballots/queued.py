"""A ballot before its commit: whether the box may take it, the row it becomes, who waits for it.

The classes are not frozen, because a frozen dataclass takes longer to make and each ballot makes
several.
"""

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b

from models.values.refusal import Problem, problem
from models.values.voting import Channel
from proof.ballots import ballot_id_of
from rules.ballots.ballot import choice_problems, plain_ballot
from runtime.ballots.sealing import Sealer
from service.ballots.boxes import Box, Entry, NoBox
from service.ballots.receipts import IssuedReceipt, StoredBallot
from service.bodies import CastBallot

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
    def key(self) -> tuple[str, str]:
        """What makes a ballot the same one again."""
        return self.box_id, self.command_id

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
    seal: Sealer,
    ballot: CastBallot,
    channel: Channel,
    version: int | None,
    request_key: bytes,
) -> QueuedBallot:
    """The row to insert: the choices sealed, with the weights of the frozen roll."""
    entry: Entry = box.roll[ballot.unit_number]
    choices_json = plain_ballot(ballot.choices)
    sealed = seal.seal(choices_json, box.ballot_bytes)
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
        request_hash=_request_hash(ballot.unit_number, choices_json, request_key),
        channel=channel,
        seal_id=seal.id,
        sealed=sealed.sealed,
        commitment=sealed.commitment,
        content_hash=content_hash,
        version=version,
    )


def request_hash(ballot: CastBallot, request_key: bytes) -> bytes:
    """What makes two uses of a command id the same ballot, as long as the process lives."""
    return _request_hash(ballot.unit_number, plain_ballot(ballot.choices), request_key)


def _request_hash(unit_number: str, choices_json: bytes, request_key: bytes) -> bytes:
    request = unit_number.encode() + b"\0" + choices_json
    return blake2b(request, key=request_key, digest_size=32).digest()
