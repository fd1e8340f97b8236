"""How much an event weighs for a reader: a decision, an act of somebody, or what only engineers ask for.

Every kind of event that a release has written stands here; the journal writes no other (`runtime.record.journal`).
"""

from collections.abc import Mapping
from enum import StrEnum


class HistoryLevel(StrEnum):
    """How much of the record is shown; each shows what the one before it does, and more."""

    DECISIONS = "decisions"
    """What was decided, counted, or begun: of this a case is told."""
    ACTS = "acts"
    """What people did on the way as well."""
    ALL = "all"
    """Everything: deliveries, letters, the clock of a training case, what broke and was mended."""


KINDS: Mapping[HistoryLevel, str] = {
    HistoryLevel.DECISIONS: """
        renovation.opened renovation.stage_entered renovation.revision_asked
        renovation.votes_ended renovation.cancelled renovation.suspended renovation.resumed
        renovation.period_extended renovation.correction_ordered renovation.correction_reported
        renovation.correction_lifted renovation.vote_annulled renovation.act_reassigned
        renovation.closed voting.box_announced
        voting.turnout_checked voting.box_closed voting.result_declared
        voting.official_result_imported voting.objections_counted voting.scheme_revised
        publication.opened publication.closed cost_sharing.planned
        cost_sharing.shares_computed cost_sharing.subsidy_granted
        cost_sharing.subsidy_declined cost_sharing.subsidy_cut cost_sharing.joined_late
        cost_sharing.relief_approved
        cost_sharing.payments_blocked cost_sharing.payments_unblocked
        cost_sharing.collection_counted cost_sharing.collection_decided
        cost_sharing.finished bidding.tender_published bidding.tender_clarified
        bidding.bids_opened bidding.candidates_ranked bidding.candidate_struck
        bidding.candidate_withdrawn bidding.direct_award_approved bidding.contract_awarded
        bidding.contract_signed bidding.signature_missed bidding.signature_ruled_on
        bidding.contractor_defaulted bidding.failed inspection.works_begun
        inspection.rectification_overdue inspection.cure_noticed
        inspection.standstill_noticed inspection.termination_asked
        inspection.contract_terminated inspection.contract_settled inspection.works_accepted
        inspection.payment_released inspection.wages_paid feedback.survey_opened feedback.evaluated
        settlement.vote_voided settlement.contract_settled settlement.refund_sheet_drawn
        settlement.refunds_paid renovation.warranty_begun renovation.settling_begun
        renovation.accounts_awaited warranty.begun
        warranty.liability_over warranty.retention_released warranty.account_drawn
        warranty.refunds_ordered warranty.accounts_awaited warranty.ended suggestion.replied
        """,
    HistoryLevel.ACTS: """
        renovation.corrected voting.ballots_ruled_on voting.attendance_recorded
        voting.doors_visited voting.mandate_registered voting.mandate_revoked
        voting.opinion_given voting.owner_replaced voting.paper_entered voting.paper_cast
        voting.vote_objected voting.reminded voting.reminder_ordered
        publication.close_looked_at publication.objection_filed
        publication.objection_answered cost_sharing.payments_called
        cost_sharing.payments_received cost_sharing.cash_received
        cost_sharing.instalment_awaited cost_sharing.collection_ended
        cost_sharing.sums_unclaimed cost_sharing.sum_assigned cost_sharing.sum_returned
        cost_sharing.reminder_ordered
        cost_sharing.reminder_sent cost_sharing.reminder_not_needed bidding.bid_submitted
        bidding.bid_withdrawn inspection.progress_reported inspection.item_reported
        inspection.inspection_recorded inspection.rectification_reported
        inspection.part_consented inspection.part_consent_withdrawn
        inspection.site_made_safe inspection.works_measured feedback.survey_answered
        feedback.ticket_opened feedback.ticket_taken_in feedback.ticket_escalated
        feedback.ticket_resolved feedback.ticket_reopened feedback.ticket_closed
        feedback.tickets_looked_at feedback.picture_added feedback.picture_published
        settlement.made_safe suggestion.made suggestion.written_down suggestion.supported
        suggestion.sheet_taken suggestion.support_withdrawn suggestion.withdrawn
        suggestion.published suggestion.hidden suggestion.merged proposal.made
        proposal.withdrawn proposal.confirmed agenda.reminder_ordered agenda.reminded
        agenda.escalated operator.broke_glass notice.resent
        """,
    HistoryLevel.ALL: """
        voting.reminder_delivered cost_sharing.reminder_delivered agenda.reminder_delivered
        agenda.escalation_delivered access.letters_made access.letter_handed
        access.letter_reissued access.code_given access.withdrawn clock.advanced clock.held
        clock.released case.needs_attention case.attention_ended case.repaired act.broken
        """,
}
LEVELS: Mapping[str, HistoryLevel] = {
    kind: level for level, kinds in KINDS.items() for kind in kinds.split()
}
"""By the kind of an event the least level that shows it."""


def kinds_shown(level: HistoryLevel) -> frozenset[str]:
    """The kinds of events that a level shows."""
    upto = list(HistoryLevel)[: list(HistoryLevel).index(level) + 1]
    return frozenset(kind for kind, needed in LEVELS.items() if needed in upto)
