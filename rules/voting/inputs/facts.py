"""From the text of an input file to `Facts`: strict, every problem with its field.

The file is one JSON object as `input` in the rule book's vote cases, or an object that holds it
under "input". Numbers are whole and not negative; `null` is "not known".
"""

import json
from collections.abc import Mapping

from formats.file_text import read_text
from models.values.decisions.rules import DIMENSIONS, Amounts, Facts
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from models.values.voting import Dimension
from rules.voting.inputs.consistency import disagreements

MOST_DIGITS = 100
AMOUNTS = (
    "all",
    "excluded",
    "present",
    "participating",
    "yes",
    "no",
    "abstain",
    "invalid",
    "contested",
    "in_person",
    "silent_absentee",
    "objections_within_7d",
)
"""Fields that hold one number per dimension."""
NONE_UNLESS_SAID = ("excluded", "abstain", "invalid", "contested", "silent_absentee")
FIELDS = (*AMOUNTS, "participating_unknown", "above_bound", "options")
CASE = ("id", "kind", "jurisdiction", "rule", "title", "source", "published_outcome")
WRAPPER = (*CASE, "expected", "note", "input")
"""What an object around the input may hold: a whole case of the rule book can be handed over."""
INPUT = "input"


class NotWhole(str):
    """A number of the file that is not a whole number, or too long to be one, as it is written."""

    __slots__ = ()


def read_object(data: bytes, name: str) -> dict[str, object]:
    """The JSON object in a file, taken out of "input" if it is wrapped.

    Raises:
        Refused: `file.*` for the encoding; `decide.json_invalid`, `decide.key_twice`,
            `decide.not_an_object`, `decide.field_unknown` for a strange wrapper.
    """
    value = read_json(data, name)
    if not isinstance(value, dict):
        raise refusal("decide.not_an_object", where=name, field="-")
    if INPUT not in value:
        return value
    strange = [field for field in value if field not in WRAPPER]
    refuse_if_any(unknown_field(name, field, WRAPPER) for field in strange)
    inner = value[INPUT]
    if not isinstance(inner, dict):
        raise refusal("decide.not_an_object", where=name, field=INPUT)
    return inner


