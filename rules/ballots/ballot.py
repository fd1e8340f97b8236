"""What a ballot is: the words it may say, its commitment and leaf, and which one of several counts.

Nothing here knows a key: `runtime.ballots.sealing` hides the choices until the close.
"""

import hmac
import json
from binascii import hexlify
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Literal, NamedTuple

from models.values.decisions.menu import BallotForm
from models.values.refusal import Problem, problem
from models.values.voting import INVALID, Channel, Choice, Motion
from proof.chain import canonical_json
from rules.menu import problems_of_menu_choice

Said = str | tuple[str, ...] | Mapping[str, int]
"""What a ballot says to one motion: a word, an option, or the items of a menu."""
Choices = Mapping[str, Said]

NONCE_BYTES = 16
MOST_POINTS = 1_000_000
"""Points for one work that a door takes at most."""
BLOCK = 32
"""Ballots are filled up to a multiple of this, so that their length says nothing."""

Route = Literal["electronic", "written", "onsite", "proxy", "official"]
ROUTE_OF: Mapping[Channel, Route] = {
    "web": "electronic",
    "portal": "electronic",
    "paper": "written",
    "door": "written",
    "onsite": "onsite",
    "proxy": "proxy",
    "official": "official",
}
"""Within a route the last ballot counts; ballots of two routes contradict each other."""
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_LEAF_BEGINS = b'\0{"ballot":"'
_STRING = json.encoder.encode_basestring
STAFFED: frozenset[Channel] = frozenset({"paper", "door", "onsite"})
"""Channels in which an official enters what is on paper; only there a choice can be invalid."""

State = Literal["counted", "superseded", "contested", "set_aside"]


AFTER_RULING: Mapping[str, State] = {
    "disputed": "contested",
    "accepted": "superseded",
    "set_aside": "set_aside",
}
"""What becomes of the ballots before a ruling that it does not name."""


class BallotReference(NamedTuple):
    """One ballot of an entry, in the order of the box."""

    seq: int
    ballot_id: str
    channel: Channel


class RulingReference(NamedTuple):
    """What was recorded about an entry's ballots up to `up_to_seq`."""

    kind: Literal["disputed", "accepted", "set_aside"]
    ballot_id: str | None
    up_to_seq: int


def choice_problems(
    motions: Mapping[str, Motion], choices: Choices, channel: Channel = "web"
) -> tuple[Problem, ...]:
    """Why a ballot cannot be taken; motions that are left out are not voted on."""
    problems: list[Problem] = []
    for name, said in choices.items():
        motion = motions.get(name)
        if motion is None:
            known = ", ".join(sorted(motions))
            problems.append(
                problem(
                    "voting.motion_unknown", where=f"choices.{name}", motion=name, motions=known
                )
            )
        elif motion.menu is not None and not isinstance(said, str):
            where = f"choices.{name}"
            problems += (
                each.model_copy(update={"where": where})
                for each in problems_of_menu_choice(motion.menu, said)
            )
        elif not (said == INVALID and channel in STAFFED) and said not in words_of(motion):
            problems.append(
                problem(
                    "voting.choice_unknown",
                    where=f"choices.{name}",
                    motion=name,
                    choices=", ".join(words_of(motion)),
                )
            )
    return tuple(problems)


def words_of(motion: Motion) -> tuple[str, ...]:
    """The single words that a ballot may say to a motion, beside a choice from its menu."""
    if motion.menu is not None:
        return (Choice.ABSTAIN.value,)
    if motion.options:
        return (*(option.id for option in motion.options), Choice.ABSTAIN.value)
    return tuple(choice.value for choice in Choice)


def plain_ballot(choices: Choices) -> bytes:
    """The choices as they are committed to: canonical JSON (as `proof.chain` writes it)."""
    pairs = []
    for name in sorted(choices):
        said = choices[name]
        # Nearly every answer is a word; the encoder for whatever else costs three times as much.
        text = _STRING(said) if isinstance(said, str) else _CANONICAL(said)
        pairs.append(f"{_STRING(name)}:{text}")
    return f"{{{','.join(pairs)}}}".encode()


