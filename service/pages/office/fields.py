"""Forms made of typed bodies: what is asked for each field, and what a sent form says.

The name of a field is its path in the body ("rejections.0.reason"), so that a refusal of the body
names the field of the form. Money is asked in yuan, areas in m², parts in percent; all of it exactly.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, JsonValue, StringConstraints
from pydantic.fields import FieldInfo

from models.fields import Expected
from models.values.refusal import Problem, problem
from models.values.scheme import SchemeContent

Kind = Literal[
    "line", "text", "lines", "yuan", "area", "percent", "number", "yes_no", "choice", "many",
    "order", "day",
    "moment", "file", "group", "rows", "keys", "none",
]  # fmt: skip
SHORT = 200
"""Characters that fit one line of a form."""
MOST_ROWS = 20
SCALES: Mapping[Kind, tuple[int, str]] = {
    "yuan": (2, "form.yuan_wanted"),
    "area": (2, "form.area_wanted"),
    "percent": (1, "form.percent_wanted"),
    "number": (0, "form.number_wanted"),
}
"""Kind of number to the decimals that it may have, and what is said of anything else."""
UNITS: Mapping[str, Kind] = {"_fen": "yuan", "_dm2": "area", "_permille": "percent"}
"""How the name of a field ends that is stored in hundredths of a yuan or m², or in thousandths."""
PLAIN: Mapping[object, Kind] = {
    SchemeContent: "file",
    bool: "yes_no",
    date: "day",
    AwareDatetime: "moment",
}
"""Types that are one kind of question wherever they stand."""
_NUMBER = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_WRITTEN_BESIDE = str.maketrans("", "", ",， 元¥￥%㎡")


class Option(NamedTuple):
    """What may be chosen: the value that is sent, and its title or the code of its text."""

    value: str
    title: str = ""


Known = Mapping[str, Sequence[Option]]
"""What a case has of the things that bodies name: "works", "bidders", "tickets"…"""
THINGS: Mapping[str, str] = {
    "item_id": "works",
    "measured_fen": "works",
    **dict.fromkeys(("item", "drop_items"), "items"),
    **dict.fromkeys(
        ("bidder_id", "bidders", "technical_milli", "adjustments_fen", "lots"), "bidders"
    ),
    "publication_id": "publications",
    "objection_id": "objections",
    "ticket_id": "tickets",
    "what": "awaited",
    "subject": "subjects",
    "order_id": "orders",
    "act": "assignable",
    "contract_id": "contracts",
    "funding": "subsidies",
    "results": "motions",
    "options": "choices",
    "chosen": "choices",
    "labels": "officials",
    "motions": "motions",
    "unit_number": "units",
}
"""Name of a field to the things of the case whose ids it takes."""
MOST_OPTIONS = 60
"""More than these are typed, not chosen from a list."""


class Field(NamedTuple):
    """One question of a form. `name` is the path in the body, `word` the last word of it for its label."""

    name: str
    word: str
    kind: Kind
    required: bool
    options: tuple[Option, ...] = ()
    fields: tuple["Field", ...] = ()
    """Of a group, of one row, or one for each key."""
    title: str = ""
    """Of a field that stands for a thing of the case."""
    most: int = SHORT
    unset: str = ""
    """What is chosen unless somebody chooses otherwise."""


def fields_of(body: type[BaseModel], known: Known, path: str = "") -> tuple[Field, ...]:
    """The questions for a body, in its order."""
    return tuple(
        field
        for name, info in body.model_fields.items()
        if (field := _field(f"{path}{name}", name, info, known)) is not None
    )


def _field(path: str, word: str, info: FieldInfo, known: Known) -> Field | None:
    field = _of_kind(path, word, info.annotation, info.metadata, known)
    if field is None:
        return None
    unset = info.default
    plain = isinstance(unset, str | int) and not isinstance(unset, bool) and unset
    written = _unset(field.kind, unset) if plain or isinstance(unset, bool) else ""
    return field._replace(required=info.is_required(), unset=written or field.unset)


def _unset(kind: Kind, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return written_number(kind, value) if isinstance(value, int) else str(value)


def _of_kind(
    path: str, word: str, kind: Any, metadata: Sequence[object], known: Known
) -> Field | None:
    """The question for a type; None for one of which the case has nothing that could be named."""
    kind, metadata = _bare(kind, metadata)
    found = Field(path, word, "line", required=True)
    if get_origin(kind) is tuple:
        return _several(found, get_args(kind)[0], known)
    if get_origin(kind) is dict:
        return _by_key(found, get_args(kind)[1], known)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not SchemeContent:
        return found._replace(kind="group", fields=fields_of(kind, known, f"{path}."))
    plain = PLAIN.get(kind) or (_kind_of_number(word) if kind is int else None)
    return found._replace(kind=plain) if plain else _text(found, kind, metadata, known)


def _text(found: Field, kind: Any, metadata: Sequence[object], known: Known) -> Field:
    """One of several words, a thing of the case, one line or several."""
    options = tuple(Option(value) for value in _words(kind))
    things = known.get(THINGS.get(found.word, ""), ())
    if options or (things and len(things) <= MOST_OPTIONS):
        only = things[0].value if not options and len(things) == 1 else ""
        return found._replace(kind="choice", options=options or tuple(things), unset=only)
    most = max((each.max_length or SHORT for each in _texts(metadata)), default=SHORT)
    several_lines = any(isinstance(e, Expected) and e.code == "expected.text" for e in metadata)
    return found._replace(kind="text" if several_lines else "line", most=most)


def _several(found: Field, inner: Any, known: Known) -> Field | None:
    """A list: of rows, of things of the case, or of lines."""
    inner, _ = _bare(inner, ())
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        row = fields_of(inner, known, f"{found.name}.#.")
        return found._replace(kind="rows", fields=row)
    thing = THINGS.get(found.word)
    if thing is None:
        return found._replace(kind="lines", most=4_000)
    options = tuple(known.get(thing, ()))
    if not options:
        return None
    return found._replace(kind="order" if found.word == "lots" else "many", options=options)


def _by_key(found: Field, inner: Any, known: Known) -> Field | None:
    """One question for each thing of the case that is a key; None where there is none."""
    things = known.get(THINGS.get(found.word, ""), ())
    fields = []
    for thing in things:
        path = f"{found.name}.{thing.value}"
        field = _of_kind(path, found.word, inner, (), known)
        if field is not None:
            fields.append(field._replace(required=False, title=thing.title or thing.value))
    return found._replace(kind="keys", fields=tuple(fields)) if fields else None


def _bare(kind: Any, metadata: Sequence[object]) -> tuple[Any, Sequence[object]]:
    """A type without `Annotated` and without "or None", and what was written beside it."""
    while True:
        if hasattr(kind, "__metadata__"):
            kind, metadata = kind.__origin__, (*kind.__metadata__, *metadata)
        elif get_origin(kind) in {Union, UnionType}:
            kind = next(each for each in get_args(kind) if each is not NoneType)
        else:
            return kind, metadata


def _kind_of_number(word: str) -> Kind:
    return next((kind for end, kind in UNITS.items() if word.endswith(end)), "number")


def _words(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(each.value) for each in kind)


def _texts(metadata: Sequence[object]) -> Iterator[StringConstraints]:
    return (each for each in metadata if isinstance(each, StringConstraints))


Sent = Mapping[str, Sequence[str]]
"""What a form sent: the name of a field to its values."""


class Read(NamedTuple):
    """What a form says as a body, and what in it is no number; the body's own limits are asked later."""

    body: dict[str, JsonValue]
    problems: tuple[Problem, ...]


