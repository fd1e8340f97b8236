"""What crosses Temporal in the voting stage (表决)."""

from datetime import datetime
from enum import StrEnum

from models.messages.journey import Answer, Ticked


class VotingResult(StrEnum):
    """How a vote of the owners ends."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    ANNULLED = "annulled"
    """An objection to the published result was upheld."""
    RUN_OFF = "run_off"
    """The first two of some options are put to the vote again."""


class VotePeriod(Ticked):
    """The moments of a vote: when the turnout is looked at and when the box closes."""

    box_id: str
    check_at: datetime
    closes_at: datetime
    extended: bool = False


class VoteResult(Answer):
    """The decided vote; `run_off` when the top two of some options are put again."""

    box_id: str
    adopted: bool
    run_off: bool = False


class VotingOutcome(Answer):
    """What the voting stage hands on."""

    outcome: VotingResult
    box_id: str
