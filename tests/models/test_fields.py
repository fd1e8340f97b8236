"""Every field of a door is of a kind, every kind has its sentences, and refuses what it forbids."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from models import fields
from models.fields import EXPECTED, wrong_fields
from models.files.certificate import CertifiedNumbers
from models.files.renovation import RenovationFile
from models.files.roll import RegisteredUnit
from models.messages.act_bodies import BODIES, Sender
from models.messages.acts import ACTS
from models.values.voting import ReportedNumbers
from runtime.language.sentences import _catalogue, sentence
from service.bodies import CastBallot
from tests.support.fields.doors import doors
from tests.support.fields.forbidden import FORBIDDEN, forbidden
from tests.support.fields.walking import FoundField, fields_of

FILES = (RenovationFile, RegisteredUnit)
MODELS: dict[str, Any] = {
    **{f"act {name}": body for name, body in BODIES.items()},
    **{kind.__name__: kind for kind in (*FILES, Sender, CastBallot)},
}


def kinds() -> Iterator[tuple[str, Any]]:
    """Every body, and every parameter of a path or a query, by what a failure should name."""
    for door in doors():
        where = f"{door.method} {door.path}"
        if door.body is not None:
            yield where, door.body
        yield from ((f"{where}: {each.name}", each.kind) for each in door.parameters)
    yield from MODELS.items()


def test_no_field_of_a_door_takes_whatever_its_type_takes() -> None:
    bare = [
        f"{where} {'.'.join(map(str, each.path))}"
        for where, kind in kinds()
        for each in fields_of(kind)
        if each.kind is None
    ]
    assert bare == [], "give them a kind of models/fields.py"


def test_a_bare_field_would_be_found() -> None:
    class Bare(BaseModel):
        word: str
        counts: dict[fields.Word, int]

    assert [each.path for each in fields_of(Bare) if each.kind is None] == [
        ("word",),
        ("counts", "entry"),
    ]


def test_every_kind_says_in_both_languages_what_it_expects() -> None:
    used = {each.kind for _, kind in kinds() for each in fields_of(kind)}
    assert used == FORBIDDEN.keys()
    for language in ("en", "zh_CN"):
        phrases = {name for name in _catalogue(language) if name.startswith(EXPECTED)}
        assert {f"{EXPECTED}{each}" for each in used} <= phrases


def every_field() -> Iterator[tuple[Any, FoundField]]:
    return ((kind, each) for _, kind in kinds() for each in fields_of(kind) if each.path)


def refused(kind: Any, body: object) -> dict[str, str]:
    """Field to code of what a model says of a body."""
    with pytest.raises(ValidationError) as error:
        TypeAdapter(kind).validate_python(body)
    found = wrong_fields(error.value.errors(include_url=False, include_input=False))
    return {each.where: each.code for each in found}


def test_every_field_refuses_what_its_kind_forbids_and_is_named() -> None:
    seen = 0
    for kind, each in every_field():
        if kind in FILES:
            continue  # what they take is written as text: tests/formats asks them
        for value in forbidden(each):
            named = refused(kind, each.body(value))
            wrong = [where for where, code in named.items() if code == "service.field_wrong"]
            assert any(where.startswith(each.name) for where in wrong), (kind, each.path, value)
            seen += 1
    assert seen > 2_000


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_refusal_says_in_words_what_was_expected(language: str) -> None:
    for kind, each in every_field():
        if kind in FILES:
            continue
        for value in forbidden(each):
            with pytest.raises(ValidationError) as error:
                TypeAdapter(kind).validate_python(each.body(value))
            for problem in wrong_fields(error.value.errors()):
                said = sentence(problem, language).replace(problem.where, "")
                assert not re.search(r"pattern|Input should|%\(|expected\.", said), said


def test_texts_keep_lines_tabs_and_the_scripts_of_the_world() -> None:
    for good in ("第一行\n\t第二行", "ئۇيغۇر\u200cچە", "बहाली", "a\u0301", "👩\u200d🔧", "𠮷野家"):
        assert TypeAdapter(fields.Text).validate_python(good) == good
    for good in ("王小明", "São Paulo", "O'Brien-Ng", "1-2-301", "Ōtsuka 3rd"):
        assert TypeAdapter(fields.Label).validate_python(good) == good


def test_what_a_browser_sends_between_lines_is_a_newline() -> None:
    field = TypeAdapter(fields.Text)
    assert field.validate_python("one\r\ntwo\n") == "one\ntwo"
    with pytest.raises(ValidationError):
        field.validate_python("one\rtwo")


def test_each_act_has_a_body_with_its_own_fields_and_their_defaults() -> None:
    assert BODIES.keys() == ACTS.keys()
    for name, act in ACTS.items():
        own = {
            field: info
            for field, info in act.model_fields.items()
            if field not in Sender.model_fields
        }
        body = BODIES[name].model_fields
        assert body.keys() == own.keys()
        for field, info in own.items():
            assert body[field].is_required() == info.is_required(), (name, field)
            assert body[field].get_default(call_default_factory=True) == info.get_default(
                call_default_factory=True
            )
    assert CertifiedNumbers.model_fields.keys() == ReportedNumbers.model_fields.keys()
