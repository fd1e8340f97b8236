"""What crosses Temporal when record and engine are compared, and what was lost is rebuilt."""

from enum import StrEnum

from models.messages.journey import Answer
from models.values.actor import ENGINE, Actor, Role
from models.values.base import Carried

OPERATOR = Actor(id="operator", role=Role.ENGINE, label="运维 / operator")
"""Who has the servers' own command line, and asks for a repair there."""


class Fault(StrEnum):
    """What a comparison of the record with the engine finds."""

    LOST = "lost"
    """The record has an open workflow that the engine does not run."""
    BROKEN = "broken"
    """A step broke and waits to be taken again."""
    LATE = "late"
    """The engine should have gone on by itself and has not."""
    IMPOSTOR = "impostor"
    """Under the id of one of ours runs a workflow that was not started as the procedure starts it."""
    DIFFERS = "differs"
    """It carries something else than the record says, or answers no question."""
    SEEN_TO = "seen_to"
    """An act broke; somebody has looked at it now."""
    NOT_MENDED = "not_mended"
    """Mending itself failed."""


class Discrepancy(Carried):
    """One workflow that is not as the record says; `was` is what the engine said of it."""

    renovation_id: str
    workflow_id: str
    fault: Fault
    was: str = ""
    step: str = ""


class Reconciliation(Carried):
    """What to compare: one case, every running case, or (neither) what looks suspicious.

    `by` is who asked for a repair. `dry_run` only tells. `after` is the last case that an earlier run
    of this workflow has looked at.
    """

    renovation_id: str = ""
    everything: bool = False
    dry_run: bool = False
    by: Actor = ENGINE
    after: str = ""
    cases: int = 0
    findings: tuple[Discrepancy, ...] = ()


class Suspects(Carried):
    """A page of cases to look at; `last` is where the next page begins, "" at the end."""

    renovation_ids: tuple[str, ...]
    last: str = ""


class Mended(Answer):
    """What was found in one case, and mended unless it was asked only to tell."""

    findings: tuple[Discrepancy, ...] = ()


class ReconcileReport(Carried):
    """How many cases were looked at, and the first findings."""

    cases: int
    findings: tuple[Discrepancy, ...]


class Anchored(Carried):
    """The tree of heads after an anchor: `size` leaves, `added` of them new; 0 where there is nothing yet.

    `missed` are the instances that were asked to cosign and did not.
    """

    size: int = 0
    added: int = 0
    cosigned_by: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
