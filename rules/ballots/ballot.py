"""What a ballot may say: its words, why one cannot be taken, and how its choices are written down.

Which of several ballots counts is in `rules.ballots.states`; what is hashed, signed and published of
a ballot is in `proof.ballots`; `runtime.ballots.sealing` hides the choices until the close.
"""

import json
from collections.abc import Mapping, Sequence

from models.values.decisions.menu import BallotForm
from models.values.refusal import Problem, problem, refuse_if_any
from models.values.voting import INVALID, Channel, Choice, Motion
from proof.canonical import canonical_text
from rules.menu import problems_of_menu_choice

Answer = str | tuple[str, ...] | Mapping[str, int]
"""What a ballot says to one motion: a word, an option, or the items of a menu."""
Choices = Mapping[str, Answer]

MOST_POINTS = 1_000_000
"""Points for one work that the service takes at most."""
BLOCK = 32
"""Ballots are filled up to a multiple of this, so that their length says nothing."""

_STRING = json.encoder.encode_basestring
STAFFED: frozenset[Channel] = frozenset({"paper", "door", "onsite"})
"""Channels in which an official enters what is on paper; only there a choice can be invalid."""


def choice_problems(
    motions: Mapping[str, Motion], choices: Choices, channel: Channel = "web"
) -> tuple[Problem, ...]:
    """Why a ballot cannot be taken; motions that are left out are not voted on."""
    problems: list[Problem] = []
    for name, answer in choices.items():
        motion = motions.get(name)
        if motion is None:
            known = ", ".join(sorted(motions))
            problems.append(
                problem(
                    "voting.motion_unknown", where=f"choices.{name}", motion=name, motions=known
                )
            )
        elif motion.menu is not None and not isinstance(answer, str):
            where = f"choices.{name}"
            problems += (
                each.model_copy(update={"where": where})
                for each in problems_of_menu_choice(motion.menu, answer)
            )
        elif not (answer == INVALID and channel in STAFFED) and answer not in words_of(motion):
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
    """The choices as they are committed to: canonical JSON (as `proof.canonical` writes it)."""
    pairs = []
    for name in sorted(choices):
        answer = choices[name]
        # Nearly every answer is a word; the encoder for everything else is slower.
        text = _STRING(answer) if isinstance(answer, str) else canonical_text(answer)
        pairs.append(f"{_STRING(name)}:{text}")
    return f"{{{','.join(pairs)}}}".encode()


class BallotPaper:
    """What a vote puts before the owners, and how an answer to it is written down.

    `length` is what every ballot of the vote is filled up to before it is sealed: enough for every
    possible one, a multiple of `BLOCK`.
    """

    def __init__(self, motions: Sequence[Motion]) -> None:
        self.motions = {motion.id: motion for motion in motions}
        self.words = {motion.id: frozenset(words_of(motion)) for motion in motions}
        self.length = padded_length(motions)

    def write(self, choices: Choices, channel: Channel = "web") -> bytes:
        """The choices as they are committed to, if the vote asks for them.

        Raises:
            Refused: `voting.motion_unknown`, `voting.choice_unknown`, or what a menu refuses.
        """
        for motion, answer in choices.items():
            # Nearly every answer is one of the words; only what is not is looked at thoroughly.
            if not isinstance(answer, str) or answer not in self.words.get(motion, ()):
                refuse_if_any(choice_problems(self.motions, choices, channel))
                break
        return plain_ballot(choices)


def padded_length(motions: Sequence[Motion]) -> int:
    """Bytes that hold every possible ballot of a vote, a multiple of `BLOCK`."""
    longest = {motion.id: _longest(motion) for motion in motions}
    return -(-len(plain_ballot(longest)) // BLOCK) * BLOCK


def _longest(motion: Motion) -> Answer:
    """The answer that takes most room."""

    def room(answer: Answer) -> int:
        return len(plain_ballot({"": answer}))

    answers: list[Answer] = [*words_of(motion), INVALID]
    if motion.menu is not None:
        rules = motion.menu.rules
        ids = sorted(motion.menu.costs, key=room, reverse=True)[: rules.max_length]
        most = max(MOST_POINTS, *(abs(each or 0) for each in (rules.min_points, rules.max_points)))
        cumulative = motion.menu.form is BallotForm.CUMULATIVE
        answers.append(dict.fromkeys(ids, -most) if cumulative else tuple(ids))
    return max(answers, key=room)
