"""The tables from `mandate` to `work_item`, and who may read which column.

Each column has its line; tests/rules/disclosure walks the schema and fails for one without.
"""

from collections.abc import Mapping

from rules.disclosure.readers import Circle

SECOND: Mapping[str, Mapping[Circle, str]] = {
    "mandate": {
        Circle.HOUSEHOLD: """
            id box_id entry_id unit_number agent_id motions valid_from valid_until registered_by
            command_id registered_at
            """,
        Circle.OFFICIALS: "document",
        Circle.OWN: "instructions",
    },
    "mandate_revocation": {
        Circle.HOUSEHOLD: "mandate_id revoked_by command_id revoked_at",
        Circle.OFFICIALS: "reason",
    },
    "notice": {
        Circle.OFFICIALS: """
            id renovation_id command_id audience audience_id template params state attempts
            created_at queued_at unreached
            """,
    },
    "notice_message": {
        Circle.OFFICIALS: """
            id notice_id renovation_id unit_number actor_id channel state attempts error next_at
            created_at changed_at contact_id
            """,
    },
    "objection": {
        Circle.EVERYBODY: "id publication_id filed_at recorded_at state upheld answered_at",
        Circle.OBJECTION: "command_id unit_number text answer answered_by",
    },
    "official_result": {
        Circle.EVERYBODY: "box_id system certificate file_sha256 results command_id recorded_at",
    },
    "owner_replacement": {
        Circle.OFFICIALS: """
            renovation_id unit_number generation box_id entry_id shared registered_on evidence
            up_to_seq replaced_by command_id recorded_at
            """,
        Circle.NOBODY: "buyer_key",
    },
    "paper_batch": {
        Circle.OFFICIALS: "id box_id reference channel scan code_check command_id opened_at",
    },
    "paper_cast": {
        Circle.OFFICIALS: "batch_id number ballots command_id recorded_at",
    },
    "paper_entry": {
        Circle.OFFICIALS: "batch_id number entered_by ballots invalid command_id recorded_at",
    },
    "paper_line": {
        Circle.OFFICIALS: "batch_id number unit_number absent",
        Circle.NOBODY: "digest",
    },
    "part_consent": {
        Circle.HOUSEHOLD: """
            renovation_id work_id unit_number number given command_id consented_at recorded_at
            """,
    },
    "passkey": {
        Circle.NOBODY: "account_id public_key sign_count",
        Circle.OWN: "id created_at label last_used_at",
    },
    "payment": {
        Circle.MONEY: "id renovation_id command_id unit_number amount_fen source received_at",
    },
    "person": {
        Circle.OFFICIALS: "id name restricted_until",
        Circle.NOBODY: "sealed",
    },
    "person_key": {
        Circle.NOBODY: "id wrapped made_at",
    },
    "picture": {
        Circle.OFFICIALS: "renovation_id command_id recorded_at",
        Circle.COMPLAINT: """
            id ticket_id content received_sha256 sha256 width height received_at
            """,
    },
    "place": {
        Circle.EVERYBODY: "id kind parent_id name path",
    },
    "place_event": {
        Circle.OFFICIALS: """
            log_id seq command_id recorded_at actor_id actor_role actor_label actor_place kind
            request_hash prev_hash hash
            """,
        Circle.AUDIT: "details",
    },
    "place_log": {
        Circle.AUDIT: "id head_seq head_hash",
    },
    "portal_session": {
        Circle.NOBODY: """
            token_hash renovation_id unit_number version portal began_at expires_at ended_at
            """,
    },
    "proposal": {
        Circle.OFFICIALS: """
            id renovation_id act content content_sha256 stage proposed_by command_id proposed_at
            expires_at decision decided_by decided_at
            """,
    },
    "publication": {
        Circle.EVERYBODY: "id renovation_id subject content opens_at closes_at state outcome",
    },
    "published_picture": {
        Circle.EVERYBODY: "picture_id renovation_id content sha256 blurred published_at",
        Circle.OFFICIALS: "command_id published_by",
    },
    "quota_use": {
        Circle.NOBODY: "command_id what renovation_id estate_id sender sent_at",
    },
    "receipt": {
        Circle.AUDIT: "command_id renovation_id seq kind request_hash result recorded_at",
    },
    "refund": {
        Circle.MONEY: "renovation_id unit_number amount_fen ordered_fen paid_fen paid",
    },
    "relief": {
        Circle.RELIEF: "renovation_id unit_number kind amount_fen approved_by funded_by",
    },
    "renovation": {
        Circle.EVERYBODY: """
            id estate_id title stage state workflow_id stage_workflow_id place_id place_path
            rule_pack timetable clock head_seq head_hash opened_at closed_at waiting_for due_at
            suspended_at rests
            """,
        Circle.OFFICIALS: "v1_letters",
        Circle.NOBODY: "search_text",
    },
    "retention_release": {
        Circle.EVERYBODY: """
            contract_id renovation_id liability_until released_fen withheld_fen decided_by decided_at
            """,
    },
    "role_grant": {
        Circle.OFFICIALS: """
            id actor_id label role place_id only_case valid_from valid_until granted_by reason end_reason
            """,
    },
    "roll_entry": {
        Circle.CHOICES: """
            box_id entry_id heads area_dm2 units developer excluded_reason pseudonym shares
            """,
    },
    "roll_import": {
        Circle.OFFICIALS: """
            seq estate_id file_name file_sha256 roll_sha256 imported_by imported_at units heads
            area_dm2 added changed removed
            """,
    },
    "roll_unit": {
        Circle.CHOICES: "box_id unit_number entry_id",
        Circle.NOBODY: "credential_version",
    },
    "scheme": {
        Circle.EVERYBODY: "renovation_id version title content budget_fen created_at",
    },
    "sensitive": {
        Circle.HOUSEHOLD: "id renovation_id unit_number kind content consented_at withdrawn_at",
    },
    "session": {
        Circle.NOBODY: "id account_id way created_at expires_at ended_at seen_at idle_minutes",
    },
    "share": {
        Circle.SHARES: "renovation_id scheme_version unit_number item_id amount_fen",
    },
    "share_total": {
        Circle.SHARES: "renovation_id basis unit_number amount_fen",
    },
    "sign_in_attempt": {
        Circle.NOBODY: "id kind state secret account_id invitation_id goes_to expires_at",
    },
    # The words are everybody's once somebody has reviewed them (`service.suggestions.showing`).
    "suggestion": {
        Circle.EVERYBODY: """
            id estate_id renovation_id state submitted_at due_at reviewed_at merged_into qualified_at
            reply_id theme reason proposal
            """,
        Circle.COMPLAINT: "hidden_because",
        Circle.OFFICIALS: "only_case command_id words_sha256 written_by sheet_sha256 reviewed_by",
    },
    "suggestion_reply": {
        Circle.EVERYBODY: """
            id estate_id renovation_id outcome scheme_version item motion replied_at
            """,
        Circle.FREE_TEXT: "reason",
        Circle.OFFICIALS: "command_id replied_by",
    },
    "suggestion_support": {
        Circle.EVERYBODY: "suggestion_id author supported_at withdrawn_at",
        Circle.HOUSEHOLD: "unit_number command_id",
    },
    "survey_answer": {
        Circle.OWN: "command_id renovation_id unit_number score recorded_at",
    },
    "tender": {
        Circle.EVERYBODY: """
            id renovation_id round state notice_at deadline_at ceiling_fen estimate_fen method
            criteria works_round
            """,
    },
    "termination": {
        Circle.EVERYBODY: """
            contract_id renovation_id ground after bond_fen damages_fen decided_by decided_at
            measured_by settled_at
            """,
    },
    "ticket": {
        Circle.EVERYBODY: """
            id renovation_id kind level state opened_at due_at resolved_at reopened
            """,
        Circle.COMPLAINT: "command_id text unit_number satisfied confidential about_unit about_firm",
    },
    "unclaimed_sum": {
        Circle.OFFICIALS: """
            id renovation_id reference booked_on amount_fen why words state command_id opened_at decided_at
            """,
    },
    "unit": {
        Circle.HOUSEHOLD: """
            id estate_id number building entrance floor kind area_dm2 shares excluded_reason
            """,
        Circle.NOBODY: "owner_key",
        Circle.EVERYBODY: "developer",
    },
    "unit_access": {
        Circle.OFFICIALS: "renovation_id unit_number version",
    },
    "unit_owner": {
        Circle.HOUSEHOLD: "unit_id person_id position",
    },
    "used_assertion": {
        Circle.NOBODY: "id expires_at",
    },
    "vote_objection": {
        Circle.HOUSEHOLD: "box_id entry_id unit_number command_id objected_at recorded_at",
    },
    "vote_opinion": {
        Circle.OWN: "seq box_id unit_number choices command_id said_at recorded_at",
    },
    "vote_step": {
        Circle.OFFICIALS: "renovation_id box_id step counted",
    },
    "webhook": {
        Circle.OWN: """
            id actor_id place_path kinds training url state position failures failing_since next_at
            error created_at previous_until
            """,
        Circle.NOBODY: "secret previous_secret",
    },
    "webhook_delivery": {
        Circle.OWN: "id webhook_id position attempt sent_at milliseconds status error",
    },
    "witnessed": {
        Circle.AUDIT: "origin size root note cosigned_at",
    },
    "work_item": {
        Circle.EVERYBODY: """
            id renovation_id building title concealed value_fen state contract_id cure_until
            """,
    },
}
