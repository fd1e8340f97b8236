"""The vocabulary of fields: what may stand in a body, a path, a query, a file or an act, and its limits.

A kind is a type with its limits and with the sentence that says what is expected: `expected.<kind>` in
the catalogues. Every field of a door is of a kind (`tests/models/test_fields.py` walks them). What is
carried to a workflow or stored stays as wide as what was written before: it is of no kind.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from annotated_types import Interval, Len
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from models.field_examples import example_of
from models.values.refusal import Problem, problem

EXPECTED = "expected."
"""How the ids of the sentences begin that say what a field takes."""
LARGEST = 10**15
"""No number is larger: ten million million yuan in fen. Sums of thousands of them still fit a column."""
MOST_COUNTED = 2**31 - 1
"""No count is larger; it fits an integer of PostgreSQL."""
SHOWN = 80
"""So many characters of a key that somebody sent are repeated in a refusal."""

_ASTRAL = "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
_NONCHARACTERS = rf"\ufdd0-\ufdef\ufffe\uffff{_ASTRAL}"
"""Unicode 23.7: never a character. Half a surrogate pair is no text at all, a text type refuses it."""
_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_CONTROLS_BUT_TAB_AND_NEWLINE = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_SEPARATORS = r"\u2028\u2029"
_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e007f"
)
"""Marks that turn the direction of what follows, and characters of no width: two names look alike."""

_TEXT = rf"[^{_CONTROLS_BUT_TAB_AND_NEWLINE}{_NONCHARACTERS}]"
_LINE = rf"[^{_CONTROLS}{_SEPARATORS}{_NONCHARACTERS}]"
_LABEL = rf"[^{_CONTROLS}{_SEPARATORS}{_UNSEEN}{_NONCHARACTERS}]"
_WORD = rf"[^\W{_UNSEEN}]"
"""Letters, digits and _ of all scripts; Unicode counts some that are not seen among them."""


UNREADABLE = re.compile(rf"[{_CONTROLS_BUT_TAB_AND_NEWLINE}{_NONCHARACTERS}\ud800-\udfff]")
"""What stands in no text of ours: no screen shows it, no database stores it."""
UNSEEN = re.compile(rf"[{_UNSEEN}]")
"""What stands in no name."""
NOT_SHOWN = re.compile(
    rf"[{_CONTROLS_BUT_TAB_AND_NEWLINE}{_SEPARATORS}{_UNSEEN}{_NONCHARACTERS}\ud800-\udfff]"
)
"""What no terminal is sent as it is: it would move, hide or turn round what stands beside it."""
_BEYOND_JAVASCRIPT = re.compile(r"\\U[0-9a-f]{8}(-\\U[0-9a-f]{8})?")


class Expected:
    """What a field takes, in words: every error of the type inside becomes the one `expected.<kind>`.

    `limits` are the figures of its sentence.
    """

    def __init__(self, kind: str, **limits: int) -> None:
        self.code, self.limits = EXPECTED + kind, limits

    def __get_pydantic_core_schema__(
        self, source: type[object], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        inner = handler(source)
        return core_schema.custom_error_schema(
            inner,
            custom_error_type=self.code,
            custom_error_message=self.code,
            custom_error_context=dict(self.limits) if self.limits else None,
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        r"""With an example, and the pattern without what the regular expressions of JavaScript would misread.

        There \W is everything but ASCII, and \U with eight digits is a U and the digits.
        """
        made = handler(schema)
        example = example_of(self.code.removeprefix(EXPECTED), self.limits)
        if example is not None:
            made["examples"] = [example]
        pattern = _BEYOND_JAVASCRIPT.sub("", str(made.pop("pattern", "")))
        return {**made, "pattern": pattern} if pattern and "\\W" not in pattern else made


def text(most: int, least: int = 1) -> tuple[object, ...]:
    """Several lines, as `Annotated[str, *text(4000)]`: of the controls only tab and newline.

    Blanks around it are taken off first, as with every text here; `least` and `most` count
    characters. What a form of a browser sends between lines (CR LF) is a newline.
    """
    limits, expected = _written("text", _TEXT, most, least)
    return limits, BeforeValidator(_with_newlines), expected


def line(most: int, least: int = 1) -> tuple[object, ...]:
    """One line: no controls, no separators of lines."""
    return _written("line", _LINE, most, least)


def label(most: int, least: int = 1) -> tuple[object, ...]:
    """A name that people compare: a line without marks of direction and characters of no width."""
    return _written("label", _LABEL, most, least)


def _with_newlines(value: object) -> object:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _written(kind: str, letter: str, most: int, least: int) -> tuple[object, ...]:
    limits = StringConstraints(
        strip_whitespace=True, min_length=least, max_length=most, pattern=f"^{letter}*$"
    )
    return limits, Expected(kind, least=least, most=most)


def whole(kind: str, most: int, least: int = 0) -> tuple[object, ...]:
    """A whole number in a body: no text, no yes or no, no fraction."""
    return Strict(), *written_whole(kind, most, least)


def written_whole(kind: str, most: int, least: int = 0) -> tuple[object, ...]:
    """A whole number in a file or a query, where every number is written as a text."""
    return Interval(ge=least, le=most), Expected(kind, least=least, most=most)


def entries(most: int, least: int = 0) -> tuple[object, ...]:
    """So many entries of a list or of an object."""
    return (Len(least, most),)


def _patterned(kind: str, pattern: str, most: int) -> tuple[object, ...]:
    limits = StringConstraints(min_length=1, max_length=most, pattern=pattern)
    return limits, Expected(kind, most=most)


# Texts

Text = Annotated[str, *text(4_000)]
"""What somebody writes: an objection, an answer, a report."""
Reason = Annotated[str, *text(2_000)]
"""Why an office decides as it does."""
Note = Annotated[str, *text(2_000, 0)]
"""What may be added to an act, or nothing."""
Label = Annotated[str, *label(200)]
"""A title, or the name of a person, a place or an office."""
Reference = Annotated[str, *label(64)]
"""A name that an office gives to a batch, a document, a certificate."""
ShortLine = Annotated[str, *line(100, 0)]
"""A number or an account as it is written, or nothing."""
Word = Annotated[str, *_patterned("word", f"^{_LINE}+$", 64)]
"""The id of a motion, of an option or of a work, as a ballot says it. Words are keys: no blank is taken
off, or two answers could become one."""
UnitNumber = Annotated[str, *label(64), Field(examples=["1-101"])]
"""The number of a unit (专有部分), as the roll has it."""
Identity = Annotated[str, *label(40, 4)]
"""The number of an identity document; only ever kept as a keyed digest."""

# Ids

ROW_ID = rf"^(?:{_WORD}|[.:-])+$"
Id = Annotated[str, *_patterned("id", ROW_ID, 64)]
"""The id of a row: of a renovation, a publication, a ticket, a work item, an actor."""
ID_IN_FILE = rf"^(?:{_WORD}|-){{1,32}}$"
IdInFile = Annotated[str, *_patterned("id_in_file", ID_IN_FILE, 32)]
"""An id of a file. It becomes part of row ids, so it is short and has no dots or slashes."""
PlacePath = Annotated[str, *_patterned("place", rf"^(?:{_WORD}|[/-])+$", 200)]
"""A level of a file's chain of places, or a path of place ids."""
CommandId = Annotated[
    str,
    *_patterned("command_id", rf"^[^\s#{_CONTROLS}{_SEPARATORS}{_UNSEEN}{_NONCHARACTERS}]+$", 120),
]
"""Made by the page or the calling system.

No "#": keys with it are the engine's own ("<workflow id>#<step>"), and nobody outside may take one.
"""
HoldName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=64,
        pattern=rf"^[^/{_CONTROLS}{_SEPARATORS}{_UNSEEN}{_NONCHARACTERS}]+$",
    ),
    Expected("hold_name", most=64),
]
"""Why a clock is held, in a few words; it stands in a path."""
TicketKind = Annotated[str, *_patterned("keyword", r"^[a-z][a-z0-9_.]*$", 40)]
"""What a ticket is about; the list is open."""
ReceiptCode = Annotated[str, *line(64)]
"""The short code of a receipt, as somebody types it."""
Awaited = Annotated[str, *_patterned("keyword", r"^[a-z][a-z0-9_.]*$", 64)]
"""What or who a case waits for, as its agenda says it."""
Words = Annotated[str, *line(200, 0)]
"""What is looked for in what a thing is called, or nothing."""
OptionalId = Annotated[str, *line(64, 0)]
"""The id of what a list is narrowed to, or nothing."""
Cursor = Annotated[str, *line(600, 0)]
"""Where a page of a list begins, or nothing."""
MomentAsked = Annotated[str, *line(40, 0)]
"""A day, or an hour of one, as somebody asks for it; "" is none."""
BundleCode = Annotated[
    str,
    StringConstraints(
        min_length=16, max_length=64, pattern=rf"^[^\s{_CONTROLS}{_UNSEEN}{_NONCHARACTERS}]+$"
    ),
    Expected("bundle_code", least=16, most=64),
]
"""What the first typist of a paper bundle made at random."""
Secret = Annotated[
    str,
    StringConstraints(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$"),
    Expected("secret", least=16, most=64),
]
"""A random token that this service made, base64url."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Expected("sha256")]

# Numbers

Fen = Annotated[int, *whole("fen", LARGEST)]
"""Money in 0.01 yuan."""
PositiveFen = Annotated[int, *whole("fen", LARGEST, 1)]
FenInFile = Annotated[int, *written_whole("fen", LARGEST)]
Area = Annotated[int, *whole("area", LARGEST)]
"""An area in 0.01 m2."""
Count = Annotated[int, *whole("number", MOST_COUNTED)]
Points = Annotated[int, *whole("number", 1_000_000)]
Permille = Annotated[int, *whole("number", 1_000)]
EventNumber = Annotated[int, *written_whole("number", MOST_COUNTED)]
"""The number of an event in a query."""

# Days and moments

YEARS = range(1900, 2201)
"""Within them every period of a case can be added, and its zone applied, without leaving the calendar."""


def _no_number(value: object) -> object:
    """A day is written as a day: a number would be taken for seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("no number")  # noqa: TRY004 - pydantic expects ValueError
    return value


Day = Annotated[
    date,
    Interval(ge=date(YEARS.start, 1, 1), le=date(YEARS.stop - 1, 12, 31)),
    BeforeValidator(_no_number),
    Expected("day", first=YEARS.start, last=YEARS.stop - 1),
]
DayInFile = Annotated[
    date, BeforeValidator(_no_number), Expected("day", first=date.min.year, last=date.max.year)
]
"""A day that the checks of the file narrow further, with a sentence of their own."""
Moment = Annotated[
    AwareDatetime,
    Interval(ge=datetime(YEARS.start, 1, 1, tzinfo=UTC), lt=datetime(YEARS.stop, 1, 1, tzinfo=UTC)),
    BeforeValidator(_no_number),
    Expected("moment", first=YEARS.start, last=YEARS.stop - 1),
]

# What is wrong, in words

_KINDS_OF_ERROR: Mapping[str, str] = {
    "missing": "present",
    "extra_forbidden": "known",
    "bool_type": "yes_no",
    "bool_parsing": "yes_no",
    "literal_error": "one_of",
    "enum": "one_of",
    "tuple_type": "list",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "int_type": "whole",
    "int_parsing": "whole",
    "int_from_float": "whole",
    "string_type": "words",
}
"""pydantic's kind of error to the sentence, for what needs no kind of its own."""
_BOUNDS = {
    "greater_than": ("gt", "more_than"),
    "greater_than_equal": ("ge", "from"),
    "less_than": ("lt", "less_than"),
    "less_than_equal": ("le", "up_to"),
}
"""pydantic's kind of error to the name of its bound and the sentence."""
_NO_OBJECT = frozenset({"json_invalid", "json_type"})
_NO_BODY = frozenset({"missing", "model_type", "model_attributes_type", "dict_type"})
_WHERE_IT_CAME_IN = frozenset({"body", "path", "query", "header"})


def expectation(error: ErrorDetails) -> dict[str, str | int]:
    """What was expected instead, as the parameters of a refusal: `expected` and its figures."""
    kind, context = error["type"], error.get("ctx", {})
    if kind.startswith(EXPECTED):
        figures = {name: number for name, number in context.items() if isinstance(number, int)}
        return {"expected": kind, **figures}
    if kind in {"too_long", "too_short"}:
        bound = int(context.get("max_length", context.get("min_length", 0)))
        return {
            "expected": EXPECTED + ("at_most" if kind == "too_long" else "at_least"),
            "bound": bound,
        }
    if kind in _BOUNDS:
        name, said = _BOUNDS[kind]
        return {"expected": EXPECTED + said, "bound": str(context.get(name, ""))}
    known = EXPECTED + _KINDS_OF_ERROR.get(kind, "other")
    options = str(context.get("expected", "")).replace("'", "")
    return {"expected": known, "options": options} if options else {"expected": known}


def wrong_fields(errors: Iterable[ErrorDetails]) -> tuple[Problem, ...]:
    """A failed validation in words: each wrong field and what was expected, never the value.

    Returns:
        `service.field_missing`, `service.field_unknown` and `service.field_wrong`, or
        `service.json_invalid` where it is no object at all.
    """
    problems = (_wrong_field(error) for error in errors)
    # What a route and what it depends on ask of a path is wrong twice and told once.
    return tuple({(each.code, each.where): each for each in problems}.values())


def _wrong_field(error: ErrorDetails) -> Problem:
    kind, path = error["type"], list(error["loc"])
    if path and path[0] in _WHERE_IT_CAME_IN:
        path = path[1:]
    where = ".".join(str(part)[:SHOWN] for part in path if part != "[key]")
    where = where or str(error.get("ctx", {}).get("field", ""))
    if kind in _NO_OBJECT or (not where and kind in _NO_BODY):
        return problem("service.json_invalid")
    if kind == "missing":
        return problem("service.field_missing", where=where, field=where)
    if kind == "extra_forbidden":
        return problem("service.field_unknown", where=where, field=where)
    # A name that is no text cannot be repeated.
    return problem("service.field_wrong", where=where, field=where or "?", **expectation(error))


def contradiction(kind: str, field: str) -> PydanticCustomError:
    """To be raised by a model whose fields do not go together; the refusal names `field`."""
    return PydanticCustomError(EXPECTED + kind, EXPECTED + kind, {"field": field})
