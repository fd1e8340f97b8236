"""What a case waits through: periods that one event opens and another one ends, by the record alone."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rules.history.recorded import RecordedEvent


class Span(NamedTuple):
    """A kind of period: the events that open it and those that end it."""

    name: str
    opened_by: frozenset[str]
    ended_by: frozenset[str]


def _span(name: str, opened_by: str, ended_by: str) -> Span:
    return Span(name, frozenset(opened_by.split()), frozenset(ended_by.split()))


SPANS: Sequence[Span] = (
    _span("suspension", "renovation.suspended", "renovation.resumed"),
    _span("publication", "publication.opened", "publication.close_looked_at publication.closed"),
    _span("vote", "voting.box_announced", "voting.box_closed voting.official_result_imported"),
    _span("revision", "renovation.revision_asked", "voting.scheme_revised renovation.votes_ended"),
    _span("tender", "bidding.tender_published", "bidding.bids_opened bidding.failed"),
    _span("evaluation", "bidding.bids_opened", "bidding.candidates_ranked bidding.failed"),
    _span(
        "signing",
        "bidding.contract_awarded",
        "bidding.contract_signed bidding.signature_missed bidding.candidate_withdrawn",
    ),
    _span("cure", "inspection.cure_noticed", "inspection.termination_asked"),
    _span(
        "works", "inspection.works_begun", "inspection.works_accepted inspection.contract_settled"
    ),
    _span("survey", "feedback.survey_opened", "feedback.evaluated"),
    _span("liability", "warranty.begun", "warranty.liability_over warranty.ended"),
    _span("retention", "warranty.liability_over", "warranty.accounts_awaited warranty.ended"),
    _span(
        "accounts",
        "warranty.accounts_awaited renovation.accounts_awaited",
        "warranty.ended renovation.closed",
    ),
    # The last: later instalments are collected beside whatever else a case waits through.
    _span(
        "collection",
        "cost_sharing.payments_called",
        "cost_sharing.collection_counted cost_sharing.finished",
    ),
)
"""The narrower ones first: what is said of an idle time is the first that is open."""
ENDING = frozenset(
    f"renovation.{word}" for word in ("closed", "stage_entered", "cancelled", "vote_annulled")
)
"""A stage that is over leaves nothing open behind it."""

TURNING = ENDING.union(*(span.opened_by | span.ended_by for span in SPANS))
"""The kinds of events that open or end a period."""

Open = Mapping[str, int]
"""The periods that are open, each with the place of the event that opened it."""


def opened(before: Open, event: RecordedEvent) -> Open:
    """What is open after an event."""
    if event.kind in ENDING:
        return {}
    after = {
        span.name: before[span.name]
        for span in SPANS
        if span.name in before and event.kind not in span.ended_by
    }
    for span in SPANS:
        if event.kind in span.opened_by:
            after[span.name] = event.seq
    return after


def narrowest(of: Open) -> str:
    """The period by which an idle time is explained; "" where none is open."""
    return next((span.name for span in SPANS if span.name in of), "")
