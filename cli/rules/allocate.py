"""`allocate`: one question of cost sharing, answered without a server.

The input is one JSON object with `method` and `input`, as the rule book's cases have them.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.inputs import of_file, read_file
from cli.output import show
from cli.words import Language, speak
from models.values.refusal import Refused, problem, refuse_if_any
from rules.cost_sharing.questions import answer_to
from rules.voting.inputs.facts import read_json

STDIN = "-"
AROUND = frozenset({"id", "kind", "method", "source", "input", "expected", "note"})
"""What a whole case of the rule book holds: it can be handed over as it is."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("allocate")(allocate)


def allocate(
    input_: Annotated[
        str, typer.Option("--input", help="The question as JSON: method and input; - is stdin.")
    ],
    language: Language = "",
) -> None:
    """Who pays how much: shares, fees, relief and refunds, exact to the fen.

    Example: gongjian allocate --input question.json --json
    """
    speak(language)
    name = "stdin" if input_ == STDIN else input_
    data = sys.stdin.buffer.read() if input_ == STDIN else read_file(Path(input_))
    method, question = _question(read_json(data, name), name)
    with of_file(name, " "):
        answer = answer_to(method, question)
    show(answer, lambda: (f"{key}: {_shown(value)}" for key, value in answer.items()))


def _question(value: object, name: str) -> tuple[object, dict[str, object]]:
    """The method and what is given.

    Raises:
        Refused: `cases.not_a_question`, `service.field_unknown`, `service.field_missing`.
    """
    if not isinstance(value, dict):
        raise Refused(problem("cases.not_a_question", where=name, field="-"))
    refuse_if_any(
        problem("service.field_unknown", where=name, field=str(field)[:80])
        for field in value
        if field not in AROUND
    )
    refuse_if_any(
        problem("service.field_missing", where=name, field=field)
        for field in ("method", "input")
        if field not in value
    )
    if not isinstance(value["input"], dict):
        raise Refused(problem("cases.not_a_question", where=name, field="input"))
    return value["method"], value["input"]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
