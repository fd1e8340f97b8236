"""The options that narrow a list of cases, in one place for every command that has them."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from models.values.states import RenovationState, Stage

Narrowed = Mapping[str, str | bool]
"""What was given of the options, by their names: the fields of `CaseFilter`, as JSON has them."""
WANTED = "wanted"
"""The parameter of a command that takes it."""


def _options(
    *,
    place: Annotated[
        str, typer.Option(metavar="PATH", help="Below this place: district/street/…")
    ] = "",
    stage: Annotated[Stage | None, typer.Option(help="Running, and in this stage.")] = None,
    waiting: Annotated[
        str, typer.Option(metavar="WHAT", help="What or who is awaited: open_vote, street_office.")
    ] = "",
    overdue: Annotated[
        bool, typer.Option("--overdue", help="A person or the engine is late.")
    ] = False,
    stuck: Annotated[
        bool, typer.Option("--stuck", help="A step broke and needs attention.")
    ] = False,
    outcome: Annotated[
        RenovationState | None, typer.Option(help="How it stands or has ended.")
    ] = None,
    contractor: Annotated[
        str, typer.Option(metavar="FIRM", help="The id of a firm with a contract.")
    ] = "",
    rule_pack: Annotated[
        str, typer.Option(metavar="PACK", help="The law that it runs under.")
    ] = "",
    words: Annotated[
        str, typer.Option(metavar="TEXT", help="Parts of its title, estate, places or contractor.")
    ] = "",
) -> None:
    """Only its signature is used."""


OPTIONS = signature(_options).parameters


def narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options in the place of its parameter `wanted`, which gets what was given of them."""

    def called(**given: Any) -> None:
        asked = {name: given.pop(name) for name in OPTIONS}
        command(**given, **{WANTED: {name: value for name, value in asked.items() if value}})

    own = signature(command, eval_str=True)
    parameters: list[Parameter] = []
    for each in own.parameters.values():
        named = each.replace(kind=Parameter.KEYWORD_ONLY)
        parameters += OPTIONS.values() if each.name == WANTED else (named,)
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {}
    return called
