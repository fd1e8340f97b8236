"""For each kind of field the values that it forbids, from what makes a text unwritable to what tricks."""

from collections.abc import Mapping

from tests.support.fields.walking import KEY, FoundField

NUL, LONE_SURROGATE = "a\0b", "a\ud800b"
CONTROLS = ["a\x01b", "a\x0bb", "a\rb", "a\x1bb", "a\x7fb", "a\x85b"]
NONCHARACTERS = ["a\ufffeb", "a\ufdd0b", "a\U0001ffffb"]
OF_NO_TEXT = [NUL, LONE_SURROGATE, *CONTROLS, *NONCHARACTERS]
OF_NO_LINE = [*OF_NO_TEXT, "a\tb", "a\nb", "a\u2028b"]
UNSEEN = ["a\u202eb", "a\u2067b", "a\u200fb", "a\u200bb", "a\ufeffb", "a\u3164b", "a\U000e0041b"]
OF_NO_LABEL = [*OF_NO_LINE, *UNSEEN]
NOT_TEXT: list[object] = [5, True, ["a"], {"a": "b"}]
NOT_WHOLE: list[object] = [2**70, -(2**70), 2**63, -1, 1.5, "many", "", True, ["1"]]

FORBIDDEN: Mapping[str, list[object]] = {
    "text": [*OF_NO_TEXT, *NOT_TEXT],
    "line": [*OF_NO_LINE, *NOT_TEXT],
    "label": [*OF_NO_LABEL, *NOT_TEXT],
    "word": [*OF_NO_LINE, *NOT_TEXT],
    "id": [*OF_NO_LABEL, "a b", "a/b", "a#b", *NOT_TEXT],
    "id_in_file": [*OF_NO_LABEL, "a b", "a.b", "a/b", *NOT_TEXT],
    "place": [*OF_NO_LABEL, "a b", "../a"],
    "command_id": [*OF_NO_LABEL, "a b", "a#b", *NOT_TEXT],
    "hold_name": [*OF_NO_LABEL, "a/b", *NOT_TEXT],
    "keyword": [*OF_NO_LABEL, "Ab", "1a", "a b", *NOT_TEXT],
    "bundle_code": [*(f"{each}{'c' * 16}" for each in OF_NO_LABEL), f"{'c' * 8} {'c' * 8}"],
    "secret": [*(f"{each}{'c' * 16}" for each in OF_NO_LABEL), f"{'c' * 8} {'c' * 8}", "c" * 15],
    "sha256": [*OF_NO_LABEL, "0" * 63, "g" * 64, "0" * 65, *NOT_TEXT],
    "fen": NOT_WHOLE,
    "area": NOT_WHOLE,
    "number": [*NOT_WHOLE, 2**31],
    "day": [NUL, "2026-02-30", "0001-01-01", "9999-12-31", 0, 2**70, "soon"],
    "moment": [NUL, "2026-05-12T09:00:00", "9999-12-31T23:59:59-12:00", 0, 2**70, "soon"],
    "choice": [
        NUL,
        LONE_SURROGATE,
        [NUL],
        {NUL: 1},
        {"w": -1},
        {"w": 2**70},
        {"w": 0.5},
        5,
        "w" * 65,
    ],
    "flag": [*OF_NO_LINE, -1, 2**70, 1.5, "w" * 101, ["a"]],
    "base64": NOT_TEXT,
    "url": ["ftp://a.example/", "https://a b.example/", "a.example", *OF_NO_LINE, *NOT_TEXT],
    "password": ["short", *NOT_TEXT],
    "totp_code": ["12345", "1234567", "12345x", "１２３４５６", *NOT_TEXT],
    "credit_code": ["91350100M000100Y44", "91350100M000100Y4", "I" * 18, *OF_NO_LABEL, *NOT_TEXT],
    "invitation_token": ["i1.short", f"s1.{'a' * 43}", f"i1.{'a' * 42}!"],
    "base64url": [*OF_NO_LABEL, "a b", "a+b", "a/b", "YQ==", *NOT_TEXT],
    "attempt_token": ["a1.short", f"s1.{'a' * 43}", f"a1.{'a' * 42}!", *NOT_TEXT],
    "terminal_code": ["t1.short", f"s1.{'a' * 43}", f"t1.{'a' * 42}!", *NOT_TEXT],
    "yes_no": [NUL, "perhaps", 2**70, -1],
    "one_of": [NUL, LONE_SURROGATE, "none of them", 2**70, -1],
}


def forbidden(field: FoundField) -> list[object]:
    """What a field refuses by its kind; what is over-long or out of its range included."""
    limits = field.limits
    values = list(FORBIDDEN[str(field.kind)])
    if "least" in limits and field.kind in {"fen", "area", "number"}:
        values += [limits["most"] + 1, limits["least"] - 1]
        return [each for each in values if not _within(each, limits)]
    if "most" in limits:
        values.append("a" * (limits["most"] + 1))
        values += [""] if limits.get("least", 1) else []
    # A key is always written as a text.
    return [each for each in values if isinstance(each, str) or field.path[-1:] != (KEY,)]


def _within(value: object, limits: Mapping[str, int]) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and limits["least"] <= int(str(value)) <= limits["most"]
