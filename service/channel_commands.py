"""The bodies of the channels beside the web: rulings, paper, mandates, visits, a city's portal."""

from typing import Annotated

from pydantic import Field, StringConstraints

from models.values.channels import RulingKind
from service.commands import (
    MOTIONS,
    Command,
    Points,
    Text,
    UnitNumber,
    Word,
)

Reference = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
"""A name that an office gives to a batch, a document, a certificate; one line."""
Said = Word | tuple[Word, ...] | dict[Word, Points]
Choices = Annotated[dict[Word, Said], Field(min_length=1, max_length=MOTIONS)]
BoxId = Annotated[str | None, Field(default=None, max_length=64)]
LINES = 500


class RuleOnBallots(Command):
    """Dispute a unit's ballots, accept one of them, or set all of them aside."""

    unit_number: UnitNumber
    kind: RulingKind
    ballot: Annotated[str, StringConstraints(max_length=64)] = ""
    """The accepted ballot, by its id or the code of its receipt."""
    reason: Text
    box_id: str | None = Field(default=None, max_length=64)