def read(fields: Sequence[Field], sent: Sent) -> Read:
    """The body that a sent form means; what was left empty is not in it."""
    body: dict[str, JsonValue] = {}
    problems: list[Problem] = []
    for field in fields:
        value = _value(field, sent, problems)
        if value is not None:
            body[field.name.rpartition(".")[2]] = value
    return Read(body, tuple(problems))


YES_NO: Mapping[str, bool] = {"yes": True, "no": False}


def _value(field: Field, sent: Sent, problems: list[Problem]) -> JsonValue:
    """What was answered to one question; None where nothing was."""
    if field.kind in SCALES:
        return _number(field, sent.get(field.name, ()), problems)
    several = SEVERAL.get(field.kind)
    if several is not None:
        return several(field, sent, problems) or None
    given = [each for each in sent.get(field.name, ()) if each.strip()]
    if not given or field.kind in {"file", "none"}:
        return None
    if field.kind == "yes_no" and given[-1] not in YES_NO:
        expected = {"field": field.word, "expected": "expected.yes_no"}
        problems.append(problem("service.field_wrong", where=field.name, **expected))
        return None
    return YES_NO[given[-1]] if field.kind == "yes_no" else given[-1]


def _group(field: Field, sent: Sent, problems: list[Problem]) -> JsonValue:
    return _inside(field.fields, sent, problems)


def _keys(field: Field, sent: Sent, problems: list[Problem]) -> JsonValue:
    found = {
        each.name.removeprefix(f"{field.name}."): _value(each, sent, problems)
        for each in field.fields
    }
    return {key: value for key, value in found.items() if value not in (None, {})}


def _rows(field: Field, sent: Sent, problems: list[Problem]) -> JsonValue:
    rows = (_inside(row, sent, problems) for row in rows_of(field, sent))
    return [row for row in rows if row]


def _many(field: Field, sent: Sent, _problems: list[Problem]) -> JsonValue:
    return [each for each in sent.get(field.name, ()) if each.strip()]


