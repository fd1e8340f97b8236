"""What of an event each reader sees: its columns by the table `event`, its details by the lines here.

A detail without a line here is for those who watch over the case: the public is never shown something that
nobody has thought of. Recorded events stay as they are; what is not to be read is taken out at reading.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from rules.disclosure.readers import READERS, Circle, Disclosed, ReaderKind, answer_of

REDACTED = "[redacted]"
"""Stands for what is there and may not be read."""
DETAILS: Mapping[Circle, str] = {
    Circle.EVERYBODY: """
        abnormally_low above_one_fifth accepted accepted_at act added adopted affects_bids agents
        already_voted amount_fen answer_sha256 area_dm2 article asked at_fault attempt attempts award
        ballots batch begun bid_bond_fen bidder bids bond bond_fen bond_forfeited_fen bond_held_fen
        bond_surplus_fen bonds_back_until box box_id box_was budget_before_fen budget_fen building
        cancelled_items candidates caps cast ceiling_fen certificate certificates_settled challenge_until
        changed channel channels checks clarify_until clock closes_at closed_at collected_fen compensation_fen
        concealed concentration content_sha256 contingency_fen contract contractor contracts cost_fen
        criteria cure_until damages_fen days deadline deadline_at deadline_before debtors decide_by decision
        default default_items deposit_fen developer differing doors dropped due due_at due_fen ends_on
        entrance estate estimate_fen extended failed failed_rounds file_sha256 filing_due findings follow_up
        for from funded_by gaps_fen granted_fen ground heads indicators item item_id items kind known late
        late_since left_fen left_items left_out letters level levy look look_again_at lowest_fen
        measure_until measured_fen method missed missing missing_fen motion motions motions_hash moved_at
        next next_at next_step not_counted not_counted_fen nothing n number object_until objection objections
        of official_system_only open open_items opens_at opinions_not_counted outcome owners_gap_fen
        owners_limit_before_fen owners_limit_fen owed_fen paid_late paid_out_fen passed passed_items past_holds pay_by
        payments performance_bond_fen place price_fen prices_fen proposal provisional proxies public_key
        publication ranking re_survey_at read_out_at received_fen reconciliation_fen red_flags refunds_fen
        region registered_on rejected rejections reminder removed reopened report_until result
        retention_permille role roll_area_dm2 roll_hash roll_heads roll_sha256 root round rule_pack run_off
        satisfaction satisfied scan_sha256 scheme scheme_version seq sheet_hash shares sign_until signature
        signed_by source stage standstill start_by starts_on state step struck subject sums submitted synthetic
        system table_hash target targets targets_met tender tenders text_sha256 then ticket tickets ties
        title to told total_due_at total_fen tree_head tree_size typing unanswered unsigned until upheld
        value_fen version visits voters wanted warnings what whole_extension_until who why
        wilson_95_permille withdrawn works_round zone reason_sha256 name in_time opened_at
        numerator denominator target_numerator target_denominator indicator code law threshold basis
        have need figure expected op left right value compared unit_of_figure required actual rule
        workflow_id turn rest_money benchmark earlier_contracts history id valid rank run recorded_at
        suggestion suggestions suggestions_dropped suggestions_back suggestions_ended into qualified joined
        at after before notice message_was ends annulled_by was_with order addressee event event_kind moves rests waiting_for since level_before look_until entries_count units_count opening closing measured changes
        refunds accounts others before_fen debts_fen credits_fen certified_fen bonds_fen
        funding lost_fen wages_fen
        kept_fen retention_fen released_fen withheld_fen liability_until months
        uplift_permille credited
        """,
    # What one home pays that has joined later: for whoever reads the share table (P-4).
    Circle.SHARES: "pay_fen",
    # What a complaint or an objection was answered is for whoever asked, and not for whom it is about (P-6).
    Circle.COMPLAINT: "answer",
    Circle.FREE_TEXT: """
        causes change consequence defects document label note reason report text
        """,
    Circle.HOUSEHOLD: """
        agent agent_id alone balance bound_on cut_entries differing_units entry entry_id entries evidence generation
        letter mandate mandate_revoked pseudonym revoked shared subject_unit unit unit_number units up_to_seq
        """,
    Circle.OFFICIALS: "ballot error grant was person proposed_by reference scan scopes inspector_id account",
    Circle.AUDIT: "bid envelope_sha256 ledger_sha256",
}
LINES: Mapping[str, Circle] = {
    name: circle for circle, names in DETAILS.items() for name in names.split()
}
COUNTS = frozenset({"units", "entries", "mandates", "agents"})
"""Details that are a number in one event and say who in another: a number tells of nobody."""
HOUSEHOLDS = frozenset({"owner", "resident"})
"""Roles of the record whose actor is a home or somebody in it."""

_COUNT_BIDS = READERS[Circle.OFFICIALS] | {ReaderKind.PORTAL, ReaderKind.BANK}
_BID_OR_JUDGE = frozenset({ReaderKind.BIDDER, ReaderKind.EVALUATOR})


def may_count_bids(reader: ReaderKind) -> bool:
    """Whether a reader may know before the opening how many have bid (Tendering Law art. 22).

    Who may not reads the record of the case up to the notice of the tender, and the rest after the
    opening: a bid has its event, and events are numbered without gaps.
    """
    return reader in _COUNT_BIDS


def follows_after_opening(reader: ReaderKind) -> bool:
    """Whether the feed of a reader waits for the opening: of whoever bids or judges bids."""
    return reader in _BID_OR_JUDGE


def may_read_detail(name: str, reader: ReaderKind) -> Disclosed:
    """Whether a reader may read the detail of this name; without a line it is for the officials."""
    return answer_of(LINES.get(name, Circle.OFFICIALS), reader)


def details_for(details: JsonValue, reader: ReaderKind) -> JsonValue:
    """The details of an event as a reader may see them, with `REDACTED` for what is not theirs.

    A mapping whose keys are ids of things (works, indicators, motions) has no lines of its own: it is
    looked through, and homes never are its keys.
    """
    if isinstance(details, dict):
        return {name: _detail(name, value, reader) for name, value in details.items()}
    if isinstance(details, list):
        return [details_for(each, reader) for each in details]
    return details


def _detail(name: str, value: JsonValue, reader: ReaderKind) -> JsonValue:
    counted = name in COUNTS and isinstance(value, int)
    if value is None or counted or may_read_detail(name, reader) is Disclosed.YES:
        return details_for(value, reader) if _holds_lines(name) else value
    return REDACTED


def _holds_lines(name: str) -> bool:
    return name not in _KEYED_BY_ID


_KEYED_BY_ID = frozenset(
    {"measured_fen", "prices_fen", "gaps_fen", "checks", "ballots", "items", "concentration"}
)
"""Details below which are sums, states and checks only, under the ids of things."""
