"""What crosses Temporal in the voting stage (表决)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.values.voting import FollowUpTerms


class VotingResult(StrEnum):
    """How a vote of the owners ends."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    ANNULLED = "annulled"
    """An objection to the published result was upheld."""
    RUN_OFF = "run_off"
    """The first two of some options are put to the vote again."""
    SECOND_VOTE = "second_vote"
    """What failed is put again under a lower bar: a bridge, or a second call."""


class VotePeriod(Ticked):
    """The moments of a vote: when the turnout is looked at and when the box closes."""

    box_id: str
    check_at: datetime
    closes_at: datetime
    extended: bool = False


class VoteResult(Ticked):
    """The decided vote; `run_off` when something is put again, under `follow_up` if the law says so.

    With `objections_until` nothing is decided before that moment: owners may object until then.
    """

    box_id: str
    adopted: bool
    run_off: bool = False
    follow_up: FollowUpTerms | None = None
    objections_until: datetime | None = None


class VotingOutcome(Answer):
    """What the voting stage hands on."""

    outcome: VotingResult
    box_id: str
    follow_up: FollowUpTerms | None = None
    """When the second vote is held, where one is."""


class VotingProgress(Progress):
    """How far a vote has come; `checked` says that the turnout was looked at, once (E2)."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "voting.box_announced": VotePeriod,
        "voting.turnout_checked": VotePeriod,
        "voting.box_closed": VoteResult,
        "voting.objections_counted": VoteResult,
        "voting.result_declared": VotingOutcome,
    }

    period: VotePeriod | None = None
    checked: bool = False
    result: VoteResult | None = None
    outcome: VotingOutcome | None = None

    def moved(self, step: str, answer: Answer) -> Self:
        """A box opens, may be extended, closes, and its result is declared."""
        if isinstance(answer, VotePeriod):
            checked = step == "voting.turnout_checked"
            return self.model_copy(update={"period": answer, "checked": checked})
        if isinstance(answer, VoteResult):
            return self.model_copy(update={"result": answer})
        if isinstance(answer, VotingOutcome):
            return self.model_copy(update={"outcome": answer})
        return self
