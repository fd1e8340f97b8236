"""By which views each table and column is read, or why by none.

A column comes out where a view of its table has a field of its name, or the one that `RENAMED` says. Every
column that is written does, or has its reason here: tests/rules/disclosure compares with the schema and
with what the GET routes answer.
"""

from collections.abc import Mapping

SHOWN_BY: Mapping[str, str] = {
    "access": "AccessLine",
    "account": "SessionView",
    "anchor": "AnchorView",
    "anchor_cosignature": "AnchorView",
    "anchor_leaf": "AnchoredCase",
    "api_client": "ClientView",
    "api_key": "ClientView",
    "attendance": "AttendanceView",
    "award": "CandidateView BidView OwnBid",
    "ballot": "BallotView FoundBallot",
    "ballot_batch": "FoundBallot",
    "ballot_box": "BoxView FoundBallot",
    "ballot_check": "Verification",
    "ballot_ruling": "RulingView",
    "bid": "OwnBid OpenedBid BidView",
    "case_clock": "ClockView",
    "case_hold": "HoldView",
    "case_trouble": "Trouble",
    "case_wait": "WaitView",
    "certificate": "CertificateView ContractAccount",
    "contact": "ContactView",
    "contract": "ContractAccount",
    "door_visit": "VisitView",
    "erasure": "ErasureView",
    "estate": "EstateView",
    "evaluation": "IndicatorView",
    "event": "EventView FeedEvent",
    "feed_entry": "FeedEvent",
    "firm": "FirmView FirmStanding",
    "firm_person": "FirmPersonView",
    "inspection": "InspectionView",
    "instalment": "OwedLine",
    "invitation": "InvitationView",
    "late_fee": "FeeLine",
    "ledger_account": "AccountLine",
    "ledger_entry": "EntryLine",
    "ledger_transfer": "EntryLine",
    "letter": "LetterRow LetterView",
    "mandate": "MandateView AgentView",
    "mandate_revocation": "MandateView",
    "notice": "NoticeView InboxMessage",
    "notice_message": "MessageView",
    "objection": "ObjectionView OwnObjection",
    "official_result": "OfficialResultView",
    "owner_replacement": "ReplacementView",
    "paper_batch": "CountSheet",
    "paper_cast": "CountSheet",
    "paper_entry": "TypingView",
    "paper_line": "CountSheet",
    "part_consent": "OwnConsent OccupiedPart",
    "passkey": "PasskeyView",
    "payment": "PaymentLine",
    "person": "GrantView FirmPersonView PersonOfUnit",
    "picture": "PictureView",
    "place": "PlaceView",
    "proposal": "ProposalView",
    "publication": "PostedView",
    "published_picture": "PublishedPictureView",
    "refund": "RefundLine",
    "relief": "ReliefView",
    "renovation": "RenovationView ListedRenovation ClockView",
    "role_grant": "GrantView",
    "roll_entry": "Turnout",
    "retention_release": "RetentionView ContractAccount",
    "roll_import": "RollImportView",
    "roll_unit": "Turnout",
    "saved_view": "SavedViewLine",
    "scheme": "SchemeView",
    "sensitive": "SensitiveView",
    "session": "SessionView",
    "share": "ShareOfItem ShareLine",
    "share_total": "ShareLine",
    "suggestion": "SuggestionView",
    "suggestion_reply": "ReplyView",
    "suggestion_support": "SuggestionView",
    "survey_answer": "OwnAnswer SurveyView",
    "tender": "TenderView",
    "termination": "TerminationView ContractAccount",
    "ticket": "TicketWords OwnTicket",
    "unclaimed_sum": "UnclaimedView",
    "unit": "UnitView OwnUnit",
    "vote_objection": "VoteObjectionView",
    "vote_opinion": "OwnOpinion",
    "webhook": "WebhookView",
    "webhook_delivery": "DeliveryView",
    "work_item": "WorkItemView",
}
"""A table to the views of GET routes that read it."""
RENAMED: Mapping[str, str] = {
    "anchor_cosignature.name": "AnchorView.cosigned_by",
    "anchor_cosignature.line": "AnchorView.note",
    "anchor_leaf.number": "AnchoredCase.index",
    "access.id": "AccessLine.number",
    "access.reader_id": "AccessLine.reader",
    "access.reader_role": "AccessLine.role",
    "api_client.id": "ClientView.client",
    "api_client.actor_id": "ClientView.actor",
    "api_client.revoked_at": "ClientView.revoked",
    "api_key.expires_at": "ClientView.keys_until",
    "ballot.id": "BallotView.ballot_id",
    "ballot.leaf": "FoundBallot.leaf_hash",
    "ballot.commitment": "FoundBallot.leaf_hash",
    "ballot_box.tally": "BoxView.result",
    "ballot_check.entry_id": "Verification.verified",
    "ballot_ruling.entry_id": "RulingView.unit_numbers",
    "case_clock.moved_seq": "ClockView.settled",
    "erasure.id": "ErasureView.erasure",
    "feed_entry.log_id": "FeedEvent.estate_id",
    "erasure.person_id": "ErasureView.person",
    "person.restricted_until": "ErasureView.outcome",
    "ledger_transfer.id": "EntryLine.transfer_id",
    "ledger_transfer.from_id": "EntryLine.other",
    "ledger_transfer.to_id": "EntryLine.other",
    "ledger_transfer.event_at": "EntryLine.happened_at",
    "sensitive.id": "SensitiveView.entry",
    "sensitive.content": "SensitiveView.words",
    "unclaimed_sum.words": "UnclaimedView.memo",
    "firm_person.person_id": "FirmPersonView.person",
    "firm.confirmed_at": "FirmStanding.state",
    "mandate.entry_id": "MandateView.unit_numbers",
    "mandate.unit_number": "MandateView.unit_numbers",
    "mandate.instructions": "MandateView.bound_on",
    "notice.id": "NoticeView.notice",
    "notice.params": "NoticeView.text",
    "notice_message.id": "MessageView.message",
    "notice_message.notice_id": "MessageView.notice",
    "paper_batch.id": "CountSheet.batch_id",
    "paper_cast.ballots": "CountSheet.cast",
    "paper_line.unit_number": "CountSheet.differing",
    "proposal.decision": "ProposalView.state",
    "renovation.head_seq": "RenovationView.events",
    "role_grant.actor_id": "GrantView.person",
    "role_grant.label": "GrantView.name",
    "role_grant.place_id": "GrantView.place",
    "role_grant.valid_from": "GrantView.begins",
    "role_grant.valid_until": "GrantView.until",
    "roll_entry.heads": "Turnout.roll_heads",
    "roll_entry.area_dm2": "Turnout.roll_area_dm2",
    "roll_entry.units": "RulingView.unit_numbers",
    "scheme.content": "SchemeView.items",
    "suggestion.reply_id": "SuggestionView.reply",
    "suggestion_support.author": "SuggestionView.authors",
    "suggestion_support.unit_number": "SuggestionView.authors",
    "termination.contract_id": "ContractAccount.termination",
    "certificate.contract_id": "ContractAccount.certificates",
    "retention_release.contract_id": "ContractAccount.retention",
    "webhook.id": "WebhookView.webhook",
    "webhook.actor_id": "WebhookView.actor",
    "webhook.place_path": "WebhookView.place",
}
"""A column to the field that says it under another name, in words, or in sums."""
WIDER: Mapping[str, str] = {
    "FoundBallot": "The leaf of a ballot is public, and of it this is told; what it says is its voter's.",
    "BidView": "Read out at the opening, for everybody there (Tendering Law art. 36).",
    "BallotView": "Who rules on contested ballots sees by which channel they came, and no choice.",
    "RulingView": "Who ruled, and who supervises it, knows of whose ballots it is.",
    "MandateView": "On which motions an agent is bound, not how.",
    "AgentView": "The mandate consents to it; the owners of a vote see who votes for whom.",
    "EventView": "Each of its details has a line of its own (`events`).",
    "FeedEvent": "As `EventView`, with its place in the feed.",
    "Turnout": "Sums over the roll.",
    "Verification": "How many, not who.",
    "OccupiedPart": "The work is the scheme's.",
}
"""A view that tells more readers than a column is for, in sums or by law, and why that is right."""
KEYS = frozenset({"renovation_id", "command_id"})
"""The case, which the path of its doors says; and the key under which a command was sent: who sent it
has it, and gets the receipt for it."""
SECRETS = "A secret, or what only a secret is compared with."
BUNDLE = "In the evidence bundle of its box, for whom that is."
JOINS = "Joins rows or puts them in an order; it says nothing by itself."
LOG = "The event of it has the moment and who did it."
EXEMPT_COLUMNS: Mapping[str, str] = {
    SECRETS: """
        account.password account.totp account.totp_step account.issuer account.subject api_key.id
        ballot.request_hash ballot_box.wrapped_key invitation.id letter.fact_hash letter.token_hash
        paper_batch.code_check paper_line.digest passkey.public_key passkey.sign_count roll_unit.credential_version
        session.id session.seen_at session.idle_minutes unit.owner_key person.sealed webhook.secret
        webhook.previous_secret bid.envelope
        bid.sealed_name contact.access_version renovation.v1_letters
        """,
    BUNDLE: """
        ballot.entry_id ballot.unit_number ballot.seal_id ballot.sealed ballot.pseudonym ballot.heads
        ballot.area_dm2 ballot.shares ballot_box.public_key ballot_box.opened_key ballot_box.roll_salt
        ballot_box.format ballot_batch.intake ballot_batch.number ballot_batch.size ballot_batch.root
        ballot_batch.signature roll_entry.developer roll_entry.excluded_reason roll_entry.pseudonym
        roll_entry.shares event.head_signature
        """,
    JOINS: """
        late_fee.payment_id late_fee.unit_number
        saved_view.actor_id account.id account.person_id anchor.peaks api_key.client_id ballot.seq ballot.intake ballot.batch ballot.only_one
        ballot_check.ballot_id ballot_ruling.up_to_seq contact.id contact.actor_id contact.unit_number
        door_visit.seq door_visit.box_id firm.place_id firm_person.id firm_person.firm_id mandate.box_id
        mandate_revocation.mandate_id notice.audience_id notice_message.contact_id
        owner_replacement.entry_id owner_replacement.up_to_seq paper_batch.box_id paper_cast.number
        paper_entry.batch_id paper_line.number part_consent.number passkey.account_id
        attendance.entry_id proposal.stage renovation.place_id role_grant.only_case roll_entry.entry_id
        roll_import.estate_id roll_unit.unit_number roll_unit.entry_id session.account_id survey_answer.unit_number
        unit.id unit.estate_id vote_opinion.seq vote_opinion.unit_number webhook_delivery.id
        webhook_delivery.webhook_id suggestion.only_case suggestion_reply.estate_id
        suggestion_support.suggestion_id certificate.inspection_id certificate.passed inspection.passed
        ledger_account.id ledger_account.never_negative ledger_account.never_positive ledger_entry.account_id
        ledger_transfer.phase ledger_transfer.pending_id ledger_transfer.reverses_id
        ledger_transfer.expires_at ledger_transfer.certificate_id ledger_transfer.passed
        """,
    LOG: """
        ledger_transfer.created_at account.created_at account.closed_at api_client.created_at api_key.created_at api_key.replaced_at
        ballot_check.checked_at ballot_box.closed_at contact.withdrawn_at anchor_cosignature.cosigned_at event.run_id event.signature event.row_hashes event.salt
        firm.registered_by firm.created_at firm_person.added_by firm_person.added_at firm_person.ended_at
        invitation.invited_by invitation.created_at invitation.used_at mandate_revocation.revoked_by
        objection.recorded_at vote_objection.recorded_at paper_batch.opened_at paper_cast.recorded_at part_consent.recorded_at picture.recorded_at published_picture.published_by
        proposal.decided_at renovation.head_hash session.created_at session.ended_at
        vote_opinion.recorded_at webhook.created_at letter.ended_at suggestion.reviewed_at
        suggestion.reviewed_by suggestion.sheet_sha256 suggestion.words_sha256 suggestion_reply.replied_by
        suggestion_support.supported_at suggestion_support.withdrawn_at
        """,
    "Its holder signs in with it.": "account.name",
    "The picture itself, at an address of its own.": "picture.content published_picture.content",
    "Tells whoever guesses how near they are.": "letter.failures",
    "Who told the code: the same hand does not get the link (`access.own_handing`).": "letter.coded_by",
    "Counts the letters of a mandate: an earlier one is void.": "letter.number",
    "The sender's own book-keeping.": "notice.attempts notice.queued_at notice_message.next_at",
    "The count sheet names the units that differ.": "paper_line.absent",
    "Withdrawn, it is empty and in no view.": "sensitive.withdrawn_at",
    "Its periods come out as the dates of the agenda.": "renovation.rests renovation.timetable",
    "It is made of what stands elsewhere, and finds the case.": "renovation.search_text",
    "The receipt says whether a later ballot replaces it.": "ballot_box.change_allowed",
    "The city's key for the buyer; who bought is nobody's to read.": "owner_replacement.buyer_key",
}
"""Why columns of a table that is read do not come out."""
EXEMPT: Mapping[str, str] = {
    "ballot_seal": "Keys of the box; in its bundle.",
    "bundle_file": "The evidence of a box as the files of `/bundle`, `/full-bundle` and `/audited-bundle`.",
    "bundle_piece": "As `bundle_file`.",
    "person_key": "Keys of people.",
    "unit_owner": "Who owns what is the registry's to show.",
    "unit_access": "A version that tickets are compared with.",
    "feed_pending": "Waits for its position in the feed.",
    "feed_pending_place": "Waits for its position in the feed.",
    "letter_session": "Hashes of secrets.",
    "portal_session": "Hashes of secrets.",
    "lock_out": "Guards against guessing.",
    "quota_use": "Counts, by a keyed hash; deleted when old.",
    "receipt": "What a command was answered; whoever sends it again gets it.",
    "sign_in_attempt": "Secrets of a sign-in that is under way.",
    "used_assertion": "Guards against replay.",
    "contradiction": "`gongjian audit` tells of it; the notes are published by those who signed them.",
    "witnessed": "What other instances have shown to be cosigned; they publish it themselves.",
    "ledger_group": "`gongjian ledger check` and `gongjian audit` read it: how many transfers an event has.",
    "place_event": "`gongjian audit` reads it; what it says of suggestions has a door (`SuggestionEvent`).",
    "place_log": "`gongjian audit` reads it.",
    "vote_step": "Numbers without persons; the page of the campaign shows them, none below five.",
}
"""A table that no GET route reads, and why."""
