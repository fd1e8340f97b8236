"""The HTTP status of every refusal code: the answers and the OpenAPI document both read this table.

401 nobody, 403 not this person, 404 not there, 409 not as things stand, 422 a rule or a field
refuses it, 429 too often, 503 ask again. What a connection refuses before there is a request has 400, 408, 421, 431. What only the command line refuses has none.
"""

CODES: dict[int, str] = {
    400: "anchor.malformed service.request_malformed service.command_id_differs form.unreadable",
    401: """
        credential.expired credential.idle credential.ended credential.missing credential.wrong
        credential.key_revoked credential.key_replaced credential.key_expired
        assertion.algorithm assertion.audience assertion.claims assertion.expired assertion.issuer
        assertion.key assertion.signature assertion.too_early assertion.too_long assertion.used
    """,
    403: """
        suggestion.own_writing suggestion.own_suggestion suggestion.own_hiding
        assertion.other_case assertion.other_estate credential.key_scope engine.administrators feed.other_place client.not_yours client.no_role client.of_a_person
        evidence.not_asked erasure.own anchor.not_signed
        sign_in.not_invited passkey.copied passkey.of_provider passkey.refused passkey.sign_in_again
        sign_in.provider_refused
        sign_in.provider_unclear
        sign_in.attempt_unknown
        granting.nothing_to_see
        firm.own firm.not_official bidding.related
        granting.to_oneself
        granting.outside_place
        granting.wrong_role
        sign_in.wrong
        credential.form_token
        credential.foreign_page
        credential.other_case
        correction.outside_place access.not_accepted access.own_letter access.own_handing
        access.session_over
        act.impostor act.no_second act.not_on_record act.signature_wrong act.unsigned authority.not_granted
        authority.outside_place authority.wrong_role bidding.own_award feedback.own_complaint credential.no_role
        credential.other_unit credential.replaced mandate.against_instruction mandate.not_covered
        mandate.not_in_force mandate.own_register mandate.revoked proposal.own paper.same_person ruling.own_dispute ruling.own_paper
        bidding.contractor_defaulted
        voting.ballot_of_another voting.unit_excluded
    """,
    404: """
        anchor.unknown anchor.unknown_log
        erasure.unknown sensitive.unknown client.unknown webhook.unknown assertion.no_portal estate.unknown
        sign_in.no_provider passkey.no_name passkey.unknown
        suggestion.estate_unknown suggestion.unknown
        contact.unknown saved_view.unknown notice.unknown notice.message_unknown
        granting.place_unknown
        firm.unknown firm.nobody
        granting.unknown
        account.unknown
        invitation.unknown
        correction.official_unknown access.letter_unknown access.letter_replaced access.letter_expired
        access.letter_worn_out
        authority.unknown_act bidding.no_bid bidding.no_tender clock.hold_unknown
        picture.unknown
        feedback.ticket_unknown feedback.unit_unknown mandate.unknown proposal.unknown publication.unknown
        statement.sum_unknown ledger.account_unknown
        renovation.unknown ruling.ballot_unknown ruling.no_ballots service.not_found
        voting.ballot_unknown voting.no_box voting.unit_not_on_roll
    """,
    405: "service.method_not_allowed",
    408: "service.too_slow",
    409: """
        anchor.no_key
        anchor.nothing anchor.old_size
        cost_sharing.no_shares cost_sharing.not_explained warranty.not_begun
        ledger.transfer_twice ledger.link_wrong ledger.balance_other ledger.fee_other ledger.entries_other ledger.group_other
        ledger.payment_unbooked ledger.sum_not_zero
        suggestion.moved suggestion.not_reviewed suggestion.over suggestion.repeated suggestion.no_support
        suggestion.of_others_too suggestion.of_author suggestion.needs_second suggestion.no_scheme suggestion.owed
        picture.enough picture.published
        opening.roll_changed
        evidence.not_ready erasure.over erasure.waits
        client.there client.over webhook.there webhook.over
        sign_in.account_taken passkey.last_way passkey.there passkey.too_many
        contact.too_many saved_view.too_many notice.not_failed notice.no_training notice.nothing_on_paper posted.no_publication posted.no_vote posted.not_counted
        granting.last_administrator
        account.closed
        firm.code_taken firm.other_firm firm.too_many_waiting
        granting.already_there
        granting.over
        granting.not_waiting
        invitation.expired
        invitation.used
        correction.already_there correction.estate_exists access.handed access.no_code
        access.no_first_letters
        authority.wrong_stage bidding.already_bid bidding.tender_closed clock.case_over clock.held
        clock.hold_known clock.nothing_due clock.wall consent.given consent.not_given consent.works_begun
        cost_sharing.nothing_due
        cost_sharing.payment_booked feedback.survey_not_open journal.command_reused
        cost_sharing.payments_blocked cost_sharing.payments_not_blocked
        mandate.already_given mandate.other_vote proposal.not_open proposal.other_content paper.batch_complete statement.sum_decided statement.sum_kept paper.in_another_batch
        paper.not_all_cast publication.closed ruling.not_contested service.target_closed
        oversight.awaited_already oversight.contract_signed oversight.nothing_adopted oversight.no_order oversight.not_suspended oversight.period_over oversight.suspended renovation.suspended voting.box_suspended
        voting.already_voted voting.box_closed voting.box_not_open_yet voting.other_box
        voting.ballots_count_here voting.official_only
        voting.no_objections voting.not_absent voting.objected voting.second_vote_late
    """,
    413: "service.body_too_large picture.too_large",
    421: "service.other_host",
    422: """
        anchor.two_histories
        history.moment_invalid history.one_or_other evidence.of_a_case
        sensitive.too_many
        form.yuan_wanted form.area_wanted form.percent_wanted form.number_wanted form.file_wanted form.fill_in
        form.page_changed
        form.passwords_differ form.work_wanted form.estate_wanted opening.no_roll
        voting.nothing_chosen voting.number_wanted cost_sharing.method_unknown cost_sharing.floor_not_in_table
        client.scope_unknown engine.payloads webhook.url contact.address notice.no_report
        invitation.nobody
        opening.grant_waits
        bidding.not_confirmed bidding.registration_ended granting.place_of_role granting.reserved granting.firm_registers opening.firm_registers opening.one_alone
        picture.broken picture.cell_unknown picture.look_first picture.too_many_parts
        picture.too_many_pixels picture.type
        granting.ends_before
        granting.not_given
        invitation.password_needed
        opening.field_unknown opening.not_one_of
        opening.estimate_above_items opening.retention_too_high opening.law_repealed
        opening.end_is_past opening.nobody_yet opening.few_bidders
        opening.estimate_above_ceiling opening.works_above_estimate
        opening.funding_above_cost opening.funding_pays_nothing opening.gap_above_limit
        opening.work_above_budget
        opening.second_case renovation.revision_mixed renovation.budget_without_scheme
        renovation.levy_too_small renovation.levy_not_asked renovation.gap_remains
        correction.nothing correction.role_not_small
        act.not_now bidding.already_awarded bidding.before_notice bidding.bid_bond
        bidding.bond_above_limit bidding.candidates_left bidding.ceiling
        bidding.conflict_of_interest bidding.contract_signing bidding.contract_value
        bidding.document_sale bidding.failed_rounds bidding.funds_secured bidding.late
        bidding.method_unknown bidding.not_awarded bidding.not_first bidding.not_too_dear bidding.not_first_candidate
        bidding.not_own_candidacy bidding.not_to_be_evaluated bidding.not_to_be_opened
        bidding.notice_before_documents bidding.nothing_to_spend bidding.performance_bond bidding.preparation
        bidding.preparation_short bidding.price_missing bidding.score_missing
        bidding.score_of_nobody bidding.score_out_of_range bidding.tender_open
        bidding.tender_unknown
        bidding.finding_of_nobody bidding.finding_twice bidding.ground_found_otherwise
        bidding.low_price_not_asked bidding.low_price_no_question bidding.low_price_unanswered bidding.flag_unknown
        bidding.flag_without_finding bidding.reason_missing bidding.adjustment_too_low
        bidding.competition_unfound bidding.tie bidding.causes_missing
        bidding.ground_not_own bidding.signed_after_award bidding.start_is_past bidding.retention
        bidding.ties_once bidding.benchmark_given bidding.benchmark_price
        bidding.benchmark_above bidding.benchmark_below
        service.cursor_invalid clock.backwards clock.date_invalid clock.too_far
        statement.no_head statement.day_wrong statement.amount_wrong statement.direction_wrong
        statement.both_sides statement.no_camt statement.xml_wrong statement.no_mt940
        statement.entry_wrong statement.not_base64 statement.assigned_unknown
        statement.assign_unreadable statement.quote_open statement.currency_wrong
        statement.row_short statement.parts_differ statement.reference_twice
        statement.balance_differs
        cost_sharing.award_above_limit
        cost_sharing.collection_running cost_sharing.extension_too_large
        cost_sharing.not_called cost_sharing.bill_in_question cost_sharing.subsidy_unknown cost_sharing.cut_above_subsidy cost_sharing.cut_needs_vote
        cost_sharing.floor_percent_sum cost_sharing.floor_twice cost_sharing.floor_without_payers
        cost_sharing.floor_without_weight cost_sharing.instalments_sum cost_sharing.item_unknown
        cost_sharing.item_without_payers cost_sharing.no_gap cost_sharing.no_items_left
        cost_sharing.late_nothing_to_pay cost_sharing.late_not_served
        cost_sharing.late_pays_already cost_sharing.late_too_early cost_sharing.late_twice
        cost_sharing.no_units cost_sharing.nobody_pays cost_sharing.not_computed
        cost_sharing.own_relief cost_sharing.payer_unknown cost_sharing.relief_above_debt
        cost_sharing.relief_twice cost_sharing.relief_without_fund cost_sharing.shares_unknown
        cost_sharing.total_below_zero cost_sharing.unit_twice cost_sharing.unit_unknown
        cost_sharing.unit_without_share cost_sharing.weight_below_zero decide.cap_input
        decide.class_unknown decide.decided_later decide.field_unknown decide.json_invalid
        decide.holder_twice decide.key_twice decide.matter_unknown decide.more_than decide.not_a_follow_up
        decide.not_an_object decide.not_in_force decide.number_negative decide.number_too_long
        decide.option_dimensions decide.options_and decide.setting_fixed decide.setting_invalid
        decide.sum_differs decide.undercut decide.value_wrong decide.weight_without_heads
        door.envelope evidence.not_counted evidence.official evidence.other_key
        feedback.about_one feedback.about_itself feedback.firm_unknown feedback.no_level_above feedback.not_this_level feedback.not_waiting_for_answer
        feedback.reopen_exhausted feedback.reopen_too_late feedback.ticket_not_answered
        feedback.ticket_not_open feedback.ticket_not_resolved file.alias file.broken file.encoding_unknown
        file.encoding_unsure file.key_twice
        file.mixed_encodings file.not_a_mapping file.not_text file.nul_byte file.too_deep
        file.too_large file.utf_16 inspection.already_accepted inspection.completion_is_acceptance
        inspection.concealed_first inspection.contract_missing inspection.defects_missing
        inspection.wages_above_part inspection.no_money_for_wages
        consent.not_occupied inspection.consent_missing inspection.item_not_in_state inspection.item_other_state inspection.item_unknown
        inspection.items_in_default inspection.nothing_passed
        inspection.not_a_supervisor inspection.not_accepted inspection.not_chief_supervisor
        inspection.not_reported inspection.not_the_contractor inspection.nothing_concealed
        inspection.nothing_payable inspection.omission_below_zero inspection.omissions_above_value
        inspection.own_work inspection.payment_before_acceptance inspection.payment_by_acceptor
        cost_sharing.payer_or_unit cost_sharing.payer_not_here
        warranty.contract_unknown warranty.own_retention warranty.reason_missing
        warranty.retention_undecided warranty.withheld_above_kept
        inspection.accepted_by_contractor inspection.payment_by_contractor inspection.rectification_too_late inspection.same_inspector
        inspection.variation_needs_decision inspection.works_not_finished inspection.works_open
        mandate.period mandate.too_many mandate.carries_too_much menu.cost_too_high menu.cost_too_low menu.item_twice
        menu.item_unknown menu.not_a_list menu.not_points menu.pb_before_sections
        menu.pb_column_twice menu.pb_count menu.pb_more menu.pb_no_column menu.pb_no_voter
        menu.pb_not_money menu.pb_not_whole menu.pb_points_count menu.pb_project_id
        menu.pb_project_twice menu.pb_key_twice menu.pb_project_unknown menu.pb_quote_open menu.pb_ragged
        menu.pb_section_twice menu.pb_vote_twice menu.pb_vote_type menu.pb_voter_id
        menu.pb_voter_twice menu.points_not_whole menu.points_too_high menu.points_too_low
        menu.sum_too_high menu.sum_too_low menu.too_few_items menu.too_many_items
        official.below_zero official.box_closed official.motion_missing
        official.other_roll official.too_early opening.bid_bond_too_high opening.budget_short
        opening.approval_unused opening.choice_alone opening.choice_unknown
        opening.options_and_menu opening.menu_points opening.payers_unused opening.number_too_long
        opening.option_alone opening.option_taken opening.menu_limits
        opening.building_unknown opening.ceiling_above_budget opening.day_s_gone
        opening.period_dropped opening.period_waits
        opening.ends_before_start opening.estate_differs opening.field_missing
        opening.floor_percent_sum opening.floors_missing opening.floors_unused opening.grant_twice
        opening.id_invalid opening.id_twice opening.instalments_sum opening.item_unknown
        opening.item_without_motion opening.item_without_payers opening.list_empty opening.method_unknown opening.more_problems
        opening.motion_circle opening.motion_kind opening.motion_other_scope
        opening.motion_unknown opening.must_be_at_least opening.occupied_unknown
        opening.number_too_large opening.payers_missing opening.place_chain opening.place_differs
        opening.place_outside opening.region_unknown opening.role_not_granted
        opening.roll_elsewhere opening.scope_missing opening.scope_too_much
        opening.scope_unknown opening.text_too_long opening.text_too_short opening.units_differ
        opening.unlawful opening.unreadable opening.unseen opening.weight_negative opening.weights_zero
        opening.year opening.zone_unknown paper.motion_left_out paper.other_code paper.other_lines
        paper.other_scan paper.owner_twice paper.sheet_cell paper.sheet_headings
        paper.sheet_motion
        paper.sheet_unreadable publication.another publication.not_open
        publication.objection_answered publication.objection_unknown publication.own_objection
        receipt.code receipt.key receipt.path receipt.signature reminder.nobody renovation.ended
        oversight.no_event oversight.role_may_not oversight.other_addressee oversight.not_awaited oversight.not_extendable oversight.other_stage
        renovation.over renovation.revision_not_asked renovation.scheme_missing
        renovation.stage_over roll.area_not_positive roll.area_too_large roll.cell_empty
        roll.column_missing roll.column_twice roll.column_unknown roll.column_untitled roll.empty
        roll.entry_excluded roll.estate_ambiguous roll.estate_unknown roll.formulas_taken
        roll.mapped_missing roll.more_problems roll.no_rows roll.not_an_integer roll.not_one_of
        roll.not_the_owner roll.out_of_range roll.owner_ids_count roll.owner_missing
        roll.owner_twice roll.quote_open roll.ragged_row roll.sale_not_between roll.same_owner
        roll.too_long roll.too_many_columns roll.too_many_owners roll.too_many_rows roll.row_alone
        roll.unit_not_on_roll roll.unit_twice roll.unprintable
        roll.area_comma roll.area_decimals roll.area_missing roll.area_not_a_number
        roll.cell_error roll.cell_is_date roll.cell_merged roll.check_digit roll.digits_lost
        roll.formula_text roll.formula_without_value roll.hidden_rows
        roll.holding_of_one roll.holding_of_several roll.map_unreadable roll.no_sheet_of_a_roll
        roll.number_masked roll.number_none roll.number_of_two_names roll.numbers_alike
        roll.cell_ditto roll.row_heading_other roll.owner_developer roll.owner_masked roll.owner_nobody roll.owner_number
        roll.owner_others roll.owner_separator roll.owner_text roll.place_unreadable
        roll.possible_namesakes roll.possibly_one_owner roll.read_areas
        roll.read_building_of_sheet roll.read_dashes roll.read_floors roll.read_names_around
        roll.read_names_by_numbers roll.read_names_separator roll.read_no_numbers
        roll.read_number_estate roll.read_number_room roll.read_numbers roll.read_old_numbers
        roll.read_other_column roll.read_room roll.read_same_part roll.read_second_column
        roll.read_spellings roll.row_empty roll.row_foot roll.row_heading roll.row_serial
        roll.row_total roll.sheet_passed roll.shown_otherwise roll.total_differs
        roll.unit_twice_spelled roll.units_alike roll.would_remove
        ruling.names_a_ballot
        service.field_missing service.field_unknown service.field_wrong service.json_invalid
        service.key_twice settings.missing settlement.already_ended
        settlement.bond_above_contract settlement.bond_without_fault settlement.cure_running
        settlement.damages_for_fault settlement.damages_too_high settlement.document_missing
        settlement.measured_by_contractor settlement.measured_by_decider settlement.measured_high
        settlement.measured_passed settlement.not_noticed settlement.not_terminated
        settlement.nothing_in_default settlement.own_contract spreadsheet.encrypted
        spreadsheet.damaged spreadsheet.file_too_large
        spreadsheet.not_read spreadsheet.sheet_unknown spreadsheet.too_large
        spreadsheet.wrong_suffix stack.already_running stack.keys_unreadable stack.no_free_port
        stack.not_running stack.part_crashed stack.part_not_ready stack.port_taken
        stack.postgres_failed stack.postgres_keys_lost stack.program_missing
        keys.in_environment keys.not_rotated stack.system_user_missing temporal.build_not_current
        temporal.payload_sealed
        temporal.search_attribute_kind temporal.search_attributes_missing temporal.unreachable
        voting.already_open voting.announced voting.ballot_unwritable
        voting.box_key_wrong voting.box_unknown voting.choice_unknown voting.closed
        voting.motion_unknown voting.no_motions voting.not_counted voting.not_open
        voting.not_published voting.pack_unknown voting.re_vote_limit voting.re_vote_too_early
        voting.roll_empty voting.unit_twice voting.which_box
        suggestion.merged_into_itself suggestion.needs_place suggestion.one_place suggestion.place_unknown
        suggestion.reason_missing
        opening.matter_missing opening.matter_unknown opening.motion_rule opening.not_collected
        opening.bound_missing opening.objections_to_options opening.shares_missing official.choice_above official.choice_unknown
        official.chosen_twice official.options_missing official.over_budget official.payers_unknown
    """,
    429: "quota.used_up sign_in.locked access.locked",
    431: "service.head_too_large",
    500: "act.broken service.failed",
    503: """
        anchor.not_cosigned
        bidding.envelope_shut bidding.key_needed
        act.held_back act.signature_stale clock.busy clock.not_settled service.busy service.database_away service.full
        sign_in.provider_away assertion.keys_away
        service.not_confirmed service.not_ready service.not_running service.too_many_acts
        service.too_many_connections
    """,
}
STATUS_OF_CODE: dict[str, int] = {
    code: status for status, codes in CODES.items() for code in codes.split()
}
"""A code that is not here is answered with 422; `make check` wants every code of the product here."""
