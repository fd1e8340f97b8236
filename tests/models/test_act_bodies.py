"""What a workflow's validator asks of an act: the limits of the doors, of an act that is carried."""

import pytest
from pydantic import ValidationError

from models.messages.act_bodies import BODIES, unfit
from models.messages.acts import ACTS, Act
from models.values.actor import ENGINE
from tests.support.fields.forbidden import forbidden
from tests.support.fields.samples import good_body, placed
from tests.support.fields.walking import fields_of


def carried(name: str, fields: dict[str, object], **sender: object) -> Act:
    given = {"command_id": "c1", "actor": ENGINE, **sender}
    return ACTS[name].model_validate({**fields, **given})


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_a_door_takes_may_go_on(name: str) -> None:
    assert unfit(carried(name, good_body(BODIES[name]))) == ()


@pytest.mark.parametrize("name", ACTS)
def test_what_no_door_takes_is_named_though_it_can_be_carried(name: str) -> None:
    for field in fields_of(BODIES[name]):
        tried, taken = 0, 0
        for value in forbidden(field):
            body = placed(good_body(BODIES[name]), field.path, value)
            tried += 1
            try:
                act = carried(name, body)
            except ValidationError:
                continue
            if unfit(act):
                named = [each.where for each in unfit(act)]
                assert {each.partition(".")[0] for each in named} == {field.path[0]}, (field, value)
                taken += 1
            else:
                # The carried act has read it as another value, which is a good one: "1" as 1.
                assert _read_as_another(act, field.path[0], value), (field, value)
        assert tried
        as_tight = field.kind in {"yes_no", "one_of", "sha256"} or field.path == (
            "preparation_days",
        )
        assert taken or as_tight, field


def _read_as_another(act: Act, name: object, value: object) -> bool:
    return getattr(act, str(name)) != value or isinstance(value, bool)


@pytest.mark.parametrize(
    ("sender", "field"),
    [
        ({"command_id": "a\0b"}, "command_id"),
        ({"actor": ENGINE.model_copy(update={"label": "a\0b"})}, "actor.label"),
        ({"actor": ENGINE.model_copy(update={"id": "x" * 65})}, "actor.id"),
        ({"actor": ENGINE.model_copy(update={"place": "a\x01"})}, "actor.place"),
    ],
)
def test_who_sends_an_act_is_asked_too(sender: dict[str, object], field: str) -> None:
    act = carried("accept_works", {}, **sender)
    assert [each.where for each in unfit(act)] == [field]
    assert {each.code for each in unfit(act)} == {"service.field_wrong"}


def test_the_engines_own_keys_and_hashes_may_be_the_key_of_an_act() -> None:
    for key in ("0" * 64, "renovation/r1#close"):
        assert unfit(carried("accept_works", {}, command_id=key)) == ()