def read_json(data: bytes, name: str) -> object:
    """Any JSON, without floats, without a key twice in one object.

    Raises:
        Refused: `file.*`, `decide.json_invalid`, `decide.key_twice`.
    """
    twice: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for key, value in pairs:
            if key in seen:
                twice.append(key)
            seen[key] = value
        return seen

    text = read_text(data, name)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=once,
            parse_int=_whole,
            parse_float=NotWhole,
            parse_constant=NotWhole,
        )
    except json.JSONDecodeError as error:
        raise refusal(
            "decide.json_invalid", where=name, line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise refusal("decide.json_invalid", where=name, line=1, column=1) from None
    refuse_if_any(
        problem("decide.key_twice", where=name, field=key[:80]) for key in dict.fromkeys(twice)
    )
    return value


def facts_from(value: Mapping[str, object], name: str) -> Facts:
    """The facts in an object.

    Raises:
        Refused: every problem at once: unknown fields, wrong types, then numbers that disagree.
    """
    problems = [unknown_field(name, field, FIELDS) for field in value if field not in FIELDS]
    found: dict[str, object] = {}
    for field in AMOUNTS:
        if field in value:
            amounts, wrong = amounts_from(value[field], field, name)
            problems.extend(wrong)
            found[field] = amounts
    unknown = value.get("participating_unknown", False)
    if not isinstance(unknown, bool):
        problems.append(wrong_value(name, "participating_unknown", unknown, "true | false"))
    found["participating_unknown"] = unknown
    above = value.get("above_bound")
    if above is not None and not isinstance(above, bool):
        problems.append(wrong_value(name, "above_bound", above, "true | false | null"))
    found["above_bound"] = above
    if "options" in value:
        options, wrong = _options(value, name)
        problems.extend(wrong)
        found["options"] = options
    refuse_if_any(problems)
    facts = Facts.model_validate(found)
    problems = list(disagreements(facts, name))
    refuse_if_any(problems)
    return facts


def whole_number(value: object, field: str, name: str) -> tuple[int | None, list[Problem]]:
    """A whole number, 0 or more, or None for null; else the problem."""
    if value is None:
        return None, []
    if isinstance(value, NotWhole) and value.lstrip("-").isdigit():
        return None, [
            problem("decide.number_too_long", where=_at(name, field), field=field, most=MOST_DIGITS)
        ]
    if isinstance(value, bool) or not isinstance(value, int):
        return None, [wrong_value(name, field, value, "expected.whole_or_null")]
    if value < 0:
        return None, [
            problem("decide.number_negative", where=_at(name, field), field=field, value=value)
        ]
    return value, []


def _whole(text: str) -> int | NotWhole:
    return int(text) if len(text) <= MOST_DIGITS else NotWhole(text)


def amounts_from(value: object, field: str, name: str) -> tuple[Amounts | None, list[Problem]]:
    """One number per dimension; a dimension that is not named is unknown.

    Of what nobody has unless it is said (`NONE_UNLESS_SAID`) zero in every named dimension is zero
    in all.
    """
    if value is None:
        return Amounts(), []
    if not isinstance(value, dict):
        return None, [wrong_value(name, field, value, '{"head": …, "area": …, "share": …} | null')]
    numbers: dict[str, int | None] = {}
    problems: list[Problem] = []
    for dimension, number in value.items():
        if dimension not in DIMENSIONS:
            problems.append(unknown_field(name, f"{field}.{dimension}", DIMENSIONS))
            continue
        numbers[dimension], wrong = whole_number(number, f"{field}.{dimension}", name)
        problems.extend(wrong)
    if field in NONE_UNLESS_SAID and all(number == 0 for number in numbers.values()):
        numbers = dict.fromkeys(DIMENSIONS, 0)
    return None if problems else Amounts.model_validate(numbers), problems


def _options(
    value: Mapping[str, object], name: str
) -> tuple[dict[str, Amounts] | None, list[Problem]]:
    """Votes per option: a plain number counts shares, an object any dimension."""
    options = value["options"]
    if not isinstance(options, dict) or not options:
        return None, [wrong_value(name, "options", options, "expected.votes_by_option")]
    problems = [
        problem("decide.options_and", where=_at(name, field), field=field)
        for field in ("yes", "no")
        if field in value
    ]
    found: dict[str, Amounts] = {}
    plain: Dimension = "share"
    for option, votes in options.items():
        field = f"options.{option[:80]}"
        if isinstance(votes, dict):
            amounts, wrong = amounts_from(votes, field, name)
        else:
            number, wrong = whole_number(votes, field, name)
            amounts = Amounts.model_validate({plain: number})
        problems.extend(wrong)
        if amounts is not None:
            found[option] = amounts
    return found, problems


def wrong_value(name: str, field: str, value: object, expected: str) -> Problem:
    """A value of the wrong kind, and what is expected: as JSON, or a phrase of the catalogues (`expected.…`)."""
    return problem(
        "decide.value_wrong",
        where=_at(name, field),
        field=field,
        value=_shown(value),
        expected=expected,
    )


def _shown(value: object) -> str:
    """What was found, in few words: a short value as it is written, else only its kind."""
    if isinstance(value, NotWhole):
        return str(value)[:40]
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value, ensure_ascii=False)[:40]
    return "{…}" if isinstance(value, dict) else "[…]"


def unknown_field(name: str, field: str, known: tuple[str, ...]) -> Problem:
    """A field that there is not, and which there are."""
    return problem(
        "decide.field_unknown",
        where=_at(name, field[:80]),
        field=field[:80],
        known=", ".join(known),
    )


def _at(name: str, field: str) -> str:
    return f"{name}: {field}"
