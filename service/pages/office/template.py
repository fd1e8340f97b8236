"""The questions of a template as a form, and what its answers make."""

from collections.abc import Callable, Iterator, Mapping

from pydantic import JsonValue

from models.values.refusal import Problem, problem
from service.estates.template import TEMPLATES, Drawn, Setting, cost_of, file_of
from service.pages.office.fields import Field, Kind, Option, Sent, read


def questions(template: str, buildings: tuple[str, ...]) -> tuple[Field, ...]:
    """What is asked for a template; a lift is one building's."""
    asked = TEMPLATES.get(template, TEMPLATES["whole"])
    costs = tuple(_field(f"cost.{name}", name, "yuan", required=False) for name in asked)
    lift = "lift" in asked
    return (
        _field("title", "title", "line"),
        *costs,
        *([_field("lift_building", "lift_building", "choice", buildings, required=False)] * lift),
        _field("subsidy", "subsidy", "yuan", required=False),
        _field("ends_on", "ends_on", "day"),
    )


def _field(
    name: str,
    word: str,
    kind: Kind,
    options: tuple[str, ...] = (),
    *,
    required: bool = True,
) -> Field:
    return Field(name, word, kind, required, tuple(Option(each, each) for each in options))


def draw(
    fields: tuple[Field, ...],
    sent: Sent,
    setting: Setting,
    titled: Callable[[str], str],
) -> Drawn:
    """The file of a renovation. `titled` gives works and motions their titles by their ids."""
    found = read(fields, sent)
    problems = (*found.problems, *_empty(fields, found.body, found.problems))
    return Drawn(None, problems) if problems else file_of(found.body, setting, titled)


def _empty(
    fields: tuple[Field, ...], answers: Mapping[str, JsonValue], wrong: tuple[Problem, ...]
) -> Iterator[Problem]:
    """What must be answered and was not: what is required, and the cost of one work at least."""
    said = {each.where for each in wrong}
    for field in fields:
        if field.required and field.name not in answers and field.name not in said:
            yield problem("service.field_missing", where=field.name, field=field.word)
    costs = [each for each in fields if each.name.startswith("cost.")]
    if not any(cost_of(answers, each.word) for each in costs) and not said:
        yield problem("form.work_wanted", where=costs[0].name)
