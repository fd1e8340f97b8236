"""Reads what a command was given: files, and the fields of an official act."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, TypeAdapter, ValidationError

from models.values.refusal import Problem, Refused, problem, refusal, refuse_if_any

if TYPE_CHECKING:
    from models.messages.acts import Act

MOST_BYTES = 256 * 1024 * 1024
OURS = frozenset({"command_id", "actor"})
"""Fields of every act that the service fills in."""


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        Refused: `cases.file_unreadable`, `cases.file_too_large`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise refusal("cases.file_too_large", where=str(path), file=str(path), most=MOST_BYTES)
        return path.read_bytes()
    except OSError as error:
        raise refusal(
            "cases.file_unreadable",
            where=str(path),
            file=str(path),
            reason=error.strerror or type(error).__name__,
        ) from None


@contextmanager
def of_file(name: str, sign: str = ": ") -> Iterator[None]:
    """What is refused in here is wrong in this file, but for what is wrong in an option of the command."""
    try:
        yield
    except Refused as refused:
        raise Refused(*(_of(each, name, sign) for each in refused.problems)) from None


def _of(found: Problem, name: str, sign: str) -> Problem:
    if found.where.startswith("--"):
        return found
    return found.model_copy(update={"where": f"{name}{sign}{found.where}" if found.where else name})


def not_together(option: str, *others: tuple[str, object]) -> None:
    """Refuse an option that was given beside others, if these were: one of them would not be looked at.

    Raises:
        Refused: `cases.not_together` with the first of them.
    """
    for other, given in others:
        if given:
            raise refusal("cases.not_together", where=option, option=option, other=other)


def only_with(option: str, given: object, other: str, also: object) -> None:
    """Refuse an option that is looked at only beside another one, where that is not given.

    Raises:
        Refused: `cases.only_with`.
    """
    if given and not also:
        raise refusal("cases.only_with", where=option, option=option, other=other)


def act_named(name: str) -> type[Act]:
    """The act of this name, with hyphens or underscores.

    Raises:
        Refused: `cases.act_unknown`, with the names there are.
    """
    from models.messages.acts import ACTS

    act = ACTS.get(name.replace("-", "_"))
    if act is None:
        raise refusal("cases.act_unknown", where=name, act=name, known=", ".join(sorted(ACTS)))
    return act


def revision_fields(act: type[Act], file: Path) -> dict[str, JsonValue]:
    """The fields of a revised scheme, from a file like that of a renovation.

    Raises:
        Refused: `cases.no_scheme`; everything that is wrong in the file, with line, field and what is expected.
    """
    from formats.renovation_file.reading import read_revision

    if "scheme" not in act.model_fields:
        raise refusal("cases.no_scheme", where="--scheme", act=act.name)
    revision = read_revision(read_file(file), file.name)
    given = revision.model_dump(mode="json", exclude_unset=True)
    return {name: value for name, value in given.items() if value not in ("", None)}


def in_file(refused: Refused, file: Path) -> Refused:
    """What the case has found in a scheme, with the file that it came in."""
    return Refused(
        *(
            each.model_copy(update={"where": f"{file.name}, {each.where}"})
            if each.where.startswith(("scheme.", "budget_fen"))
            else each
            for each in refused.problems
        )
    )


def act_fields(
    act: type[Act],
    pairs: list[str],
    text: str | None,
    given: Mapping[str, JsonValue] | None = None,
) -> dict[str, JsonValue]:
    """The fields of an act, checked against it: `given`, `--fields`, and then `--field name=value`.

    A value that is JSON is taken as JSON (`true`, `12`, `["facade"]`), anything else as text,
    and where the act wants text, as text in any case.

    Raises:
        Refused: `cases.json_invalid`, `cases.pair_invalid`, `cases.field_invalid` for each field,
            `service.key_twice`.
    """
    fields = {**(given or {}), **(json_fields(text) if text is not None else {})}
    for pair in pairs:
        name, value = split_pair(pair)
        fields[name] = value if _is_text(act, name) else plain(value)
    _refuse_wrong(act, fields)
    return fields


def split_pair(pair: str) -> tuple[str, str]:
    """The name and the value of "name=value".

    Raises:
        Refused: `cases.pair_invalid`.
    """
    name, sign, value = pair.partition("=")
    if not sign or not name:
        raise refusal("cases.pair_invalid", where=pair, pair=pair)
    return name, value


def json_fields(text: str) -> dict[str, JsonValue]:
    """The fields of `--fields`.

    Raises:
        Refused: `cases.json_invalid`, `service.key_twice`.
    """
    from service.bodies import refuse_repeated_keys

    refuse_repeated_keys(text)
    try:
        return TypeAdapter(dict[str, JsonValue]).validate_json(text)
    except ValidationError:
        raise refusal("cases.json_invalid", where="--fields") from None


def _is_text(act: type[Act], name: str) -> bool:
    field = act.model_fields.get(name)
    return field is not None and field.annotation is str


def plain(value: str) -> JsonValue:
    """What is JSON as JSON, anything else as text."""
    from service.bodies import refuse_repeated_keys

    refuse_repeated_keys(value)
    try:
        found: JsonValue = json.loads(value)
    except ValueError:
        return value
    return found


def _refuse_wrong(act: type[Act], fields: dict[str, JsonValue]) -> None:
    """Validate the fields as the gateway will: actor and command id are not among them."""
    from models.fields import expectation
    from models.messages.act_bodies import BODIES

    reserved = sorted(OURS & fields.keys())
    problems = [_field_problem(act, name, expected="expected.known") for name in reserved]
    given = {name: value for name, value in fields.items() if name not in OURS}
    try:
        BODIES[act.name].model_validate(given)
    except ValidationError as error:
        problems += [
            _field_problem(act, ".".join(map(str, item["loc"])), **expectation(item))
            for item in error.errors(include_url=False, include_input=False)
        ]
    refuse_if_any(problems)


def _field_problem(act: type[Act], field: str, **expected: str | int) -> Problem:
    known = ", ".join(name for name in act.model_fields if name not in OURS)
    return problem(
        "cases.field_invalid",
        where=field,
        act=act.name,
        field=field,
        **expected,
        fields=known or "-",
    )
