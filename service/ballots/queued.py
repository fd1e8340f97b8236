"""One ballot on its way: may the box take it, the row that it becomes, and what is answered.

The classes are not frozen: five fields cost half a microsecond more each time, and every ballot
makes five of them.
"""

import asyncio
from dataclasses import dataclass, field

from models.values.refusal import Problem, problem
from models.values.voting import Channel
from rules.ballots.ballot import ballot_id_of, choice_problems
from runtime.ballots.sealing import SealedBallot
from service.ballots.boxes import Box, Entry, NoBox
from service.ballots.receipts import Receipt, Stored
from service.residents.commands import CastBallot

Group = tuple[str, str, str, str]
"""Box, roll, channel and seal: what ballots of one statement share."""


@dataclass(eq=False, slots=True)
class Cast:
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
    waiting: list[asyncio.Future["Answer | None"]] = field(default_factory=list)
    """One for each caller: who hangs up takes the answer from nobody else."""

    def awaited(self) -> asyncio.Future["Answer | None"]:
        """Resolves after the commit, for one more caller; None when the box did not take it."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return future

    def answer(self, answer: "Answer | None") -> None:
        """Tell the callers that are still there."""
        for future in self.waiting:
            if not future.done():
                future.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Tell them that it could not be committed."""
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)

    @property
    def group(self) -> Group:
        """What ballots of one statement share."""
        return self.box_id, self.roll_hash, self.channel, self.seal_id

    def stored(self, leaf: bytes, cast_at: str | None, recorded_at: str) -> Stored:
        """The ballot after its commit."""
        return Stored(
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
class Answer:
    """The receipt of a committed ballot, and whether it came in just now."""

    receipt: Receipt
    fresh: bool


def problems_of(
    ballot: CastBallot, box: Box | NoBox, channel: Channel = "web"
) -> tuple[Problem, ...]:
    """Why a box cannot take this ballot, as far as its motions and its roll say."""
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
    for motion, said in ballot.choices.items():
        if not isinstance(said, str) or said not in box.words.get(motion, ()):
            return choice_problems(box.motions, ballot.choices, channel)
    return ()


def prepared(
    box: Box,
    ballot: CastBallot,
    channel: Channel,
    words: SealedBallot,
    seal_id: str,
    request_hash: bytes,
    version: int | None = None,
) -> Cast:
    """The row to insert; its weights are those of the frozen roll."""
    entry: Entry = box.roll[ballot.unit_number]
    content_hash = box.leaves.content_hash(
        pseudonym=entry.pseudonym,
        channel=channel,
        commitment=words.commitment,
        heads=entry.heads,
        area_dm2=entry.area_dm2,
        shares=entry.shares,
    )
    return Cast(
        box_id=box.id,
        roll_hash=box.roll_hash,
        unit_number=ballot.unit_number,
        command_id=ballot.command_id,
        request_hash=request_hash,
        channel=channel,
        seal_id=seal_id,
        sealed=words.sealed,
        commitment=words.commitment,
        content_hash=content_hash,
        version=version,
    )
