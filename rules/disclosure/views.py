"""The views that GET routes answer with, and who may read which field.

A view is made for whom the route lets in; a field that is for fewer than these is taken out of it.
"""

from collections.abc import Mapping

from rules.disclosure.readers import Circle

EVERYBODY, HOUSEHOLD, OWN = Circle.EVERYBODY, Circle.HOUSEHOLD, Circle.OWN
SHARES, MONEY = Circle.SHARES, Circle.MONEY
OFFICIALS, DOORS, COMPLAINT = Circle.OFFICIALS, Circle.DOORS, Circle.COMPLAINT
_EVENT = {
    EVERYBODY: """seq kind happened_at recorded_at actor_role actor_place rule_pack workflow_id prev_hash
        hash details""",
    HOUSEHOLD: "actor_id actor_label on_behalf_of",
}
"""The sender is hidden where it is a home; the details have lines of their own (`events`)."""
VIEWS: Mapping[str, Mapping[Circle, str]] = {
    "Health": {EVERYBODY: "status"},
    "LetterView": {OWN: "renovation_id title kind fact expires_at"},
    "LetterRow": {
        OFFICIALS: """id kind unit_number mandate_id fact made_by made_at handed_by expires_at locked_until
            entered_at"""
    },
    "InvitationView": {OWN: "actor_id name only_case expires_at needs_password"},
    "SessionView": {OWN: "actor_id only_case way expires_at token form_token"},
    "ContactView": {OWN: "contact channel language address consented_at returned_at"},
    "OwnNotice": {OWN: "message template channel state created_at changed_at text"},
    "NoticeView": {OFFICIALS: "notice audience template text state unreached created_at messages"},
    "MessageView": {
        OFFICIALS: """message notice channel state attempts error unit_number actor_id created_at changed_at"""
    },
    "InboxMessage": {OFFICIALS: "notice audience template text created_at"},
    "FirmView": {OFFICIALS: "id name code form contact qualification people standings"},
    "FirmPersonView": {OFFICIALS: "person name"},
    "FirmStanding": {OFFICIALS: "grant role place state begins until confirmed_by reason"},
    "GrantView": {
        OFFICIALS: "id person name role place begins until waits granted_by reason end_reason"
    },
    "ClientView": {OFFICIALS: "client actor scopes made_by keys_until revoked"},
    "ListedRenovation": {
        EVERYBODY: """id title place_path stage state waiting_for due_at provisional awaited needs_attention
            cursor"""
    },
    "SavedViewLine": {OWN: "name wanted saved_at"},
    "WantedCases": {OWN: "place stage waiting overdue stuck outcome contractor rule_pack words"},
    "CaseCounts": {EVERYBODY: "place name places waiting"},
    "PlaceCounts": {EVERYBODY: "path name running ended late stuck stages"},
    "AwaitedCounts": {EVERYBODY: "who awaited late"},
    "AwaitedLine": {
        EVERYBODY: "what subject who since due_at late_since consequence level provisional"
    },
    "Trouble": {EVERYBODY: "workflow_id step by_act since", OFFICIALS: "error reference"},
    "RenovationView": {
        EVERYBODY: """id title estate_id place_path stage state waiting_for due_at provisional rule_pack case_now clock
            sandbox events workflow_id stage_workflow_id opened_at closed_at box other_boxes tender
            contract_value_fen awaited contracts needs_attention consents_missing publication works tickets
            open_tickets lacks suspended_at"""
    },
    "Lack": {EVERYBODY: "stage kind roles need have acts"},
    # Its sentences are made of the event as the reader may see it (`events`).
    "HistoryLine": {
        EVERYBODY: """seq kind level happened_at recorded_at who role place sentence tests nearest changes
            rule_pack idle hash"""
    },
    "TestLine": {EVERYBODY: "passed said article"},
    "ChangeLine": {EVERYBODY: "what before after"},
    "HistoryDiff": {EVERYBODY: "before after changed lines more"},
    "ChangedField": {EVERYBODY: "field name before after said"},
    "CaseStanding": {
        EVERYBODY: """seq state stage scheme_version vote_outcome owners_pay_fen received_fen
            cost_sharing_outcome tender_round bids_opened contractor contract_fen items_passed open_complaints
            open_objections works_accepted targets_met open suspended"""
    },
    "Waiting": {EVERYBODY: "state stage waiting_for case_now reasons"},
    "Reason": {
        EVERYBODY: """kind name said met have need unit rule article who since until late_since then
            reasons"""
    },
    "Cause": {
        EVERYBODY: "kind name said met have need unit rule article who since until late_since then"
    },
    "BoxView": {
        EVERYBODY: """id attempt building entrance state opens_at closes_at motions roll_hash provisional
            official_by objections_until result"""
    },
    "OwnPaper": {
        EVERYBODY: """id attempt building entrance state opens_at closes_at motions roll_hash provisional
            official_by objections_until result""",
        OWN: "units cast_with prices",
    },
    "TenderView": {
        EVERYBODY: """id round works_round state method notice_at deadline_at provisional ceiling_fen
            estimate_fen criteria bids candidates red_flags"""
    },
    "CandidateView": {EVERYBODY: "id rank bidder_id price_fen state"},
    "BidView": {EVERYBODY: "bidder_id bidder price_fen state technical_milli grounds rank"},
    "RedFlag": {EVERYBODY: "kind bidders article gap_fen"},
    "ErasureView": {
        Circle.READINGS: """erasure person asked_by asked_at reason confirmed_by done_at expires_at outcome
            renovation_id refused_by refused_at refusal"""
    },
    "OwnerOfHome": {HOUSEHOLD: "owner initial"},
    "HouseholdErasure": {
        HOUSEHOLD: "erasure owner reason asked_at expires_at done_at refused_at refusal outcome"
    },
    "HouseholdErasures": {HOUSEHOLD: "owners erasures"},
    "PeriodView": {OFFICIALS: "kind basis article starts days end due next_at"},
    "PersonOfUnit": {OFFICIALS: "person name"},
    "SensitiveView": {HOUSEHOLD: "entry unit_number kind words consented_at"},
    "ReadingReport": {Circle.READINGS: "since until readings readers counts"},
    "ReadingCount": {Circle.READINGS: "reader role door readings subjects first_at last_at"},
    "AccessLine": {Circle.READINGS: "number at reader role door renovation_id subject reason"},
    "ContractView": {EVERYBODY: "id works_round bidder_id state value_fen decide_by start_by"},
    "OccupiedPart": {EVERYBODY: "work_id", HOUSEHOLD: "unit_number"},
    "PublicationView": {EVERYBODY: "id subject opens_at closes_at content provisional"},
    "WorksView": {EVERYBODY: "state items"},
    "TicketView": {EVERYBODY: "id kind level state due_at provisional"},
    "PublicProgress": {
        EVERYBODY: "title state stages_done stage waiting_for due_on provisional sandbox"
    },
    "EventView": _EVENT,
    "FeedEvent": {
        HOUSEHOLD: _EVENT[HOUSEHOLD],
        EVERYBODY: f"{_EVENT[EVERYBODY]} position renovation_id estate_id place_path sandbox",
    },
    # Whoever has a role follows it; each of its events has lines of its own.
    "Feed": {EVERYBODY: "events next more"},
    "AnchorView": {EVERYBODY: "origin size root made_at note cosigned_by"},
    "AnchoredCase": {EVERYBODY: "renovation_id seq hash leaf index path anchor"},
    "Turnout": {
        EVERYBODY: """box_id roll_heads roll_area_dm2 participating_heads participating_area_dm2 mandates
            largest_holding counted_at"""
    },
    "Opinions": {EVERYBODY: "box_id effect article units motions"},
    "FoundBallot": {
        # Codes follow from the leaves of the tree, which are public; what the ballot says is not.
        EVERYBODY: "box_id code leaf_hash channel cast_at recorded_at state index path tree_head",
        OWN: "choices",
    },
    "Verification": {EVERYBODY: "box_id households verified"},
    "ContestedView": {OFFICIALS: "unit_numbers ballots rulings"},
    "BallotView": {OFFICIALS: "ballot_id code channel recorded_at"},
    "CountSheet": {OFFICIALS: "batch_id reference channel scan typings differing cast waiting_for"},
    "TypingView": {OFFICIALS: "number entered_by ballots invalid recorded_at"},
    "MandateView": {
        OFFICIALS: """id unit_numbers agent_id motions bound_on document valid_from valid_until registered_by
            registered_at revoked_at reason voted"""
    },
    "AgentView": {Circle.OWNERS: "unit_numbers agent_id agent_name motions"},
    "VisitView": {DOORS: "unit_number outcome envelope visited_by recorded_at"},
    "AccountLine": {Circle.RELIEF: "account kind name balance_fen held_fen entries"},
    "EntryLine": {
        Circle.RELIEF: """number transfer_id happened_at kind other amount_fen before_fen after_fen seq
            event"""
    },
    "UnclaimedView": {
        OFFICIALS: "id reference booked_on amount_fen why state opened_at decided_at payer memo"
    },
    "ProposalView": {
        OFFICIALS: "id act content content_sha256 state proposed_by proposed_at expires_at decided_by"
    },
    "WorkItemView": {
        EVERYBODY: "id building title concealed value_fen state contract_id cure_until inspections"
    },
    "ClockView": {EVERYBODY: "renovation_id clock zone now settled holds waits"},
    "HoldView": {EVERYBODY: "name set_by"},
    "WaitView": {
        EVERYBODY: """what subject due_at since who consequence late_since level workflow_id provisional"""
    },
    "HouseholdView": {
        HOUSEHOLD: """unit_number unit basis share_fen why reasons items paid_fen overdue_fen before_sale_fen refund_fen refund
            instalments payments consents vote_objections""",
        OWN: "opinions survey",
        Circle.RELIEF: "reliefs",
        Circle.COMPLAINT: "tickets",
        Circle.OBJECTION: "objections",
    },
    "OwnUnit": {HOUSEHOLD: "number building entrance floor kind area_dm2 shares excluded_reason"},
    "OwnTicket": {
        Circle.COMPLAINT: """id kind text state level opened_at due_at confidential satisfied answer
            answers about_unit about_firm"""
    },
    "TicketAnswer": {Circle.COMPLAINT: "text answered_at"},
    "OwnObjection": {
        Circle.OBJECTION: """id publication_id text filed_at state upheld answer answered_by answered_at"""
    },
    "OwnConsent": {HOUSEHOLD: "work_id given consented_at"},
    "OwnOpinion": {OWN: "box_id choices said_at"},
    "OwnAnswer": {OWN: "score recorded_at"},
    "ShareReason": {
        HOUSEHOLD: """item_id title key cost_fen others_fen others gap_fen payers scope factors weight
            weights exact_fen amount_fen cut place"""
    },
    "Explanation": {
        HOUSEHOLD: """unit_number basis scheme_version rounding items exact_fen total_fen cut place
            passed_over late"""
    },
    "LateLine": {
        HOUSEHOLD: """item_id title key own whole_fen weight weights uplift_permille exact_fen
            amount_fen"""
    },
    "LateItem": {EVERYBODY: "item_id", SHARES: "gap_fen weights pay_fen before"},
    "OwnPrice": {HOUSEHOLD: "motion choice total_fen own_fen"},
    "Factor": {HOUSEHOLD: "name value source"},
    "Contribution": {HOUSEHOLD: "funding_id source amount_fen"},
    "CutOff": {EVERYBODY: "fen remainder unit"},
    "BillItem": {EVERYBODY: "item_id title key gap_fen payers weights cut"},
    "PublishedBill": {
        EVERYBODY: "basis scheme_version rounding units total_fen items cut passed_over late"
    },
    "ShareLine": {SHARES: "unit_number basis amount_fen items"},
    "ShareOfItem": {SHARES: "item_id scheme_version amount_fen"},
    "OwedLine": {MONEY: "unit_number number due_at amount_fen open_fen due"},
    "PaymentLine": {MONEY: "id unit_number amount_fen source received_at"},
    "RefundLine": {MONEY: "unit_number amount_fen ordered_fen paid_fen paid"},
    "ReliefView": {Circle.RELIEF: "unit_number kind amount_fen approved_by funded_by"},
    "SettlementView": {
        EVERYBODY: """state units charged_fen paid_fen refunds refunds_fen refunds_ordered_fen debtors
            debts_fen terminations"""
    },
    "PostedView": {
        EVERYBODY: """id subject content opens_at closes_at provisional state outcome objections
            unanswered"""
    },
    "ObjectionView": {
        EVERYBODY: "id publication_id filed_at state upheld answered_at",
        Circle.OBJECTION: "unit_number filed_by text answer answered_by",
    },
    "TicketWords": {
        EVERYBODY: "id kind level state opened_at due_at provisional resolved_at reopened",
        Circle.COMPLAINT: "unit_number text answers satisfied confidential about_unit about_firm",
    },
    "VoteObjectionView": {HOUSEHOLD: "box_id entry_id unit_number objected_at"},
    "SurveyView": {EVERYBODY: "running asked answers cells"},
    "SurveyCell": {EVERYBODY: "score households"},
    "IndicatorView": {
        EVERYBODY: "indicator numerator denominator missing target_numerator target_denominator met"
    },
    "SchemeView": {
        EVERYBODY: """version title created_at budget_fen owners_limit_fen levy_limit_fen
            owner_instalments_permille rounding items funding motions tender works targets"""
    },
    "SchemeItem": {
        EVERYBODY: """id title category cost_fen key payers floors optional priority operator_line motion
            choice late_uplift_permille"""
    },
    "SchemePayers": {
        EVERYBODY: "scope building entrance listed exempt_floors joined_later",
        Circle.OWNERS: "units joined",
    },
    "SchemeWork": {
        EVERYBODY: "id building title concealed value_fen item units_occupied",
        Circle.OWNERS: "occupies",
    },
    "SchemeFloor": {EVERYBODY: "floor weight"},
    "Funding": {
        EVERYBODY: "id source amount_fen permille item_cap_fen items categories voted receivable_on"
    },
    "SchemeTender": {
        EVERYBODY: """estimate_fen ceiling_fen method price_weight_milli benchmark ties bid_bond_fen
            contingency_permille retention_permille instalments_permille"""
    },
    "SchemeBenchmark": {EVERYBODY: "price_fen above below"},
    "Target": {EVERYBODY: "indicator numerator denominator"},
    "OwnBid": {
        # Of its own bid a bidder reads everything, at any time.
        Circle.ENVELOPE: """id tender_id round tender_state deadline_at bidder_id price_fen technical_milli
            bond_fen bond_account flags submitted_at withdrawn_at state grounds rank award"""
    },
    "OpenedBid": {
        Circle.EVALUATION: """id tender_id bidder_id price_fen technical_milli flags submitted_at state
            grounds"""
    },
    "ContractAccount": {
        EVERYBODY: """id tender_id works_round bidder_id state value_fen contingency_fen retention_permille
            performance_bond_fen instalments_permille signed_at start_by moved_at cure_until decide_by money
            certificates termination retention"""
    },
    "ContractMoney": {EVERYBODY: "certified_fen retention_fen payable_fen released_fen"},
    "CertificateView": {
        EVERYBODY: """id item_id certified_fen retention_fen deductions_fen payable_fen state
            approved_by"""
    },
    "TerminationView": {
        EVERYBODY: """ground after bond_fen damages_fen decided_by decided_at measured_by settled_at"""
    },
    "RetentionView": {EVERYBODY: "liability_until released_fen withheld_fen decided_by decided_at"},
    "InspectionView": {
        EVERYBODY: "id item_id contract_id round kind outcome recorded_at supersedes",
        OFFICIALS: "inspector_id",
        Circle.FREE_TEXT: "defects",
    },
    "EstateView": {EVERYBODY: "id name place_id place_path synthetic created_at units"},
    "PlaceView": {EVERYBODY: "id kind parent_id name path"},
    "AttendanceView": {HOUSEHOLD: "box_id unit_number recorded_at"},
    "RulingView": {
        HOUSEHOLD: "box_id unit_numbers number kind ballot_id recorded_at",
        OFFICIALS: "reason",
    },
    "ReplacementView": {
        OFFICIALS: """unit_number generation box_id shared registered_on evidence replaced_by recorded_at"""
    },
    "OfficialResultView": {EVERYBODY: "box_id system certificate file_sha256 results recorded_at"},
    "UnitView": {
        HOUSEHOLD: """number building entrance floor kind area_dm2 shares developer excluded_reason"""
    },
    "RollImportView": {
        OFFICIALS: """seq file_name file_sha256 roll_sha256 imported_by imported_at units heads area_dm2
            added changed removed"""
    },
    # The words of a suggestion that nobody has reviewed are shown by the line of a complaint's.
    "SuggestionView": {
        EVERYBODY: """id estate_id renovation_id state theme reason proposal supporters needed qualified_at
            submitted_at due_at late merged_into reply""",
        HOUSEHOLD: "authors",
        Circle.COMPLAINT: "hidden_because",
        OFFICIALS: "written_by",
        OWN: "own",
    },
    "SuggestionEvent": {
        EVERYBODY: "seq kind recorded_at actor_role details hash",
        HOUSEHOLD: "actor_id actor_label",
    },
    "ReplyView": {
        EVERYBODY: "id outcome renovation_id scheme_version item motion replied_at",
        Circle.FREE_TEXT: "reason",
    },
    "WebhookView": {
        OWN: """webhook actor url place kinds training state position failures failing_since next_at error
            previous_until"""
    },
    "PictureView": {
        COMPLAINT: "id ticket_id width height sha256 received_sha256 received_at published_at"
    },
    "PublishedPictureView": {EVERYBODY: "picture_id sha256 blurred published_at"},
    "PasskeyView": {OWN: "id label created_at last_used_at"},
    "DeliveryView": {OWN: "number position attempt sent_at milliseconds status error"},
}
