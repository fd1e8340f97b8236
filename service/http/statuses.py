"""The HTTP status of every refusal code: the answers and the OpenAPI document both read this table.

A code is `<room>.<what>`. 401 nobody, 403 not this person, 404 not there, 409 not as things stand,
422 a rule or a field says no, 503 ask again. What only a command in a terminal refuses is 422 too.
"""

from collections.abc import Iterator, Mapping

CODES: Mapping[int, str] = {
    401: """
        credential: missing wrong
    """,
    403: """
        authority: outside_place wrong_role
        credential: no_role other_unit replaced
        mandate: against_instruction not_covered not_in_force revoked
        paper: same_person
        ruling: own_dispute own_paper
        voting: ballot_of_another unit_excluded
    """,
    404: """
        authority: unknown_act
        bidding: no_bid no_tender
        clock: hold_unknown
        feedback: ticket_unknown unit_unknown
        mandate: unknown
        publication: unknown
        renovation: unknown
        ruling: ballot_unknown no_ballots
        service: not_found
        voting: ballot_unknown no_box unit_not_on_roll
    """,
    405: "service: method_not_allowed",
    409: """
        authority: wrong_stage
        bidding: already_bid tender_closed
        clock: case_over held hold_known nothing_due wall
        cost_sharing: nothing_due payment_booked
        feedback: survey_not_open
        journal: command_reused
        mandate: already_given other_vote
        paper: batch_complete in_another_batch not_all_cast
        publication: closed
        ruling: not_contested
        service: target_closed
        voting: already_voted box_closed box_not_open_yet other_box
    """,
    413: "service: body_too_large",
    422: """
        act: not_now
        bidding: already_awarded before_notice bid_bond bond_above_limit candidates_left ceiling
            conflict_of_interest contract_signing contract_value document_sale failed_rounds
            funds_secured late method_unknown not_awarded not_first not_first_candidate
            not_own_candidacy not_to_be_evaluated not_to_be_opened notice_before_documents
            performance_bond preparation preparation_short price_missing score_missing
            score_of_nobody score_out_of_range tender_open tender_unknown
        cases: act_unknown actor_needed field_invalid file_too_large file_unreadable
            file_unwritable json_invalid no_convener pair_invalid
        clock: backwards date_invalid move_unknown value_extra value_missing
        cost_sharing: award_above_limit collection_running extension_too_large floor_percent_sum
            floor_twice floor_without_payers floor_without_weight funding_twice instalments_sum
            item_twice item_unknown item_without_payers no_gap no_items_left no_units nobody_pays
            not_computed own_relief payer_unknown relief_above_debt relief_twice
            relief_without_fund shares_unknown total_below_zero unit_twice unit_unknown
            unit_without_share weight_below_zero
        decide: cap_input class_unknown day_invalid decided_later field_unknown from_memory
            json_invalid key_twice matter_needed matter_not_wanted matter_unknown more_than
            not_a_follow_up not_an_object not_in_force number_negative number_too_long
            objections_open option_dimensions options_and override_incomplete quorum_presumed
            second_vote_open second_vote_unknown setting_fixed setting_invalid silence_counts
            sum_differs undercut value_wrong weight_without_heads
        demo: act_refused not_extended part_ended service_silent stands_still
        door: envelope
        evidence: fault no_box_key not_counted official other_key other_verify
        feedback: no_level_above not_this_level not_waiting_for_answer reopen_exhausted
            reopen_too_late resolved_within satisfaction_floor target_met ticket_not_answered
            ticket_not_open ticket_not_resolved
        file: alias broken key_twice mixed_encodings not_a_mapping not_text nul_byte too_deep
            too_large utf_16
        inspection: already_accepted certified_within_contract completion_is_acceptance
            concealed_first concealed_seen contract_missing defects_missing failed_rounds
            item_not_in_state item_other_state item_unknown not_a_supervisor not_accepted
            not_chief_supervisor not_reported not_the_contractor nothing_concealed nothing_payable
            omission_below_zero omissions_above_value open_items own_work
            payment_before_acceptance payment_by_acceptor payment_by_contractor
            rectification_too_late retention same_inspector variation variation_needs_decision
            works_not_finished works_open
        mandate: period too_many
        menu: cost_too_high cost_too_low item_twice item_unknown not_a_list not_points
            pb_before_sections pb_column_twice pb_count pb_more pb_no_column pb_no_heading
            pb_no_voter pb_not_money pb_not_whole pb_points_count pb_project_id pb_project_twice
            pb_project_unknown pb_quote_open pb_ragged pb_section_missing pb_section_twice
            pb_vote_twice pb_vote_type pb_voter_id pb_voter_twice points_not_whole points_too_high
            points_too_low sum_too_high sum_too_low too_few_items too_many_items
        official: below_zero box_closed motion_missing not_yes_or_no other_roll too_early
        opening: bid_bond_too_high budget_negative budget_short building_unknown
            ceiling_above_budget day_s_gone ends_before_start estate_differs field_invalid
            field_missing field_unknown floor_percent_sum floors_missing floors_unused grant_twice
            id_invalid id_twice instalments_sum item_unknown item_without_payers list_empty
            method_unknown more_problems motion_circle motion_kind motion_unknown must_be_above
            must_be_at_least must_be_at_most must_be_below not_a_date not_a_list not_a_mapping
            not_a_text not_an_integer not_one_of not_yes_or_no number_too_large official_label
            payers_missing place_chain place_differs place_name place_outside region_unknown
            role_not_granted roll_elsewhere text_too_long text_too_short units_differ unlawful
            unreadable weight_negative weights_zero year zone_unknown
        paper: motion_left_out other_code other_lines other_scan owner_twice sheet_cell
            sheet_headings sheet_unreadable
        publication: another not_open objection_answered objection_unknown own_objection
        receipt: code key path signature
        reminder: nobody
        renovation: ended over revision_not_asked scheme_missing stage_over
        roll: area_comma area_decimals area_missing area_not_a_number area_not_positive
            area_too_large cell_empty cell_error cell_is_date cell_merged column_missing
            column_twice column_unknown column_untitled digits_lost empty entry_excluded
            estate_ambiguous estate_unknown formula_text formula_without_value formulas_taken
            frozen map_unreadable mapped_missing more_problems no_rows not_an_integer not_one_of
            not_the_owner out_of_range owner_ids_count owner_missing owner_twice place_unreadable
            possible_namesakes possibly_one_owner quote_open ragged_row sale_not_between
            same_owner too_long too_many_columns too_many_owners too_many_rows total_row
            unit_not_on_roll unit_twice unprintable vote_open
        ruling: names_a_ballot
        service: field_missing field_unknown field_wrong json_invalid
        settings: invalid missing
        settlement: already_ended
        spreadsheet: bomb choose_sheet damaged encrypted entities file_too_large nested no_sheet
            not_a_workbook not_read outside sheet_unknown too_large too_many_columns
            too_many_parts wrong_suffix
        stack: already_running keys_unreadable no_free_port not_running part_crashed
            part_not_ready port_taken postgres_failed postgres_keys_lost program_missing
            system_user_missing
        temporal: search_attribute_kind search_attributes_missing unreachable
        voting: already_open announced ballot_unwritable box_intact box_key_wrong box_unknown
            choice_unknown closed motion_unknown no_motions not_counted not_open not_published
            pack_unknown re_vote_limit re_vote_too_early roll_empty unit_twice
    """,
    500: "service: failed",
    503: """
        clock: busy not_settled
        service: busy database_away not_confirmed not_ready
    """,
}
"""By status: the name of a room with a colon, then what it refuses with that status."""


def _statuses() -> Iterator[tuple[str, int]]:
    for status, words in CODES.items():
        room = ""
        for word in words.split():
            if word.endswith(":"):
                room = word.removesuffix(":")
            else:
                yield f"{room}.{word}", status


STATUS_OF_CODE: dict[str, int] = dict(_statuses())
"""A code that is not here is answered with 422; `make check` wants every code of the product here."""
