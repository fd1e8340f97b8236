"""By which door each table is read, or why by none. By table: that each column comes out is not tried here."""

from collections.abc import Mapping

CASE = "/v1/renovations/{renovation_id}"
READ_AT: Mapping[str, str] = {
    CASE: """award ballot_box bid case_trouble case_wait contract publication renovation tender ticket
        work_item part_consent""",
    f"{CASE}/events": "event",
    f"{CASE}/household": "instalment objection payment refund share_total",
    f"{CASE}/works": "inspection",
    f"{CASE}/turnout": "roll_entry roll_unit",
    f"{CASE}/clock": "case_clock case_hold",
    f"{CASE}/letters": "letter",
    f"{CASE}/paper": "paper_batch paper_cast paper_entry paper_line",
    f"{CASE}/mandates": "mandate mandate_revocation",
    f"{CASE}/door-visits": "door_visit",
    f"{CASE}/pictures": "picture",
    f"{CASE}/published-pictures": "published_picture",
    f"{CASE}/proposals": "proposal",
    f"{CASE}/contested": "ballot_ruling",
    f"{CASE}/opinions": "vote_opinion",
    f"{CASE}/verification": "ballot_check",
    f"{CASE}/non-voters": "attendance unit",
    f"{CASE}/ballots/{{code}}": "ballot ballot_batch",
    f"{CASE}/access": "access",
    f"{CASE}/bundle": "bundle_file bundle_piece",
    f"{CASE}/contacts": "contact",
    f"{CASE}/notices": "notice notice_message",
    "/v1/firms": "firm firm_person",
    "/v1/feed": "feed_entry",
    "/v1/grants": "person place role_grant",
    "/v1/clients": "api_client api_key",
    "/v1/session": "account session",
    "/v1/passkeys": "passkey",
    "/v1/invitations/{token}": "invitation",
    "/v1/webhooks": "webhook",
    "/v1/webhooks/{webhook}/deliveries": "webhook_delivery",
}
"""The path of a GET route to the tables that it reads."""
NO_DOOR_YET = "No door yet: issue 13, item 2."
EXEMPT: Mapping[str, str] = {
    "ballot_seal": "Keys of the box; in its bundle.",
    "estate": NO_DOOR_YET,
    "evaluation": NO_DOOR_YET,
    "certificate": NO_DOOR_YET,
    "termination": NO_DOOR_YET,
    "relief": NO_DOOR_YET,
    "share": NO_DOOR_YET,
    "scheme": NO_DOOR_YET,
    "survey_answer": NO_DOOR_YET,
    "vote_objection": NO_DOOR_YET,
    "roll_import": NO_DOOR_YET,
    "official_result": "In the result of its box; its file stays with the city.",
    "owner_replacement": "The event `owner_replaced` says it; the buyer's key is nobody's to read.",
    "unit_owner": "Who owns what is the registry's to show.",
    "unit_access": "A version that tickets are compared with.",
    "feed_pending": "Waits for its position in the feed.",
    "letter_session": "Hashes of secrets.",
    "portal_session": "Hashes of secrets.",
    "lock_out": "Guards against guessing.",
    "quota_use": "Counts, by a keyed hash; deleted when old.",
    "receipt": "What a command was answered; whoever sends it again gets it.",
    "sign_in_attempt": "Secrets of a sign-in that is under way.",
    "used_assertion": "Guards against replay.",
    "place_event": "`gongjian audit` reads it.",
    "place_log": "`gongjian audit` reads it.",
}
"""A table that no GET route reads, and why."""
