"""`view …`: lists of cases that whoever is signed in here has saved under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show
from cli.people.clients import As, CommandId, command_of
from cli.people.own import own_requests
from cli.reading.narrowing import Narrowed, narrowing
from cli.servers import DATA
from cli.words import Language, speak
from models.values.refusal import refusal

PATH = "/v1/saved-views"
views = Commands(
    help="Lists of cases that you look for again: save, list, forget.", no_args_is_help=True
)
Data = Annotated[Path | None, DATA]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What you call the list.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(views, name="view")


@views.command("save")
@narrowing
def save_view(
    name: Name,
    *,
    wanted: Narrowed,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Keep what you look for under a name, for `list --view`; the same name again keeps the new one.

    Example: gongjian view save late-here --place d/s --overdue
    """
    speak(language)
    body = command_of(command_id, {"name": name, "wanted": dict(wanted)})
    _tell(own_requests(data, as_).post(PATH, body))


@views.command("list")
def list_views(as_: As = "", language: Language = "", data: Data = None) -> None:
    """What you have saved, and what each list is narrowed to.

    Example: gongjian view list
    """
    speak(language)
    _tell(own_requests(data, as_).get(PATH))


@views.command("forget")
def forget_view(
    name: Name, as_: As = "", command_id: CommandId = "", language: Language = "", data: Data = None
) -> None:
    """Forget a list of yours; the cases stay as they are.

    Example: gongjian view forget late-here
    """
    speak(language)
    body = command_of(command_id, {"name": name})
    _tell(own_requests(data, as_).post(f"{PATH}/removals", body))


def saved_filter(name: str, as_: str, data: Path | None) -> Narrowed:
    """What a saved list is narrowed to.

    Raises:
        Refused: `saved_view.unknown`; as `own_requests` says.
    """
    for each in _lines(own_requests(data, as_).get(PATH)):
        if each["name"] == name:
            wanted = each["wanted"]
            assert isinstance(wanted, dict)
            return {key: one for key, one in wanted.items() if one and isinstance(one, str | bool)}
    raise refusal("saved_view.unknown", where="--view", name=name)


def _lines(found: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _tell(found: JsonValue) -> None:
    show(found, lambda: map(_line, _lines(found)))


def _line(each: dict[str, JsonValue]) -> str:
    wanted = each["wanted"]
    assert isinstance(wanted, dict)
    told = [
        f"--{key.replace('_', '-')}" if value is True else f"--{key.replace('_', '-')} {value}"
        for key, value in wanted.items()
        if value
    ]
    return "  ".join((str(each["name"]), *told))
