"""What an attacker and a newcomer found at 8287647, line by line: what plays it now, and what played it there.

The lines are those of the first table of the design page on identity. `python -m tests.attacks_before` starts the
stack of that commit and plays there what `shown` names; a test that is gone, or a play that is, fails here.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest

from tests.proof.test_evidence_documents import MODEL, ROOT, functions_of


class Finding(NamedTuple):
    """A line: what was found, the tests that play it and are refused (or find it), the plays at that commit."""

    found: str
    now: tuple[str, ...]
    shown: tuple[str, ...] = ()
    """Where it was no act that one can play, but something that was not there, there is none."""


PORT = "workflows/attacks/test_past_the_gateway"
MEANS = "workflows/attacks/test_means"
FINDINGS = (
    Finding(
        "whoever reaches Temporal's port is the mayor; the record says so and the audit agrees",
        (
            f"{PORT}::test_mayor_wang_cancels_nothing",
            f"{PORT}::test_a_signature_is_good_for_one_act_one_person_one_case_and_some_minutes",
            f"{PORT}::test_the_audit_names_acts_that_who_has_the_database_put_there",
            "workflows/attacks/test_every_update::test_no_workflow_takes_an_act_that_the_gateway_has_not_signed",
            f"{MEANS}::test_start_of_a_renovation_with_an_invented_progress_changes_nothing",
            f"{MEANS}::test_signals_change_nothing_for_the_tick_decides",
            f"{MEANS}::test_terminate_and_cancel_are_found_and_healed",
            f"{MEANS}::test_reset_is_found_and_healed",
            "workflows/attacks/test_beside::test_a_collection_goes_on_whatever_is_done_to_its_workflow",
            "workflows/attacks/test_beside::test_a_warranty_goes_on_whatever_is_done_to_its_workflow",
            "workflows/attacks/test_rogue_activities::test_no_official_is_told_done_of_what_is_not_on_the_record",
            "runtime/test_temporal_way::test_where_a_client_certificate_is_required_only_who_has_one_gets_in",
        ),
        ("forged update at Temporal's port",),
    ),
    Finding(
        "one official votes for the whole estate with invented mandates, or with a sale",
        (
            "service/access/test_letters::test_one_official_registers_sixteen_mandates_and_casts_none",
            "service/access/test_letters::test_a_buyer_enters_with_a_link_that_the_registrar_never_saw",
            "service/channels/test_four_eyes::test_nothing_counts_before_the_second_person_and_no_answer_to_the_first_has_a_credential",
        ),
        (
            "one official's mandates of invented agents",
            "one official's sale, and the seller after it",
        ),
    ),
    Finding(
        "nobody is given a credential, none ends; 30 forged tries leave no line in a log",
        (
            "cli/people/test_client_commands::test_a_key_is_added_rotated_and_revoked",
            "service/identity/test_grants::test_a_role_is_given_once_ended_and_both_stand_in_the_log",
            "service/attacks/test_dead_credentials::test_a_dead_session_opens_no_door",
            "service/attacks/test_dead_credentials::test_a_dead_ticket_of_an_agent_opens_no_door_of_agents",
            "service/attacks/test_dead_credentials::test_a_dead_link_opens_no_door_of_links",
            "service/attacks/test_dead_credentials::test_a_dead_invitation_opens_no_door_of_invitations",
            "service/attacks/test_dead_credentials::test_a_dead_assertion_opens_no_door_of_portals",
            "service/attacks/test_page_matrix::test_no_page_of_an_office_opens_to_a_dead_session",
            "service/attacks/test_page_matrix::test_no_page_of_a_home_or_an_agent_opens_to_a_dead_session",
            "service/programs/test_clients::test_a_dead_key_opens_no_door",
            "service/access/test_tickets::test_no_route_takes_a_ticket_that_was_replaced_has_expired_or_is_another_cases",
            "workflows/healing/test_rotated_keys::test_a_case_goes_on_over_the_rotation_of_every_key",
            "service/edge/test_answers::test_forged_credentials_are_in_the_log",
        ),
        ("forged credentials",),
    ),
    Finding(
        "a start file makes its author a street office; officials are never added, replaced or removed later",
        (
            "service/identity/test_grants::test_a_file_makes_nobody_an_office_of_a_real_place",
            "service/identity/test_grants::test_what_is_not_ones_to_give_is_refused",
            "service/attacks/test_dead_credentials::test_with_the_role_every_door_of_officials_closes_though_the_session_goes_on",
        ),
        ("a start file that gives its author a role",),
    ),
    Finding(
        "at the terminal one acts as anybody, recorded like the person's own act",
        (
            "cli/test_cases::test_nobody_acts_who_is_not_signed_in_here",
            "cli/people/test_every_act::test_an_act_opens_at_the_terminal_to_its_roles_here_and_to_nobody_else",
            "cli/people/test_every_act::test_nobody_acts_at_the_terminal_whose_session_is_not_of_this_machine",
            "service/identity/test_grants::test_breaking_the_glass_is_an_act_of_its_own_kind",
        ),
        ("acting as anybody by the command line",),
    ),
    Finding(
        "the superuser rewrites an event, chain and head: the audit passes",
        (
            "runtime/record/test_heads::test_a_rewritten_event_with_chain_and_head_made_anew_is_found",
            "runtime/record/test_heads::test_heads_that_the_attacker_signs_are_signed_by_nobody_who_may",
            "runtime/record/test_heads::test_a_roll_back_to_an_older_signed_head_is_found",
        ),
        ("the superuser rewrites an event",),
    ),
    Finding(
        "a seller's credential still files tickets, a cancelled case takes them; objections and tickets without end",
        (
            "service/access/test_flowing_ballots::test_no_ballot_of_an_old_ticket_comes_after_the_commit",
            "service/access/test_tickets::test_no_route_takes_a_ticket_that_was_replaced_has_expired_or_is_another_cases",
            "service/access/test_tickets::test_a_cancelled_case_takes_no_complaint",
            "service/edge/test_quotas::test_a_unit_that_files_tickets_without_end_is_told_when_again",
            "service/edge/test_quotas::test_objections_of_a_unit_and_of_an_official_are_counted_each",
            "service/edge/test_quotas::test_many_at_once_are_not_more_than_one_after_the_other",
        ),
        (
            "one official's sale, and the seller after it",
            "tickets into a cancelled case",
            "one unit's flood of tickets",
        ),
    ),
    Finding(
        "hardship in clear in Temporal's history; complainants, free text and an event for each bid in public",
        (
            "runtime/test_codec::test_nothing_that_is_said_stays_readable",
            "replay/test_payloads::test_no_recorded_payload_has_personal_data",
            "service/test_disclosure::test_who_complained_is_shown_to_the_home_and_to_who_must_answer",
            "service/test_disclosure::test_what_officials_wrote_freely_is_for_owners_before_a_review",
            "service/attacks/test_sealed_bids::test_before_the_opening_nobody_but_officials_can_count_the_bids",
            "service/attacks/test_sealed_bids::test_before_the_opening_no_door_and_no_page_of_everybody_tells_how_many_bid",
        ),
        ("reading Temporal's histories", "the record that anybody reads"),
    ),
    Finding(
        "readers of the turnout hold up other cases; slow connections stay; 25 MiB of a header; NUL is a 500",
        (
            "service/edge/test_ready::test_however_many_read_a_box_is_counted_once_a_second",
            "service/edge/test_ready::test_readers_of_one_case_do_not_keep_another_waiting",
            "service/edge/test_connections::test_six_hundred_slow_connections_are_gone_after_the_time_for_a_head",
            "service/edge/test_connections::test_a_header_of_25_mib_is_not_read",
            "service/test_forbidden_fields::test_a_forbidden_parameter_is_refused_by_its_name",
        ),
        ("readers of the turnout", "slow connections", "a header of 25 MiB", "NUL in a path"),
    ),
    Finding(
        "texts, answers, shares and terms are written and readable by nobody",
        (
            "service/reading/test_words::test_a_home_reads_its_own_complaints_in_full",
            "service/reading/test_words::test_who_objected_reads_the_answer_and_no_other_one",
            "service/reading/test_money::test_a_home_reads_its_share_with_the_reasons_that_sum_to_it",
            "service/reading/test_money::test_a_home_reads_its_instalments_and_what_of_each_is_open",
        ),
    ),
    Finding(
        "every notice stays queued, yet the history says that it was sent",
        (
            "service/notices/test_sending::test_a_reminder_reaches_those_who_are_silent_and_the_history_says_so_when_it_has",
            "service/notices/test_sending::test_a_notice_reaches_the_households_that_gave_an_address_and_nobody_else",
        ),
    ),
)


ATTACKS: Mapping[str, tuple[str, ...]] = {
    "session fixation": (
        "service/identity/test_sign_in::test_a_cookie_that_was_there_before_is_not_the_session_after",
        "service/attacks/test_on_pages::test_a_session_that_was_planted_is_none_of_whoever_comes_in_on_a_page",
    ),
    "CSRF": (
        "service/attacks/test_foreign_pages::test_no_door_that_changes_something_takes_a_forged_request",
        "service/attacks/test_foreign_pages::test_a_foreign_page_begins_no_session_in_the_browser",
        "service/attacks/test_on_pages::test_no_page_takes_a_forged_form",
    ),
    "stolen, guessed and previewed links": (
        "service/access/test_letters::test_a_found_letter_is_worth_nothing_without_its_fact_and_no_fact_without_it",
        "service/access/test_letters::test_a_preview_of_the_link_uses_up_nothing",
        "service/access/test_letters::test_a_worn_out_or_old_letter_opens_nothing",
        "service/identity/test_sign_in::test_guessed_links_and_tokens_open_nothing",
        "service/identity/test_sign_in::test_opening_the_link_of_an_invitation_uses_nothing_up",
        "service/identity/test_sign_in::test_an_invitation_is_taken_up_once_however_many_try_at_once",
    ),
    "lock-out of a neighbour": (
        "service/access/test_letters::test_guesses_at_once_get_five_tries_and_lock_out_nobody_else",
        "service/identity/test_sign_in::test_guesses_close_the_credential_they_are_about_and_no_neighbours",
    ),
    "enumeration of residents": (
        "service/identity/test_sign_in::test_nothing_tells_which_of_name_password_and_code_was_wrong",
        "service/identity/test_sign_in::test_a_name_that_is_nobodys_is_closed_like_anybodys_and_forgotten_after_a_day",
        "service/identity/test_timing::test_a_name_that_has_an_account_takes_as_long_as_one_that_has_none",
        "service/attacks/test_foreign_ids::test_an_id_of_somebody_else_is_told_like_one_of_nothing",
        "service/test_disclosure::test_who_complained_is_shown_to_the_home_and_to_who_must_answer",
    ),
    "IDOR on every id": (
        "service/attacks/test_foreign_ids::test_an_id_of_somebody_else_is_told_like_one_of_nothing",
        "service/attacks/test_foreign_ids::test_a_name_that_somebody_else_has_takes_nothing_from_them",
        "service/attacks/test_on_pages::test_an_id_of_somebody_else_is_answered_like_one_of_nothing",
        "workflows/attacks/test_foreign_ids_in_acts::test_an_act_about_something_of_another_case_is_refused_like_one_about_nothing",
    ),
    "host header": (
        "service/edge/test_connections::test_a_name_that_is_not_the_services_is_refused",
        "service/edge/test_connections::test_the_public_name_and_addresses_name_the_service",
        "service/edge/test_through_proxy::test_by_another_name_or_by_none_nobody_gets_as_far_as_the_service",
    ),
    "open redirect": (
        "service/attacks/test_foreign_pages::test_only_the_way_back_from_a_provider_leads_anywhere",
        "service/attacks/test_on_pages::test_no_page_sends_anybody_to_another_site",
        "service/identity/test_oidc::test_no_sign_in_leads_to_another_site",
    ),
    "JWT confusion": (
        "service/programs/test_assertions::test_what_the_portal_has_not_signed_casts_nothing",
        "service/identity/test_hostile_provider::test_a_token_that_does_not_hold_signs_nobody_in",
        "service/identity/test_provider_tokens::test_a_hostile_token_names_nobody",
        "service/identity/test_provider_tokens::test_a_symmetric_key_among_the_public_ones_is_not_taken",
    ),
    "replayed assertion and command": (
        "service/programs/test_assertions::test_it_is_used_once",
        "service/programs/test_assertions::test_of_one_assertion_shown_by_many_at_once_one_casts",
        "service/access/test_portal_entries::test_of_one_assertion_shown_by_many_at_once_one_enters_and_it_casts_nothing_more",
        "service/ballots/test_attacks::test_a_replayed_request_is_the_same_ballot_also_after_the_vote_was_changed",
        "service/ballots/test_attacks::test_a_replayed_request_of_another_unit_is_refused_or_a_ballot_of_its_own",
    ),
    "request smuggling": (
        "service/edge/test_connections::test_what_two_readers_might_read_differently_is_no_request",
        "service/edge/test_connections::test_a_body_is_not_the_next_request",
        "service/edge/test_through_proxy::test_the_service_sees_the_requests_that_the_proxy_has_read_and_no_others",
        "service/edge/test_through_proxy::test_what_http_2_can_say_becomes_one_request_or_none",
    ),
}
"""Attacks that nobody had tried there, and the tests that play them."""


def plays() -> set[str]:
    """What is played at that commit, by the names in its source, which runs in that tree only."""
    source = (ROOT / "tests" / "attacks_before" / "plays.py").read_text(encoding="utf-8")
    (table,) = (
        each.value
        for each in ast.parse(source).body
        if isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "PLAYS"
    )
    assert isinstance(table, ast.Dict)
    return {ast.literal_eval(key) for key in table.keys if key is not None}


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda each: each.found)
def test_each_line_has_tests_that_play_it_now(finding: Finding) -> None:
    must_be_played(finding.now)


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_has_tests_that_play_it(attack: str) -> None:
    must_be_played(ATTACKS[attack])


def must_be_played(tests: Sequence[str]) -> None:
    """The tests are there, and the threat model names them."""
    assert tests
    for test in tests:
        file, _, name = test.partition("::")
        assert name in functions_of(ROOT / "tests" / f"{file}.py"), test
        assert f"tests/{file}.py::{name}" in MODEL, f"docs/threat-model.md does not name {test}"


def test_everything_that_was_found_by_an_act_was_played_there() -> None:
    assert {name for each in FINDINGS for name in each.shown} == plays()
    absent = [each.found.partition(" ")[0] for each in FINDINGS if not each.shown]
    assert absent == ["texts,", "every"]
