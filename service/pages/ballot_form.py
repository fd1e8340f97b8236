"""A ballot as a form: what is asked, what was answered, and what the check page says of it.

The names of the fields: "answer.<motion>" for a word, an option, or works that are ticked;
"number.<motion>.<work>" for the points or the rank of a work.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from starlette.datastructures import FormData

from models.values.decisions.menu import BallotForm, MenuItem
from models.values.refusal import Problem, problem
from models.values.voting import Choice, Motion
from rules.ballots.ballot import Answer, choice_problems
from service.pages.forms import whole


class Filled(NamedTuple):
    """What a form says: the answers by motion, and what is wrong with them, by field."""

    choices: Mapping[str, Answer]
    problems: tuple[Problem, ...]


class AnsweredMotion(NamedTuple):
    """One motion on the check page: its title, and what was chosen of it; nothing where it was left out."""

    title: str
    words: tuple[str, ...]
    """Of yes, no and abstain."""
    named: tuple[str, ...]
    """Titles of options or works, the best first where they are ranked, with their points."""


def filled(form: FormData, motions: Mapping[str, Motion]) -> Filled:
    """The answers of a form. Whether the box takes them, the intake decides; this is asked before."""
    choices: dict[str, Answer] = {}
    problems: list[Problem] = []
    for name, motion in motions.items():
        try:
            answer = _answer(form, motion)
        except ValueError:
            problems.append(problem("voting.number_wanted", where=f"answer.{name}"))
            continue
        if answer:
            choices[name] = answer
    found = choice_problems(motions, choices)
    problems += (each.model_copy(update={"where": _field(each.where)}) for each in found)
    if not choices and not problems:
        problems.append(problem("voting.nothing_chosen", where=f"answer.{next(iter(motions), '')}"))
    return Filled(choices, tuple(problems))


def fields_of(form: FormData) -> tuple[tuple[str, str], ...]:
    """The fields of the answers, to be sent once more by the check page."""
    return tuple(
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name.startswith(("answer.", "number."))
    )


def lines(motions: Mapping[str, Motion], choices: Mapping[str, Answer]) -> Iterator[AnsweredMotion]:
    """What the ballot says, motion by motion."""
    for name, motion in motions.items():
        yield _line(motion, choices.get(name, ()))


def _line(motion: Motion, answer: Answer) -> AnsweredMotion:
    titles = {option.id: option.title for option in motion.options}
    if motion.menu is not None:
        titles |= {item.id: item.title or item.id for item in motion.menu.items}
    if isinstance(answer, Mapping):
        points = (f"{titles.get(work, work)} · {given}" for work, given in answer.items())
        return AnsweredMotion(motion.title, (), tuple(points))
    if isinstance(answer, str) and answer not in titles:
        return AnsweredMotion(motion.title, (answer,) if answer in set(Choice) else (), ())
    chosen = (answer,) if isinstance(answer, str) else answer
    return AnsweredMotion(motion.title, (), tuple(titles.get(work, work) for work in chosen))


def _answer(form: FormData, motion: Motion) -> Answer:
    """The answer to one motion; empty where there is none.

    Raises:
        ValueError: something that is no whole number stands where points or a rank are asked.
    """
    said = [str(each) for each in form.getlist(f"answer.{motion.id}")]
    if motion.menu is None or Choice.ABSTAIN in said:
        return said[-1] if said else ""
    if motion.menu.form is BallotForm.APPROVAL:
        return tuple(said)
    numbers = _numbers(form, motion.id, motion.menu.items)
    if motion.menu.form is BallotForm.CUMULATIVE:
        return numbers
    return tuple(sorted(numbers, key=numbers.__getitem__))


def _numbers(form: FormData, motion: str, items: tuple[MenuItem, ...]) -> dict[str, int]:
    given = {item.id: str(form.get(f"number.{motion}.{item.id}", "")).strip() for item in items}
    found: dict[str, int] = {}
    for work, written in given.items():
        if not written:
            continue
        number = whole(written.removeprefix("-"))
        if number is None:
            raise ValueError
        found[work] = -number if written.startswith("-") else number
    return found


def at_questions(problems: Iterable[Problem], motions: Mapping[str, Motion]) -> tuple[Problem, ...]:
    """The problems of a ballot at the questions of its form; of the ballot as a whole at the first one."""
    first = next(iter(motions), "")
    return tuple(
        each.model_copy(update={"where": _field(first if each.where == "choices" else each.where)})
        if each.where.partition(".")[0] == "choices"
        else each
        for each in problems
    )


def _field(where: str) -> str:
    """The field of the form for a place in a ballot ("choices.roof")."""
    return f"answer.{where.removeprefix('choices.')}"
