"""The ballots of a bundle: each by itself, the tree over them, and which of them count."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from pydantic import JsonValue

from models.values.decision_rules import Amounts
from models.values.voting import INVALID, Motion
from rules.ballots import (
    STAFFED,
    Cast,
    Ruling,
    commitment_of,
    leaf_of,
    states_of,
    words_of,
)
from rules.chain import canonical_json
from rules.evidence import bundle
from rules.evidence.shapes import Ballot, Head, RollEntry, fault_at
from rules.merkle import Tree


class OpenedBox:
    """The ballots of a bundle: counted as their lines say, then compared with what the rules say."""

    def __init__(
        self, box_id: str, roll: Mapping[str, RollEntry], motions: Mapping[str, Motion]
    ) -> None:
        self.box_id, self.roll, self.motions = box_id, roll, motions
        self.tree = Tree()
        self.leaves: list[str] = []
        self.casts: dict[str, list[Cast]] = defaultdict(list)
        self.claimed: list[str] = []
        self.states: dict[bundle.BallotState, int] = dict.fromkeys(get_args(bundle.BallotState), 0)
        self.said: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])

    def take(self, number: int, ballot: Ballot) -> None:
        """One ballot by itself: its entry, weights, leaf and, if it is opened, its choices."""
        entry = self.roll.get(ballot.entry)
        if entry is None or ballot.box_id != self.box_id:
            raise fault_at(
                bundle.BALLOTS, number, "belongs to another vote or to nobody on the roll"
            )
        if entry.weights != (ballot.heads, ballot.area_dm2, ballot.shares):
            raise fault_at(bundle.BALLOTS, number, "weighs otherwise than the roll says")
        leaf = leaf_of(
            box_id=ballot.box_id,
            pseudonym=ballot.entry,
            channel=ballot.channel,
            commitment=bytes.fromhex(ballot.commitment),
            heads=ballot.heads,
            area_dm2=ballot.area_dm2,
            shares=ballot.shares,
        )
        if leaf.hex() != ballot.leaf:
            raise fault_at(bundle.BALLOTS, number, "has another leaf hash than it says")
        self.tree.append(leaf)
        self.leaves.append(ballot.leaf)
        self.casts[ballot.entry].append(Cast(number, ballot.leaf, ballot.channel))
        self.claimed.append(ballot.state)
        if (ballot.state == "counted") != (ballot.choices is not None and ballot.nonce is not None):
            raise fault_at(
                bundle.BALLOTS, number, "only counted ballots are opened, and all of them"
            )
        if ballot.choices is not None and ballot.nonce is not None:
            self._count(number, ballot, entry, ballot.choices, bytes.fromhex(ballot.nonce))

    def _count(
        self,
        number: int,
        ballot: Ballot,
        entry: RollEntry,
        choices: Mapping[str, JsonValue],
        nonce: bytes,
    ) -> None:
        if commitment_of(nonce, canonical_json(choices)).hex() != ballot.commitment:
            raise fault_at(bundle.BALLOTS, number, "opens to something else than was committed to")
        for name, word in choices.items():
            motion = self.motions.get(name)
            allowed = () if motion is None else words_of(motion)
            if word not in allowed and not (
                motion is not None and word == INVALID and ballot.channel in STAFFED
            ):
                raise fault_at(bundle.BALLOTS, number, "says what no motion asks")
            sums = self.said[name, str(word)]
            for place, weight in enumerate(entry.weights):
                sums[place] += weight or 0

    def compare_tree(self, head: Head) -> None:
        """Are these the ballots whose root was signed?"""
        if (self.tree.size, self.tree.root().hex()) != (head.tree_size, head.root):
            raise fault_at(bundle.BALLOTS, 0, "make another tree than the signed one")

    def compare_states(self, rulings: Mapping[str, Sequence[Ruling]]) -> None:
        """Is the right ballot of each entry counted?"""
        for entry, casts in self.casts.items():
            of_entry = rulings.get(entry, ())
            if of_entry and of_entry[-1].kind == "accepted":
                settled = [cast for cast in casts if cast.seq <= of_entry[-1].up_to_seq]
                if of_entry[-1].ballot_id not in [cast.ballot_id for cast in settled]:
                    raise fault_at(bundle.RULINGS, 0, "accepts a ballot that the entry never cast")
            due: dict[str, bundle.BallotState] = {**states_of(casts, of_entry)}
            if self.roll[entry].excluded_reason is not None:
                due = dict.fromkeys(due, "excluded")
            for cast in casts:
                if self.claimed[cast.seq - 1] != due[cast.ballot_id]:
                    raise fault_at(
                        bundle.BALLOTS, cast.seq, f"is {due[cast.ballot_id]} by the rules"
                    )
                self.states[due[cast.ballot_id]] += 1
        for entry in rulings.keys() - self.casts.keys():
            if rulings[entry][-1].kind == "accepted":
                raise fault_at(bundle.RULINGS, 0, "accepts a ballot that the entry never cast")

    def voters(self) -> Iterator[RollEntry]:
        """Everybody who may vote."""
        return (entry for entry in self.roll.values() if entry.excluded_reason is None)

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

    def tally(self, motion: Motion) -> dict[str, Amounts]:
        """Heads, area and shares of each word and of the roll."""
        roll = self.roll_sums()
        words = words_of(motion)
        sums = {word: self.said[motion.id, word] for word in (*words, INVALID)}
        sums["participating"] = [
            sum(parts) for parts in zip(*(sums[w] for w in words), strict=True)
        ]
        sums["roll"] = [roll.heads, roll.area_dm2, roll.shares or 0]
        return {
            word: Amounts(head=heads, area=area, share=None if roll.shares is None else shares)
            for word, (heads, area, shares) in sums.items()
        }
