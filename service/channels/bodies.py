"""The bodies of the channels beside the web: rulings, paper, mandates, visits, a city's portal."""

from typing import Annotated

from pydantic import Field, model_validator

from models.fields import (
    BundleCode,
    Day,
    Id,
    Identity,
    Moment,
    Reference,
    ShortLine,
    Text,
    UnitNumber,
    Word,
    contradiction,
    entries,
    line,
)
from models.values.base import Value
from models.values.channels import PaperChannel, RulingKind, Visit
from service.bodies import MOTIONS, Choices, CommandBody, Said

LINES = 500
PERSONS = 20


class BoxCommand(CommandBody):
    """A write into a vote; given `box_id`, the box that the page showed, no other vote takes it."""

    box_id: Id | None = None


class RuleOnBallots(BoxCommand):
    """Dispute a unit's ballots, accept one of them, or set all of them aside."""

    unit_number: UnitNumber
    kind: RulingKind
    ballot: Annotated[str, *line(64, 0)] = ""
    """The accepted ballot, by its id or the code of its receipt."""
    reason: Text


class PaperLineGiven(Value):
    """One ballot on paper: what it says, or nothing where the batch turns out to have none."""

    unit_number: UnitNumber
    choices: Choices | None = None
    """As in a ballot; "invalid" for a motion that was left blank or marked twice. Null or left out:
    there is no ballot of this unit in the batch, the other typing was wrong."""


class EnterPaper(BoxCommand):
    """Type a batch of paper ballots, all of it; after two typings that differ, what differed."""

    reference: Reference
    """What is written on the bundle."""
    channel: PaperChannel = "paper"
    scan: Reference
    """Where the scan of the bundle is kept."""
    code: BundleCode
    """Made at random by the first typist's page and written on the bundle; it is kept nowhere else, so
    that nobody can try out what the lines say. The same at every typing of the bundle."""
    lines: Annotated[tuple[PaperLineGiven, ...], *entries(LINES, 1)]


class PaperEntered(Value):
    """One typing of a batch. Units are named, what their ballots say is not."""

    command_id: str
    batch_id: str
    number: int
    """1 and 2 are the first pair of typings, 3 and 4 the next one."""
    ballots: int
    invalid: int | None
    """Null for a handful of ballots, of which it would tell whose."""
    differing: tuple[str, ...] = ()
    """Units whose two typings differ: both are made again for them."""
    cast: int = 0
    """Ballots of this pair that are in the box."""


class RegisterMandate(BoxCommand):
    """An owner's written authority for an agent, for the vote that is on (Civil Code art. 165)."""

    unit_number: UnitNumber
    """One of the owner's units; the mandate is for all of them."""
    agent_name: Reference
    """Kept with the persons, apart from everything that is published."""
    agent_shown: bool = False
    """Whether the paper has the agent's consent that signed-in owners of the vote see the name."""
    agent_identity: Identity
    """The number of the agent's identity document; only a keyed digest is kept."""
    motions: Annotated[tuple[Word, ...], *entries(MOTIONS, 1)]
    document: Reference
    """Where the signed paper is kept."""
    valid_from: Moment
    valid_until: Moment
    instructions: Annotated[dict[Word, Said], *entries(MOTIONS)] = Field(default_factory=dict)
    """Motion to what the agent must say; nobody can read it back."""


class RevokeMandate(CommandBody):
    """The owner takes the mandate back."""

    reason: Text


class RevokeOwnMandate(BoxCommand):
    """An owner takes the own mandate back, until the close and without anybody else."""

    reason: Text


class CastProxyBallot(BoxCommand):
    """An agent's ballot for the owner of the mandate that the ticket names."""

    choices: Choices


class VisitGiven(Value):
    """What happened at one door."""

    unit_number: UnitNumber
    outcome: Visit
    envelope: ShortLine = ""
    """The number on the sealed envelope, where one was handed over."""


class RecordVisits(BoxCommand):
    """A round of a grid worker, 1 to 500 doors; all of it is written down or none."""

    visits: Annotated[tuple[VisitGiven, ...], *entries(LINES, 1)]


class RecordAttendance(BoxCommand):
    """The units whose owners came to the meeting of a vote, 1 to 500; all are written down or none."""

    units: Annotated[tuple[UnitNumber, ...], *entries(LINES, 1)]


class Remind(BoxCommand):
    """Remind those who have not taken part."""


class ReplaceOwner(BoxCommand):
    """A sale before the close: the buyer votes for the unit, the seller does not any more."""

    unit_number: UnitNumber
    seller_names: Annotated[tuple[Reference, ...], *entries(PERSONS, 1)]
    seller_identities: Annotated[tuple[Identity, ...], *entries(PERSONS)] = ()
    """Document numbers in the order of the names, where the roll was read with them."""
    buyer_names: Annotated[tuple[Reference, ...], *entries(PERSONS, 1)]
    buyer_identities: Annotated[tuple[Identity, ...], *entries(PERSONS)] = ()
    registered_on: Day
    """The day in the property register."""
    evidence: Reference
    """The number of the register's extract."""

    @model_validator(mode="after")
    def _a_number_for_each(self) -> "ReplaceOwner":
        for names, numbers, field in (
            (self.seller_names, self.seller_identities, "seller_identities"),
            (self.buyer_names, self.buyer_identities, "buyer_identities"),
        ):
            if numbers and len(numbers) != len(names):
                raise contradiction("number_for_each_name", field)
        return self
