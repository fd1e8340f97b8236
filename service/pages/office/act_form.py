"""The form of an official act: its questions, what was answered, and the answers read back."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from pydantic import JsonValue
from starlette.datastructures import FormData, UploadFile

from formats.renovation_file.reading import read_revision
from models.messages.act_bodies import BODIES
from models.values.decisions.menu import BallotForm
from models.values.refusal import Problem, Refused
from models.values.voting import Choice, Motion
from runtime.language.amounts import day, money
from service.http.problems import read_fields
from service.pages.display import Language
from service.pages.office.fields import (
    THINGS,
    Field,
    Kind,
    Known,
    Option,
    Sent,
    fields_of,
    in_rows,
    read,
    row_of,
    rows_of,
)

SCHEME, NAME, TEXT = "scheme", "scheme_name", "scheme_text"
"""The file of a scheme, and what the check page carries of it."""
ONLY_CHOSEN = frozenset({"subject", "contract_id"})
"""Of these nothing is asked where there is no choice: their ids are nobody's to type, and unsaid it is the only one."""
NOT_TYPED = ("what", "order_id", "objection_id", "publication_id", "ticket_id")
"""Of these it is said where there is none: nobody knows another word for them."""
AGENT_DECIDES = "agent_decides"
"""In the place of an instruction: there is none."""
NOT_KEPT = frozenset({"form_token", "change", "more", "send_id"})


class FilledAct(NamedTuple):
    """What a sent form says: the fields of the act, and what is wrong with them at the form's names."""

    body: Mapping[str, JsonValue]
    problems: tuple[Problem, ...]


def questions(act: str, known: Known) -> tuple[Field, ...]:
    """What is asked for an act, given what the case has of the things that it may name."""
    return tuple(
        _if_any(each, known)
        for each in fields_of(BODIES[act], known)
        if each.kind == "choice" or each.word not in ONLY_CHOSEN
    )


def _if_any(field: Field, known: Known) -> Field:
    """A question for a thing of the case; that there is none, where there is none."""
    none = field.word in NOT_TYPED and not known.get(THINGS[field.word])
    return field._replace(kind="none") if none else field


def instructions(motions: Iterable[Motion]) -> Field:
    """How an owner may bind an agent: for each motion what the ballot must say, or that the agent decides."""
    inner = tuple(_instruction(motion) for motion in motions)
    return Field("instructions", "instructions", "keys", required=False, fields=inner)


def _instruction(motion: Motion) -> Field:
    name = f"instructions.{motion.id}"
    asked = Field(name, "instruction", "choice", required=False, title=motion.title)
    if motion.menu is None:
        answers = [Option(each.id, each.title) for each in motion.options]
        answers = answers or [Option(Choice.YES.value), Option(Choice.NO.value)]
        answers += [Option(Choice.ABSTAIN.value), Option(AGENT_DECIDES)]
        return asked._replace(options=tuple(answers), unset=AGENT_DECIDES)
    works = tuple(Option(each.id, each.title or each.id) for each in motion.menu.items)
    if motion.menu.form is BallotForm.CUMULATIVE:
        points = tuple(
            Field(f"{name}.{each.value}", "instruction", "number", required=False, title=each.title)
            for each in works
        )
        return asked._replace(kind="keys", fields=points)
    kind: Kind = "many" if motion.menu.form is BallotForm.APPROVAL else "order"
    return asked._replace(kind=kind, options=works)


def sent_of(form: FormData) -> Sent:
    """The texts of a form by their names."""
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


async def as_texts(form: FormData) -> FormData:
    """A form in which a file of a scheme is its name and its text, which the check page carries on."""
    texts: list[tuple[str, str | UploadFile]] = [
        pair for pair in form.multi_items() if isinstance(pair[1], str)
    ]
    sent = form.get(SCHEME)
    if isinstance(sent, UploadFile) and sent.filename:
        texts = [pair for pair in texts if pair[0] not in {NAME, TEXT}]
        said = (await sent.read()).decode("utf-8", "replace")
        texts += [(NAME, sent.filename), (TEXT, said)]
    return FormData(texts)


def kept(form: FormData) -> tuple[tuple[str, str], ...]:
    """Everything that the form says, to be sent once more."""
    return tuple(
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in NOT_KEPT
    )


def filled(act: str, fields: tuple[Field, ...], form: FormData) -> FilledAct:
    """The fields of an act that a form means, and all that is wrong with them."""
    sent = sent_of(form)
    found = read(fields, sent)
    problems = list(found.problems)
    body = dict(found.body)
    try:
        body |= _scheme_of(form)
    except Refused as refused:
        problems += (each.model_copy(update={"where": SCHEME}) for each in refused.problems)
    try:
        read_fields(BODIES[act], body)
    except Refused as refused:
        said = {each.where for each in problems}
        beside = in_rows(refused.problems, fields, sent)
        problems += (each for each in beside if each.where not in said)
    return FilledAct(body, tuple(problems))


def _scheme_of(form: FormData) -> dict[str, JsonValue]:
    """What the file of a scheme says.

    Raises:
        Refused: everything that is wrong in it, with line, field and what is expected.
    """
    text = str(form.get(TEXT, ""))
    if not text.strip():
        return {}
    revision = read_revision(text.encode(), str(form.get(NAME, "scheme.yaml")))
    given = revision.model_dump(mode="json", exclude_unset=True)
    return {name: value for name, value in given.items() if value not in ("", None)}


def _day(said: str, language: Language) -> str:
    """A day as people write it; what is none stays as it is."""
    try:
        return day(date.fromisoformat(said), language, "UTC")
    except ValueError:
        return said


def form_words(form: FormData, language: Language) -> Mapping[str, object]:
    """The functions with which the templates walk through a form."""
    sent = sent_of(form)
    more = str(form.get("more", ""))

    def rows(field: Field, _given: object) -> tuple[tuple[Field, ...], ...]:
        """The rows that were filled, and an empty one where there is none or one more was asked for."""
        there = rows_of(field, sent)
        number = 1 + max((int(row[0].name.split(".")[-2]) for row in there), default=-1)
        return (*there, row_of(field, number)) if not there or more == field.name else there

    def written(field: Field, said: str) -> str:
        if field.kind == "day":
            return _day(said, language)
        value = read((field,), {field.name: [said]}).body.get(field.name.rpartition(".")[2])
        return money(value, language) if isinstance(value, int) else said

    def touched(field: Field, wrong: Iterable[str]) -> bool:
        """Whether something stands in a part of the form, or is wrong with it; else it is folded."""
        said = (name for name, values in sent.items() if any(values))
        return more == field.name or any(each.startswith(field.name) for each in (*said, *wrong))

    return {
        "touched": touched,
        "rows": rows,
        "filled_rows": lambda field, _given: rows_of(field, sent),
        "written": written,
        "given": form,
    }
