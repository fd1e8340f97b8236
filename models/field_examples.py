"""One value of each kind of field, as the OpenAPI document shows it and the tests send it."""

from collections.abc import Mapping

from pydantic import JsonValue

EXAMPLES: Mapping[str, JsonValue] = {
    "text": "The lift in entrance 2 stands still since Monday.",
    "line": "one line",
    "label": "a name",
    "word": "works",
    "id": "r1.roof",
    "id_in_file": "bank-2",
    "place": "d/s",
    "command_id": "bank-2026-0001",
    "base64": "eA==",
    "url": "https://portal.example/hook",
    "hold_name": "paper is missing",
    "keyword": "defect",
    "bundle_code": "c" * 16,
    "secret": "c" * 16,
    "sha256": "0" * 64,
    "password": "correct horse battery",
    "totp_code": "123456",
    "base64url": "c" * 22,
    "attempt_token": f"a1.{'a' * 43}",
    "terminal_code": f"t1.{'a' * 43}",
    "invitation_token": f"i1.{'a' * 43}",
    "credit_code": "91350100M000100Y43",
    "day": "2026-05-12",
    "moment": "2026-05-12T09:00:00+08:00",
    "choice": "yes",
    "flag": True,
}
NUMBERS: Mapping[str, int] = {"fen": 120_000, "area": 8_650, "number": 1}


def example_of(kind: str, limits: Mapping[str, int]) -> JsonValue:
    """A value of a kind within its limits; None for a kind that stands in files only."""
    if kind in NUMBERS:
        return min(max(NUMBERS[kind], limits.get("least", 0)), limits.get("most", NUMBERS[kind]))
    return EXAMPLES.get(kind)
