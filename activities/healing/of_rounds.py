"""Whether a step of a round of collection, or the end of cost sharing, follows from how far its workflow has come."""

from models.messages.cost_sharing import (
    MOST_ROUNDS,
    CollectionDecision,
    CollectionProgress,
    CostSharingOutcome,
    CostSharingProgress,
    CostSharingResult,
    NextStep,
    RoundsProgress,
)


def calls_or_reminds(progress: RoundsProgress, round_number: int, reminder: int) -> bool:
    """Whether the owners are called to pay (reminder 0), or reminded for so many times, in this round."""
    if reminder == 0:
        return round_number == progress.round + 1 and _may_call(progress)
    goal = progress.collection
    return (
        goal is not None
        and progress.in_round
        and (round_number, reminder) == (progress.round, goal.reminder + 1)
    )


def _may_call(progress: RoundsProgress) -> bool:
    """A later instalment is called that was awaited; the first one once the shares stand, and again as decided."""
    if isinstance(progress, CollectionProgress):
        return progress.next_at is not None and progress.outcome is None
    if not isinstance(progress, CostSharingProgress):
        return False
    waits = progress.decision is CollectionDecision.WAIT
    open_ = progress.published and progress.outcome is None
    return open_ and (progress.collection is None or waits)


def finishes(progress: CostSharingProgress, outcome: CostSharingOutcome) -> bool:
    """Whether cost sharing ends like this."""
    decided, gap = progress.decision, progress.funding
    enough = progress.counted is not None and progress.counted.enough
    follows = {
        # Runs of earlier releases call a start with too little funded.
        CostSharingResult.FUNDED: enough or decided is CollectionDecision.START,
        CostSharingResult.STARTED_BELOW: decided is CollectionDecision.START and not enough,
        CostSharingResult.NEW_VOTE: progress.declined
        or (gap is not None and gap.gap_fen > 0 and gap.next_step is NextStep.NEW_VOTE),
        CostSharingResult.SHELVED: decided is CollectionDecision.SHELVE
        or progress.round >= MOST_ROUNDS,
    }
    return progress.outcome is None and bool(follows[outcome.outcome])
