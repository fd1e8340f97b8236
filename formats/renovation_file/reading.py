"""Reading the file that opens a renovation: unknown fields, dates, money, periods; all at once."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from formats.file_mapping import (
    FileMapping,
    Path,
    Plain,
    in_words,
    read_mapping,
    unreadable,
    words,
)
from formats.renovation_file.checks import (
    law_problems,
    problems_in,
    problems_together,
    scheme_problems,
)
from formats.renovation_file.draft import Draft
from models.fields import UNSEEN, expectation
from models.files.renovation import RenovationFile, RevisionFile
from models.files.roll import Roll
from models.values.cost_sharing import ShareUnit
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from models.values.scheme import SchemeContent
from models.values.timetable import DROPPED, Timetable
from models.values.voting import VotingPack
from rules.voting import pack_in_force

MAX_PROBLEMS = 100
MAX_WORD = 4_000
MAX_REVISION_BYTES = 256 * 1024
"""With every default written out it is still far below what an act may carry."""
SANDBOX, DAY_S, SCHEME = "sandbox", "day_s", "scheme"


def read_renovation(data: bytes, name: str) -> RenovationFile:
    """The file of a renovation, YAML or (by its name) JSON, with everything in it checked.

    Raises:
        Refused: every problem, up to 100 and how many more; `where` names line and field.
    """
    return RenovationFile.model_validate(_checked(read_mapping(data, name), RenovationFile))


def read_revision(data: bytes, name: str) -> RevisionFile:
    """The file of a revised scheme: "scheme" as in the file of a renovation, or that section alone.

    What it says is checked as far as the file alone can show it; case and roll show the rest.

    Raises:
        Refused: as `read_renovation`.
    """
    if len(data) > MAX_REVISION_BYTES:
        raise refusal("file.too_large", where=name, have=len(data), most=MAX_REVISION_BYTES)
    mapping = read_mapping(data, name)
    if SCHEME not in mapping.content and "items" in mapping.content:
        lines = {(SCHEME, *path): line for path, line in mapping.lines.items()}
        mapping = FileMapping(name, {SCHEME: mapping.content}, lines, mapping.problems)
    return RevisionFile.model_validate(_checked(mapping, RevisionFile))


def _checked(mapping: FileMapping, model: type[BaseModel]) -> dict[str, object]:
    unreadable_words = dict(_unreadable(mapping))
    problems = [*mapping.problems, *unreadable_words.values()]
    fields, wrong = _fields(mapping, model, unreadable_words)
    problems += wrong
    problems += problems_in(Draft(fields, mapping.where))
    refuse_if_any(_limited(problems, mapping.name))
    return fields


def check_scheme(
    scheme: SchemeContent,
    budget_fen: int,
    timetable: Timetable,
    units: Sequence[ShareUnit],
    roll_name: str,
    pack: VotingPack,
) -> None:
    """A scheme that is put to the owners of an open case, checked like that of an opening.

    Raises:
        Refused: every problem, up to 100 and how many more; `where` names the field.
    """
    fields = {"scheme": scheme, "budget_fen": budget_fen, "timetable": timetable}
    written = FileMapping("", {SCHEME: _written(scheme.model_dump(mode="json"))})
    problems = [
        *(each for _, each in _unreadable(written)),
        *scheme_problems(Draft(dict(fields), in_words)),
        *law_problems(Draft(dict(fields), in_words), pack, scheme.motions),
        *problems_together(scheme, units, roll_name, pack),
    ]
    refuse_if_any(_limited(problems, SCHEME))


def _written(value: object) -> Plain:
    """The same as a file would say it."""
    if isinstance(value, dict):
        return {str(key): _written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    return None if value is None else str(value)


def check_together(
    file: RenovationFile, roll: Roll, where: Callable[[Path], str] = in_words
) -> None:
    """What only file and roll together can show: payers, floors, shares and buildings that exist.

    Raises:
        Refused: every problem, up to 100 and how many more.
    """
    pack = pack_in_force(file.region, file.starts_on)
    problems = list(problems_together(file.scheme, share_units(roll), roll.name, pack, where))
    refuse_if_any(_limited(problems, roll.name))


def share_units(roll: Roll) -> tuple[ShareUnit, ...]:
    """The units of a roll as the keys of the cost need them."""
    return tuple(ShareUnit.model_validate(unit, from_attributes=True) for unit in roll.units)


def _fields(
    mapping: FileMapping, model: type[BaseModel], told: Container[Path]
) -> tuple[dict[str, object], list[Problem]]:
    """Validate every top field by itself, so that a mistake in one does not hide those of others.

    What is at a path of `told` has its problem already.
    """
    found: dict[str, object] = {}
    problems = [
        _problem(mapping, (key,), {"type": "extra_forbidden", "loc": (), "msg": "", "input": None})
        for key in mapping.content
        if key not in model.model_fields
    ]
    for key, field in model.model_fields.items():
        if key not in mapping.content:
            if field.is_required():
                problems.append(problem("opening.field_missing", where=mapping.name, field=key))
            else:
                found[key] = field.get_default(call_default_factory=True, validated_data={})
            continue
        if key == SANDBOX and _has_day_s(mapping.content[key]):
            where = mapping.where((SANDBOX, DAY_S))
            problems.append(problem("opening.day_s_gone", where=where))
            continue
        adapter: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation())
        value, errors = _validated(adapter, mapping.content[key])
        problems += [
            _problem(mapping, (key, *error["loc"]), error)
            for error in errors
            if (key, *error["loc"]) not in told
        ]
        if value is not None or not errors:
            found[key] = value
    return found, problems


def _has_day_s(raw: Plain) -> bool:
    """Whether the file was written for an earlier release, in which a sandbox's clock ran fast by itself."""
    return isinstance(raw, dict) and DAY_S in raw


