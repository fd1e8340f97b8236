"""The tables from `access` to `lock_out`, and who may read which column.

Each column has its line; tests/rules/disclosure walks the schema and fails for one without.
"""

from collections.abc import Mapping

from rules.disclosure.readers import Circle

FIRST: Mapping[str, Mapping[Circle, str]] = {
    "access": {
        Circle.READINGS: "id at reader_id reader_role door renovation_id subject reason",
    },
    "account": {
        Circle.OFFICIALS: "id actor_id person_id only_case name created_at closed_at",
        Circle.OWN: "issuer subject",
        Circle.NOBODY: "password totp totp_step",
    },
    "anchor": {
        Circle.EVERYBODY: "size root note made_at",
        Circle.AUDIT: "peaks",
    },
    "anchor_cosignature": {
        Circle.EVERYBODY: "size name line cosigned_at",
    },
    "anchor_leaf": {
        Circle.EVERYBODY: "number renovation_id seq hash",
    },
    "api_client": {
        Circle.OFFICIALS: "id actor_id scopes made_by created_at revoked_at",
    },
    "api_key": {
        Circle.NOBODY: "id",
        Circle.OFFICIALS: "client_id created_at expires_at replaced_at",
    },
    "attendance": {
        Circle.HOUSEHOLD: "box_id entry_id unit_number command_id recorded_at",
    },
    "award": {
        Circle.EVERYBODY: "id tender_id rank bidder_id price_fen state",
    },
    "ballot": {
        Circle.AUDIT: """
            seq id entry_id unit_number command_id channel seal_id sealed only_one intake batch
            cast_at recorded_at
            """,
        Circle.EVERYBODY: "box_id commitment leaf",
        Circle.NOBODY: "request_hash",
        Circle.CHOICES: "pseudonym heads area_dm2 shares",
    },
    "ballot_batch": {
        Circle.EVERYBODY: "intake number box_id size root signature recorded_at",
    },
    "ballot_box": {
        Circle.EVERYBODY: """
            id renovation_id attempt building entrance motions state opens_at closes_at roll_hash
            closed_at tally public_key change_allowed format tree_head official_by objections_until
            """,
        Circle.NOBODY: "wrapped_key",
        Circle.CHOICES: "opened_key roll_salt",
    },
    "ballot_check": {
        Circle.AUDIT: "box_id entry_id ballot_id checked_at",
    },
    "ballot_ruling": {
        Circle.HOUSEHOLD: "box_id entry_id number kind ballot_id up_to_seq command_id recorded_at",
        Circle.OFFICIALS: "reason",
    },
    "ballot_seal": {
        Circle.EVERYBODY: "id box_id public_key made_at",
    },
    "bid": {
        Circle.OPENED_BIDS: """
            id tender_id bidder_id price_fen technical_milli flags submitted_at withdrawn_at state
            grounds
            """,
        Circle.ENVELOPE: "command_id bond_fen bond_account",
        Circle.NOBODY: "envelope sealed_name",
    },
    "bundle_file": {
        Circle.EVERYBODY: "box_id form made_at manifest public_key size_bytes",
        Circle.AUDIT: "wanted_at next_at refused",
    },
    "bundle_piece": {
        Circle.CHOICES: "box_id form number data",
    },
    "case_clock": {
        Circle.EVERYBODY: "renovation_id now moved_seq",
    },
    "case_hold": {
        Circle.EVERYBODY: "renovation_id name set_by",
    },
    "case_trouble": {
        Circle.EVERYBODY: "workflow_id step renovation_id by_act since",
        Circle.OFFICIALS: "error reference",
    },
    "case_wait": {
        Circle.EVERYBODY: """
            workflow_id what subject renovation_id due_at since who consequence late_since level
            """,
    },
    "certificate": {
        Circle.EVERYBODY: """
            id renovation_id item_id certified_fen retention_fen deductions_fen payable_fen state
            approved_by contract_id inspection_id passed
            """,
    },
    "contact": {
        Circle.OWN: """
            id renovation_id unit_number actor_id access_version channel language address consented_at
            withdrawn_at returned_at
            """,
    },
    "contradiction": {
        Circle.AUDIT: "origin size root note shown_at",
    },
    "contract": {
        Circle.EVERYBODY: """
            id renovation_id tender_id bidder_id value_fen contingency_fen retention_permille
            signed_at state works_round performance_bond_fen decide_by start_by moved_at cure_until
            """,
    },
    "door_visit": {
        Circle.DOORS: """
            seq box_id unit_number outcome envelope visited_by command_id recorded_at
            """,
    },
    "erasure": {
        Circle.READINGS: """
            id person_id asked_by reason asked_at expires_at confirmed_by done_at outcome
            renovation_id refused_by refused_at refusal
            """,
    },
    "estate": {
        Circle.EVERYBODY: "id name place_id synthetic created_at",
    },
    "evaluation": {
        Circle.EVERYBODY: """
            renovation_id indicator numerator denominator missing target_numerator
            target_denominator
            """,
    },
    "event": {
        Circle.EVERYBODY: """
            renovation_id seq happened_at recorded_at actor_role actor_place kind rule_pack
            workflow_id prev_hash hash head_signature
            """,
        Circle.AUDIT: "command_id run_id signature row_hashes salt",
        Circle.HOUSEHOLD: "actor_id actor_label on_behalf_of",
        Circle.FREE_TEXT: "details",
    },
    "feed_entry": {
        Circle.OFFICIALS: "position renovation_id seq log_id",
    },
    "feed_pending": {
        Circle.OFFICIALS: "renovation_id seq",
    },
    "feed_pending_place": {
        Circle.OFFICIALS: "log_id seq",
    },
    "firm": {
        Circle.OFFICIALS: """
            id place_id name code form qualification contact registered_by created_at confirmed_at
            """,
    },
    "firm_person": {
        Circle.OFFICIALS: "id firm_id person_id added_by added_at ended_at",
    },
    "inspection": {
        Circle.EVERYBODY: """
            id renovation_id item_id round kind outcome recorded_at supersedes contract_id passed
            """,
        Circle.OFFICIALS: "inspector_id",
        Circle.FREE_TEXT: "defects",
    },
    "instalment": {
        Circle.MONEY: "renovation_id unit_number number due_at amount_fen",
    },
    "invitation": {
        Circle.NOBODY: "id",
        Circle.OFFICIALS: "actor_id name only_case invited_by created_at expires_at used_at",
    },
    "late_fee": {
        Circle.MONEY: """
            payment_id number renovation_id unit_number counts_from paid_on base_fen permille months amount_fen
            """,
    },
    # A line of it tells who has paid and whose debt another took over because of hardship.
    "ledger_account": {
        Circle.RELIEF: """
            id renovation_id kind name never_negative never_positive balance_fen held_fen entries
            """,
    },
    "ledger_entry": {
        Circle.RELIEF: "account_id number transfer_id amount_fen before_fen after_fen",
    },
    "ledger_group": {
        Circle.AUDIT: "command_id renovation_id transfers",
    },
    "ledger_transfer": {
        Circle.RELIEF: """
            id command_id number from_id to_id amount_fen kind phase pending_id reverses_id expires_at
            certificate_id passed event_at created_at
            """,
    },
    "letter": {
        Circle.OFFICIALS: """
            id renovation_id kind unit_number mandate_id number fact made_by made_at handed_by
            coded_by expires_at failures locked_until entered_at ended_at
            """,
        Circle.NOBODY: "fact_hash token_hash",
    },
    "letter_session": {
        Circle.NOBODY: "token_hash letter_id began_at expires_at ended_at",
    },
    "lock_out": {
        Circle.NOBODY: "credential failures until",
    },
}