def length_of(motions: Sequence[Motion]) -> int:
    """Bytes that hold every possible ballot of a box, a multiple of `BLOCK`."""
    longest = {motion.id: _longest(motion) for motion in motions}
    return -(-len(plain_ballot(longest)) // BLOCK) * BLOCK


def _longest(motion: Motion) -> Said:
    """The answer that takes most room."""

    def room(said: Said) -> int:
        return len(plain_ballot({"": said}))

    answers: list[Said] = [*words_of(motion), INVALID]
    if motion.menu is not None:
        rules = motion.menu.rules
        ids = sorted(motion.menu.costs, key=room, reverse=True)[: rules.max_length]
        most = max(MOST_POINTS, *(abs(each or 0) for each in (rules.min_points, rules.max_points)))
        cumulative = motion.menu.form is BallotForm.CUMULATIVE
        answers.append(dict.fromkeys(ids, -most) if cumulative else tuple(ids))
    return max(answers, key=room)


def commitment_of(nonce: bytes, choices: bytes) -> bytes:
    """SHA-256 of the secret nonce and the canonical JSON of the choices: binds, and hides."""
    return sha256(nonce + choices).digest()


@dataclass(frozen=True)
class Times:
    """When a ballot was cast: by the clock of the case (the tick) and by that of the database.

    Both in UTC with microseconds and offset +00:00. The ballots of one commit share them.
    """

    cast_at: str
    recorded_at: str

    @cached_property
    def end(self) -> bytes:
        """How the data of a leaf ends."""
        return f'","cast_at":"{self.cast_at}","recorded_at":"{self.recorded_at}"}}'.encode()


class Leaves:
    """Makes the leaves of one box's Merkle tree (RFC 6962, each SHA-256 of 0x00 and its data).

    In a box of format 1 a leaf is the content hash of its ballot; from format 2 on it covers the
    times as well.
    """

    def __init__(self, box_id: str, box_format: int) -> None:
        self._box, self._has_times = _CANONICAL(box_id), box_format > 1

    def content_hash(
        self,
        pseudonym: str,
        channel: str,
        commitment: bytes,
        heads: int,
        area_dm2: int,
        shares: int | None,
    ) -> bytes:
        """What a ballot is apart from its times, over canonical JSON: 32 bytes."""
        # Written out in one piece with its 0x00, because it is made often.
        data = (
            f'\0{{"area_dm2":{area_dm2},"box_id":{self._box},'
            f'"channel":"{channel}","commitment":"{commitment.hex()}","entry":"{pseudonym}",'
            f'"heads":{heads},"shares":{"null" if shares is None else shares}}}'
        )
        return sha256(data.encode()).digest()

    def leaf(self, content_hash: bytes, times: Times) -> bytes:
        """The leaf hash of a ballot: 32 bytes; the receipt shows it.

        The function `cast_ballots` makes the same one: only the database knows the times.
        """
        if not self._has_times:
            return content_hash
        return sha256(_LEAF_BEGINS + hexlify(content_hash) + times.end).digest()


def ballot_id_of(leaf: bytes) -> str:
    """The id of a ballot: the first half of its leaf hash, in hex."""
    return leaf.hex()[:32]


def receipt_data(
    *,
    ballot_id: str,
    box_id: str,
    leaf: bytes,
    cast_at: str | None,
    recorded_at: str,
    unit_number: str,
) -> bytes:
    """What a receipt states, in canonical JSON written out because it is made often.

    `cast_at` is None in a box of format 1, whose receipts do not state it.
    """
    cast = "" if cast_at is None else f'"cast_at":"{cast_at}",'
    return (
        f'{{"ballot_id":"{ballot_id}","box_id":{_STRING(box_id)},{cast}'
        f'"leaf_hash":"{leaf.hex()}","recorded_at":"{recorded_at}",'
        f'"unit_number":{_STRING(unit_number)}}}'
    ).encode()


def batch_statement(batch: str, root: bytes, box_id: str, size: int) -> bytes:
    """What is signed about ballots that were committed together; `root` is over their receipts."""
    return canonical_json(
        {"batch": batch, "batch_root": root.hex(), "box_id": box_id, "size": size}
    )


def pseudonym_of(salt: bytes, entry_id: str) -> str:
    """What stands for a roll entry in all that is published: 32 hex digits, new in every box."""
    return hmac.digest(salt, entry_id.encode(), sha256).hex()[:32]


def roll_line(
    *,
    pseudonym: str,
    heads: int,
    area_dm2: int,
    shares: int | None,
    developer: bool,
    excluded_reason: str | None,
) -> bytes:
    """One entry of the published roll; the roll's hash is over these lines, by pseudonym."""
    return (
        canonical_json(
            {
                "area_dm2": area_dm2,
                "developer": developer,
                "entry": pseudonym,
                "excluded_reason": excluded_reason,
                "heads": heads,
                "shares": shares,
            }
        )
        + b"\n"
    )


def states_of(
    ballots: Sequence[BallotReference], rulings: Sequence[RulingReference]
) -> dict[str, State]:
    """What becomes of each ballot of one entry: one is counted at most (V-CN-4; rule book 1.4.2).

    Within a route the last one counts. Who votes in person takes the mandate back, so own ballots
    prevail over a proxy's (Civil Code art. 173(2)). Ballots of two other routes contest each
    other until a ruling. A ruling settles what came before it; a later ballot of the same route
    replaces the accepted one, of another route it contests it.
    """
    ruling = rulings[-1] if rulings else None
    settled = [b for b in ballots if ruling is not None and b.seq <= ruling.up_to_seq]
    later = [b for b in ballots if ruling is None or b.seq > ruling.up_to_seq]
    states: dict[str, State] = {}
    standing = list(later)
    if ruling is not None:
        states = {ballot.ballot_id: AFTER_RULING[ruling.kind] for ballot in settled}
        if ruling.kind == "disputed":
            return states | {ballot.ballot_id: "contested" for ballot in later}
        standing = [b for b in settled if b.ballot_id == ruling.ballot_id] + later
    return states | _of_routes(standing)


def _of_routes(ballots: Sequence[BallotReference]) -> dict[str, State]:
    last = {ROUTE_OF[ballot.channel]: ballot for ballot in ballots}
    states: dict[str, State] = {ballot.ballot_id: "superseded" for ballot in ballots}
    if len(last) > 1:
        last.pop("proxy", None)
    for ballot in last.values():
        states[ballot.ballot_id] = "counted" if len(last) == 1 else "contested"
    return states
