"""The numbers of an official result as its certificate has them, with their kinds and limits."""

from typing import Annotated

from pydantic import Field

from models.fields import Area, Count, Word, entries
from models.values.base import Value

CHOICES = 200
"""Options or works of one motion, at most."""


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
