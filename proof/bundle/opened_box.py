"""The ballots of a bundle: each by itself, the tree over them, and which of them count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast, get_args

from pydantic import JsonValue

from models.values.voting import Channel, Motion
from proof.ballots import Leaves, Times, commitment_of
from proof.bundle import contents as bundle
from proof.bundle.shapes import BundleBallot, Head, HeadOfPeriod, Manifest, fault_at
from proof.merkle import HASH_BYTES, Tree
from rules.ballots.ballot import Choices, choice_problems
from rules.ballots.states import BallotReference, RulingReference, states_of
from rules.voting.results import Weight

NO_TIMES = Times("", "")


class Holder(NamedTuple):
    """One entry of the roll; a tuple, because a roll may have a million of them."""

    heads: int
    area_dm2: int
    shares: int | None
    developer: bool
    excluded: bool


class OpenedBox:
    """The ballots of a bundle: counted as their lines say, then compared with what the rules say.

    Of each ballot its number, leaf, channel and claimed state are kept, as small as they can be.
    """

    def __init__(
        self,
        manifest: Manifest,
        head: Head,
        roll: Mapping[str, Holder],
        motions: Mapping[str, Motion],
    ) -> None:
        self.box_id, self.roll, self.motions = manifest.box_id, roll, motions
        self.period = (head.opens_at, head.closes_at) if isinstance(head, HeadOfPeriod) else None
        self.maker = Leaves(manifest.box_id, manifest.box_format)
        self.tree = Tree()
        self.numbers: dict[str, tuple[int, ...]] = {}
        """The ballots of an entry by their lines."""
        self.leaves = bytearray()
        self.channels: list[Channel] = []
        self.claimed: list[str] = []
        self.states: dict[bundle.BallotState, int] = dict.fromkeys(get_args(bundle.BallotState), 0)
        self.weights: dict[bytes, Weight] = {}
        self.checked: set[tuple[bytes, Channel]] = set()

    def take(self, number: int, ballot: BundleBallot) -> None:
        """One ballot by itself: its entry, weights, leaf and, if it is opened, its choices."""
        entry = self.roll.get(ballot.entry)
        if entry is None or ballot.box_id != self.box_id:
            raise fault_at(
                bundle.BALLOTS, number, "belongs to another vote or to nobody on the roll"
            )
        if entry[:3] != (ballot.heads, ballot.area_dm2, ballot.shares):
            raise fault_at(bundle.BALLOTS, number, "weighs otherwise than the roll says")
        leaf = self._leaf(number, ballot)
        if leaf.hex() != ballot.leaf:
            raise fault_at(bundle.BALLOTS, number, "has another leaf hash than it says")
        self.tree.append(leaf)
        self.leaves += leaf
        self.numbers[ballot.entry] = (*self.numbers.get(ballot.entry, ()), number)
        self.channels.append(ballot.channel)
        self.claimed.append(ballot.state)
        if (ballot.state == "counted") != (ballot.choices is not None and ballot.nonce is not None):
            raise fault_at(
                bundle.BALLOTS, number, "only counted ballots are opened, and all of them"
            )
        if ballot.choices is not None and ballot.nonce is not None:
            self._count(number, ballot, entry, ballot.choices, bytes.fromhex(ballot.nonce))

    def _leaf(self, number: int, ballot: BundleBallot) -> bytes:
        """The leaf that follows from the line, cast within the period of the vote."""
        times = ballot.times or NO_TIMES
        if self.period is not None and not self.period[0] <= times.cast_at < self.period[1]:
            raise fault_at(bundle.BALLOTS, number, "was cast outside of the period of the vote")
        content_hash = self.maker.content_hash(
            pseudonym=ballot.entry,
            channel=ballot.channel,
            commitment=bytes.fromhex(ballot.commitment),
            heads=ballot.heads,
            area_dm2=ballot.area_dm2,
            shares=ballot.shares,
        )
        return self.maker.leaf(content_hash, times)

    def _count(
        self,
        number: int,
        ballot: BundleBallot,
        entry: Holder,
        choices: Mapping[str, JsonValue],
        nonce: bytes,
    ) -> None:
        written = ballot.choices_json
        if commitment_of(nonce, written).hex() != ballot.commitment:
            raise fault_at(bundle.BALLOTS, number, "opens to something else than was committed to")
        answer = cast("Choices", choices)
        way = (written, ballot.channel)
        if way not in self.checked and choice_problems(self.motions, answer, ballot.channel):
            raise fault_at(bundle.BALLOTS, number, "says what no motion asks")
        self.checked.add(way)
        before = self.weights.get(written, Weight())
        self.weights[written] = before.plus(Weight(entry.heads, entry.area_dm2))

    def compare_tree(self, head: Head) -> None:
        """Refuse ballots whose root is not the signed one."""
        if (self.tree.size, self.tree.root().hex()) != (head.tree_size, head.root):
            raise fault_at(bundle.BALLOTS, 0, "make another tree than the signed one")

    def compare_states(self, rulings: Mapping[str, Sequence[RulingReference]]) -> None:
        """Refuse a bundle that counts another ballot of an entry than the rule does."""
        for entry, numbers in self.numbers.items():
            casts = [self._cast(number) for number in numbers]
            of_entry = rulings.get(entry, ())
            if of_entry and of_entry[-1].kind == "accepted":
                settled = [each for each in casts if each.seq <= of_entry[-1].up_to_seq]
                if of_entry[-1].ballot_id not in [each.ballot_id for each in settled]:
                    raise fault_at(bundle.RULINGS, 0, "accepts a ballot that the entry never cast")
            due: dict[str, bundle.BallotState] = {**states_of(casts, of_entry)}
            if self.roll[entry].excluded:
                due = dict.fromkeys(due, "excluded")
            for each in casts:
                if self.claimed[each.seq - 1] != due[each.ballot_id]:
                    raise fault_at(
                        bundle.BALLOTS, each.seq, f"is {due[each.ballot_id]} by the rules"
                    )
                self.states[due[each.ballot_id]] += 1
        for entry in rulings.keys() - self.numbers.keys():
            if rulings[entry][-1].kind == "accepted":
                raise fault_at(bundle.RULINGS, 0, "accepts a ballot that the entry never cast")

    def _cast(self, number: int) -> BallotReference:
        leaf = self.leaves[HASH_BYTES * (number - 1) : HASH_BYTES * number]
        return BallotReference(number, leaf.hex(), self.channels[number - 1])

    def voters(self) -> Iterator[Holder]:
        """Everybody who may vote."""
        return (entry for entry in self.roll.values() if not entry.excluded)

    def roll_sums(self) -> bundle.RollSums:
        """The weights of all voters."""
        voters = list(self.voters())
        shares = [entry.shares for entry in self.roll.values()]
        return bundle.RollSums(
            heads=sum(entry.heads for entry in voters),
            area_dm2=sum(entry.area_dm2 for entry in voters),
            shares=None if None in shares else sum(entry.shares or 0 for entry in voters),
            entries=len(voters),
        )
