"""Four eyes: what one person proposes counts when another one confirms it.

Making voting power (a mandate, a buyer in the seller's place), ending a case and the like are no matter of one
person. Any other person of the owners' committee, the residents' committee or the street office will do, so that
a committee of three needs nobody from outside. There is no waiting period. The rule is [D]; what it
guards is Civil Code art. 165, 278.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from models.values.actor import Actor
from models.values.refusal import refusal
from proof.canonical import utc_text
from rules.authority import ROLES_OF_WRITE
from rules.duties import Duty, refuse_same_person


class Proposing(StrEnum):
    """What needs a second person, by the name of the write or act that it is."""

    MANDATE = "register_mandate"
    SALE = "replace_owner"
    CANCELLATION = "cancel_renovation"
    DIRECT_AWARD = "approve_direct_award"
    COLLECTION = "decide_collection"
    """To start with less than the threshold, to wait once more, or to stop (2.5)."""
    JOINING = "join_late"
    """A home owes a share that it has not voted on (E19)."""
    UNBLOCKING = "unblock_payments"
    SUSPENSION = "suspend_renovation"
    RESUMPTION = "resume_renovation"
    EXTENSION = "extend_period"
    ORDER = "order_correction"
    LIFTING = "lift_correction"
    ANNULMENT = "annul_vote"
    REASSIGNMENT = "reassign_act"
    SUGGESTION = "answer_suggestion"
    """To turn down what many neighbours support."""
    CASH = "receive_cash"
    ASSIGNMENT = "assign_sum"
    RETURN = "return_sum"
    """Of money that nobody has claimed: for whom it is, or that it goes back."""


ACTS_OF_TWO = frozenset(
    each.value
    for each in (
        Proposing.CANCELLATION,
        Proposing.DIRECT_AWARD,
        Proposing.COLLECTION,
        Proposing.JOINING,
        Proposing.UNBLOCKING,
        Proposing.SUSPENSION,
        Proposing.RESUMPTION,
        Proposing.EXTENSION,
        Proposing.ORDER,
        Proposing.LIFTING,
        Proposing.ANNULMENT,
        Proposing.REASSIGNMENT,
    )
)
"""The official acts that nobody does alone: they end the procedure or halt it, or leave its ordinary way (ADR 18)."""


class ProposalState(StrEnum):
    """What has become of a proposal; only an open one is confirmed."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"
    """The stage in which it was made is over."""


class Proposed(NamedTuple):
    """A proposal as the rule looks at it. `stage` is the run of the stage in which it was made; case time."""

    id: str
    proposed_by: str
    content_sha256: str
    stage: str
    expires_at: datetime
    decision: str = ""


def state_of(proposal: Proposed, stage: str, now: datetime) -> ProposalState:
    """What the proposal is in this stage at this moment; it expires at `expires_at`, not after it."""
    if proposal.decision:
        return ProposalState(proposal.decision)
    if proposal.stage != stage:
        return ProposalState.VOID
    return ProposalState.EXPIRED if now >= proposal.expires_at else ProposalState.OPEN


def refuse_decided(proposal: Proposed, stage: str, now: datetime) -> None:
    """Only what is open is confirmed or withdrawn.

    Raises:
        Refused: `proposal.not_open`.
    """
    state = state_of(proposal, stage, now)
    if state is not ProposalState.OPEN:
        until = utc_text(proposal.expires_at)
        raise refusal("proposal.not_open", where=proposal.id, state=state.value, until=until)


def refuse_withdrawing(proposal: Proposed, actor: Actor) -> None:
    """Whoever has proposed takes it back; what others have proposed is turned down by who may confirm it.

    Raises:
        Refused: `authority.wrong_role`.
    """
    confirming = ROLES_OF_WRITE["confirm_proposal"].roles
    if actor.id != proposal.proposed_by and actor.role not in confirming:
        roles = ", ".join(sorted(confirming))
        raise refusal("authority.wrong_role", act="confirm_proposal", roles=roles)


def refuse_confirming(
    proposal: Proposed, person: str, content_sha256: str, *, plays_all: bool = False
) -> None:
    """Another person confirms, and exactly what was read.

    `person` is the person, not the role or the account; `plays_all` is the convener of a training
    case, who plays everybody.

    Raises:
        Refused: `proposal.own`, `proposal.other_content`.
    """
    if content_sha256 != proposal.content_sha256:
        raise refusal("proposal.other_content", where=proposal.id)
    if not plays_all:
        refuse_same_person(Duty.CONFIRM_PROPOSED, proposal.proposed_by, person, where=proposal.id)