def _validated(adapter: TypeAdapter[object], raw: Plain) -> tuple[object, list[ErrorDetails]]:
    """The value and its errors. Unknown fields are errors too, but the value is kept: it is checked further."""
    try:
        return adapter.validate_python(raw, extra="forbid"), []
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    if all(each["type"] == "extra_forbidden" for each in errors):
        return adapter.validate_python(_without(raw, errors)), errors
    return None, errors


def _without(raw: Plain, errors: list[ErrorDetails]) -> Plain:
    """The same data without the unknown fields."""
    unknown = {tuple(each["loc"]) for each in errors}

    def copy(value: Plain, path: Path) -> Plain:
        if isinstance(value, dict):
            return {
                key: copy(each, (*path, key))
                for key, each in value.items()
                if (*path, key) not in unknown
            }
        if isinstance(value, list):
            return [copy(each, (*path, number)) for number, each in enumerate(value)]
        return value

    return copy(raw, ())


SENTENCES: Mapping[str, str] = {
    "missing": "opening.field_missing",
    "extra_forbidden": "opening.field_unknown",
    "enum": "opening.not_one_of",
    "literal_error": "opening.not_one_of",
    "greater_than": "opening.must_be_above",
    "greater_than_equal": "opening.must_be_at_least",
    "less_than": "opening.must_be_below",
    "less_than_equal": "opening.must_be_at_most",
    "string_too_long": "opening.text_too_long",
    "string_too_short": "opening.text_too_short",
    "expected.id_in_file": "opening.id_invalid",
    "expected.day": "opening.not_a_date",
    "string_type": "opening.not_a_text",
    "tuple_type": "opening.not_a_list",
    "list_type": "opening.not_a_list",
    "model_type": "opening.not_a_mapping",
    "model_attributes_type": "opening.not_a_mapping",
    "dict_type": "opening.not_a_mapping",
}
"""pydantic's kind of error to the code that has a sentence; what is of a kind of `models.fields` says itself
what is expected."""
KINDS: Mapping[str, str] = {
    "int": "opening.not_an_integer",
    "date": "opening.not_a_date",
    "bool": "opening.not_yes_or_no",
}
"""The same for families of errors, by the first word."""
BOUNDS = ("gt", "ge", "lt", "le", "max_length", "min_length")


def _problem(mapping: FileMapping, path: Path, error: ErrorDetails) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    code = SENTENCES.get(kind) or KINDS.get(kind.split("_")[0], "opening.field_invalid")
    path = _shown(path)
    if kind == "extra_forbidden" and path[0] == "timetable" and path[-1] in DROPPED:
        code = "opening.period_dropped"
    params: dict[str, str | int] = {"field": str(path[-1])}
    for bound in BOUNDS:
        if bound in context:
            params["bound"] = str(context[bound])
    if code == "opening.not_one_of":
        params["expected"] = str(context.get("expected", "")).replace("'", "")
    if code == "opening.field_invalid":
        params |= expectation(error)
    return problem(code, where=mapping.where(path), **params)


def _unreadable(mapping: FileMapping) -> Iterator[tuple[Path, Problem]]:
    """The words that no field may be, whichever it is, by their paths."""
    for path, word in words(mapping.content):
        where = mapping.where(_shown(path))
        if unreadable(word):
            yield path, problem("opening.unreadable", where=where)
        elif UNSEEN.search(word):
            yield path, problem("opening.unseen", where=where)
        elif len(word) > MAX_WORD:
            field = str(_shown(path)[-1])
            yield path, problem("opening.text_too_long", where=where, field=field, bound=MAX_WORD)


def _shown(path: Path) -> Path:
    """The path without keys that are themselves too long or unreadable to be repeated."""
    return tuple("…" if isinstance(p, str) and (len(p) > 64 or unreadable(p)) else p for p in path)  # noqa: PLR2004 - a width of print


def _limited(problems: list[Problem], name: str) -> list[Problem]:
    kept = problems[:MAX_PROBLEMS]
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        kept.append(problem("opening.more_problems", where=name, more=more))
    return kept