def _lines(field: Field, sent: Sent, _problems: list[Problem]) -> JsonValue:
    lines = "\n".join(sent.get(field.name, ())).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _inside(fields: Sequence[Field], sent: Sent, problems: list[Problem]) -> dict[str, JsonValue]:
    """What stands in a group; a group in which only what is chosen from the beginning stands is empty."""
    found = read(fields, sent)
    chosen = {each.name.rpartition(".")[2] for each in fields if each.unset}
    if not found.body.keys() - chosen and not found.problems:
        return {}
    problems += found.problems
    return found.body


def rows_of(field: Field, sent: Sent) -> tuple[tuple[Field, ...], ...]:
    """The rows of a sent form, each with its own names; those in which nothing stands are left out."""
    numbers = {
        int(rest[0])
        for name, values in sent.items()
        if name.startswith(f"{field.name}.")
        and any(each.strip() for each in values)
        and (rest := name.removeprefix(f"{field.name}.").split("."))[0].isdecimal()
        and len(rest[0]) <= 3  # noqa: PLR2004 - no more rows than that
    }
    return tuple(row_of(field, number) for number in sorted(numbers)[:MOST_ROWS])


def row_of(field: Field, number: int) -> tuple[Field, ...]:
    """One row of a list."""
    return tuple(
        _numbered(each, f"{field.name}.#.", f"{field.name}.{number}.") for each in field.fields
    )


def _numbered(field: Field, before: str, after: str) -> Field:
    inner = tuple(_numbered(each, before, after) for each in field.fields)
    return field._replace(name=after + field.name.removeprefix(before), fields=inner)


def _ordered(field: Field, sent: Sent, problems: list[Problem]) -> JsonValue:
    """Things in the order of the numbers that were written beside them."""
    places: dict[str, int] = {}
    for option in field.options:
        name = f"{field.name}.{option.value}"
        number = _number(field._replace(name=name, kind="number"), sent.get(name, ()), problems)
        if isinstance(number, int):
            places[option.value] = number
    return [*sorted(places, key=places.__getitem__)]


SEVERAL: Mapping[Kind, Callable[[Field, Sent, list[Problem]], JsonValue]] = {
    "group": _group,
    "keys": _keys,
    "rows": _rows,
    "many": _many,
    "order": _ordered,
    "lines": _lines,
}
"""How the answers to questions are read that hold several."""


def _number(field: Field, given: Sequence[str], problems: list[Problem]) -> int | None:
    text = "".join(given[-1:]).strip()
    if not text:
        return None
    scale, wanted = SCALES[field.kind]
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).translate(_WRITTEN_BESIDE))
    decimals = (match[3] or "").rstrip("0") if match else ""
    if match is None or len(decimals) > scale:
        problems.append(problem(wanted, where=field.name))
        return None
    return int(Decimal(f"{match[1]}{match[2]}.{decimals or 0}").scaleb(scale))


def written_number(kind: Kind, value: int) -> str:
    """A stored number as a form shows it."""
    scale = SCALES[kind][0] if kind in SCALES else 0
    return f"{Decimal(value).scaleb(-scale):f}"


def in_zone(
    body: Mapping[str, JsonValue], fields: Sequence[Field], zone: ZoneInfo
) -> dict[str, JsonValue]:
    """The body with its moments, which forms take without an offset, as those of a place."""
    moments = {each.word for each in fields if each.kind == "moment"}
    return {
        name: _with_offset(str(value), zone) if name in moments else value
        for name, value in body.items()
    }


def _with_offset(text: str, zone: ZoneInfo) -> str:
    """A local moment with its offset; what is none stays as it is, and is refused by its body."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text


def in_rows(
    problems: Sequence[Problem], fields: Sequence[Field], sent: Sent
) -> tuple[Problem, ...]:
    """The problems of a body at the names that its rows had in the form, where empty rows were left out."""
    names = {
        f"{field.name}.{place}.": f"{field.name}.{row[0].name.split('.')[-2]}."
        for field in fields
        if field.kind == "rows" and field.fields
        for place, row in enumerate(_filled(field, sent))
    }
    listed = {each.name for each in fields if each.kind in {"many", "lines", "order"}}
    return tuple(_moved(each, names, listed) for each in problems)


def _filled(field: Field, sent: Sent) -> Iterator[tuple[Field, ...]]:
    return (row for row in rows_of(field, sent) if _inside(row, sent, []))


def _moved(found: Problem, names: Mapping[str, str], listed: Collection[str]) -> Problem:
    if found.where.rpartition(".")[0] in listed:
        # One of several things or lines, which are asked at one field.
        return found.model_copy(update={"where": found.where.rpartition(".")[0]})
    for before, after in names.items():
        if found.where.startswith(before):
            return found.model_copy(update={"where": after + found.where.removeprefix(before)})
    return found
