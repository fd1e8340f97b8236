"""The bodies of proposals: what a second person confirms or turns down, and what is read."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from models.fields import Id, Sha256, Text, entries
from models.values.base import Carried, Value
from rules.four_eyes import ProposalState
from service.bodies import Accepted, CommandBody

LINES = 500


class NamedProposal(Value):
    """A proposal and what it says, as it was read."""

    id: Id
    content_sha256: Sha256


class ConfirmProposals(CommandBody):
    """A sheet of 1 to 500 proposals that a second person has read; each is confirmed or refused by itself."""

    proposals: Annotated[tuple[NamedProposal, ...], *entries(LINES, 1)]


class WithdrawProposal(CommandBody):
    """Take a proposal back, or turn it down."""

    reason: Text


class Confirmed(Accepted):
    """What came of a proposal."""


class RefusedLine(Value):
    """A proposal of a sheet that was not confirmed, and the code of why, with what its sentence names."""

    id: str
    code: str
    params: dict[str, str | int] = Field(default_factory=dict)


class ConfirmedSheet(Value):
    """What came of a sheet, line by line; the same sheet sent again finishes it."""

    confirmed: tuple[Confirmed, ...]
    refused: tuple[RefusedLine, ...]


class ProposalView(Carried):
    """A proposal with its content, which names nobody; `decided_by` is "" as long as nobody has."""

    id: str
    act: str
    content: dict[str, JsonValue]
    content_sha256: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str
