"""Where the result of every command leaves: in words for people, or with `--json` as one JSON value.

Nothing reaches the terminal that could move its cursor, colour it, hide text or turn it round: whatever
came from a person or a file is written with its escapes. `print` is forbidden in the rest of `cli/`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer._coercion import bool_flag_type_descriptor
from typer.core import TyperCommand, TyperOption

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console, RenderableType
    from rich.table import Table

    Line = str | RenderableType

FLAG = "--json"
WIDE = 140
"""Columns of a table that goes into a file or a pipe."""
_AS_JSON: ContextVar[bool] = ContextVar("as_json", default=False)


class JsonCommand(TyperCommand):
    """A command that takes `--json` without its function knowing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not any(FLAG in each.opts for each in self.params):
            self.params.append(_json_option())


class Commands(typer.Typer):
    """A group whose commands are `JsonCommand`s."""

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = None, **kwargs: Any
    ) -> Callable[..., Any]:
        """Add a command, as typer does."""
        return super().command(name, cls=cls or JsonCommand, **kwargs)


def _json_option() -> TyperOption:
    return TyperOption(
        param_decls=[FLAG],
        type_descriptor=bool_flag_type_descriptor(),
        is_flag=True,
        default=False,
        required=False,
        expose_value=False,
        is_eager=True,
        callback=lambda _context, _parameter, value: choose_json(wanted=bool(value)),
        help="As JSON, for programs; a refusal is then a problem document.",
    )


def choose_json(*, wanted: bool) -> bool:
    """Take JSON, or words, for what leaves from here on."""
    _AS_JSON.set(wanted)
    return wanted


def wants_json() -> bool:
    """Whether a program reads what this command says."""
    return _AS_JSON.get()


def show(value: object, lines: Callable[[], Iterable[Line]]) -> None:
    """The result of a command: `value` for a program, `lines` for people, made only where people read.

    `value` is what pydantic can write: models, lists and mappings of them, moments, paths.
    """
    if wants_json():
        _write(sys.stdout, json_text(value))
    else:
        say(*lines())


def say(*lines: Line) -> None:
    """Lines or tables for people, on standard output."""
    for line in lines:
        if isinstance(line, str):
            _write(sys.stdout, shown(line))
        else:
            result_console().print(line)


def tell(*lines: str) -> None:
    """Lines beside the result, on standard error."""
    for line in lines:
        _write(sys.stderr, shown(line))


def give_text(text: str, value: object, out: Path | None) -> None:
    """A document that people keep: into a file, readable by its owner only, or to standard output.

    Raises:
        Refused: `cases.file_unwritable`.
    """
    if out is not None:
        write_file(out, text)
        if wants_json():
            show({"file": str(out)}, tuple)
    elif wants_json():
        show(value, tuple)
    elif sys.stdout.isatty():
        say(text.rstrip("\n"))
    else:
        sys.stdout.write(text)


def write_file(out: Path, content: str | bytes) -> None:
    """A file that only its owner reads.

    Raises:
        Refused: `cases.file_unwritable`.
    """
    from models.values.refusal import refusal
    from runtime.private import write_private

    try:
        write_private(out.absolute(), content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refusal(
            "cases.file_unwritable", where=str(out), file=str(out), reason=reason
        ) from None


def json_text(value: object) -> str:
    """One line of JSON, which a terminal shows as it is."""
    from pydantic_core import to_jsonable_python

    def written(part: object) -> object:
        return to_jsonable_python(part, by_alias=True)

    return shown(json.dumps(value, ensure_ascii=False, default=written))


def shown(text: str) -> str:
    """A text with JSON's escapes where it has what a terminal must not be sent."""
    from models.fields import NOT_SHOWN

    return NOT_SHOWN.sub(lambda found: json.dumps(found.group())[1:-1], text)


def inside(text: str) -> str:
    """A text of somebody else inside of a line of ours: what it breaks into lines is set in."""
    return shown(text).replace("\n", "\n    ")


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    folded: Sequence[str] = (),
    plain: bool = False,
) -> Table:
    """A table of texts, none of which is read as markup; columns of `folded` break instead of ending in dots."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD) if plain else Table()
    for number, heading in enumerate(headings):
        # The first column is what the next command is told: an id is never shortened.
        made.add_column(
            Text(heading),
            overflow="fold" if plain or heading in folded else "ellipsis",
            no_wrap=not number,
        )
    for row in rows:
        made.add_row(*(Text(shown(cell)) for cell in row))
    return made


def result_console() -> Console:
    """Standard output, as wide as the terminal."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


def lines_of(value: JsonValue) -> Iterator[Line]:
    """What the service answers, in words: a table of a list of things, a line for each part of one thing."""
    from cli.words import aligned, named, said

    if isinstance(value, list) and not value:
        yield said("line.nothing_there")
    elif isinstance(value, list) and isinstance(value[0], dict):
        names = [*dict.fromkeys(name for each in value if isinstance(each, dict) for name in each)]
        rows = [
            [_cell(each.get(name)) for name in names] for each in value if isinstance(each, dict)
        ]
        headings = [_titled(name) for name in names]
        yield table(headings, rows, folded=headings)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            said_of = named("event", str(part)) if name == "kind" else _cell(part)
            yield aligned(_titled(name), inside(said_of), 20)
    elif isinstance(value, list):
        yield from (_cell(each) for each in value)
    else:
        yield _cell(value)


def _titled(name: str) -> str:
    from cli.words import named

    title = named("line", name)
    return name.replace("_", " ") if title == name else title


def _cell(value: JsonValue) -> str:
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def _write(stream: Any, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()  # results and hints come in their order, whoever reads them
