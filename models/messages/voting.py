"""What crosses Temporal in the voting stage (表决)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field

from models.fields import Area, Count, Word, entries
from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.values.base import Value
from models.values.voting import FollowUpTerms, ReportedChoice, ReportedTally

CHOICES = 200
"""Options or works of one motion in a report, at most."""


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


class ReportedNumbers(ReportedTally):
    """The numbers of one motion as a certificate has them; a name that is not known is an error.

    `options` are the numbers of each option, or of the supporters of each work of a menu; `chosen`
    are the works that the official system has chosen.
    """

    LATER: ClassVar[frozenset[str]] = ReportedTally.LATER | {"options", "chosen"}
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    options: dict[str, ReportedChoice] = Field(default={})
    chosen: tuple[str, ...] = Field(default=(), strict=False)


class CertifiedChoice(Value):
    """Who stands behind one option or one work; None is "not published"."""

    heads: Count | None = None
    area_dm2: Area | None = None
    shares: Count | None = None


class CertifiedNumbers(Value):
    """The numbers of one motion as a certificate has them; None is "not published"."""

    roll_heads: Count | None = None
    roll_area_dm2: Area | None = None
    participating_heads: Count | None = None
    participating_area_dm2: Area | None = None
    yes_heads: Count | None = None
    yes_area_dm2: Area | None = None
    no_heads: Count | None = None
    no_area_dm2: Area | None = None
    abstain_heads: Count | None = None
    abstain_area_dm2: Area | None = None
    invalid_heads: Count | None = None
    invalid_area_dm2: Area | None = None
    roll_shares: Count | None = None
    participating_shares: Count | None = None
    yes_shares: Count | None = None
    no_shares: Count | None = None
    abstain_shares: Count | None = None
    invalid_shares: Count | None = None
    present_heads: Count | None = None
    present_area_dm2: Area | None = None
    present_shares: Count | None = None
    silent_heads: Count | None = None
    silent_area_dm2: Area | None = None
    silent_shares: Count | None = None
    objections_heads: Count | None = None
    objections_area_dm2: Area | None = None
    objections_shares: Count | None = None
    options: Annotated[dict[Word, CertifiedChoice], *entries(CHOICES)] = Field(default_factory=dict)
    """Of several options the numbers of each; of a menu those of the supporters of each work."""
    chosen: Annotated[tuple[Word, ...], *entries(CHOICES)] = ()
    """The works of a menu that were chosen."""
